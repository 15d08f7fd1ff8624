//! Collects diagnostics of a pass; the driver decides between passes what they mean.

use std::sync::{Mutex, MutexGuard};

use rustc_hash::FxHashSet;

use super::code::Code;
use super::diagnostic::{Diagnostic, Saw};
use crate::source::Span;

/// Where passes leave their diagnostics, from any thread.
#[derive(Default, Debug)]
pub struct Sink {
    state: Mutex<State>,
}

#[derive(Default, Debug)]
struct State {
    list: Vec<Diagnostic>,
    /// What was said about which token: a handler of a thousand points is wrong once.
    said: FxHashSet<(Code, String, Option<Span>)>,
    errors: usize,
}

impl Sink {
    /// An empty sink.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Adds a diagnostic, unless the same was said about the same token.
    pub fn push(&self, diagnostic: Diagnostic) {
        let mut state = self.state();
        let innermost = diagnostic.causes.last().unwrap_or(&diagnostic);
        let saw = match diagnostic.saw {
            Some(Saw::Token(token)) => Some(token),
            _ => None,
        };
        let what = (diagnostic.code, innermost.message.clone(), diagnostic.token.or(saw));
        if state.said.insert(what) {
            state.errors += usize::from(diagnostic.severity.is_error());
            state.list.push(diagnostic);
        }
    }

    /// How many errors (not warnings or notes) were added since the start.
    pub fn errors(&self) -> usize {
        self.state().errors
    }

    /// Takes all diagnostics out, in order.
    pub fn take(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.state().list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Severity;

    #[test]
    fn the_same_is_said_once() {
        let sink = Sink::new();
        for message in ["a", "a", "b"] {
            sink.push(Diagnostic::new(Code::Type, Severity::SemanticError, message));
        }
        assert_eq!(sink.errors(), 2);
        assert_eq!(sink.take().len(), 2);
    }
}
