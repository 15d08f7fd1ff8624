//! What the language has and this translator cannot write yet: one error with its place, before any C is written.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::ir::expr::{Conversion, Expr, ExprKind, Piece, Print};
use crate::ir::program::{EmbeddedC, FunctionBody, Program};
use crate::ir::stmt::{Block, StmtKind};
use crate::ir::ty::{Hist, ValueTy};
use crate::ir::visit::look;
use crate::source::Span;

/// The first construct that cannot be translated.
pub fn check(program: &Program) -> Result<(), Diagnostic> {
    for (_, global) in program.globals.iter() {
        if matches!(global.value, ValueTy::Stat(needs) if needs.hist != Hist::None) {
            return Err(not_yet("histograms", global.span));
        }
    }
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
        let what = match &stmt.kind {
            StmtKind::Print(print) => print_support(print),
            StmtKind::Embedded(code) => {
                found = found.take().or_else(|| check_embedded(program, code).err());
                None
            }
            _ => None,
        };
        if let Some(what) = what {
            found.get_or_insert_with(|| not_yet(what, stmt.span));
        }
    });
    look::all_exprs(block, &mut |expr| {
        if let Some(what) = expr_support(expr) {
            found.get_or_insert_with(|| not_yet(what, expr.span));
        }
    });
    found.map_or(Ok(()), Err)
}

fn expr_support(expr: &Expr) -> Option<&'static str> {
    match &expr.kind {
        ExprKind::Print(print) => print_support(print),
        ExprKind::HistBucket { .. } => Some("histograms"),
        _ => None,
    }
}

fn print_support(print: &Print) -> Option<&'static str> {
    print.pieces.iter().find_map(|piece| match piece {
        Piece::Histogram { .. } => Some("histograms"),
        Piece::Format { spec, .. }
            if matches!(spec.conversion, Conversion::Memory | Conversion::MemoryHex) =>
        {
            Some("%m and %M")
        }
        _ => None,
    })
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
