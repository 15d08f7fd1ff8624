//! What the probes of a session share: counters by their names, and the processor's debug registers by their number.

use rustc_hash::FxHashSet;

use super::names::Names;
use crate::diag::{Code, Diagnostic};
use crate::ir::expr::{ContextValue, Expr, ExprKind};
use crate::ir::program::{FunctionBody, PerfPoint, Point, Probe};
use crate::ir::stmt::Block;
use crate::ir::visit::look;
use crate::source::{Span, Symbol};

/// Counters that one handler or function may read.
const MAX_COUNTERS: usize = 16;

/// Debug registers of x86-64.
const DEBUG_REGISTERS: usize = 4;

/// Checks both.
pub fn check(names: &Names<'_>) {
    let counters = counters(names);
    let program = &names.program;
    for probe in &program.probes {
        reads(names, &probe.body, &counters, probe.span);
    }
    for (_, function) in program.functions.iter() {
        if let FunctionBody::Script(body) = &function.body {
            reads(names, body, &counters, function.span);
        }
    }
    debug_registers(names);
}

fn counter_of(probe: &Probe) -> Option<Symbol> {
    match &probe.point {
        Point::Perf(PerfPoint { counter, .. }) => *counter,
        _ => None,
    }
}

/// The names of all counters, each of which is there once.
fn counters(names: &Names<'_>) -> FxHashSet<Symbol> {
    let mut found = FxHashSet::default();
    for probe in &names.program.probes {
        let Some(name) = counter_of(probe) else { continue };
        if !found.insert(name) {
            let twice = Diagnostic::semantic(Code::ProbePoint, "duplicate counter name", probe.span)
                .help(format!("another probe counts as '{name}' already"));
            names.sink.push(twice);
        }
        if !probe.body.is_empty() {
            let message = "the handler of a counter never runs";
            let idle = Diagnostic::warning(Code::Unused, message, probe.span)
                .help(format!("read the counter by @perf(\"{name}\") in another probe"));
            names.sink.push(idle);
        }
    }
    found
}

/// Whether each counter that a body reads is there, and they are not too many.
fn reads(names: &Names<'_>, body: &Block, counters: &FxHashSet<Symbol>, span: Span) {
    let mut read = FxHashSet::default();
    look::all_exprs(body, &mut |expr: &Expr| {
        let ExprKind::Context(ContextValue::Counter(name)) = expr.kind else { return };
        read.insert(name);
        if !counters.contains(&name) {
            let message = format!("no probe counts as '{name}'");
            let missing = Diagnostic::semantic(Code::Unresolved, message, expr.span)
                .help(format!("add one, such as: probe perf.sw.page_faults.counter(\"{name}\") {{ }}"));
            names.sink.push(missing);
        }
    });
    if read.len() > MAX_COUNTERS {
        let message = format!("{} counters are read in one probe, {MAX_COUNTERS} at most can be", read.len());
        names.sink.push(Diagnostic::semantic(Code::Misuse, message, span));
    }
}

/// The kernel refuses what is too many when the session starts, unless probes are optional.
fn debug_registers(names: &Names<'_>) {
    let watched: Vec<_> =
        names.program.probes.iter().filter(|probe| matches!(probe.point, Point::Data(_))).collect();
    if let Some(first_too_many) = watched.get(DEBUG_REGISTERS) {
        let message = format!(
            "Too many hardware breakpoint probes requested for x86_64 ({} vs. {DEBUG_REGISTERS})",
            watched.len()
        );
        names.sink.push(Diagnostic::warning(Code::ProbePoint, message, first_too_many.span));
    }
}
