//! The pure part of runtime-c in user space, under the sanitizers and against models.

use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime-c/tests")
}

/// Compiles one test with the kernel's idea of overflow and runs it; it exits with 0 when all holds.
fn compile_and_run(source: &str, flags: &[&str]) -> String {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let program = dir.path().join("test");
    let compiled = Command::new("gcc")
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-fwrapv"])
        .args(flags)
        .arg(folder().join(source))
        .arg("-o")
        .arg(&program)
        .output()
        .expect("gcc can be started");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let run = Command::new(&program).output().expect("the test can be started");
    assert!(run.status.success(), "{source}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).into_owned()
}

const SANITIZED: &[&str] = &["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

#[test]
fn strings_arithmetic_and_conversions_match_the_c_library() {
    compile_and_run("test_format.c", SANITIZED);
}

#[test]
fn maps_match_a_plain_list() {
    compile_and_run("test_map.c", SANITIZED);
}

#[test]
fn statistics_match_doubles() {
    compile_and_run("test_stat.c", SANITIZED);
}

#[test]
fn sorting_ten_thousand_strings_keeps_up_with_qsort() {
    compile_and_run("bench_sort.c", &["-O2"]);
}

#[test]
fn histograms_count_and_look_as_documented() {
    compile_and_run("test_hist.c", SANITIZED);
}
