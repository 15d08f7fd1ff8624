//! Probe points. Braces are expanded here: `a.{b,c}.d` is two points, in the order of the text.

use pest::iterators::Pair;

use super::{Builder, Built, Rule, at, only};
use crate::diag::Code;
use crate::pass1_parse::ast::{Component, Literal, ProbePoint};
use crate::pass1_parse::items::MAX_NESTING;
use crate::source::{Span, Symbol};

/// Points that one text may expand to: braces multiply.
const MAX_POINTS: usize = 100_000;

impl Builder<'_> {
    /// A list of points, braces expanded.
    pub(super) fn points(&self, pair: Pair<'_, Rule>) -> Built<Vec<ProbePoint>> {
        let mut points = Vec::new();
        for point in pair.into_inner() {
            points.extend(self.point(point, 0)?);
        }
        Ok(points)
    }

    fn point(&self, pair: Pair<'_, Rule>, level: usize) -> Built<Vec<ProbePoint>> {
        let span = self.span(&pair);
        let mut points = vec![ProbePoint::empty(span)];
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::component => {
                    let component = self.component(part)?;
                    self.extend(&mut points, &[ProbePoint::of(component)], span)?;
                }
                Rule::group => {
                    if level > MAX_NESTING {
                        return Err(super::expr::too_deep(span));
                    }
                    let mut choices = Vec::new();
                    for choice in part.into_inner() {
                        choices.extend(self.point(choice, level + 1)?);
                    }
                    self.extend(&mut points, &choices, span)?;
                }
                Rule::optional => points.iter_mut().for_each(|p| p.optional = true),
                Rule::sufficient => points.iter_mut().for_each(|p| p.sufficient = true),
                _ => {
                    let condition = Box::new(self.expr(only!(part))?);
                    points.iter_mut().for_each(|p| p.condition = Some(condition.clone()));
                }
            }
        }
        Ok(points)
    }

    /// Every point so far, followed by every choice.
    fn extend(&self, points: &mut Vec<ProbePoint>, choices: &[ProbePoint], span: Span) -> Built<()> {
        if points.iter().any(|p| p.optional || p.sufficient || p.condition.is_some()) {
            let message = "'?', '!' or condition must only be specified in suffix";
            return Err(at(Code::Parse, message, span));
        }
        if points.len().saturating_mul(choices.len()) > MAX_POINTS {
            return Err(at(Code::TooDeep, "the braces of this probe point expand to too many points", span));
        }
        // One choice, the usual case, moves nothing.
        if let [only] = choices {
            points.iter_mut().for_each(|p| p.append(only));
            return Ok(());
        }
        let joined = |prefix: &ProbePoint, choice: &ProbePoint| {
            let mut point = prefix.clone();
            point.append(choice);
            point
        };
        *points = points.iter().flat_map(|p| choices.iter().map(move |c| joined(p, c))).collect();
        Ok(())
    }

    fn component(&self, pair: Pair<'_, Rule>) -> Built<Component> {
        let mut span = self.span(&pair);
        let mut name = Symbol::new("");
        let mut arg: Option<Literal> = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::component_name => {
                    let first = self.piece.index(part.as_span().start());
                    let pieces = &self.joined.tokens[first..first + part.as_str().len()];
                    name = match pieces {
                        [one] => Symbol::new(self.joined.word(one.span)),
                        several => {
                            let words = several.iter().map(|piece| self.joined.word(piece.span));
                            Symbol::new(&words.collect::<String>())
                        }
                    };
                    span = pieces.last().map_or(span, |last| through(span, last.span));
                }
                _ => arg = Some(self.literal(part)?),
            }
        }
        Ok(Component { span, name, arg })
    }
}

/// From one token to another that it is glued to.
fn through(first: Span, last: Span) -> Span {
    if first.file == last.file && first.origin == last.origin { Span { hi: last.hi, ..first } } else { first }
}

impl ProbePoint {
    fn empty(span: Span) -> Self {
        ProbePoint { span, components: Vec::new(), optional: false, sufficient: false, condition: None }
    }

    fn of(component: Component) -> Self {
        ProbePoint { components: vec![component.clone()], ..Self::empty(component.span) }
    }

    fn append(&mut self, rest: &ProbePoint) {
        if self.components.is_empty() {
            self.span = rest.span;
        }
        self.components.extend(rest.components.iter().cloned());
        self.optional = rest.optional;
        self.sufficient = rest.sufficient;
        self.condition = rest.condition.clone();
    }
}
