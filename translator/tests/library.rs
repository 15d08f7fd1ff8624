//! Where tapset files are looked for.

#![allow(clippy::disallowed_methods, reason = "the test runs the real program")]

use std::fs;
use std::path::Path;
use std::process::Command;

use stap::host::os::OsHost;
use stap::kernel::{Sysroot, tree};

/// What passes 1 and 2 of a script say with a tapset directory of these files.
fn said(files: &[(&str, &str)], options: &[&str], script: &str) -> (String, tempfile::TempDir) {
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let include = scratch.path().join("tapset");
    for (name, text) in files {
        let path = include.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&include)).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    let release = tree::installed(&OsHost, &Sysroot::default()).pop().expect("a kernel with headers");
    let output = Command::new(env!("CARGO_BIN_EXE_stap"))
        .args(["-r", &release, "-p2", "-I"])
        .arg(&include)
        .args(options)
        .args(["-e", script])
        .env("SYSTEMTAP_DIR", scratch.path().join("data"))
        .env_remove("XDG_DATA_DIRS")
        .output()
        .expect("stap starts");
    (String::from_utf8_lossy(&output.stderr).into_owned(), scratch)
}

fn line(what: &str, dir: &Path, found: usize) -> String {
    format!("{what}: \"{}\", found: {found}, processed: {found}\n", dir.display())
}

#[test]
fn verbose_runs_tell_what_was_searched() {
    let files = [("m.stpm", "@define m %( 1 %)"), ("a.stp", ""), ("linux/b.stp", ""), ("linux/c.stp", "")];
    let (text, scratch) = said(&files, &["-vv"], "probe begin { exit() }");
    let dir = scratch.path().join("tapset");
    let macros = text.find(&line("Searched for library macro files", &dir, 1));
    let specific = text.find(&line("Searched", &dir.join("linux"), 2));
    let general = text.find(&line("Searched", &dir, 1));
    let pass = text.find("Pass 1: parsed user script and ");
    assert!(macros.is_some() && macros < specific && specific < general && general < pass, "{text}");
}

#[test]
fn a_library_that_meets_a_global_of_the_script_is_warned_of() {
    let files = [("shared.stp", "function kept() { count = 1; return count }")];
    let (text, scratch) = said(&files, &[], "global count probe begin { println(count++ + kept()) }");
    let place = scratch.path().join("tapset/shared.stp:1:19");
    let warning = format!(
        "WARNING: cross-file global variable reference to identifier 'count' at <input>:1:8 from: identifier \
         'count' at {}\n source: function kept() {{ count = 1;",
        place.display()
    );
    assert!(text.contains(&warning), "{text}");
    let (text, _) = said(&files, &[], "probe begin { println(kept()) }");
    assert!(!text.contains("WARNING"), "{text}");
}

#[test]
fn scripts_below_path_name_programs_beside_them() {
    let files = [("PATH/usr/bin/shell.stp", "probe shell.start = process(\"sh\").begin { }")];
    let (text, _scratch) = said(&files, &["-v"], "probe shell.start { exit() }");
    assert!(text.contains("process(\"/usr/bin/sh\").begin"), "{text}");
}

#[test]
fn files_with_errors_are_skipped_when_they_are_needed() {
    let files = [
        ("m.stpm", "@define bad %( 1"),
        ("n.stpm", "@define good %( 7 %)"),
        ("a.stp", "function broken() { return @nope }"),
        ("b.stp", "function whole() { return 5 }"),
    ];
    let (text, scratch) = said(&files, &[], "probe begin { println(@bad) }");
    let file = scratch.path().join("tapset/m.stpm");
    let warning = format!("WARNING: macro tapset \"{}\" has errors, and will be skipped.\n", file.display());
    assert!(text.contains(&warning), "{text}");
    assert!(text.contains("parse error: incomplete macro definition - missing '%)'\n"), "{text}");
    assert!(text.contains("parse error: unknown operator @bad\n"), "{text}");
    let (text, scratch) = said(&files, &[], "probe begin { println(broken()) }");
    let file = scratch.path().join("tapset/a.stp");
    let warning = format!("WARNING: tapset \"{}\" has errors, and will be skipped\n", file.display());
    assert!(text.contains(&warning), "{text}");
    assert!(text.contains("semantic error: unresolved function broken"), "{text}");
    let (text, _scratch) = said(&files, &[], "probe begin { println(whole(), @good) }");
    assert_eq!(text, "");
}

#[test]
fn functions_of_the_library_say_who_may_call_them() {
    let files = [(
        "c.stp",
        "function risky:long() %{ /* guru */ STAP_RETVALUE = 1; %}
         function plain:long() %{ /* pure */ STAP_RETVALUE = 1; %}
         function free:long() %{ /* pure */ /* unprivileged */ STAP_RETVALUE = 1; %}
         function relayed() { return risky() }",
    )];
    let script = "probe begin { println(risky()) }";
    let (text, _scratch) = said(&files, &[], script);
    let message =
        "semantic error: function may not be used unless -g is specified: identifier 'risky' at <input>:1:23";
    assert!(text.contains(message), "{text}");
    let (text, _scratch) = said(&files, &["-g"], script);
    assert_eq!(text, "");
    let (text, _scratch) = said(&files, &[], "probe begin { println(relayed()) }");
    assert_eq!(text, "");
    let user = ["--privilege=stapusr"];
    let (text, _scratch) = said(&files, &user, "probe begin { println(plain()) }");
    let message = "semantic error: function may not be used when --privilege=stapusr is specified: identifier 'plain' at ";
    assert!(text.contains(message), "{text}");
    let (text, _scratch) = said(&files, &user, "probe begin { println(free()) }");
    assert_eq!(text, "");
}
