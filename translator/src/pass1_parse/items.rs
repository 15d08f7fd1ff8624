//! Cuts a file's tokens into top-level items: the unit that is parsed, and skipped after an error.

use super::token::{Texts, Token, TokenKind};

/// Brackets inside brackets that a script may have. Recursive code of all passes relies on it.
pub const MAX_NESTING: usize = 1000;

/// How an item ends.
pub enum Cut {
    /// Before this index.
    At(usize),
    /// The token at this index opens one bracket too many.
    TooDeep(usize),
}

/// Whether a token can start an item.
pub fn starts_item(token: Token, texts: &mut Texts<'_>) -> bool {
    token.kind == TokenKind::Embedded || is_item_keyword(token, texts)
}

fn is_item_keyword(token: Token, texts: &mut Texts<'_>) -> bool {
    token.kind == TokenKind::Keyword
        && matches!(texts.get(token.span), b"probe" | b"global" | b"private" | b"function")
}

/// The end of the item that starts at `start`.
///
/// The words that start items stand nowhere in a handler but as component or member names, so an item never runs past
/// one, whatever its brackets say.
pub fn cut(tokens: &[Token], start: usize, texts: &mut Texts<'_>) -> Cut {
    if tokens[start].kind == TokenKind::Embedded {
        return Cut::At(start + 1);
    }
    let mut depth = 0usize;
    let mut in_body = false;
    let mut previous = texts.get(tokens[start].span).to_vec();
    let is_function = |word: &[u8]| word == b"function";
    let mut function = is_function(&previous);
    for (at, &token) in tokens.iter().enumerate().skip(start + 1) {
        let continues = continues_item(&previous, depth > 0 && !in_body);
        if !continues && is_item_keyword(token, texts) {
            return Cut::At(at);
        }
        if token.kind == TokenKind::Embedded && depth == 0 {
            return Cut::At(if function { at + 1 } else { at });
        }
        let text = texts.get(token.span);
        function |= depth == 0 && is_function(text);
        match text {
            b"(" | b"[" | b"{" => {
                in_body |= text == b"{" && depth == 0 && !opens_group(&previous);
                depth += 1;
                if depth > MAX_NESTING {
                    return Cut::TooDeep(at);
                }
            }
            b")" | b"]" | b"}" if depth == 0 => return Cut::At(at),
            b")" | b"]" | b"}" => {
                depth -= 1;
                let mut goes_on = || tokens.get(at + 1).is_some_and(|next| texts.get(next.span) == b",");
                // The end of the body, unless an alias' second body follows.
                if depth == 0 && in_body && !goes_on() {
                    return Cut::At(at + 1);
                }
                in_body &= depth > 0;
                previous = b"}".to_vec();
                continue;
            }
            _ => {}
        }
        previous.clear();
        // Only short texts are asked for again.
        previous.extend_from_slice(&text[..text.len().min(9)]);
    }
    Cut::At(tokens.len())
}

/// Whether a word that could start an item is a name instead, by what stands before it.
fn continues_item(previous: &[u8], in_group: bool) -> bool {
    match previous {
        b"." | b"->" | b"private" => true,
        b"," | b"{" => in_group,
        _ => false,
    }
}

/// Whether a brace after this opens choices of a probe point, not a body.
fn opens_group(previous: &[u8]) -> bool {
    matches!(previous, b"probe" | b"." | b"," | b"=" | b"+=" | b"{")
}

/// Where to go on after an error at `from`: the next word that starts an item.
pub fn resume(tokens: &[Token], from: usize, texts: &mut Texts<'_>) -> usize {
    (from..tokens.len())
        .find(|&at| {
            let name = at > 0 && matches!(texts.get(tokens[at - 1].span), b"." | b"->");
            !name && is_item_keyword(tokens[at], texts)
        })
        .unwrap_or(tokens.len())
}
