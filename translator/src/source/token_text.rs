//! How messages name a token: SystemTap's word for its kind, and what it quotes of it.

use std::borrow::Cow;

/// The reserved words, as stap(1) lists them.
pub const KEYWORDS: [&[u8]; 20] = [
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

/// Bytes of a token that are shown; generated scripts may hold very long ones.
const MOST_SHOWN: usize = 1000;

/// `identifier 'x'`: what a message calls the token with this text. What does not print is shown as `?`.
pub fn describe(text: &[u8]) -> String {
    let (kind, content) = classify(text);
    let Some(content) = content else { return kind.to_owned() };
    let shown = content.iter().take(MOST_SHOWN).map(|&byte| match byte {
        b' ' | 0x21..=0x7e => char::from(byte),
        _ => '?',
    });
    let shown: String = shown.collect();
    format!("{kind} '{shown}'")
}

fn classify(text: &[u8]) -> (&'static str, Option<Cow<'_, [u8]>>) {
    if KEYWORDS.contains(&text) {
        return ("keyword", None);
    }
    if stands_for_nothing(text) {
        return ("junk", Some(Cow::default()));
    }
    if text.starts_with(b"%{") {
        return ("embedded-code", None);
    }
    let inner = text.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let kind = match text.first() {
        Some(b'"') => "string",
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$') => "identifier",
        Some(b'0'..=b'9') => "number",
        Some(byte) if byte.is_ascii_punctuation() => "operator",
        first => {
            let escaped = first.map(|byte| format!("\\x{byte:02x}").into_bytes());
            return ("junk", Some(escaped.unwrap_or_default().into()));
        }
    };
    (kind, Some(inner.unwrap_or(text).into()))
}

/// An argument of the command line that is not there, a string or embedded C that is not closed.
fn stands_for_nothing(text: &[u8]) -> bool {
    match text {
        [b'$' | b'@', b'0'..=b'9' | b'#', ..] => true,
        [b'"', rest @ ..] => !rest.ends_with(b"\""),
        [b'%', b'{', rest @ ..] => !rest.ends_with(b"%}"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn tokens_have_the_words_of_the_peer() {
        for (text, name) in [
            ("while", "keyword"),
            ("x1", "identifier 'x1'"),
            ("$return", "identifier '$return'"),
            ("@sum", "operator '@sum'"),
            ("/", "operator '/'"),
            ("\"a\tb\"", "string 'a?b'"),
            ("12", "number '12'"),
            ("%{ f(); %}", "embedded-code"),
            ("$7", "junk ''"),
            ("\"open", "junk ''"),
            ("\u{e9}", "junk '\\xc3'"),
        ] {
            assert_eq!(describe(text.as_bytes()), name);
        }
    }
}
