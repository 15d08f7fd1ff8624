//! Writes the tokens of an item as text for the language grammar, and finds the tokens again.
//!
//! The head of grammar/stap.pest says what the text looks like.

use std::sync::Arc;

use super::token::{Texts, Token, TokenKind, names_operator};
use crate::source::map::SourceFile;
use crate::source::{FileId, Span};

/// What the grammar takes for no token.
const NO_TOKEN: &str = "\x7f";

/// The text of an item's tokens.
pub struct Joined<'t> {
    /// What pest parses.
    pub text: String,
    /// The tokens.
    pub tokens: &'t [Token],
    /// The offset in `text` of each token.
    starts: Vec<u32>,
    /// The files that hold the tokens' texts; few.
    files: Vec<(FileId, Arc<SourceFile>)>,
}

impl<'t> Joined<'t> {
    /// Joins `tokens`, in the language of version `syntax`.
    pub fn new(tokens: &'t [Token], texts: &mut Texts<'_>, syntax: (u32, u32)) -> Self {
        let mut joined = Joined {
            text: String::with_capacity(tokens.len() * 5),
            tokens,
            starts: Vec::with_capacity(tokens.len()),
            files: Vec::new(),
        };
        for (at, token) in tokens.iter().enumerate() {
            joined.keep_file(token.span, texts);
            joined.starts.push(joined.text.len() as u32);
            let parted = at.checked_sub(1).map(|before| &tokens[before]);
            match parted.filter(|before| syntax < (2, 0) && comment_between(before, token, texts)) {
                Some(_) => joined.text.push_str(NO_TOKEN),
                None => joined.write(*token, texts),
            }
            joined.text.push(if touches(token, tokens.get(at + 1)) { '\t' } else { ' ' });
        }
        joined
    }

    fn keep_file(&mut self, span: Span, texts: &mut Texts<'_>) {
        if !self.files.iter().any(|(id, _)| *id == span.file) {
            self.files.push((span.file, texts.share(span)));
        }
    }

    fn write(&mut self, token: Token, texts: &mut Texts<'_>) {
        match token.kind {
            TokenKind::Number => self.text.push('0'),
            TokenKind::String => self.text.push_str("\"\""),
            TokenKind::Embedded => self.text.push_str("%{%}"),
            TokenKind::Keyword => {
                self.text.push('#');
                self.text.push_str(texts.word(token.span));
                self.text.push('#');
            }
            TokenKind::AtWord if !names_operator(&texts.get(token.span)[1..]) => self.text.push_str(NO_TOKEN),
            TokenKind::Ident | TokenKind::Operator | TokenKind::AtWord => {
                self.text.push_str(texts.word(token.span))
            }
            _ => self.text.push_str(NO_TOKEN),
        }
    }

    /// The index of the token at or after an offset of the text.
    pub fn index_at(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| (start as usize) < offset)
    }

    /// The token at an offset of the text.
    pub fn token_at(&self, offset: usize) -> Token {
        self.tokens[self.index_at(offset).min(self.tokens.len() - 1)]
    }

    /// The file of a token of this item.
    pub fn file(&self, span: Span) -> &SourceFile {
        let found = self.files.iter().find(|(id, _)| *id == span.file);
        // NOTE(indexing): every token's file was kept, and there is at least one token.
        &found.unwrap_or(&self.files[0]).1
    }

    /// The bytes of a token of this item.
    pub fn bytes(&self, span: Span) -> &[u8] {
        &self.file(span).bytes[span.lo as usize..span.hi as usize]
    }
}

/// Strings with a comment between them, which were two before version 2.0.
fn comment_between(before: &Token, token: &Token, texts: &mut Texts<'_>) -> bool {
    let (from, to) = (before.span, token.span);
    [before, token].iter().all(|token| token.kind == TokenKind::String)
        && from.file == to.file
        && from.hi < to.lo
        && texts.file(to).bytes[from.hi as usize..to.lo as usize]
            .iter()
            .any(|byte| !byte.is_ascii_whitespace())
}

fn touches(token: &Token, next: Option<&Token>) -> bool {
    next.is_some_and(|n| {
        n.span.lo == token.span.hi && n.span.file == token.span.file && n.span.origin == token.span.origin
    })
}
