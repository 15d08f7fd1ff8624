//! Probes, aliases, globals and functions.

use pest::iterators::{Pair, Pairs};

use super::{Builder, Built, Rule, at, incomplete, only, saw};
use crate::diag::Code;
use crate::pass1_parse::ast::{
    Alias, Block, Function, FunctionBody, Global, Item, Literal, Param, Probe, ProbePoint, TypeName,
};
use crate::source::Span;

impl Builder<'_> {
    /// A probe or an alias.
    pub(super) fn probe(&self, pair: Pair<'_, Rule>) -> Built<Item> {
        let span = self.span(&pair);
        let mut lists: Vec<Vec<ProbePoint>> = Vec::new();
        // The last `=` or `+=`, and whether it is `+=`.
        let mut alias: Option<bool> = None;
        let mut body = None;
        let mut second = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::points => lists.push(self.points(part)?),
                Rule::alias_op => {
                    if lists.last().is_some_and(|names| names.len() > 1) {
                        return Err(saw(Code::Parse, "expected probe point specifier", self.span(&part)));
                    }
                    alias = Some(self.word(&part) == "+=");
                }
                Rule::block => body = Some(self.block(part, 0)?),
                _ => second = Some((self.span(&part), self.block(only!(part), 0)?)),
            }
        }
        let (Some(body), Some(points)) = (body, lists.pop()) else { return Err(incomplete()) };
        match (alias, second) {
            (None, None) => Ok(Item::Probe(Probe { span, points, body })),
            (None, Some((comma, _))) => Err(saw(Code::Parse, TOP_LEVEL, comma)),
            (Some(true), Some((comma, _))) => {
                Err(saw(Code::Parse, "Combined prologue and epilogue cannot be defined with '+='", comma))
            }
            (Some(epilogue), second) => {
                let names = lists.into_iter().map(alias_name).collect::<Built<_>>()?;
                Ok(Item::Alias(alias_of(span, names, points, body, second.map(|(_, b)| b), epilogue)))
            }
        }
    }

    pub(super) fn globals(&self, pair: Pair<'_, Rule>) -> Built<Vec<Item>> {
        let mut private = false;
        let mut list: Vec<Item> = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::private => private = true,
                _ => list.push(Item::Global(self.global(part, private)?)),
            }
        }
        Ok(list)
    }

    fn global(&self, pair: Pair<'_, Rule>, private: bool) -> Built<Global> {
        let mut parts = pair.into_inner();
        let (span, name) = self.name(&parts.next().ok_or_else(incomplete)?);
        let mut global = Global { span, name, private, init: None, size: None, wrap: false };
        for part in parts {
            match part.as_rule() {
                Rule::wrap => global.wrap = true,
                Rule::size => global.size = Some(self.array_size(only!(part))?),
                _ => {
                    if global.size.is_some() || global.wrap {
                        let equals = self.span(&part);
                        return Err(saw(Code::Parse, "only scalar globals can be initialized", equals));
                    }
                    global.init = Some(self.literal(only!(part))?);
                }
            }
        }
        Ok(global)
    }

    fn array_size(&self, number: Pair<'_, Rule>) -> Built<u32> {
        let span = self.span(&number);
        u32::try_from(self.signed(number)?)
            .ok()
            .filter(|&size| size > 0 && size <= i32::MAX as u32)
            .ok_or_else(|| saw(Code::Parse, "array size out of range", span))
    }

    pub(super) fn literal(&self, pair: Pair<'_, Rule>) -> Built<Literal> {
        if let Some(inner) = pair.clone().into_inner().next()
            && inner.as_rule() == Rule::string
        {
            return Ok(Literal::String(self.string(inner)));
        }
        Ok(Literal::Number(self.signed(pair)?))
    }

    pub(super) fn function(&self, pair: Pair<'_, Rule>) -> Built<Function> {
        self.in_function.set(true);
        let mut private = false;
        let mut name = None;
        let mut ret = None;
        let mut params: Vec<Param> = Vec::new();
        let mut priority = None;
        let mut body = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::private => private = true,
                Rule::function_name => name = Some(self.name(&part)),
                Rule::type_decl => ret = Some(self.type_name(part.into_inner())?),
                Rule::param => params.push(self.param(part, &params)?),
                Rule::priority => priority = Some(self.priority(only!(part))?),
                Rule::block => body = Some(FunctionBody::Script(self.block(part, 0)?)),
                _ => body = Some(FunctionBody::Embedded(self.embedded(&part, "code")?)),
            }
        }
        let (Some((span, name)), Some(body)) = (name, body) else { return Err(incomplete()) };
        Ok(Function { span, name, private, ret, params, priority, body })
    }

    fn param(&self, pair: Pair<'_, Rule>, earlier: &[Param]) -> Built<Param> {
        let mut parts = pair.into_inner();
        let (span, name) = self.name(&parts.next().ok_or_else(incomplete)?);
        if earlier.iter().any(|p| p.name == name) {
            return Err(saw(Code::Parse, "duplicate parameter names", span));
        }
        let ty = parts.next().map(|part| self.type_name(part.into_inner())).transpose()?;
        Ok(Param { span, name, ty })
    }

    fn type_name(&self, mut parts: Pairs<'_, Rule>) -> Built<TypeName> {
        match self.word(&parts.next().ok_or_else(incomplete)?) {
            "long" => Ok(TypeName::Long),
            _ => Ok(TypeName::String),
        }
    }

    fn priority(&self, number: Pair<'_, Rule>) -> Built<u64> {
        let span = self.span(&number);
        u64::try_from(self.signed(number)?)
            .ok()
            .filter(|&priority| priority > 0)
            .ok_or_else(|| saw(Code::Parse, "specified priority must be > 0", span))
    }
}

/// What a parse expects between items.
pub const TOP_LEVEL: &str = "expected 'probe', 'global', 'private', 'function', or '%{'";

fn alias_of(
    span: Span,
    names: Vec<ProbePoint>,
    points: Vec<ProbePoint>,
    first: Block,
    second: Option<Block>,
    epilogue: bool,
) -> Alias {
    let (prologue, epilogue) = if epilogue { (None, Some(first)) } else { (Some(first), second) };
    Alias { span, names, points, prologue, epilogue }
}

/// The one point of an alias' name.
fn alias_name(mut points: Vec<ProbePoint>) -> Built<ProbePoint> {
    let Some(point) = points.pop() else { return Err(incomplete()) };
    if point.optional || point.sufficient {
        let message = "probe point alias name cannot be optional nor sufficient";
        return Err(at(Code::Parse, message, point.span));
    }
    for component in &point.components {
        let message = if component.arg.is_some() {
            format!("alias component {} contains illegal parameter", component.name)
        } else if component.name.as_str().contains('*') {
            "invalid use of wildcard probe point component".to_owned()
        } else {
            continue;
        };
        return Err(at(Code::Parse, message, component.span));
    }
    if point.condition.is_some() {
        return Err(at(Code::Parse, "probe point alias name cannot have a condition", point.span));
    }
    Ok(point)
}
