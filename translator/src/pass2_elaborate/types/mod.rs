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
use names::Tables;

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
