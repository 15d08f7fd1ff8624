//! Walks over expressions and statements, once to look and once to change.
//!
//! `each_expr` calls back for the direct children only; a pass decides itself whether it goes deeper, and when.

use super::expr::{Count, Expr, ExprKind, Piece, Place, Print, StatRef};
use super::program::{EmbeddedC, FunctionBody, Program};
use super::stmt::{Block, Foreach, Stmt, StmtKind};

macro_rules! visitor {
    ($name:ident, $doc:literal $(, $mut:tt)?) => {
        #[doc = $doc]
        pub mod $name {
            use super::*;

            type Call<'f> = &'f mut dyn FnMut(& $($mut)? Expr);

            /// Direct children of an expression, in order of evaluation.
            pub fn each_expr(expr: & $($mut)? Expr, f: Call<'_>) {
                match & $($mut)? expr.kind {
                    ExprKind::Constant(_) | ExprKind::Local(_) | ExprKind::Global(_) | ExprKind::Context(_) => {}
                    ExprKind::Embedded(_) => {}
                    ExprKind::Element { keys, .. } | ExprKind::Call { args: keys, .. } | ExprKind::Concat(keys) => {
                        for key in keys { f(key) }
                    }
                    ExprKind::In { keys, .. } => {
                        for key in keys { if let Some(key) = key { f(key) } }
                    }
                    ExprKind::Print(print) => print_exprs(print, f),
                    ExprKind::Stat { of, .. } => stat_exprs(of, f),
                    ExprKind::HistBucket { of, bucket, .. } => { stat_exprs(of, f); f(bucket) }
                    ExprKind::Unary { arg, .. } | ExprKind::Regex { subject: arg, .. } => f(arg),
                    ExprKind::Binary { left, right, .. } | ExprKind::Compare { left, right, .. } => { f(left); f(right) }
                    ExprKind::And(left, right) | ExprKind::Or(left, right) => { f(left); f(right) }
                    ExprKind::Ternary { cond, then, otherwise } => { f(cond); f(then); f(otherwise) }
                    ExprKind::Assign { place, value } | ExprKind::AssignBinary { place, value, .. }
                    | ExprKind::AssignConcat { place, value } | ExprKind::Aggregate { place, value } => {
                        f(value);
                        place_exprs(place, f)
                    }
                    ExprKind::Crement { place, .. } => place_exprs(place, f),
                    ExprKind::Load { address: arg, .. } | ExprKind::Save { value: arg, .. }
                    | ExprKind::StoreRegister { value: arg, .. }
                    | ExprKind::Answer { value: arg, .. } => f(arg),
                    ExprKind::Store { address, value, .. } => { f(value); f(address) }
                }
            }

            /// The indexes of a place.
            pub fn place_exprs(place: & $($mut)? Place, f: Call<'_>) {
                if let Place::Element(_, keys, _) = place {
                    for key in keys { f(key) }
                }
            }

            /// The indexes of a statistic.
            pub fn stat_exprs(stat: & $($mut)? StatRef, f: Call<'_>) {
                for key in & $($mut)? stat.keys { f(key) }
            }

            /// The values that are printed, widths and precisions before the value that they shape.
            pub fn print_exprs(print: & $($mut)? Print, f: Call<'_>) {
                for piece in & $($mut)? print.pieces {
                    match piece {
                        Piece::Literal(_) => {}
                        Piece::Value(arg) => f(arg),
                        Piece::Format { spec, arg } => {
                            if let Some(Count::Arg(width)) = & $($mut)? spec.width { f(width) }
                            if let Some(Count::Arg(precision)) = & $($mut)? spec.precision { f(precision) }
                            f(arg)
                        }
                        Piece::Histogram { of, .. } => stat_exprs(of, f),
                    }
                }
            }

            /// The expressions of a statement itself, not of the statements in it.
            pub fn stmt_exprs(stmt: & $($mut)? Stmt, f: Call<'_>) {
                match & $($mut)? stmt.kind {
                    StmtKind::Expr(expr) | StmtKind::If { cond: expr, .. } => f(expr),
                    StmtKind::Print(print) => print_exprs(print, f),
                    StmtKind::Loop { cond, next, .. } => {
                        if let Some(cond) = cond { f(cond) }
                        if let Some(next) = next { f(next) }
                    }
                    StmtKind::Foreach(foreach) => foreach_exprs(foreach, f),
                    StmtKind::Return(value) => if let Some(value) = value { f(value) },
                    StmtKind::DeleteElement { keys, .. } => {
                        for key in keys { if let Some(key) = key { f(key) } }
                    }
                    StmtKind::Block(_) | StmtKind::Next | StmtKind::Break | StmtKind::Continue
                    | StmtKind::DeleteAll(_) | StmtKind::Try { .. } | StmtKind::Embedded(_) => {}
                }
            }

            fn foreach_exprs(foreach: & $($mut)? Foreach, f: Call<'_>) {
                for key in & $($mut)? foreach.slice { if let Some(key) = key { f(key) } }
                if let Some(limit) = & $($mut)? foreach.limit { f(limit) }
            }

            /// The blocks that stand directly in a statement.
            pub fn stmt_blocks(stmt: & $($mut)? Stmt, f: &mut dyn FnMut(& $($mut)? Block)) {
                match & $($mut)? stmt.kind {
                    StmtKind::Block(body) | StmtKind::Loop { body, .. } => f(body),
                    StmtKind::If { then, otherwise, .. } => { f(then); f(otherwise) }
                    StmtKind::Foreach(foreach) => f(& $($mut)? foreach.body),
                    StmtKind::Try { body, handler, .. } => { f(body); f(handler) }
                    StmtKind::Expr(_) | StmtKind::Print(_) | StmtKind::Return(_) | StmtKind::Next | StmtKind::Break
                    | StmtKind::Continue | StmtKind::DeleteAll(_) | StmtKind::DeleteElement { .. }
                    | StmtKind::Embedded(_) => {}
                }
            }

            /// Every statement of a block, outer before inner.
            pub fn all_stmts(block: & $($mut)? Block, f: &mut dyn FnMut(& $($mut)? Stmt)) {
                for stmt in block {
                    f(stmt);
                    stmt_blocks(stmt, &mut |inner| all_stmts(inner, f));
                }
            }

            /// Every expression of a block, outer before inner.
            pub fn all_exprs(block: & $($mut)? Block, f: Call<'_>) {
                all_stmts(block, &mut |stmt| stmt_exprs(stmt, &mut |expr| deep(expr, f)));
            }

            /// An expression and all that it holds, outer before inner.
            pub fn deep(expr: & $($mut)? Expr, f: Call<'_>) {
                f(expr);
                each_expr(expr, &mut |child| deep(child, f));
            }
        }
    };
}

visitor!(look, "Walks that only look.");
visitor!(change, "Walks that change what they meet.", mut);

/// Handlers, and functions in script.
pub fn bodies(program: &Program) -> impl Iterator<Item = &Block> {
    let functions = program.functions.iter().filter_map(|(_, function)| match &function.body {
        FunctionBody::Script(block) => Some(block),
        FunctionBody::Embedded(_) => None,
    });
    functions.chain(program.probes.iter().map(|probe| &probe.body))
}

/// All embedded C: at top level, as functions, statements and expressions.
pub fn embedded(program: &Program, f: &mut dyn FnMut(&EmbeddedC)) {
    program.embedded.iter().for_each(&mut *f);
    for (_, function) in program.functions.iter() {
        if let FunctionBody::Embedded(code) = &function.body {
            f(code);
        }
    }
    let mut in_expr = |expr: &Expr| {
        if let ExprKind::Embedded(code) = &expr.kind {
            f(code);
        }
    };
    for block in bodies(program) {
        look::all_exprs(block, &mut in_expr);
    }
    for condition in program.probes.iter().filter_map(|probe| probe.condition.as_ref()) {
        look::deep(condition, &mut in_expr);
    }
    for block in bodies(program) {
        look::all_stmts(block, &mut |stmt| {
            if let StmtKind::Embedded(code) = &stmt.kind {
                f(code);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::program::Constant;
    use crate::ir::ty::Ty;
    use crate::pass1_parse::ast::BinaryOp;
    use crate::source::{FileId, OriginId, Span};

    fn number(value: i64) -> Expr {
        let span = Span { file: FileId(0), lo: 0, hi: 0, origin: OriginId::NONE };
        Expr { span, ty: Ty::Long, kind: ExprKind::Constant(Constant::Long(value)) }
    }

    #[test]
    fn children_come_left_to_right() {
        let (left, right) = (Box::new(number(1)), Box::new(number(2)));
        let sum = Expr { kind: ExprKind::Binary { op: BinaryOp::Add, left, right }, ..number(0) };
        let mut met = Vec::new();
        look::deep(&sum, &mut |e| {
            if let ExprKind::Constant(Constant::Long(n)) = e.kind {
                met.push(n)
            }
        });
        assert_eq!(met, [1, 2]);
    }

    #[test]
    fn inner_statements_are_met() {
        let span = number(0).span;
        let inner = vec![Stmt { span, kind: StmtKind::Break }];
        let block = vec![Stmt { span, kind: StmtKind::Loop { cond: None, next: None, body: inner } }];
        let mut met = 0;
        look::all_stmts(&block, &mut |_| met += 1);
        assert_eq!(met, 2);
    }
}
