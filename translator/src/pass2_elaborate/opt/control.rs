//! Statements that do nothing, and branches that are never taken.

use super::effects::{Effects, in_c};
use super::{Stage, Warnings};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::program::Constant;
use crate::ir::stmt::{Block, Foreach, Stmt, StmtKind};
use crate::ir::visit::change;

/// Simplifies a block and all inside it. What is never reached and what decides between branches stays until it is
/// typed: a script must be right in all its parts.
pub fn simplify(block: &mut Block, effects: &Effects, stage: Stage, warnings: &mut Warnings<'_>) -> bool {
    let mut changed = false;
    let mut kept = Vec::with_capacity(block.len());
    for mut stmt in block.drain(..) {
        change::stmt_blocks(&mut stmt, &mut |inner| changed |= simplify(inner, effects, stage, warnings));
        match stage == Stage::Typed && kept.last().is_some_and(leaves) {
            true => warnings.note("Eliding unreachable statement", stmt.span),
            false => changed |= keep(stmt, effects, stage, warnings, &mut kept),
        }
    }
    *block = kept;
    changed
}

/// Whether what follows a statement is never reached.
fn leaves(stmt: &Stmt) -> bool {
    matches!(stmt.kind, StmtKind::Next | StmtKind::Return(_) | StmtKind::Break | StmtKind::Continue)
}

/// Adds what remains of a statement; true when that is not the statement itself.
fn keep(
    mut stmt: Stmt,
    effects: &Effects,
    stage: Stage,
    warnings: &mut Warnings<'_>,
    out: &mut Block,
) -> bool {
    let gone = match &mut stmt.kind {
        StmtKind::Expr(expr) if !effects.expr(expr, true) => {
            warnings.say("Eliding side-effect-free expression ".into(), stmt.span);
            return true;
        }
        StmtKind::Embedded(code) if !in_c(code) => {
            warnings.say("Eliding side-effect-free expression ".into(), code.span);
            return true;
        }
        StmtKind::Block(inner) if inner.is_empty() => return true,
        StmtKind::Try { body, .. } if body.is_empty() => "Eliding empty try {} block".to_owned(),
        StmtKind::If { .. } | StmtKind::Loop { .. } if stage == Stage::Untyped => {
            return keep_as_it_is(stmt, out);
        }
        StmtKind::If { cond, then, otherwise } => match branch(cond, then, otherwise, effects, out) {
            Some(what) => what,
            None => return keep_as_it_is(stmt, out),
        },
        StmtKind::Loop { cond: Some(cond), .. } if long(cond) == Some(0) => {
            "Collapsing constantly-false for-loop".to_owned()
        }
        StmtKind::Foreach(foreach) if does_nothing(foreach, effects) => {
            "Eliding side-effect-free foreach statement".to_owned()
        }
        _ => return keep_as_it_is(stmt, out),
    };
    warnings.note(gone, stmt.span);
    true
}

fn keep_as_it_is(stmt: Stmt, out: &mut Block) -> bool {
    out.push(stmt);
    false
}

/// What became of an `if`, when it is not needed; what remains of it goes to `out`.
fn branch(
    cond: &Expr,
    then: &mut Block,
    otherwise: &mut Block,
    effects: &Effects,
    out: &mut Block,
) -> Option<String> {
    if let Some(value) = long(cond) {
        out.append(if value != 0 { then } else { otherwise });
        return Some(format!("Collapsing constant-{value} if-statement"));
    }
    if !then.is_empty() || !otherwise.is_empty() {
        return None;
    }
    // Nobody wrote the condition as a statement, so nobody is warned when it goes.
    if !effects.expr(cond, true) {
        return Some("Eliding side-effect-free if statement".into());
    }
    out.push(Stmt { span: cond.span, kind: StmtKind::Expr(cond.clone()) });
    Some("Creating simple evaluation from if statement".into())
}

fn does_nothing(foreach: &Foreach, effects: &Effects) -> bool {
    let mut asked = foreach.slice.iter().flatten().chain(&foreach.limit);
    foreach.body.is_empty() && foreach.value.is_none() && !asked.any(|expr| effects.expr(expr, true))
}

fn long(expr: &Expr) -> Option<i64> {
    match expr.kind {
        ExprKind::Constant(Constant::Long(value)) => Some(value),
        _ => None,
    }
}
