//! The stream of tokens with macros and command-line arguments expanded.
//!
//! A stack of frames: the file, and on it the bodies of macros, their arguments and the texts of `$1`. Arguments of
//! a macro are closures: their tokens, with the bindings of the place they were written at.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::env::{Macro, ParseEnv};
use super::parse::MAX_ERRORS;
use super::report::error_at;
use super::scan::scan;
use super::token::{Texts, Token, TokenKind, is_operator};
use crate::diag::{Code, Diagnostic, Sink};
use crate::source::map::OriginKind;
use crate::source::{FileId, OriginId, SourceMap, Span, Symbol};

/// Macros inside macros: more is a macro that expands to itself.
const MAX_FRAMES: usize = 256;

/// Tokens that all expansions of a file may make together: macros can double at each level.
const MAX_EXPANDED: usize = 1_000_000;

struct Frame {
    tokens: Arc<[Token]>,
    next: usize,
    /// The chain link for its tokens; none for those of the file itself.
    origin: Option<OriginId>,
    bindings: Option<Arc<Bindings>>,
    /// The body of a library macro.
    library: bool,
}

struct Bindings {
    params: Vec<(Symbol, Arc<[Token]>)>,
    /// Of the place where the arguments were written.
    outer: Option<Arc<Bindings>>,
    outer_library: bool,
}

/// The expanding stream.
pub struct Expander<'a> {
    pub(super) env: &'a ParseEnv<'a>,
    pub(super) sink: &'a Sink,
    pub(super) texts: Texts<'a>,
    sources: &'a SourceMap,
    frames: Vec<Frame>,
    macros: FxHashMap<Symbol, Arc<Macro>>,
    back: Option<Token>,
    expanded: usize,
    /// Expansion was stopped; what it made so far means nothing.
    pub(super) stopped: bool,
    errors: usize,
    /// The place of an error since this was last taken.
    pub(super) failed: Option<Span>,
    /// Arguments that were used, from 1.
    pub(super) used_args: Vec<usize>,
}

impl<'a> Expander<'a> {
    pub(super) fn new(sources: &'a SourceMap, file: FileId, env: &'a ParseEnv<'a>, sink: &'a Sink) -> Self {
        let tokens = scan(&sources.file(file).bytes, file, env.syntax).into();
        let library = sources.file(file).library;
        Expander {
            env,
            sink,
            texts: Texts::new(sources, file),
            sources,
            frames: vec![Frame { tokens, next: 0, origin: None, bindings: None, library }],
            macros: FxHashMap::default(),
            back: None,
            expanded: 0,
            stopped: false,
            errors: 0,
            failed: None,
            used_args: Vec::new(),
        }
    }

    /// Reports an error; too many end the file.
    pub(super) fn error(&mut self, diagnostic: Diagnostic) {
        self.errors += 1;
        self.failed = diagnostic.token;
        if self.errors >= MAX_ERRORS {
            self.frames.clear();
        }
        self.sink.push(diagnostic);
    }

    pub(super) fn define(&mut self, definition: Macro) {
        if let Some(first) = self.macros.get(&definition.name) {
            let (name, first) = (definition.name, first.span);
            let cause = error_at(Code::Preprocess, format!("macro '@{name}' first defined here"), first);
            let message = format!("attempt to redefine macro '@{name}' in the same file");
            self.error(error_at(Code::Preprocess, message, definition.span).caused_by(cause));
            return;
        }
        if is_operator(definition.name.as_str(), self.env.syntax) {
            let message = format!("macro redefines built-in operator '@{}'", definition.name);
            self.sink.push(Diagnostic::warning(Code::Suspicious, message, definition.span));
        }
        self.macros.insert(definition.name, Arc::new(definition));
    }

    /// The name of a file, as messages print it.
    pub(super) fn file_name(&self, file: FileId) -> String {
        self.sources.file(file).name.clone()
    }

    /// The macros that the file defined.
    pub(super) fn into_macros(self) -> FxHashMap<Symbol, Arc<Macro>> {
        self.macros
    }

    /// Gives a token back; the next [`Self::next`] returns it.
    pub(super) fn push_back(&mut self, token: Token) {
        self.back = Some(token);
    }

    /// The next token, nothing expanded.
    pub(super) fn next_raw(&mut self) -> Option<Token> {
        if let Some(token) = self.back.take() {
            return Some(token);
        }
        loop {
            let frame = self.frames.last_mut()?;
            let Some(&token) = frame.tokens.get(frame.next) else {
                self.frames.pop();
                continue;
            };
            frame.next += 1;
            return Some(stamp(token, frame.origin));
        }
    }

    /// Passes on what comes before the next token that means something to preprocessing.
    pub(super) fn plain(&mut self, out: &mut Vec<Token>) {
        if let ([frame], None) = (self.frames.as_mut_slice(), self.back) {
            let rest = &frame.tokens[frame.next..];
            let count = rest.iter().position(|token| !is_plain(token.kind)).unwrap_or(rest.len());
            out.extend_from_slice(&rest[..count]);
            frame.next += count;
        }
    }

    /// The next token after expansion.
    pub(super) fn next(&mut self) -> Option<Token> {
        loop {
            let token = self.next_raw()?;
            let expanded = match token.kind {
                TokenKind::AtWord => self.expand_word(token),
                TokenKind::Argument => {
                    self.expand_argument(token);
                    true
                }
                _ => false,
            };
            if !expanded {
                return Some(token);
            }
        }
    }

    /// Pushes what `@name` stands for; false when it is no macro.
    fn expand_word(&mut self, token: Token) -> bool {
        let name = Symbol::new(&self.texts.word(token.span)[1..]);
        let Some(frame) = self.frames.last() else { return false };
        let bound = frame.bindings.as_ref().and_then(|b| {
            b.params.iter().find(|(param, _)| *param == name).map(|(_, tokens)| (b.clone(), tokens.clone()))
        });
        if let Some((bindings, tokens)) = bound {
            self.push(tokens, OriginKind::Macro, token.span, bindings.outer.clone(), bindings.outer_library);
            return true;
        }
        let own = if frame.library { None } else { self.macros.get(&name).cloned() };
        let Some(found) =
            own.or_else(|| self.macros_of_library_file(name)).or_else(|| self.env.macros.find(name))
        else {
            return false;
        };
        self.invoke(&found, token);
        true
    }

    /// While a library file is read its own macros are library macros.
    fn macros_of_library_file(&self, name: Symbol) -> Option<Arc<Macro>> {
        self.macros.get(&name).filter(|m| m.library).cloned()
    }

    fn invoke(&mut self, found: &Macro, at: Token) {
        let Some(frame) = self.frames.last() else { return };
        let (outer, outer_library) = (frame.bindings.clone(), frame.library);
        let bindings = if found.params.is_empty() {
            None
        } else {
            let Some(args) = self.arguments(found, at) else { return };
            let params = found.params.iter().copied().zip(args).collect();
            Some(Arc::new(Bindings { params, outer, outer_library }))
        };
        self.push(found.body.clone(), OriginKind::Macro, at.span, bindings, found.library);
    }

    fn push(
        &mut self,
        tokens: Arc<[Token]>,
        kind: OriginKind,
        at: Span,
        bindings: Option<Arc<Bindings>>,
        library: bool,
    ) {
        self.expanded += tokens.len() + 1;
        // A frame whose tokens are used up is dropped first, so that a chain of macros does not pile up.
        while self.frames.last().is_some_and(|f| f.next == f.tokens.len()) {
            self.frames.pop();
        }
        let links = self.sources.links(at.origin) as usize;
        if links.max(self.frames.len()) >= MAX_FRAMES || self.expanded > MAX_EXPANDED {
            let at = self.sources.outermost(at);
            self.error(error_at(Code::TooDeep, "macro expansion never ends", at));
            self.stopped = true;
            self.frames.clear();
            return;
        }
        let origin = Some(self.sources.add_origin(kind, at));
        self.frames.push(Frame { tokens, next: 0, origin, bindings, library });
    }

    /// Reads the arguments of a macro from the frame that invoked it.
    fn arguments(&mut self, found: &Macro, at: Token) -> Option<Vec<Arc<[Token]>>> {
        let (name, count) = (found.name, found.params.len());
        let open = self.next_raw();
        if open.is_none_or(|t| self.texts.get(t.span) != b"(") {
            let plural = if count == 1 { "" } else { "s" };
            let message =
                format!("expected '(' in invocation of macro '@{name}' taking {count} parameter{plural}");
            self.error(error_at(Code::Preprocess, message, open.unwrap_or(at).span));
            if let Some(token) = open {
                self.push_back(token);
            }
            return None;
        }
        let mut args: Vec<Vec<Token>> = vec![Vec::new()];
        let mut depth = 0usize;
        let close = loop {
            let Some(token) = self.next_raw() else {
                self.error(error_at(Code::Preprocess, "could not find end of macro invocation", at.span));
                return None;
            };
            match self.texts.get(token.span) {
                b"(" | b"[" => depth += 1,
                b")" if depth == 0 => break token,
                b")" | b"]" => depth = depth.saturating_sub(1),
                b"," if depth == 0 => {
                    if args.len() == count {
                        return self.wrong_count("too many", found, token);
                    }
                    args.push(Vec::new());
                    continue;
                }
                _ => {}
            }
            // NOTE(indexing): args starts with one element and only grows.
            if let Some(last) = args.last_mut() {
                last.push(token);
            }
        };
        if args.len() < count {
            return self.wrong_count("too few", found, close);
        }
        Some(args.into_iter().map(Arc::from).collect())
    }

    fn wrong_count<T>(&mut self, what: &str, found: &Macro, at: Token) -> Option<T> {
        let message =
            format!("{what} parameters for macro '@{}' (expected {})", found.name, found.params.len());
        self.error(error_at(Code::Preprocess, message, at.span));
        None
    }

    /// Pushes the text of `$1`, `@1`, `$#` or `@#`.
    fn expand_argument(&mut self, token: Token) {
        let text = self.texts.word(token.span).to_owned();
        let (sigil, which) = text.split_at(1);
        let value = if which == "#" {
            self.env.args.len().to_string().into_bytes()
        } else {
            let index: usize = which.parse().unwrap_or(usize::MAX);
            let Some(value) = index.checked_sub(1).and_then(|i| self.env.args.get(i)) else {
                let message = format!("command line argument out of range [1-{}]", self.env.args.len());
                return self.error(error_at(Code::Preprocess, message, token.span));
            };
            if !self.used_args.contains(&index) {
                self.used_args.push(index);
            }
            value.clone()
        };
        let bytes = if sigil == "@" { quoted(&value) } else { value };
        let mut tokens = self.scan_text(&text, bytes);
        if tokens.iter().any(|t| t.kind == TokenKind::Argument) {
            let message = "invalid nested substitution of command line arguments";
            return self.error(error_at(Code::Preprocess, message, token.span));
        }
        if sigil == "$" {
            self.glue(&text, token.span, &mut tokens);
        }
        let (bindings, library) =
            self.frames.last().map_or((None, false), |f| (f.bindings.clone(), f.library));
        self.push(tokens.into(), OriginKind::Argument, token.span, bindings, library);
    }
}

/// `$1` is pasted as it is: its last token and what touches it may be one.
impl Expander<'_> {
    fn scan_text(&mut self, name: &str, bytes: Vec<u8>) -> Vec<Token> {
        let file = self.sources.add(format!("<argument {name}>"), bytes, false, false);
        scan(&self.sources.file(file).bytes, file, self.env.syntax)
    }

    /// Takes tokens of the script, from the end of `place`, into the last of `tokens` as long as they make one.
    fn glue(&mut self, name: &str, mut place: Span, tokens: &mut Vec<Token>) {
        while let Some(&last) = tokens.last()
            && let Some(next) = self.touching(place)
        {
            let mut bytes = self.texts.file(last.span).bytes.to_vec();
            if bytes.len() != last.span.hi as usize {
                break;
            }
            bytes.extend_from_slice(self.texts.get(next.span));
            let glued = self.scan_text(name, bytes);
            if glued[tokens.len() - 1].span.hi == last.span.hi {
                break;
            }
            *tokens = glued;
            place = next.span;
            self.next_raw();
        }
    }

    /// The next token of the frame, if nothing is between it and `place`.
    fn touching(&self, place: Span) -> Option<Token> {
        let frame = self.frames.last()?;
        let next = *frame.tokens.get(frame.next)?;
        (next.span.file == place.file && next.span.lo == place.hi).then_some(next)
    }
}

/// An argument as a string token that stands for the same bytes.
fn quoted(value: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &byte in value {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
    out
}

/// Whether a token stands for itself.
fn is_plain(kind: TokenKind) -> bool {
    use TokenKind::*;
    matches!(kind, Ident | Keyword | Number | String | Operator | Junk)
}

fn stamp(mut token: Token, origin: Option<OriginId>) -> Token {
    if let Some(origin) = origin {
        token.span.origin = origin;
    }
    token
}
