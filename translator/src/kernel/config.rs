//! .config look-ups.

/// A kernel configuration.
#[derive(Clone, Debug, Default)]
pub struct Config;
