//! C types as plain data, and the questions that are asked of them.

use std::rc::Rc;

use super::{Broken, ObjectId};
use crate::source::Symbol;

/// A type: which object's, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId {
    /// The object.
    pub object: ObjectId,
    /// The reader's number.
    pub number: u32,
}

/// Which name space of C a type's name is looked up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeKind {
    /// `struct NAME`
    Struct,
    /// `union NAME`
    Union,
    /// `enum NAME`
    Enum,
    /// `NAME`: a typedef, or a base type such as `unsigned int`.
    Plain,
}

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// `void`
    Void,
    /// Integers, characters and booleans.
    Int(Int),
    /// A floating-point type of so many bytes.
    Float(Symbol, u64),
    /// A pointer.
    Pointer(TypeId),
    /// An array.
    Array(Array),
    /// A struct or union, defined.
    Record(Record),
    /// A struct or union that is only declared.
    Declared(TypeKind, Symbol),
    /// An enumeration.
    Enum(Enum),
    /// `typedef target name`
    Typedef(Symbol, TypeId),
    /// `const`, `volatile` and the like: the same values, for our purposes. `void` when it has no target.
    Qualified(Qualifier, TypeId),
    /// What a function pointer points to.
    Function(Signature),
}

/// An integer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int {
    /// Its name in C.
    pub name: Symbol,
    /// Its size, 16 at most.
    pub bytes: u64,
    /// It has negative values.
    pub signed: bool,
    /// How its values are meant.
    pub encoding: Encoding,
}

/// How the values of an integer type are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As numbers.
    Number,
    /// As characters: pointers to them and arrays of them are strings. BTF does not mark them; the type's name does.
    Character,
    /// As truth values.
    Boolean,
}

/// An array type. Arrays of arrays nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array {
    /// The type of its elements.
    pub element: TypeId,
    /// How many; `None` for a flexible array member or an array of unknown size.
    pub count: Option<u64>,
}

/// A struct or union.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// A union: all members at offset 0.
    pub union: bool,
    /// Its tag.
    pub name: Option<Symbol>,
    /// Its size.
    pub bytes: u64,
    /// Its members in order.
    pub members: Rc<[Member]>,
}

/// A member of a struct or union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name; `None` for an anonymous struct or union, whose members count as those of the outer one.
    pub name: Option<Symbol>,
    /// Its type.
    pub ty: TypeId,
    /// Its first bit, counted from the start of the record and in the order of a little-endian machine.
    pub bit_offset: u64,
    /// The width of a bit field.
    pub bit_size: Option<u32>,
}

/// An enumeration.
#[derive(Clone, Debug, PartialEq)]
pub struct Enum {
    /// Its tag.
    pub name: Option<Symbol>,
    /// Its size.
    pub bytes: u64,
    /// It has negative values.
    pub signed: bool,
    /// Its constants in order.
    pub values: Rc<[(Symbol, i64)]>,
}

/// What stands before a type without changing how its values are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// `const`
    Const,
    /// `volatile`
    Volatile,
    /// `restrict`
    Restrict,
    /// `_Atomic`
    Atomic,
    /// An attribute (`__user`, `__rcu`) that BTF and DWARF carry as a tag.
    Tag(Symbol),
}

/// The type of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// What it returns; `void` is a type.
    pub result: TypeId,
    /// Types of its parameters.
    pub params: Rc<[TypeId]>,
    /// It takes further arguments.
    pub variadic: bool,
}

/// Whoever can look into types: all objects of a session together.
pub trait Types {
    /// The type that a handle stands for.
    fn ty(&self, id: TypeId) -> Result<Type, Broken>;
}

/// Most typedefs, qualifiers and array dimensions that are followed from one type.
const MAX_CHAIN: usize = 100;

/// Deepest nesting of anonymous members.
const MAX_ANONYMOUS: usize = 30;

/// Where a member lies, anonymous members on the way added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its type.
    pub ty: TypeId,
    /// Its first bit from the start of the outer record.
    pub bit_offset: u64,
    /// The width of a bit field.
    pub bit_size: Option<u32>,
}

/// The type behind typedefs and qualifiers, and its handle.
pub fn peel(types: &dyn Types, id: TypeId) -> Result<(TypeId, Type), Broken> {
    let mut at = id;
    for _ in 0..MAX_CHAIN {
        match types.ty(at)? {
            Type::Typedef(_, target) | Type::Qualified(_, target) => at = target,
            other => return Ok((at, other)),
        }
    }
    Err(Broken(format!("type {} is behind more than {MAX_CHAIN} typedefs", id.number)))
}

/// The size of a type's values in bytes; `None` for void, functions, declarations and arrays of unknown size.
pub fn size_of(types: &dyn Types, id: TypeId) -> Result<Option<u64>, Broken> {
    let mut factor: u64 = 1;
    let mut at = id;
    for _ in 0..MAX_CHAIN {
        let one = match peel(types, at)?.1 {
            Type::Array(Array { element, count: Some(count) }) => {
                let product = factor.checked_mul(count);
                factor = product.ok_or_else(|| Broken(format!("array {} is too large", id.number)))?;
                at = element;
                continue;
            }
            Type::Int(int) => int.bytes,
            Type::Float(_, bytes) => bytes,
            Type::Pointer(_) => 8,
            Type::Record(record) => record.bytes,
            Type::Enum(enumeration) => enumeration.bytes,
            _ => return Ok(None),
        };
        let whole = factor.checked_mul(one);
        return whole.map(Some).ok_or_else(|| Broken(format!("type {} is too large", id.number)));
    }
    Err(Broken(format!("type {} is an array of more than {MAX_CHAIN} dimensions", id.number)))
}

/// The member of a name, looked for in anonymous members too.
pub fn find_member(types: &dyn Types, record: &Record, name: Symbol) -> Result<Option<Found>, Broken> {
    member_at(types, record, name, 0, 0)
}

fn member_at(
    types: &dyn Types,
    record: &Record,
    name: Symbol,
    base: u64,
    depth: usize,
) -> Result<Option<Found>, Broken> {
    if depth > MAX_ANONYMOUS {
        return Err(Broken(format!("anonymous members nest deeper than {MAX_ANONYMOUS}")));
    }
    for member in record.members.iter() {
        let offset = base.checked_add(member.bit_offset);
        let offset = offset.ok_or_else(|| Broken("a member lies outside of memory".into()))?;
        if member.name == Some(name) {
            return Ok(Some(Found { ty: member.ty, bit_offset: offset, bit_size: member.bit_size }));
        }
        if member.name.is_none()
            && let Type::Record(inner) = peel(types, member.ty)?.1
            && let Some(found) = member_at(types, &inner, name, offset, depth + 1)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The names that `->` may take on a record, those of anonymous members among them, in order.
pub fn member_names(types: &dyn Types, record: &Record) -> Result<Vec<Symbol>, Broken> {
    let mut names = Vec::new();
    collect_names(types, record, 0, &mut names)?;
    Ok(names)
}

fn collect_names(
    types: &dyn Types,
    record: &Record,
    depth: usize,
    names: &mut Vec<Symbol>,
) -> Result<(), Broken> {
    if depth > MAX_ANONYMOUS {
        return Err(Broken(format!("anonymous members nest deeper than {MAX_ANONYMOUS}")));
    }
    for member in record.members.iter() {
        match member.name {
            Some(name) => names.push(name),
            None => {
                if let Type::Record(inner) = peel(types, member.ty)?.1 {
                    collect_names(types, &inner, depth + 1, names)?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types by number, as a reader would give them.
    struct Table(Vec<Type>);

    impl Types for Table {
        fn ty(&self, id: TypeId) -> Result<Type, Broken> {
            self.0.get(id.number as usize).cloned().ok_or_else(|| Broken(format!("no type {}", id.number)))
        }
    }

    fn id(number: u32) -> TypeId {
        TypeId { object: ObjectId::KERNEL, number }
    }

    fn member(name: &str, ty: u32, bit_offset: u64) -> Member {
        let name = (!name.is_empty()).then(|| Symbol::new(name));
        Member { name, ty: id(ty), bit_offset, bit_size: None }
    }

    fn record(union: bool, bytes: u64, members: Vec<Member>) -> Type {
        Type::Record(Record { union, name: None, bytes, members: members.into() })
    }

    fn int(bytes: u64) -> Type {
        Type::Int(Int { name: Symbol::new("int"), bytes, signed: true, encoding: Encoding::Number })
    }

    #[test]
    fn members_are_found_inside_anonymous_ones() {
        let types = Table(vec![
            int(4),
            record(true, 8, vec![member("low", 0, 0), member("both", 0, 0)]),
            Type::Typedef(Symbol::new("anon_t"), id(1)),
            record(false, 24, vec![member("head", 0, 0), member("", 2, 64), member("tail", 0, 128)]),
        ]);
        let Ok(Type::Record(outer)) = types.ty(id(3)) else { panic!("a record") };
        let found = find_member(&types, &outer, Symbol::new("both")).expect("sound").expect("there");
        assert_eq!((found.bit_offset, found.ty), (64, id(0)));
        assert_eq!(find_member(&types, &outer, Symbol::new("none")), Ok(None));
        let names: Vec<_> = member_names(&types, &outer).expect("sound").iter().map(|n| n.as_str()).collect();
        assert_eq!(names, ["head", "low", "both", "tail"]);
    }

    #[test]
    fn sizes_go_through_typedefs_and_dimensions() {
        let array = |element, count| Type::Array(Array { element: id(element), count });
        let types = Table(vec![
            int(4),
            Type::Typedef(Symbol::new("t"), id(0)),
            array(1, Some(3)),
            array(2, Some(5)),
            array(2, None),
            Type::Qualified(Qualifier::Const, id(3)),
            Type::Void,
            array(3, Some(u64::MAX)),
        ]);
        assert_eq!(size_of(&types, id(5)), Ok(Some(60)));
        assert_eq!(size_of(&types, id(4)), Ok(None));
        assert_eq!(size_of(&types, id(6)), Ok(None));
        assert!(size_of(&types, id(7)).is_err());
    }

    #[test]
    fn rings_of_types_are_refused() {
        let types = Table(vec![
            Type::Typedef(Symbol::new("a"), id(1)),
            Type::Qualified(Qualifier::Volatile, id(0)),
            Type::Array(Array { element: id(2), count: Some(1) }),
            record(false, 8, vec![member("", 3, 0)]),
        ]);
        assert!(peel(&types, id(0)).is_err());
        assert!(size_of(&types, id(2)).is_err());
        let Ok(Type::Record(ring)) = types.ty(id(3)) else { panic!("a record") };
        assert!(find_member(&types, &ring, Symbol::new("x")).is_err());
        assert!(member_names(&types, &ring).is_err());
        assert!(peel(&types, id(9)).is_err());
    }
}
