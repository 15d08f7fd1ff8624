//! The characters that the language grammar reads in the place of tokens; the end of grammar/stap.pest gives their names.

use super::token::TokenKind;

/// A name that is nothing else.
pub const NAME: u8 = b'a';
/// `$` and `$$`
pub const DOLLARS: u8 = b'b';
/// The names that mean printing, from `print` to `printf`.
pub const PRINTS: std::ops::RangeInclusive<u8> = b'c'..=b'f';
/// A number.
pub const NUMBER: u8 = b'0';
/// A string.
pub const STRING: u8 = b'"';
/// Embedded C.
pub const EMBEDDED: u8 = b'#';
/// What the language has no rule for.
pub const NOTHING: u8 = 0x7f;

/// Reserved words and `->` that other code asks for.
pub const PROBE: u8 = b'N';
/// `private`
pub const PRIVATE: u8 = b'P';
/// `function`
pub const FUNCTION: u8 = b'Q';
/// `->`
pub const ARROW: u8 = b'7';
/// `+=`
pub const PLUS_ASSIGN: u8 = b'2';
/// `foreach`
pub const FOREACH: u8 = b'D';
/// `in`
pub const IN: u8 = b'6';
/// `@cast`, `@var` and `@enumname`, which take the name of a type or module.
pub const TYPED: [u8; 3] = [b'j', b'k', b'o'];

/// A `*`, by whether it touches a word or star before it, and one behind it.
pub fn star(left: bool, right: bool) -> u8 {
    match (left, right) {
        (false, false) => b'*',
        (true, false) => b'@',
        (false, true) => b'_',
        (true, true) => b'`',
    }
}

/// Whether this is a word or a star, which glue to components of probe points when they touch.
pub fn glues(code: u8) -> bool {
    matches!(code, b'a'..=b'f' | b'A'..=b'S' | IN | b'*')
}

/// Whether this starts an item: `probe`, `global`, `private` or `function`.
pub fn starts_item(code: u8) -> bool {
    (PROBE..=FUNCTION).contains(&code)
}

/// Whether this is a reserved word.
pub fn is_keyword(code: u8) -> bool {
    matches!(code, b'A'..=b'S' | IN)
}

/// Whether this is an operator that starts with `@`, or a lone `@`.
pub fn is_at_operator(code: u8) -> bool {
    matches!(code, b'g'..=b'p' | b'$')
}

/// The code of a token.
pub fn code(kind: TokenKind, text: &[u8]) -> u8 {
    match kind {
        TokenKind::Ident => name(text),
        TokenKind::Keyword => keyword(text),
        TokenKind::Operator => operator(text),
        TokenKind::Number => NUMBER,
        TokenKind::String => STRING,
        TokenKind::AtWord => at_word(text),
        TokenKind::Embedded => EMBEDDED,
        _ => NOTHING,
    }
}

fn name(text: &[u8]) -> u8 {
    match text[0] {
        b'$' if matches!(text, b"$" | b"$$") => DOLLARS,
        b'p' | b's' => match text {
            b"print" | b"println" | b"sprint" | b"sprintln" => b'c',
            b"print_char" => b'd',
            b"printd" | b"printdln" | b"sprintd" | b"sprintdln" => b'e',
            b"printf" | b"sprintf" => b'f',
            _ => NAME,
        },
        _ => NAME,
    }
}

/// The code of a reserved word; for another word that of nothing.
pub fn keyword(text: &[u8]) -> u8 {
    match text {
        b"if" => b'A',
        b"while" => b'B',
        b"for" => b'C',
        b"foreach" => FOREACH,
        b"try" => b'E',
        b"return" => b'F',
        b"delete" => b'G',
        b"next" => b'H',
        b"break" => b'I',
        b"continue" => b'J',
        b"else" => b'K',
        b"catch" => b'L',
        b"limit" => b'M',
        b"probe" => PROBE,
        b"global" => b'O',
        b"private" => PRIVATE,
        b"function" => FUNCTION,
        b"string" => b'R',
        b"long" => b'S',
        b"in" => IN,
        _ => NOTHING,
    }
}

fn operator(text: &[u8]) -> u8 {
    match text {
        b"++" | b"--" => b'8',
        b"->" => ARROW,
        b"=~" | b"!~" => b'5',
        b"&&" => b'4',
        b"||" => b'3',
        b"+=" => PLUS_ASSIGN,
        b"<" | b">" | b"<=" | b">=" | b"==" | b"!=" => b'<',
        b"<<" | b">>" | b">>>" => b'>',
        b"@" => b'$',
        b"'" | b"`" | b"\\" => b'\'',
        [sign] => *sign,
        _ => b'1',
    }
}

/// A macro that was not expanded is nothing.
fn at_word(text: &[u8]) -> u8 {
    match &text[1..] {
        b"count" | b"sum" | b"min" | b"max" | b"avg" | b"variance" => b'g',
        b"hist_log" => b'h',
        b"hist_linear" => b'i',
        b"cast" => b'j',
        b"var" => b'k',
        b"defined" | b"entry" | b"kregister" | b"uregister" => b'l',
        b"kderef" | b"uderef" => b'm',
        b"perf" | b"const" | b"enum" => b'n',
        b"enumname" => b'o',
        b"probewrite" => b'p',
        _ => NOTHING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::check::LANGUAGE_VERSION;
    use crate::pass1_parse::token::is_operator;
    use crate::source::token_text::KEYWORDS;

    #[test]
    fn every_reserved_word_has_its_own_code() {
        let mut codes: Vec<u8> = KEYWORDS.iter().map(|word| keyword(word)).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), KEYWORDS.len());
        assert!(!codes.contains(&NOTHING));
    }

    #[test]
    fn the_operators_with_at_have_codes() {
        for name in
            ["avg", "cast", "const", "enumname", "hist_log", "probewrite", "uregister", "variance", "x"]
        {
            let text = format!("@{name}");
            assert_eq!(at_word(text.as_bytes()) != NOTHING, is_operator(name, LANGUAGE_VERSION), "{name}");
        }
    }
}
