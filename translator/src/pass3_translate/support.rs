//! What the language has and this translator cannot write yet: one error with its place, before any C is written.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::ir::expr::ExprKind;
use crate::ir::program::{FunctionBody, Program};
use crate::ir::visit::{self, look};
use crate::source::Span;

/// The first construct that cannot be translated.
pub fn check(program: &Program) -> Result<(), Diagnostic> {
    let mut found = None;
    for block in visit::bodies(program) {
        look::all_exprs(block, &mut |expr| {
            if let ExprKind::Call { function, .. } = expr.kind
                && let FunctionBody::Embedded(code) = &program.functions[function].body
                && let Some(part) = code.pragmas.missing
                && found.is_none()
            {
                found = Some(refusal(part, expr.span));
            }
        });
    }
    visit::embedded(program, &mut |code| {
        if let Some(part) = code.pragmas.missing.filter(|_| found.is_none()) {
            found = Some(refusal(part, code.span));
        }
    });
    found.map_or(Ok(()), Err)
}

/// Why a part of the runtime is not there, and what there is instead.
fn refusal(part: &str, span: Span) -> Diagnostic {
    let (what, help) = match part {
        "vma" => (
            "symbols and backtraces of user space are not available yet (pragma:vma)",
            "print_backtrace(), symname() and their like know the kernel and its modules",
        ),
        _ => (
            "source lines of addresses are not available yet: they need the DWARF line table of the kernel in the \
             module (pragma:lines)",
            "symdata(ADDRESS) gives function and offset, which `addr2line` or the kernel's scripts/faddr2line turn \
             into a line where the debuginfo is installed",
        ),
    };
    Diagnostic::semantic(Code::NotYet, what, span).help(help)
}
