//! What stands in struct context: a frame for each handler and each function.

use super::names;
use crate::ir::arena::Arena;
use crate::ir::expr::{ExprKind, Place};
use crate::ir::program::{Function, FunctionBody, Local, LocalId};
use crate::ir::stmt::{Block, StmtKind};
use crate::ir::ty::Ty;
use crate::ir::visit::look;

/// How a local stands in its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// `int64_t`
    Long,
    /// `char[MAXSTRINGLEN]`
    String,
    /// A string parameter that nobody writes to: a pointer to the caller's value.
    Reference,
}

/// One member of a frame.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The member's name.
    pub name: String,
    /// Its type.
    pub storage: Storage,
}

/// How each local of a handler stands in its frame.
pub fn probe_slots(locals: &Arena<Local>) -> Vec<Slot> {
    locals.iter().map(|(_, local)| slot(local, false)).collect()
}

/// How each local of a function stands in its frame, parameters first.
pub fn function_slots(function: &Function) -> Vec<Slot> {
    let unmangled = matches!(&function.body, FunctionBody::Embedded(code) if code.pragmas.unmangled);
    function
        .locals
        .iter()
        .map(|(id, local)| {
            let mut slot = slot(local, id.index() < function.params && is_unmodified(function, id));
            if unmangled {
                slot.name = names::unmangled(local.name);
            }
            slot
        })
        .collect()
}

fn slot(local: &Local, reference: bool) -> Slot {
    let storage = match local.ty {
        Ty::Long => Storage::Long,
        Ty::String if reference => Storage::Reference,
        Ty::String => Storage::String,
    };
    Slot { name: names::local(local.name), storage }
}

/// Declarations of a frame's members.
pub fn members(slots: &[Slot], string_temps: usize) -> Vec<String> {
    let mut lines: Vec<_> = slots
        .iter()
        .map(|slot| match slot.storage {
            Storage::Long => format!("int64_t {};", slot.name),
            Storage::String => format!("char {}[MAXSTRINGLEN];", slot.name),
            Storage::Reference => format!("const char *{};", slot.name),
        })
        .collect();
    lines.extend(
        (0..string_temps).map(|number| format!("char {}[MAXSTRINGLEN];", names::string_temp(number))),
    );
    lines
}

fn is_unmodified(function: &Function, local: LocalId) -> bool {
    match &function.body {
        FunctionBody::Script(block) => !writes_local(block, local),
        FunctionBody::Embedded(code) => code.pragmas.unmodified_fnargs,
    }
}

fn writes_local(block: &Block, local: LocalId) -> bool {
    let mut written = false;
    look::all_stmts(block, &mut |stmt| {
        written |= match &stmt.kind {
            StmtKind::Foreach(foreach) => {
                foreach.keys.iter().chain(&foreach.value).any(|bound| bound.local == local)
            }
            StmtKind::Try { catch_var, .. } => catch_var.is_some_and(|bound| bound.local == local),
            // Embedded statements reach the whole frame.
            StmtKind::Embedded(_) => true,
            _ => false,
        };
    });
    look::all_exprs(block, &mut |expr| {
        if let ExprKind::Assign { place, .. } | ExprKind::AssignConcat { place, .. } = &expr.kind {
            written |= matches!(place.as_ref(), Place::Local(id, _) if *id == local);
        }
    });
    written
}
