//! Types: the program is walked until a walk learns nothing new, then each thing has its type or an error.
//!
//! The order of the walk, and what is learned where, decide which place a message names and which it calls the first:
//! they are the peer's.

mod infer;
mod names;
mod saved;
mod settle;
mod stmt;

use super::names::Names;
use crate::diag::Sink;
use crate::ir::program::{FunctionId, LocalId};
use crate::ir::ty::Ty;
use names::{Kind, Name, Owner, Tables};

/// What is known of the types of a program, right or wrong.
pub struct Guess(Tables);

/// Infers what can be inferred, and complains of nothing but clashes.
pub fn guess(names: &Names<'_>) -> Guess {
    let mut tables = Tables::new(names);
    infer::program(&names.program, &mut tables, names.sink);
    Guess(tables)
}

impl Guess {
    /// The type of a function's local or parameter.
    pub fn local(&self, function: FunctionId, local: LocalId) -> Option<Ty> {
        self.scalar(Name::Local(Owner::Function(function), local))
    }

    /// What a function gives.
    pub fn result(&self, function: FunctionId) -> Option<Ty> {
        self.scalar(Name::Result(function))
    }

    fn scalar(&self, name: Name) -> Option<Ty> {
        match self.0.known(name).kind {
            Some(Kind::Scalar(ty)) => Some(ty),
            _ => None,
        }
    }
}

/// Finds all types and writes them into the program. Errors go to the sink.
pub fn types(names: &mut Names<'_>) {
    let before = names.sink.errors();
    let mut tables = Tables::new(names);
    infer::program(&names.program, &mut tables, names.sink);
    if !failed(names.sink, before) {
        settle::program(&mut names.program, &tables, names.sink);
        saved::number(names);
    }
}

/// Whether errors were reported.
fn failed(sink: &Sink, before: usize) -> bool {
    sink.errors() > before
}
