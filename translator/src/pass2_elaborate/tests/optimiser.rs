//! What costs nothing, and the warnings that go with it.

use super::{Options, Severity, p2, p2v, program, refused, run, warned};

#[test]
fn an_alias_costs_what_its_user_reads() {
    let text = p2v("probe vfs.read { println(\"x\") }");
    assert!(!text.contains("argstr") && !text.contains("pid"), "{text}");
    assert!(p2v("probe vfs.read { println(argstr) }").contains("(argstr) = (sprintf(\"%d\", pid()))"));
}

#[test]
fn a_chain_of_dead_assignments_falls_at_once() {
    let text = "probe begin { a = 1; b = a . \"\"; c = b; d = c; exit() }";
    assert!(!p2(text).contains("locals"));
    assert!(warned(text).contains("Eliding assignment to 'a'"));
}

#[test]
fn what_has_an_effect_stays() {
    let text = p2v("function f() { println(\"x\"); return 1 } probe begin { x = f() }");
    assert!(text.contains("  f()\n"), "{text}");
}

#[test]
fn unoptimised_programs_keep_all() {
    let outcome = run("probe begin { x = 2 }", Options { unoptimized: true, ..Options::default() });
    assert_eq!(outcome.program.map(|program| program.probes[0].body.len()), Some(1));
}

#[test]
fn empty_probes_are_elided() {
    let outcome = run("probe begin {}", Options::default());
    assert_eq!(outcome.messages(Severity::Warning), "Probe 'begin' has been elided");
    assert_eq!(outcome.messages(Severity::SemanticError), "no probes found");
    assert_eq!(refused("probe begin { 2 + 3 }"), "no probes found");
    assert_eq!(program("probe begin { exit() } probe end {}").probes.len(), 1);
}

#[test]
fn constant_branches() {
    let text = p2v(
        "probe begin { if (0) println(\"x\") else exit() while (0) exit(); if (2 > 1) println(1 + 2 * 3) }",
    );
    assert!(text.ends_with("{\n  exit()\n  printf(\"%d\\n\", 7)\n}\n"), "{text}");
}

#[test]
fn nothing_after_next() {
    let text = p2v("probe begin { exit(); next; println(\"s\") }");
    assert!(text.ends_with("{\n  exit()\n  next\n}\n"), "{text}");
}

#[test]
fn side_effect_free_expressions() {
    assert_eq!(warned("probe begin { pid() + 3; exit() }"), "Eliding side-effect-free expression ");
}

#[test]
fn never_assigned_variables() {
    assert_eq!(warned("probe begin { if (n) exit() }"), "never-assigned local variable 'n'");
    assert_eq!(warned("global g probe begin { if (g) exit() }"), "never-assigned global variable 'g'");
}

#[test]
fn unread_globals_are_shown_at_the_end() {
    let text = p2v("global n, s, a probe timer.s(1) { n++; s <<< 2; a[execname()] = n + 1 }");
    assert!(!text.contains("\"n=%d"), "n is read by a: {text}");
    assert!(text.contains("printf(\"s @count=%d @min=%d"), "{text}");
    assert!(text.contains("foreach (__val = [__idx0] in a-)"), "{text}");
    assert!(text.contains("printf(\"a[\\\"%s\\\"]=%d\\n\", __idx0, __val)"), "{text}");
    let options = Options { no_global_var_display: true, ..Options::default() };
    let hidden = run("global n probe begin { n = 1; exit() }", options);
    assert_eq!(hidden.program.map(|program| program.globals.len()), Some(0));
}

#[test]
fn unused_functions_and_globals_are_gone() {
    let text = p2("global unused function f() { return 1 } probe begin { exit() }");
    assert!(!text.contains("unused") && !text.contains("f:"), "{text}");
}
