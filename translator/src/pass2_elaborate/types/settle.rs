//! Writes the types that were found into the program.

use super::vars::{Kind, Var};
use super::{Tables, failed};
use crate::diag::{Code, Diagnostic, Sink};
use crate::ir::arena::Arena;
use crate::ir::expr::{ContextValue, Place, Print};
use crate::ir::program::{Constant, Function, FunctionBody, Global, Local};
use crate::ir::stmt::{Block, SortBy, Stmt, StmtKind};
use crate::ir::ty::{StatNeeds, Ty, ValueTy};
use crate::ir::visit::change;
use crate::ir::{Expr, ExprKind, Program};
use crate::pass1_parse::ast::StatOp;
use crate::source::Span;

/// Gives every named thing and every expression its type; what has none is an error.
pub fn program(program: &mut Program, tables: &Tables, sink: &Sink) {
    let before = sink.errors();
    for (global, vars) in program.globals.iter_mut().zip(&tables.globals) {
        settle_global(global, vars, tables, sink);
    }
    for (function, vars) in program.functions.iter_mut().zip(&tables.functions) {
        locals(&mut function.locals, &vars.locals, tables, sink);
        function.ret = match tables.vars.kind(vars.ret) {
            Some(Kind::Scalar(ty)) => Some(ty),
            None if vars.returns => {
                unresolved(function.span, sink);
                None
            }
            _ => None,
        };
    }
    for (probe, vars) in program.probes.iter_mut().zip(&tables.probes) {
        locals(&mut probe.locals, vars, tables, sink);
    }
    if !failed(sink, before) {
        expressions(program, tables, sink);
    }
}

fn settle_global(global: &mut Global, vars: &super::GlobalVars, tables: &Tables, sink: &Sink) {
    match tables.vars.kind(vars.value) {
        Some(Kind::Scalar(ty)) => global.value = ValueTy::Scalar(ty),
        Some(Kind::Stats) if !matches!(global.value, ValueTy::Stat(_)) => {
            global.value = ValueTy::Stat(StatNeeds::default());
        }
        Some(Kind::Stats) => {}
        None => unresolved(global.span, sink),
    }
    for (key, var) in global.keys.iter_mut().zip(&vars.keys) {
        match tables.vars.kind(*var) {
            Some(Kind::Scalar(ty)) => *key = ty,
            Some(Kind::Stats) => invalid(global.span, sink),
            None => unresolved(global.span, sink),
        }
    }
}

fn locals(arena: &mut Arena<Local>, vars: &[Var], tables: &Tables, sink: &Sink) {
    for (local, var) in arena.iter_mut().zip(vars) {
        match tables.vars.kind(*var) {
            Some(Kind::Scalar(ty)) => local.ty = ty,
            Some(Kind::Stats) => invalid(local.span, sink),
            None => unresolved(local.span, sink),
        }
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
        known.saved = saved_types(probe.point.pair(), tables);
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

/// The types of what an entry keeps, by slot. Values that nobody reads may have none.
fn saved_types(pair: Option<u32>, tables: &Tables) -> Vec<Option<Ty>> {
    let Some(pair) = pair else { return Vec::new() };
    let slots = tables.saved.range((pair, 0)..=(pair, u16::MAX));
    slots
        .map(|(_, &var)| match tables.vars.kind(var) {
            Some(Kind::Scalar(ty)) => Some(ty),
            _ => None,
        })
        .collect()
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
                Place::Local(id) => locals[id.index()],
                Place::Global(id) | Place::Element(id, ..) => self.value(id.index())?,
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
