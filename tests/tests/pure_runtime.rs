//! The pure part of runtime-c in user space, under the sanitizers and against models.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stap_tests::programs::programs;

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
        .arg("-I")
        .arg(folder().join(".."))
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

/// Patterns that the C library reads alike. None mixes anchors and repetition: glibc has mistakes there.
const PATTERNS: &[&str] = &[
    "a",
    "",
    "a|ab|abc",
    "^a*$",
    "(a|b)*c",
    "(a+)(b+)?=([01]*)",
    "([a-z]+)=([0-9]+)",
    "a.c",
    "[^ab]{2}x",
    "[]x]+",
    "x{2,3}",
    "(ab){1,2}$",
    "(^a|b$)",
    "[[:space:]]([[:alnum:]_]+)[[:punct:]]",
    "((a)|(b))+",
    "a(b|c)?(x|1)*=",
    "(a|b){3}.*(0|1)",
];

/// The C tables of all patterns as -p3 has them; `tail` follows in the script.
fn tables(dir: &Path, tail: &str) -> String {
    let matches: String = PATTERNS.iter().map(|pattern| format!("n += s =~ \"{pattern}\"\n")).collect();
    let script = dir.join("patterns.stp");
    fs::write(&script, format!("probe begin {{ s = pp()\n{matches}\nprintln(n) {tail} }}\n"))
        .expect("written");
    let out = programs().stap().arg("-p3").arg(&script).output().expect("stap can be started");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// The part of the unit that holds the tables, under names of their own.
fn named(unit: &str, name: &str) -> String {
    let from = unit.find("static const uint8_t regex_0").expect("tables");
    let to = unit.find("/* ---- functions").expect("the end of the tables");
    let list: String = (0..PATTERNS.len()).map(|index| format!("&{name}_{index}, ")).collect();
    let tables = unit[from..to].replace("regex_", &format!("{name}_"));
    format!("{tables}static const struct stp_dfa *const {name}[] = {{ {list} }};\n")
}

#[test]
fn regular_expressions_match_as_the_c_library_does() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let plain = tables(dir.path(), "");
    let tagged = tables(dir.path(), "println(matched(0))");
    let patterns: Vec<String> = PATTERNS.iter().map(|pattern| format!("{pattern:?}")).collect();
    let list = format!("static const char *const patterns[] = {{ {} }};\n", patterns.join(", "));
    let text = list + &named(&plain, "plain") + &named(&tagged, "tagged");
    fs::write(dir.path().join("dfa_tables.h"), text).expect("written");
    let sizes: String = tagged
        .lines()
        .filter(|line| line.starts_with("#define STP_MATCH_"))
        .map(|l| format!("{l}\n"))
        .collect();
    fs::write(dir.path().join("dfa_sizes.h"), sizes).expect("written");
    let include = format!("-I{}", dir.path().display());
    compile_and_run("test_dfa.c", &[SANITIZED, &[&include]].concat());
}

#[test]
fn sorting_ten_thousand_strings_keeps_up_with_qsort() {
    compile_and_run("bench_sort.c", &["-O2"]);
}

#[test]
fn histograms_count_and_look_as_documented() {
    compile_and_run("test_hist.c", SANITIZED);
}
