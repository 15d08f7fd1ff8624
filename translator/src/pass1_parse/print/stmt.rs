//! Statements.

use super::Printer;
use crate::pass1_parse::ast::{Block, Foreach, ForeachBase, Sort, SortBy, Stmt, StmtKind};

impl Printer {
    pub(super) fn block(&mut self, block: &Block) {
        self.text("{\n");
        for stmt in &block.stmts {
            self.stmt(stmt);
            // One semicolon belongs to each statement; after a null statement it would be one more of these.
            self.text(if ends_in_null(stmt) { "\n" } else { ";\n" });
        }
        self.text("}");
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Null => self.text(";"),
            StmtKind::Block(block) => self.block(block),
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::If { cond, then, otherwise } => {
                self.text("if (");
                self.expr(cond);
                self.text(") ");
                self.stmt(then);
                self.text("\n");
                if let Some(otherwise) = otherwise {
                    self.text("else ");
                    self.stmt(otherwise);
                    self.text("\n");
                }
            }
            StmtKind::While { cond, body } => {
                self.text("while (");
                self.expr(cond);
                self.text(") ");
                self.stmt(body);
            }
            StmtKind::For { init, cond, next, body } => {
                self.text("for (");
                for (clause, end) in [(init, "; "), (cond, "; "), (next, ") ")] {
                    clause.iter().for_each(|expr| self.expr(expr));
                    self.text(end);
                }
                self.stmt(body);
            }
            StmtKind::Foreach(foreach) => self.foreach(foreach),
            StmtKind::Return(None) => self.text("return"),
            StmtKind::Return(Some(value)) => {
                self.text("return ");
                self.expr(value);
            }
            StmtKind::Delete(target) => {
                self.text("delete ");
                self.expr(target);
            }
            StmtKind::Next => self.text("next"),
            StmtKind::Break => self.text("break"),
            StmtKind::Continue => self.text("continue"),
            StmtKind::Try { body, catch_var, handler } => {
                self.text("try ");
                self.block(body);
                match catch_var {
                    Some((_, name)) => self.text(&format!(" catch ({name}) ")),
                    None => self.text(" catch "),
                }
                self.block(handler);
            }
            StmtKind::Embedded(embedded) => self.code(&embedded.code),
        }
    }

    fn foreach(&mut self, foreach: &Foreach) {
        self.text("foreach (");
        if let Some((_, value)) = foreach.value {
            self.text(&format!("{value} = "));
        }
        self.text("[");
        for (at, (_, key)) in foreach.keys.iter().enumerate() {
            self.text(if at > 0 { ", " } else { "" });
            self.text(key.as_str());
            if let Some(Sort { by: SortBy::Key(index), ascending, .. }) = foreach.sort
                && index == at
            {
                self.text(direction(ascending));
            }
        }
        self.text("] in ");
        match &foreach.base {
            ForeachBase::Array(_, name) => self.text(name.as_str()),
            ForeachBase::Histogram(histogram) => self.expr(histogram),
        }
        if let Some(slice) = &foreach.slice {
            self.indexes(slice);
        }
        if let Some(Sort { by: SortBy::Value(op), ascending, .. }) = foreach.sort {
            if let Some(op) = op {
                self.text(" ");
                self.stat_op(op);
            }
            self.text(direction(ascending));
        }
        if let Some(limit) = &foreach.limit {
            self.text(" limit ");
            self.expr(limit);
        }
        self.text(") ");
        self.stmt(&foreach.body);
    }
}

fn direction(ascending: bool) -> &'static str {
    if ascending { "+" } else { "-" }
}

fn ends_in_null(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Null => true,
        StmtKind::If { then, otherwise, .. } => ends_in_null(otherwise.as_ref().unwrap_or(then)),
        StmtKind::While { body, .. } | StmtKind::For { body, .. } => ends_in_null(body),
        StmtKind::Foreach(foreach) => ends_in_null(&foreach.body),
        _ => false,
    }
}
