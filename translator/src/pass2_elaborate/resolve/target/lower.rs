//! Locations of debug information in terms of the program: address programs become expressions.

use super::pieces::{Pieces, reason};
use super::{Found, Held, binary, extend, number, told};
use crate::debuginfo::ObjectId;
use crate::debuginfo::location::{Binary, Location, Op, Unary};
use crate::ir::expr::ContextValue;
use crate::ir::program::Constant;
use crate::ir::visit::look;
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::{BinaryOp, CompareOp, UnaryOp};
use crate::pass2_elaborate::fold::fold;
use crate::pass2_elaborate::resolve::{Resolver, make};
use crate::source::Span;

/// Most operations that one location becomes: what is duplicated can double with each step.
const MAX_NODES: usize = 2000;

/// Where the area of each CPU begins as it was linked; 0 on most kernels.
const PER_CPU_START: &str = "__per_cpu_start";

/// Where a location holds.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// The object that its addresses are of.
    pub object: ObjectId,
    /// What names it in the script.
    pub span: Span,
}

impl Resolver<'_, '_> {
    /// Where a location lies, in terms of the program.
    pub(super) fn held(&mut self, location: &Location, spot: Spot) -> Found<Held> {
        Ok(match location {
            Location::Register(number) => Held::Register(*number),
            Location::Argument(word) => {
                Held::Computed(make(spot.span, ExprKind::Context(ContextValue::Argument(*word))))
            }
            Location::Memory(program) => Held::Memory(self.run(program, spot)?),
            Location::Value(program) => Held::Computed(self.run(program, spot)?),
            Location::Symbol(name) => Held::Memory(self.symbol(spot.object, name, spot.span)?),
            Location::Missing(why) => {
                return told(format!("not accessible at this address [man error::dwarf]: {why}"), spot.span);
            }
            Location::Pieces(pieces) => {
                let mut parts = Pieces::default();
                for piece in pieces {
                    let held = match self.held(&piece.location, spot) {
                        Ok(held) => Ok(held),
                        Err(fail) => Err(reason(fail)?),
                    };
                    parts.push(u64::from(piece.bytes), held);
                }
                Held::Pieces(parts)
            }
        })
    }

    /// The address of a symbol, which the kernel tells when the module is loaded.
    pub(super) fn symbol(&mut self, object: ObjectId, name: &str, span: Span) -> Found<Expr> {
        let Some(module) = self.names.objects.name(object) else {
            return told(format!("the address of {name} is not known"), span);
        };
        let index = self.names.link_symbol(&module, name);
        Ok(make(span, ExprKind::Context(ContextValue::Symbol(index))))
    }

    /// An address program as an expression.
    fn run(&mut self, program: &[Op], spot: Spot) -> Found<Expr> {
        let mut stack = Stack { words: Vec::new(), span: spot.span };
        for op in program {
            match *op {
                Op::Address(address) => {
                    let word = self.linked(address, spot)?;
                    stack.words.push(word);
                }
                Op::PerCpu(offset) => {
                    let start = self.symbol(spot.object, PER_CPU_START, spot.span)?;
                    let start = binary(BinaryOp::Add, start, number(offset as i64, spot.span), spot.span);
                    let area = make(spot.span, ExprKind::Context(ContextValue::CpuOffset));
                    stack.words.push(binary(BinaryOp::Add, start, area, spot.span));
                }
                Op::EntryRegister(_) => {
                    let message = "not accessible at this address [man error::dwarf]: it is known only as it was when the function was \
                                   entered; a probe at the function's entry can read it";
                    return told(message, spot.span);
                }
                op => stack.step(op)?,
            }
        }
        stack.top()
    }

    /// An address of an object as it was linked, in the running kernel.
    fn linked(&mut self, address: u64, spot: Spot) -> Found<Expr> {
        let info = self.names.objects.info(spot.object);
        match info.and_then(|info| info.symbol_at(address)) {
            Some((name, offset)) => {
                let symbol = self.symbol(spot.object, &name, spot.span)?;
                Ok(binary(BinaryOp::Add, symbol, number(offset as i64, spot.span), spot.span))
            }
            None => told(format!("no symbol tells where {address:#x} is in the running kernel"), spot.span),
        }
    }
}

/// The machine that a program runs on, its words expressions.
struct Stack {
    words: Vec<Expr>,
    span: Span,
}

impl Stack {
    fn step(&mut self, op: Op) -> Found<()> {
        let span = self.span;
        match op {
            Op::Constant(value) => self.words.push(number(value as i64, span)),
            Op::Register(register, offset) => self.register(register, offset),
            Op::Load(bytes @ (1 | 2 | 4 | 8)) => {
                let address = Box::new(self.pop()?);
                self.words.push(make(span, ExprKind::Load { bytes, signed: false, user: false, address }));
            }
            Op::Pick(index) => {
                let at = self.words.len().checked_sub(usize::from(index) + 1);
                let word = at.and_then(|at| self.words.get(at)).cloned();
                self.words.push(word.map_or_else(|| broken(span), Ok)?);
            }
            Op::Drop => drop(self.pop()?),
            Op::Swap => self.rotate(2)?,
            Op::Rotate => self.rotate(3)?,
            Op::Binary(operator) => {
                let right = self.pop()?;
                let left = self.pop()?;
                let result = self.combine(operator, left, right)?;
                self.words.push(result);
            }
            Op::Unary(operator) => {
                let word = self.pop()?;
                let result = self.change(operator, word);
                self.words.push(result);
            }
            Op::Load(_) | Op::Address(_) | Op::PerCpu(_) | Op::EntryRegister(_) => return broken(span),
        }
        self.bounded()
    }

    fn register(&mut self, register: u16, offset: i64) {
        let value = make(self.span, ExprKind::Context(ContextValue::Register(register)));
        self.words.push(binary(BinaryOp::Add, value, number(offset, self.span), self.span));
    }

    fn pop(&mut self) -> Found<Expr> {
        self.words.pop().map_or_else(|| broken(self.span), Ok)
    }

    fn rotate(&mut self, words: usize) -> Found<()> {
        let Some(from) = self.words.len().checked_sub(words) else { return broken(self.span) };
        self.words[from..].rotate_right(1);
        Ok(())
    }

    fn top(mut self) -> Found<Expr> {
        self.pop()
    }

    /// Looks at the word on top alone: the others were looked at when they were there.
    fn bounded(&self) -> Found<()> {
        let mut nodes = 0;
        if let Some(top) = self.words.last() {
            look::deep(top, &mut |_| nodes += 1);
        }
        match nodes > MAX_NODES {
            true => {
                told(format!("its location takes more than {MAX_NODES} operations to compute"), self.span)
            }
            false => Ok(()),
        }
    }

    fn combine(&self, operator: Binary, left: Expr, right: Expr) -> Found<Expr> {
        let span = self.span;
        let compare = |op: CompareOp, left: Expr, right: Expr| {
            fold(make(span, ExprKind::Compare { op, left: Box::new(left), right: Box::new(right) }))
        };
        Ok(match operator {
            Binary::Add => binary(BinaryOp::Add, left, right, span),
            Binary::Sub => binary(BinaryOp::Sub, left, right, span),
            Binary::Mul => binary(BinaryOp::Mul, left, right, span),
            Binary::Div => binary(BinaryOp::Div, left, right, span),
            Binary::And => binary(BinaryOp::And, left, right, span),
            Binary::Or => binary(BinaryOp::Or, left, right, span),
            Binary::Xor => binary(BinaryOp::Xor, left, right, span),
            Binary::Mod => return self.unsigned_rest(left, right),
            Binary::Shl => self.shift(BinaryOp::Shl, left, right),
            Binary::Shr => self.shift(BinaryOp::Ushr, left, right),
            Binary::Sar => self.shift(BinaryOp::Shr, left, right),
            Binary::Eq => compare(CompareOp::Eq, left, right),
            Binary::Ne => compare(CompareOp::Ne, left, right),
            Binary::Lt => compare(CompareOp::Lt, left, right),
            Binary::Le => compare(CompareOp::Le, left, right),
            Binary::Gt => compare(CompareOp::Gt, left, right),
            Binary::Ge => compare(CompareOp::Ge, left, right),
        })
    }

    /// Scripts take the count modulo 64, location programs shift everything out.
    fn shift(&self, op: BinaryOp, left: Expr, count: Expr) -> Expr {
        let span = self.span;
        let out = match op {
            BinaryOp::Shr => binary(BinaryOp::Shr, left.clone(), number(63, span), span),
            _ => number(0, span),
        };
        let above = binary(BinaryOp::And, count.clone(), number(!63, span), span);
        let shifted = binary(op, left, count, span);
        choose(above, out, shifted, span)
    }

    /// Halves keep the dividend positive: with h = a >> 1, a % b is (h % b * 2 + (a & 1)) % b.
    fn unsigned_rest(&self, left: Expr, right: Expr) -> Found<Expr> {
        let span = self.span;
        let ExprKind::Constant(Constant::Long(divisor @ 1..=0x3fff_ffff_ffff_ffff)) = right.kind else {
            return told(
                "its location takes a remainder by a number that only the running kernel knows",
                span,
            );
        };
        let divisor = || number(divisor, span);
        let odd = binary(BinaryOp::And, left.clone(), number(1, span), span);
        let half = binary(BinaryOp::Ushr, left, number(1, span), span);
        let rest = binary(BinaryOp::Mod, half, divisor(), span);
        let twice = binary(BinaryOp::Mul, rest, number(2, span), span);
        Ok(binary(BinaryOp::Mod, binary(BinaryOp::Add, twice, odd, span), divisor(), span))
    }

    fn change(&self, operator: Unary, word: Expr) -> Expr {
        let span = self.span;
        let unary = |op: UnaryOp, arg: Expr| fold(make(span, ExprKind::Unary { op, arg: Box::new(arg) }));
        match operator {
            Unary::Neg => unary(UnaryOp::Minus, word),
            Unary::Not => unary(UnaryOp::Complement, word),
            Unary::Abs => {
                let negative = binary(BinaryOp::Ushr, word.clone(), number(63, span), span);
                choose(negative, unary(UnaryOp::Minus, word.clone()), word, span)
            }
            Unary::Extend { bytes, signed } => extend(word, u32::from(bytes) * 8, signed, span),
        }
    }
}

fn choose(cond: Expr, then: Expr, otherwise: Expr, span: Span) -> Expr {
    if let ExprKind::Constant(Constant::Long(cond)) = cond.kind {
        return if cond != 0 { then } else { otherwise };
    }
    let (cond, then, otherwise) = (Box::new(cond), Box::new(then), Box::new(otherwise));
    fold(make(span, ExprKind::Ternary { cond, then, otherwise }))
}

fn broken<T>(span: Span) -> Found<T> {
    told("broken debug information: an address program takes a word from an empty stack", span)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::{FileId, OriginId};

    const SPAN: Span = Span { file: FileId(0), lo: 0, hi: 0, origin: OriginId::NONE };

    /// What a program of constants leaves on top; programs without registers and memory fold to a number.
    fn folded(program: &[Op]) -> Option<Expr> {
        let mut stack = Stack { words: Vec::new(), span: SPAN };
        program.iter().try_for_each(|op| stack.step(*op)).ok()?;
        stack.top().ok()
    }

    fn number_of(program: &[Op]) -> Option<u64> {
        match folded(program)?.kind {
            ExprKind::Constant(Constant::Long(value)) => Some(value.cast_unsigned()),
            _ => None,
        }
    }

    /// The meaning of the operators, said another way.
    fn meaning(operator: Binary, left: u64, right: u64) -> Option<u64> {
        let (signed_left, signed_right) = (left.cast_signed(), right.cast_signed());
        let truth = |holds: bool| Some(u64::from(holds));
        match operator {
            Binary::Add => Some(left.wrapping_add(right)),
            Binary::Sub => Some(left.wrapping_sub(right)),
            Binary::Mul => Some(left.wrapping_mul(right)),
            Binary::Div if right == 0 => None,
            Binary::Div => Some(signed_left.wrapping_div(signed_right).cast_unsigned()),
            Binary::Mod if right == 0 || right >= 1 << 62 => None,
            Binary::Mod => Some(left % right),
            Binary::And => Some(left & right),
            Binary::Or => Some(left | right),
            Binary::Xor => Some(left ^ right),
            Binary::Shl => Some(u32::try_from(right).ok().and_then(|by| left.checked_shl(by)).unwrap_or(0)),
            Binary::Shr => Some(u32::try_from(right).ok().and_then(|by| left.checked_shr(by)).unwrap_or(0)),
            Binary::Sar => Some((signed_left >> right.min(63)).cast_unsigned()),
            Binary::Eq => truth(left == right),
            Binary::Ne => truth(left != right),
            Binary::Lt => truth(signed_left < signed_right),
            Binary::Le => truth(signed_left <= signed_right),
            Binary::Gt => truth(signed_left > signed_right),
            Binary::Ge => truth(signed_left >= signed_right),
        }
    }

    fn operator() -> impl Strategy<Value = Binary> {
        use Binary::*;
        prop::sample::select(vec![
            Add, Sub, Mul, Div, Mod, And, Or, Xor, Shl, Shr, Sar, Eq, Ne, Lt, Le, Gt, Ge,
        ])
    }

    fn word() -> impl Strategy<Value = u64> {
        prop_oneof![any::<u64>(), 0u64..70, Just(u64::MAX), Just(1 << 63), Just(i64::MAX as u64)]
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            word().prop_map(Op::Constant),
            (any::<u16>(), any::<i64>()).prop_map(|(register, offset)| Op::Register(register, offset)),
            any::<u8>().prop_map(Op::Load),
            (0u8..4).prop_map(Op::Pick),
            Just(Op::Drop),
            Just(Op::Swap),
            Just(Op::Rotate),
            operator().prop_map(Op::Binary),
            Just(Op::Unary(Unary::Abs)),
        ]
    }

    proptest! {
        #[test]
        fn operators_mean_what_dwarf_says(operator in operator(), left in word(), right in word()) {
            let program = [Op::Constant(left), Op::Constant(right), Op::Binary(operator)];
            prop_assert_eq!(number_of(&program), meaning(operator, left, right));
        }

        #[test]
        fn any_program_ends_and_stays_small(program in prop::collection::vec(op(), 0..300)) {
            if let Some(expr) = folded(&program) {
                let mut nodes = 0;
                look::deep(&expr, &mut |_| nodes += 1);
                prop_assert!(nodes <= MAX_NODES);
            }
        }
    }

    #[test]
    fn the_stack_is_permuted() {
        let three = [Op::Constant(10), Op::Constant(20), Op::Constant(30)];
        let then = |ops: &[Op]| number_of(&[&three[..], ops].concat());
        assert_eq!(then(&[]), Some(30));
        assert_eq!(then(&[Op::Pick(2)]), Some(10));
        assert_eq!(then(&[Op::Swap]), Some(20));
        // a b c becomes c a b.
        assert_eq!(then(&[Op::Rotate]), Some(20));
        assert_eq!(then(&[Op::Rotate, Op::Drop]), Some(10));
        assert_eq!(then(&[Op::Rotate, Op::Drop, Op::Drop]), Some(30));
        assert_eq!(then(&[Op::Pick(3)]), None);
        assert_eq!(then(&[Op::Drop, Op::Drop, Op::Drop, Op::Drop]), None);
    }

    #[test]
    fn words_are_changed_one_by_one() {
        let of = |value: i64, operator| {
            number_of(&[Op::Constant(value.cast_unsigned()), Op::Unary(operator)]).map(u64::cast_signed)
        };
        assert_eq!(of(-7, Unary::Abs), Some(7));
        assert_eq!(of(7, Unary::Neg), Some(-7));
        assert_eq!(of(0, Unary::Not), Some(-1));
        assert_eq!(of(0x1ff, Unary::Extend { bytes: 1, signed: true }), Some(-1));
        assert_eq!(of(0x1ff, Unary::Extend { bytes: 1, signed: false }), Some(255));
    }

    #[test]
    fn what_doubles_at_each_step_is_refused() {
        let mut program = vec![Op::Register(5, 0)];
        program.extend([Op::Pick(0), Op::Binary(Binary::Mul)].into_iter().cycle().take(100));
        assert!(folded(&program).is_none());
    }
}
