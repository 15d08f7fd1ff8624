//! Statements that do nothing, and branches that are never taken.

use super::Warnings;
use super::effects::Effects;
use crate::ir::expr::ExprKind;
use crate::ir::program::Constant;
use crate::ir::stmt::{Block, Stmt, StmtKind};
use crate::ir::visit::change;

/// Simplifies a block and all inside it.
pub fn simplify(block: &mut Block, effects: &Effects, warnings: &mut Warnings<'_>) -> bool {
    let mut changed = false;
    let mut kept = Vec::with_capacity(block.len());
    for mut stmt in block.drain(..) {
        change::stmt_blocks(&mut stmt, &mut |inner| changed |= simplify(inner, effects, warnings));
        changed |= keep(stmt, effects, warnings, &mut kept);
        if kept.last().is_some_and(leaves) {
            break;
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
fn keep(mut stmt: Stmt, effects: &Effects, warnings: &mut Warnings<'_>, out: &mut Block) -> bool {
    match &mut stmt.kind {
        StmtKind::Expr(expr) if !effects.expr(expr, true) => {
            // What an elided assignment left behind was spoken of already.
            if !matches!(expr.kind, ExprKind::Constant(_)) {
                warnings.say("Eliding side-effect-free expression ".into(), expr.span);
            }
            return true;
        }
        StmtKind::Block(inner) if inner.is_empty() => return true,
        StmtKind::Try { body, .. } if body.is_empty() => return true,
        StmtKind::If { cond, then, otherwise } => match cond.kind {
            ExprKind::Constant(Constant::Long(value)) => {
                out.append(if value != 0 { then } else { otherwise });
                return true;
            }
            _ if then.is_empty() && otherwise.is_empty() => {
                let cond = cond.clone();
                keep(Stmt { span: stmt.span, kind: StmtKind::Expr(cond) }, effects, warnings, out);
                return true;
            }
            _ => {}
        },
        StmtKind::Loop { cond: Some(cond), .. } => {
            if let ExprKind::Constant(Constant::Long(0)) = cond.kind {
                return true;
            }
        }
        StmtKind::Foreach(foreach) if foreach.body.is_empty() && foreach.value.is_none() => {
            let asked = foreach.slice.iter().flatten().chain(&foreach.limit);
            if !asked.into_iter().any(|expr| effects.expr(expr, true)) {
                return true;
            }
        }
        _ => {}
    }
    out.push(stmt);
    false
}
