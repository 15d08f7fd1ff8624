//! All places of a body that hold a handle, so that handles can be counted or renumbered.

use super::expr::{Expr, ExprKind, Piece, Place, Print};
use super::program::{EmbeddedC, FunctionId, GlobalId, LocalId};
use super::stmt::{Block, Stmt, StmtKind};
use super::visit::change;

/// Called for every handle.
pub trait Refs {
    /// A local is read, written or bound.
    fn local(&mut self, _id: &mut LocalId) {}
    /// A global is named.
    fn global(&mut self, _id: &mut GlobalId) {}
    /// A function is called.
    fn function(&mut self, _id: &mut FunctionId) {}
}

/// All handles in a block.
pub fn block(block: &mut Block, refs: &mut dyn Refs) {
    change::all_stmts(block, &mut |stmt| {
        own(stmt, refs);
        change::stmt_exprs(stmt, &mut |expr| self::expr(expr, refs));
    });
}

/// All handles in an expression.
pub fn expr(expr: &mut Expr, refs: &mut dyn Refs) {
    change::deep(expr, &mut |node| match &mut node.kind {
        ExprKind::Local(id) => refs.local(id),
        ExprKind::Global(id) | ExprKind::Element { array: id, .. } | ExprKind::In { array: id, .. } => {
            refs.global(id);
        }
        ExprKind::Call { function, .. } => refs.function(function),
        ExprKind::Stat { of, .. } | ExprKind::HistBucket { of, .. } => refs.global(&mut of.global),
        ExprKind::Assign { place: target, .. }
        | ExprKind::AssignBinary { place: target, .. }
        | ExprKind::AssignConcat { place: target, .. }
        | ExprKind::Aggregate { place: target, .. }
        | ExprKind::Crement { place: target, .. } => place(target, refs),
        ExprKind::Print(output) => print(output, refs),
        ExprKind::Embedded(code) => embedded(code, refs),
        _ => {}
    });
}

/// All handles that embedded C names.
pub fn embedded(code: &mut EmbeddedC, refs: &mut dyn Refs) {
    code.reads.iter_mut().chain(&mut code.writes).for_each(|id| refs.global(id));
    code.args.iter_mut().for_each(|id| refs.local(id));
}

fn place(place: &mut Place, refs: &mut dyn Refs) {
    match place {
        Place::Local(id, _) => refs.local(id),
        Place::Global(id, _) | Place::Element(id, ..) => refs.global(id),
    }
}

/// Histograms; the other pieces hold expressions only.
fn print(print: &mut Print, refs: &mut dyn Refs) {
    for piece in &mut print.pieces {
        if let Piece::Histogram { of, .. } = piece {
            refs.global(&mut of.global);
        }
    }
}

/// Handles of the statement itself.
fn own(stmt: &mut Stmt, refs: &mut dyn Refs) {
    match &mut stmt.kind {
        StmtKind::Print(output) => print(output, refs),
        StmtKind::DeleteAll(id) | StmtKind::DeleteElement { array: id, .. } => refs.global(id),
        StmtKind::Foreach(foreach) => {
            refs.global(&mut foreach.array);
            foreach.keys.iter_mut().chain(&mut foreach.value).for_each(|bound| refs.local(&mut bound.local));
        }
        StmtKind::Try { catch_var: Some(bound), .. } => refs.local(&mut bound.local),
        StmtKind::Embedded(code) => embedded(code, refs),
        _ => {}
    }
}
