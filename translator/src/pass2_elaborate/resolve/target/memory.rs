//! Values become numbers, and numbers are written back.

use super::pieces::register;
use super::{Fail, Found, Held, Value, binary, extend, number, sound, told};
use crate::debuginfo::spell::spell;
use crate::debuginfo::types::{Type, peel};
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::BinaryOp;
use crate::pass2_elaborate::resolve::{Resolver, make};
use crate::source::Span;

/// How a scalar lies in memory.
#[derive(Clone, Copy)]
struct Scalar {
    bytes: u8,
    signed: bool,
}

impl Resolver<'_, '_> {
    /// The number that a value is. An array is its address.
    pub(super) fn number_of(&mut self, value: Value, span: Span) -> Found<Expr> {
        if let Held::PointerTo(address) = value.held {
            return Ok(address);
        }
        let Some(scalar) = self.scalar(&value, span)? else {
            return match value.held {
                Held::Memory(address) => Ok(address),
                _ => told("an array in registers cannot be read whole", span),
            };
        };
        Ok(match value.held {
            Held::PointerTo(expr) => expr,
            Held::Computed(expr) => extend(expr, u32::from(scalar.bytes) * 8, scalar.signed, span),
            Held::Memory(address) => {
                let address = Box::new(address);
                make(
                    span,
                    ExprKind::Load { bytes: scalar.bytes, signed: scalar.signed, user: false, address },
                )
            }
            Held::Bits(address, bytes, shift, width) => {
                let word = make(
                    span,
                    ExprKind::Load { bytes, signed: false, user: false, address: Box::new(address) },
                );
                let word = binary(BinaryOp::Ushr, word, number(i64::from(shift), span), span);
                extend(word, width, scalar.signed, span)
            }
            Held::Register(number) => {
                extend(register(number, span), u32::from(scalar.bytes) * 8, scalar.signed, span)
            }
            Held::Pieces(pieces) => {
                let width = u32::from(scalar.bytes) * 8;
                extend(pieces.read(u64::from(width), span)?, width, scalar.signed, span)
            }
        })
    }

    /// `None` for arrays; records and void have no number.
    fn scalar(&self, value: &Value, span: Span) -> Found<Option<Scalar>> {
        let (_, ty) = sound(peel(&self.names.objects, value.ty), span)?;
        let spelt = || sound(spell(&self.names.objects, value.ty), span);
        let (bytes, signed) = match ty {
            Type::Int(int) => (int.bytes, int.signed),
            Type::Enum(found) => (found.bytes, found.signed),
            Type::Float(_, bytes) => (bytes, false),
            Type::Pointer(_) => (8, false),
            Type::Array(_) | Type::Function(_) => return Ok(None),
            Type::Record(_) | Type::Declared(..) => {
                return told(format!("'{}' is being accessed instead of a member", spelt()?), span);
            }
            _ => return told(format!("a value of type {} cannot be read", spelt()?), span),
        };
        match bytes {
            1 | 2 | 4 | 8 => Ok(Some(Scalar { bytes: bytes as u8, signed })),
            _ => told(format!("a value of type {} has {bytes} bytes, 8 at most can be read", spelt()?), span),
        }
    }

    /// `value = number`.
    pub(super) fn store(&mut self, place: Value, value: Expr, span: Span) -> Found<ExprKind> {
        let Some(scalar) = self.scalar(&place, span)? else {
            return told("an array cannot be written whole", span);
        };
        match place.held {
            Held::Memory(address) => Ok(ExprKind::Store {
                bytes: scalar.bytes,
                address: Box::new(address),
                value: Box::new(value),
            }),
            Held::Bits(address, bytes, shift, width) => {
                let ones = (u64::MAX >> (64 - width.clamp(1, 64))) as i64;
                let old = make(
                    span,
                    ExprKind::Load { bytes, signed: false, user: false, address: Box::new(address.clone()) },
                );
                let old = binary(BinaryOp::And, old, number(!(ones << shift), span), span);
                let new = binary(BinaryOp::And, value, number(ones, span), span);
                let new = binary(BinaryOp::Shl, new, number(i64::from(shift), span), span);
                let whole = binary(BinaryOp::Or, old, new, span);
                Ok(ExprKind::Store { bytes, address: Box::new(address), value: Box::new(whole) })
            }
            Held::Register(register) => {
                let value = extend(value, u32::from(scalar.bytes) * 8, scalar.signed, span);
                Ok(ExprKind::StoreRegister { register, value: Box::new(value) })
            }
            Held::Pieces(pieces) => {
                let held = pieces.place(u64::from(scalar.bytes) * 8, span)?;
                self.store(Value { ty: place.ty, held }, value, span)
            }
            Held::Computed(_) => told("a value that is only computed cannot be written", span),
            Held::PointerTo(_) => Err(Fail::Told(Box::new(crate::diag::Diagnostic::semantic(
                crate::diag::Code::Misuse,
                "Expecting lvalue for assignment",
                span,
            )))),
        }
    }
}
