//! Globals that are written and never read.

use rustc_hash::FxHashSet;

use super::Warnings;
use super::effects::Effects;
use crate::ir::Program;
use crate::ir::expr::{Expr, ExprKind, Place};
use crate::ir::program::{Constant, FunctionBody, GlobalId};
use crate::ir::stmt::Block;
use crate::ir::visit::change;
use crate::pass2_elaborate::access::{self, Access, Deed};

/// Drops assignments to globals that nobody reads; those that are `kept` have a use of another kind.
pub fn drop_dead_stores(
    program: &mut Program,
    kept: &FxHashSet<GlobalId>,
    warnings: &mut Warnings<'_>,
) -> bool {
    let mut dead = vec![true; program.globals.len()];
    for id in kept {
        dead[id.index()] = false;
    }
    mark_read(program, &mut dead);
    if !dead.contains(&true) {
        return false;
    }
    let effects = Effects::of(program);
    let names: Vec<_> = program.globals.iter().map(|(_, global)| global.name).collect();
    let mut rewrite = Rewrite { dead: &dead, names: &names, effects: &effects, warnings, changed: false };
    for probe in &mut program.probes {
        rewrite.block(&mut probe.body);
    }
    for function in program.functions.iter_mut() {
        if let FunctionBody::Script(body) = &mut function.body {
            rewrite.block(body);
        }
    }
    rewrite.changed
}

fn mark_read(program: &Program, dead: &mut [bool]) {
    let mut read = |deed, _| {
        if let Deed::Global(id, Access::Read) = deed {
            dead[id.index()] = false;
        }
    };
    for probe in &program.probes {
        access::block(&probe.body, &mut read);
        if let Some(condition) = &probe.condition {
            access::expr(condition, true, &mut read);
        }
    }
    for (_, function) in program.functions.iter() {
        if let FunctionBody::Script(body) = &function.body {
            access::block(body, &mut read);
        }
    }
    // C may do anything with the globals that it names.
    for (_, function) in program.functions.iter() {
        if let FunctionBody::Embedded(code) = &function.body {
            code.reads.iter().chain(&code.writes).for_each(|id| dead[id.index()] = false);
        }
    }
}

struct Rewrite<'r, 'w> {
    dead: &'r [bool],
    names: &'r [crate::source::Symbol],
    effects: &'r Effects,
    warnings: &'r mut Warnings<'w>,
    changed: bool,
}

impl Rewrite<'_, '_> {
    fn block(&mut self, block: &mut Block) {
        change::all_stmts(block, &mut |stmt| change::stmt_exprs(stmt, &mut |expr| self.expr(expr)));
    }

    fn expr(&mut self, expr: &mut Expr) {
        change::each_expr(expr, &mut |child| self.expr(child));
        let place = match &expr.kind {
            ExprKind::Assign { place, .. }
            | ExprKind::AssignBinary { place, .. }
            | ExprKind::AssignConcat { place, .. }
            | ExprKind::Aggregate { place, .. }
            | ExprKind::Crement { place, .. } => place,
            _ => return,
        };
        let id = match &**place {
            Place::Global(id, _) => *id,
            Place::Element(id, keys, _) if !keys.iter().any(|key| self.effects.expr(key, true)) => *id,
            _ => return,
        };
        if !self.dead[id.index()] {
            return;
        }
        self.warnings.say(format!("Eliding assignment to '{}'", self.names[id.index()]), expr.span);
        self.changed = true;
        match std::mem::replace(&mut expr.kind, ExprKind::Constant(Constant::Long(0))) {
            ExprKind::Assign { value, .. }
            | ExprKind::AssignBinary { value, .. }
            | ExprKind::AssignConcat { value, .. }
            | ExprKind::Aggregate { value, .. } => *expr = *value,
            _ => {}
        }
    }
}
