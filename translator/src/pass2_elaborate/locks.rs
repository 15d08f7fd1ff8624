//! Locks of handlers, and what may change while a foreach walks.

use rustc_hash::FxHashSet;

use super::access::{self, Access, Deed};
use super::callgraph::{CallGraph, Use, gather, normalise};
use crate::diag::{Code, Diagnostic, Sink};
use crate::ir::Program;
use crate::ir::program::{FunctionBody, GlobalId, Lock, Point, Probe};
use crate::ir::stmt::{Block, Stmt, StmtKind};
use crate::ir::visit::look;

/// Fills in locks, `written`, depth of calls and recursion.
pub fn plan(program: &mut Program) {
    let graph = CallGraph::new(program);
    let uses = graph.uses(program);
    let handlers: Vec<Vec<Use>> = program.probes.iter().map(|probe| handler_uses(probe, &uses)).collect();
    mark_written(program, &handlers);
    let shared = read_while_running(program, &handlers);
    let locks: Vec<Vec<Lock>> = handlers.iter().map(|handler| locks(program, handler, &shared)).collect();
    for (probe, locks) in program.probes.iter_mut().zip(locks) {
        probe.locks = locks;
    }
    let recursive = graph.recursive();
    program.recursive = recursive;
    let depths = graph.depths();
    let deepest = depths.iter().copied().max().unwrap_or(0);
    program.call_depth = deepest + if recursive { RECURSION_DEPTH } else { 0 };
}

/// How much deeper calls may nest when some function calls itself.
const RECURSION_DEPTH: u32 = 10;

/// Handlers of begin, end and error run alone: nothing is probed before or after.
fn runs_alone(point: &Point) -> bool {
    matches!(point, Point::Begin { .. } | Point::End { .. } | Point::Error { .. } | Point::Never)
}

fn handler_uses(probe: &Probe, uses: &[Vec<Use>]) -> Vec<Use> {
    let mut all = Vec::new();
    access::block(&probe.body, &mut |deed, _| gather(deed, uses, &mut all));
    if let Some(condition) = &probe.condition {
        access::expr(condition, true, &mut |deed, _| gather(deed, uses, &mut all));
    }
    normalise(&mut all);
    all
}

fn mark_written(program: &mut Program, handlers: &[Vec<Use>]) {
    for (probe, handler) in program.probes.iter().zip(handlers) {
        if !runs_alone(&probe.point) {
            for one in handler.iter().filter(|one| one.write) {
                program.globals[one.global].written = true;
            }
        }
    }
}

/// Globals that some handler needs for more than `<<<` while probes run.
fn read_while_running(program: &Program, handlers: &[Vec<Use>]) -> FxHashSet<GlobalId> {
    let running = program.probes.iter().zip(handlers).filter(|(probe, _)| !runs_alone(&probe.point));
    running
        .flat_map(|(_, handler)| handler)
        .filter(|one| !one.aggregate || !program.globals[one.global].keys.is_empty())
        .map(|one| one.global)
        .collect()
}

/// Nothing is locked that nobody writes while probes run, nor a scalar statistic that is then only added to: it is
/// kept per CPU.
fn locks(program: &Program, handler: &[Use], shared: &FxHashSet<GlobalId>) -> Vec<Lock> {
    let needed =
        handler.iter().filter(|one| program.globals[one.global].written && shared.contains(&one.global));
    needed.map(|one| Lock { global: one.global, write: one.write }).collect()
}

/// Refuses changes of an array inside a foreach over it.
pub fn check_iterations(program: &Program, sink: &Sink) {
    let uses = CallGraph::new(program).uses(program);
    let bodies = program.probes.iter().map(|probe| &probe.body);
    let functions = program.functions.iter().filter_map(|(_, function)| match &function.body {
        FunctionBody::Script(body) => Some(body),
        FunctionBody::Embedded(_) => None,
    });
    for body in bodies.chain(functions) {
        Iterations { program, uses: &uses, sink, walked: Vec::new() }.block(body);
    }
}

struct Iterations<'i> {
    program: &'i Program,
    uses: &'i [Vec<Use>],
    sink: &'i Sink,
    /// Arrays of the loops around.
    walked: Vec<GlobalId>,
}

impl Iterations<'_> {
    fn block(&mut self, block: &Block) {
        for stmt in block {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        if !self.walked.is_empty() {
            access::stmt(stmt, &mut |deed, span| self.check(deed, span));
        }
        if let StmtKind::Foreach(foreach) = &stmt.kind {
            self.walked.push(foreach.array);
            self.block(&foreach.body);
            self.walked.pop();
        } else {
            look::stmt_blocks(stmt, &mut |inner| self.block(inner));
        }
    }

    fn check(&self, deed: Deed, span: crate::source::Span) {
        match deed {
            Deed::Global(_, Access::Read) => {}
            Deed::Global(id, _) => self.refuse(id, "variable", "modified", span),
            Deed::Call(callee) => {
                for one in self.uses[callee.index()].iter().filter(|one| one.write) {
                    self.refuse(one.global, "function call modifies var", "", span);
                }
            }
        }
    }

    fn refuse(&self, id: GlobalId, what: &str, done: &str, span: crate::source::Span) {
        if self.walked.contains(&id) {
            let name = self.program.globals[id].name;
            let done = if done.is_empty() { String::new() } else { format!("{done} ") };
            let message = format!("{what} '{name}' {done}during 'foreach' iteration");
            self.sink.push(Diagnostic::semantic(Code::Misuse, message, span));
        }
    }
}
