//! Statements.

use super::expr::{asks_defined, constant_truth};
use super::{Context, Reported, Resolver, make};
use crate::diag::Code;
use crate::ir::expr::Place;
use crate::ir::stmt::{Block, Bound, Foreach, Sort, SortBy, Stmt, StmtKind};
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast;
use crate::source::{Span, Symbol};

impl Resolver<'_, '_> {
    pub(super) fn stmts(&mut self, nodes: &[ast::Stmt], out: &mut Block) {
        for node in nodes {
            // The error is in the sink; the other statements may have more to say.
            let _ = self.stmt(node, out);
        }
    }

    fn one(&mut self, node: &ast::Stmt) -> Block {
        let mut block = Vec::new();
        match &node.kind {
            ast::StmtKind::Block(inner) => self.stmts(&inner.stmts, &mut block),
            _ => self.stmts(std::slice::from_ref(node), &mut block),
        }
        block
    }

    fn stmt(&mut self, node: &ast::Stmt, out: &mut Block) -> Result<(), Reported> {
        use ast::StmtKind as Ast;
        let kind = match &node.kind {
            Ast::Null => return Ok(()),
            Ast::Block(block) => {
                let mut inner = Vec::new();
                self.stmts(&block.stmts, &mut inner);
                StmtKind::Block(inner)
            }
            Ast::Expr(expr) => self.effect(expr)?,
            Ast::If { cond, then, otherwise } => {
                return self.branch(node, cond, then, otherwise.as_deref(), out);
            }
            Ast::While { cond, body } => self.looped(Some(cond), None, body)?,
            Ast::For { init, cond, next, body } => {
                if let Some(init) = init {
                    let kind = self.effect(init)?;
                    out.push(Stmt { span: init.span, kind });
                }
                self.looped(cond.as_ref(), next.as_ref(), body)?
            }
            Ast::Foreach(foreach) => match &foreach.base {
                ast::ForeachBase::Array(at, name) => self.foreach(foreach, (*at, *name), node.span)?,
                ast::ForeachBase::Histogram(histogram) => {
                    self.walk_buckets(foreach, histogram, node.span, out)?
                }
            },
            Ast::Return(value) => self.returned(value.as_ref(), node.span)?,
            Ast::Delete(target) => self.delete(target)?,
            Ast::Next => StmtKind::Next,
            Ast::Break => self.jump(StmtKind::Break, "break", node.span)?,
            Ast::Continue => self.jump(StmtKind::Continue, "continue", node.span)?,
            Ast::Try { body, catch_var, handler } => self.guarded(body, *catch_var, handler),
            Ast::Embedded(code) => StmtKind::Embedded(self.embedded(code)?),
        };
        out.push(Stmt { span: node.span, kind });
        Ok(())
    }

    /// An expression for its effect; print and its like may only stand here.
    fn effect(&mut self, node: &ast::Expr) -> Result<StmtKind, Reported> {
        match &node.kind {
            ast::ExprKind::Print(print) if !print.to_string => {
                Ok(StmtKind::Print(self.print(print, node.span)?))
            }
            _ => Ok(StmtKind::Expr(self.expr(node)?)),
        }
    }

    fn branch(
        &mut self,
        node: &ast::Stmt,
        cond: &ast::Expr,
        then: &ast::Stmt,
        otherwise: Option<&ast::Stmt>,
        out: &mut Block,
    ) -> Result<(), Reported> {
        let resolved = self.expr(cond);
        if let (true, Ok(Some(value))) = (asks_defined(cond), resolved.as_ref().map(constant_truth)) {
            if let Some(taken) = if value { Some(then) } else { otherwise } {
                out.extend(self.one(taken));
            }
            return Ok(());
        }
        let then = self.one(then);
        let otherwise = otherwise.map(|stmt| self.one(stmt)).unwrap_or_default();
        out.push(Stmt { span: node.span, kind: StmtKind::If { cond: resolved?, then, otherwise } });
        Ok(())
    }

    fn looped(
        &mut self,
        cond: Option<&ast::Expr>,
        next: Option<&ast::Expr>,
        body: &ast::Stmt,
    ) -> Result<StmtKind, Reported> {
        let cond = cond.map(|cond| self.expr(cond)).transpose()?;
        let next = match next.map(|next| self.effect(next)).transpose()? {
            None => None,
            Some(StmtKind::Expr(expr)) => Some(expr),
            Some(_) => {
                return self.error(Code::Misuse, "print cannot stand in the head of a loop", body.span);
            }
        };
        let body = self.body_of_loop(body);
        Ok(StmtKind::Loop { cond, next, body })
    }

    pub(super) fn body_of_loop(&mut self, body: &ast::Stmt) -> Block {
        self.loops += 1;
        let block = self.one(body);
        self.loops -= 1;
        block
    }

    fn jump(&self, kind: StmtKind, word: &str, span: Span) -> Result<StmtKind, Reported> {
        if self.loops == 0 {
            return self.error(Code::Misuse, format!("cannot '{word}' outside loop"), span);
        }
        Ok(kind)
    }

    fn returned(&mut self, value: Option<&ast::Expr>, span: Span) -> Result<StmtKind, Reported> {
        if !matches!(self.context, Context::Function(_)) {
            return self.error(Code::Misuse, "found 'return' not in function context", span);
        }
        let Some(value) = value else { return Ok(StmtKind::Return(None)) };
        let value = self.expr(value)?;
        let known = self.returned.get_or_insert(self.carried);
        if *known != self.carried {
            *known = None;
        }
        Ok(StmtKind::Return(Some(value)))
    }

    fn delete(&mut self, target: &ast::Expr) -> Result<StmtKind, Reported> {
        match &target.kind {
            ast::ExprKind::Name(name) => match self.global(*name, target.span) {
                Some(global) => Ok(StmtKind::DeleteAll(global)),
                None => Ok(StmtKind::Expr(self.reset_local(*name, target.span))),
            },
            ast::ExprKind::Index { base, indexes } => match &base.kind {
                ast::ExprKind::Name(name) => {
                    let array = self.array(*name, indexes.len(), base.span)?;
                    Ok(StmtKind::DeleteElement { array, keys: self.keys(indexes)? })
                }
                _ => self.error(Code::Misuse, "invalid operand of delete expression", base.span),
            },
            _ => self.error(Code::Misuse, "invalid operand of delete expression", target.span),
        }
    }

    /// A local gets the value that locals start with: that of one which nothing else sets.
    fn reset_local(&mut self, name: Symbol, span: Span) -> Expr {
        let untouched = self.hidden(span);
        let value = Box::new(make(span, ExprKind::Local(untouched)));
        let place = Box::new(Place::Local(self.local(name, span), span));
        make(span, ExprKind::Assign { place, value })
    }

    fn guarded(
        &mut self,
        body: &ast::Block,
        catch_var: Option<(Span, Symbol)>,
        handler: &ast::Block,
    ) -> StmtKind {
        let mut tried = Vec::new();
        self.stmts(&body.stmts, &mut tried);
        let mut caught = Vec::new();
        let catch_var = catch_var.map(|(span, name)| self.loop_variable(name, span, &mut caught));
        self.stmts(&handler.stmts, &mut caught);
        StmtKind::Try { body: tried, catch_var, handler: caught }
    }

    /// A variable that a statement sets. A global gets its value by an assignment in front of the body.
    fn loop_variable(&mut self, name: Symbol, span: Span, body: &mut Block) -> Bound {
        let Some(global) = self.global(name, span) else {
            return Bound { local: self.local(name, span), span };
        };
        let local = self.hidden(span);
        let value = Box::new(make(span, ExprKind::Local(local)));
        let place = Box::new(Place::Global(global, span));
        // Whether it is an array is said by the resolution of the body's own uses.
        let _ = self.names.settle_arity(global, 0, span);
        body.push(Stmt { span, kind: StmtKind::Expr(make(span, ExprKind::Assign { place, value })) });
        Bound { local, span }
    }

    fn foreach(
        &mut self,
        node: &ast::Foreach,
        (array_span, name): (Span, Symbol),
        span: Span,
    ) -> Result<StmtKind, Reported> {
        let array = self.array(name, node.keys.len(), array_span)?;
        let slice = match &node.slice {
            None => Vec::new(),
            Some(slice) if slice.len() == node.keys.len() => self.keys(slice)?,
            Some(slice) => {
                let message = format!(
                    "unresolved arity-{} global array {name}, missing global declaration?",
                    slice.len()
                );
                return self.error(Code::Type, message, array_span);
            }
        };
        let limit: Option<Expr> = node.limit.as_ref().map(|limit| self.expr(limit)).transpose()?;
        let mut body = Vec::new();
        let keys: Vec<Bound> =
            node.keys.iter().map(|&(span, name)| self.loop_variable(name, span, &mut body)).collect();
        let value = node.value.map(|(span, name)| self.loop_variable(name, span, &mut body));
        body.extend(self.body_of_loop(&node.body));
        let sort = node.sort.as_ref().map(|sort| Sort { by: sort_by(sort.by), ascending: sort.ascending });
        if let Some(Sort { by: SortBy::Key(key), .. }) = sort
            && key >= keys.len()
        {
            return self.error(Code::Type, "sort key is not one of the array's", span);
        }
        let foreach = Foreach { array, array_span, keys, value, slice, sort, limit, body };
        Ok(StmtKind::Foreach(Box::new(foreach)))
    }
}

fn sort_by(by: ast::SortBy) -> SortBy {
    match by {
        ast::SortBy::Value(None) => SortBy::Value,
        ast::SortBy::Value(Some(op)) => SortBy::Stat(op),
        ast::SortBy::Key(key) => SortBy::Key(key),
    }
}
