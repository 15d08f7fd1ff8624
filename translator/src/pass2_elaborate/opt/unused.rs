//! Functions, globals and locals that nothing refers to any more.

use rustc_hash::FxHashSet;

use super::Warnings;
use crate::ir::Program;
use crate::ir::arena::{Arena, Renumbering};
use crate::ir::program::{Function, FunctionBody, FunctionId, Global, GlobalId, Local, LocalId};
use crate::ir::refs::{self, Refs};
use crate::ir::stmt::Block;
use crate::pass2_elaborate::access::{self, Deed};
use crate::pass2_elaborate::names::Names;

/// Drops what no probe reaches, and closes the gaps in the arenas. Gives the new handles of `displayed`.
pub fn drop_unreferenced(
    names: &mut Names<'_>,
    displayed: &FxHashSet<GlobalId>,
    warnings: &mut Warnings<'_>,
) -> FxHashSet<GlobalId> {
    let reached = reached_functions(&names.program);
    for (_, function) in names.program.functions.iter().filter(|(id, _)| !reached[id.index()]) {
        warnings.note(format!("Eliding unused function '{}'", function.name), function.span);
    }
    let functions = names.program.functions.retain(|id| reached[id.index()]);
    functions.filter(&mut names.functions);
    let named = named_globals(&mut names.program);
    for (id, global) in names.program.globals.iter() {
        if !named[id.index()] {
            warnings.note(format!("Eliding unused variable '{}'", global.name), global.span);
        }
    }
    let globals = names.program.globals.retain(|id| named[id.index()]);
    globals.filter(&mut names.globals);
    renumber(&mut names.program, &functions, &globals);
    drop_locals(&mut names.program);
    displayed.iter().filter_map(|id| globals.get(*id)).collect()
}

fn reached_functions(program: &Program) -> Vec<bool> {
    let mut reached = vec![false; program.functions.len()];
    let mut work: Vec<FunctionId> = Vec::new();
    for probe in &program.probes {
        access::block(&probe.body, &mut |deed, _| call(deed, &mut work));
    }
    while let Some(id) = work.pop() {
        if std::mem::replace(&mut reached[id.index()], true) {
            continue;
        }
        let function = &program.functions[id];
        work.extend(function.next);
        if let FunctionBody::Script(body) = &function.body {
            access::block(body, &mut |deed, _| call(deed, &mut work));
        }
    }
    reached
}

fn call(deed: Deed, work: &mut Vec<FunctionId>) {
    if let Deed::Call(id) = deed {
        work.push(id);
    }
}

/// Applies something to every body, condition and piece of C of a program.
fn everywhere(program: &mut Program, refs: &mut dyn Refs) {
    for probe in &mut program.probes {
        refs::block(&mut probe.body, refs);
        if let Some(condition) = &mut probe.condition {
            refs::expr(condition, refs);
        }
    }
    for function in program.functions.iter_mut() {
        match &mut function.body {
            FunctionBody::Script(body) => refs::block(body, refs),
            FunctionBody::Embedded(code) => refs::embedded(code, refs),
        }
    }
    for code in &mut program.embedded {
        refs::embedded(code, refs);
    }
}

struct Named(Vec<bool>);

impl Refs for Named {
    fn global(&mut self, id: &mut GlobalId) {
        self.0[id.index()] = true;
    }
}

fn named_globals(program: &mut Program) -> Vec<bool> {
    let mut named = Named(vec![false; program.globals.len()]);
    everywhere(program, &mut named);
    named.0
}

struct Renumber<'r> {
    functions: &'r Renumbering<Function>,
    globals: &'r Renumbering<Global>,
}

impl Refs for Renumber<'_> {
    fn global(&mut self, id: &mut GlobalId) {
        *id = self.globals.get(*id).unwrap_or(*id);
    }

    fn function(&mut self, id: &mut FunctionId) {
        *id = self.functions.get(*id).unwrap_or(*id);
    }
}

fn renumber(program: &mut Program, functions: &Renumbering<Function>, globals: &Renumbering<Global>) {
    everywhere(program, &mut Renumber { functions, globals });
    for function in program.functions.iter_mut() {
        function.next = function.next.and_then(|next| functions.get(next));
    }
}

fn drop_locals(program: &mut Program) {
    for probe in &mut program.probes {
        drop_unused_locals(&mut probe.body, &mut probe.locals, 0);
    }
    for function in program.functions.iter_mut() {
        if let FunctionBody::Script(body) = &mut function.body {
            drop_unused_locals(body, &mut function.locals, function.params);
        }
    }
}

struct Used(Vec<bool>);

impl Refs for Used {
    fn local(&mut self, id: &mut LocalId) {
        self.0[id.index()] = true;
    }
}

struct Moved(Renumbering<Local>);

impl Refs for Moved {
    fn local(&mut self, id: &mut LocalId) {
        *id = self.0.get(*id).unwrap_or(*id);
    }
}

fn drop_unused_locals(body: &mut Block, locals: &mut Arena<Local>, params: usize) {
    let mut used = Used(vec![false; locals.len()]);
    refs::block(body, &mut used);
    used.0[..params].fill(true);
    if used.0.contains(&false) {
        let moved = locals.retain(|id| used.0[id.index()]);
        refs::block(body, &mut Moved(moved));
    }
}
