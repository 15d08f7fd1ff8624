//! Answers from BTF: functions with their parameters at entry, results, types. No lines, locals or inlined instances.

mod convert;
pub mod find;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use btf_rs::Type as Node;

use super::function::{Function, FunctionId, Role, Site, Variable};
use super::location::{Location, Op};
use super::types::{Type, TypeId, TypeKind, Types};
use super::{Broken, DebugInfo, ObjectId, Source, abi};
use crate::source::Symbol;

/// The section of per-CPU variables.
const PER_CPU: &str = ".data..percpu";

/// The BTF of the kernel, or the split BTF of a module.
pub struct Section {
    source: Source,
    object: ObjectId,
    btf: btf_rs::Btf,
    /// The kernel's, which a module's numbers go on from.
    base: Option<Rc<Section>>,
    /// The first number of its own, and the last.
    own: (u32, u32),
}

impl Section {
    /// Its number in handles.
    pub fn id(&self) -> ObjectId {
        self.object
    }

    /// Reads the BTF of a kernel.
    pub fn kernel(source: Source, object: ObjectId, bytes: &[u8]) -> Result<Section, Broken> {
        let btf = btf_rs::Btf::from_bytes(bytes).map_err(|error| Broken(error.to_string()))?;
        let own = btf.base().type_id_range();
        Ok(Section { source, object, btf, base: None, own })
    }

    /// Reads the BTF of a module that was built for the kernel of `base`.
    pub fn module(
        source: Source,
        object: ObjectId,
        bytes: &[u8],
        base: Rc<Section>,
    ) -> Result<Section, Broken> {
        let btf =
            btf_rs::Btf::from_split_bytes(bytes, &base.btf).map_err(|error| Broken(error.to_string()))?;
        let own = btf.split().map_or((1, 0), btf_rs::BtfSection::type_id_range);
        Ok(Section { source, object, btf, base: Some(base), own })
    }

    fn type_id(&self, number: u32) -> TypeId {
        match &self.base {
            Some(base) if number < self.own.0 => base.type_id(number),
            _ => TypeId { object: self.object, number },
        }
    }

    fn read(&self, number: u32) -> Result<Node, Broken> {
        self.btf.resolve_type_by_id(number).map_err(|error| Broken(error.to_string()))
    }

    /// Numbers of a name, in this section or the one below it.
    fn named(&self, name: &str) -> Result<Vec<u32>, Broken> {
        self.btf.resolve_ids_by_name(name).map_err(|error| Broken(error.to_string()))
    }

    /// Where a variable lies. So far pahole writes those of the per-CPU section alone, unless it is told otherwise.
    fn place_of(&self, variable: u32, name: &str) -> Result<Location, Broken> {
        // Sections stand last.
        for number in (self.own.0..=self.own.1).rev() {
            let Node::Datasec(section) = self.read(number)? else { continue };
            let Some(offset) = Self::offset_in(&section, variable) else { continue };
            return Ok(match (self.name(&section)?.as_str(), &self.base) {
                (PER_CPU, None) => Location::Memory(vec![Op::PerCpu(offset)]),
                (PER_CPU, Some(_)) => Location::Missing(
                    "it is a per-CPU variable of a module, whose area only the kernel knows".into(),
                ),
                _ => Location::Symbol(name.to_owned()),
            });
        }
        Ok(Location::Symbol(name.to_owned()))
    }

    fn offset_in(section: &btf_rs::Datasec, variable: u32) -> Option<u64> {
        let found =
            section.variables.iter().find(|info| btf_rs::BtfType::get_type_id(*info) == Some(variable));
        found.map(|info| u64::from(info.offset()))
    }

    fn proto(&self, id: FunctionId) -> Result<(btf_rs::Func, btf_rs::FuncProto), Broken> {
        let Node::Func(function) = self.read(id.0)? else {
            return Err(Broken(format!("BTF id {} is no function", id.0)));
        };
        match self.btf.resolve_chained_type(&function) {
            Ok(Node::FuncProto(proto)) => Ok((function, proto)),
            _ => Err(Broken(format!("BTF function {} has no prototype", id.0))),
        }
    }
}

impl Types for Section {
    fn ty(&self, id: TypeId) -> Result<Type, Broken> {
        match &self.base {
            Some(base) if id.object != self.object => Types::ty(&**base, id),
            _ => self.convert(id.number),
        }
    }
}

impl DebugInfo for Section {
    fn source(&self) -> &Source {
        &self.source
    }

    fn each_function(&self, visit: &mut dyn FnMut(&str, FunctionId)) -> Result<(), Broken> {
        for number in self.own.0..=self.own.1 {
            if let Node::Func(function) = self.read(number)? {
                let name = self.btf.resolve_name(&function).map_err(|error| Broken(error.to_string()))?;
                visit(&name, FunctionId(number));
            }
        }
        Ok(())
    }

    fn functions_named(&self, name: &str) -> Result<Vec<FunctionId>, Broken> {
        let mut found = Vec::new();
        for number in self.named(name)? {
            if number >= self.own.0 && matches!(self.read(number)?, Node::Func(_)) {
                found.push(FunctionId(number));
            }
        }
        Ok(found)
    }

    fn function(&self, id: FunctionId) -> Result<Function, Broken> {
        let (function, proto) = self.proto(id)?;
        Ok(Function {
            name: self.name(&function)?,
            declared: None,
            result: Some(self.type_id(proto.return_type_id())),
            variadic: proto.parameters.iter().any(btf_rs::Parameter::is_variadic),
            // The kernel's BTF calls all functions static.
            external: None,
            entry: None,
            inlined: Vec::new(),
        })
    }

    fn variables(&self, id: FunctionId, site: Site) -> Result<Vec<Variable>, Broken> {
        if site != Site::Entry {
            return Ok(Vec::new());
        }
        let (_, proto) = self.proto(id)?;
        let params: Vec<_> = proto.parameters.iter().filter(|param| !param.is_variadic()).collect();
        let number = |param: &&btf_rs::Parameter| btf_rs::BtfType::get_type_id(*param).unwrap_or(0);
        let types: Vec<_> = params.iter().map(|param| self.type_id(number(param))).collect();
        let locations = abi::parameters(self, &types)?;
        let mut variables = Vec::new();
        for ((param, ty), location) in params.into_iter().zip(types).zip(locations) {
            if let Some(name) = self.optional_name(param)? {
                variables.push(Variable { name, ty, role: Role::Parameter, location });
            }
        }
        Ok(variables)
    }

    fn ty(&self, number: u32) -> Result<Type, Broken> {
        self.convert(number)
    }

    fn type_named(&self, kind: TypeKind, name: &str) -> Result<Option<TypeId>, Broken> {
        let mut declared = None;
        for number in self.named(name)? {
            match (kind, self.read(number)?) {
                (TypeKind::Struct, Node::Struct(_))
                | (TypeKind::Union, Node::Union(_))
                | (TypeKind::Enum, Node::Enum(_) | Node::Enum64(_))
                | (TypeKind::Plain, Node::Typedef(_) | Node::Int(_) | Node::Float(_)) => {
                    return Ok(Some(self.type_id(number)));
                }
                (TypeKind::Struct | TypeKind::Union, Node::Fwd(_)) => declared = Some(self.type_id(number)),
                _ => {}
            }
        }
        Ok(declared)
    }

    fn global(&self, name: &str, _file: Option<&str>) -> Result<Option<Variable>, Broken> {
        for number in self.named(name)? {
            if let Node::Var(variable) = self.read(number)? {
                let ty = btf_rs::BtfType::get_type_id(&variable).unwrap_or(0);
                let location = self.place_of(number, name)?;
                let name = Symbol::new(name);
                return Ok(Some(Variable { name, ty: self.type_id(ty), role: Role::Global, location }));
            }
        }
        Ok(None)
    }

    fn enumerator(&self, name: &str) -> Result<Option<i64>, Broken> {
        let wanted = Symbol::new(name);
        for number in 1..=self.own.1 {
            if let Node::Enum(_) | Node::Enum64(_) = self.read(number)?
                && let Type::Enum(found) = self.convert(number)?
                && let Some((_, value)) = found.values.iter().find(|(name, _)| *name == wanted)
            {
                return Ok(Some(*value));
            }
        }
        Ok(None)
    }
}
