//! Walks over syntax trees, to look for something before anything is resolved.

use super::ast::{Access, Block, Expr, ExprKind, ForeachBase, Stmt, StmtKind};

type Call<'f> = &'f mut dyn FnMut(&Expr);

/// Every expression of a block, outer before inner.
pub fn exprs(block: &Block, f: Call<'_>) {
    block.stmts.iter().for_each(|stmt| in_stmt(stmt, f));
}

fn in_stmt(stmt: &Stmt, f: Call<'_>) {
    match &stmt.kind {
        StmtKind::Null | StmtKind::Next | StmtKind::Break | StmtKind::Continue | StmtKind::Embedded(_) => {}
        StmtKind::Block(block) => exprs(block, f),
        StmtKind::Expr(expr) | StmtKind::Delete(expr) => deep(expr, f),
        StmtKind::Return(value) => maybe(value.as_ref(), f),
        StmtKind::If { cond, then, otherwise } => {
            deep(cond, f);
            in_stmt(then, f);
            if let Some(otherwise) = otherwise {
                in_stmt(otherwise, f);
            }
        }
        StmtKind::While { cond, body } => {
            deep(cond, f);
            in_stmt(body, f);
        }
        StmtKind::For { init, cond, next, body } => {
            [init, cond, next].into_iter().for_each(|part| maybe(part.as_ref(), f));
            in_stmt(body, f);
        }
        StmtKind::Foreach(foreach) => {
            if let ForeachBase::Histogram(of) = &foreach.base {
                deep(of, f);
            }
            foreach.slice.iter().flatten().for_each(|index| maybe(index.as_ref(), f));
            maybe(foreach.limit.as_ref(), f);
            in_stmt(&foreach.body, f);
        }
        StmtKind::Try { body, handler, .. } => {
            exprs(body, f);
            exprs(handler, f);
        }
    }
}

fn maybe(expr: Option<&Expr>, f: Call<'_>) {
    if let Some(expr) = expr {
        deep(expr, f);
    }
}

/// An expression and all that it holds, outer before inner.
pub fn deep(expr: &Expr, f: Call<'_>) {
    f(expr);
    match &expr.kind {
        ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Name(_)
        | ExprKind::Target(_)
        | ExprKind::AtVar { .. }
        | ExprKind::ProbeWrite(_)
        | ExprKind::Perf(_)
        | ExprKind::Const(_)
        | ExprKind::Enum(_)
        | ExprKind::Embedded(_) => {}
        ExprKind::Index { base, indexes } => {
            deep(base, f);
            indexes.iter().for_each(|index| maybe(index.as_ref(), f));
        }
        ExprKind::In { indexes, .. } => indexes.iter().for_each(|index| maybe(index.as_ref(), f)),
        ExprKind::Call { args, .. } | ExprKind::Concat(args) => args.iter().for_each(|arg| deep(arg, f)),
        ExprKind::Print(print) => print.args.iter().for_each(|arg| deep(arg, f)),
        ExprKind::Stat { arg, .. }
        | ExprKind::Hist { arg, .. }
        | ExprKind::Unary { arg, .. }
        | ExprKind::AddressOf(arg)
        | ExprKind::Crement { arg, .. }
        | ExprKind::Regex { left: arg, .. }
        | ExprKind::Cast { arg, .. }
        | ExprKind::Defined(arg)
        | ExprKind::Entry(arg)
        | ExprKind::EnumName { arg, .. }
        | ExprKind::Register { number: arg, .. } => deep(arg, f),
        ExprKind::Binary { left, right, .. }
        | ExprKind::Compare { left, right, .. }
        | ExprKind::LogicalAnd(left, right)
        | ExprKind::LogicalOr(left, right)
        | ExprKind::Assign { target: left, value: right, .. }
        | ExprKind::RawDeref { size: left, addr: right, .. } => {
            deep(left, f);
            deep(right, f);
        }
        ExprKind::Ternary { cond, then, otherwise } => {
            [cond, then, otherwise].into_iter().for_each(|part| deep(part, f));
        }
        ExprKind::Deref { base, path } => {
            deep(base, f);
            for step in path {
                if let Access::Index(_, index) = step {
                    deep(index, f);
                }
            }
        }
    }
}
