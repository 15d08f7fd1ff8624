//! Input that no script should be: one error in SystemTap's layout, the right exit code, no panic, nothing left behind.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use stap_tests::expect::Outcome;
use stap_tests::process;
use stap_tests::programs::{kernels, programs};

/// stap with a temporary folder of its own, which must be empty afterwards.
struct Trial {
    folder: tempfile::TempDir,
}

impl Trial {
    fn new() -> Trial {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["tmp", "data"] {
            fs::create_dir(folder.path().join(name)).expect("made");
        }
        Trial { folder }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("in the folder")).expect("made");
        fs::write(&path, contents).expect("written");
        path.to_string_lossy().into_owned()
    }

    fn command(&self) -> Command {
        let mut stap = programs().stap();
        stap.env("TMPDIR", self.path("tmp"))
            .env("SYSTEMTAP_DIR", self.path("data"))
            .env("RUST_BACKTRACE", "0");
        stap
    }

    fn run(&self, args: &[&str]) -> Outcome {
        self.finish(self.command().args(args))
    }

    fn finish(&self, command: &mut Command) -> Outcome {
        let outcome = process::run(command, Duration::from_secs(120)).expect("stap runs");
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        assert!(!stderr.contains("panicked") && outcome.exit < 100, "{}: {stderr}", outcome.exit);
        let left: Vec<_> = fs::read_dir(self.path("tmp")).expect("readable").filter_map(Result::ok).collect();
        assert!(left.is_empty(), "left in the temporary folder: {left:?}");
        outcome
    }
}

/// One error, the exit code, and these words.
fn assert_one_error(outcome: &Outcome, exit: i32, words: &str) {
    let stderr = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(outcome.exit, exit, "{stderr}");
    assert!(stderr.contains(words), "no '{words}' in: {stderr}");
    let errors =
        stderr.lines().filter(|line| line.starts_with("parse error") || line.starts_with("semantic error"));
    assert!(errors.count() <= 1, "{stderr}");
}

fn release() -> String {
    kernels().pop().expect("'make setup' installs a kernel")
}

#[test]
fn a_hundred_thousand_parentheses() {
    let trial = Trial::new();
    let script = format!("probe begin {{ x = {}1{} }}", "(".repeat(100_000), ")".repeat(100_000));
    let path = trial.file("deep.stp", script);
    assert_one_error(&trial.run(&["-p1", &path]), 1, "parse error");
}

#[test]
fn bytes_that_are_no_text() {
    let trial = Trial::new();
    for bytes in [&b"probe begin { \xff\xfe }"[..], b"\0\0\0\0", b"probe begin { x = 1 } \x80"] {
        let path = trial.file("bytes.stp", bytes);
        assert_one_error(&trial.run(&["-p1", &path]), 1, "parse error");
    }
}

#[test]
fn an_empty_script() {
    let trial = Trial::new();
    for text in ["", "\n", "# nothing\n"] {
        let path = trial.file("empty.stp", text);
        let outcome = trial.run(&["-p2", "-r", &release(), &path]);
        assert_eq!(outcome.exit, 1, "{}", String::from_utf8_lossy(&outcome.stderr));
        assert!(!outcome.stderr.is_empty());
    }
}

#[test]
fn a_script_of_ten_megabytes() {
    let trial = Trial::new();
    let line =
        "    if (x > 12345) { y = x * 3 + 17; printf(\"%d %s\\n\", y, \"a string that fills the line\") }\n";
    let mut script = String::from("global x, y\n");
    let mut number = 0;
    while script.len() < 10_000_000 {
        number += 1;
        script.push_str(&format!("function f_{number}() {{\n{}}}\n", line.repeat(20)));
    }
    script.push_str("probe begin { f_1() }\n");
    let path = trial.file("big.stp", script);
    let outcome = trial.run(&["-p2", "-r", &release(), &path]);
    assert_eq!(outcome.exit, 0, "{}", String::from_utf8_lossy(&outcome.stderr));
}

#[test]
fn a_file_that_is_not_there() {
    let trial = Trial::new();
    let outcome = trial.run(&["-p1", "/nonexistent/script.stp"]);
    assert_one_error(&outcome, 1, "/nonexistent/script.stp");
}

#[test]
fn an_unknown_option_and_no_script() {
    let trial = Trial::new();
    assert_eq!(trial.run(&["--no-such-option", "-e", "probe begin {}"]).exit, 2);
    assert_eq!(trial.run(&[]).exit, 2);
    assert_eq!(trial.run(&["-p", "9", "-e", "probe begin {}"]).exit, 2);
}

#[test]
fn a_kernel_that_is_not_installed() {
    let trial = Trial::new();
    let outcome = trial.run(&["-p4", "-r", "4.4.0-none", "-e", "probe begin { exit() }"]);
    assert_one_error(&outcome, 3, "4.4.0-none");
    let outcome = trial.run(&["--vm=4.4.0-none", "-e", "probe begin { exit() }"]);
    assert_one_error(&outcome, 3, "4.4.0-none");
}

#[test]
fn a_broken_tapset_file_is_skipped_unless_it_is_needed() {
    let trial = Trial::new();
    trial.file("tapset/broken.stp", "function broken_one() { return 1 }\nfunction broken_two( {\n");
    trial.file("tapset/good.stp", "function good_one() { return 1 }\n");
    let folder = trial.path("tapset").to_string_lossy().into_owned();
    let release = release();
    let run = |script: &str| trial.run(&["-p2", "-r", &release, "-I", &folder, "-e", script]);
    let skipped = run("probe begin { println(good_one()) exit() }");
    assert_eq!(skipped.exit, 0, "{}", String::from_utf8_lossy(&skipped.stderr));
    let needed = run("probe begin { println(broken_two()) exit() }");
    assert_eq!(needed.exit, 1);
    assert!(String::from_utf8_lossy(&needed.stderr).contains("broken"));
}

#[test]
fn a_translation_is_the_same_in_every_folder() {
    let trial = Trial::new();
    let script = "global n probe timer.s(1), begin { n[execname()]++ foreach (k in n) println(k, n[k]) }";
    let translate = |folder: &Path| {
        let mut command = trial.command();
        command.current_dir(folder).args(["-p3", "-r", &release(), "-e", script]);
        trial.finish(&mut command)
    };
    let (first, second) = (translate(Path::new("/")), translate(trial.folder.path()));
    assert_eq!(first.exit, 0, "{}", String::from_utf8_lossy(&first.stderr));
    assert!(first.stdout == second.stdout);
}
