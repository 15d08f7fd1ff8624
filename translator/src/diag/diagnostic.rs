//! What a pass has to say, without any layout.

use super::code::Code;
use crate::source::Span;

/// How grave it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// `parse error:`; the item that holds it is skipped, pass 1 fails.
    ParseError,
    /// `semantic error:`; the pass that reports it fails.
    SemanticError,
    /// Any other error of stap itself, printed with `ERROR:`.
    Error,
    /// `WARNING:`; an error under -W, silent under -w.
    Warning,
    /// What a pass did, for those who asked with -vv.
    Note,
}

impl Severity {
    /// Whether the pass that says it fails.
    pub fn is_error(self) -> bool {
        !matches!(self, Severity::Warning | Severity::Note)
    }
}

/// One message with its place, its causes and its remedies.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// What kind of message; documented in docs/errors.md.
    pub code: Code,
    /// How grave.
    pub severity: Severity,
    /// One line, no full stop, in SystemTap's wording where users may match on it.
    pub message: String,
    /// The token it is about. Its origin chain is printed too.
    pub token: Option<Span>,
    /// For parse errors: the token that was met ("saw:"). `None` with `eof` set means the file ended.
    pub saw: Option<Saw>,
    /// A second token ("type was first inferred here"), printed after the first.
    pub second: Option<Span>,
    /// What one can do about it; ours, printed after SystemTap's own lines as `        help: …`.
    pub helps: Vec<String>,
    /// The errors that caused this one, outermost first: "while resolving probe point" and so on.
    pub causes: Vec<Diagnostic>,
}

/// What a parse error met instead of what it expected.
#[derive(Clone, Debug)]
pub enum Saw {
    /// This token.
    Token(Span),
    /// The end of this file, by its name.
    Eof(String),
}

impl Diagnostic {
    /// A message about no token in particular.
    pub fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity,
            message: message.into(),
            token: None,
            saw: None,
            second: None,
            helps: Vec::new(),
            causes: Vec::new(),
        }
    }

    /// A semantic error about `token`.
    pub fn semantic(code: Code, message: impl Into<String>, token: Span) -> Self {
        Self::new(code, Severity::SemanticError, message).at(token)
    }

    /// A warning about `token`.
    pub fn warning(code: Code, message: impl Into<String>, token: Span) -> Self {
        Self::new(code, Severity::Warning, message).at(token)
    }

    /// What was done with `token`.
    pub fn note(code: Code, message: impl Into<String>, token: Span) -> Self {
        Self::new(code, Severity::Note, message).at(token)
    }

    /// Sets the token.
    pub fn at(mut self, token: Span) -> Self {
        self.token = Some(token);
        self
    }

    /// Sets the second token.
    pub fn and_at(mut self, token: Span) -> Self {
        self.second = Some(token);
        self
    }

    /// Sets what a parse error met.
    pub fn saw(mut self, saw: Saw) -> Self {
        self.saw = Some(saw);
        self
    }

    /// Adds a remedy.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(text.into());
        self
    }

    /// Adds a cause.
    pub fn caused_by(mut self, cause: Diagnostic) -> Self {
        self.causes.push(cause);
        self
    }
}
