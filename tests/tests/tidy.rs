//! House rules that no compiler checks. CONTRIBUTING.md gives the reasons.

use std::fs;
use std::process::Command;

use stap_tests::programs::root;

/// A file of the repository.
struct Source {
    /// Its path in the repository.
    path: String,
    text: String,
}

impl Source {
    /// The lines before the first test module, with their numbers; none in a file of tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.take_while(move |(_, line)| !tests && !line.starts_with("#[cfg(test)]"))
    }

    /// Whether one of the lines before this one, or the line itself, holds a note.
    fn noted(&self, number: usize, note: &str, within: usize) -> bool {
        let lines: Vec<&str> = self.text.lines().collect();
        lines[number.saturating_sub(within + 1)..number].iter().any(|line| line.contains(note))
    }
}

/// All files that git knows with these endings, under one of these folders.
fn sources(endings: &[&str], folders: &[&str]) -> Vec<Source> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git is there: this is a clone");
    let listing = String::from_utf8_lossy(&output.stdout).into_owned();
    let wanted = |path: &&str| {
        endings.iter().any(|ending| path.ends_with(ending))
            && folders.iter().any(|folder| path.starts_with(folder))
    };
    let read = |path: &str| {
        let text = fs::read_to_string(root().join(path)).ok()?;
        Some(Source { path: path.to_owned(), text })
    };
    let found: Vec<Source> = listing.lines().filter(wanted).filter_map(read).collect();
    assert!(!found.is_empty(), "no {endings:?} under {folders:?}");
    found
}

fn assert_none(broken: Vec<String>, rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

/// A line that breaks a rule.
fn place(source: &Source, number: usize, line: &str) -> String {
    format!("{}:{number}: {}", source.path, line.trim())
}

#[test]
fn files_are_short() {
    const SOFT: usize = 500;
    const HARD: usize = 900;
    let all = sources(&[".rs", ".c", ".h", ".pest", ".sh"], &[""]);
    let long = |limit: usize| -> Vec<String> {
        let lengths = all.iter().map(|source| (source.text.lines().count(), source));
        lengths
            .filter(|(length, _)| *length > limit)
            .map(|(n, source)| format!("{}: {n} lines", source.path))
            .collect()
    };
    assert_none(long(HARD), "no file is longer than 900 lines");
    let soft = long(SOFT);
    assert!(
        soft.len() * 10 <= all.len(),
        "more than one file in ten has over {SOFT} lines:\n{}",
        soft.join("\n")
    );
}

#[test]
fn kernel_versions_are_tested_in_compat_alone() {
    let mut broken = Vec::new();
    for source in
        sources(&[".h", ".c", ".tera", ".rs"], &["runtime-c/", "kmod-templates/", "translator/", "tapset/"])
    {
        if source.path.starts_with("runtime-c/compat/") {
            continue;
        }
        let lines = source.code().filter(|(_, line)| line.contains("LINUX_VERSION_CODE"));
        broken.extend(lines.map(|(number, line)| place(&source, number, line)));
    }
    assert_none(broken, "kernel differences live in runtime-c/compat");
}

#[test]
fn passes_reach_the_machine_through_the_host_alone() {
    let doors = ["std::fs", "std::process", "std::env", "File::open", "env::var"];
    let mut broken = Vec::new();
    for source in sources(&[".rs"], &["translator/src/"]) {
        if source.path.starts_with("translator/src/host/") || source.path == "translator/src/main.rs" {
            continue;
        }
        let lines = source.code().filter(|(_, line)| {
            // Splitting and joining a search path is arithmetic on text.
            let line = line.replace("std::env::split_paths", "").replace("std::env::join_paths", "");
            !line.trim_start().starts_with("//") && doors.iter().any(|door| line.contains(door))
        });
        broken.extend(lines.map(|(number, line)| place(&source, number, line)));
    }
    assert_none(broken, "only translator/src/host touches files, processes and environment");
}

#[test]
fn unsafe_code_is_fenced_and_explained() {
    let mut broken = Vec::new();
    for source in sources(&[".rs"], &["translator/", "staprun/", "tests/vm/", "tests/src/", "benches/"]) {
        for (number, line) in source.code() {
            let code = line.split("//").next().unwrap_or_default();
            let is_unsafe =
                ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"].iter().any(|u| code.contains(u));
            let fenced =
                source.path.starts_with("staprun/src/sys/") || source.path == "translator/src/host/map.rs";
            let allowed = fenced && source.noted(number, "SAFETY", 8);
            if is_unsafe && !allowed {
                broken.push(place(&source, number, line));
            }
        }
    }
    assert_none(broken, "unsafe code lies in staprun/src/sys and in host/map.rs, below a SAFETY note");
}

#[test]
fn nothing_panics_without_a_reason() {
    let calls = [".unwrap()", ".expect(\"", "panic!(", "unreachable!("];
    let mut broken = Vec::new();
    for source in sources(&[".rs"], &["translator/src/", "staprun/src/", "tests/vm/src/"]) {
        for (number, line) in source.code() {
            let code = line.split("//").next().unwrap_or_default();
            if calls.iter().any(|call| code.contains(call)) && !source.noted(number, "NOTE(unwrap)", 3) {
                broken.push(place(&source, number, line));
            }
        }
    }
    assert_none(broken, "what may panic has a NOTE(unwrap) that says why it cannot");
}

#[test]
fn nothing_is_left_for_later() {
    let words = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X:"].concat()];
    let mut broken = Vec::new();
    for source in sources(
        &[".rs", ".c", ".h", ".tera", ".stp", ".sh"],
        &["translator/", "staprun/", "runtime-c/", "kmod-templates/", "tapset/", "tests/", "tools/"],
    ) {
        let lines = source.text.lines().enumerate();
        let lines = lines.filter(|(_, line)| words.iter().any(|word| line.contains(word.as_str())));
        broken.extend(lines.map(|(index, line)| place(&source, index + 1, line)));
    }
    assert_none(broken, "what is not done is an issue, not a remark");
}
