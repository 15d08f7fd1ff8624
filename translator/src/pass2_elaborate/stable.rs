//! Stable functions: C that gives one value all through a handler is called once, where it is needed again.
//!
//! The first block that needs the value sets a local at its start; calls there and in the blocks inside read it. The
//! body of a loop counts as part of the block around it, the branches of an `if` and what a `try` guards do not: what
//! is not reached is not called, and a failure is caught where it was.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::arena::Arena;
use crate::ir::expr::Place;
use crate::ir::program::{Function, FunctionBody, FunctionId, Local, LocalId};
use crate::ir::stmt::{Block, Stmt, StmtKind};
use crate::ir::visit::{change, look};
use crate::ir::{Expr, ExprKind, Program, Ty};
use crate::source::{Span, Symbol};

/// Makes locals of the values that some body needs more than once, in a program that has its types.
pub fn remember(program: &mut Program) {
    let stable: BTreeMap<FunctionId, (Symbol, Ty)> = program
        .functions
        .iter()
        .filter(|(_, function)| is_stable(function))
        .map(|(id, function)| (id, (local_name(function), function.ret.unwrap_or(Ty::Long))))
        .collect();
    if stable.is_empty() {
        return;
    }
    for probe in &mut program.probes {
        Body { stable: &stable, locals: &mut probe.locals, known: BTreeMap::new() }.block(&mut probe.body);
    }
    for function in program.functions.iter_mut() {
        if let FunctionBody::Script(body) = &mut function.body {
            Body { stable: &stable, locals: &mut function.locals, known: BTreeMap::new() }.block(body);
        }
    }
}

/// The comment means nothing where there are parameters, or another candidate to turn to.
fn is_stable(function: &Function) -> bool {
    let stable = matches!(&function.body, FunctionBody::Embedded(code) if code.pragmas.stable);
    stable && function.params == 0 && function.next.is_none()
}

/// The peer's name of the local, for a function that no other shares its name with.
fn local_name(function: &Function) -> Symbol {
    let name = match function.unique == function.name {
        true => format!("__stable___global_{}__overload_0_value", function.name),
        false => format!("__stable_{}_value", function.unique),
    };
    Symbol::new(&name)
}

/// One handler or function.
struct Body<'b> {
    stable: &'b BTreeMap<FunctionId, (Symbol, Ty)>,
    locals: &'b mut Arena<Local>,
    /// Values that the blocks around have set.
    known: BTreeMap<FunctionId, LocalId>,
}

/// How often a block calls each stable function.
#[derive(Default)]
struct Calls {
    /// In the block itself, with the place of the first call.
    here: BTreeMap<FunctionId, Span>,
    /// Wherever; once in a loop is as good as twice.
    all: BTreeMap<FunctionId, usize>,
}

impl Body<'_> {
    fn block(&mut self, block: &mut Block) {
        let mut calls = Calls::default();
        self.count(block, 1, true, &mut calls);
        let wanted = |id: &FunctionId| !self.known.contains_key(id) && calls.all[id] > 1;
        let here: Vec<(FunctionId, Span)> = calls.here.into_iter().filter(|(id, _)| wanted(id)).collect();
        let setting: BTreeSet<FunctionId> = here.iter().map(|&(id, _)| id).collect();
        let set: Vec<Stmt> = here.into_iter().map(|(id, span)| self.set(id, span)).collect();
        self.inside(block);
        block.splice(0..0, set);
        self.known.retain(|id, _| !setting.contains(id));
    }

    /// The statement that calls the function, and from now on the local that calls become.
    fn set(&mut self, id: FunctionId, span: Span) -> Stmt {
        let (name, ty) = self.stable[&id];
        let known = self.locals.iter().find(|(_, local)| local.name == name).map(|(local, _)| local);
        let local = known.unwrap_or_else(|| self.locals.push(Local { name, ty, span }));
        self.known.insert(id, local);
        let value = Expr { span, ty, kind: ExprKind::Call { function: id, args: Vec::new() } };
        let kind = ExprKind::Assign { place: Box::new(Place::Local(local, span)), value: Box::new(value) };
        Stmt { span, kind: StmtKind::Expr(Expr { span, ty, kind }) }
    }

    /// Counts the calls of a block; each counts for `weight`.
    fn count(&self, block: &Block, weight: usize, here: bool, calls: &mut Calls) {
        for stmt in block {
            let repeats = matches!(stmt.kind, StmtKind::Loop { .. } | StmtKind::Foreach(_));
            let weight = if repeats { 2 } else { weight };
            look::stmt_exprs(stmt, &mut |expr| {
                look::deep(expr, &mut |inner| self.count_call(inner, weight, here, calls));
            });
            let apart = matches!(stmt.kind, StmtKind::If { .. } | StmtKind::Try { .. });
            look::stmt_blocks(stmt, &mut |inner| self.count(inner, weight, here && !apart, calls));
        }
    }

    fn count_call(&self, expr: &Expr, weight: usize, here: bool, calls: &mut Calls) {
        if let ExprKind::Call { function, .. } = expr.kind
            && self.stable.contains_key(&function)
        {
            *calls.all.entry(function).or_default() += weight;
            if here {
                calls.here.entry(function).or_insert(expr.span);
            }
        }
    }

    /// Replaces calls by what is known, and goes on with the blocks inside.
    fn inside(&mut self, block: &mut Block) {
        for stmt in block {
            change::stmt_exprs(stmt, &mut |expr| change::deep(expr, &mut |inner| self.replace(inner)));
            match &mut stmt.kind {
                StmtKind::If { .. } | StmtKind::Try { .. } => {
                    change::stmt_blocks(stmt, &mut |inner| self.block(inner));
                }
                _ => change::stmt_blocks(stmt, &mut |inner| self.inside(inner)),
            }
        }
    }

    fn replace(&self, expr: &mut Expr) {
        if let ExprKind::Call { function, .. } = &expr.kind
            && let Some(&local) = self.known.get(function)
        {
            expr.kind = ExprKind::Local(local);
        }
    }
}
