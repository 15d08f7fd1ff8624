//! A file, item by item.

use std::sync::Arc;

use pest::Parser;
use rustc_hash::FxHashMap;

use super::ast::{File, Item};
use super::build::{Builder, Rule, StapGrammar, TOP_LEVEL};
use super::codes;
use super::env::{Macro, NoMacros, ParseEnv};
use super::items::{self, Cut};
use super::join::Joined;
use super::preproc::preprocess;
use super::report::{error_at, error_saw};
use super::token::{Texts, Token, TokenKind};
use super::wording::{self, Failure};
use crate::cli::options::Privilege;
use crate::diag::diagnostic::Saw;
use crate::diag::{Code, Diagnostic, Severity, Sink};
use crate::source::{FileId, OriginId, SourceMap, Span, Symbol};

/// Parses one file. Errors go to the sink, each about one top-level item; the items without errors are returned.
pub fn parse_file(sources: &SourceMap, file: FileId, env: &ParseEnv<'_>, sink: &Sink) -> File {
    let mut result = File { id: file, items: Vec::new(), used_args: Vec::new() };
    let source = sources.file(file);
    if let Some(at) = source.bytes.iter().position(|&b| b == 0) {
        let span = Span { file, lo: at as u32, hi: at as u32 + 1, origin: OriginId::NONE };
        sink.push(error_at(Code::BadToken, "a script cannot hold a NUL byte", span));
        return result;
    }
    let pre = preprocess(sources, file, env, sink);
    result.used_args = pre.used_args;
    if pre.tokens.is_empty() && pre.macros.is_empty() && !pre.stopped && !source.library {
        sink.push(empty(&source.name, !source.bytes.is_empty()));
        return result;
    }
    ItemParser {
        tokens: &pre.tokens,
        texts: Texts::new(sources, file),
        env,
        sink,
        eof: &source.name,
        globals: FxHashMap::default(),
    }
    .run(&mut result.items);
    result
}

/// The macros of a library file (`.stpm`), which holds nothing else.
pub fn parse_macros(
    sources: &SourceMap,
    file: FileId,
    env: &ParseEnv<'_>,
    sink: &Sink,
) -> FxHashMap<Symbol, Arc<Macro>> {
    let pre = preprocess(sources, file, env, sink);
    if let Some(token) = pre.tokens.iter().find(|token| token.kind != TokenKind::Failed) {
        sink.push(error_at(Code::Parse, "library macro file contains non-macro text", token.span));
    }
    pre.macros
}

/// Parses a text that stands for a whole script, in guru mode; for tests of the passes.
pub fn parse_text(sources: &SourceMap, name: &str, text: &[u8], sink: &Sink) -> File {
    parse_text_with(sources, name, text, &[], sink)
}

/// [`parse_text`] with words after the script.
pub fn parse_text_with(sources: &SourceMap, name: &str, text: &[u8], args: &[Vec<u8>], sink: &Sink) -> File {
    let file = sources.add(name, text.to_vec(), true, false);
    let env = ParseEnv {
        release: "6.1.0-56-amd64",
        arch: "x86_64",
        config: &|_| None,
        compatible: (5, 6),
        syntax: (5, 6),
        privilege: Privilege::Developer,
        guru: true,
        args,
        macros: &NoMacros,
    };
    parse_file(sources, file, &env, sink)
}

fn empty(name: &str, had_bytes: bool) -> Diagnostic {
    let after = if had_bytes { " after preprocessing" } else { "" };
    Diagnostic::new(Code::Input, Severity::Error, format!("Input file '{name}' is empty{after}."))
}

/// After so many errors a file is given up: it is no script.
pub(super) const MAX_ERRORS: usize = 20;

struct ItemParser<'a> {
    tokens: &'a [Token],
    texts: Texts<'a>,
    env: &'a ParseEnv<'a>,
    sink: &'a Sink,
    /// What messages about the end of the file call it.
    eof: &'a str,
    /// The globals so far, and which of them are private.
    globals: FxHashMap<Symbol, bool>,
}

impl ItemParser<'_> {
    fn run(&mut self, out: &mut Vec<Item>) {
        let mut start = 0;
        let mut errors = 0;
        while start < self.tokens.len() && errors < MAX_ERRORS {
            start = match self.item(start, out) {
                Ok(end) => end,
                Err((error, from)) => {
                    errors += 1;
                    if self.tokens.get(from).is_none_or(|token| token.kind != TokenKind::Failed) {
                        self.sink.push(*error);
                    }
                    items::resume(self.tokens, from.max(start + 1))
                }
            };
        }
    }

    /// Parses the item at `start` and gives its end, or the error and the token to go on from.
    fn item(&mut self, start: usize, out: &mut Vec<Item>) -> Result<usize, (Box<Diagnostic>, usize)> {
        let first = self.tokens[start];
        if !items::starts_item(first) {
            return Err((Box::new(self.misplaced(first, TOP_LEVEL)), start));
        }
        let end = match items::cut(self.tokens, start) {
            Cut::At(end) => end,
            Cut::TooDeep(at) => {
                let message = format!("brackets nest more than {} deep", items::MAX_NESTING);
                return Err((Box::new(error_at(Code::TooDeep, message, self.tokens[at].span)), at));
            }
        };
        let mut joined = Joined::new(&self.tokens[start..end], &mut self.texts, self.env.syntax);
        let outline = joined.piece(0..end - start, usize::MAX);
        let mut first = joined.divide().err();
        let pairs = match StapGrammar::parse(Rule::item, &outline.text) {
            Ok(pairs) if first.is_none() => pairs,
            parsed => {
                if parsed.is_err() {
                    let failure = wording::explain(Rule::item, &outline.text, end == self.tokens.len());
                    let at = outline.index(failure.offset);
                    first = first.filter(|(_, earlier)| *earlier < at).or(Some((failure, at)));
                }
                let Some((failure, at)) = first else { return Ok(end) };
                return Err((Box::new(self.describe(failure, start + at)), start + at));
            }
        };
        let builder = Builder::new(&joined, &outline, self.env.guru, self.env.syntax);
        for pair in pairs {
            let items = builder.items(pair).map_err(|error| (error, end))?;
            self.check_globals(&items).map_err(|error| (error, end))?;
            out.extend(items);
        }
        Ok(end)
    }

    fn check_globals(&mut self, items: &[Item]) -> Result<(), Box<Diagnostic>> {
        for item in items {
            let Item::Global(global) = item else { continue };
            let message = match self.globals.insert(global.name, global.private) {
                None => continue,
                Some(private) if private != global.private => {
                    "global versus private variable declaration conflict"
                }
                Some(_) => "duplicate global name",
            };
            return Err(Box::new(error_saw(Code::Parse, message, Saw::Token(global.span))));
        }
        Ok(())
    }

    /// The error about a token that stands where it must not.
    fn misplaced(&self, token: Token, expected: &str) -> Diagnostic {
        let saw = Saw::Token(token.span);
        let text = self.texts.sources().text(token.span);
        match token.kind {
            TokenKind::AtWord if token.code == codes::NOTHING => {
                error_saw(Code::Parse, format!("unknown operator {}", String::from_utf8_lossy(&text)), saw)
            }
            TokenKind::Junk => error_saw(Code::BadToken, expected, saw),
            _ => error_saw(Code::Parse, expected, saw),
        }
    }

    fn describe(&self, failure: Failure, at: usize) -> Diagnostic {
        match self.tokens.get(at) {
            Some(&token) if failure.too_deep => {
                error_saw(Code::TooDeep, failure.message, Saw::Token(token.span))
            }
            Some(&token) => self.misplaced(token, &failure.message),
            None => error_saw(Code::Parse, failure.message, Saw::Eof(self.eof.to_owned())),
        }
    }
}
