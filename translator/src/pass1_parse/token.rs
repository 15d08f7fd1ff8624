//! Tokens, as the scanner makes them and the preprocessor passes them on.

use std::sync::Arc;

use super::codes;
use crate::source::map::SourceFile;
use crate::source::{FileId, SourceMap, Span};

/// What sort of token it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenKind {
    /// A name, `$` names included.
    Ident,
    /// A reserved word.
    Keyword,
    /// A number, well formed or not.
    Number,
    /// A string with its quotes.
    String,
    /// Punctuation.
    Operator,
    /// `@name`: a macro or an operator.
    AtWord,
    /// `%{ … %}`
    Embedded,
    /// `$1`, `@1`, `$#`, `@#`
    Argument,
    /// `%(`
    CondOpen,
    /// `%?`
    CondThen,
    /// `%:`
    CondElse,
    /// `%)`
    CondClose,
    /// A string without its closing quote.
    OpenString,
    /// Embedded C without its `%}`.
    OpenEmbedded,
    /// Bytes that are no token.
    Junk,
    /// Where preprocessing failed, which was told.
    Failed,
}

/// One token; its text is what its span covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// The sort.
    pub kind: TokenKind,
    /// What the language grammar reads in its place (see [`super::codes`]).
    pub code: u8,
    /// The place.
    pub span: Span,
}

/// Whether `word` is reserved in the language of version `syntax`.
pub fn is_keyword(word: &[u8], syntax: (u32, u32)) -> bool {
    match codes::keyword(word) {
        codes::NOTHING => false,
        codes::PRIVATE => syntax >= (3, 0),
        _ => true,
    }
}

/// The operators that start with `@`, without it, and the version of the language that each came with.
const OPERATORS: [(&str, (u32, u32)); 21] = [
    ("avg", (0, 0)),
    ("cast", (0, 0)),
    ("const", (3, 1)),
    ("count", (0, 0)),
    ("defined", (0, 0)),
    ("entry", (0, 0)),
    ("enum", (5, 5)),
    ("enumname", (5, 6)),
    ("hist_linear", (0, 0)),
    ("hist_log", (0, 0)),
    ("kderef", (4, 0)),
    ("kregister", (4, 0)),
    ("max", (0, 0)),
    ("min", (0, 0)),
    ("perf", (0, 0)),
    ("probewrite", (0, 0)),
    ("sum", (0, 0)),
    ("uderef", (4, 0)),
    ("uregister", (4, 0)),
    ("var", (0, 0)),
    ("variance", (3, 1)),
];

/// Whether `@word` is an operator in the language of version `syntax`.
pub fn is_operator(word: &str, syntax: (u32, u32)) -> bool {
    OPERATORS.iter().any(|&(name, since)| name == word && since <= syntax)
}

/// The texts of tokens. Most tokens of a stretch lie in one file, which is kept at hand.
pub struct Texts<'a> {
    sources: &'a SourceMap,
    current: (FileId, Arc<SourceFile>),
}

impl<'a> Texts<'a> {
    /// Texts of tokens that lie mostly in `file`.
    pub fn new(sources: &'a SourceMap, file: FileId) -> Self {
        Texts { sources, current: (file, sources.file(file)) }
    }

    /// Where the files are.
    pub fn sources(&self) -> &'a SourceMap {
        self.sources
    }

    /// The file of a span.
    pub fn file(&mut self, span: Span) -> &SourceFile {
        if self.current.0 != span.file {
            self.current = (span.file, self.sources.file(span.file));
        }
        &self.current.1
    }

    /// The file of a span, to keep.
    pub fn share(&mut self, span: Span) -> Arc<SourceFile> {
        self.file(span);
        self.current.1.clone()
    }

    /// The bytes under a span.
    pub fn get(&mut self, span: Span) -> &[u8] {
        &self.file(span).bytes[span.lo as usize..span.hi as usize]
    }

    /// The bytes under a span whose token is a word: such tokens are ASCII.
    pub fn word(&mut self, span: Span) -> &str {
        std::str::from_utf8(self.get(span)).unwrap_or_default()
    }
}
