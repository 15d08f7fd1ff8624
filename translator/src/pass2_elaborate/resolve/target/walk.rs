//! Steps from one value to another: members and elements.

use super::pieces::Pieces;
use super::{Found, Held, Value, binary, extend, number, sound, told};
use crate::debuginfo::TypeId;
use crate::debuginfo::spell::spell;
use crate::debuginfo::types::{
    Array, Found as Place, Record, Type, find_member, member_names, peel, size_of,
};
use crate::ir::Expr;
use crate::pass1_parse::ast::BinaryOp;
use crate::pass2_elaborate::resolve::Resolver;
use crate::source::{Span, Symbol};

/// Most members that an error names.
const MAX_ALTERNATIVES: usize = 40;

impl Resolver<'_, '_> {
    /// `value->name`, for a struct as for a pointer to one.
    pub(super) fn member(&mut self, value: Value, name: Symbol, span: Span) -> Found<Value> {
        let (record, id, held) = self.record_of(value, name, span)?;
        let Some(place) = sound(find_member(&self.names.objects, &record, name), span)? else {
            return self.no_member(&record, id, name, span);
        };
        self.portion(held, place, span)
    }

    /// The record that `->` means, and where it is.
    fn record_of(&mut self, value: Value, name: Symbol, span: Span) -> Found<(Record, TypeId, Held)> {
        let outer = value.ty;
        let value = self.pointed(value, span)?;
        let (id, ty) = sound(peel(&self.names.objects, value.ty), span)?;
        let (id, ty) = match ty {
            Type::Declared(kind, tag) => match sound(self.names.objects.definition(kind, tag), span)? {
                Some(found) => sound(peel(&self.names.objects, found), span)?,
                None => (id, Type::Declared(kind, tag)),
            },
            ty => (id, ty),
        };
        match ty {
            Type::Record(record) => Ok((record, id, value.held)),
            _ => {
                let spelt = sound(spell(&self.names.objects, outer), span)?;
                told(format!("invalid access '->{name}' vs. {spelt}"), span)
            }
        }
    }

    /// What a pointer points to; any other value as it is.
    fn pointed(&mut self, value: Value, span: Span) -> Found<Value> {
        let (_, ty) = sound(peel(&self.names.objects, value.ty), span)?;
        Ok(match (value.held, ty) {
            (Held::PointerTo(address), Type::Pointer(target)) => {
                // The type was that of the pointer itself: `@cast(p, "a_pointer_t")`.
                Value { ty: target, held: Held::Memory(address) }
            }
            (Held::PointerTo(address), _) => Value { ty: value.ty, held: Held::Memory(address) },
            (held, Type::Pointer(target)) => {
                let address = self.number_of(Value { ty: value.ty, held }, span)?;
                Value { ty: target, held: Held::Memory(address) }
            }
            (held, _) => Value { ty: value.ty, held },
        })
    }

    fn no_member<T>(&mut self, record: &Record, id: TypeId, name: Symbol, span: Span) -> Found<T> {
        let spelt = sound(spell(&self.names.objects, id), span)?;
        let mut names = sound(member_names(&self.names.objects, record), span)?;
        names.truncate(MAX_ALTERNATIVES);
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        told(format!("unable to find member '{name}' for {spelt} (alternatives: {})", names.join(", ")), span)
    }

    /// A part of a record.
    pub(super) fn portion(&mut self, held: Held, place: Place, span: Span) -> Found<Value> {
        let held = match (held, place.bit_size) {
            (Held::Memory(address), None) => {
                let offset = number((place.bit_offset / 8) as i64, span);
                Held::Memory(binary(BinaryOp::Add, address, offset, span))
            }
            (Held::Memory(address), Some(width)) => self.bits(address, place, width, span)?,
            (Held::Pieces(pieces), None) => Held::Pieces(pieces.after(place.bit_offset)),
            (Held::Pieces(pieces), Some(width)) => {
                let bits = pieces.after(place.bit_offset).read(u64::from(width), span)?;
                self.signed_bits(bits, place.ty, width, span)?
            }
            (held @ (Held::Register(_) | Held::Computed(_)), _) => {
                let mut word = Pieces::default();
                word.push(8, Ok(held));
                return self.portion(Held::Pieces(word), place, span);
            }
            _ => return told("this part of the value cannot be read", span),
        };
        Ok(Value { ty: place.ty, held })
    }

    /// The low bits of a word as a value of their type.
    fn signed_bits(&self, word: Expr, ty: TypeId, width: u32, span: Span) -> Found<Held> {
        let signed = match sound(peel(&self.names.objects, ty), span)?.1 {
            Type::Int(int) => int.signed,
            Type::Enum(found) => found.signed,
            _ => false,
        };
        Ok(Held::Computed(extend(word, width, signed, span)))
    }

    /// The storage unit of a bit field: that of its type, or as many bytes as it touches when it is packed.
    fn bits(&mut self, address: Expr, place: Place, width: u32, span: Span) -> Found<Held> {
        let unit =
            sound(size_of(&self.names.objects, place.ty), span)?.filter(|unit| matches!(unit, 1 | 2 | 4 | 8));
        let whole = unit.map(|unit| (unit, place.bit_offset / (unit * 8) * unit));
        let fits = |&(unit, start): &(u64, u64)| place.bit_offset + u64::from(width) <= (start + unit) * 8;
        let touched = || {
            let start = place.bit_offset / 8;
            let bytes = (place.bit_offset % 8 + u64::from(width)).div_ceil(8).next_power_of_two();
            (bytes <= 8).then_some((bytes, start))
        };
        let Some((bytes, start)) = whole.filter(fits).or_else(touched) else {
            return told("this bit field spreads over more than 8 bytes", span);
        };
        let address = binary(BinaryOp::Add, address, number(start as i64, span), span);
        let shift = (place.bit_offset - start * 8) as u32;
        Ok(Held::Bits(address, bytes as u8, shift, width))
    }

    /// `value[index]`, of an array or behind a pointer.
    pub(super) fn element(&mut self, value: Value, index: Expr, span: Span) -> Found<Value> {
        let (_, ty) = sound(peel(&self.names.objects, value.ty), span)?;
        let (element, address) = match (value.held, ty) {
            (Held::Memory(address) | Held::PointerTo(address), Type::Array(Array { element, .. })) => {
                (element, address)
            }
            (Held::PointerTo(address), Type::Pointer(target)) => (target, address),
            (Held::PointerTo(address), _) => (value.ty, address),
            (held, Type::Pointer(target)) => (target, self.number_of(Value { ty: value.ty, held }, span)?),
            _ => {
                let spelt = sound(spell(&self.names.objects, value.ty), span)?;
                return told(format!("invalid access '[...]' vs. {spelt}"), span);
            }
        };
        let Some(size) = sound(size_of(&self.names.objects, element), span)? else {
            let spelt = sound(spell(&self.names.objects, element), span)?;
            return told(format!("elements of type {spelt} have no size"), span);
        };
        let offset = binary(BinaryOp::Mul, index, number(size as i64, span), span);
        Ok(Value { ty: element, held: Held::Memory(binary(BinaryOp::Add, address, offset, span)) })
    }
}
