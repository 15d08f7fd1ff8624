//! `foreach` over the buckets of a histogram: their number is known, so it becomes a loop that counts.

use super::{Reported, Resolver, make};
use crate::diag::Code;
use crate::ir::expr::{Place, StatRef};
use crate::ir::program::{Constant, LocalId};
use crate::ir::stmt::{Block, Stmt, StmtKind};
use crate::ir::ty::ValueTy;
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::{self, CompareOp, HistKind, StatOp};
use crate::source::{Span, Symbol};

impl Resolver<'_, '_> {
    /// Resolves the statement; what must run before the loop goes to `out`.
    pub(super) fn walk_buckets(
        &mut self,
        node: &ast::Foreach,
        histogram: &ast::Expr,
        span: Span,
        out: &mut Block,
    ) -> Result<StmtKind, Reported> {
        let ast::ExprKind::Hist { kind, arg, .. } = &histogram.kind else {
            return self.error(Code::Misuse, "expected a histogram", histogram.span);
        };
        let rising = self.bucket_order(node, span)?;
        let of = self.stat_ref(arg)?;
        self.histogram(histogram, &of)?;
        self.names.globals[of.global.index()].walked = true;
        self.evaluate_keys(&of, span, out);
        let last = self.bucket_count(&of) - 1;
        let index = self.hidden(span);
        let (from, to) = if rising { (0, last) } else { (last, 0) };
        out.push(assign(Place::Local(index, span), number(from, span), span));
        let op = if rising { CompareOp::Le } else { CompareOp::Ge };
        let cond = compare(op, local(index, span), number(to, span), span);
        let cond = self.limited(cond, node, span, out)?;
        let mut body = self.bind_bucket(node, *kind, &of, index);
        body.extend(self.body_of_loop(&node.body));
        let place = Box::new(Place::Local(index, span));
        let next = make(span, ExprKind::Crement { increment: rising, prefix: true, place });
        Ok(StmtKind::Loop { cond: Some(cond), next: Some(next), body })
    }

    /// Whether the buckets come from the lowest to the highest.
    fn bucket_order(&self, node: &ast::Foreach, span: Span) -> Result<bool, Reported> {
        if node.keys.len() != 1 || node.slice.is_some() {
            return self.error(Code::Type, "histogram takes one index", span);
        }
        match node.sort {
            None => Ok(true),
            Some(sort) if sort.by == ast::SortBy::Key(0) => Ok(sort.ascending),
            Some(sort) => self.error(Code::Misuse, "buckets can only be walked in their order", sort.span),
        }
    }

    fn bucket_count(&self, of: &StatRef) -> i64 {
        match self.names.program.globals[of.global].value {
            ValueTy::Stat(needs) => needs.hist.buckets().try_into().unwrap_or(i64::MAX),
            ValueTy::Scalar(_) => 0,
        }
    }

    /// The loop itself does not look the statistic up, so keys that do something are evaluated here.
    fn evaluate_keys(&mut self, of: &StatRef, span: Span, out: &mut Block) {
        let plain =
            |key: &Expr| matches!(key.kind, ExprKind::Local(_) | ExprKind::Global(_) | ExprKind::Constant(_));
        if !of.keys.iter().all(plain) {
            let kind = ExprKind::Stat { op: StatOp::Count, shift: 0, of: of.clone() };
            out.push(Stmt { span, kind: StmtKind::Expr(make(span, kind)) });
        }
    }

    /// `cond`, and as often as `limit` says.
    fn limited(
        &mut self,
        cond: Expr,
        node: &ast::Foreach,
        span: Span,
        out: &mut Block,
    ) -> Result<Expr, Reported> {
        let Some(limit) = &node.limit else { return Ok(cond) };
        let value = self.expr(limit)?;
        let left = self.hidden(span);
        out.push(assign(Place::Local(left, span), value, span));
        let place = Box::new(Place::Local(left, span));
        let taken = make(span, ExprKind::Crement { increment: false, prefix: false, place });
        let allowed = compare(CompareOp::Gt, taken, number(0, span), span);
        Ok(make(span, ExprKind::And(Box::new(cond), Box::new(allowed))))
    }

    /// Sets the loop's variables: the bucket, and what it holds.
    fn bind_bucket(&mut self, node: &ast::Foreach, kind: HistKind, of: &StatRef, index: LocalId) -> Block {
        let mut body = Vec::new();
        for &(span, name) in &node.keys {
            let place = self.variable(name, span);
            body.push(assign(place, local(index, span), span));
        }
        if let Some((span, name)) = node.value {
            let bucket = Box::new(local(index, span));
            let count = make(span, ExprKind::HistBucket { kind, of: of.clone(), bucket });
            let place = self.variable(name, span);
            body.push(assign(place, count, span));
        }
        body
    }

    fn variable(&mut self, name: Symbol, span: Span) -> Place {
        match self.global(name, span) {
            Some(global) => {
                // Whether it is an array is said by the resolution of the body's own uses.
                let _ = self.names.settle_arity(global, 0, span);
                Place::Global(global, span)
            }
            None => Place::Local(self.local(name, span), span),
        }
    }
}

fn number(value: i64, span: Span) -> Expr {
    make(span, ExprKind::Constant(Constant::Long(value)))
}

fn local(id: LocalId, span: Span) -> Expr {
    make(span, ExprKind::Local(id))
}

fn compare(op: CompareOp, left: Expr, right: Expr, span: Span) -> Expr {
    make(span, ExprKind::Compare { op, left: Box::new(left), right: Box::new(right) })
}

fn assign(place: Place, value: Expr, span: Span) -> Stmt {
    let kind = ExprKind::Assign { place: Box::new(place), value: Box::new(value) };
    Stmt { span, kind: StmtKind::Expr(make(span, kind)) }
}
