//! Names in bodies become handles: a syntax tree becomes IR whose types are not settled yet.
//!
//! Every [`Ty`] that this makes is provisional (long); `types` settles them. Constants are folded on the way, so that
//! `@defined` decides which branch of the tree is looked at.

mod buckets;
mod expr;
mod misplaced;
mod print;
mod stmt;
mod target;

use rustc_hash::FxHashMap;

use super::catalog::ItemRef;
use super::names::{Names, Reported};
use crate::diag::Code;
use crate::ir::arena::Arena;
use crate::ir::program::{EmbeddedC, GlobalId, Local, LocalId};
use crate::ir::stmt::Block;
use crate::ir::{Expr, ExprKind, Ty};
use crate::pass1_parse::ast;
use crate::pass2_elaborate::limits;
use crate::probes::Scope;
use crate::source::{FileId, Span, Symbol};

pub use super::sensitive::{Caller, Carried};
pub use target::Given;

/// Most keys of an array, and of a call of `[…] in`.
const MAX_KEYS: usize = 10;

/// What a body belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Context {
    /// A function, and where the probe stands that calls it, when it names variables of that place.
    Function(Option<Caller>),
    /// A probe's handler: `returns` when `$return` has a meaning there, the function whose variables it can name, and
    /// what else its point gives.
    Probe { returns: bool, scope: Option<Scope>, given: Option<Given> },
    /// The `if (…)` of a probe point: globals only, nothing changes.
    Condition,
}

/// Resolves one body. Its parts may stand in several files (an alias's prologue, the user's handler).
pub struct Resolver<'r, 'a> {
    names: &'r mut Names<'a>,
    context: Context,
    file: FileId,
    locals: Arena<Local>,
    by_name: FxHashMap<Symbol, LocalId>,
    loops: usize,
    /// What the results of a function are known to be: all the same, or nothing.
    returned: Option<Option<Carried>>,
    /// What the number is known to be that was resolved last.
    carried: Option<Carried>,
    /// What numbers in locals are known to be.
    local_types: FxHashMap<LocalId, Option<Carried>>,
    /// What a return probe wants kept of its function's entry.
    entry: Entry,
    /// The probe of the script whose handler this is a part of.
    handler: Option<ItemRef>,
}

/// The part of a return probe that runs at its function's entry.
#[derive(Default)]
pub struct Entry {
    /// Values to keep, one a slot.
    pub values: Vec<Expr>,
    /// Its own locals, which none of the handler's are.
    pub locals: Arena<Local>,
    by_name: FxHashMap<Symbol, LocalId>,
    local_types: FxHashMap<LocalId, Option<Carried>>,
}

impl<'r, 'a> Resolver<'r, 'a> {
    /// A body whose first locals are `params`.
    pub fn new(names: &'r mut Names<'a>, context: Context, file: FileId, params: Arena<Local>) -> Self {
        let by_name = params.iter().map(|(id, local)| (local.name, id)).collect();
        Resolver {
            names,
            context,
            file,
            locals: params,
            by_name,
            loops: 0,
            returned: None,
            carried: None,
            local_types: FxHashMap::default(),
            entry: Entry::default(),
            handler: None,
        }
    }

    /// Says whose handler the blocks belong to.
    pub fn of_probe(mut self, handler: Option<ItemRef>) -> Self {
        self.handler = handler;
        self
    }

    /// Adds a block that stands in `file`. What could not be resolved was reported and is left out.
    pub fn block(&mut self, file: FileId, block: &ast::Block, out: &mut Block) {
        self.file = file;
        self.stmts(&block.stmts, out);
    }

    /// The program under construction.
    pub fn names(&self) -> &Names<'a> {
        self.names
    }

    /// Resolves a probe point's condition.
    pub fn condition(mut self, expr: &ast::Expr) -> Result<Expr, Reported> {
        self.expr(expr)
    }

    /// What the parameters of a function are known to be, as far as its callers agree.
    pub fn with_types(mut self, given: &[Option<Carried>]) -> Self {
        let params: Vec<LocalId> = self.locals.handles().collect();
        self.local_types.extend(params.into_iter().zip(given.iter().copied()));
        self
    }

    /// Where the code stands, for the functions that it calls.
    fn caller(&self) -> Option<Caller> {
        match self.context {
            Context::Function(caller) => caller,
            Context::Probe { returns, scope, .. } => Some(Caller { returns, scope }),
            Context::Condition => None,
        }
    }

    /// The locals of a function at the end, and what its result is known to be.
    pub fn into_function(self) -> (Arena<Local>, Option<Carried>) {
        (self.locals, self.returned.flatten())
    }

    /// The locals at the end, and what is kept of the function's entry.
    pub fn into_parts(self) -> (Arena<Local>, Entry) {
        (self.locals, self.entry)
    }

    fn error<T>(&self, code: Code, message: impl Into<String>, span: Span) -> Result<T, Reported> {
        self.names.error(code, message, span)
    }

    fn local(&mut self, name: Symbol, span: Span) -> LocalId {
        if let Some(&id) = self.by_name.get(&name) {
            return id;
        }
        let id = self.locals.push(Local { name, ty: Ty::Long, span });
        self.by_name.insert(name, id);
        id
    }

    /// A local of our own, which no name in the script means.
    fn hidden(&mut self, span: Span) -> LocalId {
        let name = Symbol::new(&self.locals.len().to_string());
        self.locals.push(Local { name, ty: Ty::Long, span })
    }

    /// Embedded C inside a body, with the parameters around it that it names.
    fn embedded(&mut self, node: &ast::Embedded) -> Result<EmbeddedC, Reported> {
        let mut code = limits::embedded(self.names, self.file, node)?;
        limits::check_inner(self.names, &code)?;
        if let Context::Function(_) = self.context {
            let named =
                |local: &Local| limits::contains(&node.code, format!("STAP_ARG_{}", local.name).as_bytes());
            code.args = self.locals.iter().filter(|(_, local)| named(local)).map(|(id, _)| id).collect();
        }
        Ok(code)
    }

    /// The global that a name means here, unless a local of the name is known.
    fn global(&mut self, name: Symbol, span: Span) -> Option<GlobalId> {
        if self.by_name.contains_key(&name) {
            return None;
        }
        self.names.global(self.file, name, span)
    }

    /// The global array of a name with so many keys.
    fn array(&mut self, name: Symbol, keys: usize, span: Span) -> Result<GlobalId, Reported> {
        if keys > MAX_KEYS {
            let message = format!("array has {keys} keys, at most {MAX_KEYS} are possible");
            return self.error(Code::Type, message, span);
        }
        match self.global(name, span) {
            Some(id) => {
                self.names.settle_arity(id, keys, span)?;
                Ok(id)
            }
            None => {
                let message =
                    format!("unresolved arity-{keys} global array {name}, missing global declaration?");
                self.error(Code::Unresolved, message, span)
            }
        }
    }
}

/// An expression of provisional type.
fn make(span: Span, kind: ExprKind) -> Expr {
    Expr { span, ty: Ty::Long, kind }
}
