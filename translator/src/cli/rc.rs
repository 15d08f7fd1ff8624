//! The rc file: options that stand before those of the command line.

/// Splits the file's text into words as a shell does: quotes, backslashes, `$NAME`, `${NAME}`, a leading `~`; no
/// commands. A variable that is not set is an error, as is a character that a shell would act on.
pub fn words(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    for line in text.lines() {
        Splitter { rest: line, env, words: &mut words, word: None }.run()?;
    }
    Ok(words)
}

struct Splitter<'a> {
    rest: &'a str,
    env: &'a dyn Fn(&str) -> Option<String>,
    words: &'a mut Vec<String>,
    word: Option<String>,
}

impl Splitter<'_> {
    fn run(mut self) -> Result<(), String> {
        while let Some(c) = self.next() {
            match c {
                ' ' | '\t' => self.words.extend(self.word.take()),
                '#' if self.word.is_none() => break,
                '~' if self.word.is_none() => self.home()?,
                '\'' => self.single()?,
                '"' => self.double()?,
                '\\' => {
                    let escaped = self.next();
                    self.word().extend(escaped);
                }
                '$' => self.variable()?,
                '`' | '|' | '&' | ';' | '<' | '>' | '(' | ')' | '{' | '}' => {
                    return Err(format!("'{c}' must be quoted"));
                }
                other => self.word().push(other),
            }
        }
        self.words.extend(self.word.take());
        Ok(())
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn word(&mut self) -> &mut String {
        self.word.get_or_insert_with(String::new)
    }

    fn home(&mut self) -> Result<(), String> {
        if !(self.rest.is_empty() || self.rest.starts_with(['/', ' ', '\t'])) {
            self.word().push('~');
            return Ok(());
        }
        let home = self.lookup("HOME")?;
        self.word().push_str(&home);
        Ok(())
    }

    fn single(&mut self) -> Result<(), String> {
        let end = self.rest.find('\'').ok_or("a quote is not closed")?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        self.word().push_str(text);
        Ok(())
    }

    fn double(&mut self) -> Result<(), String> {
        self.word();
        loop {
            match self.next().ok_or("a quote is not closed")? {
                '"' => return Ok(()),
                '$' => self.variable()?,
                '`' => return Err("commands are not run here".to_owned()),
                '\\' => {
                    let escaped = self.next().ok_or("a quote is not closed")?;
                    if !matches!(escaped, '"' | '\\' | '$' | '`') {
                        self.word().push('\\');
                    }
                    self.word().push(escaped);
                }
                other => self.word().push(other),
            }
        }
    }

    fn variable(&mut self) -> Result<(), String> {
        if self.rest.starts_with('(') {
            return Err("commands are not run here".to_owned());
        }
        let braced = self.rest.starts_with('{');
        let text = if braced { &self.rest[1..] } else { self.rest };
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
        let (name, after) = text.split_at(end);
        if name.is_empty() {
            self.word().push('$');
            return Ok(());
        }
        self.rest = match braced {
            true => after.strip_prefix('}').ok_or_else(|| format!("'${{{name}' is not closed"))?,
            false => after,
        };
        let value = self.lookup(name)?;
        self.word().push_str(&value);
        Ok(())
    }

    fn lookup(&self, name: &str) -> Result<String, String> {
        (self.env)(name).ok_or_else(|| format!("variable '{name}' is not set"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Result<Vec<String>, String> {
        words(text, &|name| (name == "HOME").then(|| "/home/u".to_owned()))
    }

    #[test]
    fn words_are_split_as_a_shell_does() {
        assert_eq!(split("-v  -I ~/t\n# no\n-D 'A B' \"x$HOME\\\"\" a\\ b"), {
            Ok(["-v", "-I", "/home/u/t", "-D", "A B", "x/home/u\"", "a b"].map(str::to_owned).to_vec())
        });
        assert_eq!(split("'' ${HOME}x a~ $"), Ok(["", "/home/ux", "a~", "$"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn what_a_shell_would_run_is_an_error() {
        for text in ["`id`", "$(id)", "\"`id`\"", "a;b", "a|b", "a > b"] {
            assert!(split(text).is_err(), "{text}");
        }
    }

    #[test]
    fn mistakes_are_errors() {
        assert_eq!(split("$NONE"), Err("variable 'NONE' is not set".to_owned()));
        assert_eq!(split("'a"), Err("a quote is not closed".to_owned()));
        assert_eq!(split("${HOME"), Err("'${HOME' is not closed".to_owned()));
    }
}
