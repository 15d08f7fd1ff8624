//! What the language has and this translator cannot write yet: one error with its place, before any C is written.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::ir::program::{EmbeddedC, FunctionBody, Program};
use crate::ir::stmt::{Block, StmtKind};
use crate::ir::visit::look;
use crate::source::Span;

/// The first construct that cannot be translated.
pub fn check(program: &Program) -> Result<(), Diagnostic> {
    for probe in &program.probes {
        check_block(program, &probe.body)?;
    }
    for (_, function) in program.functions.iter() {
        match &function.body {
            FunctionBody::Script(block) => check_block(program, block)?,
            FunctionBody::Embedded(code) => check_embedded(program, code)?,
        }
    }
    Ok(())
}

fn not_yet(what: &str, span: Span) -> Diagnostic {
    Diagnostic::semantic(Code::NotYet, format!("{what} cannot be run yet"), span)
}

fn check_block(program: &Program, block: &Block) -> Result<(), Diagnostic> {
    let mut found = None;
    look::all_stmts(block, &mut |stmt| {
        if let StmtKind::Embedded(code) = &stmt.kind {
            found = found.take().or_else(|| check_embedded(program, code).err());
        }
    });
    found.map_or(Ok(()), Err)
}

fn check_embedded(program: &Program, code: &EmbeddedC) -> Result<(), Diagnostic> {
    for &id in code.reads.iter().chain(&code.writes) {
        let global = &program.globals[id];
        if !global.keys.is_empty() {
            return Err(not_yet("arrays in embedded C", code.span).and_at(global.span));
        }
    }
    Ok(())
}
