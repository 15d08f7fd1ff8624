//! The rules: what each construct says about types.

use super::Tables;
use super::vars::{Clash, Kind, LONG, STRING, Term, Var};
use crate::diag::{Code, Diagnostic, Sink};
use crate::ir::expr::{ContextValue, Conversion, Count, FormatSpec, Piece, Place, Print, StatRef};
use crate::ir::program::{Constant, FunctionBody, FunctionId, GlobalId, LocalId};
use crate::ir::stmt::{Block, Foreach, Stmt, StmtKind};
use crate::ir::{Expr, ExprKind, Program};
use crate::source::Span;

/// Whose locals and result are meant.
#[derive(Clone, Copy)]
enum Owner {
    /// Its place, and how many of its locals are parameters.
    Function(usize, usize),
    Probe(usize),
}

struct Inference<'i> {
    program: &'i Program,
    tables: &'i mut Tables,
    sink: &'i Sink,
    owner: Owner,
}

/// What is asked of a value, for the words of the message.
#[derive(Clone, Copy)]
enum Role {
    Value,
    Index(usize),
}

/// Applies the rules to the whole program, functions first, as declared types stand there.
pub fn program(program: &Program, tables: &mut Tables, sink: &Sink) {
    let mut inference = Inference { program, tables, sink, owner: Owner::Probe(0) };
    for (index, probe) in program.probes.iter().enumerate() {
        inference.owner = Owner::Probe(index);
        if let Some(condition) = &probe.condition {
            inference.expect(condition, LONG);
        }
        inference.block(&probe.body);
    }
    for (id, function) in program.functions.iter() {
        inference.owner = Owner::Function(id.index(), function.params);
        if let FunctionBody::Script(body) = &function.body {
            inference.block(body);
        }
        if let Some(next) = function.next {
            inference.tie_overloads(id, next);
        }
    }
}

impl Inference<'_> {
    fn block(&mut self, block: &Block) {
        for stmt in block {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Block(body) => self.block(body),
            StmtKind::Expr(expr) => drop(self.expr(expr)),
            StmtKind::Print(print) => self.print(print),
            StmtKind::If { cond, then, otherwise } => {
                self.expect(cond, LONG);
                self.block(then);
                self.block(otherwise);
            }
            StmtKind::Loop { cond, next, body } => {
                if let Some(cond) = cond {
                    self.expect(cond, LONG);
                }
                if let Some(next) = next {
                    self.expr(next);
                }
                self.block(body);
            }
            StmtKind::Foreach(foreach) => self.foreach(foreach, stmt.span),
            StmtKind::Return(Some(value)) => self.returned(value),
            StmtKind::DeleteElement { array, keys } => self.slice(*array, keys),
            StmtKind::Try { body, catch_var, handler } => {
                self.block(body);
                if let Some(var) = catch_var {
                    let var = self.local(*var);
                    self.know(var, STRING, stmt.span, Role::Value);
                }
                self.block(handler);
            }
            StmtKind::Return(None)
            | StmtKind::Next
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::DeleteAll(_)
            | StmtKind::Embedded(_) => {}
        }
    }

    fn returned(&mut self, value: &Expr) {
        if let Owner::Function(index, _) = self.owner {
            let function = &mut self.tables.functions[index];
            function.returns = true;
            let ret = function.ret;
            self.agree(value, Term::Var(ret), Role::Value);
        }
    }

    fn foreach(&mut self, foreach: &Foreach, span: Span) {
        self.slice(foreach.array, &foreach.slice);
        let keys = foreach.keys.iter().copied().zip(0..);
        for (key, index) in keys {
            let (local, var) = (self.local(key), self.tables.globals[foreach.array.index()].keys[index]);
            self.tie(local, var, span, Role::Value);
        }
        if let Some(value) = foreach.value {
            let (local, var) = (self.local(value), self.tables.globals[foreach.array.index()].value);
            self.tie(local, var, span, Role::Value);
        }
        if let Some(limit) = &foreach.limit {
            self.expect(limit, LONG);
        }
        self.block(&foreach.body);
    }

    /// The type of an expression, all rules below it applied.
    fn expr(&mut self, expr: &Expr) -> Term {
        match &expr.kind {
            ExprKind::Context(ContextValue::Saved(slot)) => self.saved(*slot, expr.span),
            ExprKind::Constant(Constant::Long(_)) => Term::Known(LONG),
            ExprKind::Context(value) => Term::Known(Kind::Scalar(value.ty())),
            ExprKind::Constant(Constant::String(_)) => Term::Known(STRING),
            ExprKind::Local(id) => Term::Var(self.local(*id)),
            ExprKind::Global(id) => Term::Var(self.value(*id)),
            ExprKind::Element { array, keys } => self.element(*array, keys),
            ExprKind::In { array, keys } => {
                self.slice(*array, keys);
                Term::Known(LONG)
            }
            ExprKind::Call { function, args } => self.call(*function, args),
            ExprKind::Print(print) => {
                self.print(print);
                Term::Known(STRING)
            }
            ExprKind::Stat { of, .. } => self.stat(of, expr.span),
            ExprKind::HistBucket { of, bucket, .. } => {
                self.expect(bucket, LONG);
                self.stat(of, expr.span)
            }
            ExprKind::Embedded(code) => Term::Known(if code.pragmas.string { STRING } else { LONG }),
            _ => self.operator(expr),
        }
    }

    fn operator(&mut self, expr: &Expr) -> Term {
        match &expr.kind {
            ExprKind::Unary { arg, .. } => self.all(&[arg], LONG),
            ExprKind::Binary { left, right, .. } => self.all(&[left, right], LONG),
            ExprKind::And(left, right) | ExprKind::Or(left, right) => self.all(&[left, right], LONG),
            ExprKind::Compare { left, right, .. } => {
                let term = self.scalar(left);
                self.agree(right, term, Role::Value);
                Term::Known(LONG)
            }
            ExprKind::Regex { subject, .. } => {
                self.expect(subject, STRING);
                Term::Known(LONG)
            }
            ExprKind::Concat(parts) => self.all(&parts.iter().collect::<Vec<_>>(), STRING),
            ExprKind::Ternary { cond, then, otherwise } => {
                self.expect(cond, LONG);
                let term = self.scalar(then);
                self.agree(otherwise, term, Role::Value);
                term
            }
            ExprKind::Assign { place, value } => {
                let target = self.place(place);
                self.agree(value, target, Role::Value);
                target
            }
            ExprKind::AssignBinary { place, value, .. } => self.modify(place, value, LONG, expr.span),
            ExprKind::AssignConcat { place, value } => self.modify(place, value, STRING, expr.span),
            ExprKind::Aggregate { place, value } => {
                self.expect(value, LONG);
                let target = self.place(place);
                self.require(target, Kind::Stats, expr.span);
                Term::Known(LONG)
            }
            ExprKind::Crement { place, .. } => {
                let target = self.place(place);
                self.require(target, LONG, expr.span);
                Term::Known(LONG)
            }
            ExprKind::Load { address, .. } => self.all(&[address], LONG),
            ExprKind::Save { slot, value } => {
                let kept = self.saved(*slot, value.span);
                self.agree(value, kept, Role::Value);
                Term::Known(LONG)
            }
            ExprKind::StoreRegister { value, .. } => self.all(&[value], LONG),
            ExprKind::Store { address, value, .. } => self.all(&[address, value], LONG),
            ExprKind::Answer { to, value } => self.all(&[value], Kind::Scalar(to.ty())),
            _ => Term::Known(LONG),
        }
    }

    /// An operator whose operands and result have one type.
    fn all(&mut self, parts: &[&Expr], kind: Kind) -> Term {
        for part in parts {
            self.expect(part, kind);
        }
        Term::Known(kind)
    }

    fn modify(&mut self, place: &Place, value: &Expr, kind: Kind, span: Span) -> Term {
        self.expect(value, kind);
        let target = self.place(place);
        self.require(target, kind, span);
        Term::Known(kind)
    }

    /// An expression that must not be a statistic.
    fn scalar(&mut self, expr: &Expr) -> Term {
        let term = self.expr(expr);
        if super::known(self.tables, term) == Some(Kind::Stats) {
            self.report("invalid type stats".into(), expr.span, None);
        }
        term
    }

    fn place(&mut self, place: &Place) -> Term {
        match place {
            Place::Local(id) => Term::Var(self.local(*id)),
            Place::Global(id) => Term::Var(self.value(*id)),
            Place::Element(array, keys, _) => self.element(*array, keys),
        }
    }

    fn element(&mut self, array: GlobalId, keys: &[Expr]) -> Term {
        for (index, key) in keys.iter().enumerate() {
            let var = self.tables.globals[array.index()].keys[index];
            self.agree(key, Term::Var(var), Role::Index(index));
        }
        Term::Var(self.value(array))
    }

    fn slice(&mut self, array: GlobalId, keys: &[Option<Expr>]) {
        for (index, key) in keys.iter().enumerate() {
            let var = self.tables.globals[array.index()].keys[index];
            if let Some(key) = key {
                self.agree(key, Term::Var(var), Role::Index(index));
            }
        }
    }

    fn stat(&mut self, of: &StatRef, span: Span) -> Term {
        let value = self.element(of.global, &of.keys);
        self.require(value, Kind::Stats, span);
        Term::Known(LONG)
    }

    fn call(&mut self, function: FunctionId, args: &[Expr]) -> Term {
        for (index, arg) in args.iter().enumerate() {
            let var = self.tables.functions[function.index()].locals[index];
            self.agree(arg, Term::Var(var), Role::Index(index));
        }
        Term::Var(self.tables.functions[function.index()].ret)
    }

    /// Candidates of one call take and give the same types.
    fn tie_overloads(&mut self, one: FunctionId, other: FunctionId) {
        let span = self.program.functions[other].span;
        for index in 0..self.program.functions[one].params {
            let a = self.tables.functions[one.index()].locals[index];
            let b = self.tables.functions[other.index()].locals[index];
            self.tie(a, b, span, Role::Index(index));
        }
        let (a, b) = (self.tables.functions[one.index()].ret, self.tables.functions[other.index()].ret);
        self.tie(a, b, span, Role::Value);
    }

    fn print(&mut self, print: &Print) {
        for piece in &print.pieces {
            match piece {
                Piece::Literal(_) => {}
                Piece::Value(arg) => drop(self.scalar(arg)),
                Piece::Format { spec, arg } => self.format(spec, arg),
                Piece::Histogram { of, .. } => {
                    let value = self.element(of.global, &of.keys);
                    self.require(value, Kind::Stats, self.program.globals[of.global].span);
                }
            }
        }
    }

    fn format(&mut self, spec: &FormatSpec, arg: &Expr) {
        for size in [&spec.width, &spec.precision] {
            if let Some(Count::Arg(size)) = size {
                self.expect(size, LONG);
            }
        }
        self.expect(arg, if spec.conversion == Conversion::String { STRING } else { LONG });
    }

    /// What an entry keeps and its return reads has one type.
    fn saved(&mut self, slot: u16, span: Span) -> Term {
        let Owner::Probe(index) = self.owner else { return Term::Known(LONG) };
        match self.program.probes[index].point.pair() {
            Some(pair) => Term::Var(self.tables.saved(pair, slot, span)),
            None => Term::Known(LONG),
        }
    }

    fn local(&self, id: LocalId) -> Var {
        match self.owner {
            Owner::Function(index, _) => self.tables.functions[index].locals[id.index()],
            Owner::Probe(index) => self.tables.probes[index][id.index()],
        }
    }

    fn value(&self, id: GlobalId) -> Var {
        self.tables.globals[id.index()].value
    }

    fn expect(&mut self, expr: &Expr, kind: Kind) {
        self.agree(expr, Term::Known(kind), Role::Value);
    }

    /// An expression must have the type that its place has.
    fn agree(&mut self, expr: &Expr, place: Term, role: Role) {
        // An arm of a choice is named in the message, not the choice.
        if let ExprKind::Ternary { cond, then, otherwise } = &expr.kind {
            self.expect(cond, LONG);
            self.agree(then, place, role);
            self.agree(otherwise, place, role);
            return;
        }
        let role = self.parameter(expr).map_or(role, Role::Index);
        match (self.expr(expr), place) {
            (Term::Known(found), Term::Known(wanted)) if found == wanted => {}
            (Term::Known(found), Term::Known(wanted)) => {
                let message = format!("type mismatch: expected {wanted} but found {found}");
                self.report(message, expr.span, None);
            }
            (Term::Known(kind), Term::Var(var)) => self.know(var, kind, expr.span, role),
            (Term::Var(var), Term::Known(kind)) => self.know(var, kind, expr.span, role),
            (Term::Var(found), Term::Var(wanted)) => self.tie(wanted, found, expr.span, role),
        }
    }

    /// Which parameter of the function an expression is: messages number them.
    fn parameter(&self, expr: &Expr) -> Option<usize> {
        match (&expr.kind, self.owner) {
            (ExprKind::Local(id), Owner::Function(_, params)) if id.index() < params => Some(id.index()),
            _ => None,
        }
    }

    fn require(&mut self, term: Term, kind: Kind, span: Span) {
        match term {
            Term::Var(var) => self.know(var, kind, span, Role::Value),
            Term::Known(found) if found == kind => {}
            Term::Known(found) => {
                self.report(format!("type mismatch: expected {kind} but found {found}"), span, None);
            }
        }
    }

    fn know(&mut self, var: Var, kind: Kind, span: Span, role: Role) {
        if let Some(clash) = self.tables.vars.know(var, kind, span) {
            self.clash(clash, span, role);
        }
    }

    fn tie(&mut self, a: Var, b: Var, span: Span, role: Role) {
        if let Some(clash) = self.tables.vars.tie(a, b) {
            self.clash(clash, span, role);
        }
    }

    fn clash(&self, clash: Clash, span: Span, role: Role) {
        if clash.declared {
            let message = format!("type mismatch: expected {} but found {}", clash.second, clash.first);
            return self.report(message, span, None);
        }
        let (what, first) = match role {
            Role::Value => ("type mismatch".to_owned(), "type was first inferred here".to_owned()),
            Role::Index(index) => (
                format!("index {index} type mismatch"),
                format!("type of index {index} was first inferred here"),
            ),
        };
        let cause = Diagnostic::semantic(Code::Type, format!("{first} ({})", clash.first), clash.place);
        self.report(format!("{what} ({})", clash.second), span, Some(cause));
    }

    fn report(&self, message: String, span: Span, cause: Option<Diagnostic>) {
        let mut error = Diagnostic::semantic(Code::Type, message, span);
        error.causes.extend(cause);
        self.sink.push(error);
    }
}
