//! Statements.

use super::body::Body;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::stmt::{Block, Bound, Stmt, StmtKind};
use crate::ir::ty::Ty;
use crate::source::Span;

impl Body<'_> {
    /// Statements in order, each with its own temporaries.
    pub fn block(&mut self, block: &Block) {
        for stmt in block {
            self.scoped(|body| body.stmt(stmt));
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Block(block) => self.block(block),
            StmtKind::Expr(expr) => self.effect(expr),
            StmtKind::Print(print) => self.print(print, stmt.span),
            StmtKind::If { cond, then, otherwise } => self.if_else(cond, then, otherwise),
            StmtKind::Loop { cond, next, body } => {
                self.endless(cond.as_ref(), next.as_ref(), body, stmt.span)
            }
            StmtKind::Foreach(foreach) => self.foreach(foreach, stmt.span),
            StmtKind::Return(value) => self.return_value(value.as_ref()),
            StmtKind::Next => {
                if self.function.is_some() {
                    self.out.line("l->__next = 1;");
                }
                self.out.line("goto out;");
            }
            StmtKind::Break => self.out.line("break;"),
            StmtKind::Continue => {
                let label = self.continue_label().to_owned();
                self.out.line(format!("goto {label};"));
            }
            StmtKind::DeleteAll(global) => self.delete_all(*global),
            StmtKind::DeleteElement { array, keys } => self.delete_element(*array, keys),
            StmtKind::Try { body, catch_var, handler } => self.try_catch(body, *catch_var, handler),
            StmtKind::Embedded(embedded) => self.embedded_statement(embedded),
        }
    }

    /// An expression whose value nobody wants.
    fn effect(&mut self, expr: &Expr) {
        if let ExprKind::Crement { increment, place, .. } = &expr.kind {
            let target = self.place_for_writing(place);
            self.out.line(format!("{target} {}= 1;", if *increment { "+" } else { "-" }));
            return;
        }
        if let ExprKind::Embedded(code) = &expr.kind {
            self.embedded_statement(code);
            return;
        }
        // What had to happen was written on the way; the text that is left has no effect.
        self.value(expr);
    }

    fn if_else(&mut self, cond: &Expr, then: &Block, otherwise: &Block) {
        let cond = self.long(cond);
        self.out.open(format!("if ({cond}) {{"));
        self.block(then);
        if !otherwise.is_empty() {
            self.out.reopen("} else {");
            self.block(otherwise);
        }
        self.out.close("}");
    }

    fn endless(&mut self, cond: Option<&Expr>, next: Option<&Expr>, block: &Block, span: Span) {
        let label = self.new_label("continue");
        self.out.open("for (;;) {");
        let cost = self.unit.facts.straight_cost(block).saturating_add(1);
        self.take_actions(cost, span);
        if let Some(cond) = cond {
            // C's `break` must stand in the loop itself, which a block of temporaries does not hinder.
            self.scoped(|body| {
                let value = body.long(cond);
                body.out.line(format!("if (!({value}))"));
                body.out.line("\tbreak;");
            });
        }
        self.looping(&label, |body| body.block(block));
        self.label(&label);
        if let Some(next) = next {
            self.scoped(|body| body.effect(next));
        }
        self.out.close("}");
    }

    fn return_value(&mut self, value: Option<&Expr>) {
        match value {
            Some(value) if value.ty == Ty::Long => {
                let text = self.long(value);
                self.out.line(format!("l->__retvalue = {text};"));
            }
            Some(value) if self.in_try() => {
                let text = self.string(value);
                self.out.line(format!("stp_string_copy(l->__retvalue, {text});"));
            }
            Some(value) => self.string_into(value, "l->__retvalue"),
            None => {}
        }
        self.out.line("goto out;");
    }

    fn try_catch(&mut self, block: &Block, catch_var: Option<Bound>, handler: &Block) {
        let caught = self.new_label("catch");
        let done = self.new_label("done");
        self.catching(&caught, |body| body.block(block));
        self.out.line(format!("goto {done};"));
        self.label(&caught);
        self.out.line("if (unlikely(c->last_error == stp_abort))");
        self.out.line(format!("\tgoto {};", self.error_label()));
        if let Some(bound) = catch_var {
            let dest = self.local(bound.local);
            self.out.line(format!("stp_string_copy({dest}, c->last_error);"));
        }
        self.out.line("stp_forget_error(c);");
        self.block(handler);
        self.label(&done);
    }
}
