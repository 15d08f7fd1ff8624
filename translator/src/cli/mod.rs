//! From argv to checked options.

pub mod options;
