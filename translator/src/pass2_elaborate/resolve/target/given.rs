//! What a point gives its handler by name without debug information: `$value` of procfs, `$skb` and its like of
//! netfilter; and what the handler gives back through such a name.

use super::{Carried, Found, Held, Value, sound, told};
use crate::debuginfo::TypeKind;
use crate::diag::Code;
use crate::ir::expr::{Answer, ContextValue, PacketValue};
use crate::ir::program::Point;
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::{self, Access, AssignOp};
use crate::pass2_elaborate::resolve::{Context, Reported, Resolver, make};
use crate::source::{Span, Symbol};

/// What is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Somebody reads: `$value` is to be set.
    ProcfsRead,
    /// Somebody writes: `$value` is what.
    ProcfsWrite,
    /// A packet passes.
    Netfilter,
}

impl Given {
    /// What a point gives.
    pub fn of(point: &Point) -> Option<Given> {
        match point {
            Point::Procfs(file) if file.write => Some(Given::ProcfsWrite),
            Point::Procfs(_) => Some(Given::ProcfsRead),
            Point::Netfilter(_) => Some(Given::Netfilter),
            _ => None,
        }
    }
}

impl Resolver<'_, '_> {
    fn given_here(&self) -> Option<Given> {
        match self.context {
            Context::Probe { given, .. } => given,
            Context::Function(_) | Context::Condition => None,
        }
    }

    /// The value of an expression that begins at a given name; `None` for any other.
    pub(super) fn given(&mut self, node: &ast::Expr) -> Option<Found<Expr>> {
        let given = self.given_here()?;
        let (name, path) = begins_at(node)?;
        match given {
            Given::Netfilter if path.is_empty() => Some(self.packet(name, node.span)),
            Given::Netfilter => None,
            Given::ProcfsRead | Given::ProcfsWrite => Some(self.written(given, name, path, node.span)),
        }
    }

    fn packet(&mut self, name: Symbol, span: Span) -> Found<Expr> {
        let value = packet_value(name, span)?;
        let expr = make(span, ExprKind::Context(ContextValue::Packet(value)));
        // The number is there without debug information, too.
        let known = self.given_variable(name, span).and_then(Result::ok);
        self.carried = known.map(|value| Carried::PointerTo(value.ty));
        Ok(expr)
    }

    fn written(&mut self, given: Given, name: Symbol, path: &[Access], span: Span) -> Found<Expr> {
        self.carried = None;
        if name.as_str() != "$value" {
            return told("invalid target symbol for procfs probe, $value expected", span);
        }
        match path.first() {
            None if given == Given::ProcfsWrite => Ok(make(span, ExprKind::Context(ContextValue::Written))),
            None => told("procfs $value variable cannot be read in a procfs read probe", span),
            Some(step) => {
                let (what, place) = match step {
                    Access::Member(span, _) => ("used as a structure", *span),
                    Access::Index(span, _) => ("used as array", *span),
                    Access::Pretty(..) => ("pretty-printed", span),
                };
                told(format!("procfs variable '$value' may not be {what}"), place)
            }
        }
    }

    /// Where a walk from a given name begins; `None` where none are given.
    pub(super) fn given_variable(&mut self, name: Symbol, span: Span) -> Option<Found<Value>> {
        let given = self.given_here()?;
        if given != Given::Netfilter {
            return Some(told("invalid target symbol for procfs probe, $value expected", span));
        }
        Some(packet_value(name, span).and_then(|value| {
            let Some(structure) = value.pointed() else {
                return told(format!("{name} is a number and has no parts"), span);
            };
            let kernel = match self.names.objects.kernel() {
                Ok(known) => known.info,
                Err(lack) => return told(lack.message, span),
            };
            let Some(ty) = sound(kernel.type_named(TypeKind::Struct, structure), span)? else {
                return told(format!("unable to find type 'struct {structure}'"), span);
            };
            Ok(Value {
                ty,
                held: Held::PointerTo(make(span, ExprKind::Context(ContextValue::Packet(value)))),
            })
        }))
    }

    /// `@defined` of a given name; `None` for anything else.
    pub(super) fn is_given(&self, node: &ast::Expr) -> Option<bool> {
        let given = self.given_here()?;
        let (name, path) = begins_at(node)?;
        match given {
            Given::Netfilter if path.is_empty() => Some(packet_value(name, node.span).is_ok()),
            Given::Netfilter => None,
            Given::ProcfsRead | Given::ProcfsWrite => Some(name.as_str() == "$value" && path.is_empty()),
        }
    }

    /// An assignment to a given name; `None` for one to anything else.
    pub(in crate::pass2_elaborate::resolve) fn answer(
        &mut self,
        op: AssignOp,
        target: &ast::Expr,
        value: &ast::Expr,
    ) -> Option<Result<ExprKind, Reported>> {
        let given = self.given_here()?;
        let (name, path) = begins_at(target)?;
        match given {
            Given::Netfilter if !path.is_empty() => None,
            Given::Netfilter => Some(self.decide(op, name, value, target.span)),
            Given::ProcfsRead | Given::ProcfsWrite => {
                let text = self.answer_text(given, op, (name, path), target.span);
                Some(text.and_then(|to| Ok(ExprKind::Answer { to, value: Box::new(self.expr(value)?) })))
            }
        }
    }

    fn answer_text(
        &mut self,
        given: Given,
        op: AssignOp,
        (name, path): (Symbol, &[Access]),
        span: Span,
    ) -> Result<Answer, Reported> {
        if name.as_str() != "$value" || !path.is_empty() {
            let refused = self.written(given, name, path, span);
            return self.tell(refused).and(Err(Reported));
        }
        if given == Given::ProcfsWrite {
            let message = "procfs $value variable is read-only in a procfs write probe";
            return self.error(Code::Misuse, message, span);
        }
        match op {
            AssignOp::Set => Ok(Answer::Text),
            AssignOp::Concat => Ok(Answer::MoreText),
            AssignOp::Binary(_) | AssignOp::Aggregate => {
                let message = "Only the following assign operators are implemented on procfs read target \
                               variables: '=', '.='";
                self.error(Code::Misuse, message, span)
            }
        }
    }

    /// `$verdict = N`, or another operator of numbers.
    fn decide(
        &mut self,
        op: AssignOp,
        name: Symbol,
        value: &ast::Expr,
        span: Span,
    ) -> Result<ExprKind, Reported> {
        let found = packet_value(name, span);
        let place = self.tell(found)?;
        if place != PacketValue::Verdict {
            return self.error(Code::Misuse, "write to netfilter parameter not permitted", span);
        }
        if !self.names.session.options.guru {
            let message = "write to netfilter verdict requires guru mode; need stap -g";
            return self.error(Code::Privilege, message, span);
        }
        let value = Box::new(self.expr(value)?);
        let value = match op {
            AssignOp::Set => value,
            AssignOp::Binary(op) => {
                let left = Box::new(make(span, ExprKind::Context(ContextValue::Packet(place))));
                Box::new(make(span, ExprKind::Binary { op, left, right: value }))
            }
            AssignOp::Concat | AssignOp::Aggregate => {
                return self.error(Code::Type, "$verdict is a number", span);
            }
        };
        self.carried = None;
        Ok(ExprKind::Answer { to: Answer::Verdict, value })
    }
}

/// The `$name` that an expression begins at, and the steps from there.
fn begins_at(node: &ast::Expr) -> Option<(Symbol, &[Access])> {
    match &node.kind {
        ast::ExprKind::Target(name) => Some((*name, &[])),
        ast::ExprKind::Deref { base, path } => match &base.kind {
            ast::ExprKind::Target(name) => Some((*name, path)),
            _ => None,
        },
        _ => None,
    }
}

fn packet_value(name: Symbol, span: Span) -> Found<PacketValue> {
    match PacketValue::ALL.into_iter().find(|value| value.name() == name.as_str()) {
        Some(value) => Ok(value),
        None => told("unsupported context variable", span),
    }
}
