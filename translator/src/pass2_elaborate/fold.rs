//! Folding of constants, one node at a time: children are folded already.

use crate::ir::program::Constant;
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::{BinaryOp, CompareOp, UnaryOp};

/// The expression, or the constant that it always is.
pub fn fold(expr: Expr) -> Expr {
    match constant(&expr.kind) {
        Some(constant) => Expr { kind: ExprKind::Constant(constant), ..expr },
        None => expr,
    }
}

fn constant(kind: &ExprKind) -> Option<Constant> {
    match kind {
        ExprKind::Unary { op, arg } => Some(Constant::Long(unary(*op, long(arg)?))),
        ExprKind::Binary { op, left, right } => binary(*op, long(left)?, long(right)?).map(Constant::Long),
        ExprKind::Compare { op, left, right } => compare(*op, left, right),
        ExprKind::And(left, right) => {
            let (left, right) = (long(left)? != 0, long(right)? != 0);
            Some(Constant::Long(i64::from(left && right)))
        }
        ExprKind::Or(left, right) => {
            let (left, right) = (long(left)? != 0, long(right)? != 0);
            Some(Constant::Long(i64::from(left || right)))
        }
        ExprKind::Concat(parts) => concat(parts),
        ExprKind::Ternary { cond, then, otherwise } => choice(long(cond)?, then, otherwise),
        _ => None,
    }
}

fn long(expr: &Expr) -> Option<i64> {
    match expr.kind {
        ExprKind::Constant(Constant::Long(value)) => Some(value),
        _ => None,
    }
}

fn unary(op: UnaryOp, value: i64) -> i64 {
    match op {
        UnaryOp::Plus => value,
        UnaryOp::Minus => value.wrapping_neg(),
        UnaryOp::Not => i64::from(value == 0),
        UnaryOp::Complement => !value,
    }
}

/// 64-bit arithmetic of the language. Division by zero stays for run time, where it is a soft error.
pub fn binary(op: BinaryOp, left: i64, right: i64) -> Option<i64> {
    let shift = (right & 63) as u32;
    Some(match op {
        BinaryOp::Add => left.wrapping_add(right),
        BinaryOp::Sub => left.wrapping_sub(right),
        BinaryOp::Mul => left.wrapping_mul(right),
        BinaryOp::Div | BinaryOp::Mod if right == 0 => return None,
        BinaryOp::Div => left.wrapping_div(right),
        BinaryOp::Mod => left.wrapping_rem(right),
        BinaryOp::And => left & right,
        BinaryOp::Or => left | right,
        BinaryOp::Xor => left ^ right,
        BinaryOp::Shl => left.wrapping_shl(shift),
        BinaryOp::Shr => left.wrapping_shr(shift),
        BinaryOp::Ushr => (left as u64).wrapping_shr(shift) as i64,
    })
}

fn compare(op: CompareOp, left: &Expr, right: &Expr) -> Option<Constant> {
    let order = match (&left.kind, &right.kind) {
        (ExprKind::Constant(Constant::Long(l)), ExprKind::Constant(Constant::Long(r))) => l.cmp(r),
        (ExprKind::Constant(Constant::String(l)), ExprKind::Constant(Constant::String(r))) => l.cmp(r),
        _ => return None,
    };
    let holds = match op {
        CompareOp::Lt => order.is_lt(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Ge => order.is_ge(),
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
    };
    Some(Constant::Long(i64::from(holds)))
}

/// An arm that is no constant stays, so that both are typed; so do arms of two types.
fn choice(cond: i64, then: &Expr, otherwise: &Expr) -> Option<Constant> {
    let (ExprKind::Constant(then), ExprKind::Constant(otherwise)) = (&then.kind, &otherwise.kind) else {
        return None;
    };
    let alike = std::mem::discriminant(then) == std::mem::discriminant(otherwise);
    alike.then(|| if cond != 0 { then } else { otherwise }.clone())
}

fn concat(parts: &[Expr]) -> Option<Constant> {
    let mut whole = Vec::new();
    for part in parts {
        match &part.kind {
            ExprKind::Constant(Constant::String(bytes)) => whole.extend_from_slice(bytes),
            _ => return None,
        }
    }
    Some(Constant::String(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_wraps_and_never_traps() {
        assert_eq!(binary(BinaryOp::Add, i64::MAX, 1), Some(i64::MIN));
        assert_eq!(binary(BinaryOp::Div, i64::MIN, -1), Some(i64::MIN));
        assert_eq!(binary(BinaryOp::Mod, 7, 0), None);
        assert_eq!(binary(BinaryOp::Shl, 1, 65), Some(2));
        assert_eq!(binary(BinaryOp::Ushr, -1, 63), Some(1));
    }
}
