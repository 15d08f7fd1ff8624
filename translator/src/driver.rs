//! The list of the passes.
