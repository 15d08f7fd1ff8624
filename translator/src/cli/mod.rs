//! From argv to checked options.

pub mod check;
pub mod defs;
pub mod docs;
pub mod options;
pub mod patterns;
pub mod raw;
pub mod rc;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Print the help text.
    Help,
    /// Print the version.
    Version,
    /// Run the passes.
    Run(Box<options::Options>),
}

/// A command line that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct UsageError {
    /// What is wrong, whole as it is printed; may be several lines.
    pub text: String,
    /// Whether the pointer to --help follows.
    pub hint: bool,
}

impl UsageError {
    /// An error whose text says all.
    pub fn plain(text: impl Into<String>) -> Self {
        UsageError { text: text.into(), hint: false }
    }

    /// An error that `--help` helps with.
    pub fn with_hint(text: impl Into<String>) -> Self {
        UsageError { text: text.into(), hint: true }
    }
}
