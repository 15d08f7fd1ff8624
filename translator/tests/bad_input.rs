//! Generated scripts that no person writes: very deep, very long, or growing without end. Each gives its output or
//! one error, in bounded time, and leaves nothing behind.

#![allow(clippy::disallowed_methods, reason = "the test runs the real program")]

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use stap::host::os::OsHost;
use stap::kernel::{Sysroot, tree};

const MANY: usize = 20_000;

/// Far above what each takes, in a debug build on a busy machine; an exponential one takes for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// Passes 1 to 3 of a script on standard input, in a temporary directory that must be empty afterwards.
fn stap(pass: &str, script: &[u8]) -> Output {
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let release = tree::installed(&OsHost, &Sysroot::default()).pop().expect("a kernel with headers");
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_stap"))
        .args(["-r", &release, "-p", pass, "-"])
        .env("TMPDIR", scratch.path())
        .env("SYSTEMTAP_DIR", scratch.path().join("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("stap starts");
    child.stdin.take().expect("a pipe").write_all(script).expect("stap reads the script");
    let output = child.wait_with_output().expect("stap ends");
    assert!(start.elapsed() < PATIENCE, "it took {:?}", start.elapsed());
    let left = fs::read_dir(scratch.path()).expect("the directory").flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name()).filter(|name| name != "data").collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    output
}

fn refused(script: impl AsRef<[u8]>, message: &str) {
    let output = stap("3", script.as_ref());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains(message), "no '{message}' in: {}", &errors[..errors.len().min(2000)]);
    assert_eq!(output.status.code(), Some(1), "{message}");
}

fn accepted(script: impl AsRef<[u8]>) {
    let output = stap("3", script.as_ref());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{}", &errors[..errors.len().min(2000)]);
}

/// A handler around a text.
fn handler(text: &str) -> String {
    format!("global a\nprobe begin {{ x = 1; y = \"\"; a[1] = 1; {text} }}\n")
}

fn nested(open: &str, inner: &str, close: &str) -> String {
    handler(&format!("{}{inner}{}", open.repeat(MANY), close.repeat(MANY)))
}

#[test]
fn brackets() {
    let deep = 100_000;
    let script = format!("probe begin {{ x = {}1{} }}", "(".repeat(deep), ")".repeat(deep));
    refused(script, "brackets nest more than 1000 deep");
    for (open, close) in [("(", ")"), ("{", "}"), ("a[", "]"), ("f(", ")"), ("try {", "} catch { }")] {
        refused(nested(open, "1", close), "brackets nest more than 1000 deep");
        refused(handler(&open.repeat(MANY)), "brackets nest more than 1000 deep");
    }
}

#[test]
fn statements_and_operators_that_nest() {
    for open in ["if (x) ", "if (x) { } else ", "while (x) ", "for (;;) ", "foreach (k in a) "] {
        refused(nested(open, "x++", ""), "nests too deeply");
    }
    for open in ["- ", "!", "~ ", "++ ", "1 ? ", "x = "] {
        let close = if open == "1 ? " { " : 2" } else { "" };
        refused(nested(&format!("x = {open}"), "x", close), "nests too deeply");
    }
}

#[test]
fn chains_of_operators() {
    for op in [" + ", " && ", " < ", " << "] {
        refused(handler(&format!("x = {}", vec!["x"; MANY].join(op))), "nests too deeply");
        accepted(handler(&format!("x = {}; println(x)", vec!["x"; 4000].join(op))));
    }
    accepted(handler(&format!("println({})", vec!["y"; MANY].join(" . "))));
    accepted(handler(&format!("println({})", vec!["\"a\""; MANY].join(" "))));
}

#[test]
fn expansions_that_double() {
    let levels = |line: &dyn Fn(usize) -> String| (0..60).map(line).collect::<String>();
    let macros = levels(&|n| format!("@define m{n} %( @m{0} @m{0} %)\n", n + 1));
    refused(format!("{macros}@define m60 %( 1 %)\nprobe begin {{ @m0 }}"), "macro expansion never ends");
    refused("@define m %( @m %)\nprobe begin { @m }", "macro expansion never ends");
    let aliases = levels(&|n| format!("probe a{n} = a{0}, a{0} {{ }}\n", n + 1));
    refused(format!("{aliases}probe a60 = begin {{ }}\nprobe a0 {{ println(1) }}"), "expand to more than");
    refused(format!("probe {} {{ }}", vec!["{a, b}"; 60].join(".")), "expand to too many points");
}

#[test]
fn bytes_that_are_no_script() {
    refused("", "Input file '<input>' is empty.");
    refused("# nothing\n/* at all */", "Input file '<input>' is empty after preprocessing.");
    refused(b"probe begin { println(\"a\0b\") }", "a script cannot hold a NUL byte");
    refused(b"probe begin { x\xe9 = 1 }", "saw: junk '\\xe9' at <input>:1:16");
    refused((1..=255).collect::<Vec<u8>>().repeat(100), "parse error");
    accepted(b"# \xff\r\nprobe begin {\r\n\tprintln(\"\xff\")\r\n}\r\n");
}

#[test]
fn ten_megabytes() {
    let comment = "long comment ".repeat(400_000);
    let string = "x".repeat(5_000_000);
    accepted(format!("# {comment}\nprobe begin {{ println(\"{string}\") }}\n"));
    let one_line = format!("probe begin {{ {} = }}", "x".repeat(1_000_000));
    let output = stap("1", one_line.as_bytes());
    assert!(output.stderr.len() < 10_000, "the message shows {} bytes", output.stderr.len());
}

#[test]
fn many_of_everything() {
    let each = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    accepted(each(2000, &|n| format!("probe timer.s({}) {{ println({n}) }}\n", n + 1)));
    let globals = each(1000, &|n| format!("global g{n}\n"));
    let uses = each(1000, &|n| format!("g{n}++; println(g{n})\n"));
    accepted(format!("{globals}probe begin {{ {uses} }}"));
    let functions = each(10_000, &|n| format!("function f{n}(a) {{ return a + {n} }}\n"));
    accepted(format!("{functions}probe begin {{ println(f1(2), f9999(3)) }}"));
    let chain = each(5000, &|n| format!("function g{n}(a) {{ return g{}(a) + 1 }}\n", n + 1));
    accepted(format!("{chain}function g5000(a) {{ return a }}\nprobe begin {{ println(g0(1)) }}"));
}

#[test]
fn a_broken_tapset_file_matters_when_it_is_needed_or_warnings_count() {
    let tapset = tempfile::tempdir().expect("a temporary directory");
    fs::write(tapset.path().join("bad.stp"), "function broken( { }\n").expect("written");
    fs::write(tapset.path().join("good.stp"), "function good() { return 7 }\n").expect("written");
    let release = tree::installed(&OsHost, &Sysroot::default()).pop().expect("a kernel with headers");
    let run = |options: &[&str], script: &str| {
        let mut stap = Command::new(env!("CARGO_BIN_EXE_stap"));
        stap.args(["-r", &release, "-p2", "--disable-cache", "-I"]).arg(tapset.path()).args(options);
        let output = stap.args(["-e", script]).output().expect("stap runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run(&[], "probe begin { println(good()) }"), (Some(0), String::new()));
    for (code, errors) in
        [run(&["-W"], "probe begin { println(good()) }"), run(&[], "probe begin { println(broken()) }")]
    {
        assert_eq!(code, Some(1), "{errors}");
        assert!(errors.contains("bad.stp\" has errors, and will be skipped"), "{errors}");
    }
}

#[test]
fn a_signal_during_the_compilation_leaves_nothing_behind() {
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let release = tree::installed(&OsHost, &Sysroot::default()).pop().expect("a kernel with headers");
    let mut child = Command::new(env!("CARGO_BIN_EXE_stap"))
        .args(["-r", &release, "-p4", "--disable-cache", "-e", "probe begin { println(1) }"])
        .env("TMPDIR", scratch.path())
        .stderr(Stdio::piped())
        .spawn()
        .expect("stap starts");
    let files = || fs::read_dir(scratch.path()).expect("the directory").flatten().map(|entry| entry.path());
    let compiling = || files().any(|dir| fs::read_dir(dir).is_ok_and(|inner| inner.count() > 1));
    while !compiling() {
        assert_eq!(child.try_wait().expect("stap is a child"), None, "it ended before it compiled");
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("stap runs");
    let output = child.wait_with_output().expect("stap ends");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(files().count(), 0, "something was left");
}
