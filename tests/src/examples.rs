//! The example scripts of Debian's systemtap-doc, and how far stap gets with each.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::case;
use crate::directives;
use crate::process;
use crate::programs::{Programs, root};

/// Where the package has its scripts, and what their names begin with here.
const FOLDERS: [(&str, &str); 2] =
    [("/usr/share/systemtap/examples", ""), ("/usr/share/doc/systemtap/examples/tutorial", "tutorial/")];

/// What to do when the scripts are missing.
pub const INSTALL: &str =
    "the example scripts are not here: install Debian's systemtap-doc ('apt-get install systemtap-doc')";

/// One script with the words that it is run with.
#[derive(Clone, Debug)]
pub struct Example {
    /// `io/iotop.stp`
    pub name: String,
    /// The script.
    pub path: PathBuf,
    /// Options, and the script's own arguments.
    pub words: Vec<String>,
}

/// How far stap gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The last pass that the script goes through, 0 when it does not parse.
    pub pass: u8,
    /// The first message of the pass that fails.
    pub missing: String,
}

/// All scripts, sorted by name; none when the package is not installed.
pub fn collect() -> Result<Vec<Example>, String> {
    let path = root().join("tests/examples/arguments");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut words: HashMap<&str, Vec<String>> = arguments(&text).collect();
    let mut examples = Vec::new();
    for (folder, prefix) in FOLDERS {
        case::walk(Path::new(folder), &mut |path| {
            let below = path.strip_prefix(folder).unwrap_or(path);
            let name = format!("{prefix}{}", below.display());
            let words = words.remove(name.as_str()).unwrap_or_default();
            examples.push(Example { name, path: path.to_owned(), words });
            Ok(())
        })?;
    }
    examples.sort_by(|a, b| a.name.cmp(&b.name));
    match words.keys().next() {
        Some(name) if !examples.is_empty() => Err(format!("{}: there is no script {name}", path.display())),
        _ => Ok(examples),
    }
}

/// The lines of tests/examples/arguments: a script, then its words.
fn arguments(text: &str) -> impl Iterator<Item = (&str, Vec<String>)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).map(|(name, words)| (name, directives::words(words)))
}

impl Example {
    /// Takes the script through the passes up to `last`. A crash or a hang is an error.
    pub fn reach(&self, programs: &Programs, release: &str, last: u8) -> Result<Reach, String> {
        let mut stap = programs.stap();
        stap.arg(format!("-p{last}")).args(["-r", release]).arg(&self.path).args(&self.words);
        let outcome = process::run(&mut stap, Duration::from_secs(300))
            .map_err(|error| format!("{}: {error}", programs.stap.display()))?;
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        if outcome.exit > 3 && outcome.exit != 5 || stderr.contains("internal error") {
            return Err(format!("{}: -p{last} ended with {}:\n{stderr}", self.name, outcome.exit));
        }
        if outcome.exit == 0 {
            return Ok(Reach { pass: last, missing: String::new() });
        }
        // Without -v only the pass that fails has a line.
        let failed = |pass: &u8| stderr.lines().any(|line| line.starts_with(&format!("Pass {pass}: ")));
        let pass = (1..=last).find(failed).map_or(0, |pass| pass - 1);
        Ok(Reach { pass, missing: first_message(&stderr) })
    }
}

/// The first error, without its place. Where it only says what was being done, the next one has the reason.
fn first_message(stderr: &str) -> String {
    let errors = stderr.lines().filter(|line| line.contains("error: ") || line.starts_with("ERROR: "));
    let mut texts = errors.map(|line| line.split_once(": ").map_or(line, |(_, text)| text));
    let reason = texts.find(|text| !text.starts_with("while ")).unwrap_or_default();
    let reason = reason.split(" at ").next().unwrap_or_default();
    // A keyword has no name to show.
    without_hint(reason.trim_end_matches(": keyword"))
}

/// Names that look alike change with every new name of the tapset.
fn without_hint(message: &str) -> String {
    match (message.find(" (similar"), message.find("): ")) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", &message[..start], &message[end + 1..])
        }
        (Some(start), None) => message[..start].to_owned(),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_stands_without_its_place() {
        let stderr = "WARNING: never used\nsemantic error: while resolving probe point: identifier 'vfs' at a:5:7\n\
                      semantic error: probe point mismatch (similar: end, init): identifier 'vfs' at :5:7\n";
        assert_eq!(first_message(stderr), "probe point mismatch: identifier 'vfs'");
        assert_eq!(first_message("ERROR: no headers\n"), "no headers");
        assert_eq!(
            first_message("semantic error: no match (similar function: a, b): keyword at x:1:1\n"),
            "no match"
        );
    }

    #[test]
    fn arguments_are_words() {
        let all: Vec<_> = arguments("# no script\na.stp -g 'b c'\n").collect();
        assert_eq!(all, [("a.stp", vec!["-g".to_owned(), "b c".to_owned()])]);
    }
}
