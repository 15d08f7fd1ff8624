//! The rules of statements.

use super::infer::Inference;
use super::names::{Kind, LONG, Name, Owner, STRING};
use crate::ir::Expr;
use crate::ir::expr::{Conversion, Count, FormatSpec, Piece, Print};
use crate::ir::program::FunctionBody;
use crate::ir::stmt::{Block, Bound, Foreach, Stmt, StmtKind};
use crate::ir::visit::look;

impl Inference<'_> {
    pub(super) fn block(&mut self, block: &Block) {
        block.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Block(body) => self.block(body),
            StmtKind::Expr(expr) => drop(self.expr(expr, None)),
            StmtKind::Print(print) => self.print(print),
            StmtKind::If { cond, then, otherwise } => {
                self.expr(cond, Some(LONG));
                self.block(then);
                self.block(otherwise);
            }
            StmtKind::Loop { cond, next, body } => {
                if let Some(cond) = cond {
                    self.expr(cond, Some(LONG));
                }
                if let Some(next) = next {
                    self.expr(next, None);
                }
                self.block(body);
            }
            StmtKind::Foreach(foreach) => self.foreach(foreach),
            StmtKind::Return(Some(value)) => self.returned(value),
            StmtKind::DeleteElement { array, keys } => self.slice(*array, keys),
            StmtKind::Try { body, catch_var, handler } => {
                self.block(body);
                if let Some(bound) = catch_var {
                    self.bound(*bound, Some(STRING));
                }
                self.block(handler);
            }
            StmtKind::Return(None)
            | StmtKind::Next
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::DeleteAll(_)
            | StmtKind::Embedded(_) => {}
        }
    }

    fn bound(&mut self, bound: Bound, wanted: Option<Kind>) -> Option<Kind> {
        self.name(Name::Local(self.owner, bound.local), wanted, bound.span)
    }

    fn returned(&mut self, value: &Expr) {
        if let Owner::Function(id) = self.owner {
            self.tables.gives(id);
            self.given(Name::Result(id), value);
        }
    }

    /// A function that gives a value gives one at each `return`. Only those that are never typed may leave it out.
    pub(super) fn bare_returns(&mut self) {
        let program = self.program;
        for (id, function) in program.functions.iter() {
            let name = Name::Result(id);
            let FunctionBody::Script(body) = &function.body else { continue };
            let Some(kind) = self.tables.known(name).kind.filter(|_| self.tables.returns(id)) else {
                continue;
            };
            look::all_stmts(body, &mut |stmt| {
                if matches!(stmt.kind, StmtKind::Return(None)) {
                    self.clash("unknown", &kind.to_string(), name, stmt.span);
                }
            });
        }
    }

    fn foreach(&mut self, foreach: &Foreach) {
        self.slice(foreach.array, &foreach.slice);
        for (index, key) in foreach.keys.iter().enumerate() {
            let name = Name::Key(foreach.array, index);
            let known = self.tables.known(name).kind;
            if let (Some(found), None) = (self.bound(*key, known), known) {
                self.learn(name, found, key.span);
            }
        }
        self.walked_value(foreach);
        if let Some(limit) = &foreach.limit {
            self.expr(limit, Some(LONG));
        }
        self.block(&foreach.body);
    }

    /// The value's variable learns from the array in the round after the array itself is known here.
    fn walked_value(&mut self, foreach: &Foreach) {
        let name = Name::Global(foreach.array);
        let here = std::ptr::from_ref(foreach);
        if let Some(value) = foreach.value {
            match self.tables.known(name).kind.filter(|_| self.walked.contains(&here)) {
                Some(Kind::Stats) => self.report("invalid type stats".into(), value.span),
                known => drop(self.bound(value, known)),
            }
        }
        if self.name(name, None, foreach.array_span).is_some() {
            self.changed |= self.walked.insert(here);
        }
    }

    pub(super) fn print(&mut self, print: &Print) {
        for piece in &print.pieces {
            match piece {
                Piece::Literal(_) => {}
                Piece::Value(arg) => drop(self.scalar(arg, None)),
                Piece::Format { spec, arg } => self.format(spec, arg),
                Piece::Histogram { of, .. } => self.statistic(of),
            }
        }
    }

    fn format(&mut self, spec: &FormatSpec, arg: &Expr) {
        for size in [&spec.width, &spec.precision] {
            if let Some(Count::Arg(size)) = size {
                self.expr(size, Some(LONG));
            }
        }
        self.expr(arg, Some(if spec.conversion == Conversion::String { STRING } else { LONG }));
    }
}
