//! Pass 1: bytes to tree.
//!
//! scan → preprocess → cut into top-level items → write a code for each of an item's tokens → language grammar → tree.

pub mod ast;
mod build;
mod codes;
mod condition;
pub mod env;
mod expand;
pub mod format;
pub mod glob;
mod items;
mod join;
mod large;
pub mod literal;
mod parse;
mod preproc;
pub mod print;
mod report;
mod scan;
mod token;
pub mod walk;
mod wording;

#[cfg(test)]
mod tests;

pub use build::MAX_DEPTH;
pub use condition::compare_versions;
pub use env::{Macro, MacroLibrary, NoMacros, ParseEnv};
pub use parse::{parse_file, parse_macros, parse_text};
pub use preproc::{Preprocessed, preprocess};
pub use scan::scan;
pub use token::{Token, TokenKind};

/// The stack of a thread that parses, or has to do with trees: they are walked by recursion, and this is deep enough for
/// [`MAX_DEPTH`].
pub const STACK_BYTES: usize = 256 << 20;
