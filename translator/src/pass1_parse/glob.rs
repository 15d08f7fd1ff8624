//! Shell patterns, as fnmatch(3) has them without flags.

/// Whether the whole of `text` matches `pattern`: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`, `\x`.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    // Where to go on after a mismatch: behind the last star, with one byte more taken by it.
    let mut retry: Option<(usize, usize)> = None;
    let (mut p, mut t) = (0, 0);
    while t < text.len() {
        match element(&pattern[p..], text[t]) {
            Some(Element::Star) => {
                p += 1;
                retry = Some((p, t));
            }
            Some(Element::Byte { len, fits: true }) => {
                p += len;
                t += 1;
            }
            _ => match retry {
                Some((after, from)) => {
                    retry = Some((after, from + 1));
                    (p, t) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&b| b == b'*')
}

/// Whether `text` has anything that [`matches`] treats specially.
pub fn is_pattern(text: &[u8]) -> bool {
    text.iter().any(|b| b"*?[".contains(b))
}

enum Element {
    Star,
    Byte { len: usize, fits: bool },
}

/// The first element of a pattern, tried on one byte.
fn element(pattern: &[u8], byte: u8) -> Option<Element> {
    Some(match *pattern.first()? {
        b'*' => Element::Star,
        b'?' => Element::Byte { len: 1, fits: true },
        b'[' => match set(pattern, byte) {
            Some((len, fits)) => Element::Byte { len, fits },
            None => Element::Byte { len: 1, fits: byte == b'[' },
        },
        b'\\' if pattern.len() > 1 => Element::Byte { len: 2, fits: pattern[1] == byte },
        plain => Element::Byte { len: 1, fits: plain == byte },
    })
}

/// A bracket expression: its length and whether `byte` is in it; none when it has no end.
fn set(pattern: &[u8], byte: u8) -> Option<(usize, bool)> {
    let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
    let first = if negated { 2 } else { 1 };
    let mut at = first;
    let mut found = false;
    while at == first || *pattern.get(at)? != b']' {
        let low = *pattern.get(at)?;
        if pattern.get(at + 1) == Some(&b'-') && pattern.get(at + 2).is_some_and(|&b| b != b']') {
            found |= (low..=pattern[at + 2]).contains(&byte);
            at += 3;
        } else {
            found |= low == byte;
            at += 1;
        }
    }
    Some((at + 1, found != negated))
}

#[cfg(test)]
mod tests {
    use super::{is_pattern, matches};

    #[test]
    fn as_fnmatch() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c*", "abcbcd", true),
            ("a*d", "abc", false),
            ("?b", "ab", true),
            ("?", "", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]", "]", true),
            ("[a", "[a", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("2.6.*", "2.6.18", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
        assert!(is_pattern(b"a?") && !is_pattern(b"a-b"));
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let pattern = "a*".repeat(40) + "b";
        assert!(!matches(pattern.as_bytes(), "a".repeat(200).as_bytes()));
    }
}
