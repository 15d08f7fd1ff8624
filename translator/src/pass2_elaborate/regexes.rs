//! Regular expressions become machines, one for each pattern, once it is known which of them the program keeps and
//! whether it asks for groups.

use rustc_hash::FxHashSet;

use crate::diag::{Code, Diagnostic, Sink};
use crate::ir::program::{Program, Regex};
use crate::ir::visit::{self, look};
use crate::ir::{Expr, ExprKind};
use crate::regex::{Machine, Pattern};
use crate::source::Span;

/// Compiles every pattern of the program; one that is too big is an error.
pub fn compile(program: &mut Program, sink: &Sink) {
    program.wants_groups = wants_groups(program);
    let mut regexes = Vec::new();
    let mut done = FxHashSet::default();
    each_pattern(program, &mut |pattern, span| {
        if !done.insert(pattern.text.clone()) {
            return;
        }
        match if program.wants_groups { Machine::tagged(pattern) } else { Machine::plain(pattern) } {
            Ok(machine) => regexes.push(Regex { pattern: pattern.text.clone(), machine }),
            Err(error) => {
                let help = "match with several smaller ones, or with smaller intervals";
                sink.push(Diagnostic::semantic(Code::Regex, error.to_string(), span).help(help));
            }
        }
    });
    program.regexes = regexes;
}

fn each_pattern(program: &Program, found: &mut dyn FnMut(&Pattern, Span)) {
    let mut look_at = |expr: &Expr| {
        if let ExprKind::Regex { pattern, .. } = &expr.kind {
            found(pattern, expr.span);
        }
    };
    for block in visit::bodies(program) {
        look::all_exprs(block, &mut look_at);
    }
    for condition in program.probes.iter().filter_map(|probe| probe.condition.as_ref()) {
        look::deep(condition, &mut look_at);
    }
}

/// Whether some embedded C asks for groups.
pub fn wants_groups(program: &Program) -> bool {
    let mut found = false;
    visit::embedded(program, &mut |code| found |= code.pragmas.tagged_dfa);
    found
}
