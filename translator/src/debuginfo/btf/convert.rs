//! BTF's types as ours.

use btf_rs::BtfType;

use super::Section;
use crate::debuginfo::Broken;
use crate::debuginfo::types::{
    Array, Encoding, Enum, Int, Member, Qualifier, Record, Signature, Type, TypeId, TypeKind,
};
use crate::source::Symbol;

impl Section {
    /// The type that a number stands for.
    pub(super) fn convert(&self, number: u32) -> Result<Type, Broken> {
        use btf_rs::Type as Btf;
        Ok(match self.read(number)? {
            Btf::Void => Type::Void,
            Btf::Int(int) => Type::Int(self.int(&int)?),
            Btf::Float(float) => Type::Float(self.name(&float)?, float.size() as u64),
            Btf::Ptr(pointer) => Type::Pointer(self.target(&pointer)?),
            Btf::Array(array) => Type::Array(Array {
                element: self.target(&array)?,
                // BTF writes `x[]` and `x[0]` alike.
                count: Some(array.len() as u64).filter(|&count| count > 0),
            }),
            Btf::Struct(record) => self.record(&record, false)?,
            Btf::Union(record) => self.record(&record, true)?,
            Btf::Fwd(forward) => {
                let kind = if forward.is_union() { TypeKind::Union } else { TypeKind::Struct };
                Type::Declared(kind, self.name(&forward)?)
            }
            Btf::Enum(node) => {
                // Their values are 32 bits wide.
                let extend =
                    |value: u32| if node.is_signed() { i64::from(value as i32) } else { i64::from(value) };
                let values = node.members.iter().map(|one| Ok((self.name(one)?, extend(one.val()))));
                Type::Enum(self.enumeration(
                    &node,
                    node.size(),
                    node.is_signed(),
                    values.collect::<Result<_, Broken>>()?,
                )?)
            }
            Btf::Enum64(node) => {
                let values = node.members.iter().map(|one| Ok((self.name(one)?, one.val() as i64)));
                Type::Enum(self.enumeration(
                    &node,
                    node.size(),
                    node.is_signed(),
                    values.collect::<Result<_, Broken>>()?,
                )?)
            }
            Btf::Typedef(typedef) => Type::Typedef(self.name(&typedef)?, self.target(&typedef)?),
            Btf::Const(node) => Type::Qualified(Qualifier::Const, self.target(&node)?),
            Btf::Volatile(node) => Type::Qualified(Qualifier::Volatile, self.target(&node)?),
            Btf::Restrict(node) => Type::Qualified(Qualifier::Restrict, self.target(&node)?),
            Btf::TypeTag(tag) => Type::Qualified(Qualifier::Tag(self.name(&tag)?), self.target(&tag)?),
            Btf::FuncProto(proto) => Type::Function(self.signature(&proto)),
            other => {
                return Err(Broken(format!("BTF id {number} is used as a type and is a {}", other.name())));
            }
        })
    }

    fn int(&self, int: &btf_rs::Int) -> Result<Int, Broken> {
        let name = self.name(int)?;
        let encoding = match name.as_str() {
            _ if int.is_bool() => Encoding::Boolean,
            // Compilers leave the mark for characters out.
            "char" | "signed char" | "unsigned char" => Encoding::Character,
            _ if int.is_char() => Encoding::Character,
            _ => Encoding::Number,
        };
        Ok(Int { name, bytes: int.size() as u64, signed: int.is_signed(), encoding })
    }

    fn record(&self, record: &btf_rs::Struct, union: bool) -> Result<Type, Broken> {
        let member = |member: &btf_rs::Member| {
            Ok(Member {
                name: self.optional_name(member)?,
                ty: self.target(member)?,
                bit_offset: u64::from(member.bit_offset()),
                bit_size: member.bitfield_size().filter(|&bits| bits > 0),
            })
        };
        let members = record.members.iter().map(member).collect::<Result<_, Broken>>()?;
        Ok(Type::Record(Record {
            union,
            name: self.optional_name(record)?,
            bytes: record.size() as u64,
            members,
        }))
    }

    fn enumeration(
        &self,
        node: &dyn BtfType,
        bytes: usize,
        signed: bool,
        values: Vec<(Symbol, i64)>,
    ) -> Result<Enum, Broken> {
        Ok(Enum { name: self.optional_name(node)?, bytes: bytes as u64, signed, values: values.into() })
    }

    /// The type of a function; a parameter without name and type stands for further arguments.
    fn signature(&self, proto: &btf_rs::FuncProto) -> Signature {
        let fixed = proto.parameters.iter().filter(|param| !param.is_variadic());
        Signature {
            result: self.type_id(proto.return_type_id()),
            params: fixed.filter_map(BtfType::get_type_id).map(|number| self.type_id(number)).collect(),
            variadic: proto.parameters.iter().any(btf_rs::Parameter::is_variadic),
        }
    }

    fn target(&self, node: &dyn BtfType) -> Result<TypeId, Broken> {
        let number = node.get_type_id().ok_or_else(|| Broken("a BTF type lacks its target".into()))?;
        Ok(self.type_id(number))
    }

    /// The name of what must have one.
    pub(super) fn name(&self, node: &dyn BtfType) -> Result<Symbol, Broken> {
        let name = self.optional_name(node)?;
        Ok(name.unwrap_or_else(|| Symbol::new("")))
    }

    pub(super) fn optional_name(&self, node: &dyn BtfType) -> Result<Option<Symbol>, Broken> {
        if node.get_name_offset().unwrap_or(0) == 0 {
            return Ok(None);
        }
        let name = self.btf.resolve_name(node).map_err(|error| Broken(error.to_string()))?;
        Ok(Some(Symbol::new(&name)))
    }
}
