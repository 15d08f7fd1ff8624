//! The promise that translation relies on.
