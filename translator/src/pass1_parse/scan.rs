//! Bytes to tokens, by the token grammar.

use std::borrow::Cow;

use pest::Parser;
use pest::iterators::Pair;

use super::codes;
use super::token::{Token, TokenKind, is_keyword};
use crate::source::{FileId, OriginId, Span};

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/tokens.pest"]
struct TokenGrammar;

/// Bytes given to pest at a time: its memory is some fifty times as large.
const CHUNK: usize = 256 * 1024;

/// Stands for a byte that is not ASCII.
const PLACEHOLDER: u8 = 0x7f;

/// Scans a whole file. Never fails: what is no token comes out as [`TokenKind::Junk`] and its like.
pub fn scan(bytes: &[u8], file: FileId, syntax: (u32, u32)) -> Vec<Token> {
    let text = ascii(bytes);
    let mut tokens = Vec::with_capacity(bytes.len() / 4);
    let mut start = 0;
    let mut size = CHUNK;
    while start < text.len() {
        let end = chunk_end(&text, start, size);
        let last = end == text.len();
        match scan_chunk(&text[start..end], last, |rule, lo, hi| {
            let (lo, hi) = (start + lo, start + hi);
            if let Some(kind) = kind(rule, &bytes[lo..hi], syntax) {
                let code = codes::code(kind, &bytes[lo..hi]);
                let span = Span { file, lo: lo as u32, hi: hi as u32, origin: OriginId::NONE };
                tokens.push(Token { kind, code, span });
            }
        }) {
            // What began before the chunk's end goes on after it: take it again with more text.
            Some(0) => size *= 2,
            Some(done) => start += done,
            None => (start, size) = (end, CHUNK),
        }
    }
    tokens
}

/// The text for pest: one byte for each byte of the file, all ASCII.
fn ascii(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes)
        && text.is_ascii()
    {
        return Cow::Borrowed(text);
    }
    Cow::Owned(bytes.iter().map(|&b| char::from(if b.is_ascii() { b } else { PLACEHOLDER })).collect())
}

/// The end of the chunk at `start`: after a line's end, which few tokens cross.
fn chunk_end(text: &str, start: usize, size: usize) -> usize {
    let from = start.saturating_add(size).min(text.len());
    text.as_bytes()[from..].iter().position(|&b| b == b'\n').map_or(text.len(), |at| from + at + 1)
}

/// Scans a chunk; gives the offset of the token that the chunk's end cuts, if there is one.
fn scan_chunk(text: &str, last: bool, mut token: impl FnMut(Rule, usize, usize)) -> Option<usize> {
    // NOTE(error): the grammar takes any text (its last rule is ANY), so parsing cannot fail.
    let pairs = TokenGrammar::parse(Rule::chunk, text).ok()?;
    for pair in pairs.flat_map(Pair::into_inner) {
        let (rule, span) = (pair.as_rule(), pair.as_span());
        let cut = match rule {
            Rule::open_comment | Rule::open_embedded => true,
            // Its line ends with a backslash.
            Rule::open_string => span.end() == text.len(),
            _ => false,
        };
        if cut && !last {
            return Some(span.start());
        }
        token(rule, span.start(), span.end());
    }
    None
}

fn kind(rule: Rule, text: &[u8], syntax: (u32, u32)) -> Option<TokenKind> {
    Some(match rule {
        Rule::word if is_keyword(text, syntax) => TokenKind::Keyword,
        Rule::word => TokenKind::Ident,
        Rule::number => TokenKind::Number,
        Rule::string => TokenKind::String,
        Rule::open_string => TokenKind::OpenString,
        Rule::argument => TokenKind::Argument,
        Rule::at_word => TokenKind::AtWord,
        Rule::embedded => TokenKind::Embedded,
        Rule::open_embedded => TokenKind::OpenEmbedded,
        Rule::cond_open => TokenKind::CondOpen,
        Rule::cond_then => TokenKind::CondThen,
        Rule::cond_else => TokenKind::CondElse,
        Rule::cond_close => TokenKind::CondClose,
        Rule::mark | Rule::sign | Rule::other_sign => TokenKind::Operator,
        Rule::junk => TokenKind::Junk,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &[u8]) -> Vec<(TokenKind, Vec<u8>)> {
        let tokens = scan(text, FileId(0), (5, 6));
        tokens.iter().map(|t| (t.kind, text[t.span.lo as usize..t.span.hi as usize].to_vec())).collect()
    }

    fn texts(text: &str) -> Vec<String> {
        kinds(text.as_bytes()).into_iter().map(|(_, t)| String::from_utf8_lossy(&t).into_owned()).collect()
    }

    #[test]
    fn longest_operators_first() {
        assert_eq!(
            texts("a<<<b>>>c<<=d>>=e->f++--.=%("),
            ["a", "<<<", "b", ">>>", "c", "<<=", "d", ">>=", "e", "->", "f", "++", "--", ".=", "%("]
        );
    }

    #[test]
    fn comments_and_arguments() {
        assert_eq!(
            texts("a # x\nb // y\n/* z\n */ $# @# $1 @23 $x # $1"),
            ["a", "b", "$#", "@#", "$1", "@23", "$x"]
        );
        assert_eq!(texts("a /* never closed\n b"), ["a"]);
    }

    #[test]
    fn kinds_of_tokens() {
        use TokenKind::*;
        let found: Vec<_> = kinds(b"if x 0x1f \"a\\\"b\" @count %{ %) %} \xc3\xa9 \"open\n%{ open")
            .into_iter()
            .map(|t| t.0)
            .collect();
        assert_eq!(
            found,
            [Keyword, Ident, Number, String, AtWord, Embedded, Junk, Junk, OpenString, OpenEmbedded]
        );
    }

    #[test]
    fn tokens_across_chunks_are_whole() {
        let comment = format!("a /* {} */ b %{{ {} %}} c", "x\n".repeat(CHUNK), "y\n".repeat(CHUNK));
        let tokens = kinds(comment.as_bytes());
        assert_eq!(tokens.len(), 4);
        assert_eq!(tokens[2].0, TokenKind::Embedded);
        let string = format!("a \"{}\" b", "x\\\n".repeat(CHUNK));
        assert_eq!(kinds(string.as_bytes()).len(), 3);
    }

    #[test]
    fn every_byte_is_scanned() {
        let all: Vec<u8> = (1..=255).collect();
        assert!(!kinds(&all).is_empty());
    }
}
