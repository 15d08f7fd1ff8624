//! Build directories of kernels.
