//! Statements.

use pest::Parser;
use pest::iterators::Pair;

use super::at_operator::stat_op;
use super::expr::too_deep;
use super::{Builder, Built, Rule, StapGrammar, at, incomplete, only, saw};
use crate::diag::Code;
use crate::pass1_parse::ast::{Block, Expr, ExprKind, Foreach, ForeachBase, Sort, SortBy, Stmt, StmtKind};
use crate::pass1_parse::items::MAX_NESTING;
use crate::pass1_parse::large::Hole;
use crate::source::{Span, Symbol};

impl Builder<'_> {
    /// A block at nesting `level`.
    pub(super) fn block(&self, pair: Pair<'_, Rule>, level: usize) -> Built<Block> {
        let span = self.span(&pair);
        if let Some(hole) = self.joined.hole(self.piece.index(pair.as_span().start())) {
            return Ok(Block { span, stmts: self.hole(hole, level)? });
        }
        let stmts = pair.into_inner().map(|inner| self.stmt(inner, level)).collect::<Built<_>>()?;
        Ok(Block { span, stmts })
    }

    /// The statements of a block whose contents are parsed by themselves.
    fn hole(&self, hole: &Hole, level: usize) -> Built<Vec<Stmt>> {
        let mut stmts = Vec::new();
        for part in &hole.parts {
            let piece = self.joined.piece(part.clone(), usize::MAX);
            let in_function = self.in_function.clone();
            let builder = Builder { joined: self.joined, piece: &piece, in_function, ..*self };
            let pairs = StapGrammar::parse(Rule::statements, &piece.text).map_err(|_| incomplete())?;
            for pair in pairs {
                stmts.push(builder.stmt(pair, level)?);
            }
        }
        Ok(stmts)
    }

    fn stmt(&self, pair: Pair<'_, Rule>, level: usize) -> Built<Stmt> {
        let span = self.span(&pair);
        if level > MAX_NESTING {
            return Err(too_deep(span));
        }
        let inner = level + 1;
        let kind = match pair.as_rule() {
            Rule::block_statement => StmtKind::Block(self.block(only!(pair), inner)?),
            Rule::null => StmtKind::Null,
            Rule::if_stmt => self.if_stmt(pair, inner)?,
            Rule::while_stmt => {
                let mut parts = pair.into_inner();
                let cond = self.expr(parts.next().ok_or_else(incomplete)?)?;
                StmtKind::While {
                    cond,
                    body: Box::new(self.stmt(parts.next().ok_or_else(incomplete)?, inner)?),
                }
            }
            Rule::for_stmt => self.for_stmt(pair, inner)?,
            Rule::foreach_stmt => StmtKind::Foreach(Box::new(self.foreach(pair, inner)?)),
            Rule::try_stmt => self.try_stmt(pair, inner)?,
            Rule::return_stmt => self.return_stmt(pair, span)?,
            Rule::delete_stmt => StmtKind::Delete(self.expr(only!(pair))?),
            Rule::next_stmt => StmtKind::Next,
            Rule::break_stmt => StmtKind::Break,
            Rule::continue_stmt => StmtKind::Continue,
            _ => {
                let expr = self.expr(only!(pair))?;
                match expr.kind {
                    ExprKind::Embedded(code) => StmtKind::Embedded(code),
                    _ => StmtKind::Expr(expr),
                }
            }
        };
        Ok(Stmt { span, kind })
    }

    fn if_stmt(&self, pair: Pair<'_, Rule>, level: usize) -> Built<StmtKind> {
        let mut parts = pair.into_inner();
        let cond = self.expr(parts.next().ok_or_else(incomplete)?)?;
        let then = Box::new(self.stmt(parts.next().ok_or_else(incomplete)?, level)?);
        let otherwise = parts.next().map(|part| self.stmt(part, level).map(Box::new)).transpose()?;
        Ok(StmtKind::If { cond, then, otherwise })
    }

    fn for_stmt(&self, pair: Pair<'_, Rule>, level: usize) -> Built<StmtKind> {
        let mut parts = pair.into_inner();
        let mut clause = || -> Built<Option<Expr>> {
            parts.next().ok_or_else(incomplete)?.into_inner().next().map(|e| self.expr(e)).transpose()
        };
        let (init, cond, next) = (clause()?, clause()?, clause()?);
        let body = Box::new(self.stmt(parts.next().ok_or_else(incomplete)?, level)?);
        Ok(StmtKind::For { init, cond, next, body })
    }

    fn try_stmt(&self, pair: Pair<'_, Rule>, level: usize) -> Built<StmtKind> {
        let mut parts = pair.into_inner();
        let body = self.block(parts.next().ok_or_else(incomplete)?, level)?;
        let mut part = parts.next().ok_or_else(incomplete)?;
        let mut catch_var = None;
        if part.as_rule() == Rule::catch_var {
            catch_var = Some(self.name(&only!(part)));
            part = parts.next().ok_or_else(incomplete)?;
        }
        Ok(StmtKind::Try { body, catch_var, handler: self.block(part, level)? })
    }

    fn return_stmt(&self, pair: Pair<'_, Rule>, span: Span) -> Built<StmtKind> {
        if !self.in_function.get() {
            return Err(saw(Code::Parse, "found 'return' not in function context", span));
        }
        Ok(StmtKind::Return(pair.into_inner().next().map(|e| self.expr(e)).transpose()?))
    }

    fn foreach(&self, pair: Pair<'_, Rule>, level: usize) -> Built<Foreach> {
        let mut sort = None;
        let mut value = None;
        let mut keys = Vec::new();
        let mut base = None;
        let mut slice = None;
        let mut limit = None;
        let mut body = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::foreach_value => {
                    value = Some(self.sorted_name(part, SortBy::Value(None), &mut sort)?)
                }
                Rule::foreach_keys => {
                    for (index, key) in part.into_inner().enumerate() {
                        keys.push(self.sorted_name(key, SortBy::Key(index), &mut sort)?);
                    }
                }
                Rule::foreach_base => base = Some(self.foreach_base(only!(part))?),
                Rule::slice => slice = Some(self.indexes(only!(part))?.0),
                Rule::sort => self.array_sort(part, &mut sort)?,
                Rule::limit => limit = Some(self.expr(only!(part))?),
                _ => body = Some(self.stmt(part, level)?),
            }
        }
        let (Some(base), Some(body)) = (base, body) else { return Err(incomplete()) };
        Ok(Foreach { value, keys, base, slice, sort, limit, body })
    }

    /// A name that may carry the sort directive.
    fn sorted_name(
        &self,
        pair: Pair<'_, Rule>,
        by: SortBy,
        sort: &mut Option<Sort>,
    ) -> Built<(Span, Symbol)> {
        let mut parts = pair.into_inner();
        let name = self.name(&parts.next().ok_or_else(incomplete)?);
        if let Some(direction) = parts.next() {
            self.set_sort(direction, by, sort)?;
        }
        Ok(name)
    }

    fn array_sort(&self, pair: Pair<'_, Rule>, sort: &mut Option<Sort>) -> Built<()> {
        let mut op = None;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::stat_op {
                op = stat_op(self.word(&part));
            } else {
                self.set_sort(part, SortBy::Value(op), sort)?;
            }
        }
        Ok(())
    }

    fn set_sort(&self, direction: Pair<'_, Rule>, by: SortBy, sort: &mut Option<Sort>) -> Built<()> {
        let span = self.span(&direction);
        if sort.is_some() {
            return Err(saw(Code::Parse, "multiple sort directives", span));
        }
        *sort = Some(Sort { span, by, ascending: self.word(&direction) == "+" });
        Ok(())
    }

    fn foreach_base(&self, pair: Pair<'_, Rule>) -> Built<ForeachBase> {
        if pair.as_rule() == Rule::histogram {
            return Ok(ForeachBase::Histogram(self.histogram(pair)?.expr));
        }
        let (span, name) = self.name(&pair);
        if name.as_str().starts_with('$') {
            return Err(at(Code::Parse, "expected identifier or statistical operation", span));
        }
        Ok(ForeachBase::Array(span, name))
    }
}
