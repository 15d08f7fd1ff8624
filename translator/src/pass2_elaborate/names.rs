//! Names to handles: a global or function enters the program when something first refers to it.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::catalog::{Catalog, ItemRef};
use super::limits;
use super::sensitive::{Caller, Carried, Traits};
use crate::debuginfo::{Objects, TypeId};
use crate::diag::suggest::similar;
use crate::diag::{Code, Diagnostic, Sink};
use crate::ir::Program;
use crate::ir::arena::Arena;
use crate::ir::program::{Constant, Function, FunctionBody, FunctionId, Global, GlobalId, LinkSymbol, Local};
use crate::ir::stmt::Block;
use crate::ir::ty::{Ty, ValueTy};
use crate::pass1_parse::ast::{self, Literal, TypeName};
use crate::probes::Scope;
use crate::session::Session;
use crate::source::{FileId, Span, Symbol, token_text};

/// Errors up to this many come with similar names.
const MAX_HINTS: usize = 20;

/// An error was reported; the caller goes on with what it can.
#[derive(Clone, Copy, Debug)]
pub struct Reported;

/// What is known of a global beside its IR.
#[derive(Clone, Debug)]
pub struct GlobalFacts {
    /// Number of keys and the place that settled it.
    pub arity: Option<(usize, Span)>,
    /// `[N]` or `%` make it an array, whatever its number of keys.
    pub array: bool,
    /// Declared by the library.
    pub library: bool,
    /// Some `foreach` walks its buckets, which is a use although the loop itself does not look at it.
    pub walked: bool,
}

/// What is known of a function beside its IR.
#[derive(Clone, Debug)]
pub struct FunctionFacts {
    /// Its declaration; none for one that the translator made.
    pub item: Option<ItemRef>,
    /// Declared types of parameters.
    pub params: Vec<Option<Ty>>,
    /// Declared type of the result.
    pub ret: Option<Ty>,
    /// The place of the probe whose variables it names.
    pub caller: Option<Caller>,
    /// What the numbers are known to be that calls give for its parameters.
    pub given: Vec<Option<Carried>>,
    /// What its result is known to be, once its body is resolved.
    pub carried: Option<Carried>,
    /// Its body is resolved, or is being.
    pub begun: bool,
}

/// The program under construction, and the tables that find things in it.
pub struct Names<'a> {
    /// Session.
    pub session: &'a Session<'a>,
    /// Diagnostics.
    pub sink: &'a Sink,
    /// Declarations.
    pub catalog: Catalog<'a>,
    /// What is known about functions and types of the kernel and its modules.
    pub objects: Objects<'a>,
    /// The program so far.
    pub program: Program,
    /// By position in the program's probes, before any is dropped: the function that a probe stands at.
    pub scopes: Vec<Option<Scope>>,
    /// The functions that name the constants of an enumeration.
    pub enum_names: FxHashMap<TypeId, FunctionId>,
    /// What numbers in globals are known to be.
    pub global_types: FxHashMap<GlobalId, Option<Carried>>,
    /// By handle.
    pub globals: Vec<GlobalFacts>,
    /// By handle.
    pub functions: Vec<FunctionFacts>,
    /// Functions whose bodies are not resolved yet.
    pub queue: VecDeque<FunctionId>,
    global_of: FxHashMap<ItemRef, GlobalId>,
    /// How many bodies are being resolved for what their results are.
    pub depth: usize,
    /// What functions say of themselves, as far as somebody asked.
    pub known_traits: FxHashMap<ItemRef, Traits>,
    chain_of: FxHashMap<(Vec<ItemRef>, usize, Option<Caller>), FunctionId>,
    unique: FxHashSet<Symbol>,
    suffixes: FxHashMap<Symbol, u32>,
}

impl<'a> Names<'a> {
    /// An empty program.
    pub fn new(session: &'a Session<'a>, sink: &'a Sink, catalog: Catalog<'a>) -> Self {
        Names {
            session,
            sink,
            catalog,
            objects: Objects::new(session),
            program: Program::default(),
            scopes: Vec::new(),
            enum_names: FxHashMap::default(),
            global_types: FxHashMap::default(),
            globals: Vec::new(),
            functions: Vec::new(),
            queue: VecDeque::new(),
            global_of: FxHashMap::default(),
            depth: 0,
            known_traits: FxHashMap::default(),
            chain_of: FxHashMap::default(),
            unique: FxHashSet::default(),
            suffixes: FxHashMap::default(),
        }
    }

    /// Reports an error.
    pub fn error<T>(&self, code: Code, message: impl Into<String>, span: Span) -> Result<T, Reported> {
        self.sink.push(Diagnostic::semantic(code, message, span));
        Err(Reported)
    }

    /// The global that a name in `file`, at `span`, means.
    pub fn global(&mut self, file: FileId, name: Symbol, span: Span) -> Option<GlobalId> {
        let item = self.catalog.global(file, name)?;
        let id = self.global_at(item)?;
        if !self.globals[id.index()].library && self.session.sources.file(file).library {
            self.warn_of_crossing(id, span);
        }
        Some(id)
    }

    /// A library file that means a local of its own may meet a global of the script by mistake.
    fn warn_of_crossing(&self, id: GlobalId, span: Span) {
        let sources = &self.session.sources;
        let declared = self.program.globals[id].span;
        let name = token_text::describe(&sources.text(declared));
        let place = sources.place(declared);
        let message = format!("cross-file global variable reference to {name} at {place} from");
        self.sink.push(Diagnostic::warning(Code::Suspicious, message, span));
    }

    /// Statistics whose buckets are walked.
    pub fn walked(&self) -> impl Iterator<Item = GlobalId> {
        self.program.globals.handles().filter(|id| self.globals[id.index()].walked)
    }

    /// The handle of a declared global.
    pub fn global_at(&mut self, item: ItemRef) -> Option<GlobalId> {
        if let Some(&id) = self.global_of.get(&item) {
            return Some(id);
        }
        self.catalog.use_file(item.file);
        let library = self.catalog.is_library(item.file);
        let node = self.catalog.global_at(item)?.clone();
        let unique = self.unique_name(node.name, node.private);
        let id = self.program.globals.push(Global {
            name: node.name,
            unique,
            span: node.span,
            keys: Vec::new(),
            value: ValueTy::Scalar(Ty::Long),
            init: node.init.as_ref().map(constant),
            size: node.size,
            wrap: node.wrap,
            module_param: !node.private,
            written: false,
        });
        let arity = node.init.is_some().then_some((0, node.span));
        let array = node.size.is_some() || node.wrap;
        self.globals.push(GlobalFacts { arity, array, library, walked: false });
        self.global_of.insert(item, id);
        Some(id)
    }

    /// Settles how many keys a global has, or reports that it had another number of them.
    pub fn settle_arity(&mut self, id: GlobalId, keys: usize, span: Span) -> Result<(), Reported> {
        let facts = &mut self.globals[id.index()];
        match facts.arity {
            None if keys == 0 && facts.array => {
                let message = "array global is used without an index";
                let declared = self.program.globals[id].span;
                self.sink.push(Diagnostic::semantic(Code::Type, message, span).and_at(declared));
                Err(Reported)
            }
            None => {
                facts.arity = Some((keys, span));
                Ok(())
            }
            Some((known, _)) if known == keys => Ok(()),
            Some((known, first)) => {
                let message = format!("inconsistent arity ({known} vs {keys})");
                let cause =
                    Diagnostic::semantic(Code::Type, format!("arity {known} first inferred here"), first);
                self.sink.push(Diagnostic::semantic(Code::Type, message, span).caused_by(cause));
                Err(Reported)
            }
        }
    }

    /// The first candidate for a call of `name` with so many arguments.
    pub fn function(
        &mut self,
        file: FileId,
        name: Symbol,
        arity: usize,
        caller: Option<Caller>,
        span: Span,
    ) -> Result<FunctionId, Reported> {
        let mut candidates = self.catalog.functions(file, name);
        let Some(&first) = candidates.first() else { return self.unresolved_function(name, span) };
        candidates.retain(|&item| {
            self.catalog.function_at(item).is_some_and(|function| function.params.len() == arity)
        });
        if candidates.is_empty() {
            return self.arity_mismatch(name, first, span);
        }
        let caller = caller.filter(|_| self.traits(&candidates).sensitive);
        let Some(head) = self.chain(candidates, arity, caller) else {
            return self.unresolved_function(name, span);
        };
        let next = |&id: &FunctionId| self.program.functions[id].next;
        let chain: Vec<FunctionId> = std::iter::successors(Some(head), next).collect();
        limits::check_call(self, &chain, file, span)?;
        Ok(head)
    }

    fn unresolved_function(&self, name: Symbol, span: Span) -> Result<FunctionId, Reported> {
        // A text that is no script at all has thousands of unknown functions; nobody reads that many hints.
        let near = if self.sink.errors() < MAX_HINTS {
            let names = self.catalog.function_names();
            similar(name.as_str(), names.iter().map(String::as_str))
        } else {
            String::new()
        };
        self.error(Code::Unresolved, format!("unresolved function {name}{near}"), span)
    }

    fn arity_mismatch(&self, name: Symbol, first: ItemRef, span: Span) -> Result<FunctionId, Reported> {
        let declared = self.catalog.function_at(first);
        let (takes, at) = declared.map_or((0, span), |function| (function.params.len(), function.span));
        let message = format!("arity mismatch found (function '{name}' takes {takes} args)");
        self.sink.push(Diagnostic::semantic(Code::Unresolved, message, span).and_at(at));
        Err(Reported)
    }

    /// The functions that a call tries one after the other, linked; the head's handle.
    fn chain(
        &mut self,
        candidates: Vec<ItemRef>,
        arity: usize,
        caller: Option<Caller>,
    ) -> Option<FunctionId> {
        let key = (candidates, arity, caller);
        if let Some(&head) = self.chain_of.get(&key) {
            return Some(head);
        }
        let order = self.reachable_candidates(&key.0);
        let ids: Vec<FunctionId> = order.iter().filter_map(|&item| self.new_function(item, caller)).collect();
        for pair in ids.windows(2) {
            self.program.functions[pair[0]].next = Some(pair[1]);
        }
        let head = *ids.first()?;
        self.chain_of.insert(key, head);
        Some(head)
    }

    /// By priority, then as declared; those behind one that never says `next` are left out with a warning.
    fn reachable_candidates(&self, candidates: &[ItemRef]) -> Vec<ItemRef> {
        let declared = |item: ItemRef| self.catalog.function_at(item);
        let priority = |item: &ItemRef| {
            let default = u64::from(self.catalog.is_library(item.file));
            declared(*item).and_then(|function| function.priority).unwrap_or(default)
        };
        let mut order = candidates.to_vec();
        order.sort_by_key(priority);
        let passes_on = |&item: &ItemRef| declared(item).is_some_and(says_next);
        let reached = order.iter().position(|item| !passes_on(item)).map_or(order.len(), |last| last + 1);
        for &item in &order[reached..] {
            if let Some(function) = declared(item).filter(|_| !self.catalog.is_library(item.file)) {
                let message = "instance of overloaded function will never be reached";
                self.sink.push(Diagnostic::warning(Code::Unused, message, function.span));
            }
        }
        order.truncate(reached);
        order
    }

    fn new_function(&mut self, item: ItemRef, caller: Option<Caller>) -> Option<FunctionId> {
        self.catalog.use_file(item.file);
        let node = self.catalog.function_at(item)?;
        let (name, span, private) = (node.name, node.span, node.private);
        let facts = FunctionFacts {
            item: Some(item),
            params: node.params.iter().map(|param| param.ty.map(scalar)).collect(),
            ret: node.ret.map(scalar),
            caller,
            given: Vec::new(),
            carried: None,
            begun: false,
        };
        let mut locals = Arena::default();
        for param in &node.params {
            locals.push(Local { name: param.name, ty: Ty::Long, span: param.span });
        }
        let params = locals.len();
        let unique = self.unique_name(name, private);
        let body = FunctionBody::Script(Vec::new());
        let id = self.program.functions.push(Function {
            name,
            unique,
            span,
            locals,
            params,
            ret: None,
            body,
            next: None,
        });
        self.functions.push(facts);
        self.queue.push_back(id);
        Some(id)
    }

    /// A function of the translator's own: its locals are parameters of type long, its result is a string.
    pub fn own_function(&mut self, name: &str, locals: Arena<Local>, body: Block, span: Span) -> FunctionId {
        let name = Symbol::new(&format!("__{name}"));
        let unique = self.unique_name(name, true);
        let params = locals.len();
        self.functions.push(FunctionFacts {
            item: None,
            params: vec![Some(Ty::Long); params],
            ret: Some(Ty::String),
            caller: None,
            given: Vec::new(),
            carried: None,
            begun: true,
        });
        let body = FunctionBody::Script(body);
        let ret = Some(Ty::String);
        self.program.functions.push(Function { name, unique, span, locals, params, ret, body, next: None })
    }

    /// The place of a symbol in the table of those that are found at load.
    pub fn link_symbol(&mut self, module: &str, name: &str) -> u32 {
        let symbols = &mut self.program.symbols;
        let known = symbols.iter().position(|symbol| symbol.module == module && symbol.name == name);
        let index = known.unwrap_or_else(|| {
            symbols.push(LinkSymbol { module: module.to_owned(), name: name.to_owned() });
            symbols.len() - 1
        });
        index as u32
    }

    /// A C identifier that nothing else in the program has.
    fn unique_name(&mut self, name: Symbol, private: bool) -> Symbol {
        if !private && self.unique.insert(name) {
            return name;
        }
        let kind = if private { "private" } else { "overload" };
        loop {
            let count = self.suffixes.entry(name).and_modify(|n| *n += 1).or_insert(1);
            let candidate = Symbol::new(&format!("{name}__{kind}_{count}"));
            if self.unique.insert(candidate) {
                return candidate;
            }
        }
    }
}

/// The IR type of a declared one.
pub fn scalar(ty: TypeName) -> Ty {
    match ty {
        TypeName::Long => Ty::Long,
        TypeName::String => Ty::String,
    }
}

fn constant(literal: &Literal) -> Constant {
    match literal {
        Literal::Number(number) => Constant::Long(*number),
        Literal::String(bytes) => Constant::String(bytes.clone()),
    }
}

/// Whether a function may hand over to the next candidate.
fn says_next(function: &ast::Function) -> bool {
    match &function.body {
        ast::FunctionBody::Embedded(code) => limits::contains(&code.code, b"STAP_NEXT"),
        ast::FunctionBody::Script(block) => block.stmts.iter().any(stmt_says_next),
    }
}

fn stmt_says_next(stmt: &ast::Stmt) -> bool {
    use ast::StmtKind;
    let any = |block: &ast::Block| block.stmts.iter().any(stmt_says_next);
    match &stmt.kind {
        StmtKind::Next => true,
        StmtKind::Block(block) => any(block),
        StmtKind::If { then, otherwise, .. } => {
            stmt_says_next(then) || otherwise.as_deref().is_some_and(stmt_says_next)
        }
        StmtKind::While { body, .. } | StmtKind::For { body, .. } => stmt_says_next(body),
        StmtKind::Foreach(foreach) => stmt_says_next(&foreach.body),
        StmtKind::Try { body, handler, .. } => any(body) || any(handler),
        StmtKind::Embedded(code) => limits::contains(&code.code, b"STAP_NEXT"),
        StmtKind::Null
        | StmtKind::Expr(_)
        | StmtKind::Return(_)
        | StmtKind::Delete(_)
        | StmtKind::Break
        | StmtKind::Continue => false,
    }
}
