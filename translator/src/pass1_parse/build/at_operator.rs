//! Operators that start with `@`.

use pest::iterators::{Pair, Pairs};

use super::expr::{Node, over};
use super::{Builder, Built, Rule, at, incomplete, only, saw};
use crate::diag::Code;
use crate::pass1_parse::ast::{ExprKind, HistKind, StatOp, UnaryOp};
use crate::pass1_parse::token::is_operator;
use crate::source::Span;

/// Operators that an older language allows too, unless a macro has their name.
const ALWAYS: [&str; 2] = ["const", "variance"];

impl Builder<'_> {
    pub(super) fn at_operator(&self, pair: Pair<'_, Rule>) -> Built<Node> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        if rule == Rule::histogram {
            return self.histogram(pair);
        }
        let op = self.word(&pair);
        let mut parts = pair.into_inner();
        let name = op.trim_start_matches('@');
        if !is_operator(name, self.syntax) && !ALWAYS.contains(&name) {
            return Err(saw(Code::Parse, format!("unknown operator {op}"), span));
        }
        self.check_privilege(span, op)?;
        match rule {
            Rule::stat => self.stat(span, op, parts),
            Rule::at_expr => self.at_expr(span, op, parts),
            Rule::at_pair => self.at_pair(span, op, parts),
            Rule::probe_write => {
                let (_, name) = self.name(&parts.next().ok_or_else(incomplete)?);
                over(span, ExprKind::ProbeWrite(name), 0)
            }
            Rule::cast | Rule::at_enumname => self.at_typed(span, rule, parts),
            _ => self.at_strings(span, op, parts),
        }
    }

    fn stat(&self, span: Span, op: &str, mut parts: Pairs<'_, Rule>) -> Built<Node> {
        let Some(op) = stat_op(op) else { return Err(incomplete()) };
        // The operator is a pair too, for foreach takes it alone.
        let mut parts = parts.by_ref().skip(1);
        let arg = self.node(parts.next().ok_or_else(incomplete)?)?;
        let param = match parts.next() {
            Some(extra) if op != StatOp::Variance => {
                let place = self.comma_before(&extra);
                return Err(at(Code::Parse, "not more than 1 parameter allowed", place));
            }
            Some(shift) => Some(self.shift(shift)?),
            None => None,
        };
        over(span, ExprKind::Stat { op, arg: Box::new(arg.expr), param }, arg.depth)
    }

    /// A number of either sign: pass 2 knows which are possible.
    fn shift(&self, pair: Pair<'_, Rule>) -> Built<i64> {
        let first = self.span(&pair);
        let kind = self.expr(pair)?.kind;
        match kind {
            ExprKind::Number(shift) => return Ok(shift),
            ExprKind::Unary { op: UnaryOp::Minus, arg } => {
                if let ExprKind::Number(shift) = arg.kind {
                    return Ok(shift.wrapping_neg());
                }
            }
            _ => {}
        }
        Err(saw(Code::Parse, "expected number", first))
    }

    fn comma_before(&self, pair: &Pair<'_, Rule>) -> Span {
        self.joined.token_at(self.piece.index(pair.as_span().start()).saturating_sub(1)).span
    }

    /// `@hist_log(x)` or `@hist_linear(x, low, high, step)`
    pub(super) fn histogram(&self, pair: Pair<'_, Rule>) -> Built<Node> {
        let inner = only!(pair);
        let kind = if inner.as_rule() == Rule::hist_log { HistKind::Log } else { HistKind::Linear };
        let span = self.span(&inner);
        let mut parts = inner.into_inner();
        let arg = self.node(parts.next().ok_or_else(incomplete)?)?;
        let params = parts.map(|part| self.signed(part)).collect::<Built<Vec<i64>>>()?;
        over(span, ExprKind::Hist { kind, arg: Box::new(arg.expr), params }, arg.depth)
    }

    fn at_expr(&self, span: Span, op: &str, mut parts: Pairs<'_, Rule>) -> Built<Node> {
        let arg = self.node(parts.next().ok_or_else(incomplete)?)?;
        let depth = arg.depth;
        let arg = Box::new(arg.expr);
        let kind = match op {
            "@defined" => ExprKind::Defined(arg),
            "@entry" => ExprKind::Entry(arg),
            _ => ExprKind::Register { kernel: op == "@kregister", number: arg },
        };
        over(span, kind, depth)
    }

    fn at_pair(&self, span: Span, op: &str, mut parts: Pairs<'_, Rule>) -> Built<Node> {
        let (Some(size), Some(addr)) = (parts.next(), parts.next()) else { return Err(incomplete()) };
        let (size, addr) = (self.node(size)?, self.node(addr)?);
        let depth = size.depth.max(addr.depth);
        let (size, addr) = (Box::new(size.expr), Box::new(addr.expr));
        over(span, ExprKind::RawDeref { kernel: op == "@kderef", size, addr }, depth)
    }

    /// `@cast(e, "type", "module")`, `@enumname(e, "type", "module")`
    fn at_typed(&self, span: Span, rule: Rule, mut parts: Pairs<'_, Rule>) -> Built<Node> {
        let arg = self.node(parts.next().ok_or_else(incomplete)?)?;
        let depth = arg.depth;
        let arg = Box::new(arg.expr);
        let ty = parts.next().map(|p| self.string(p));
        let module = parts.next().map(|p| self.string(p));
        let kind = match (rule, ty) {
            (Rule::cast, Some(ty)) => ExprKind::Cast { arg, ty, module },
            (_, ty) => ExprKind::EnumName { arg, ty, module },
        };
        over(span, kind, depth)
    }

    /// `@var("name", "module")`, `@perf("x")`, `@const("x")`, `@enum("x")`
    fn at_strings(&self, span: Span, op: &str, mut parts: Pairs<'_, Rule>) -> Built<Node> {
        let name = self.string(parts.next().ok_or_else(incomplete)?);
        let module = parts.next().map(|p| self.string(p));
        let kind = match op {
            "@var" => ExprKind::AtVar { name, module },
            "@perf" => ExprKind::Perf(name),
            "@const" => ExprKind::Const(name),
            _ => ExprKind::Enum(name),
        };
        over(span, kind, 0)
    }

    /// Some operators reach as far as embedded C does.
    fn check_privilege(&self, span: Span, op: &str) -> Built<()> {
        let far = matches!(op, "@const" | "@kderef" | "@kregister");
        if far && !self.guru && !self.joined.file(span).privileged {
            return Err(saw(
                Code::Privilege,
                format!("using {op} operator not permitted; need stap -g"),
                span,
            ));
        }
        Ok(())
    }
}

pub(super) fn stat_op(text: &str) -> Option<StatOp> {
    Some(match text {
        "@count" => StatOp::Count,
        "@sum" => StatOp::Sum,
        "@min" => StatOp::Min,
        "@max" => StatOp::Max,
        "@avg" => StatOp::Avg,
        "@variance" => StatOp::Variance,
        _ => return None,
    })
}
