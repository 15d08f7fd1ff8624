//! The rules of expressions: what each says about the types of its parts, and what its place says about it.

use rustc_hash::{FxHashMap, FxHashSet};

use super::names::{Kind, LONG, Name, Owner, STRING, Tables};
use crate::diag::{Code, Diagnostic, Sink};
use crate::ir::expr::{ContextValue, Place, StatRef};
use crate::ir::program::{Constant, FunctionBody, FunctionId, GlobalId};
use crate::ir::stmt::Foreach;
use crate::ir::visit::look;
use crate::ir::{Expr, ExprKind, Program};
use crate::source::Span;

/// One inference over a program.
pub(super) struct Inference<'i> {
    pub(super) program: &'i Program,
    pub(super) tables: &'i mut Tables,
    pub(super) sink: &'i Sink,
    pub(super) owner: Owner,
    /// What a walk found of expressions that stand beside something which can learn from them.
    found: FxHashMap<*const Expr, Kind>,
    /// Walks over arrays that an earlier round has typed.
    pub(super) walked: FxHashSet<*const Foreach>,
    /// This round has learned something.
    pub(super) changed: bool,
}

/// Walks the program until nothing is learned. An error ends it after its round, as what follows would be its echo.
pub fn program(program: &Program, tables: &mut Tables, sink: &Sink) {
    let mut inference = Inference {
        program,
        tables,
        sink,
        owner: Owner::Probe(0),
        found: FxHashMap::default(),
        walked: FxHashSet::default(),
        changed: true,
    };
    let before = sink.errors();
    let mut functions: Vec<FunctionId> = program.functions.handles().collect();
    functions.sort_by_key(|id| program.functions[*id].unique.as_str());
    inference.obvious_arguments();
    while std::mem::take(&mut inference.changed) && !super::failed(sink, before) {
        inference.round(&functions);
    }
    if !super::failed(sink, before) {
        inference.bare_returns();
    }
}

impl Inference<'_> {
    fn round(&mut self, functions: &[FunctionId]) {
        let program = self.program;
        for (index, probe) in program.probes.iter().enumerate() {
            self.owner = Owner::Probe(index);
            if let Some(condition) = &probe.condition {
                self.expr(condition, Some(LONG));
            }
        }
        for id in functions {
            self.owner = Owner::Function(*id);
            if let FunctionBody::Script(body) = &program.functions[*id].body {
                self.block(body);
            }
        }
        for (index, probe) in program.probes.iter().enumerate() {
            self.owner = Owner::Probe(index);
            self.block(&probe.body);
        }
    }

    /// Calls tell the types of parameters first, where the argument's type shows.
    fn obvious_arguments(&mut self) {
        let program = self.program;
        let mut learned = Vec::new();
        let mut look = |expr: &Expr| {
            let ExprKind::Call { function, args } = &expr.kind else { return };
            for candidate in candidates(program, *function) {
                for (arg, (param, _)) in args.iter().zip(program.functions[candidate].locals.iter()) {
                    let name = Name::Local(Owner::Function(candidate), param);
                    learned.extend(self.obvious(arg).map(|kind| (name, kind, arg.span)));
                }
            }
        };
        for probe in &program.probes {
            look::all_exprs(&probe.body, &mut look);
        }
        for (_, function) in program.functions.iter() {
            if let FunctionBody::Script(body) = &function.body {
                look::all_exprs(body, &mut look);
            }
        }
        for (name, kind, place) in learned {
            if self.tables.known(name).kind.is_none() {
                self.learn(name, kind, place);
            }
        }
    }

    /// The type that an expression shows without a look at what it names.
    fn obvious(&self, expr: &Expr) -> Option<Kind> {
        Some(match &expr.kind {
            ExprKind::Local(_) | ExprKind::Global(_) | ExprKind::Element { .. } => return None,
            ExprKind::Context(ContextValue::Saved(_)) => return None,
            ExprKind::Call { function, .. } => return self.tables.known(Name::Result(*function)).kind,
            ExprKind::Ternary { then, otherwise, .. } => {
                return self.obvious(then).or_else(|| self.obvious(otherwise));
            }
            ExprKind::Assign { value, .. } => return self.obvious(value),
            ExprKind::Constant(Constant::String(_)) | ExprKind::Concat(_) | ExprKind::Print(_) => STRING,
            ExprKind::AssignConcat { .. } => STRING,
            ExprKind::Context(value) => Kind::Scalar(value.ty()),
            ExprKind::Answer { to, .. } => Kind::Scalar(to.ty()),
            ExprKind::Embedded(code) if code.pragmas.string => STRING,
            _ => LONG,
        })
    }

    /// Whether an expression has its type whatever becomes of its parts.
    fn shows(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Constant(_) | ExprKind::Ternary { .. } | ExprKind::Assign { .. } => false,
            ExprKind::Call { function, .. } => {
                let known = self.tables.known(Name::Result(*function));
                known.kind.is_some() && known.place.is_none()
            }
            _ => self.obvious(expr).is_some(),
        }
    }

    /// The type of an expression, all rules below it applied; `wanted` is what its place must have.
    pub(super) fn expr(&mut self, expr: &Expr, wanted: Option<Kind>) -> Option<Kind> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Constant(Constant::Long(_)) => self.is(LONG, wanted, span),
            ExprKind::Context(ContextValue::Saved(slot)) => match self.saved(*slot) {
                Some(name) => self.name(name, wanted, span),
                None => self.is(LONG, wanted, span),
            },
            ExprKind::Context(value) => self.is(Kind::Scalar(value.ty()), wanted, span),
            ExprKind::Constant(Constant::String(_)) => self.is(STRING, wanted, span),
            ExprKind::Local(id) => self.name(Name::Local(self.owner, *id), wanted, span),
            ExprKind::Global(id) => self.name(Name::Global(*id), wanted, span),
            ExprKind::Element { array, keys } => self.element(*array, keys, wanted, span),
            ExprKind::In { array, keys } => {
                self.slice(*array, keys);
                self.is(LONG, wanted, span)
            }
            ExprKind::Call { function, args } => self.call(*function, args, wanted, span),
            ExprKind::Print(print) => {
                self.print(print);
                self.is(STRING, wanted, span)
            }
            ExprKind::Stat { of, .. } => {
                self.statistic(of);
                self.is(LONG, wanted, span)
            }
            ExprKind::HistBucket { of, bucket, .. } => {
                self.expr(bucket, Some(LONG));
                self.statistic(of);
                self.is(LONG, wanted, span)
            }
            ExprKind::Embedded(code) => {
                self.is(if code.pragmas.string { STRING } else { LONG }, wanted, span)
            }
            _ => self.operator(expr, wanted),
        }
    }

    fn operator(&mut self, expr: &Expr, wanted: Option<Kind>) -> Option<Kind> {
        match &expr.kind {
            ExprKind::Ternary { cond, then, otherwise } => {
                self.expr(cond, Some(LONG));
                return self.choice(then, otherwise, wanted);
            }
            ExprKind::Assign { place, value } => return self.assign(place, value, wanted),
            _ => {}
        }
        let own = self.obvious(expr);
        if own.is_some() && wanted.is_some() && wanted != own {
            self.report("invalid operator".into(), expr.span);
        }
        self.operands(expr);
        own
    }

    fn operands(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Binary { left, right, .. } | ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                self.sides(left, right, expr.span);
            }
            ExprKind::Compare { left, right, .. } => self.compare(left, right),
            ExprKind::Regex { subject, .. } => {
                self.expr(subject, Some(STRING));
            }
            ExprKind::Concat(parts) => {
                for part in parts {
                    self.expr(part, Some(STRING));
                }
            }
            ExprKind::AssignBinary { place, value, .. } => self.modify(place, value, LONG, LONG),
            ExprKind::AssignConcat { place, value } => self.modify(place, value, STRING, STRING),
            ExprKind::Aggregate { place, value } => self.modify(place, value, Kind::Stats, LONG),
            ExprKind::Crement { place, .. } => {
                self.place(place, Some(LONG));
            }
            ExprKind::Save { slot, value } => match self.saved(*slot) {
                Some(name) => {
                    self.given(name, value);
                }
                None => {
                    self.expr(value, Some(LONG));
                }
            },
            ExprKind::Answer { to, value } => {
                self.expr(value, Some(Kind::Scalar(to.ty())));
            }
            _ => look::each_expr(expr, &mut |part| {
                self.expr(part, Some(LONG));
            }),
        }
    }

    /// Something whose type is its own affair.
    fn is(&mut self, own: Kind, wanted: Option<Kind>, span: Span) -> Option<Kind> {
        match wanted {
            Some(wanted) if wanted != own => {
                self.report(format!("type mismatch: expected {wanted} but found {own}"), span);
                Some(wanted)
            }
            _ => Some(own),
        }
    }

    /// A use of a name: the name learns from its place, or the place from the name. After a mismatch the place has
    /// its way, so that one mistake gives one message.
    pub(super) fn name(&mut self, name: Name, wanted: Option<Kind>, span: Span) -> Option<Kind> {
        match (self.tables.known(name).kind, wanted) {
            (None, Some(wanted)) => {
                self.learn(name, wanted, span);
                Some(wanted)
            }
            (Some(known), Some(wanted)) if known != wanted => {
                self.mismatch(wanted, name, span);
                Some(wanted)
            }
            (None, None) => {
                self.tables.known_mut(name).used.get_or_insert(span);
                None
            }
            (known, _) => known,
        }
    }

    fn element(&mut self, array: GlobalId, keys: &[Expr], wanted: Option<Kind>, span: Span) -> Option<Kind> {
        for (index, key) in keys.iter().enumerate() {
            self.given(Name::Key(array, index), key);
        }
        self.name(Name::Global(array), wanted, span)
    }

    /// The parts of a key that are not `*`.
    pub(super) fn slice(&mut self, array: GlobalId, keys: &[Option<Expr>]) {
        for (index, key) in keys.iter().enumerate() {
            if let Some(key) = key {
                self.given(Name::Key(array, index), key);
            }
        }
    }

    /// What an entry keeps and its return reads has one type.
    fn saved(&self, slot: u16) -> Option<Name> {
        match self.owner {
            Owner::Probe(index) => Some(Name::Saved(self.program.probes[index].point.pair()?, slot)),
            Owner::Function(_) => None,
        }
    }

    pub(super) fn statistic(&mut self, of: &StatRef) {
        self.element(of.global, &of.keys, Some(Kind::Stats), of.span);
    }

    /// A value that becomes that of a name: an argument, a key, a result.
    pub(super) fn given(&mut self, name: Name, value: &Expr) -> Option<Kind> {
        match (self.before(value), self.tables.known(name).kind) {
            (Some(found), Some(known)) if found != known => {
                self.mismatch(found, name, value.span);
                return None;
            }
            (Some(found), None) => self.learn(name, found, value.span),
            _ => {}
        }
        let found = self.expr(value, self.tables.known(name).kind);
        self.remember(value, found);
        if let (Some(found), None) = (found, self.tables.known(name).kind) {
            self.learn(name, found, value.span);
        }
        found
    }

    /// All candidates of a call take its arguments and give its value.
    fn call(
        &mut self,
        function: FunctionId,
        args: &[Expr],
        wanted: Option<Kind>,
        span: Span,
    ) -> Option<Kind> {
        let program = self.program;
        let mut given = None;
        for candidate in candidates(program, function) {
            for (arg, (param, _)) in args.iter().zip(program.functions[candidate].locals.iter()) {
                self.given(Name::Local(Owner::Function(candidate), param), arg);
            }
            given = self.tables.known(Name::Result(candidate)).kind.or(given);
        }
        let wanted = wanted.or(given);
        candidates(program, function)
            .map(|candidate| self.name(Name::Result(candidate), wanted, span))
            .last()
            .flatten()
    }

    fn assign(&mut self, place: &Place, value: &Expr, wanted: Option<Kind>) -> Option<Kind> {
        let target = self.place(place, self.before(value).or(wanted));
        // What shows its own type teaches the place, in the next round.
        let shows = self.shows(value);
        let found = self.expr(value, if shows { None } else { target.or(wanted) });
        self.remember(value, found);
        if found == Some(Kind::Stats) {
            self.report("invalid type stats".into(), value.span);
        }
        found.or(target)
    }

    fn modify(&mut self, place: &Place, value: &Expr, kind: Kind, of_value: Kind) {
        self.place(place, Some(kind));
        self.expr(value, Some(of_value));
    }

    fn sides(&mut self, left: &Expr, right: &Expr, span: Span) {
        let sides = (self.expr(left, Some(LONG)), self.expr(right, Some(LONG)));
        if let (Some(left), Some(right)) = sides
            && left != right
        {
            let message = format!("type mismatch: left and right sides don't agree ({left} vs {right})");
            self.report(message, span);
        }
    }

    fn compare(&mut self, left: &Expr, right: &Expr) {
        let found = self.scalar(left, self.before(right));
        let other = self.scalar(right, found);
        self.remember(right, other);
    }

    fn choice(&mut self, then: &Expr, otherwise: &Expr, wanted: Option<Kind>) -> Option<Kind> {
        let wanted = wanted.or_else(|| self.before(then)).or_else(|| self.before(otherwise));
        let found = self.scalar(then, wanted);
        self.remember(then, found);
        let other = self.scalar(otherwise, wanted.or(found));
        self.remember(otherwise, other);
        found.or(other)
    }

    /// An expression that must not be a statistic.
    pub(super) fn scalar(&mut self, expr: &Expr, wanted: Option<Kind>) -> Option<Kind> {
        let found = self.expr(expr, wanted);
        if found == Some(Kind::Stats) {
            self.report("invalid type stats".into(), expr.span);
        }
        found
    }

    fn place(&mut self, place: &Place, wanted: Option<Kind>) -> Option<Kind> {
        match place {
            Place::Local(id, span) => self.name(Name::Local(self.owner, *id), wanted, *span),
            Place::Global(id, span) => self.name(Name::Global(*id), wanted, *span),
            Place::Element(array, keys, span) => self.element(*array, keys, wanted, *span),
        }
    }

    /// What is known of an expression before this walk comes to it.
    fn before(&self, expr: &Expr) -> Option<Kind> {
        match &expr.kind {
            ExprKind::Constant(Constant::Long(_)) => Some(LONG),
            ExprKind::Constant(Constant::String(_)) => Some(STRING),
            _ => self.found.get(&std::ptr::from_ref(expr)).copied(),
        }
    }

    fn remember(&mut self, expr: &Expr, found: Option<Kind>) {
        if let Some(kind) = found {
            self.changed |= self.found.insert(std::ptr::from_ref(expr), kind) != Some(kind);
        }
    }

    pub(super) fn learn(&mut self, name: Name, kind: Kind, place: Span) {
        let known = self.tables.known_mut(name);
        (known.kind, known.place) = (Some(kind), Some(place));
        self.changed = true;
    }

    /// A name has another type than it should have at `span`.
    pub(super) fn mismatch(&self, other: Kind, name: Name, span: Span) {
        let known = self.tables.known(name);
        let first = known.kind.map_or_else(|| "unknown".to_owned(), |kind| kind.to_string());
        self.clash(&other.to_string(), &first, name, span);
    }

    pub(super) fn clash(&self, other: &str, first: &str, name: Name, span: Span) {
        let known = self.tables.known(name);
        let Some(place) = known.place else {
            return self.report(format!("type mismatch: expected {other} but found {first}"), span);
        };
        let (what, cause) = match known.index {
            None => ("type mismatch".to_owned(), format!("type was first inferred here ({first})")),
            Some(index) => (
                format!("index {index} type mismatch"),
                format!("type of index {index} was first inferred here ({first})"),
            ),
        };
        let mut error = Diagnostic::semantic(Code::Type, format!("{what} ({other})"), span);
        error.causes.push(Diagnostic::semantic(Code::Type, cause, place));
        self.sink.push(error);
    }

    pub(super) fn report(&self, message: String, span: Span) {
        self.sink.push(Diagnostic::semantic(Code::Type, message, span));
    }
}

/// The function that a call names, and those that its candidates hand over to.
fn candidates(program: &Program, function: FunctionId) -> impl Iterator<Item = FunctionId> {
    std::iter::successors(Some(function), |id| program.functions[*id].next)
}
