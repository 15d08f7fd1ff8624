//! The directives in a case's first lines: `# NAME: value`.
//!
//! | directive | meaning |
//! |---|---|
//! | `EXPECT: LINE` | standard output is exactly these lines |
//! | `EXPECT_RE: RE` | standard output matches somewhere (`^` and `$` are line ends) |
//! | `EXPECT_NOT_RE: RE` | standard output matches nowhere |
//! | `EXPECT_STDERR_RE: RE` | standard error matches somewhere |
//! | `EXIT: N` | the exit code; 0 in `ok/`, 1 in `ko/` when left out |
//! | `ARGS: WORDS` | options for stap; with `-l` or `-L` it gets no script |
//! | `SCRIPT_ARGS: WORDS` | the script's own arguments |
//! | `RUN_ARGS: WORDS` | options for staprun, under `run/` |
//! | `MODULE_ARGS: WORDS` | `NAME=VALUE` after the module, under `run/` |
//! | `WORKLOAD: COMMAND` | the command for staprun's `-c`; its first word may be a program of tests/workloads |
//! | `STDIN: LINE` | a line of staprun's standard input, under `run/` |
//! | `KERNELS: PREFIXES` | only kernels whose release begins so; `dwarf` is the one whose debuginfo is installed |
//! | `REQUIRES: PROGRAMS` | ignored where the host lacks one of them |
//! | `TIMEOUT: SECONDS` | how long it may take on an idle machine, 20 when left out |
//! | `STATUS: todo(REASON)` | runs and must fail; a todo that passes fails the test |

use std::time::Duration;

/// What the directives of one case say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directives {
    /// `EXPECT`
    pub expect: Vec<String>,
    /// `EXPECT_RE`
    pub expect_re: Vec<String>,
    /// `EXPECT_NOT_RE`
    pub expect_not_re: Vec<String>,
    /// `EXPECT_STDERR_RE`
    pub expect_stderr_re: Vec<String>,
    /// `EXIT`
    pub exit: Option<i32>,
    /// `ARGS`
    pub args: Vec<String>,
    /// `SCRIPT_ARGS`
    pub script_args: Vec<String>,
    /// `RUN_ARGS`
    pub run_args: Vec<String>,
    /// `MODULE_ARGS`
    pub module_args: Vec<String>,
    /// `WORKLOAD`
    pub workload: Option<String>,
    /// `STDIN`
    pub stdin: Vec<String>,
    /// `KERNELS`
    pub kernels: Vec<String>,
    /// `REQUIRES`
    pub requires: Vec<String>,
    /// `TIMEOUT`
    pub timeout: Duration,
    /// The reason in `STATUS: todo(REASON)`.
    pub todo: Option<String>,
}

impl Default for Directives {
    fn default() -> Self {
        Directives {
            expect: Vec::new(),
            expect_re: Vec::new(),
            expect_not_re: Vec::new(),
            expect_stderr_re: Vec::new(),
            exit: None,
            args: Vec::new(),
            script_args: Vec::new(),
            run_args: Vec::new(),
            module_args: Vec::new(),
            workload: None,
            stdin: Vec::new(),
            kernels: Vec::new(),
            requires: Vec::new(),
            timeout: Duration::from_secs(20),
            todo: None,
        }
    }
}

impl Directives {
    /// Reads the comment lines at the start of a script. A directive that is misspelt is an error, not a comment.
    pub fn parse(script: &[u8]) -> Result<Directives, String> {
        let mut directives = Directives::default();
        for line in script.split(|&byte| byte == b'\n') {
            let Some(comment) = line.strip_prefix(b"#") else { break };
            let comment = String::from_utf8_lossy(comment);
            let Some((name, value)) = comment.trim_start().split_once(':') else { continue };
            if name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
                directives.set(name, value.strip_prefix(' ').unwrap_or(value))?;
            }
        }
        Ok(directives)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = || value.trim().parse().map_err(|_| format!("{name} wants a number, not '{value}'"));
        match name {
            "EXPECT" => self.expect.push(value.to_owned()),
            "EXPECT_RE" => self.expect_re.push(value.to_owned()),
            "EXPECT_NOT_RE" => self.expect_not_re.push(value.to_owned()),
            "EXPECT_STDERR_RE" => self.expect_stderr_re.push(value.to_owned()),
            "EXIT" => self.exit = Some(number()?),
            "ARGS" => self.args = words(value),
            "SCRIPT_ARGS" => self.script_args = words(value),
            "RUN_ARGS" => self.run_args = words(value),
            "MODULE_ARGS" => self.module_args = words(value),
            "WORKLOAD" => self.workload = Some(value.trim().to_owned()),
            "STDIN" => self.stdin.push(value.to_owned()),
            "KERNELS" => self.kernels = words(value),
            "REQUIRES" => self.requires = words(value),
            "TIMEOUT" => self.timeout = Duration::from_secs(number()?.unsigned_abs().into()),
            "STATUS" => self.todo = Some(todo(value)?),
            _ => return Err(format!("unknown directive {name}")),
        }
        Ok(())
    }

    /// When the case is given up. That is for a hang: a loaded machine is slow, and so is a kernel that checks itself.
    pub fn limit(&self) -> Duration {
        self.timeout * 3 + Duration::from_secs(60)
    }

    /// Whether the case is for the kernel whose debuginfo is installed.
    pub fn wants_dwarf(&self) -> bool {
        self.kernels.iter().any(|word| word == "dwarf")
    }

    /// Whether the case is for this kernel.
    pub fn wants_kernel(&self, release: &str) -> bool {
        self.kernels.is_empty() || self.kernels.iter().any(|prefix| release.starts_with(prefix))
    }
}

fn todo(value: &str) -> Result<String, String> {
    let reason = value.trim().strip_prefix("todo(").and_then(|rest| rest.strip_suffix(')'));
    reason.map(str::to_owned).ok_or_else(|| format!("STATUS wants todo(REASON), not '{value}'"))
}

/// Splits at blanks; single quotes hold words together.
pub fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for c in text.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_end_at_the_first_line_of_script() {
        let script =
            b"# prints\n# EXPECT: one\n# EXPECT:  two\n# EXIT: 9\nprobe begin { }\n# EXPECT: three\n";
        let directives = Directives::parse(script).expect("well-formed");
        assert_eq!(directives.expect, ["one", " two"]);
        assert_eq!(directives.exit, Some(9));
    }

    #[test]
    fn a_misspelt_directive_is_an_error() {
        assert!(Directives::parse(b"# EXPCT: one\n").is_err());
        assert!(Directives::parse(b"# STATUS: soon\n").is_err());
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(words(" -G 'a=b c' -g ''"), ["-G", "a=b c", "-g", ""]);
    }
}
