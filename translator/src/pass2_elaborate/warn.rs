//! Warnings about variables that are read and never set.

use rustc_hash::FxHashSet;

use super::access::{self, Access, Deed};
use super::names::Names;
use super::opt::Warnings;
use crate::diag::suggest::similar;
use crate::ir::arena::Arena;
use crate::ir::expr::{Expr, ExprKind, Place};
use crate::ir::program::{FunctionBody, GlobalId, Local, LocalId};
use crate::ir::stmt::{Block, StmtKind};
use crate::ir::visit::look;

/// Similar names are looked for among so many: a body with more of them was not written by hand.
const MAX_NAMES: usize = 500;

/// Says which variables of the scripts can only be zero or empty.
pub fn never_assigned(names: &Names<'_>, warnings: &mut Warnings<'_>) {
    let program = &names.program;
    let globals: Vec<&str> = user_globals(names).take(MAX_NAMES).collect();
    for probe in &program.probes {
        locals(&probe.body, &probe.locals, 0, &globals, warnings);
    }
    for (_, function) in program.functions.iter() {
        if let FunctionBody::Script(body) = &function.body {
            locals(body, &function.locals, function.params, &globals, warnings);
        }
    }
    self::globals(names, &globals, warnings);
}

/// What the scripts declare; the library's globals are nobody's misspelt words.
fn user_globals<'n>(names: &'n Names<'_>) -> impl Iterator<Item = &'n str> {
    let of_user = |id: &GlobalId| !names.globals[id.index()].library;
    names.program.globals.iter().filter(move |(id, _)| of_user(id)).map(|(_, global)| global.name.as_str())
}

fn locals(body: &Block, locals: &Arena<Local>, params: usize, globals: &[&str], warnings: &mut Warnings<'_>) {
    let set = set_locals(body);
    let all = || locals.iter().take(MAX_NAMES).map(|(_, local)| local).filter(|local| !local.is_hidden());
    for (_, local) in locals.iter().skip(params).filter(|(id, local)| !set.contains(id) && !local.is_hidden())
    {
        let near = similar(
            local.name.as_str(),
            all().map(|local| local.name.as_str()).chain(globals.iter().copied()),
        );
        warnings.say(format!("never-assigned local variable '{}'{near}", local.name), local.span);
    }
}

/// Locals that something gives a value.
fn set_locals(body: &Block) -> FxHashSet<LocalId> {
    let mut set = FxHashSet::default();
    look::all_stmts(body, &mut |stmt| {
        match &stmt.kind {
            StmtKind::Foreach(foreach) => {
                set.extend(foreach.keys.iter().chain(&foreach.value).map(|bound| bound.local))
            }
            StmtKind::Try { catch_var: Some(var), .. } => {
                set.insert(var.local);
            }
            _ => {}
        }
        look::stmt_exprs(stmt, &mut |expr| look::deep(expr, &mut |node| set.extend(target(node))));
    });
    set
}

fn target(expr: &Expr) -> Option<LocalId> {
    let place = match &expr.kind {
        ExprKind::Assign { place, .. }
        | ExprKind::AssignBinary { place, .. }
        | ExprKind::AssignConcat { place, .. }
        | ExprKind::Crement { place, .. } => place,
        _ => return None,
    };
    match **place {
        Place::Local(id, _) => Some(id),
        _ => None,
    }
}

fn globals(names: &Names<'_>, others: &[&str], warnings: &mut Warnings<'_>) {
    let program = &names.program;
    let mut read = FxHashSet::default();
    let mut set = FxHashSet::default();
    let mut note = |deed: Deed, _| match deed {
        Deed::Global(id, Access::Read) => {
            read.insert(id);
        }
        Deed::Global(id, _) => {
            set.insert(id);
        }
        Deed::Call(_) => {}
    };
    for probe in &program.probes {
        access::block(&probe.body, &mut note);
    }
    for (_, function) in program.functions.iter() {
        match &function.body {
            FunctionBody::Script(body) => access::block(body, &mut note),
            FunctionBody::Embedded(code) => access::embedded(code, &mut note),
        }
    }
    read.extend(names.walked());
    let given: FxHashSet<&str> =
        names.session.options.globals.iter().map(|(name, _)| name.as_str()).collect();
    let never = |id: &GlobalId| read.contains(id) && !set.contains(id);
    for (id, global) in program.globals.iter().filter(|(id, _)| never(id)) {
        if global.init.is_none()
            && !given.contains(global.name.as_str())
            && !names.globals[id.index()].library
        {
            let near = similar(global.name.as_str(), others.iter().copied());
            warnings.say(format!("never-assigned global variable '{}'{near}", global.name), global.span);
        }
    }
}
