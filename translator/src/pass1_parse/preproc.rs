//! Preprocessing: conditionals and macro definitions on the expanded stream.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::codes;
use super::condition;
use super::env::{Macro, ParseEnv};
use super::expand::Expander;
use super::report::{error_at, error_saw};
use super::token::{Token, TokenKind};
use crate::diag::diagnostic::Saw;
use crate::diag::{Code, Diagnostic, Sink};
use crate::source::{FileId, SourceMap, Symbol};

/// A file after preprocessing.
pub struct Preprocessed {
    /// What is left of it.
    pub tokens: Vec<Token>,
    /// Its macros.
    pub macros: FxHashMap<Symbol, Arc<Macro>>,
    /// Arguments of the command line that it used.
    pub used_args: Vec<usize>,
    /// It was given up: there are no tokens, which is no error of its own.
    pub stopped: bool,
}

/// Preprocesses a file. Errors go to the sink; what surrounds them is kept.
pub fn preprocess(sources: &SourceMap, file: FileId, env: &ParseEnv<'_>, sink: &Sink) -> Preprocessed {
    let mut run = Preprocessor { stream: Expander::new(sources, file, env, sink), open: Vec::new(), file };
    let mut tokens = Vec::new();
    run.run(&mut tokens);
    let mut used_args = std::mem::take(&mut run.stream.used_args);
    used_args.sort_unstable();
    let stopped = run.stream.stopped;
    if stopped {
        tokens.clear();
    }
    Preprocessed { tokens, macros: run.stream.into_macros(), used_args, stopped }
}

struct Preprocessor<'a> {
    stream: Expander<'a>,
    /// The `%(` of the conditionals whose taken branch is being read, and whether that is the `%:` branch.
    open: Vec<(Token, bool)>,
    file: FileId,
}

/// What is skipped of a conditional.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Branch {
    /// From `%?`.
    Then,
    /// From `%:`.
    Else,
    /// All, for its condition has an error.
    Both,
}

impl Preprocessor<'_> {
    fn run(&mut self, out: &mut Vec<Token>) {
        loop {
            self.mark_failure(out);
            self.stream.plain(out);
            let Some(token) = self.stream.next() else { break };
            self.mark_failure(out);
            match token.kind {
                TokenKind::CondOpen => self.conditional(token),
                TokenKind::CondElse => self.at_else(token),
                TokenKind::CondThen => self.stray(token),
                TokenKind::CondClose => {
                    if self.open.pop().is_none() {
                        self.stray(token);
                    }
                }
                TokenKind::AtWord if self.stream.texts.get(token.span) == b"@define" => self.define(),
                TokenKind::OpenString => self.unclosed(token, "Could not find matching closing quote"),
                TokenKind::OpenEmbedded => {
                    self.check_closing(token);
                    self.unclosed(token, "Could not find matching '%}' to close embedded function block");
                }
                _ => {
                    if token.kind == TokenKind::Embedded {
                        self.check_closing(token);
                    }
                    out.push(token);
                }
            }
        }
        if let Some(&(token, _)) = self.open.last() {
            let message = "incomplete conditional at end of file";
            self.stream.error(error_at(Code::Preprocess, message, token.span));
        }
        self.mark_failure(out);
    }

    /// An item that lacks what could not be preprocessed is not complained of again.
    fn mark_failure(&mut self, out: &mut Vec<Token>) {
        if let Some(span) = self.stream.failed.take() {
            out.push(Token { kind: TokenKind::Failed, code: codes::NOTHING, span });
        }
    }

    /// A `}%` inside embedded C was likely meant to end it.
    fn check_closing(&mut self, token: Token) {
        if self.stream.texts.get(token.span).windows(2).any(|pair| pair == b"}%") {
            let message = "possible erroneous closing '}%', use '%}'?";
            self.stream.sink.push(Diagnostic::warning(Code::Suspicious, message, token.span));
        }
    }

    fn unclosed(&mut self, token: Token, message: &str) {
        self.stream.error(error_at(Code::BadToken, message, token.span));
    }

    fn stray(&mut self, token: Token) {
        self.stream.error(error_at(Code::Preprocess, "incomplete conditional - missing '%('", token.span));
    }

    fn conditional(&mut self, open: Token) {
        match condition::read(&mut self.stream, open) {
            Ok(true) => self.open.push((open, false)),
            Ok(false) => {
                if self.skip(open, Branch::Then) {
                    self.open.push((open, true));
                }
            }
            Err(error) => {
                self.stream.error(error);
                self.skip(open, Branch::Both);
            }
        }
    }

    fn at_else(&mut self, token: Token) {
        match self.open.pop() {
            Some((open, false)) => {
                self.skip(open, Branch::Else);
            }
            Some(in_else) => {
                self.open.push(in_else);
                self.second_else(token);
            }
            None => self.stray(token),
        }
    }

    fn second_else(&mut self, token: Token) {
        self.stream.error(error_at(Code::Preprocess, "invalid conditional - duplicate '%:'", token.span));
    }

    /// Skips to the end of a branch. True when that is the `%:` behind the first one.
    fn skip(&mut self, open: Token, branch: Branch) -> bool {
        let mut depth = 0usize;
        while let Some(token) = self.stream.next_raw() {
            match token.kind {
                TokenKind::CondOpen => depth += 1,
                TokenKind::CondClose if depth == 0 => return false,
                TokenKind::CondClose => depth -= 1,
                TokenKind::CondElse if depth == 0 && branch == Branch::Then => return true,
                TokenKind::CondElse if depth == 0 && branch == Branch::Else => self.second_else(token),
                _ => {}
            }
        }
        let message = "incomplete conditional at end of file";
        self.stream.error(error_at(Code::Preprocess, message, open.span));
        false
    }

    /// `@define`, its first token read.
    fn define(&mut self) {
        match self.definition() {
            Some(definition) => self.stream.define(definition),
            None => self.skip_definition(),
        }
    }

    /// Skips the body of a definition that is wrong, if there is one.
    fn skip_definition(&mut self) {
        while let Some(token) = self.stream.next_raw() {
            match token.kind {
                TokenKind::CondOpen => {
                    self.skip(token, Branch::Both);
                    break;
                }
                TokenKind::Keyword | TokenKind::AtWord | TokenKind::CondClose => {
                    self.stream.push_back(token);
                    break;
                }
                _ => {}
            }
        }
    }

    fn definition(&mut self) -> Option<Macro> {
        let name = self.wanted("identifier", |t, _| t.kind == TokenKind::Ident)?;
        let mut params = Vec::new();
        let mut next = self.wanted("'%(' or '('", |t, text| t.kind == TokenKind::CondOpen || text == b"(")?;
        if next.kind != TokenKind::CondOpen {
            loop {
                let param = self.wanted("identifier", |t, _| t.kind == TokenKind::Ident)?;
                params.push(Symbol::new(self.stream.texts.word(param.span)));
                let after = self.wanted("',' or ')'", |_, text| matches!(text, b"," | b")"))?;
                if self.stream.texts.get(after.span) == b")" {
                    break;
                }
            }
            next = self.wanted("'%('", |t, _| t.kind == TokenKind::CondOpen)?;
        }
        debug_assert_eq!(next.kind, TokenKind::CondOpen);
        let body = self.body(name)?;
        let library = self.stream.texts.file(name.span).library;
        let symbol = Symbol::new(self.stream.texts.word(name.span));
        Some(Macro { name: symbol, span: name.span, params, body: body.into(), library })
    }

    /// The tokens up to the `%)` that ends a macro's body.
    fn body(&mut self, name: Token) -> Option<Vec<Token>> {
        let mut body = Vec::new();
        let mut depth = 0usize;
        while let Some(token) = self.stream.next_raw() {
            match token.kind {
                TokenKind::CondOpen => depth += 1,
                TokenKind::CondClose if depth == 0 => return Some(body),
                TokenKind::CondClose => depth -= 1,
                TokenKind::AtWord if self.stream.texts.get(token.span) == b"@define" => {
                    let message = "'@define' forbidden inside macro body";
                    self.stream.error(error_at(Code::Preprocess, message, token.span));
                }
                _ => {}
            }
            body.push(token);
        }
        let message = "incomplete macro definition - missing '%)'";
        self.stream.error(error_at(Code::Preprocess, message, name.span));
        None
    }

    /// The next token if it is what a macro definition needs there.
    fn wanted(&mut self, what: &str, fits: impl Fn(Token, &[u8]) -> bool) -> Option<Token> {
        let token = self.stream.next_raw();
        if let Some(token) = token
            && fits(token, self.stream.texts.get(token.span))
        {
            return Some(token);
        }
        let message = format!("expected {what}");
        let error = match token {
            Some(token) => error_at(Code::Preprocess, message, token.span),
            None => error_saw(Code::Preprocess, message, Saw::Eof(self.stream.file_name(self.file))),
        };
        if let Some(token) = token {
            self.stream.push_back(token);
        }
        self.stream.error(error);
        None
    }
}
