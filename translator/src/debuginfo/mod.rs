//! What is known about the functions, types and variables of a kernel and of its modules.
//!
//! DWARF and BTF answer the same questions: [`DebugInfo`] is one object's (the kernel's or a module's) answers, plain
//! data whichever of them gave it. What only DWARF knows (lines, locals, inlined instances) is an empty list or `None`
//! from BTF.
//!
//! **Handles.** A [`TypeId`] names its object, so a type of the kernel that a module's split BTF refers to is the
//! kernel's own. The number in it is the reader's: a BTF id, or the offset of a DIE.
//!
//! **Input is hostile.** A reader refuses what is broken ([`Broken`]); it never panics, and what walks types is
//! bounded, since types may form rings that C cannot.

pub mod abi;
pub mod btf;
pub mod dwarf;
pub mod elf;
pub mod find;
pub mod function;
pub mod location;
pub mod objects;
pub mod places;
pub mod spell;
#[cfg(test)]
mod tests;
pub mod trace_query;
pub mod tracepoints;
pub mod types;

use std::path::PathBuf;

pub use function::{Call, Function, FunctionId, Label, Outline, Refusal, Role, Site, Statement, Variable};
pub use objects::{Known, Lack, Objects};
pub use tracepoints::Tracepoint;
pub use types::{Type, TypeId, TypeKind, Types};

/// Where answers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The debuginfo that compilers write: everything.
    Dwarf,
    /// What a kernel says about itself: functions, their parameters, types.
    Btf,
}

/// One of the objects that are probed: 0 is the kernel, modules follow in the order in which they were first asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u16);

impl ObjectId {
    /// The kernel itself.
    pub const KERNEL: ObjectId = ObjectId(0);
}

/// What was read, for -v and for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its kind.
    pub kind: Kind,
    /// The file it was read from.
    pub path: PathBuf,
    /// The build id of the object that it describes, when it says.
    pub build_id: Option<Vec<u8>>,
}

/// Debug information that contradicts itself or its format. The text says what and where; the caller adds the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("broken debug information: {0}")]
pub struct Broken(pub String);

/// Bytes as build ids are written.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One object's answers.
pub trait DebugInfo {
    /// What is read.
    fn source(&self) -> &Source;

    /// Calls `visit` for each function that has code of its own or stands inlined somewhere, by name. A name may come
    /// several times: static functions of several files.
    fn each_function(&self, visit: &mut dyn FnMut(&str, FunctionId)) -> Result<(), Broken>;

    /// Calls `visit` for each such function with its name and the file and line that declare it. Only DWARF knows them.
    fn each_declared(&self, _visit: &mut dyn FnMut(&str, &str, u32, FunctionId)) -> Result<(), Broken> {
        Ok(())
    }

    /// The functions of exactly this name.
    fn functions_named(&self, name: &str) -> Result<Vec<FunctionId>, Broken>;

    /// What is known about a function.
    fn function(&self, id: FunctionId) -> Result<Function, Broken>;

    /// Where a function is, without its types.
    fn outline(&self, id: FunctionId) -> Result<Outline, Broken> {
        let Function { declared, entry, inlined, .. } = self.function(id)?;
        Ok(Outline { declared, entry, inlined })
    }

    /// Parameters and, as far as they are known, locals that have a name at `site` of a function, in the order of their
    /// declarations; of several with one name the innermost comes last.
    fn variables(&self, id: FunctionId, site: Site) -> Result<Vec<Variable>, Broken>;

    /// Why the kernel keeps probes away from an instruction, as far as the object says.
    fn refusal(&self, _address: u64) -> Option<Refusal> {
        None
    }

    /// The address of a place in a section, as the other addresses here count it.
    fn address_in(&self, _section: &str, _offset: u64) -> Option<u64> {
        None
    }

    /// A symbol that the running kernel or module knows an address of the object by, and how far the address is
    /// behind it. Only DWARF has addresses.
    fn symbol_at(&self, _address: u64) -> Option<(String, u64)> {
        None
    }

    /// Where lines begin in the code of a function, what stands inlined in it included, by address. Only DWARF knows.
    fn statements(&self, _id: FunctionId) -> Result<Vec<Statement>, Broken> {
        Ok(Vec::new())
    }

    /// The places that `goto` goes to in a function. Only DWARF knows.
    fn labels(&self, _id: FunctionId) -> Result<Vec<Label>, Broken> {
        Ok(Vec::new())
    }

    /// The functions that an instruction lies in: the one whose body it is, then what stands inlined there, the innermost
    /// last. Only DWARF knows.
    fn functions_at(&self, _address: u64) -> Result<Vec<FunctionId>, Broken> {
        Ok(Vec::new())
    }

    /// What a function calls by name. Only DWARF knows.
    fn calls(&self, _id: FunctionId) -> Result<Vec<Call>, Broken> {
        Ok(Vec::new())
    }

    /// The type that a number of this object stands for.
    fn ty(&self, number: u32) -> Result<Type, Broken>;

    /// The type of a name, a definition where there is one.
    fn type_named(&self, kind: TypeKind, name: &str) -> Result<Option<TypeId>, Broken>;

    /// The global or static variable of a name; `file` is a suffix of its source file's path.
    fn global(&self, name: &str, file: Option<&str>) -> Result<Option<Variable>, Broken>;

    /// The value of an enumeration constant.
    fn enumerator(&self, name: &str) -> Result<Option<i64>, Broken>;
}
