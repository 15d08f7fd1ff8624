//! Printing that cannot panic: a closed or full standard stream must not stop the removal of a module.

use std::fmt;
use std::io::{self, Write};

use crate::error::{Exit, Result};

/// Writes one line to standard error.  A failure is dropped, for there is nowhere left to report it.
pub fn error_line(line: impl fmt::Display) {
    let text = format!("{line}\n");
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// How a program ends; an error is told first.
pub fn outcome(result: Result<Exit>) -> Exit {
    result.unwrap_or_else(|error| {
        error_line(&error);
        error.exit()
    })
}

/// Writes bytes to standard error as they are.
pub fn error_bytes(bytes: &[u8]) {
    let _ = io::stderr().lock().write_all(bytes);
}

/// Writes one line to standard output; tells whether it got there.
pub fn output_line(line: impl fmt::Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()
}

/// What -v asks for.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    program: &'static str,
    level: u8,
}

impl Log {
    /// Messages of `program` up to this level.
    pub fn new(program: &'static str, level: u8) -> Self {
        Self { program, level }
    }

    /// How many -v there were.
    pub fn level(self) -> u8 {
        self.level
    }

    /// Level 1: the steps.
    pub fn step(self, text: impl fmt::Display) {
        self.at(1, text);
    }

    /// Level 2: what each step found.
    pub fn detail(self, text: impl fmt::Display) {
        self.at(2, text);
    }

    /// Level 3: every message to and from the module.
    pub fn trace(self, text: impl fmt::Display) {
        self.at(3, text);
    }

    fn at(self, level: u8, text: impl fmt::Display) {
        if self.level >= level {
            error_line(format_args!("{}: {text}", self.program));
        }
    }
}
