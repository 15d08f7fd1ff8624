//! Compares what a program did with what its case expects.

use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::util::syntax;

use crate::directives::Directives;

/// What a program did.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Exit code.
    pub exit: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

/// All that differs, as a text for people; `Ok` when nothing does. `exit` is the code when the case names none.
pub fn check(directives: &Directives, exit: i32, outcome: &Outcome) -> Result<(), String> {
    let stdout = String::from_utf8_lossy(&outcome.stdout);
    let stderr = String::from_utf8_lossy(&outcome.stderr);
    let mut wrong = Vec::new();
    let exit = directives.exit.unwrap_or(exit);
    if outcome.exit != exit {
        wrong.push(format!("exit code {} instead of {exit}", outcome.exit));
    }
    let lines: Vec<&str> = stdout.lines().collect();
    if !directives.expect.is_empty() && lines != directives.expect {
        wrong.push(format!("expected standard output:\n{}", indent(&directives.expect.join("\n"))));
    }
    for (patterns, text, wanted, name) in [
        (&directives.expect_re, &stdout, true, "standard output"),
        (&directives.expect_not_re, &stdout, false, "standard output"),
        (&directives.expect_stderr_re, &stderr, true, "standard error"),
    ] {
        for pattern in patterns {
            if matches(pattern, text)? != wanted {
                let verb = if wanted { "does not match" } else { "matches" };
                wrong.push(format!("{name} {verb} /{pattern}/"));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    wrong.push(format!("standard output was:\n{}", indent(&clip(&stdout))));
    wrong.push(format!("standard error was:\n{}", indent(&clip(&stderr))));
    Err(wrong.join("\n"))
}

/// Whether a text matches a regular expression; `^` and `$` match at each line.
pub fn matches(pattern: &str, text: &str) -> Result<bool, String> {
    let vm = PikeVM::builder()
        .syntax(syntax::Config::new().multi_line(true))
        .build(pattern)
        .map_err(|error| format!("the pattern /{pattern}/ is wrong: {error}"))?;
    Ok(vm.is_match(&mut vm.create_cache(), text))
}

/// Sets a text off from the message around it.
pub fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// Keeps a failure readable when a program printed a lot.
fn clip(text: &str) -> String {
    const LIMIT: usize = 60;
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= LIMIT {
        return text.to_owned();
    }
    format!("{}\n[{} more lines]", lines[..LIMIT].join("\n"), lines.len() - LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(stdout: &str) -> Outcome {
        Outcome { exit: 0, stdout: stdout.into(), stderr: Vec::new() }
    }

    #[test]
    fn expected_lines_are_the_whole_output() {
        let directives = Directives { expect: vec!["a".into(), "b".into()], ..Directives::default() };
        assert_eq!(check(&directives, 0, &outcome("a\nb\n")), Ok(()));
        assert!(check(&directives, 0, &outcome("a\n")).is_err());
        assert!(check(&directives, 0, &outcome("a\nb\nc\n")).is_err());
    }

    #[test]
    fn patterns_look_at_lines() {
        let directives = Directives { expect_re: vec!["^b$".into()], ..Directives::default() };
        assert_eq!(check(&directives, 0, &outcome("a\nb\n")), Ok(()));
        assert!(check(&directives, 0, &outcome("ab\n")).is_err());
        assert!(check(&directives, 1, &outcome("b\n")).is_err());
    }
}
