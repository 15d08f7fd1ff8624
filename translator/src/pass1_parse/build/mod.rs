//! From pest's pairs to the tree, one top-level item at a time.

mod at_operator;
mod atom;
mod decl;
mod expr;
mod point;
mod stmt;

pub use decl::TOP_LEVEL;
pub use expr::MAX_DEPTH;

use std::cell::Cell;

use pest::iterators::Pair;

use super::ast::{Embedded, Item};
use super::join::{Joined, Piece};
use super::literal;
use super::report::{error_at, error_saw};
use crate::diag::diagnostic::Saw;
use crate::diag::{Code, Diagnostic};
use crate::source::{Span, Symbol};

/// The language grammar.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/stap.pest"]
pub struct StapGrammar;

/// A step of building; an error ends the item.
type Built<T> = Result<T, Box<Diagnostic>>;

/// Builds the tree of one item.
pub struct Builder<'j> {
    joined: &'j Joined<'j>,
    /// What of it was parsed.
    piece: &'j Piece,
    /// `-g`
    guru: bool,
    /// The version of the language.
    syntax: (u32, u32),
    /// `return` is allowed.
    in_function: Cell<bool>,
}

impl<'j> Builder<'j> {
    /// A builder for the item whose text is `joined`, all of it but the contents of holes in `piece`.
    pub fn new(joined: &'j Joined<'j>, piece: &'j Piece, guru: bool, syntax: (u32, u32)) -> Self {
        Builder { joined, piece, guru, syntax, in_function: Cell::new(false) }
    }

    /// The items of one parse: several for `global a, b`.
    pub fn items(&self, pair: Pair<'_, Rule>) -> Built<Vec<Item>> {
        match pair.as_rule() {
            Rule::probe => Ok(vec![self.probe(pair)?]),
            Rule::function => Ok(vec![Item::Function(self.function(pair)?)]),
            Rule::global => self.globals(pair),
            Rule::top_embedded => Ok(vec![Item::Embedded(self.embedded(&pair, "code")?)]),
            _ => Ok(Vec::new()),
        }
    }

    /// The span of the token that a pair starts with.
    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        self.joined.token_at(self.piece.index(pair.as_span().start())).span
    }

    /// The span of the token behind a pair.
    fn span_behind(&self, pair: &Pair<'_, Rule>) -> Span {
        self.joined.token_at(self.piece.index(pair.as_span().end())).span
    }

    /// The text of the token that a pair starts with, which is a word or a sign.
    fn word(&self, pair: &Pair<'_, Rule>) -> &'j str {
        self.joined.word(self.span(pair))
    }

    /// Span and name of a pair that is one word.
    fn name(&self, pair: &Pair<'_, Rule>) -> (Span, Symbol) {
        let span = self.span(pair);
        (span, Symbol::new(self.joined.word(span)))
    }

    fn number(&self, pair: &Pair<'_, Rule>) -> Built<i64> {
        let span = self.span(pair);
        literal::number(self.joined.bytes(span)).ok_or_else(|| out_of_range(span))
    }

    /// A number with its sign, of a pair that holds them.
    fn signed(&self, pair: Pair<'_, Rule>) -> Built<i64> {
        let mut negative = false;
        let mut value = 0;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::minus => negative = part.as_str().starts_with('-'),
                Rule::number => {
                    value = self.number(&part)?;
                    if negative && value as u64 > i64::MIN.unsigned_abs() {
                        return Err(out_of_range(self.span(&part)));
                    }
                }
                _ => {}
            }
        }
        Ok(if negative { value.wrapping_neg() } else { value })
    }

    /// A string literal: adjacent ones are one.
    fn string(&self, pair: Pair<'_, Rule>) -> Vec<u8> {
        let mut pieces = pair.into_inner();
        let mut value = |piece| literal::string(self.joined.bytes(self.span(&piece)), self.syntax >= (2, 3));
        let mut out = pieces.next().map(&mut value).unwrap_or_default();
        pieces.for_each(|piece| out.extend(value(piece)));
        out
    }

    /// Embedded C (`what`: code or expression code), which needs guru mode or a library file.
    fn embedded(&self, pair: &Pair<'_, Rule>, what: &str) -> Built<Embedded> {
        let span = self.span(pair);
        if !self.guru && !self.joined.file(span).privileged {
            let message = format!("embedded {what} in unprivileged script; need stap -g");
            return Err(saw(Code::Privilege, message, span));
        }
        let bytes = self.joined.bytes(span);
        let code = bytes.strip_prefix(b"%{").and_then(|b| b.strip_suffix(b"%}")).unwrap_or(bytes);
        Ok(Embedded { span, code: code.to_vec() })
    }
}

fn out_of_range(number: Span) -> Box<Diagnostic> {
    saw(Code::BadToken, "number invalid or out of range", number)
}

/// An error of the form `saw: TOKEN`.
fn saw(code: Code, message: impl Into<String>, token: Span) -> Box<Diagnostic> {
    Box::new(error_saw(code, message, Saw::Token(token)))
}

/// An error of the form `at: TOKEN`.
fn at(code: Code, message: impl Into<String>, token: Span) -> Box<Diagnostic> {
    Box::new(error_at(code, message, token))
}

/// The inner pair of a rule that has exactly one by the grammar.
macro_rules! only {
    ($pair:expr) => {
        match $pair.into_inner().next() {
            Some(inner) => inner,
            None => return Err(super::incomplete()),
        }
    };
}
use only;

/// A pair lacks a part that its rule demands: grammar and builder disagree, which is a bug, not the script's fault.
fn incomplete() -> Box<Diagnostic> {
    Box::new(Diagnostic::new(
        Code::Internal,
        crate::diag::Severity::Error,
        "the parser lost a part of the tree",
    ))
}
