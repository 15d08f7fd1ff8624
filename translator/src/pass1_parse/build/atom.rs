//! Values and the steps taken from them: `a[i]`, `f(x)`, `$x->y[2]$`.

use pest::iterators::Pair;

use super::expr::{NO_VALUE, Node, over, scalar};
use super::{Builder, Built, Rule, at, incomplete, only, saw};
use crate::diag::Code;
use crate::pass1_parse::ast::{Access, Expr, ExprKind, Print, PrintKind};
use crate::pass1_parse::format;
use crate::source::{Span, Symbol};

impl Builder<'_> {
    /// A value with its steps.
    pub(super) fn atom(&self, pair: Pair<'_, Rule>) -> Built<Node> {
        let mut address = None;
        let mut value: Option<Node> = None;
        let mut path = Vec::new();
        let mut depth = 0;
        // `a[1]` is an array's element, `(a)[1]` is what the pointer a points to.
        let mut in_parens = false;
        for part in pair.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::address => address = Some(span),
                Rule::member => self.member(span, &mut path),
                Rule::pretty => path.push(Access::Pretty(span, self.word(&part).len() as u8)),
                Rule::indexes => match value.take() {
                    Some(base) if path.is_empty() && !in_parens && takes_indexes(&base.expr) => {
                        value = Some(self.indexed(base, part)?);
                    }
                    base => {
                        value = base;
                        let (index, levels) = self.pointer_index(part)?;
                        depth = depth.max(levels);
                        path.push(Access::Index(span, Box::new(index)));
                    }
                },
                rule => {
                    in_parens = rule == Rule::paren;
                    value = Some(self.base(part, &mut path)?);
                }
            }
        }
        let mut value = value.ok_or_else(incomplete)?;
        if !path.is_empty() || address.is_some() {
            value.expr = scalar(value.expr)?;
        }
        if let Some(step) = path.first() {
            self.allow_steps(&value.expr, step)?;
            depth = depth.max(value.depth);
            value = over(value.expr.span, ExprKind::Deref { base: Box::new(value.expr), path }, depth)?;
        }
        match address {
            Some(span) => over(span, ExprKind::AddressOf(Box::new(value.expr)), value.depth),
            None => Ok(value),
        }
    }

    /// Any number can be a typed pointer since version 2.6; before, only what names its type could.
    fn allow_steps(&self, base: &Expr, first: &Access) -> Built<()> {
        let typed = matches!(base.kind, ExprKind::Target(_) | ExprKind::Cast { .. } | ExprKind::AtVar { .. });
        if typed || self.syntax >= (2, 6) {
            return Ok(());
        }
        let (Access::Member(span, _) | Access::Index(span, _) | Access::Pretty(span, _)) = first;
        let message = "members of a plain number need --compatible of 2.6 or later";
        Err(saw(Code::Parse, message, *span))
    }

    /// What a chain of steps starts with. A name with trailing dollars starts the path as well.
    fn base(&self, pair: Pair<'_, Rule>, path: &mut Vec<Access>) -> Built<Node> {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::paren => self.node(only!(pair)),
            Rule::number => over(span, ExprKind::Number(self.number(&pair)?), 0),
            Rule::string => over(span, ExprKind::String(self.string(pair)), 0),
            Rule::embedded => over(span, ExprKind::Embedded(self.embedded(&pair, "expression code")?), 0),
            Rule::name => self.variable(span, path),
            Rule::call => self.call(pair),
            Rule::tuple_in => self.tuple_in(pair),
            Rule::printf | Rule::printd | Rule::print_char | Rule::print_plain => self.print(pair),
            _ => self.at_operator(pair),
        }
    }

    fn variable(&self, span: Span, path: &mut Vec<Access>) -> Built<Node> {
        let (name, pretty) = split_pretty(self.joined.word(span));
        let symbol = Symbol::new(name);
        path.extend(pretty_access(span, pretty));
        let kind = if name.starts_with('$') { ExprKind::Target(symbol) } else { ExprKind::Name(symbol) };
        over(span, kind, 0)
    }

    fn member(&self, span: Span, path: &mut Vec<Access>) {
        let (name, pretty) = split_pretty(self.joined.word(span));
        path.push(Access::Member(span, Symbol::new(name)));
        path.extend(pretty_access(span, pretty));
    }

    fn call(&self, pair: Pair<'_, Rule>) -> Built<Node> {
        let (span, name) = self.name(&pair);
        let (args, depth) = self.expressions(pair.into_inner())?;
        over(span, ExprKind::Call { name, args }, depth)
    }

    /// Several expressions and the levels of the deepest.
    fn expressions<'i>(&self, pairs: impl Iterator<Item = Pair<'i, Rule>>) -> Built<(Vec<Expr>, u32)> {
        let mut depth = 0;
        let mut list = Vec::new();
        for pair in pairs {
            let node = self.node(pair)?;
            depth = depth.max(node.depth);
            list.push(node.expr);
        }
        Ok((list, depth))
    }

    /// `[a, *, b]`
    pub(super) fn indexes(&self, pair: Pair<'_, Rule>) -> Built<(Vec<Option<Expr>>, u32)> {
        let mut depth = 0;
        let mut list = Vec::new();
        for index in pair.into_inner() {
            let inner = only!(index);
            list.push(match inner.as_rule() {
                Rule::star => None,
                _ => {
                    let node = self.node(inner)?;
                    depth = depth.max(node.depth);
                    Some(node.expr)
                }
            });
        }
        Ok((list, depth))
    }

    fn indexed(&self, base: Node, indexes: Pair<'_, Rule>) -> Built<Node> {
        let (indexes, depth) = self.indexes(indexes)?;
        let span = base.expr.span;
        over(span, ExprKind::Index { base: Box::new(base.expr), indexes }, depth.max(base.depth))
    }

    /// The one index of a pointer.
    fn pointer_index(&self, pair: Pair<'_, Rule>) -> Built<(Expr, u32)> {
        let span = self.span(&pair);
        let (mut indexes, depth) = self.indexes(pair)?;
        match (indexes.pop(), indexes.is_empty()) {
            (Some(Some(index)), true) => Ok((index, depth)),
            _ => Err(at(Code::Parse, "a pointer takes one index", span)),
        }
    }

    fn tuple_in(&self, pair: Pair<'_, Rule>) -> Built<Node> {
        let mut parts = pair.into_inner();
        let (Some(tuple), Some(array)) = (parts.next(), parts.next()) else { return Err(incomplete()) };
        let span = self.span(&tuple);
        let (indexes, depth) = self.indexes(tuple)?;
        let (array_span, array) = self.name(&array);
        over(span, ExprKind::In { indexes, array, array_span }, depth)
    }

    fn print(&self, pair: Pair<'_, Rule>) -> Built<Node> {
        let kind = match pair.as_rule() {
            Rule::printf => PrintKind::Printf,
            Rule::printd => PrintKind::Printd,
            Rule::print_char => PrintKind::Char,
            _ => PrintKind::Print,
        };
        let after = self.span_behind(&pair);
        let span = self.span(&pair);
        let name = self.joined.word(span);
        let (newline, to_string) = (name.ends_with("ln"), name.starts_with('s'));
        let mut print = Print { kind, newline, to_string, literal: None, args: Vec::new() };
        let mut depth = 0;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::string && print.literal.is_none() {
                let (span, next) = (self.span(&part), self.span_behind(&part));
                let text = self.string(part);
                if kind == PrintKind::Printf
                    && let Err(message) = format::parse(&text)
                {
                    return Err(saw(Code::Format, message, next));
                }
                print.literal = Some((span, text));
                continue;
            }
            let node =
                if kind == PrintKind::Print { self.node_or_histogram(part)? } else { self.node(part)? };
            depth = depth.max(node.depth);
            print.args.push(node.expr);
        }
        if kind == PrintKind::Print && !newline && print.args.is_empty() {
            return Err(saw(Code::Parse, "expected literal string or number", self.after(span, 2)));
        }
        if print.args.len() > 1
            && let Some(picture) = print.args.iter().find(|arg| matches!(arg.kind, ExprKind::Hist { .. }))
        {
            return Err(at(Code::Parse, NO_VALUE, picture.span));
        }
        if kind == PrintKind::Printd && print.args.len() < 2 {
            return Err(saw(Code::Parse, "expected literal string or number", after));
        }
        over(span, ExprKind::Print(Box::new(print)), depth)
    }

    /// The token `count` places after the one at `span`.
    fn after(&self, span: Span, count: usize) -> Span {
        self.joined.tokens.iter().skip_while(|t| t.span != span).nth(count).map_or(span, |t| t.span)
    }
}

/// Whether `[` after this is an array's index, not a pointer's.
fn takes_indexes(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Name(_) | ExprKind::Hist { .. })
}

/// A name and the dollars at its end that ask for pretty printing.
fn split_pretty(text: &str) -> (&str, u8) {
    let bare = text.trim_end_matches('$');
    let dollars = text.len() - bare.len();
    if bare.is_empty() || dollars > 2 { (text, 0) } else { (bare, dollars as u8) }
}

fn pretty_access(span: Span, dollars: u8) -> Option<Access> {
    let place = Span { lo: span.hi - u32::from(dollars), ..span };
    (dollars > 0).then_some(Access::Pretty(place, dollars))
}
