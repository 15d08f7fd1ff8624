//! Expressions: operators by their precedence.

use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, ConstPrattParser, Op};

use super::{Builder, Built, Rule, at, incomplete};
use crate::diag::Code;
use crate::pass1_parse::ast::{AssignOp, BinaryOp, CompareOp, Expr, ExprKind, UnaryOp};
use crate::source::Span;

/// Levels of an expression's tree. Long chains of one operator lean to one side; the passes walk trees by recursion.
pub const MAX_DEPTH: u32 = 5000;

/// Operators of a chain that parses by recursion: prefixes, assignments, conditionals.
const MAX_RECURSIVE: usize = 1000;

/// A histogram is a picture or has buckets; it has no value.
pub(super) const NO_VALUE: &str = "base histogram operator where expression expected";

/// An expression and the levels of its tree.
pub(super) struct Node {
    pub expr: Expr,
    pub depth: u32,
}

/// From the loosest to the tightest, as stap(1) lists them; `true` starts a level.
static PRATT: ConstPrattParser<Rule, OPERATORS> = ConstPrattParser::new_const(levels(true));

/// Before version 4.0 the last part of `c ? a : b` could be an assignment.
static OLD_PRATT: ConstPrattParser<Rule, OPERATORS> = ConstPrattParser::new_const(levels(false));

const OPERATORS: usize = 17;

const fn levels(ternary_is_tighter: bool) -> [(Op<Rule>, bool); OPERATORS] {
    [
        (Op::infix(Rule::assign, Assoc::Right), true),
        (Op::infix(Rule::ternary, Assoc::Right), ternary_is_tighter),
        (Op::infix(Rule::or, Assoc::Left), true),
        (Op::infix(Rule::and, Assoc::Left), true),
        (Op::infix(Rule::bit_or, Assoc::Left), true),
        (Op::infix(Rule::bit_xor, Assoc::Left), true),
        (Op::infix(Rule::bit_and, Assoc::Left), true),
        (Op::postfix(Rule::array_in), true),
        (Op::infix(Rule::compare, Assoc::Left), true),
        (Op::postfix(Rule::regex), false),
        (Op::infix(Rule::shift, Assoc::Left), true),
        (Op::infix(Rule::concat, Assoc::Left), true),
        (Op::infix(Rule::add, Assoc::Left), true),
        (Op::infix(Rule::mul, Assoc::Left), true),
        (Op::prefix(Rule::sign), true),
        (Op::prefix(Rule::pre_crement), true),
        (Op::postfix(Rule::post_crement), true),
    ]
}

impl Builder<'_> {
    /// An expression; a histogram is none.
    pub(super) fn expr(&self, pair: Pair<'_, Rule>) -> Built<Expr> {
        Ok(self.node(pair)?.expr)
    }

    pub(super) fn node(&self, pair: Pair<'_, Rule>) -> Built<Node> {
        let node = self.node_or_histogram(pair)?;
        if matches!(node.expr.kind, ExprKind::Hist { .. }) {
            return Err(at(Code::Parse, NO_VALUE, node.expr.span));
        }
        Ok(node)
    }

    /// An expression, or a histogram alone (what print and foreach take).
    pub(super) fn node_or_histogram(&self, pair: Pair<'_, Rule>) -> Built<Node> {
        let mut parts = pair.into_inner();
        // Most expressions are one value.
        if parts.len() == 1
            && let Some(only) = parts.next()
        {
            return self.atom(only);
        }
        self.check_chain(parts.clone())?;
        let pratt = if self.syntax < (4, 0) { &OLD_PRATT } else { &PRATT };
        pratt
            .map_primary(|pair| self.atom(pair))
            .map_prefix(|op, arg| self.prefix(op, arg?))
            .map_postfix(|arg, op| self.postfix(arg?, op))
            .map_infix(|left, op, right| self.infix(left?, op, right?))
            .parse(parts)
    }

    /// Refuses what would make the Pratt parser recurse too deeply.
    fn check_chain(&self, pairs: Pairs<'_, Rule>) -> Built<()> {
        let mut recursive = 0;
        for pair in pairs {
            if matches!(pair.as_rule(), Rule::assign | Rule::ternary | Rule::sign | Rule::pre_crement) {
                recursive += 1;
                if recursive > MAX_RECURSIVE {
                    return Err(too_deep(self.span(&pair)));
                }
            }
        }
        Ok(())
    }

    fn prefix(&self, op: Pair<'_, Rule>, arg: Node) -> Built<Node> {
        let span = self.span(&op);
        let depth = arg.depth;
        let arg = Box::new(scalar(arg.expr)?);
        let kind = match self.word(&op) {
            "++" | "--" => ExprKind::Crement { increment: self.word(&op) == "++", prefix: true, arg },
            "-" => ExprKind::Unary { op: UnaryOp::Minus, arg },
            "+" => ExprKind::Unary { op: UnaryOp::Plus, arg },
            "!" => ExprKind::Unary { op: UnaryOp::Not, arg },
            _ => ExprKind::Unary { op: UnaryOp::Complement, arg },
        };
        over(span, kind, depth)
    }

    fn postfix(&self, arg: Node, op: Pair<'_, Rule>) -> Built<Node> {
        let span = self.span(&op);
        let depth = arg.depth;
        let arg = scalar(arg.expr)?;
        let kind = match op.as_rule() {
            Rule::array_in => {
                let (array_span, array) = self.name(&super::only!(op));
                ExprKind::In { indexes: vec![Some(arg)], array, array_span }
            }
            Rule::regex => {
                let mut parts = op.into_inner();
                let (Some(sign), Some(pattern)) = (parts.next(), parts.next()) else {
                    return Err(incomplete());
                };
                let pattern_span = self.span(&pattern);
                let pattern = self.string(pattern);
                ExprKind::Regex {
                    positive: self.word(&sign) == "=~",
                    left: Box::new(arg),
                    pattern,
                    pattern_span,
                }
            }
            _ => ExprKind::Crement { increment: self.word(&op) == "++", prefix: false, arg: Box::new(arg) },
        };
        over(span, kind, depth)
    }

    fn infix(&self, left: Node, op: Pair<'_, Rule>, right: Node) -> Built<Node> {
        let span = self.span(&op);
        let depth = left.depth.max(right.depth);
        let grows = matches!(left.expr.kind, ExprKind::Concat(_));
        let below = if grows { (left.depth - 1).max(right.depth) } else { depth };
        let (left, right) = (scalar(left.expr)?, scalar(right.expr)?);
        if op.as_rule() == Rule::concat {
            return over(span, concat(left, right), below);
        }
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = match op.as_rule() {
            Rule::assign => ExprKind::Assign { op: assign_op(self.word(&op)), target: left, value: right },
            Rule::ternary => {
                let then = self.node(super::only!(op))?;
                let kind = ExprKind::Ternary { cond: left, then: Box::new(then.expr), otherwise: right };
                return over(span, kind, depth.max(then.depth));
            }
            Rule::or => ExprKind::LogicalOr(left, right),
            Rule::and => ExprKind::LogicalAnd(left, right),
            Rule::compare => ExprKind::Compare { op: compare_op(self.word(&op)), left, right },
            _ => ExprKind::Binary { op: binary_op(self.word(&op)), left, right },
        };
        over(span, kind, depth)
    }
}

/// A node one level above `depth`.
pub(super) fn over(span: Span, kind: ExprKind, depth: u32) -> Built<Node> {
    if depth >= MAX_DEPTH {
        return Err(too_deep(span));
    }
    Ok(Node { expr: Expr { span, kind }, depth: depth + 1 })
}

pub(super) fn too_deep(span: Span) -> Box<crate::diag::Diagnostic> {
    at(Code::TooDeep, "the script nests too deeply here", span)
}

/// An operand: anything but a histogram.
pub(super) fn scalar(expr: Expr) -> Built<Expr> {
    match expr.kind {
        ExprKind::Hist { .. } => {
            Err(at(Code::Parse, "base histogram operator where expression expected", expr.span))
        }
        _ => Ok(expr),
    }
}

/// A chain of `.` is one node; where it grows on the left it stays flat.
fn concat(left: Expr, right: Expr) -> ExprKind {
    match left.kind {
        ExprKind::Concat(mut parts) => {
            parts.push(right);
            ExprKind::Concat(parts)
        }
        kind => ExprKind::Concat(vec![Expr { span: left.span, kind }, right]),
    }
}

fn assign_op(text: &str) -> AssignOp {
    match text {
        "=" => AssignOp::Set,
        "<<<" => AssignOp::Aggregate,
        ".=" => AssignOp::Concat,
        _ => AssignOp::Binary(binary_op(text.strip_suffix('=').unwrap_or(text))),
    }
}

fn compare_op(text: &str) -> CompareOp {
    match text {
        "<" => CompareOp::Lt,
        ">" => CompareOp::Gt,
        "<=" => CompareOp::Le,
        ">=" => CompareOp::Ge,
        "==" => CompareOp::Eq,
        _ => CompareOp::Ne,
    }
}

fn binary_op(text: &str) -> BinaryOp {
    match text {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Mod,
        "&" => BinaryOp::And,
        "|" => BinaryOp::Or,
        "^" => BinaryOp::Xor,
        "<<" => BinaryOp::Shl,
        ">>" => BinaryOp::Shr,
        _ => BinaryOp::Ushr,
    }
}
