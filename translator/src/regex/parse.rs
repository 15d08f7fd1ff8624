//! The text of a pattern becomes its tree.

use pest::Parser;
use pest::iterators::{Pair, Pairs};
use pest_derive::Parser;

use super::Error;
use super::ast::{Node, Pattern};
use super::bytes::{ByteSet, named};
use super::limits;

#[derive(Parser)]
#[grammar = "../grammar/regex.pest"]
struct RegexGrammar;

type Built<T> = Result<T, Error>;

/// Reads a pattern.
pub fn parse(text: &[u8]) -> Built<Pattern> {
    check_depth(text)?;
    // A character a byte: positions in messages then count bytes.
    let latin: String = text.iter().map(|&byte| char::from(byte)).collect();
    let mut builder = Builder { text: &latin, groups: 1 };
    let root = match RegexGrammar::parse(Rule::regex, &latin) {
        Ok(mut pairs) => builder.root(&mut pairs)?,
        Err(error) => {
            let at = match error.location {
                pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
            };
            return Err(builder.error(at, "unexpected text"));
        }
    };
    Ok(Pattern { text: text.to_vec(), root, groups: builder.groups })
}

/// Parsing and compiling recurse into parentheses.
fn check_depth(text: &[u8]) -> Built<()> {
    let (mut depth, mut escaped) = (0usize, false);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => {}
            b'(' if depth == limits::DEPTH => {
                return Err(Error {
                    at,
                    message: format!("more than {} groups in each other", limits::DEPTH),
                });
            }
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    Ok(())
}

struct Builder<'t> {
    text: &'t str,
    groups: usize,
}

impl Builder<'_> {
    fn error(&self, offset: usize, message: impl Into<String>) -> Error {
        let before = self.text.get(..offset).unwrap_or(self.text);
        Error { at: before.chars().count(), message: message.into() }
    }

    fn refuse<T>(&self, pair: &Pair<'_, Rule>, message: impl Into<String>) -> Built<T> {
        Err(self.error(pair.as_span().start(), message))
    }

    fn root(&mut self, pairs: &mut Pairs<'_, Rule>) -> Built<Node> {
        let mut root = Node::Sequence(Vec::new());
        for pair in pairs.by_ref().flat_map(Pair::into_inner) {
            match pair.as_rule() {
                Rule::choice => root = self.choice(pair)?,
                Rule::stray_close => return self.refuse(&pair, "unmatched ')'"),
                _ => {}
            }
        }
        Ok(root)
    }

    fn choice(&mut self, pair: Pair<'_, Rule>) -> Built<Node> {
        let mut parts = Vec::new();
        for sequence in pair.into_inner() {
            let pieces: Built<Vec<_>> = sequence.into_inner().map(|piece| self.piece(piece)).collect();
            parts.push(single_or(pieces?, Node::Sequence));
        }
        Ok(single_or(parts, Node::Choice))
    }

    fn piece(&mut self, pair: Pair<'_, Rule>) -> Built<Node> {
        let mut inner = pair.into_inner();
        let Some(atom) = inner.next() else { return Ok(Node::Sequence(Vec::new())) };
        let mut node = self.atom(atom)?;
        for (count, postfix) in inner.enumerate() {
            if matches!(node, Node::Start | Node::End) {
                let message = format!("postfix closure '{}' applied to anchoring operator", postfix.as_str());
                return self.refuse(&postfix, message);
            }
            if count == limits::POSTFIXES {
                return self.refuse(&postfix, "too many postfix operators in a row");
            }
            node = self.postfix(postfix, node)?;
        }
        Ok(node)
    }

    fn atom(&mut self, pair: Pair<'_, Rule>) -> Built<Node> {
        Ok(match pair.as_rule() {
            Rule::group => {
                let number = self.groups;
                self.groups += 1;
                Node::Group(number, Box::new(self.grouped(pair)?))
            }
            Rule::plain_group => self.grouped(pair)?,
            Rule::set => Node::Bytes(self.set(pair)?),
            Rule::any => Node::Bytes(ByteSet::any()),
            Rule::start => Node::Start,
            Rule::end => Node::End,
            Rule::escape => self.escape(&pair)?,
            Rule::stray_postfix => {
                return self.refuse(&pair, format!("unexpected '{}'", self.stray(&pair)));
            }
            _ => self.bytes(&pair, pair.as_str())?,
        })
    }

    /// A postfix operator after nothing; `(?=` and its like are shown as a whole.
    fn stray<'p>(&'p self, pair: &'p Pair<'_, Rule>) -> &'p str {
        let at = pair.as_span().start();
        let whole = at.checked_sub(1).and_then(|open| self.text.get(open..at + 2));
        whole.filter(|text| text.starts_with("(?")).unwrap_or(pair.as_str())
    }

    fn grouped(&mut self, pair: Pair<'_, Rule>) -> Built<Node> {
        let open = pair.clone();
        let mut node = Node::Sequence(Vec::new());
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::unclosed => return self.refuse(&open, "expected ), found end of regex"),
                _ => node = self.choice(inner)?,
            }
        }
        // An anchor in parentheses may be repeated, as any other group.
        Ok(if matches!(node, Node::Start | Node::End) { Node::Sequence(vec![node]) } else { node })
    }

    fn escape(&self, pair: &Pair<'_, Rule>) -> Built<Node> {
        let escaped = &pair.as_str()[1..];
        match escaped.chars().next() {
            None => self.refuse(pair, "unexpected end of regex after '\\'"),
            Some('0'..='9') => self.refuse(pair, "back references are not supported"),
            Some(c) if c.is_ascii_alphabetic() => {
                self.refuse(pair, format!("unknown escape '\\{c}'; use a class such as [[:digit:]]"))
            }
            Some(_) => self.bytes(pair, escaped),
        }
    }

    /// One byte that stands for itself.
    fn bytes(&self, pair: &Pair<'_, Rule>, text: &str) -> Built<Node> {
        let mut set = ByteSet::default();
        set.insert(self.byte(pair, text)?);
        Ok(Node::Bytes(set))
    }

    fn byte(&self, pair: &Pair<'_, Rule>, text: &str) -> Built<u8> {
        match text.chars().next().map(u32::from).map(u8::try_from) {
            Some(Ok(byte)) => Ok(byte),
            _ => self.refuse(pair, "unexpected text"),
        }
    }

    fn postfix(&self, pair: Pair<'_, Rule>, node: Node) -> Built<Node> {
        let place = pair.clone();
        let Some(operator) = pair.into_inner().next() else { return Ok(node) };
        let (least, most) = match operator.as_rule() {
            Rule::star => (0, None),
            Rule::plus => (1, None),
            Rule::optional => (0, Some(1)),
            Rule::interval => self.interval(operator)?,
            _ => return self.refuse(&place, self.bad_interval(place.as_span().end())),
        };
        Ok(Node::Repeat(Box::new(node), least, most))
    }

    /// What is wrong with an interval whose brace ends at `from`.
    fn bad_interval(&self, from: usize) -> String {
        let text = self.text.get(from..).unwrap_or_default();
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let message = match (text.len() - rest.len(), rest.is_empty()) {
            (_, true) => "unexpected end of regex",
            (0, false) => "expected number",
            _ => "expected , or }",
        };
        format!("{message} after '{{'; write \\{{ for the character")
    }

    fn interval(&self, pair: Pair<'_, Rule>) -> Built<(u32, Option<u32>)> {
        let place = pair.clone();
        let (mut counts, mut open) = (Vec::new(), false);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::count => match part.as_str().parse() {
                    Ok(count) if count <= limits::REPEAT => counts.push(count),
                    _ => {
                        let message = format!("{} is too large; at most {}", part.as_str(), limits::REPEAT);
                        return self.refuse(&part, message);
                    }
                },
                _ => open = true,
            }
        }
        match (counts.as_slice(), open) {
            (&[exact], false) => Ok((exact, Some(exact))),
            (&[least], true) => Ok((least, None)),
            (&[least, most], _) if least <= most => Ok((least, Some(most))),
            _ => self.refuse(&place, "the interval's bounds are reversed"),
        }
    }

    fn set(&self, pair: Pair<'_, Rule>) -> Built<ByteSet> {
        let open = pair.clone();
        let (mut set, mut not) = (ByteSet::default(), false);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::not => not = true,
                Rule::unclosed_set => return self.refuse(&open, "unclosed character class"),
                _ => self.member(part, &mut set)?,
            }
        }
        Ok(if not { set.negated() } else { set })
    }

    fn member(&self, pair: Pair<'_, Rule>, set: &mut ByteSet) -> Built<()> {
        let place = pair.clone();
        let mut inner = pair.into_inner();
        let Some(first) = inner.next() else { return Ok(()) };
        match first.as_rule() {
            Rule::class => {
                let name = first.into_inner().as_str();
                match named(name) {
                    Some(class) => set.extend(&class),
                    None => return self.refuse(&place, format!("unknown character class '{name}'")),
                }
            }
            Rule::collating if first.as_str() == "[:" => {
                return self.refuse(&place, "unclosed character class '[:'");
            }
            Rule::collating => {
                return self.refuse(&place, "collating elements and equivalence classes are not supported");
            }
            _ => {
                let low = self.byte(&first, first.as_str())?;
                let high = match inner.next() {
                    Some(high) => self.byte(&high, high.as_str())?,
                    None => low,
                };
                if low > high {
                    return self.refuse(&place, format!("Inverted character range {}", place.as_str()));
                }
                (low..=high).for_each(|byte| set.insert(byte));
            }
        }
        Ok(())
    }
}

/// The only part, or all of them as one.
fn single_or(mut parts: Vec<Node>, many: impl Fn(Vec<Node>) -> Node) -> Node {
    match (parts.len(), parts.pop()) {
        (1, Some(part)) => part,
        (_, last) => {
            parts.extend(last);
            many(parts)
        }
    }
}
