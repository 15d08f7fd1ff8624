//! Collects diagnostics of a pass; the driver decides between passes what they mean.

use std::sync::Mutex;

use super::diagnostic::{Diagnostic, Severity};

/// Where passes leave their diagnostics, from any thread.
#[derive(Default, Debug)]
pub struct Sink {
    list: Mutex<Vec<Diagnostic>>,
}

impl Sink {
    /// An empty sink.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a diagnostic.
    pub fn push(&self, diagnostic: Diagnostic) {
        self.list.lock().unwrap_or_else(|e| e.into_inner()).push(diagnostic);
    }

    /// How many errors (not warnings) were added since the start.
    pub fn errors(&self) -> usize {
        let list = self.list.lock().unwrap_or_else(|e| e.into_inner());
        list.iter().filter(|d| d.severity != Severity::Warning).count()
    }

    /// Takes all diagnostics out, in order.
    pub fn take(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut *self.list.lock().unwrap_or_else(|e| e.into_inner()))
    }
}
