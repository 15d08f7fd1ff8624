//! Pass 5: the module runs.
