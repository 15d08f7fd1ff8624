//! Parse errors, in the two forms that SystemTap prints.

use crate::diag::diagnostic::Saw;
use crate::diag::{Code, Diagnostic, Severity};
use crate::source::Span;

/// `parse error: MESSAGE` with `at: TOKEN`.
pub fn error_at(code: Code, message: impl Into<String>, token: Span) -> Diagnostic {
    Diagnostic::new(code, Severity::ParseError, message).at(token)
}

/// `parse error: MESSAGE` with `saw: TOKEN`.
pub fn error_saw(code: Code, message: impl Into<String>, saw: Saw) -> Diagnostic {
    Diagnostic::new(code, Severity::ParseError, message).saw(saw)
}
