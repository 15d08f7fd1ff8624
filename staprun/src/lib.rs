//! Module loader and output reader.
