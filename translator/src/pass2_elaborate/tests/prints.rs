//! The print family.

use super::{p2v, program, refused};

fn printed(call: &str) -> String {
    let text = p2v(&format!("probe begin {{ {call} }}"));
    let body = text.split("{\n").nth(1).unwrap_or_default();
    body.trim_end_matches("}\n").trim().to_owned()
}

#[test]
fn all_are_lowered_to_pieces() {
    assert_eq!(printed("print(1, \"s\")"), "printf(\"%d%s\", 1, \"s\")");
    assert_eq!(printed("println(pid())"), "printf(\"%d\\n\", pid())");
    assert_eq!(printed("printd(\",\", 1, 2)"), "printf(\"%d,%d\", 1, 2)");
    assert_eq!(printed("printdln(\" \", 1, \"x\")"), "printf(\"%d %s\\n\", 1, \"x\")");
    assert_eq!(printed("print_char(65)"), "printf(\"%c\", 65)");
    assert_eq!(printed("print(sprintf(\"%-5s|\", \"a\"))"), "printf(\"%s\", sprintf(\"%-5s|\", \"a\"))");
}

#[test]
fn formats_keep_all_their_flags() {
    assert_eq!(printed("printf(\"%-0+ #*.3d%%\", 5, 1)"), "printf(\"%-0+ #*.3d%%\", 5, 1)");
    assert_eq!(printed("printf(\"%4b%b\", 5, 1)"), "printf(\"%4b%8b\", 5, 1)");
}

#[test]
fn arguments_must_fit() {
    let number = "Wrong number of args to formatted print operator";
    assert_eq!(refused("probe begin { printf(\"%d\\n\") }"), number);
    assert_eq!(refused("probe begin { printf(\"%d\\n\", 1, 2) }"), number);
    assert_eq!(
        refused("probe begin { printf(\"%d\\n\", \"s\") }"),
        "type mismatch: expected long but found string"
    );
    assert_eq!(
        refused("probe begin { printf(\"%s\\n\", 1) }"),
        "type mismatch: expected string but found long"
    );
}

#[test]
fn at_most_32_arguments() {
    let args = vec!["1"; 33].join(", ");
    assert_eq!(refused(&format!("probe begin {{ print({args}) }}")), "too many arguments to print (33)");
    let args = vec!["1"; 32].join(", ");
    program(&format!("probe begin {{ print({args}) }}"));
}

#[test]
fn print_has_no_value() {
    let text = refused("probe begin { x = println(1) print(x) }");
    assert!(text.contains("print operator has no value"), "{text}");
}
