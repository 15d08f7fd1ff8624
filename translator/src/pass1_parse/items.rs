//! Cuts a file's tokens into top-level items: the unit that is parsed, and skipped after an error.

use super::codes;
use super::token::Token;

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
pub fn starts_item(token: Token) -> bool {
    token.code == codes::EMBEDDED || codes::starts_item(token.code)
}

/// The end of the item that starts at `start`.
///
/// The words that start items stand nowhere in a handler but as component or member names, so an item never runs past
/// one, whatever its brackets say.
pub fn cut(tokens: &[Token], start: usize) -> Cut {
    if tokens[start].code == codes::EMBEDDED {
        return Cut::At(start + 1);
    }
    let mut depth = 0usize;
    let mut in_body = false;
    let mut previous = tokens[start].code;
    let mut function = previous == codes::FUNCTION;
    for (at, token) in tokens.iter().enumerate().skip(start + 1) {
        let code = token.code;
        if codes::starts_item(code) && !continues_item(previous, depth > 0 && !in_body) {
            return Cut::At(at);
        }
        function |= depth == 0 && code == codes::FUNCTION;
        match code {
            codes::EMBEDDED if depth == 0 => return Cut::At(if function { at + 1 } else { at }),
            b'(' | b'[' | b'{' => {
                in_body |= code == b'{' && depth == 0 && !opens_group(previous);
                depth += 1;
                if depth > MAX_NESTING {
                    return Cut::TooDeep(at);
                }
            }
            b')' | b']' | b'}' if depth == 0 => return Cut::At(at),
            b')' | b']' | b'}' => {
                depth -= 1;
                let goes_on = tokens.get(at + 1).is_some_and(|next| next.code == b',');
                // The end of the body, unless an alias' second body follows.
                if depth == 0 && in_body && !goes_on {
                    return Cut::At(at + 1);
                }
                in_body &= depth > 0;
                previous = b'}';
                continue;
            }
            _ => {}
        }
        previous = code;
    }
    Cut::At(tokens.len())
}

/// Whether a word that could start an item is a name instead, by what stands before it.
fn continues_item(previous: u8, in_group: bool) -> bool {
    match previous {
        b'.' | codes::ARROW | codes::PRIVATE => true,
        b',' | b'{' => in_group,
        _ => false,
    }
}

/// Whether a brace after this opens choices of a probe point, not a body.
pub fn opens_group(previous: u8) -> bool {
    matches!(previous, codes::PROBE | b'.' | b',' | b'=' | codes::PLUS_ASSIGN | b'{')
}

/// Where to go on after an error at `from`: the next word that starts an item.
pub fn resume(tokens: &[Token], from: usize) -> usize {
    (from..tokens.len())
        .find(|&at| {
            let name = at > 0 && matches!(tokens[at - 1].code, b'.' | codes::ARROW);
            !name && codes::starts_item(tokens[at].code)
        })
        .unwrap_or(tokens.len())
}
