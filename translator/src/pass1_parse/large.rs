//! Items of very many tokens, in pieces: what pest keeps of a parse is a hundred times the size of its text.
//!
//! The contents of long blocks are taken out of an item before it is parsed, and parsed by themselves, so many statements
//! at a time. Of a stretch that is cut off anywhere all statements but the last stand as they would in the whole: what
//! made one end early would have to hold a bracket that the cut left open, and nothing is parsed behind that.

use std::ops::Range;

use pest::Parser;

use super::build::{Rule, StapGrammar};
use super::items::opens_group;
use super::join::Joined;
use super::wording::{self, Failure};

/// Tokens of an item, or of the statements of a block, that are parsed at a time.
pub const STRETCH: usize = 20_000;

/// A block whose contents are parsed by themselves.
#[derive(Debug)]
pub struct Hole {
    /// Its `{`.
    pub open: usize,
    /// Its `}`.
    pub close: usize,
    /// Its statements: as many to a part as are parsed at a time.
    pub parts: Vec<Range<usize>>,
}

/// The long blocks of an item, in order of their `{`; none when its brackets do not match.
pub fn holes(text: &str) -> Vec<Hole> {
    if text.len() <= STRETCH {
        return Vec::new();
    }
    let codes = text.as_bytes();
    // The brackets that are open, and whether each is a block's.
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut found = Vec::new();
    for (at, &code) in codes.iter().enumerate() {
        match code {
            b'(' | b'[' => open.push((at, false)),
            b'{' => {
                let is_block = match open.last() {
                    Some(&(_, in_block)) => in_block,
                    None => at > 0 && !opens_group(codes[at - 1]),
                };
                open.push((at, is_block));
            }
            b')' | b']' | b'}' => {
                let closes = |&(start, _): &(usize, bool)| codes[start] == opener(code);
                let Some((start, is_block)) = open.pop().filter(closes) else { return Vec::new() };
                if is_block && at - start > STRETCH {
                    found.push(Hole { open: start, close: at, parts: Vec::new() });
                }
            }
            _ => {}
        }
    }
    if !open.is_empty() {
        return Vec::new();
    }
    found.sort_unstable_by_key(|hole| hole.open);
    found
}

fn opener(closer: u8) -> u8 {
    match closer {
        b')' => b'(',
        b']' => b'[',
        _ => b'{',
    }
}

impl Joined<'_> {
    /// The hole whose block opens at a token.
    pub fn hole(&self, open: usize) -> Option<&Hole> {
        let index = self.holes.binary_search_by_key(&open, |hole| hole.open).ok()?;
        self.holes.get(index)
    }

    /// Divides all holes into parts, or gives the first failure and its place.
    pub fn divide(&mut self) -> Result<(), (Failure, usize)> {
        let mut first: Option<(Failure, usize)> = None;
        for index in 0..self.holes.len() {
            match self.parts(index) {
                Ok(parts) => self.holes[index].parts = parts,
                Err(failure) if first.as_ref().is_none_or(|(_, at)| failure.1 < *at) => first = Some(failure),
                Err(_) => {}
            }
        }
        first.map_or(Ok(()), Err)
    }

    fn parts(&self, hole: usize) -> Result<Vec<Range<usize>>, (Failure, usize)> {
        let Hole { open, close, .. } = self.holes[hole];
        let mut parts = Vec::new();
        let (mut at, mut size) = (open + 1, STRETCH);
        while at < close {
            let piece = self.piece(at..close, size);
            let pairs = StapGrammar::parse(Rule::statements, &piece.text);
            let last = pairs.ok().and_then(|mut pairs| Some((pairs.len(), pairs.next_back()?.as_span())));
            let ends_here = piece.index(piece.text.len()) == close;
            match last {
                Some((_, last)) if ends_here && last.end() == piece.text.len() => {
                    parts.push(at..close);
                    break;
                }
                Some((2.., last)) => {
                    let next = piece.index(last.start());
                    parts.push(at..next);
                    (at, size) = (next, STRETCH);
                }
                _ if ends_here => return Err(self.failure(at..close + 1)),
                _ => size *= 2,
            }
        }
        Ok(parts)
    }

    /// Why statements do not parse to their block's end.
    fn failure(&self, rest: Range<usize>) -> (Failure, usize) {
        let piece = self.piece(rest, usize::MAX);
        let failure = wording::explain(Rule::rest_of_block, &piece.text, false);
        let at = piece.index(failure.offset);
        (failure, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Diagnostic, Sink};
    use crate::pass1_parse::{ast, parse_text, print};
    use crate::source::SourceMap;

    fn parse(text: &str) -> (ast::File, SourceMap, Vec<Diagnostic>) {
        let (sources, sink) = (SourceMap::default(), Sink::new());
        let file = parse_text(&sources, "<input>", text.as_bytes(), &sink);
        (file, sources, sink.take())
    }

    /// Statements whose ends are not plain, often enough to fill several stretches.
    const BODY: &str = "a = b\n- (c) ++d; if (a) { b = \"x\" \"y\" } else if (b) ; else { c[1, d] <<< 2 }\n\
        foreach (k in c) { delete c[k] } a in c ? f(a) : g; [1, 2] in c; try { next } catch { }\n";

    /// The tree of a probe whose body holds [`BODY`] so many times.
    fn printed(times: usize) -> String {
        let (file, sources, errors) =
            parse(&format!("probe begin, end {{ if (x) {{ {} }} y = 1 }}", BODY.repeat(times)));
        assert!(errors.is_empty(), "{errors:?}");
        let source = sources.file(file.id);
        let dump = print::dump([(source.name.as_str(), &file)]);
        String::from_utf8(dump).expect("text")
    }

    #[test]
    fn pieces_make_the_same_tree_as_the_whole() {
        let once = printed(1);
        let (head, rest) = once.split_once("if (x) {\n").expect("the block");
        let (body, tail) = rest.rsplit_once("}\n;\n(y)").expect("the end of the block");
        let times = STRETCH / 20;
        let expected = format!("{head}if (x) {{\n{}}}\n;\n(y){tail}", body.repeat(times));
        assert!(printed(times) == expected, "{once}");
    }

    #[test]
    fn an_error_has_its_place() {
        let good = BODY.repeat(STRETCH / 20);
        for (bad, expected) in [
            ("f(1 }", "expected one of ') ,'"),
            ("a = ;", "expected literal string or number"),
            ("else", "expected statement"),
            ("x = 08;", "number invalid or out of range"),
        ] {
            let text = format!("probe begin {{ {{ {good} }} {bad} {{ {good} }} }}");
            let (_, sources, errors) = parse(&text);
            assert_eq!(errors.len(), 1, "{bad}: {errors:?}");
            assert_eq!(errors[0].message, expected);
            let line = BODY.lines().count() * (STRETCH / 20) + 1;
            let place = match (&errors[0].token, &errors[0].saw) {
                (Some(token), _) | (_, Some(crate::diag::diagnostic::Saw::Token(token))) => *token,
                _ => panic!("no place"),
            };
            assert_eq!(sources.line_col(place).line as usize, line, "{bad}");
        }
    }

    #[test]
    fn a_grammar_error_comes_before_what_is_wrong_with_values() {
        let good = BODY.repeat(STRETCH / 20);
        let (_, _, errors) = parse(&format!("probe begin {{ x = 08; {good} a = ; {good} }}"));
        assert_eq!(errors[0].message, "expected literal string or number");
    }
}
