//! What the whole program's functions do, found once: which globals they change, whether they print, what they cost.

use std::collections::BTreeSet;

use crate::ir::expr::{Expr, ExprKind, Piece, Place};
use crate::ir::program::{EmbeddedC, Function, FunctionBody, FunctionId, GlobalId, LocalId, Program};
use crate::ir::stmt::{Block, StmtKind};
use crate::ir::visit::{self, look};
use crate::pass2_elaborate::callgraph::CallGraph;

/// Facts about one function, those it calls included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionFacts {
    /// Globals that it may change.
    pub writes: BTreeSet<GlobalId>,
    /// Arrays that it sorts.
    pub sorts: BTreeSet<GlobalId>,
    /// It may print.
    pub prints: bool,
    /// Functions that it calls itself.
    pub calls: BTreeSet<FunctionId>,
    /// Statements of one call; `None` when a loop or a recursion makes them depend on values.
    pub cost: Option<u32>,
}

/// Facts about all functions, by handle.
#[derive(Debug)]
pub struct Facts(Vec<FunctionFacts>);

impl Facts {
    /// Looks at the whole program.
    pub fn of(program: &Program) -> Facts {
        let graph = CallGraph::new(program);
        let mut facts = Facts(program.functions.iter().map(|(_, function)| direct(function)).collect());
        for part in graph.parts() {
            facts.settle(program, part, graph.is_cycle(part));
        }
        facts
    }

    /// Functions that call each other have the same facts, and those of all that they call, which are known by now.
    fn settle(&mut self, program: &Program, part: &[FunctionId], cycle: bool) {
        let mut all = FunctionFacts::default();
        for id in part {
            merge(&mut all, self.function(*id));
            self.function(*id).calls.iter().for_each(|callee| merge(&mut all, self.function(*callee)));
        }
        for id in part {
            let cost = match &program.functions[*id].body {
                _ if cycle => None,
                FunctionBody::Script(block) => self.cost(block),
                FunctionBody::Embedded(_) => Some(1),
            };
            let calls = std::mem::take(&mut self.0[id.index()].calls);
            self.0[id.index()] = FunctionFacts { calls, cost, ..all.clone() };
        }
    }

    /// Facts about one function.
    pub fn function(&self, id: FunctionId) -> &FunctionFacts {
        &self.0[id.index()]
    }

    /// Facts about a handler.
    pub fn handler(&self, body: &Block) -> FunctionFacts {
        let mut facts = FunctionFacts::default();
        look_at(body, &mut facts);
        for callee in facts.calls.clone() {
            merge(&mut facts, self.function(callee));
        }
        facts.cost = self.cost(body);
        facts
    }

    /// Statements of a block that runs to its end, the dearer branch of each `if`; `None` when it loops.
    pub fn cost(&self, block: &Block) -> Option<u32> {
        let mut loops = false;
        look::all_stmts(block, &mut |stmt| {
            loops |= matches!(stmt.kind, StmtKind::Loop { .. } | StmtKind::Foreach(_));
        });
        let mut bounded = !loops;
        look::all_exprs(block, &mut |expr| {
            if let ExprKind::Call { function, .. } = &expr.kind {
                bounded &= self.function(*function).cost.is_some();
            }
        });
        bounded.then(|| self.straight_cost(block))
    }

    /// The same without loop bodies and without callees that count for themselves.
    pub fn straight_cost(&self, block: &Block) -> u32 {
        let mut cost = 0u32;
        for stmt in block {
            let mut own = 1u32;
            look::stmt_exprs(stmt, &mut |expr| {
                look::deep(expr, &mut |inner| {
                    if let ExprKind::Call { function, .. } = &inner.kind {
                        own = own.saturating_add(self.function(*function).cost.unwrap_or(0));
                    }
                });
            });
            own = own.saturating_add(match &stmt.kind {
                StmtKind::Block(inner) => self.straight_cost(inner),
                StmtKind::If { then, otherwise, .. } => {
                    self.straight_cost(then).max(self.straight_cost(otherwise))
                }
                StmtKind::Try { body, handler, .. } => {
                    self.straight_cost(body).saturating_add(self.straight_cost(handler))
                }
                _ => 0,
            });
            cost = cost.saturating_add(own);
        }
        cost
    }

    /// For each expression: whether those after it, or `then`, can change what it gave while that is in no temporary.
    pub fn disturbed(&self, exprs: &[&Expr], then: &[&Expr]) -> Vec<bool> {
        let mut written = Written::default();
        then.iter().for_each(|expr| self.add_written(expr, &mut written));
        let backwards = exprs.iter().rev().map(|expr| {
            let disturbed = written.disturbs(expr);
            self.add_written(expr, &mut written);
            disturbed
        });
        let mut disturbed: Vec<bool> = backwards.collect();
        disturbed.reverse();
        disturbed
    }

    fn add_written(&self, expr: &Expr, written: &mut Written) {
        look::deep(expr, &mut |inner| match &inner.kind {
            ExprKind::Assign { place, .. }
            | ExprKind::AssignBinary { place, .. }
            | ExprKind::AssignConcat { place, .. }
            | ExprKind::Aggregate { place, .. }
            | ExprKind::Crement { place, .. } => written.add(place),
            ExprKind::Call { function, .. } => written.globals.extend(self.function(*function).writes.iter()),
            ExprKind::Embedded(embedded) => {
                written.globals.extend(&embedded.writes);
                written.locals.extend(&embedded.args);
            }
            _ => {}
        });
    }
}

/// Whether some statement or expression prints such a piece.
pub fn printed(program: &Program, wanted: impl Fn(&Piece) -> bool) -> bool {
    let mut found = false;
    for block in visit::bodies(program) {
        look::all_stmts(block, &mut |stmt| {
            if let StmtKind::Print(print) = &stmt.kind {
                found |= print.pieces.iter().any(&wanted);
            }
        });
        look::all_exprs(block, &mut |expr| {
            if let ExprKind::Print(print) = &expr.kind {
                found |= print.pieces.iter().any(&wanted);
            }
        });
    }
    found
}

/// What some expressions may write.
#[derive(Default)]
struct Written {
    locals: BTreeSet<LocalId>,
    globals: BTreeSet<GlobalId>,
}

impl Written {
    fn add(&mut self, place: &Place) {
        match place {
            Place::Local(local, _) => drop(self.locals.insert(*local)),
            Place::Global(global, _) | Place::Element(global, ..) => drop(self.globals.insert(*global)),
        }
    }

    /// Whether what `earlier` gave may change.
    fn disturbs(&self, earlier: &Expr) -> bool {
        let mut hit = false;
        look::deep(earlier, &mut |expr| {
            hit |= match &expr.kind {
                ExprKind::Local(local) => self.locals.contains(local),
                ExprKind::Global(global) => self.globals.contains(global),
                ExprKind::Element { array, .. } => self.globals.contains(array),
                ExprKind::Assign { place, .. }
                | ExprKind::AssignBinary { place, .. }
                | ExprKind::AssignConcat { place, .. }
                | ExprKind::Crement { place, .. } => self.has(place),
                _ => false,
            };
        });
        hit
    }

    fn has(&self, place: &Place) -> bool {
        match place {
            Place::Local(local, _) => self.locals.contains(local),
            Place::Global(global, _) | Place::Element(global, ..) => self.globals.contains(global),
        }
    }
}

fn merge(into: &mut FunctionFacts, from: &FunctionFacts) {
    into.writes.extend(&from.writes);
    into.sorts.extend(&from.sorts);
    into.prints |= from.prints;
}

fn direct(function: &Function) -> FunctionFacts {
    let mut facts = FunctionFacts::default();
    match &function.body {
        FunctionBody::Script(block) => look_at(block, &mut facts),
        FunctionBody::Embedded(embedded) => look_at_embedded(embedded, &mut facts),
    }
    // A candidate that says `next` is followed by the others, whoever called it.
    facts.calls.extend(function.next);
    facts
}

fn look_at_embedded(embedded: &EmbeddedC, facts: &mut FunctionFacts) {
    facts.writes.extend(&embedded.writes);
    // Only the context gives access to the output, and STAP_PRINTF is the documented way.
    facts.prints |= [&b"STAP_PRINTF"[..], b"CONTEXT", b"stp_out_", b"_stp_print"]
        .iter()
        .any(|word| embedded.code.windows(word.len()).any(|at| at == *word));
}

fn look_at(block: &Block, facts: &mut FunctionFacts) {
    look::all_stmts(block, &mut |stmt| match &stmt.kind {
        StmtKind::Print(_) => facts.prints = true,
        StmtKind::DeleteAll(global) | StmtKind::DeleteElement { array: global, .. } => {
            facts.writes.insert(*global);
        }
        StmtKind::Foreach(foreach) if foreach.sort.is_some() => {
            facts.sorts.insert(foreach.array);
        }
        StmtKind::Embedded(embedded) => look_at_embedded(embedded, facts),
        _ => {}
    });
    look::all_exprs(block, &mut |expr| match &expr.kind {
        ExprKind::Call { function, .. } => drop(facts.calls.insert(*function)),
        ExprKind::Embedded(embedded) => look_at_embedded(embedded, facts),
        ExprKind::Assign { place, .. }
        | ExprKind::AssignBinary { place, .. }
        | ExprKind::AssignConcat { place, .. }
        | ExprKind::Aggregate { place, .. }
        | ExprKind::Crement { place, .. } => match place.as_ref() {
            Place::Global(global, _) | Place::Element(global, ..) => drop(facts.writes.insert(*global)),
            Place::Local(..) => {}
        },
        _ => {}
    });
}
