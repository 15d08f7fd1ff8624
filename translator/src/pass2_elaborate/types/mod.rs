//! Types: one pass over the program ties variables together, then each has its type or an error.
//!
//! The classic inference walks the program until nothing changes. Variables that are tied by union give the same
//! answer in one walk, so a program of any size needs one.

mod infer;
mod saved;
mod settle;
mod vars;

use std::collections::BTreeMap;

use super::names::Names;
use crate::diag::Sink;
use crate::ir::Program;
use crate::ir::arena::Arena;
use crate::ir::program::{Constant, FunctionBody, Local};
use crate::ir::ty::{Ty, ValueTy};
use crate::source::Span;
use vars::{Kind, Term, Var, Vars};

/// Variables of a global.
struct GlobalVars {
    value: Var,
    keys: Vec<Var>,
}

/// Variables of a function.
struct FunctionVars {
    locals: Vec<Var>,
    ret: Var,
    /// Some `return` has a value, or the declaration says so.
    returns: bool,
}

/// Type variables of everything that has a name.
struct Tables {
    vars: Vars,
    globals: Vec<GlobalVars>,
    functions: Vec<FunctionVars>,
    probes: Vec<Vec<Var>>,
    /// What entries keep for their returns, by the number of the pair and the slot.
    saved: BTreeMap<(u32, u16), Var>,
}

/// Finds all types and writes them into the program. Errors go to the sink.
pub fn types(names: &mut Names<'_>) {
    let mut tables = Tables::new(names);
    infer::program(&names.program, &mut tables, names.sink);
    if names.sink.errors() == 0 {
        settle::program(&mut names.program, &tables, names.sink);
        saved::number(names);
    }
}

impl Tables {
    fn new(names: &Names<'_>) -> Self {
        let mut vars = Vars::default();
        let program = &names.program;
        let globals = program.globals.iter().map(|(_, global)| GlobalVars {
            value: vars.fresh(global.span),
            keys: global.keys.iter().map(|_| vars.fresh(global.span)).collect(),
        });
        let globals: Vec<GlobalVars> = globals.collect();
        let functions = program.functions.iter().map(|(_, function)| FunctionVars {
            locals: fresh_locals(&mut vars, &function.locals),
            ret: vars.fresh(function.span),
            returns: false,
        });
        let functions: Vec<FunctionVars> = functions.collect();
        let probes = program.probes.iter().map(|probe| fresh_locals(&mut vars, &probe.locals)).collect();
        let mut tables = Tables { vars, globals, functions, probes, saved: BTreeMap::new() };
        tables.declare(names, program);
        tables
    }

    /// The variable of a value that an entry keeps.
    fn saved(&mut self, pair: u32, slot: u16, span: Span) -> Var {
        *self.saved.entry((pair, slot)).or_insert_with(|| self.vars.fresh(span))
    }

    /// What the declarations say already.
    fn declare(&mut self, names: &Names<'_>, program: &Program) {
        for (id, global) in program.globals.iter() {
            let var = self.globals[id.index()].value;
            let known = match (&global.init, global.value) {
                (Some(Constant::Long(_)), _) => Some(Kind::Scalar(Ty::Long)),
                (Some(Constant::String(_)), _) => Some(Kind::Scalar(Ty::String)),
                (None, ValueTy::Stat(_)) => Some(Kind::Stats),
                (None, ValueTy::Scalar(_)) => None,
            };
            if let Some(kind) = known {
                self.vars.declare(var, kind, global.span);
            }
        }
        for (id, function) in program.functions.iter() {
            self.declare_function(names, id.index(), function);
        }
    }

    fn declare_function(&mut self, names: &Names<'_>, index: usize, function: &crate::ir::program::Function) {
        let facts = &names.functions[index];
        let tied = &mut self.functions[index];
        tied.returns = facts.ret.is_some();
        for (var, declared) in tied.locals.iter().zip(&facts.params) {
            if let Some(ty) = declared {
                self.vars.declare(*var, Kind::Scalar(*ty), function.span);
            }
        }
        if let Some(ty) = facts.ret {
            self.vars.declare(tied.ret, Kind::Scalar(ty), function.span);
        } else if let FunctionBody::Embedded(_) = function.body {
            // Embedded C without a declared result gives nothing.
            tied.returns = false;
        }
    }
}

fn fresh_locals(vars: &mut Vars, locals: &Arena<Local>) -> Vec<Var> {
    locals.iter().map(|(_, local)| vars.fresh(local.span)).collect()
}

/// The type of a term, when it is settled.
fn known(tables: &Tables, term: Term) -> Option<Kind> {
    match term {
        Term::Known(kind) => Some(kind),
        Term::Var(var) => tables.vars.kind(var),
    }
}

/// Whether errors were reported.
fn failed(sink: &Sink, before: usize) -> bool {
    sink.errors() > before
}
