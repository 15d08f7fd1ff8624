//! Tokens, as the scanner makes them and the preprocessor passes them on.

use std::sync::Arc;

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
}

/// One token; its text is what its span covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// The sort.
    pub kind: TokenKind,
    /// The place.
    pub span: Span,
}

/// The reserved words, as stap(1) lists them.
const KEYWORDS: [&[u8]; 20] = [
    b"probe",
    b"global",
    b"private",
    b"function",
    b"if",
    b"else",
    b"for",
    b"foreach",
    b"in",
    b"limit",
    b"return",
    b"delete",
    b"while",
    b"break",
    b"continue",
    b"next",
    b"string",
    b"long",
    b"try",
    b"catch",
];

/// Whether `word` is reserved in the language of version `compatible`.
pub fn is_keyword(word: &[u8], compatible: (u32, u32)) -> bool {
    (2..=8).contains(&word.len())
        && word[0].is_ascii_lowercase()
        && KEYWORDS.contains(&word)
        && (word != b"private" || compatible >= (3, 0))
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
