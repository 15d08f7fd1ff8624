//! What a script writes and nobody needs costs nothing: the list of optimisations, in the order in which they feed
//! each other. An alias that sets `name` and `argstr` for a handler that reads neither leaves no trace.

mod control;
mod effects;
mod globals;
mod stores;
mod unused;

use rustc_hash::FxHashSet;

use super::autoprint;
use super::names::Names;
use crate::diag::{Code, Diagnostic, Sink};
use crate::ir::Program;
use crate::ir::program::{FunctionBody, GlobalId, Point};
use crate::session::Session;
use crate::source::{FileId, Span};

pub use unused::drop_unreferenced;

/// Rounds at most; what a further one would find is rare and only costs a few instructions.
const ROUNDS: usize = 8;

/// When the optimiser works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// What is elided is not typed, so an alias may set variables whose use nobody needs.
    Untyped,
    /// What the types of conditions let fall, and what only that needed. The script's author was told of his own
    /// text before.
    Typed,
}

/// Warnings about the user's own text, each place once.
pub struct Warnings<'w> {
    session: &'w Session<'w>,
    sink: &'w Sink,
    said: FxHashSet<(String, Span)>,
    library: Vec<Option<bool>>,
    /// Nothing is said for now.
    silent: bool,
}

impl<'w> Warnings<'w> {
    /// Nothing said yet.
    pub fn new(session: &'w Session<'w>, sink: &'w Sink) -> Self {
        Warnings { session, sink, said: FxHashSet::default(), library: Vec::new(), silent: false }
    }

    /// Says it, unless the place is the library's business.
    pub fn say(&mut self, message: String, span: Span) {
        if !self.silent && !self.in_library(span.file) && self.said.insert((message.clone(), span)) {
            self.sink.push(Diagnostic::warning(Code::Unused, message, span));
        }
    }

    /// Says what was done with the user's text, to those who asked with -vv.
    pub fn note(&mut self, message: impl Into<String>, span: Span) {
        if self.session.options.verbose[1] > 1 && !self.in_library(span.file) {
            self.sink.push(Diagnostic::note(Code::Unused, message, span));
        }
    }

    fn in_library(&mut self, file: FileId) -> bool {
        let index = file.0 as usize;
        if self.library.len() <= index {
            self.library.resize(index + 1, None);
        }
        *self.library[index].get_or_insert_with(|| self.session.sources.file(file).library)
    }
}

/// Runs all optimisations of a stage until nothing changes. `displayed` globals are printed at the end, so they are
/// read; those that only elided code has read join them.
pub fn optimize(
    names: &mut Names<'_>,
    displayed: &mut FxHashSet<GlobalId>,
    stage: Stage,
    warnings: &mut Warnings<'_>,
) {
    warnings.silent = stage == Stage::Typed;
    for _ in 0..ROUNDS {
        let mut changed = bodies(&mut names.program, stage, warnings);
        displayed.extend(autoprint::unread(names));
        let kept: FxHashSet<GlobalId> = displayed.iter().copied().chain(names.walked()).collect();
        changed |= globals::drop_dead_stores(&mut names.program, &kept, warnings);
        if !changed {
            break;
        }
    }
    warnings.silent = false;
}

/// Optimises each body by itself.
fn bodies(program: &mut Program, stage: Stage, warnings: &mut Warnings<'_>) -> bool {
    let effects = effects::Effects::of(program);
    let mut changed = false;
    for probe in &mut program.probes {
        changed |= stores::drop_dead(&mut probe.body, &probe.locals, &effects, warnings);
        changed |= control::simplify(&mut probe.body, &effects, stage, warnings);
    }
    for function in program.functions.iter_mut() {
        if let FunctionBody::Script(body) = &mut function.body {
            changed |= stores::drop_dead(body, &function.locals, &effects, warnings);
            changed |= control::simplify(body, &effects, stage, warnings);
        }
    }
    changed
}

/// Says which functions of the scripts have nothing left to do.
pub fn warn_of_idle_functions(program: &Program, warnings: &mut Warnings<'_>) {
    for (_, function) in program.functions.iter() {
        if matches!(&function.body, FunctionBody::Script(body) if body.is_empty()) {
            warnings.say(format!("side-effect-free function '{}'", function.name), function.span);
        }
    }
}

/// Drops probes that do nothing. A counter needs no handler.
pub fn drop_empty_probes(program: &mut Program, warnings: &mut Warnings<'_>) {
    program.probes.retain(|probe| {
        let counts = matches!(&probe.point, Point::Perf(point) if point.counter.is_some());
        let idle = probe.body.is_empty() && !counts;
        if idle {
            warnings.say(format!("Probe '{}' has been elided", probe.pp), probe.span);
        }
        !idle
    });
}
