//! Regular expressions of `=~` and `!~`, compiled to automata when the script is translated.
//!
//! The syntax is that of POSIX extended regular expressions without back references. A match is the leftmost one, and
//! of those that begin there the longest; among the ways to match it, left alternatives come first and repetition
//! takes as much as it can, which decides what the groups hold. Subjects are bytes; NUL ends them.
//!
//! [`Pattern::parse`] checks the syntax; [`Machine::plain`] answers whether there is a match, [`Machine::tagged`] also
//! where the groups are. Both take one step a byte, however the pattern looks.

pub mod ast;
mod bytes;
mod limits;
mod minimise;
mod nfa;
mod parse;
mod plain;
mod registers;
mod tagged;
#[cfg(test)]
mod tests;
pub mod walk;

pub use ast::Pattern;

use bytes::ByteClasses;

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("regex compilation error (at position {at}): {message}")]
pub struct Error {
    /// Bytes before the culprit.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
}

/// The number of a state in the tables; 0 is the state without way out, 1 the first.
pub type State = u16;

/// The state that no match leaves.
pub const DEAD: State = 0;
/// The state before the first byte.
pub const START: State = 1;

/// An automaton as tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Which bytes are alike.
    pub classes: ByteClasses,
    /// The next state, a row of as many columns as there are classes for each state.
    pub next: Vec<State>,
    /// What each state means.
    pub accepts: Vec<Accept>,
    /// Groups, the whole match included.
    pub groups: usize,
    /// Where groups are, in a machine that can tell.
    pub tags: Option<Tags>,
}

/// Whether a match ends in a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Accept {
    /// Whatever follows.
    pub now: bool,
    /// If the subject ends here.
    pub at_end: bool,
}

/// What a tagged machine does on its way. A position is kept in a register until it is known whether it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// Registers.
    pub registers: usize,
    /// Lists of moves; the first one is empty.
    pub moves: Vec<Vec<Move>>,
    /// The list for the first state.
    pub start: u16,
    /// The list for each transition, in the order of `Machine::next`.
    pub on: Vec<u16>,
    /// For each state whose `now` holds: the register of each tag.
    pub now: Vec<Option<Finish>>,
    /// For each state whose `at_end` holds, likewise.
    pub at_end: Vec<Option<Finish>>,
}

/// Where the positions of a match are: begin and end of each group.
pub type Finish = Vec<Source>;

/// Sets a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The register.
    pub to: u8,
    /// Its new value.
    pub from: Source,
}

/// Where a position comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// There is none: the group took no part.
    Unset,
    /// A register.
    Register(u8),
    /// The position that has just been reached.
    Here,
}

impl Machine {
    /// A machine that tells whether there is a match, with as few states as can be.
    pub fn plain(pattern: &Pattern) -> Result<Machine, Error> {
        Ok(minimise::minimise(plain::build(&nfa::Nfa::new(pattern, false)?)?))
    }

    /// A machine that also tells where the groups of the match are.
    pub fn tagged(pattern: &Pattern) -> Result<Machine, Error> {
        tagged::build(&nfa::Nfa::new(pattern, true)?)
    }

    /// How many states it has.
    pub fn states(&self) -> usize {
        self.accepts.len()
    }
}
