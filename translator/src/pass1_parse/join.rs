//! Writes the tokens of an item for the language grammar, a character for each, and finds the tokens again.
//!
//! The head of grammar/stap.pest says what the text looks like.

use std::ops::Range;
use std::sync::Arc;

use super::codes;
use super::large::{self, Hole};
use super::token::{Texts, Token, TokenKind};
use crate::source::map::SourceFile;
use crate::source::{FileId, Span};

/// The text of an item's tokens.
pub struct Joined<'t> {
    /// The code of each token.
    pub text: String,
    /// Blocks whose contents are parsed by themselves.
    pub holes: Vec<Hole>,
    /// The tokens.
    pub tokens: &'t [Token],
    /// The files that hold the tokens' texts; few.
    files: Vec<(FileId, Arc<SourceFile>)>,
}

impl<'t> Joined<'t> {
    /// Joins `tokens`, in the language of version `syntax`.
    pub fn new(tokens: &'t [Token], texts: &mut Texts<'_>, syntax: (u32, u32)) -> Self {
        let mut joined = Joined {
            text: String::with_capacity(tokens.len()),
            holes: Vec::new(),
            tokens,
            files: Vec::new(),
        };
        for (at, token) in tokens.iter().enumerate() {
            joined.keep_file(token.span, texts);
            let before = at.checked_sub(1).map(|before| &tokens[before]);
            let code = match token.code {
                codes::STRING if syntax < (2, 0) && comment_between(before, token, texts) => codes::NOTHING,
                b'*' => codes::star(glue(before, Some(token)), glue(Some(token), tokens.get(at + 1))),
                code => code,
            };
            joined.text.push(char::from(code));
        }
        joined.holes = large::holes(&joined.text);
        joined
    }

    /// What pest parses of some of the tokens: at most `most` of them, nothing of what is in holes.
    pub fn piece(&self, tokens: Range<usize>, most: usize) -> Piece {
        let mut piece = Piece { text: String::new(), from: tokens.start, skips: Vec::new() };
        let first = self.holes.partition_point(|hole| hole.open < tokens.start);
        let mut holes = self.holes[first..].iter().peekable();
        let mut at = tokens.start;
        while at < tokens.end && piece.text.len() < most {
            // A hole inside of another one is passed with that.
            while holes.next_if(|hole| hole.open < at).is_some() {}
            let hole = holes.peek().filter(|hole| hole.open < tokens.end);
            let stop = hole.map_or(tokens.end, |hole| hole.open + 1);
            let stop = stop.min(at.saturating_add(most - piece.text.len()));
            piece.text.push_str(&self.text[at..stop]);
            at = stop;
            if let Some(hole) = hole.filter(|hole| hole.open + 1 == at) {
                piece.skips.push((piece.text.len(), hole.close - at));
                at = hole.close;
            }
        }
        piece
    }

    fn keep_file(&mut self, span: Span, texts: &mut Texts<'_>) {
        // Most tokens lie in the file of the one before.
        if self.files.last().is_none_or(|(id, _)| *id != span.file) {
            match self.files.iter().position(|(id, _)| *id == span.file) {
                Some(known) => {
                    let last = self.files.len() - 1;
                    self.files.swap(known, last);
                }
                None => self.files.push((span.file, texts.share(span))),
            }
        }
    }

    /// The token of a number, or the last one.
    pub fn token_at(&self, index: usize) -> Token {
        self.tokens[index.min(self.tokens.len() - 1)]
    }

    /// The file of a token of this item.
    pub fn file(&self, span: Span) -> &SourceFile {
        let found = self.files.iter().rfind(|(id, _)| *id == span.file);
        // NOTE(indexing): every token's file was kept, and there is at least one token.
        &found.unwrap_or(&self.files[0]).1
    }

    /// The bytes of a token of this item.
    pub fn bytes(&self, span: Span) -> &[u8] {
        &self.file(span).bytes[span.lo as usize..span.hi as usize]
    }

    /// The text of a token of this item that is a word or a sign: such tokens are ASCII.
    pub fn word(&self, span: Span) -> &str {
        std::str::from_utf8(self.bytes(span)).unwrap_or_default()
    }
}

/// What pest parses at a time: an item, or statements of one.
pub struct Piece {
    /// A character for each token that is not in a hole.
    pub text: String,
    /// The token that it starts with.
    from: usize,
    /// Where tokens are left out of the text, and how many.
    skips: Vec<(usize, usize)>,
}

impl Piece {
    /// The number of the token at an offset of the text.
    pub fn index(&self, offset: usize) -> usize {
        let skips = self.skips.iter().take_while(|(at, _)| *at <= offset);
        self.from + offset + skips.map(|(_, count)| count).sum::<usize>()
    }
}

/// Strings with a comment between them, which were two before version 2.0.
fn comment_between(before: Option<&Token>, token: &Token, texts: &mut Texts<'_>) -> bool {
    let Some(before) = before.filter(|before| before.kind == TokenKind::String) else { return false };
    let (from, to) = (before.span, token.span);
    from.file == to.file
        && from.hi < to.lo
        && texts.file(to).bytes[from.hi as usize..to.lo as usize]
            .iter()
            .any(|byte| !byte.is_ascii_whitespace())
}

/// Whether two tokens that touched in the source are words or stars.
fn glue(first: Option<&Token>, second: Option<&Token>) -> bool {
    let (Some(first), Some(second)) = (first, second) else { return false };
    second.span.lo == first.span.hi
        && second.span.file == first.span.file
        && second.span.origin == first.span.origin
        && codes::glues(first.code)
        && codes::glues(second.code)
}
