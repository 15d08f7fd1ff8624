//! Writes the types that were found into the program.

use super::failed;
use super::names::{Kind, Name, Owner, Tables};
use crate::diag::{Code, Diagnostic, Sink};
use crate::ir::arena::Arena;
use crate::ir::expr::{ContextValue, Place, Print};
use crate::ir::program::{Constant, Function, FunctionBody, FunctionId, Global, GlobalId, Local};
use crate::ir::stmt::{Block, SortBy, Stmt, StmtKind};
use crate::ir::ty::{StatNeeds, Ty, ValueTy};
use crate::ir::visit::change;
use crate::ir::{Expr, ExprKind, Program};
use crate::pass1_parse::ast::StatOp;
use crate::source::Span;

/// Gives every named thing and every expression its type; what has none is an error.
pub fn program(program: &mut Program, tables: &Tables, sink: &Sink) {
    let before = sink.errors();
    let found = Found { tables, sink };
    for (id, global) in program.globals.handles().zip(program.globals.iter_mut()) {
        found.global(id, global);
    }
    for (id, function) in program.functions.handles().zip(program.functions.iter_mut()) {
        found.locals(Owner::Function(id), &mut function.locals);
        function.ret = found.result(id, function.span);
    }
    for (at, probe) in program.probes.iter_mut().enumerate() {
        found.locals(Owner::Probe(at), &mut probe.locals);
    }
    if !failed(sink, before) {
        expressions(program, tables, sink);
    }
}

/// What was found.
struct Found<'f> {
    tables: &'f Tables,
    sink: &'f Sink,
}

impl Found<'_> {
    fn global(&self, id: GlobalId, global: &mut Global) {
        match self.tables.known(Name::Global(id)).kind {
            Some(Kind::Scalar(ty)) => global.value = ValueTy::Scalar(ty),
            Some(Kind::Stats) if !matches!(global.value, ValueTy::Stat(_)) => {
                global.value = ValueTy::Stat(StatNeeds::default());
            }
            Some(Kind::Stats) => {}
            None => unresolved(self.place(Name::Global(id), global.span), self.sink),
        }
        for (index, key) in global.keys.iter_mut().enumerate() {
            self.scalar(Name::Key(id, index), global.span, key);
        }
    }

    fn locals(&self, owner: Owner, arena: &mut Arena<Local>) {
        for (id, local) in arena.handles().zip(arena.iter_mut()) {
            self.scalar(Name::Local(owner, id), local.span, &mut local.ty);
        }
    }

    fn scalar(&self, name: Name, span: Span, ty: &mut Ty) {
        match self.tables.known(name).kind {
            Some(Kind::Scalar(found)) => *ty = found,
            Some(Kind::Stats) => invalid(self.place(name, span), self.sink),
            None => unresolved(self.place(name, span), self.sink),
        }
    }

    fn result(&self, id: FunctionId, span: Span) -> Option<Ty> {
        match self.tables.known(Name::Result(id)).kind {
            Some(Kind::Scalar(ty)) => Some(ty),
            None if self.tables.returns(id) => {
                unresolved(span, self.sink);
                None
            }
            _ => None,
        }
    }

    /// Where a name is used without a type; where it stands, if it is not used so.
    fn place(&self, name: Name, span: Span) -> Span {
        self.tables.known(name).used.unwrap_or(span)
    }
}

fn unresolved(span: Span, sink: &Sink) {
    sink.push(Diagnostic::semantic(Code::Type, "unresolved type ", span));
}

fn invalid(span: Span, sink: &Sink) {
    sink.push(Diagnostic::semantic(Code::Type, "invalid type stats", span));
}

/// What the types of expressions depend on.
struct Known<'k> {
    globals: Vec<ValueTy>,
    returns: Vec<Option<Ty>>,
    /// Of the slots of the probe at hand.
    saved: Vec<Option<Ty>>,
    sink: &'k Sink,
}

fn expressions(program: &mut Program, tables: &Tables, sink: &Sink) {
    let globals = program.globals.iter().map(|(_, global)| global.value).collect();
    let returns = program.functions.iter().map(|(_, function)| function.ret).collect();
    let mut known = Known { globals, returns, saved: Vec::new(), sink };
    for probe in &mut program.probes {
        let types = local_types(&probe.locals);
        known.saved = probe.point.pair().map(|pair| tables.saved(pair)).unwrap_or_default();
        if let Some(condition) = &mut probe.condition {
            known.expr(condition, &types);
        }
        known.block(&mut probe.body, &types);
    }
    for function in program.functions.iter_mut() {
        let Function { locals, body, .. } = function;
        if let FunctionBody::Script(body) = body {
            known.block(body, &local_types(locals));
        }
    }
}

fn local_types(locals: &Arena<Local>) -> Vec<Ty> {
    locals.iter().map(|(_, local)| local.ty).collect()
}

impl Known<'_> {
    fn block(&self, block: &mut Block, locals: &[Ty]) {
        change::all_stmts(block, &mut |stmt| self.stmt(stmt, locals));
    }

    fn stmt(&self, stmt: &mut Stmt, locals: &[Ty]) {
        match &mut stmt.kind {
            // A statement may call what gives nothing; everywhere else a value is needed.
            StmtKind::Expr(expr) => self.effect(expr, locals),
            StmtKind::Loop { next: Some(next), cond, .. } => {
                self.effect(next, locals);
                if let Some(cond) = cond {
                    self.expr(cond, locals);
                }
            }
            StmtKind::Print(print) => self.print(print, locals),
            _ => change::stmt_exprs(stmt, &mut |expr| self.expr(expr, locals)),
        }
        if let StmtKind::Foreach(foreach) = &mut stmt.kind
            && let Some(sort) = &mut foreach.sort
        {
            match (self.globals[foreach.array.index()], sort.by) {
                (ValueTy::Stat(_), SortBy::Value) => sort.by = SortBy::Stat(StatOp::Count),
                (ValueTy::Scalar(ty), SortBy::Stat(_)) => {
                    let message = format!("invalid type {ty}");
                    self.sink.push(Diagnostic::semantic(Code::Type, message, stmt.span));
                }
                _ => {}
            }
        }
    }

    fn print(&self, print: &mut Print, locals: &[Ty]) {
        change::print_exprs(print, &mut |expr| self.expr(expr, locals));
    }

    fn effect(&self, expr: &mut Expr, locals: &[Ty]) {
        if let ExprKind::Call { args, .. } = &mut expr.kind {
            args.iter_mut().for_each(|arg| self.expr(arg, locals));
            expr.ty = self.own(expr, locals).unwrap_or(Ty::Long);
        } else {
            self.expr(expr, locals);
        }
    }

    /// Types an expression whose value is used.
    fn expr(&self, expr: &mut Expr, locals: &[Ty]) {
        change::each_expr(expr, &mut |child| self.expr(child, locals));
        match self.own(expr, locals) {
            Some(ty) => expr.ty = ty,
            None => unresolved(expr.span, self.sink),
        }
    }

    fn own(&self, expr: &Expr, locals: &[Ty]) -> Option<Ty> {
        Some(match &expr.kind {
            ExprKind::Constant(Constant::String(_)) | ExprKind::Print(_) | ExprKind::Concat(_) => Ty::String,
            ExprKind::AssignConcat { .. } => Ty::String,
            ExprKind::Context(ContextValue::Saved(slot)) => *self.saved.get(usize::from(*slot))?.as_ref()?,
            ExprKind::Context(value) => value.ty(),
            ExprKind::Answer { to, .. } => to.ty(),
            ExprKind::Local(id) => locals[id.index()],
            ExprKind::Global(id) | ExprKind::Element { array: id, .. } => self.value(id.index())?,
            ExprKind::Call { function, .. } => self.returns[function.index()]?,
            ExprKind::Ternary { then, .. } => then.ty,
            ExprKind::Assign { place, .. } => match &**place {
                Place::Local(id, _) => locals[id.index()],
                Place::Global(id, _) | Place::Element(id, ..) => self.value(id.index())?,
            },
            ExprKind::Embedded(code) if code.pragmas.string => Ty::String,
            _ => Ty::Long,
        })
    }

    fn value(&self, global: usize) -> Option<Ty> {
        match self.globals[global] {
            ValueTy::Scalar(ty) => Some(ty),
            ValueTy::Stat(_) => None,
        }
    }
}
