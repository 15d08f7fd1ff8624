//! Bounds of what a pattern may cost to compile.

use super::Error;

/// Most states of an automaton, with or without choice.
pub const STATES: usize = 2000;
/// Deepest nesting of parentheses.
pub const DEPTH: usize = 200;
/// Most postfix operators in a row: `a**` is a star of a star.
pub const POSTFIXES: usize = 8;
/// Most repetitions that an interval asks for: RE_DUP_MAX of POSIX.
pub const REPEAT: u32 = 255;
/// Steps of compilation, so that no pattern takes longer than about a second.
const WORK: usize = 20_000_000;

/// Counts the steps of compiling one pattern.
#[derive(Default)]
pub struct Work(usize);

impl Work {
    /// Adds steps; too many are an error.
    pub fn add(&mut self, steps: usize) -> Result<(), Error> {
        self.0 += steps;
        if self.0 > WORK { Err(too_many_states()) } else { Ok(()) }
    }
}

/// The error of a pattern that is too big.
pub fn too_many_states() -> Error {
    Error { at: 0, message: format!("the regular expression needs more than {STATES} states") }
}
