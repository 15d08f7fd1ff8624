//! Walks over expressions and statements, for the analyses.

use crate::ir::expr::{Count, Expr, ExprKind, Piece, Place, Print};
use crate::ir::stmt::{Block, Stmt, StmtKind};

/// Calls `f` with each direct operand of an expression.
pub fn operands<'a>(expr: &'a Expr, f: &mut dyn FnMut(&'a Expr)) {
    match &expr.kind {
        ExprKind::Constant(_)
        | ExprKind::Local(_)
        | ExprKind::Global(_)
        | ExprKind::Context(_)
        | ExprKind::Embedded(_) => {}
        ExprKind::Element { keys, .. } => keys.iter().for_each(f),
        ExprKind::In { keys, .. } => keys.iter().flatten().for_each(f),
        ExprKind::Call { args, .. } => args.iter().for_each(f),
        ExprKind::Print(print) => print_operands(print, f),
        ExprKind::Stat { of, .. } => of.keys.iter().for_each(f),
        ExprKind::HistBucket { of, bucket, .. } => {
            of.keys.iter().for_each(&mut *f);
            f(bucket);
        }
        ExprKind::Unary { arg, .. } => f(arg),
        ExprKind::Binary { left, right, .. } | ExprKind::Compare { left, right, .. } => {
            f(left);
            f(right);
        }
        ExprKind::And(left, right) | ExprKind::Or(left, right) => {
            f(left);
            f(right);
        }
        ExprKind::Concat(parts) => parts.iter().for_each(f),
        ExprKind::Ternary { cond, then, otherwise } => {
            f(cond);
            f(then);
            f(otherwise);
        }
        ExprKind::Assign { place, value }
        | ExprKind::AssignBinary { place, value, .. }
        | ExprKind::AssignConcat { place, value }
        | ExprKind::Aggregate { place, value } => {
            f(value);
            place_operands(place, f);
        }
        ExprKind::Crement { place, .. } => place_operands(place, f),
    }
}

fn place_operands<'a>(place: &'a Place, f: &mut dyn FnMut(&'a Expr)) {
    if let Place::Element(_, keys) = place {
        keys.iter().for_each(f);
    }
}

/// Calls `f` with each argument of a print.
pub fn print_operands<'a>(print: &'a Print, f: &mut dyn FnMut(&'a Expr)) {
    for piece in &print.pieces {
        match piece {
            Piece::Literal(_) => {}
            Piece::Format { spec, arg } => {
                for count in [&spec.width, &spec.precision].into_iter().flatten() {
                    if let Count::Arg(expr) = count {
                        f(expr);
                    }
                }
                f(arg);
            }
            Piece::Histogram { of, .. } => of.keys.iter().for_each(&mut *f),
        }
    }
}

/// Calls `f` with an expression and all expressions in it.
pub fn each_expr<'a>(expr: &'a Expr, f: &mut dyn FnMut(&'a Expr)) {
    f(expr);
    operands(expr, &mut |operand| each_expr(operand, f));
}

/// Calls `f` with each expression that stands directly in a statement, not those of its inner statements.
pub fn own_exprs<'a>(stmt: &'a Stmt, f: &mut dyn FnMut(&'a Expr)) {
    match &stmt.kind {
        StmtKind::Expr(expr) | StmtKind::Return(Some(expr)) => f(expr),
        StmtKind::Print(print) => print_operands(print, f),
        StmtKind::If { cond, .. } => f(cond),
        StmtKind::Loop { cond, next, .. } => [cond, next].into_iter().flatten().for_each(f),
        StmtKind::Foreach(foreach) => {
            foreach.slice.iter().flatten().for_each(&mut *f);
            foreach.limit.iter().for_each(f);
        }
        StmtKind::DeleteElement { keys, .. } => keys.iter().flatten().for_each(f),
        StmtKind::Block(_)
        | StmtKind::Return(None)
        | StmtKind::Next
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::DeleteAll(_)
        | StmtKind::Try { .. }
        | StmtKind::Embedded(_) => {}
    }
}

/// The blocks that stand directly in a statement.
pub fn own_blocks(stmt: &Stmt) -> Vec<&Block> {
    match &stmt.kind {
        StmtKind::Block(block) => vec![block],
        StmtKind::If { then, otherwise, .. } => vec![then, otherwise],
        StmtKind::Loop { body, .. } => vec![body],
        StmtKind::Foreach(foreach) => vec![&foreach.body],
        StmtKind::Try { body, handler, .. } => vec![body, handler],
        _ => Vec::new(),
    }
}

/// Calls `f` with each statement of a block, the inner ones included.
pub fn each_stmt<'a>(block: &'a Block, f: &mut dyn FnMut(&'a Stmt)) {
    for stmt in block {
        f(stmt);
        for inner in own_blocks(stmt) {
            each_stmt(inner, f);
        }
    }
}

/// Calls `f` with each expression of a block, however deep.
pub fn each_expr_in<'a>(block: &'a Block, f: &mut dyn FnMut(&'a Expr)) {
    each_stmt(block, &mut |stmt| own_exprs(stmt, &mut |expr| each_expr(expr, f)));
}
