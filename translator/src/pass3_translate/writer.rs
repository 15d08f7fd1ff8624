//! Indented C text.
//!
//! The text is a `String` of which each character is one byte (Latin-1): embedded C and string literals may hold any
//! byte, templates want text. [`to_bytes`] undoes it at the very end.

/// Text being written, one tab a level.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    text: String,
    level: usize,
}

impl Writer {
    /// An empty text whose lines start at `level`.
    pub fn at_level(level: usize) -> Self {
        Writer { text: String::new(), level }
    }

    /// The current level.
    pub fn level(&self) -> usize {
        self.level
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// A line at the current level.
    pub fn line(&mut self, text: impl AsRef<str>) {
        let text = text.as_ref();
        if !text.is_empty() {
            self.text.extend(std::iter::repeat_n('\t', self.level));
        }
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// A line at no level: preprocessor directives and labels.
    pub fn flush_left(&mut self, text: impl AsRef<str>) {
        self.text.push_str(text.as_ref());
        self.text.push('\n');
    }

    /// A line that opens a level.
    pub fn open(&mut self, text: impl AsRef<str>) {
        self.line(text);
        self.level += 1;
    }

    /// A line that closes a level.
    pub fn close(&mut self, text: impl AsRef<str>) {
        self.level = self.level.saturating_sub(1);
        self.line(text);
    }

    /// A line that closes a level and opens another: `} else {`.
    pub fn reopen(&mut self, text: impl AsRef<str>) {
        self.close(text);
        self.level += 1;
    }

    /// Takes in lines that were written elsewhere, as they are.
    pub fn append(&mut self, other: Writer) {
        self.text.push_str(&other.text);
    }

    /// The text.
    pub fn finish(self) -> String {
        self.text
    }
}

/// Bytes as text, a character a byte.
pub fn from_bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// The bytes of a text made of [`from_bytes`] and ASCII.
pub fn to_bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// A C string literal. Octal escapes have three digits, so no following digit is drawn in.
pub fn c_string(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push('"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b' '..=b'~' if byte != b'?' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\{byte:03o}")),
        }
    }
    text.push('"');
    text
}

/// A C constant of type `int64_t`.
pub fn c_long(value: i64) -> String {
    if value == i64::MIN { "(-9223372036854775807LL - 1)".to_owned() } else { format!("{value}LL") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_keep_every_byte() {
        assert_eq!(c_string(b"a\"b\\c\n\x01\xff7??="), r#""a\"b\\c\n\001\3777\077\077=""#);
        assert_eq!(c_long(i64::MIN), "(-9223372036854775807LL - 1)");
        assert_eq!(c_long(-3), "-3LL");
    }

    #[test]
    fn bytes_survive_the_text() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(to_bytes(&from_bytes(&all)), all);
    }
}
