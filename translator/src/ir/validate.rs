//! The promise that translation relies on.
//!
//! A program that breaks it is the translator's own fault, not the script's: the message asks for a report.

use super::arena::Arena;
use super::expr::{
    ContextValue, Conversion, Count, Expr, ExprKind, FormatSpec, Piece, Place, Print, StatRef,
};
use super::program::{Constant, FunctionBody, FunctionId, GlobalId, Local, LocalId, Program};
use super::stmt::{Block, Foreach, Stmt, StmtKind};
use super::ty::{Ty, ValueTy};
use crate::diag::{Code, Diagnostic, Severity};
use crate::source::Span;

type Checked = Result<(), Diagnostic>;

/// Checks handles, types, loop jumps and formats of a whole program.
pub fn validate(program: &Program) -> Checked {
    for (_, global) in program.globals.iter() {
        let fits = match (&global.init, global.value) {
            (None, _) => true,
            (Some(Constant::Long(_)), value) => value == ValueTy::Scalar(Ty::Long),
            (Some(Constant::String(_)), value) => value == ValueTy::Scalar(Ty::String),
        };
        ensure(fits && (global.init.is_none() || global.keys.is_empty()), "initial value", global.span)?;
    }
    for (_, function) in program.functions.iter() {
        ensure(function.params <= function.locals.len(), "parameters", function.span)?;
        if let Some(next) = function.next {
            ensure(next.index() < program.functions.len(), "next function", function.span)?;
        }
        if let FunctionBody::Script(body) = &function.body {
            let scope = Scope { program, locals: &function.locals, ret: Some(function.ret), loops: 0 };
            scope.block(body)?;
        }
    }
    for probe in &program.probes {
        let scope = Scope { program, locals: &probe.locals, ret: None, loops: 0 };
        if let Some(condition) = &probe.condition {
            scope.expr_of(condition, Ty::Long)?;
        }
        scope.block(&probe.body)?;
        let sorted = probe.locks.windows(2).all(|pair| pair[0].global < pair[1].global);
        let known = probe.locks.iter().all(|lock| lock.global.index() < program.globals.len());
        ensure(sorted && known, "locks", probe.span)?;
    }
    Ok(())
}

fn ensure(holds: bool, what: &str, span: Span) -> Checked {
    if holds {
        return Ok(());
    }
    let message = format!("elaborated program is inconsistent ({what}); please report this script");
    Err(Diagnostic::new(Code::Internal, Severity::Error, message).at(span))
}

/// Where a statement or expression stands.
#[derive(Clone, Copy)]
struct Scope<'v> {
    program: &'v Program,
    locals: &'v Arena<Local>,
    /// The function's result; `None` in a probe.
    ret: Option<Option<Ty>>,
    loops: usize,
}

impl Scope<'_> {
    fn in_loop(self) -> Self {
        Scope { loops: self.loops + 1, ..self }
    }

    fn block(&self, block: &Block) -> Checked {
        block.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&self, stmt: &Stmt) -> Checked {
        match &stmt.kind {
            StmtKind::Block(body) => self.block(body),
            StmtKind::Expr(expr) => self.effect(expr),
            StmtKind::Print(print) => {
                ensure(!print.to_string, "print statement", stmt.span)?;
                self.print(print, stmt.span)
            }
            StmtKind::If { cond, then, otherwise } => {
                self.expr_of(cond, Ty::Long)?;
                self.block(then)?;
                self.block(otherwise)
            }
            StmtKind::Loop { cond, next, body } => {
                cond.iter().try_for_each(|cond| self.expr_of(cond, Ty::Long))?;
                next.iter().try_for_each(|next| self.effect(next))?;
                self.in_loop().block(body)
            }
            StmtKind::Foreach(foreach) => self.foreach(foreach, stmt.span),
            StmtKind::Return(value) => self.returned(value.as_ref(), stmt.span),
            StmtKind::Next => Ok(()),
            StmtKind::Break | StmtKind::Continue => ensure(self.loops > 0, "jump outside loop", stmt.span),
            StmtKind::DeleteAll(id) => self.global(*id, stmt.span).map(drop),
            StmtKind::DeleteElement { array, keys } => self.slice(*array, keys, stmt.span),
            StmtKind::Try { body, catch_var, handler } => {
                self.block(body)?;
                catch_var.iter().try_for_each(|bound| self.local_of(bound.local, Ty::String, stmt.span))?;
                self.block(handler)
            }
            StmtKind::Embedded(_) => Ok(()),
        }
    }

    fn returned(&self, value: Option<&Expr>, span: Span) -> Checked {
        match (self.ret, value) {
            (Some(Some(ty)), Some(value)) => self.expr_of(value, ty),
            (Some(_), None) => Ok(()),
            _ => ensure(false, "return", span),
        }
    }

    fn foreach(&self, foreach: &Foreach, span: Span) -> Checked {
        let global = self.global(foreach.array, span)?;
        ensure(!global.keys.is_empty() && foreach.keys.len() == global.keys.len(), "foreach keys", span)?;
        for (key, &ty) in foreach.keys.iter().zip(&global.keys) {
            self.local_of(key.local, ty, span)?;
        }
        if let Some(value) = foreach.value {
            let ValueTy::Scalar(ty) = global.value else { return ensure(false, "foreach value", span) };
            self.local_of(value.local, ty, span)?;
        }
        if !foreach.slice.is_empty() {
            self.slice(foreach.array, &foreach.slice, span)?;
        }
        foreach.limit.iter().try_for_each(|limit| self.expr_of(limit, Ty::Long))?;
        self.in_loop().block(&foreach.body)
    }

    /// An expression as a statement: a call may give nothing.
    fn effect(&self, expr: &Expr) -> Checked {
        match &expr.kind {
            ExprKind::Call { function, args } => self.call(*function, args, expr.span),
            _ => self.expr(expr),
        }
    }

    fn expr_of(&self, expr: &Expr, ty: Ty) -> Checked {
        ensure(expr.ty == ty, "type of an operand", expr.span)?;
        self.expr(expr)
    }

    fn expr(&self, expr: &Expr) -> Checked {
        let span = expr.span;
        let is = |ty: Ty| ensure(expr.ty == ty, "type of an expression", span);
        match &expr.kind {
            ExprKind::Context(ContextValue::Symbol(index)) => {
                ensure((*index as usize) < self.program.symbols.len(), "symbol", span)?;
                is(Ty::Long)
            }
            ExprKind::Context(ContextValue::Saved(_)) => Ok(()),
            ExprKind::Constant(Constant::Long(_)) => is(Ty::Long),
            ExprKind::Context(value) => is(value.ty()),
            ExprKind::Constant(Constant::String(_)) => is(Ty::String),
            ExprKind::Local(id) => self.local_of(*id, expr.ty, span),
            ExprKind::Global(id) => self.place(&Place::Global(*id, span), expr.ty, span),
            ExprKind::Element { array, keys } => {
                self.keys(*array, keys, span)?;
                ensure(self.global(*array, span)?.value == ValueTy::Scalar(expr.ty), "element", span)
            }
            ExprKind::In { array, keys } => {
                is(Ty::Long)?;
                self.slice(*array, keys, span)
            }
            ExprKind::Call { function, args } => {
                self.call(*function, args, span)?;
                ensure(self.program.functions[*function].ret == Some(expr.ty), "result of a call", span)
            }
            ExprKind::Print(print) => {
                is(Ty::String)?;
                ensure(print.to_string, "print expression", span)?;
                self.print(print, span)
            }
            ExprKind::Stat { of, .. } => {
                is(Ty::Long)?;
                self.stat(of, span)
            }
            ExprKind::HistBucket { of, bucket, .. } => {
                is(Ty::Long)?;
                self.expr_of(bucket, Ty::Long)?;
                self.stat(of, span)
            }
            ExprKind::Embedded(code) => is(if code.pragmas.string { Ty::String } else { Ty::Long }),
            _ => self.operator(expr),
        }
    }

    fn operator(&self, expr: &Expr) -> Checked {
        let span = expr.span;
        let is = |ty: Ty| ensure(expr.ty == ty, "type of an operator", span);
        match &expr.kind {
            ExprKind::Unary { arg, .. } => {
                is(Ty::Long)?;
                self.expr_of(arg, Ty::Long)
            }
            ExprKind::Binary { left, right, .. } | ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                is(Ty::Long)?;
                self.expr_of(left, Ty::Long)?;
                self.expr_of(right, Ty::Long)
            }
            ExprKind::Compare { left, right, .. } => {
                is(Ty::Long)?;
                self.expr(left)?;
                self.expr_of(right, left.ty)
            }
            ExprKind::Regex { subject, pattern, .. } => {
                is(Ty::Long)?;
                let compiled = self.program.regexes.iter().any(|regex| regex.pattern == pattern.text);
                ensure(compiled, "regular expression", span)?;
                self.expr_of(subject, Ty::String)
            }
            ExprKind::Concat(parts) => {
                is(Ty::String)?;
                parts.iter().try_for_each(|part| self.expr_of(part, Ty::String))
            }
            ExprKind::Ternary { cond, then, otherwise } => {
                self.expr_of(cond, Ty::Long)?;
                self.expr_of(then, expr.ty)?;
                self.expr_of(otherwise, expr.ty)
            }
            ExprKind::Assign { place, value } => {
                self.expr_of(value, expr.ty)?;
                self.place(place, expr.ty, span)
            }
            ExprKind::AssignBinary { place, value, .. } => {
                is(Ty::Long)?;
                self.expr_of(value, Ty::Long)?;
                self.place(place, Ty::Long, span)
            }
            ExprKind::AssignConcat { place, value } => {
                is(Ty::String)?;
                self.expr_of(value, Ty::String)?;
                self.place(place, Ty::String, span)
            }
            ExprKind::Aggregate { place, value } => {
                is(Ty::Long)?;
                self.expr_of(value, Ty::Long)?;
                self.stat_place(place, span)
            }
            ExprKind::Crement { place, .. } => {
                is(Ty::Long)?;
                self.place(place, Ty::Long, span)
            }
            ExprKind::Load { bytes, address, .. } => {
                is(Ty::Long)?;
                ensure(matches!(bytes, 1 | 2 | 4 | 8), "size of a load", span)?;
                self.expr_of(address, Ty::Long)
            }
            ExprKind::Save { value, .. } => {
                is(Ty::Long)?;
                self.expr(value)
            }
            ExprKind::StoreRegister { value, .. } => {
                is(Ty::Long)?;
                self.expr_of(value, Ty::Long)
            }
            ExprKind::Store { bytes, address, value } => {
                is(Ty::Long)?;
                ensure(matches!(bytes, 1 | 2 | 4 | 8), "size of a store", span)?;
                self.expr_of(address, Ty::Long)?;
                self.expr_of(value, Ty::Long)
            }
            ExprKind::Answer { to, value } => {
                is(to.ty())?;
                self.expr_of(value, to.ty())
            }
            _ => ensure(false, "kind of an expression", span),
        }
    }

    fn call(&self, function: FunctionId, args: &[Expr], span: Span) -> Checked {
        ensure(function.index() < self.program.functions.len(), "function", span)?;
        let function = &self.program.functions[function];
        ensure(args.len() == function.params, "number of arguments", span)?;
        for (arg, (_, param)) in args.iter().zip(function.locals.iter()) {
            self.expr_of(arg, param.ty)?;
        }
        Ok(())
    }

    fn print(&self, print: &Print, span: Span) -> Checked {
        print.pieces.iter().try_for_each(|piece| match piece {
            Piece::Literal(_) => Ok(()),
            Piece::Value(arg) => self.expr(arg),
            Piece::Format { spec, arg } => {
                self.format(spec)?;
                self.expr_of(arg, if spec.conversion == Conversion::String { Ty::String } else { Ty::Long })
            }
            Piece::Histogram { of, .. } => self.stat(of, span),
        })
    }

    fn format(&self, spec: &FormatSpec) -> Checked {
        [&spec.width, &spec.precision].into_iter().flatten().try_for_each(|count| match count {
            Count::Fixed(_) => Ok(()),
            Count::Arg(arg) => self.expr_of(arg, Ty::Long),
        })
    }

    fn stat(&self, of: &StatRef, span: Span) -> Checked {
        self.keys(of.global, &of.keys, span)?;
        ensure(matches!(self.global(of.global, span)?.value, ValueTy::Stat(_)), "statistic", span)
    }

    fn stat_place(&self, place: &Place, span: Span) -> Checked {
        match place {
            Place::Local(..) => ensure(false, "statistic", span),
            Place::Global(id, _) => self.stat(&StatRef { global: *id, keys: Vec::new(), span }, span),
            Place::Element(id, keys, _) => {
                self.keys(*id, keys, span)?;
                ensure(matches!(self.global(*id, span)?.value, ValueTy::Stat(_)), "statistic", span)
            }
        }
    }

    fn place(&self, place: &Place, ty: Ty, span: Span) -> Checked {
        let (global, keys) = match place {
            Place::Local(id, _) => return self.local_of(*id, ty, span),
            Place::Global(id, _) => (*id, [].as_slice()),
            Place::Element(id, keys, _) => (*id, keys.as_slice()),
        };
        self.keys(global, keys, span)?;
        ensure(self.global(global, span)?.value == ValueTy::Scalar(ty), "type of a place", span)
    }

    fn keys(&self, array: GlobalId, keys: &[Expr], span: Span) -> Checked {
        let global = self.global(array, span)?;
        ensure(global.keys.len() == keys.len(), "number of keys", span)?;
        keys.iter().zip(&global.keys).try_for_each(|(key, &ty)| self.expr_of(key, ty))
    }

    fn slice(&self, array: GlobalId, keys: &[Option<Expr>], span: Span) -> Checked {
        let global = self.global(array, span)?;
        ensure(global.keys.len() == keys.len(), "number of keys", span)?;
        let named = keys.iter().zip(&global.keys).filter_map(|(key, &ty)| Some((key.as_ref()?, ty)));
        named.into_iter().try_for_each(|(key, ty)| self.expr_of(key, ty))
    }

    fn global(&self, id: GlobalId, span: Span) -> Result<&super::program::Global, Diagnostic> {
        ensure(id.index() < self.program.globals.len(), "global", span)?;
        Ok(&self.program.globals[id])
    }

    fn local_of(&self, id: LocalId, ty: Ty, span: Span) -> Checked {
        ensure(id.index() < self.locals.len() && self.locals[id].ty == ty, "local", span)
    }
}
