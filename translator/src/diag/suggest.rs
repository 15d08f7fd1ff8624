//! Names that resemble a misspelt one.
