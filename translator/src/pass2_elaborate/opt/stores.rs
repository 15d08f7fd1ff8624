//! Assignments to locals that nobody reads.
//!
//! A local is live when something with an effect reads it, or when it flows into a live local. One walk gathers the
//! flows, one marks what is live, one rewrites: a chain of any length falls at once.

use super::Warnings;
use super::effects::Effects;
use crate::ir::arena::Arena;
use crate::ir::expr::{Expr, ExprKind, Place};
use crate::ir::program::{Constant, Local, LocalId};
use crate::ir::stmt::{Block, Stmt, StmtKind};
use crate::ir::visit::{change, look};

/// Drops dead assignments; what their values do besides stays.
pub fn drop_dead(
    body: &mut Block,
    locals: &Arena<Local>,
    effects: &Effects,
    warnings: &mut Warnings<'_>,
) -> bool {
    if locals.is_empty() {
        return false;
    }
    let live = live(body, locals.len(), effects);
    if live.iter().all(|&alive| alive) {
        return false;
    }
    let mut rewrite = Rewrite { live: &live, locals, warnings, changed: false };
    change::all_stmts(body, &mut |stmt| rewrite.stmt(stmt));
    rewrite.changed
}

/// Which locals are live.
pub fn live(body: &Block, count: usize, effects: &Effects) -> Vec<bool> {
    let mut flows = Flows { effects, live: vec![false; count], into: vec![Vec::new(); count] };
    look::all_stmts(body, &mut |stmt| flows.stmt(stmt));
    let mut work: Vec<usize> = (0..count).filter(|&local| flows.live[local]).collect();
    while let Some(local) = work.pop() {
        for source in std::mem::take(&mut flows.into[local]) {
            if !std::mem::replace(&mut flows.live[source.index()], true) {
                work.push(source.index());
            }
        }
    }
    flows.live
}

/// The locals that a value goes into; `None` when it has a use that counts.
type Targets<'i> = Option<&'i [LocalId]>;

struct Flows<'f> {
    effects: &'f Effects,
    live: Vec<bool>,
    /// By local: the locals that its values are made of.
    into: Vec<Vec<LocalId>>,
}

impl Flows<'_> {
    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(expr) => self.unused(expr),
            StmtKind::Loop { cond, next, .. } => {
                cond.iter().for_each(|cond| self.expr(cond, None));
                next.iter().for_each(|next| self.unused(next));
            }
            StmtKind::Embedded(code) => code.args.iter().for_each(|id| self.read(*id, None)),
            _ => look::stmt_exprs(stmt, &mut |expr| self.expr(expr, None)),
        }
    }

    /// An expression whose value nobody uses.
    fn unused(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Assign { place, value }
            | ExprKind::AssignBinary { place, value, .. }
            | ExprKind::AssignConcat { place, value } => self.store(place, value, Some(&[])),
            ExprKind::Crement { place, .. } => look::place_exprs(place, &mut |key| self.expr(key, None)),
            _ if !self.effects.expr(expr, true) => {}
            _ => self.expr(expr, None),
        }
    }

    /// A value goes into a place, and also to where the assignment's own value goes.
    fn store(&mut self, place: &Place, value: &Expr, also: Targets<'_>) {
        match (place, also) {
            (Place::Local(id, _), Some(also)) => self.expr(value, Some(&[also, &[*id]].concat())),
            _ => self.expr(value, None),
        }
        look::place_exprs(place, &mut |key| self.expr(key, None));
    }

    /// An expression whose value goes into locals, or somewhere that counts.
    fn expr(&mut self, expr: &Expr, into: Targets<'_>) {
        match &expr.kind {
            ExprKind::Local(id) => self.read(*id, into),
            ExprKind::Embedded(code) => code.args.iter().for_each(|id| self.read(*id, into)),
            // What is read is the value itself, not the place that keeps it as well.
            ExprKind::Assign { place, value } => self.store(place, value, into),
            ExprKind::AssignBinary { place, value, .. } | ExprKind::AssignConcat { place, value } => {
                self.store(place, value, into);
                self.read_place(place, into);
            }
            ExprKind::Crement { place, .. } => {
                look::place_exprs(place, &mut |key| self.expr(key, None));
                self.read_place(place, into);
            }
            ExprKind::Answer { .. }
            | ExprKind::Store { .. }
            | ExprKind::StoreRegister { .. }
            | ExprKind::Save { .. } => {
                look::each_expr(expr, &mut |child| self.expr(child, None));
            }
            ExprKind::Call { function, args } if self.effects.call(*function) => {
                args.iter().for_each(|arg| self.expr(arg, None));
            }
            _ => look::each_expr(expr, &mut |child| self.expr(child, into)),
        }
    }

    fn read_place(&mut self, place: &Place, into: Targets<'_>) {
        if let Place::Local(id, _) = place {
            self.read(*id, into);
        }
    }

    fn read(&mut self, id: LocalId, into: Targets<'_>) {
        match into {
            Some(targets) => targets.iter().for_each(|target| self.into[target.index()].push(id)),
            None => self.live[id.index()] = true,
        }
    }
}

struct Rewrite<'r, 'w> {
    live: &'r [bool],
    locals: &'r Arena<Local>,
    warnings: &'r mut Warnings<'w>,
    changed: bool,
}

impl Rewrite<'_, '_> {
    fn stmt(&mut self, stmt: &mut Stmt) {
        change::stmt_exprs(stmt, &mut |expr| self.expr(expr));
        let bound = match &mut stmt.kind {
            StmtKind::Foreach(foreach) => &mut foreach.value,
            StmtKind::Try { catch_var, .. } => catch_var,
            _ => return,
        };
        if bound.is_some_and(|bound| !self.live[bound.local.index()]) {
            *bound = None;
            self.changed = true;
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        change::each_expr(expr, &mut |child| self.expr(child));
        let place = match &expr.kind {
            ExprKind::Assign { place, .. }
            | ExprKind::AssignBinary { place, .. }
            | ExprKind::AssignConcat { place, .. }
            | ExprKind::Crement { place, .. } => place,
            _ => return,
        };
        let Place::Local(id, _) = **place else { return };
        if self.live[id.index()] {
            return;
        }
        self.warn(id, expr.span);
        self.changed = true;
        let nothing = ExprKind::Constant(Constant::Long(0));
        match expr_value(expr) {
            Some(value) => *expr = value,
            None => expr.kind = nothing,
        }
    }

    fn warn(&mut self, id: LocalId, span: crate::source::Span) {
        let local = &self.locals[id];
        if !local.is_hidden() {
            self.warnings.say(format!("Eliding assignment to '{}'", local.name), span);
        }
    }
}

/// Takes the assigned value out of an assignment.
fn expr_value(expr: &mut Expr) -> Option<Expr> {
    match std::mem::replace(&mut expr.kind, ExprKind::Constant(Constant::Long(0))) {
        ExprKind::Assign { value, .. }
        | ExprKind::AssignBinary { value, .. }
        | ExprKind::AssignConcat { value, .. } => Some(*value),
        _ => None,
    }
}
