//! The names that a tapset file declares, found without parsing it.
//!
//! A file may be listed for a name that it does not declare after all, say in a branch of a condition that is not
//! taken; then it is parsed in vain. It must never be missing for a name that it does declare.

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `function NAME`
    Function,
    /// `global NAME`
    Global,
    /// `probe NAME.x = …`: the first component.
    Alias,
    /// `@define NAME`
    Macro,
}

/// All public names, each once, in order of kind and name.
pub fn names(text: &[u8]) -> Vec<(Kind, String)> {
    let mut scanner = Scanner { text, at: 0 };
    let mut names = Vec::new();
    let mut depth = 0usize;
    let mut private = false;
    let mut after_dot = false;
    while let Some(word) = scanner.word() {
        // `.function` is a component of a probe point; after `. "text"` comes what ends the statement.
        let is_component = after_dot && word[0].is_ascii_alphabetic();
        after_dot = word == b".";
        if is_component {
            continue;
        }
        match word {
            b"{" => depth += 1,
            b"}" => depth = depth.saturating_sub(1),
            b"@define" => names.extend(scanner.word().map(|name| (Kind::Macro, name))),
            b"private" if depth == 0 => {
                private = true;
                continue;
            }
            b"function" if depth == 0 => {
                names.extend(scanner.word().filter(|_| !private).map(|n| (Kind::Function, n)))
            }
            b"global" if depth == 0 => scanner.globals(&mut names, private),
            b"probe" if depth == 0 => scanner.aliases(&mut names),
            _ => {}
        }
        private = false;
    }
    let mut names: Vec<(Kind, String)> =
        names.into_iter().map(|(kind, name)| (kind, String::from_utf8_lossy(name).into_owned())).collect();
    names.sort();
    names.dedup();
    names
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'@' || byte == b'$'
}

impl<'a> Scanner<'a> {
    /// The next word or punctuation mark; strings, comments and embedded C are passed over.
    fn word(&mut self) -> Option<&'a [u8]> {
        loop {
            let rest = &self.text[self.at..];
            let skip = match rest {
                [] => return None,
                [b'#', ..] | [b'/', b'/', ..] => until(rest, b"\n"),
                [b'/', b'*', ..] => 2 + until(&rest[2..], b"*/"),
                [b'%', b'{', ..] => 2 + until(&rest[2..], b"%}"),
                [b'"', ..] => string_length(rest),
                [byte, ..] if byte.is_ascii_whitespace() => 1,
                _ => break,
            };
            self.at += skip.min(rest.len());
        }
        let rest = &self.text[self.at..];
        let run = match rest {
            // The number of arguments, no comment.
            [b'$' | b'@', b'#', ..] => 2,
            _ => rest.iter().take_while(|&&byte| is_word_byte(byte)).count().max(1),
        };
        self.at += run;
        Some(&rest[..run])
    }

    fn peek(&self) -> Option<&'a [u8]> {
        Scanner { ..*self }.word()
    }

    /// `global a, b[10] = 1, c`
    fn globals(&mut self, names: &mut Vec<(Kind, &'a [u8])>, private: bool) {
        loop {
            names.extend(self.word().filter(|_| !private).map(|name| (Kind::Global, name)));
            while self.peek().is_some_and(|word| {
                !matches!(word, b"," | b";" | b"probe" | b"function" | b"global" | b"private")
            }) {
                self.word();
            }
            if self.peek() != Some(b",") {
                return;
            }
            self.word();
        }
    }

    /// `probe A.x = B("y") = C { }`: each point that `=` or `+=` follows.
    fn aliases(&mut self, names: &mut Vec<(Kind, &'a [u8])>) {
        loop {
            let first = self.word();
            let mut depth = 0usize;
            loop {
                match self.peek() {
                    Some(b"(") => depth += 1,
                    Some(b")") => depth = depth.saturating_sub(1),
                    Some(b"=") if depth == 0 => break,
                    Some(b"{" | b"," | b"?" | b"!") | None if depth == 0 => return,
                    None => return,
                    Some(_) => {}
                }
                self.word();
            }
            names.extend(first.map(|name| (Kind::Alias, name)));
            self.word();
        }
    }
}

/// The length of the text up to and with `end`, or of all of it.
fn until(text: &[u8], end: &[u8]) -> usize {
    text.windows(end.len()).position(|window| window == end).map_or(text.len(), |at| at + end.len())
}

fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        names(text.as_bytes()).into_iter().map(|(kind, name)| format!("{kind:?} {name}")).collect()
    }

    #[test]
    fn all_kinds() {
        let text = "global a, b[10], c = \"global x\" # global no\nprivate global d\n/* function no */\n\
                    function f:long (x) { return probe }\nprivate function g() %{ function h %}\n\
                    @define m(x) %( @x %)\nprobe al.x(\"=\") = be.y ?, k.function(\"g\") { }\nprobe one = two += begin { }\n\
                    probe begin { k = 1 }\nfunction z() { }";
        assert_eq!(
            list(text),
            [
                "Function f",
                "Function z",
                "Global a",
                "Global b",
                "Global c",
                "Alias al",
                "Alias one",
                "Alias two",
                "Macro m"
            ]
        );
    }

    #[test]
    fn a_text_behind_a_dot_hides_no_brace() {
        assert_eq!(
            list("function f() { return g() . \"}\" } function h() { }"),
            ["Function f", "Function h"]
        );
    }

    #[test]
    fn the_number_of_arguments_is_no_comment() {
        assert_eq!(list("global a %( $# > 1 %? = 1 %), b"), ["Global a", "Global b"]);
    }

    #[test]
    fn broken_files_end_somewhere() {
        for text in ["probe", "global", "function", "probe x(", "/*", "\"a\\", "%{", "@define", "probe a ="] {
            assert!(list(text).len() <= 1, "{text}");
        }
    }
}
