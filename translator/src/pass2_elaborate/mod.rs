//! Pass 2: syntax trees and the library become one typed program.
//!
//! The order is the peer's, as users see it in warnings and errors: names, then what can be elided, then types, then
//! what these let fall. What is elided first is not typed, so an alias may set variables whose use nobody needs; a
//! branch that is never taken is.

mod access;
mod autoprint;
pub mod callgraph;
pub mod catalog;
mod code;
mod derive;
pub mod dump;
mod fold;
mod handlers;
mod limits;
mod list;
pub mod listed;
mod locks;
mod names;
mod opt;
mod points;
mod print;
mod regexes;
mod resolve;
mod scarce;
mod sensitive;
mod stable;
mod stats;
mod types;
mod warn;

#[cfg(test)]
mod tests;

pub use list::list;
pub use print::print;

use rustc_hash::FxHashSet;

use catalog::{Catalog, Declarations};
use names::Names;
use opt::{Stage, Warnings};
use points::PointTree;

use crate::diag::{Code, Diagnostic, Severity, Sink};
use crate::ir::program::GlobalId;
use crate::ir::{Program, validate};
use crate::pass1_parse::ast::File;
use crate::session::Session;

/// Called after each inner pass with its name and the program so far (`--dump-after`).
pub type Observer<'o> = &'o mut dyn FnMut(&'static str, &Program);

/// Elaborates scripts; `None` after errors, which are in the sink.
pub fn elaborate(
    session: &Session<'_>,
    files: &[File],
    library: &dyn Declarations,
    sink: &Sink,
) -> Option<Program> {
    elaborate_observed(session, files, library, sink, &mut |_, _| {})
}

/// As [`elaborate`], with a look at the program after each inner pass.
pub fn elaborate_observed(
    session: &Session<'_>,
    files: &[File],
    library: &dyn Declarations,
    sink: &Sink,
    observe: Observer<'_>,
) -> Option<Program> {
    let before = sink.errors();
    let failed = || sink.errors() > before;
    let mut names = Names::new(session, sink, Catalog::new(files, library));
    handlers::resolve_all(&mut names, &mut PointTree::new(session.options.compatible));
    locks::check_iterations(&names.program, sink);
    scarce::check(&names);
    if failed() {
        return None;
    }
    observe("resolve", &names.program);

    let mut warnings = Warnings::new(session, sink);
    let mut displayed = autoprint::unread(&names);
    warn::never_assigned(&names, &mut warnings);
    if !session.options.unoptimized {
        opt::optimize(&mut names, &mut displayed, Stage::Untyped, &mut warnings);
        opt::warn_of_idle_functions(&names.program, &mut warnings);
    }
    let displayed = opt::drop_unreferenced(&mut names, &displayed, &mut warnings);
    observe("elide", &names.program);

    types::types(&mut names);
    limits::check_globals(&names.program, sink);
    if failed() {
        return None;
    }
    observe("types", &names.program);

    let displayed = optimize(&mut names, displayed, &mut warnings);
    require_probes(&names, sink);
    observe("optimize", &names.program);

    stable::remember(&mut names.program);

    autoprint::add(&mut names, &displayed);
    stats::gather(&mut names.program, sink);
    regexes::compile(&mut names.program, sink);
    locks::plan(&mut names.program);
    handlers::number(&mut names);
    if failed() {
        return None;
    }
    finish(names.program, sink)
}

/// What the types of conditions let fall.
fn optimize(
    names: &mut Names<'_>,
    mut displayed: FxHashSet<GlobalId>,
    warnings: &mut Warnings<'_>,
) -> FxHashSet<GlobalId> {
    if names.session.options.unoptimized {
        return displayed;
    }
    opt::optimize(names, &mut displayed, Stage::Typed, warnings);
    opt::drop_empty_probes(&mut names.program, warnings);
    opt::drop_unreferenced(names, &displayed, warnings)
}

/// A session that would wait for nothing is an error.
fn require_probes(names: &Names<'_>, sink: &Sink) {
    let of_user = |span: crate::source::Span| !names.session.sources.file(span.file).library;
    if !names.program.probes.iter().any(|probe| of_user(probe.span)) {
        sink.push(Diagnostic::new(Code::ProbePoint, Severity::SemanticError, "no probes found"));
    }
}

/// The program, if it keeps the promise that translation relies on.
fn finish(program: Program, sink: &Sink) -> Option<Program> {
    match validate::validate(&program) {
        Ok(()) => Some(program),
        Err(broken) => {
            sink.push(broken);
            None
        }
    }
}
