//! Who calls whom: recursion, depth, and what a call does in the end.

use super::access::{self, Deed};
use crate::ir::Program;
use crate::ir::program::{Function, FunctionBody, FunctionId, GlobalId};

/// What a function does with a global, itself or through calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Use {
    /// The global.
    pub global: GlobalId,
    /// It is changed.
    pub write: bool,
    /// The change is only `<<<`.
    pub aggregate: bool,
}

/// The functions of a program, callees before callers.
pub struct CallGraph {
    callees: Vec<Vec<FunctionId>>,
    /// Strongly connected parts in an order in which callees come first.
    parts: Vec<Vec<FunctionId>>,
}

/// Tarjan's algorithm.
struct Tarjan<'g> {
    callees: &'g [Vec<FunctionId>],
    index: Vec<Option<u32>>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<FunctionId>,
    next: u32,
    parts: Vec<Vec<FunctionId>>,
}

impl CallGraph {
    /// The graph of a program.
    pub fn new(program: &Program) -> Self {
        let callees: Vec<Vec<FunctionId>> =
            program.functions.iter().map(|(_, function)| callees(function)).collect();
        let count = callees.len();
        let mut tarjan = Tarjan {
            callees: &callees,
            index: vec![None; count],
            low: vec![0; count],
            on_stack: vec![false; count],
            stack: Vec::new(),
            next: 0,
            parts: Vec::new(),
        };
        for id in program.functions.handles() {
            if tarjan.index[id.index()].is_none() {
                tarjan.visit(id);
            }
        }
        let parts = tarjan.parts;
        CallGraph { callees, parts }
    }

    /// Functions that can call themselves.
    pub fn recursive(&self) -> bool {
        self.parts.iter().any(|part| self.is_cycle(part))
    }

    /// The strongly connected parts, callees before callers.
    pub fn parts(&self) -> &[Vec<FunctionId>] {
        &self.parts
    }

    /// Whether the functions of a part can call themselves.
    pub fn is_cycle(&self, part: &[FunctionId]) -> bool {
        part.len() > 1 || part.iter().any(|id| self.callees[id.index()].contains(id))
    }

    /// By function: the longest chain of calls that it starts, itself included; a cycle counts its members once.
    pub fn depths(&self) -> Vec<u32> {
        let mut depths = vec![0u32; self.callees.len()];
        for part in &self.parts {
            let below = part.iter().flat_map(|id| &self.callees[id.index()]);
            let deepest = below.map(|callee| depths[callee.index()]).max().unwrap_or(0);
            for id in part {
                depths[id.index()] = deepest + part.len() as u32;
            }
        }
        depths
    }

    /// By function: whether it, or what it calls, has the property.
    pub fn spread(&self, mut has: Vec<bool>) -> Vec<bool> {
        for part in &self.parts {
            let any = part.iter().any(|id| {
                has[id.index()] || self.callees[id.index()].iter().any(|callee| has[callee.index()])
            });
            for id in part {
                has[id.index()] = any;
            }
        }
        has
    }

    /// By function: the globals that it uses, itself and through calls, sorted by handle.
    pub fn uses(&self, program: &Program) -> Vec<Vec<Use>> {
        let mut uses: Vec<Vec<Use>> = vec![Vec::new(); self.callees.len()];
        for part in &self.parts {
            let mut all = Vec::new();
            for id in part {
                body_deeds(&program.functions[*id], &mut |deed| gather(deed, &uses, &mut all));
            }
            normalise(&mut all);
            for id in part {
                uses[id.index()] = all.clone();
            }
        }
        uses
    }
}

impl Tarjan<'_> {
    fn visit(&mut self, id: FunctionId) {
        let at = id.index();
        self.index[at] = Some(self.next);
        self.low[at] = self.next;
        self.next += 1;
        self.stack.push(id);
        self.on_stack[at] = true;
        let callees = self.callees;
        for &callee in &callees[at] {
            match self.index[callee.index()] {
                None => {
                    self.visit(callee);
                    self.low[at] = self.low[at].min(self.low[callee.index()]);
                }
                Some(index) if self.on_stack[callee.index()] => self.low[at] = self.low[at].min(index),
                Some(_) => {}
            }
        }
        if Some(self.low[at]) == self.index[at] {
            self.close(id);
        }
    }

    /// All above the root on the stack is one part.
    fn close(&mut self, root: FunctionId) {
        let mut part = Vec::new();
        while let Some(id) = self.stack.pop() {
            self.on_stack[id.index()] = false;
            part.push(id);
            if id == root {
                break;
            }
        }
        self.parts.push(part);
    }
}

/// Adds a deed to a list of uses; those of callees come from `uses`.
pub fn gather(deed: Deed, uses: &[Vec<Use>], all: &mut Vec<Use>) {
    match deed {
        Deed::Call(callee) => all.extend_from_slice(&uses[callee.index()]),
        Deed::Global(global, access) => all.push(Use {
            global,
            write: access != access::Access::Read,
            aggregate: access == access::Access::Aggregate,
        }),
    }
}

/// Sorts uses and merges those of one global.
pub fn normalise(uses: &mut Vec<Use>) {
    uses.sort_unstable_by_key(|one| one.global);
    uses.dedup_by(|later, kept| {
        let same = later.global == kept.global;
        if same {
            let plain_write = (later.write && !later.aggregate) || (kept.write && !kept.aggregate);
            let reads = !later.write || !kept.write;
            kept.write |= later.write;
            // A read beside `<<<` needs the same care as a plain write does.
            kept.aggregate = kept.write && !plain_write && !reads;
        }
        same
    });
}

fn body_deeds(function: &Function, f: &mut dyn FnMut(Deed)) {
    match &function.body {
        FunctionBody::Script(body) => access::block(body, &mut |deed, _| f(deed)),
        FunctionBody::Embedded(code) => access::embedded(code, &mut |deed, _| f(deed)),
    }
    if let Some(next) = function.next {
        f(Deed::Call(next));
    }
}

fn callees(function: &Function) -> Vec<FunctionId> {
    let mut ids = Vec::new();
    body_deeds(function, &mut |deed| {
        if let Deed::Call(id) = deed {
            ids.push(id);
        }
    });
    ids.sort_unstable();
    ids.dedup();
    ids
}
