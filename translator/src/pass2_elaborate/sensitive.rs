//! Functions that name target variables: each probe that calls one gets a function of its own, for the variables are
//! those of the probe's place.

use super::catalog::ItemRef;
use super::handlers::resolve_function;
use super::names::Names;
use crate::debuginfo::TypeId;
use crate::ir::program::FunctionId;
use crate::pass1_parse::ast::{self, ExprKind, FunctionBody};
use crate::pass1_parse::walk;
use crate::probes::Scope;
use crate::source::Symbol;

/// Deepest chain of calls whose results are looked at before the call.
const MAX_DEPTH: usize = 100;

/// Where the probe stands that a function is called from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The function has returned.
    pub returns: bool,
    /// The function that it stands in.
    pub scope: Option<Scope>,
}

/// What a number is known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// A value of that type.
    Value(TypeId),
    /// The address of a value of that type.
    PointerTo(TypeId),
}

/// What a function's text says before anything in it is resolved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// It, or a function that it calls, names target variables.
    pub sensitive: bool,
    /// Numbers in it have types of the target.
    pub typed: bool,
}

impl Names<'_> {
    /// What some candidates of a call say of themselves, together.
    pub fn traits(&mut self, candidates: &[ItemRef]) -> Traits {
        let mut all = Traits::default();
        for &item in candidates {
            let one = self.traits_of(item);
            all.sensitive |= one.sensitive;
            all.typed |= one.typed;
        }
        all
    }

    fn traits_of(&mut self, item: ItemRef) -> Traits {
        if let Some(known) = self.known_traits.get(&item) {
            return *known;
        }
        // A function that calls itself says nothing new of itself.
        self.known_traits.insert(item, Traits::default());
        let Some(ast::Function { body: FunctionBody::Script(block), .. }) = self.catalog.function_at(item)
        else {
            return Traits::default();
        };
        let mut own = Traits::default();
        let mut calls: Vec<(Symbol, usize)> = Vec::new();
        walk::exprs(block, &mut |expr| match &expr.kind {
            ExprKind::Target(_) | ExprKind::Entry(_) => own = Traits { sensitive: true, typed: true },
            ExprKind::Cast { .. } | ExprKind::AtVar { .. } | ExprKind::Deref { .. } => own.typed = true,
            ExprKind::Call { name, args } => calls.push((*name, args.len())),
            _ => {}
        });
        let file = self.catalog.file(item.file).id;
        for (name, arity) in calls {
            let mut callees = self.catalog.functions(file, name);
            callees.retain(|&callee| {
                self.catalog.function_at(callee).is_some_and(|function| function.params.len() == arity)
            });
            own.sensitive |= self.traits(&callees).sensitive;
        }
        self.known_traits.insert(item, own);
        own
    }

    /// What a call gives for a function's parameters: what all calls before the body is resolved agree on.
    pub fn give(&mut self, function: FunctionId, given: &[Option<Carried>]) {
        let facts = &mut self.functions[function.index()];
        match facts.given.is_empty() {
            true => facts.given = given.to_vec(),
            false => {
                for (known, new) in facts.given.iter_mut().zip(given) {
                    *known = known.filter(|_| known == new);
                }
            }
        }
    }

    /// What a function's result is known to be. Its body is resolved for that, if numbers in it have types at all.
    pub fn result_of(&mut self, function: FunctionId) -> Option<Carried> {
        let facts = &self.functions[function.index()];
        let item = facts.item.filter(|_| !facts.begun);
        if item.is_some_and(|item| self.traits(&[item]).typed) && self.depth < MAX_DEPTH {
            self.depth += 1;
            // The error is in the sink.
            let _ = resolve_function(self, function);
            self.depth -= 1;
        }
        self.functions[function.index()].carried
    }
}
