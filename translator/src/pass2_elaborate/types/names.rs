//! What is known of everything that has a name: its type, and where that was first inferred.

use std::collections::BTreeMap;
use std::fmt;

use crate::ir::arena::Arena;
use crate::ir::program::{Constant, Function, FunctionId, GlobalId, Local, LocalId};
use crate::ir::ty::Ty;
use crate::pass2_elaborate::names::Names;
use crate::source::Span;

/// What a value can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A long or a string.
    Scalar(Ty),
    /// A statistic.
    Stats,
}

/// A long.
pub const LONG: Kind = Kind::Scalar(Ty::Long);
/// A string.
pub const STRING: Kind = Kind::Scalar(Ty::String);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Scalar(ty) => ty.fmt(f),
            Kind::Stats => f.write_str("stats"),
        }
    }
}

/// Whose locals and result are meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// A function's.
    Function(FunctionId),
    /// A probe's, by its place in the program.
    Probe(usize),
}

/// Something that has a type.
#[derive(Clone, Copy, Debug)]
pub enum Name {
    /// The value of a global.
    Global(GlobalId),
    /// A part of an array's key.
    Key(GlobalId, usize),
    /// A local or parameter.
    Local(Owner, LocalId),
    /// What a function gives.
    Result(FunctionId),
    /// What an entry keeps for its return: the number of the pair, and the slot.
    Saved(u32, u16),
}

/// What is known of a name.
#[derive(Clone, Copy, Default, Debug)]
pub struct Known {
    /// Its type.
    pub kind: Option<Kind>,
    /// Where that was inferred; a declaration says so where there is none.
    pub place: Option<Span>,
    /// Its number, for a part of a key or a parameter.
    pub index: Option<usize>,
    /// Its first use that told no type.
    pub used: Option<Span>,
}

struct GlobalTypes {
    value: Known,
    keys: Vec<Known>,
}

struct FunctionTypes {
    locals: Vec<Known>,
    ret: Known,
    /// Some `return` has a value, or the declaration says so.
    returns: bool,
}

/// What is known of all names of a program.
pub struct Tables {
    globals: Vec<GlobalTypes>,
    functions: Vec<FunctionTypes>,
    probes: Vec<Vec<Known>>,
    saved: BTreeMap<(u32, u16), Known>,
}

impl Tables {
    /// What the declarations say.
    pub fn new(names: &Names<'_>) -> Self {
        let program = &names.program;
        let globals = program.globals.iter().map(|(_, global)| GlobalTypes {
            value: Known { kind: declared(global.init.as_ref()), ..Known::default() },
            keys: (0..global.keys.len()).map(numbered).collect(),
        });
        let functions = program.functions.iter().map(|(id, function)| {
            let facts = &names.functions[id.index()];
            FunctionTypes {
                locals: parameters(function, &facts.params),
                ret: Known { kind: facts.ret.map(Kind::Scalar), ..Known::default() },
                returns: facts.ret.is_some(),
            }
        });
        Tables {
            globals: globals.collect(),
            functions: functions.collect(),
            probes: program.probes.iter().map(|probe| unknown(&probe.locals)).collect(),
            saved: BTreeMap::new(),
        }
    }

    /// What is known of a name.
    pub fn known(&self, name: Name) -> Known {
        match name {
            Name::Global(id) => self.globals[id.index()].value,
            Name::Key(id, index) => self.globals[id.index()].keys[index],
            Name::Local(Owner::Function(id), local) => self.functions[id.index()].locals[local.index()],
            Name::Local(Owner::Probe(probe), local) => self.probes[probe][local.index()],
            Name::Result(id) => self.functions[id.index()].ret,
            Name::Saved(pair, slot) => self.saved.get(&(pair, slot)).copied().unwrap_or_default(),
        }
    }

    /// The same, to be changed.
    pub fn known_mut(&mut self, name: Name) -> &mut Known {
        match name {
            Name::Global(id) => &mut self.globals[id.index()].value,
            Name::Key(id, index) => &mut self.globals[id.index()].keys[index],
            Name::Local(Owner::Function(id), local) => &mut self.functions[id.index()].locals[local.index()],
            Name::Local(Owner::Probe(probe), local) => &mut self.probes[probe][local.index()],
            Name::Result(id) => &mut self.functions[id.index()].ret,
            Name::Saved(pair, slot) => self.saved.entry((pair, slot)).or_default(),
        }
    }

    /// The types of what an entry keeps, by slot. Values that nobody reads may have none.
    pub fn saved(&self, pair: u32) -> Vec<Option<Ty>> {
        let mut types = Vec::new();
        for ((_, slot), known) in self.saved.range((pair, 0)..=(pair, u16::MAX)) {
            types.resize(usize::from(*slot), None);
            types.push(match known.kind {
                Some(Kind::Scalar(ty)) => Some(ty),
                _ => None,
            });
        }
        types
    }

    /// Says that a function gives a value.
    pub fn gives(&mut self, function: FunctionId) {
        self.functions[function.index()].returns = true;
    }

    /// Whether it does.
    pub fn returns(&self, function: FunctionId) -> bool {
        self.functions[function.index()].returns
    }
}

fn declared(init: Option<&Constant>) -> Option<Kind> {
    init.map(|init| match init {
        Constant::Long(_) => LONG,
        Constant::String(_) => STRING,
    })
}

fn numbered(index: usize) -> Known {
    Known { index: Some(index), ..Known::default() }
}

fn unknown(locals: &Arena<Local>) -> Vec<Known> {
    locals.iter().map(|_| Known::default()).collect()
}

fn parameters(function: &Function, types: &[Option<Ty>]) -> Vec<Known> {
    let mut locals = unknown(&function.locals);
    for (index, known) in locals.iter_mut().take(function.params).enumerate() {
        *known = Known { kind: types.get(index).copied().flatten().map(Kind::Scalar), ..numbered(index) };
    }
    locals
}
