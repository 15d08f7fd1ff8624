//! Which globals a body reads and writes, and which functions it calls.

use crate::ir::expr::{Expr, ExprKind, Piece, Place, Print};
use crate::ir::program::{EmbeddedC, FunctionId, GlobalId};
use crate::ir::stmt::{Block, Stmt, StmtKind};
use crate::ir::visit::look;
use crate::source::Span;

/// What is done with a global.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Its value is used.
    Read,
    /// It is changed, and its old value is not used otherwise (`x++` as a statement).
    Write,
    /// A value is added to a statistic.
    Aggregate,
}

/// Something that a body does beyond its locals.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// With a global.
    Global(GlobalId, Access),
    /// It calls a function.
    Call(FunctionId),
}

/// Reports all deeds of a block with their places.
pub fn block(block: &Block, f: &mut dyn FnMut(Deed, Span)) {
    look::all_stmts(block, &mut |stmt| self::stmt(stmt, f));
}

/// Reports the deeds of a statement itself, not of the statements in it.
pub fn stmt(stmt: &Stmt, f: &mut dyn FnMut(Deed, Span)) {
    let mut global = |id, access| f(Deed::Global(id, access), stmt.span);
    match &stmt.kind {
        StmtKind::Expr(expr) => return self::expr(expr, false, f),
        StmtKind::Loop { cond, next, .. } => {
            cond.iter().for_each(|cond| self::expr(cond, true, f));
            next.iter().for_each(|next| self::expr(next, false, f));
            return;
        }
        // Who clears a global wants it for more than a figure at the end.
        StmtKind::DeleteAll(id) | StmtKind::DeleteElement { array: id, .. } => {
            global(*id, Access::Write);
            global(*id, Access::Read);
        }
        StmtKind::Foreach(foreach) => global(foreach.array, Access::Read),
        StmtKind::Print(print) => histograms(print, stmt.span, f),
        StmtKind::Embedded(code) => embedded(code, f),
        _ => {}
    }
    look::stmt_exprs(stmt, &mut |expr| self::expr(expr, true, f));
}

/// Reports the deeds of embedded C, as far as its pragmas tell.
pub fn embedded(code: &EmbeddedC, f: &mut dyn FnMut(Deed, Span)) {
    for &id in &code.reads {
        f(Deed::Global(id, Access::Read), code.span);
    }
    for &id in &code.writes {
        f(Deed::Global(id, Access::Write), code.span);
    }
}

/// Reports the deeds of an expression; `used` says whether its value matters.
pub fn expr(expr: &Expr, used: bool, f: &mut dyn FnMut(Deed, Span)) {
    look::each_expr(expr, &mut |child| self::expr(child, true, f));
    match &expr.kind {
        ExprKind::Global(id) | ExprKind::Element { array: id, .. } | ExprKind::In { array: id, .. } => {
            f(Deed::Global(*id, Access::Read), expr.span);
        }
        ExprKind::Stat { of, .. } | ExprKind::HistBucket { of, .. } => {
            f(Deed::Global(of.global, Access::Read), expr.span);
        }
        ExprKind::Call { function, .. } => f(Deed::Call(*function), expr.span),
        ExprKind::Print(print) => histograms(print, expr.span, f),
        ExprKind::Embedded(code) => embedded(code, f),
        // The value of `a = b` is b, so a is not read even when the value is used.
        ExprKind::Assign { place, .. } => change(place, false, Access::Write, f),
        ExprKind::Aggregate { place, .. } => change(place, false, Access::Aggregate, f),
        ExprKind::AssignBinary { place, .. }
        | ExprKind::AssignConcat { place, .. }
        | ExprKind::Crement { place, .. } => change(place, used, Access::Write, f),
        _ => {}
    }
}

fn change(place: &Place, read: bool, access: Access, f: &mut dyn FnMut(Deed, Span)) {
    let (Place::Global(id, span) | Place::Element(id, _, span)) = place else { return };
    f(Deed::Global(*id, access), *span);
    if read {
        f(Deed::Global(*id, Access::Read), *span);
    }
}

fn histograms(print: &Print, span: Span, f: &mut dyn FnMut(Deed, Span)) {
    for piece in &print.pieces {
        if let Piece::Histogram { of, .. } = piece {
            f(Deed::Global(of.global, Access::Read), span);
        }
    }
}
