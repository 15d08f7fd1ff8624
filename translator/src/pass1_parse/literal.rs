//! The values of literals.

/// The value of a number token: strtoull with base 0, from -2^63 to 2^64-1, wrapped to 64 bits.
pub fn number(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let value = if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        u64::from_str_radix(hex, 16)
    } else if text.len() > 1 && text.starts_with('0') {
        u64::from_str_radix(&text[1..], 8)
    } else {
        text.parse()
    };
    value.ok().map(|v| v as i64)
}

/// The value of a string token (with its quotes), its escapes resolved as C does; `hex` says whether `\x` is one
/// (language version 2.3 and later).
pub fn string(token: &[u8], hex: bool) -> Vec<u8> {
    let text = token.strip_prefix(b"\"").unwrap_or(token);
    let text = text.strip_suffix(b"\"").unwrap_or(text);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'\\' && at + 1 < text.len() {
            let (byte, len) = escape(&text[at + 1..], hex);
            out.push(byte);
            at += 1 + len;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// The byte an escape stands for, and how many bytes after the backslash it takes.
fn escape(text: &[u8], hex: bool) -> (u8, usize) {
    let digits = |from: usize, most: usize, radix: u32| {
        text[from..].iter().take(most).take_while(|b| char::from(**b).is_digit(radix)).count()
    };
    let value = |from: usize, len: usize, radix: u32| {
        text[from..from + len]
            .iter()
            .fold(0u32, |v, &b| v * radix + char::from(b).to_digit(radix).unwrap_or(0)) as u8
    };
    match text[0] {
        b'a' => (7, 1),
        b'b' => (8, 1),
        b't' => (9, 1),
        b'n' => (10, 1),
        b'v' => (11, 1),
        b'f' => (12, 1),
        b'r' => (13, 1),
        b'0'..=b'7' => {
            let len = digits(0, 3, 8);
            (value(0, len, 8), len)
        }
        b'x' if hex && digits(1, 2, 16) > 0 => {
            let len = digits(1, 2, 16);
            (value(1, len, 16), 1 + len)
        }
        other => (other, 1),
    }
}

/// Writes a string as a literal that reads back as the same bytes.
pub fn quote(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            7 => out.extend(b"\\a"),
            8 => out.extend(b"\\b"),
            9 => out.extend(b"\\t"),
            10 => out.extend(b"\\n"),
            11 => out.extend(b"\\v"),
            12 => out.extend(b"\\f"),
            13 => out.extend(b"\\r"),
            // Three digits, so that a digit that follows is not taken in.
            0..0x20 | 0x7f => out.extend(format!("\\{byte:03o}").bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::{number, quote, string};

    #[test]
    fn numbers() {
        for (text, value) in [
            ("0", Some(0)),
            ("42", Some(42)),
            ("0x1F", Some(31)),
            ("017", Some(15)),
            ("08", None),
            ("0x", None),
            ("12ab", None),
            ("18446744073709551615", Some(-1)),
            ("18446744073709551616", None),
        ] {
            assert_eq!(number(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn escapes() {
        assert_eq!(string(br#""a\n\x41\101\q\"""#, true), b"a\nAAq\"");
        assert_eq!(string(br#""\x41\xg""#, false), b"x41xg");
        assert_eq!(string(br#""\1234""#, true), b"S4");
    }

    #[test]
    fn quoted_text_reads_back() {
        let all: Vec<u8> = (1..=255).chain(*b"1\x017\"").collect();
        let mut quoted = Vec::new();
        quote(&all, &mut quoted);
        assert_eq!(string(&quoted, true), all);
    }
}
