//! What the language has and this translator cannot write yet: one error with its place, before any C is written.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::ir::program::Program;
use crate::ir::visit;

/// The first construct that cannot be translated.
pub fn check(program: &Program) -> Result<(), Diagnostic> {
    let mut found = None;
    visit::embedded(program, &mut |code| {
        if let Some(part) = code.pragmas.missing.filter(|_| found.is_none()) {
            let message = format!("embedded C with pragma:{part} cannot be run yet");
            found = Some(Diagnostic::semantic(Code::NotYet, message, code.span));
        }
    });
    found.map_or(Ok(()), Err)
}
