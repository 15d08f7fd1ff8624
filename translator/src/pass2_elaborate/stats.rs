//! What each statistic must be able to answer.

use rustc_hash::FxHashMap;

use crate::diag::{Code, Diagnostic, Sink};
use crate::ir::Program;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::program::{FunctionBody, GlobalId};
use crate::ir::stmt::{Block, SortBy, Stmt, StmtKind};
use crate::ir::ty::{StatNeeds, ValueTy};
use crate::ir::visit::look;
use crate::pass1_parse::ast::StatOp;
use crate::source::Span;

/// Gathers the operators that the program uses. Histograms were settled when they were resolved.
pub fn gather(program: &mut Program, sink: &Sink) {
    let values = program.globals.iter().map(|(_, global)| global.value).collect();
    let mut needs = Needs { by_global: FxHashMap::default(), values, sink };
    for probe in &program.probes {
        needs.block(&probe.body);
        if let Some(condition) = &probe.condition {
            look::deep(condition, &mut |expr| needs.expr(expr));
        }
    }
    for (_, function) in program.functions.iter() {
        if let FunctionBody::Script(body) = &function.body {
            needs.block(body);
        }
    }
    for (id, found) in needs.by_global {
        if let ValueTy::Stat(kept) = &mut program.globals[id].value {
            *kept = StatNeeds { hist: kept.hist, ..found };
        }
    }
}

struct Needs<'n> {
    by_global: FxHashMap<GlobalId, StatNeeds>,
    values: Vec<ValueTy>,
    sink: &'n Sink,
}

impl Needs<'_> {
    fn block(&mut self, block: &Block) {
        look::all_stmts(block, &mut |stmt| self.sort(stmt));
        look::all_exprs(block, &mut |expr| self.expr(expr));
    }

    fn sort(&mut self, stmt: &Stmt) {
        if let StmtKind::Foreach(foreach) = &stmt.kind
            && let Some(SortBy::Stat(op)) = foreach.sort.map(|sort| sort.by)
        {
            match self.values[foreach.array.index()] {
                ValueTy::Stat(_) => self.need(foreach.array, op, None, stmt.span),
                ValueTy::Scalar(ty) => {
                    self.sink.push(Diagnostic::semantic(Code::Type, format!("invalid type {ty}"), stmt.span));
                }
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Stat { op, shift, of } = &expr.kind {
            self.need(of.global, *op, Some(*shift), expr.span);
        }
    }

    fn need(&mut self, global: GlobalId, op: StatOp, shift: Option<u8>, span: Span) {
        let needs = self.by_global.entry(global).or_default();
        match op {
            StatOp::Count => needs.count = true,
            StatOp::Sum => needs.sum = true,
            StatOp::Min => needs.min = true,
            StatOp::Max => needs.max = true,
            StatOp::Avg => needs.avg = true,
            StatOp::Variance => match (needs.variance, shift) {
                (Some(known), Some(shift)) if known != shift => {
                    let message = format!("conflicting bit shifts declared (previously {known})");
                    self.sink.push(Diagnostic::semantic(Code::Type, message, span));
                }
                (known, shift) => needs.variance = shift.or(known).or(Some(0)),
            },
        }
    }
}
