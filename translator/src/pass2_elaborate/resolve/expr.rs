//! Expressions.

use super::{Caller, Carried, Context, Reported, Resolver, make};
use crate::diag::{Code, Diagnostic};
use crate::ir::expr::{ContextValue, Place, StatRef};
use crate::ir::program::Constant;
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::{self, AssignOp, BinaryOp, StatOp};
use crate::pass2_elaborate::fold::fold;
use crate::pass2_elaborate::limits;
use crate::regex::Pattern;
use crate::source::Span;

type Resolved = Result<Expr, Reported>;

impl Resolver<'_, '_> {
    /// Resolves an expression whose value is used, or is at least there.
    pub(super) fn expr(&mut self, node: &ast::Expr) -> Resolved {
        let resolved = self.untyped(node);
        let keeps = match &node.kind {
            ast::ExprKind::Assign { op: AssignOp::Set, .. }
            | ast::ExprKind::Ternary { .. }
            | ast::ExprKind::Call { .. }
            | ast::ExprKind::Entry(_) => true,
            kind => target_kind(kind),
        };
        if let ast::ExprKind::Name(_) | ast::ExprKind::Index { .. } = &node.kind {
            self.carried = resolved.as_ref().ok().and_then(|expr| self.known_type(expr));
        } else if !keeps {
            self.carried = None;
        }
        resolved
    }

    /// An expression, whatever its number may be known to be.
    fn untyped(&mut self, node: &ast::Expr) -> Resolved {
        let span = node.span;
        use ast::ExprKind as Ast;
        let kind = match &node.kind {
            Ast::Number(number) => ExprKind::Constant(Constant::Long(*number)),
            Ast::String(bytes) => ExprKind::Constant(Constant::String(bytes.clone())),
            Ast::Name(name) => self.name(*name, span)?,
            Ast::Index { base, indexes } => self.index(base, indexes, span)?,
            Ast::Call { name, args } => self.call(*name, args, span)?,
            Ast::Print(print) => self.print_value(print, span)?,
            Ast::Stat { op, arg, param } => self.stat(*op, arg, *param, span)?,
            Ast::Unary { op, arg } => ExprKind::Unary { op: *op, arg: Box::new(self.expr(arg)?) },
            Ast::Crement { increment, prefix, arg } => {
                let place = Box::new(self.place(arg, span)?);
                ExprKind::Crement { increment: *increment, prefix: *prefix, place }
            }
            Ast::Binary { op, left, right } => {
                let (left, right) = self.pair(left, right)?;
                ExprKind::Binary { op: *op, left, right }
            }
            Ast::Compare { op, left, right } => {
                let (left, right) = self.pair(left, right)?;
                ExprKind::Compare { op: *op, left, right }
            }
            Ast::Regex { positive, left, pattern, pattern_span } => {
                let subject = self.expr(left);
                let pattern = match Pattern::parse(pattern) {
                    Ok(pattern) => Box::new(pattern),
                    Err(error) => return self.error(Code::Regex, error.to_string(), *pattern_span),
                };
                ExprKind::Regex { positive: *positive, subject: Box::new(subject?), pattern }
            }
            Ast::LogicalAnd(left, right) => self.logical(left, right, true)?,
            Ast::LogicalOr(left, right) => self.logical(left, right, false)?,
            Ast::In { indexes, array, array_span } => {
                let keys = self.keys(indexes)?;
                ExprKind::In { array: self.array(*array, keys.len(), *array_span)?, keys }
            }
            Ast::Concat(parts) => ExprKind::Concat(self.exprs(parts)?),
            Ast::Ternary { cond, then, otherwise } => return self.ternary(cond, then, otherwise, span),
            Ast::Assign { op, target, value } => self.assign(*op, target, value, span)?,
            Ast::Embedded(code) => {
                let code = self.embedded(code)?;
                ExprKind::Embedded(Box::new(code))
            }
            Ast::Const(text) => self.constant_c(text, span)?,
            Ast::Defined(inner) => {
                let defined = self.is_return(inner) || self.is_defined(inner);
                ExprKind::Constant(Constant::Long(i64::from(defined)))
            }
            Ast::Target(_) if self.is_return(node) => ExprKind::Context(ContextValue::Return),
            Ast::Target(_) | Ast::Cast { .. } | Ast::AtVar { .. } | Ast::Deref { .. } => {
                return self.target(node);
            }
            Ast::AddressOf(inner) => return self.target_address(inner),
            Ast::Entry(inner) => return self.entry(inner, span),
            Ast::Perf(name) => {
                let name = crate::source::Symbol::new(&String::from_utf8_lossy(name));
                ExprKind::Context(ContextValue::Counter(name))
            }
            Ast::Enum(name) => self.enumerator(name, span)?,
            Ast::RawDeref { kernel, size, addr } => return self.raw_load(*kernel, (size, addr), span),
            Ast::Register { kernel, number } => return self.raw_register(*kernel, number, span),
            Ast::ProbeWrite(name) => ExprKind::Constant(Constant::Long(i64::from(self.probe_writes(*name)))),
            Ast::EnumName { arg, ty, module } => {
                return self.enum_name(arg, ty.as_deref(), module.as_deref(), span);
            }
            other => return self.misplaced(other, span),
        };
        Ok(fold(make(span, kind)))
    }

    fn exprs(&mut self, nodes: &[ast::Expr]) -> Result<Vec<Expr>, Reported> {
        nodes.iter().map(|node| self.expr(node)).collect()
    }

    fn pair(&mut self, left: &ast::Expr, right: &ast::Expr) -> Result<(Box<Expr>, Box<Expr>), Reported> {
        Ok((Box::new(self.expr(left)?), Box::new(self.expr(right)?)))
    }

    /// Whether the expression is `$return` where that means something.
    fn is_return(&self, node: &ast::Expr) -> bool {
        matches!(&node.kind, ast::ExprKind::Target(name) if name.as_str() == "$return")
            && matches!(self.caller(), Some(Caller { returns: true, scope: None }))
    }

    fn name(&mut self, name: crate::source::Symbol, span: Span) -> Result<ExprKind, Reported> {
        if let Some(id) = self.global(name, span) {
            self.names.settle_arity(id, 0, span)?;
            return Ok(ExprKind::Global(id));
        }
        if self.context == Context::Condition {
            let message = "probe condition must not reference undeclared global";
            return self.error(Code::Misuse, message, span);
        }
        Ok(ExprKind::Local(self.local(name, span)))
    }

    fn index(
        &mut self,
        base: &ast::Expr,
        indexes: &[Option<ast::Expr>],
        span: Span,
    ) -> Result<ExprKind, Reported> {
        match &base.kind {
            ast::ExprKind::Name(name) => {
                let array = self.array(*name, indexes.len(), base.span)?;
                Ok(ExprKind::Element { array, keys: self.full_keys(indexes, span)? })
            }
            ast::ExprKind::Hist { kind, arg, .. } => {
                let of = self.stat_ref(arg)?;
                self.histogram(base, &of)?;
                let mut keys = self.full_keys(indexes, span)?;
                match (keys.pop(), keys.is_empty()) {
                    (Some(bucket), true) => {
                        Ok(ExprKind::HistBucket { kind: *kind, of, bucket: Box::new(bucket) })
                    }
                    _ => self.error(Code::Type, "histogram takes one index", span),
                }
            }
            other => match self.misplaced(other, base.span) {
                Ok(expr) => Ok(expr.kind),
                Err(reported) => Err(reported),
            },
        }
    }

    /// Indexes of which some may be `*`.
    pub(super) fn keys(&mut self, indexes: &[Option<ast::Expr>]) -> Result<Vec<Option<Expr>>, Reported> {
        indexes.iter().map(|index| index.as_ref().map(|node| self.expr(node)).transpose()).collect()
    }

    /// Indexes of which none may be `*`.
    fn full_keys(&mut self, indexes: &[Option<ast::Expr>], span: Span) -> Result<Vec<Expr>, Reported> {
        let mut keys = Vec::with_capacity(indexes.len());
        for index in indexes {
            match index {
                Some(node) => keys.push(self.expr(node)?),
                None => {
                    return self.error(Code::Misuse, "wildcard not allowed in array index", span);
                }
            }
        }
        Ok(keys)
    }

    fn call(
        &mut self,
        name: crate::source::Symbol,
        args: &[ast::Expr],
        span: Span,
    ) -> Result<ExprKind, Reported> {
        if self.context == Context::Condition {
            return self.error(Code::Misuse, "probe condition must not reference function", span);
        }
        let mut given = Vec::with_capacity(args.len());
        let resolved: Result<Vec<Expr>, Reported> = args
            .iter()
            .map(|arg| {
                let value = self.expr(arg);
                given.push(self.carried);
                value
            })
            .collect();
        let caller = self.caller();
        let function = self.names.function(self.file, name, args.len(), caller, span)?;
        self.names.give(function, &given);
        self.carried = self.names.result_of(function);
        Ok(ExprKind::Call { function, args: resolved? })
    }

    fn stat(
        &mut self,
        op: StatOp,
        arg: &ast::Expr,
        param: Option<i64>,
        span: Span,
    ) -> Result<ExprKind, Reported> {
        let of = self.stat_ref(arg)?;
        let shift = param.unwrap_or(0);
        match u8::try_from(shift) {
            Ok(shift @ 0..=62) => Ok(ExprKind::Stat { op, shift, of }),
            _ => self.error(Code::Misuse, format!("bit shift ({shift}) out of range <0..62>"), span),
        }
    }

    /// The statistic that an operator works on.
    pub(super) fn stat_ref(&mut self, node: &ast::Expr) -> Result<StatRef, Reported> {
        match &node.kind {
            ast::ExprKind::Name(name) => match self.global(*name, node.span) {
                Some(global) => {
                    self.names.settle_arity(global, 0, node.span)?;
                    Ok(StatRef { global, keys: Vec::new(), span: node.span })
                }
                None => self.error(Code::Type, LOCAL_STAT, node.span),
            },
            ast::ExprKind::Index { base, indexes } => match &base.kind {
                ast::ExprKind::Name(name) => {
                    let global = self.array(*name, indexes.len(), base.span)?;
                    Ok(StatRef { global, keys: self.full_keys(indexes, node.span)?, span: base.span })
                }
                _ => self.error(Code::Type, "expected statistic", base.span),
            },
            ast::ExprKind::Number(_) => self.no_statistic("long", node.span),
            ast::ExprKind::String(_) => self.no_statistic("string", node.span),
            _ => self.error(Code::Type, "type mismatch: expected stats", node.span),
        }
    }

    fn no_statistic(&self, found: &str, span: Span) -> Result<StatRef, Reported> {
        self.error(Code::Type, format!("type mismatch: expected stats but found {found}"), span)
    }

    /// `&&` and `||`. The right side is not looked at when `@defined` on the left has decided.
    fn logical(&mut self, left: &ast::Expr, right: &ast::Expr, and: bool) -> Result<ExprKind, Reported> {
        let resolved = self.expr(left)?;
        if let (true, Some(value)) = (asks_defined(left), constant_truth(&resolved))
            && value != and
        {
            return Ok(ExprKind::Constant(Constant::Long(i64::from(value))));
        }
        let (left, right) = (Box::new(resolved), Box::new(self.expr(right)?));
        Ok(if and { ExprKind::And(left, right) } else { ExprKind::Or(left, right) })
    }

    fn ternary(&mut self, cond: &ast::Expr, then: &ast::Expr, otherwise: &ast::Expr, span: Span) -> Resolved {
        let resolved = self.expr(cond)?;
        if let (true, Some(value)) = (asks_defined(cond), constant_truth(&resolved)) {
            return self.expr(if value { then } else { otherwise });
        }
        let then = Box::new(self.expr(then)?);
        let known = self.carried;
        let otherwise = Box::new(self.expr(otherwise)?);
        self.carried = known.filter(|known| Some(*known) == self.carried);
        Ok(fold(make(span, ExprKind::Ternary { cond: Box::new(resolved), then, otherwise })))
    }

    fn assign(
        &mut self,
        op: AssignOp,
        target: &ast::Expr,
        value: &ast::Expr,
        span: Span,
    ) -> Result<ExprKind, Reported> {
        if let Some(answer) = self.answer(op, target, value) {
            return answer;
        }
        let value = Box::new(self.expr(value)?);
        let carried = self.carried;
        if op == AssignOp::Set && target_kind(&target.kind) {
            return self.target_write(target, *value);
        }
        let place = Box::new(self.place(target, span)?);
        self.remember(&place, if op == AssignOp::Set { carried } else { None });
        if let (AssignOp::Aggregate, Place::Local(..)) = (op, &*place) {
            return self.error(Code::Type, LOCAL_STAT, target.span);
        }
        Ok(match op {
            AssignOp::Set => ExprKind::Assign { place, value },
            AssignOp::Binary(op) => ExprKind::AssignBinary { op, place, value },
            AssignOp::Concat => ExprKind::AssignConcat { place, value },
            AssignOp::Aggregate => ExprKind::Aggregate { place, value },
        })
    }

    /// What can be assigned to.
    fn place(&mut self, node: &ast::Expr, operator: Span) -> Result<Place, Reported> {
        if self.context == Context::Condition {
            return self.error(Code::Misuse, "probe condition must not modify any variables", operator);
        }
        match &node.kind {
            ast::ExprKind::Name(_) | ast::ExprKind::Index { .. } => {}
            kind if target_kind(kind) => {
                let message = "only `=` can write to a target variable";
                return self.error(Code::Misuse, message, operator);
            }
            _ => return self.no_place(node.span, operator),
        }
        let target = self.expr(node)?;
        match target.kind {
            ExprKind::Local(id) => Ok(Place::Local(id, target.span)),
            ExprKind::Global(id) => Ok(Place::Global(id, target.span)),
            ExprKind::Element { array, keys } => Ok(Place::Element(array, keys, target.span)),
            _ => self.no_place(node.span, operator),
        }
    }

    /// What the number in a variable is known to be.
    fn known_type(&self, expr: &Expr) -> Option<Carried> {
        match &expr.kind {
            ExprKind::Local(id) => self.local_types.get(id).copied().flatten(),
            ExprKind::Global(id) | ExprKind::Element { array: id, .. } => {
                self.names.global_types.get(id).copied().flatten()
            }
            _ => None,
        }
    }

    /// After `place = value`: what the number there is known to be. Two kinds of values make it a plain number.
    fn remember(&mut self, place: &Place, value: Option<Carried>) {
        let known = match place {
            Place::Local(id, _) => self.local_types.entry(*id).or_insert(value),
            Place::Global(id, _) | Place::Element(id, ..) => {
                self.names.global_types.entry(*id).or_insert(value)
            }
        };
        if *known != value {
            *known = None;
        }
        self.carried = value;
    }

    /// `@enum("NAME")`.
    fn enumerator(&mut self, name: &[u8], span: Span) -> Result<ExprKind, Reported> {
        let name = String::from_utf8_lossy(name).into_owned();
        let known = self.names.objects.kernel();
        match known.map(|known| known.info.enumerator(&name)) {
            Ok(Ok(Some(value))) => Ok(ExprKind::Constant(Constant::Long(value))),
            Ok(Ok(None)) => {
                self.error(Code::Unresolved, format!("unable to find enumeration constant '{name}'"), span)
            }
            Ok(Err(broken)) => self.error(Code::Kernel, broken.to_string(), span),
            Err(lack) => {
                self.names.sink.push(lack.diagnostic().at(span));
                Err(Reported)
            }
        }
    }

    fn no_place(&self, target: Span, operator: Span) -> Result<Place, Reported> {
        let message = "Expecting lvalue for assignment";
        self.names.sink.push(Diagnostic::semantic(Code::Misuse, message, operator).and_at(target));
        Err(Reported)
    }

    /// `@const("C")`: an expression of C that is a number.
    fn constant_c(&mut self, text: &[u8], span: Span) -> Result<ExprKind, Reported> {
        let mut code = b"/* pure */ /* unprivileged */ /* stable */ (".to_vec();
        code.extend_from_slice(text);
        code.push(b')');
        let code = limits::embedded(self.names, self.file, &ast::Embedded { span, code })?;
        Ok(ExprKind::Embedded(Box::new(code)))
    }
}

/// Whether an expression is about the target.
fn target_kind(kind: &ast::ExprKind) -> bool {
    use ast::ExprKind as Ast;
    matches!(
        kind,
        Ast::Target(_) | Ast::Cast { .. } | Ast::AtVar { .. } | Ast::Deref { .. } | Ast::AddressOf(_)
    )
}

/// The peer's words for a statistic that is no global.
const LOCAL_STAT: &str = "stat locals not supported, missing global declaration? ";

/// Whether a condition is about `@defined` or `@probewrite`, so that the branch not taken is not looked at.
pub(super) fn asks_defined(node: &ast::Expr) -> bool {
    use ast::ExprKind as Ast;
    match &node.kind {
        Ast::Defined(_) | Ast::ProbeWrite(_) => true,
        Ast::Unary { arg, .. } => asks_defined(arg),
        Ast::LogicalAnd(left, right) | Ast::LogicalOr(left, right) => {
            asks_defined(left) || asks_defined(right)
        }
        Ast::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => {
            asks_defined(left) || asks_defined(right)
        }
        _ => false,
    }
}

/// What a constant condition decides.
pub(super) fn constant_truth(expr: &Expr) -> Option<bool> {
    match expr.kind {
        ExprKind::Constant(Constant::Long(value)) => Some(value != 0),
        _ => None,
    }
}
