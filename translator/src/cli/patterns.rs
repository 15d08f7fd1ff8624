//! The safety patterns of option values, which reach the generated C, a module's name or staprun's command line.

/// A pattern: its text as messages show it, and its test.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// The regular expression.
    pub text: &'static str,
    /// Whether a value matches it.
    pub matches: fn(&str) -> bool,
}

/// `-D`
pub const DEFINE: Pattern = Pattern { text: "^[a-z_][a-z_0-9]*(=-?[a-z_0-9]+)?$", matches: is_define };
/// `-G`
pub const GLOBAL: Pattern = Pattern { text: "^[a-z_][a-z0-9_]*=[a-z0-9_.-]+$", matches: is_global };
/// `-m`
pub const MODULE: Pattern = Pattern { text: "^[a-z0-9_]+$", matches: is_module };

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_identifier(text: &str) -> bool {
    text.bytes().all(is_word_byte) && text.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}

fn is_define(text: &str) -> bool {
    let Some((name, value)) = text.split_once('=') else { return is_identifier(text) };
    let digits = value.strip_prefix('-').unwrap_or(value);
    is_identifier(name) && !digits.is_empty() && digits.bytes().all(is_word_byte)
}

fn is_global(text: &str) -> bool {
    let Some((name, value)) = text.split_once('=') else { return false };
    let allowed = |byte: u8| is_word_byte(byte) || byte == b'.' || byte == b'-';
    is_identifier(name) && !value.is_empty() && value.bytes().all(allowed)
}

fn is_module(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !text.is_empty() && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: Pattern, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!((pattern.matches)(text), "{text:?} fits {}", pattern.text);
        }
        for text in bad {
            assert!(!(pattern.matches)(text), "{text:?} does not fit {}", pattern.text);
        }
    }

    #[test]
    fn defines() {
        check(
            DEFINE,
            &["A", "_a9", "MAXSKIPPED=0", "X=-5", "x=abc"],
            &["", "9x", "A=", "A=-", "A=1+1", "A B", "A=\n"],
        );
    }

    #[test]
    fn globals() {
        check(GLOBAL, &["a=1", "a=-1", "a=x.y"], &["a", "a=", "9=1", "a=b c", "a=\"x\"", "a=b=c"]);
    }

    #[test]
    fn modules() {
        check(MODULE, &["a", "a_1", "9"], &["", "A", "a-b", "a.b", "ä"]);
    }
}
