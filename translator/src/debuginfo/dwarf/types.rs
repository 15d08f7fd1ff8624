//! Types out of their DIEs.

use gimli::{AttributeValue, UnitOffset};

use super::Dwarf;
use super::units::{Entry, Unit, broken, die_number, reference};
use crate::debuginfo::types::{Array, Encoding, Enum, Int, Member, Qualifier, Record, Signature, TypeKind};
use crate::debuginfo::{Broken, Type, TypeId};
use crate::source::Symbol;

/// The inner dimensions of an array have no DIE that knows their elements. Their numbers count down from the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InnerArray {
    /// The array's DIE.
    die: u32,
    /// How many of its dimensions are left out.
    skipped: usize,
}

/// The type that a number stands for.
pub fn read(dwarf: &Dwarf, number: u32) -> Result<Type, Broken> {
    if number == 0 {
        return Ok(Type::Void);
    }
    if let Some(inner) = dwarf.inner_array(number) {
        return dwarf
            .with_entry(inner.die, |unit, entry| array(dwarf, unit, entry, inner.die, inner.skipped));
    }
    dwarf.with_entry(number, |unit, entry| from_entry(dwarf, unit, entry, number))
}

/// What a function returns, and whether it takes further arguments.
pub fn signature_of(dwarf: &Dwarf, function: u32) -> Result<(TypeId, bool), Broken> {
    let result = dwarf.type_of(function)?;
    let variadic = dwarf.inherited(function, &|unit, entry| {
        let mut variadic = false;
        let visit = |child: &Entry| {
            variadic |= child.tag() == gimli::DW_TAG_unspecified_parameters;
            Ok(())
        };
        children(unit, entry.offset(), visit).ok()?;
        variadic.then_some(true)
    })?;
    Ok((result, variadic.unwrap_or(false)))
}

/// Calls `visit` for each child of a DIE, not for their own children.
pub fn children(
    unit: &Unit,
    offset: UnitOffset,
    mut visit: impl FnMut(&Entry) -> Result<(), Broken>,
) -> Result<(), Broken> {
    let mut tree = unit.entries_tree(Some(offset)).map_err(broken)?;
    let mut nodes = tree.root().map_err(broken)?.children();
    while let Some(node) = nodes.next().map_err(broken)? {
        visit(node.entry())?;
    }
    Ok(())
}

fn from_entry(dwarf: &Dwarf, unit: &Unit, entry: &Entry, die: u32) -> Result<Type, Broken> {
    let target = || dwarf.type_id(type_attribute(unit, entry));
    let name = || dwarf.own_name(unit, entry);
    Ok(match entry.tag() {
        gimli::DW_TAG_base_type => base(entry, name())?,
        gimli::DW_TAG_pointer_type => Type::Pointer(target()),
        gimli::DW_TAG_typedef => Type::Typedef(name().unwrap_or(Symbol::new("")), target()),
        gimli::DW_TAG_const_type => Type::Qualified(Qualifier::Const, target()),
        gimli::DW_TAG_volatile_type => Type::Qualified(Qualifier::Volatile, target()),
        gimli::DW_TAG_restrict_type => Type::Qualified(Qualifier::Restrict, target()),
        gimli::DW_TAG_atomic_type => Type::Qualified(Qualifier::Atomic, target()),
        gimli::DW_TAG_unspecified_type => Type::Void,
        gimli::DW_TAG_array_type => array(dwarf, unit, entry, die, 0)?,
        gimli::DW_TAG_structure_type => record(dwarf, unit, entry, false)?,
        gimli::DW_TAG_union_type => record(dwarf, unit, entry, true)?,
        gimli::DW_TAG_enumeration_type => enumeration(dwarf, unit, entry)?,
        gimli::DW_TAG_subroutine_type => signature(dwarf, unit, entry)?,
        tag => return Err(Broken(format!("{tag} at {die:#x} is no type of C"))),
    })
}

fn type_attribute(unit: &Unit, entry: &Entry) -> u32 {
    entry.attr_value(gimli::DW_AT_type).and_then(|value| reference(unit, value)).unwrap_or(0)
}

fn number(entry: &Entry, attribute: gimli::DwAt) -> Option<u64> {
    entry.attr(attribute)?.udata_value()
}

fn base(entry: &Entry, name: Option<Symbol>) -> Result<Type, Broken> {
    let name = name.unwrap_or(Symbol::new("?"));
    let bytes = number(entry, gimli::DW_AT_byte_size).unwrap_or(0);
    let encoding = match entry.attr_value(gimli::DW_AT_encoding) {
        Some(AttributeValue::Encoding(encoding)) => encoding,
        _ => gimli::DW_ATE_unsigned,
    };
    let (signed, encoding) = match encoding {
        gimli::DW_ATE_boolean => (false, Encoding::Boolean),
        gimli::DW_ATE_signed_char => (true, Encoding::Character),
        gimli::DW_ATE_unsigned_char => (false, Encoding::Character),
        gimli::DW_ATE_signed => (true, Encoding::Number),
        gimli::DW_ATE_unsigned | gimli::DW_ATE_UTF => (false, Encoding::Number),
        _ => return Ok(Type::Float(name, bytes)),
    };
    match bytes {
        1..=16 => Ok(Type::Int(Int { name, bytes, signed, encoding })),
        _ => Err(Broken(format!("integer type {name} has {bytes} bytes"))),
    }
}

/// `int a[3][2]` has one DIE with two dimensions; ours are arrays of arrays.
fn array(dwarf: &Dwarf, unit: &Unit, entry: &Entry, die: u32, skipped: usize) -> Result<Type, Broken> {
    let mut dimensions = Vec::new();
    children(unit, entry.offset(), |child| {
        if child.tag() == gimli::DW_TAG_subrange_type {
            let last = number(child, gimli::DW_AT_upper_bound).map(|last| last.wrapping_add(1));
            dimensions.push(number(child, gimli::DW_AT_count).or(last));
        }
        Ok(())
    })?;
    let count = dimensions.get(skipped).copied().flatten();
    let element = match skipped + 1 < dimensions.len() {
        true => dwarf.type_id(dwarf.number_of_inner(InnerArray { die, skipped: skipped + 1 })),
        false => dwarf.type_id(type_attribute(unit, entry)),
    };
    Ok(Type::Array(Array { element, count }))
}

fn record(dwarf: &Dwarf, unit: &Unit, entry: &Entry, union: bool) -> Result<Type, Broken> {
    let name = dwarf.own_name(unit, entry);
    let kind = if union { TypeKind::Union } else { TypeKind::Struct };
    if entry.has_attr(gimli::DW_AT_declaration) {
        return Ok(Type::Declared(kind, name.unwrap_or(Symbol::new(""))));
    }
    let mut members = Vec::new();
    children(unit, entry.offset(), |child| {
        if child.tag() == gimli::DW_TAG_member {
            members.push(member(dwarf, unit, child)?);
        }
        Ok(())
    })?;
    let bytes = number(entry, gimli::DW_AT_byte_size).unwrap_or(0);
    Ok(Type::Record(Record { union, name, bytes, members: members.into() }))
}

fn member(dwarf: &Dwarf, unit: &Unit, entry: &Entry) -> Result<Member, Broken> {
    let ty = dwarf.type_id(type_attribute(unit, entry));
    let bit_size = number(entry, gimli::DW_AT_bit_size).map(|bits| bits.min(128) as u32);
    let start = match entry.attr_value(gimli::DW_AT_data_member_location) {
        None => 0,
        Some(AttributeValue::Exprloc(expression)) => constant_offset(unit, expression)?,
        Some(value) => value.udata_value().unwrap_or(0),
    };
    let bit_offset = match number(entry, gimli::DW_AT_data_bit_offset) {
        Some(bits) => Some(bits),
        None => {
            start.checked_mul(8).and_then(|bits| bits.checked_add(bits_within(dwarf, entry, ty, bit_size)?))
        }
    };
    let bit_offset = bit_offset.filter(|bits| *bits < 1 << 40);
    let bit_offset = bit_offset.ok_or_else(|| Broken("a member lies outside of memory".into()))?;
    Ok(Member { name: dwarf.own_name(unit, entry), ty, bit_offset, bit_size })
}

/// Up to version 3 a bit field is counted from the highest bit of the integer that holds it.
fn bits_within(dwarf: &Dwarf, entry: &Entry, ty: TypeId, bit_size: Option<u32>) -> Option<u64> {
    let Some(from_top) = number(entry, gimli::DW_AT_bit_offset) else { return Some(0) };
    let holder = number(entry, gimli::DW_AT_byte_size).or_else(|| match plain(dwarf, ty)? {
        Type::Int(int) => Some(int.bytes),
        Type::Enum(enumeration) => Some(enumeration.bytes),
        _ => None,
    })?;
    holder.checked_mul(8)?.checked_sub(from_top)?.checked_sub(u64::from(bit_size?))
}

/// The type behind typedefs and qualifiers; bounded, since they may form a ring.
pub fn plain(dwarf: &Dwarf, ty: TypeId) -> Option<Type> {
    let mut at = ty;
    for _ in 0..100 {
        match read(dwarf, at.number).ok()? {
            Type::Typedef(_, target) | Type::Qualified(_, target) => at = target,
            other => return Some(other),
        }
    }
    None
}

/// Version 2 writes the offset as a program of one step.
fn constant_offset(unit: &Unit, expression: gimli::Expression<super::Reader>) -> Result<u64, Broken> {
    let mut operations = expression.operations(unit.encoding());
    match operations.next().map_err(broken)? {
        Some(gimli::Operation::PlusConstant { value }) => Ok(value),
        _ => Err(Broken("a member's place is computed".into())),
    }
}

fn enumeration(dwarf: &Dwarf, unit: &Unit, entry: &Entry) -> Result<Type, Broken> {
    let name = dwarf.own_name(unit, entry);
    if entry.has_attr(gimli::DW_AT_declaration) {
        return Ok(Type::Declared(TypeKind::Enum, name.unwrap_or(Symbol::new(""))));
    }
    let mut values = Vec::new();
    children(unit, entry.offset(), |child| {
        let value = child.attr(gimli::DW_AT_const_value);
        if let (Some(name), Some(value)) =
            (dwarf.own_name(unit, child), value.and_then(|value| value.sdata_value()))
        {
            values.push((name, value));
        }
        Ok(())
    })?;
    let bytes = number(entry, gimli::DW_AT_byte_size).unwrap_or(4);
    let signed = values.iter().any(|(_, value)| *value < 0);
    Ok(Type::Enum(Enum { name, bytes, signed, values: values.into() }))
}

fn signature(dwarf: &Dwarf, unit: &Unit, entry: &Entry) -> Result<Type, Broken> {
    let (mut params, mut variadic) = (Vec::new(), false);
    children(unit, entry.offset(), |child| {
        match child.tag() {
            gimli::DW_TAG_formal_parameter => params.push(dwarf.type_id(type_attribute(unit, child))),
            gimli::DW_TAG_unspecified_parameters => variadic = true,
            _ => {}
        }
        Ok(())
    })?;
    let result = dwarf.type_id(type_attribute(unit, entry));
    Ok(Type::Function(Signature { result, params: params.into(), variadic }))
}

impl Dwarf {
    fn inner_array(&self, number: u32) -> Option<InnerArray> {
        let inner = self.inner_arrays.lock().unwrap_or_else(|e| e.into_inner());
        inner.get((u32::MAX - number) as usize).copied()
    }

    fn number_of_inner(&self, wanted: InnerArray) -> u32 {
        let mut inner = self.inner_arrays.lock().unwrap_or_else(|e| e.into_inner());
        let known = inner.iter().position(|known| *known == wanted);
        let place = known.unwrap_or_else(|| {
            inner.push(wanted);
            inner.len() - 1
        });
        u32::MAX - place as u32
    }
}

/// The size and the sign of an integer type that an expression computes with.
pub fn integer(dwarf: &Dwarf, unit: &Unit, offset: UnitOffset) -> Option<(u8, bool)> {
    match read(dwarf, die_number(unit, offset)).ok()? {
        Type::Int(int @ Int { bytes: 1 | 2 | 4 | 8, .. }) => Some((int.bytes as u8, int.signed)),
        _ => None,
    }
}
