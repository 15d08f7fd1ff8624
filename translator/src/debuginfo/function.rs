//! Functions and variables as plain data.

use super::location::Location;
use super::tracepoints::Tracepoint;
use super::types::TypeId;
use crate::source::Symbol;

/// A function, or one inlined instance of it: the reader's number in its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId(pub u32);

/// What is known about a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name in C.
    pub name: Symbol,
    /// Where it is declared.
    pub declared: Option<Declared>,
    /// What it returns; `void` is a type. `None` when nobody says.
    pub result: Option<TypeId>,
    /// It takes further arguments.
    pub variadic: bool,
    /// Linkage: visible outside its file. `None` when nobody says.
    pub external: Option<bool>,
    /// Its code, as addresses of the object as it was linked; `None` when only the kernel's own symbol table knows.
    pub entry: Option<u64>,
    /// Places where it stands inlined.
    pub inlined: Vec<FunctionId>,
}

/// The part of what is known about a function that is at hand for thousands at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Where it is declared.
    pub declared: Option<Declared>,
    /// Its code, as addresses of the object as it was linked.
    pub entry: Option<u64>,
    /// Places where it stands inlined.
    pub inlined: Vec<FunctionId>,
}

/// Where something is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The source file, as the compiler was given it.
    pub file: Symbol,
    /// Its line.
    pub line: u32,
}

/// An instruction at which a line begins, or goes on after others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its address in the object as it was linked.
    pub address: u64,
    /// The source file, as the compiler was given it.
    pub file: Symbol,
    /// The line.
    pub line: u32,
    /// The compiler names it as a place to stop at.
    pub recommended: bool,
}

/// Why the kernel keeps probes away from some code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// All of its section is out of bounds: what the kernel does while it takes a probe, or code that is gone after the
    /// start.
    Section,
    /// It is on the kernel's list of functions that must not be probed.
    Listed,
}

/// A place that `goto` goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: Symbol,
    /// Its address in the object as it was linked.
    pub address: u64,
    /// Its line; 0 when nobody says.
    pub line: u32,
}

/// A call that a function makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// What is called.
    pub name: Symbol,
    /// Its body, or the instance of it that stands inlined in the caller.
    pub callee: FunctionId,
    /// Where the body returns to, as an address of the object as it was linked; `None` for an instance.
    pub returns: Option<u64>,
}

/// Where in a function variables are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Site {
    /// Its first instruction, before it has touched a register.
    Entry,
    /// An instruction, by its address in the object as it was linked.
    Address(u64),
    /// A call that the function makes for a tracepoint: its parameters are those of the call.
    Tracepoint(Tracepoint),
}

/// A parameter, local or global variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name.
    pub name: Symbol,
    /// Its type.
    pub ty: TypeId,
    /// What it is to its function.
    pub role: Role,
    /// Where its value lies.
    pub location: Location,
}

/// What a variable is to its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A parameter.
    Parameter,
    /// A local, or a static inside of the function.
    Local,
    /// Neither: a global or static of the file.
    Global,
}
