//! Names, overloads, private scope, privileges.

use super::{Options, Severity, p2, p2v, program, refused, run};

#[test]
fn functions_come_from_the_library_on_demand() {
    assert_eq!(
        p2("probe begin { exit() }"),
        "# functions\nexit:unknown ()\n# probes\nbegin /* <- begin */\n"
    );
}

#[test]
fn unknown_functions_offer_similar_ones() {
    let message = "unresolved function exot (similar: exit, error, pid)";
    assert_eq!(refused("probe begin { exot() }"), message);
}

#[test]
fn a_library_global_comes_with_its_file() {
    let text = p2("probe begin { println(is_open()) }");
    assert!(text.contains("opened:long"), "{text}");
    assert_eq!(text.matches("begin").count(), 4, "its own begin probe takes part: {text}");
}

#[test]
fn private_globals_have_names_of_their_own() {
    let text = p2v("global hidden probe begin { hidden = \"x\"; println(hidden, counted()) }");
    assert!(text.contains("hidden__private_1"), "{text}");
    assert!(text.contains("hidden:string"), "{text}");
}

#[test]
fn overloads_by_arity() {
    let text = p2(
        "function f(a) { return a } function f(a, b) { return b } probe begin { println(f(3), f(\"s\", 3)) }",
    );
    assert!(text.contains("f:long (a:long)\nf:long (a:string, b:long)\n"), "{text}");
}

#[test]
fn wrong_arity() {
    let message = "arity mismatch found (function 'f' takes 1 args)";
    assert_eq!(refused("function f(x) { return x } probe begin { println(f(1, 2)) }"), message);
}

#[test]
fn overloads_by_next_are_linked_by_priority() {
    let text = "function f(a):2 { return 2 } function f(a):1 { if (a) next; return 1 } probe begin { println(f(3)) }";
    let program = program(text);
    let (_, first) = program.functions.iter().next().expect("a function");
    let next = first.next.expect("a next candidate");
    assert_eq!(program.functions[next].unique.as_str(), "f__overload_1");
}

#[test]
fn what_comes_after_a_function_without_next_is_dropped() {
    let text = "function f() { return 1 } function f() { return 2 } probe begin { println(f()) }";
    let outcome = run(text, Options::default());
    let message = "instance of overloaded function will never be reached";
    assert_eq!(outcome.messages(Severity::Warning), message);
    assert_eq!(outcome.program.map(|program| program.functions.len()), Some(1));
}

#[test]
fn arrays_must_be_declared() {
    let message = "unresolved arity-1 global array a, missing global declaration?";
    assert_eq!(refused("probe begin { a[1] = 2 }"), message);
    assert_eq!(refused("probe begin { foreach (k in a) print(k) }"), message);
}

#[test]
fn guru_functions_need_guru() {
    assert_eq!(refused("probe begin { dangerous() }"), "function may not be used unless -g is specified");
    let outcome = run("probe begin { dangerous() }", Options { guru: true, ..Options::default() });
    assert!(outcome.program.is_some(), "{:?}", outcome.said);
}

#[test]
fn jumps_need_a_loop() {
    assert_eq!(refused("probe begin { break }"), "cannot 'break' outside loop");
    program("probe begin { while (pid()) { exit(); break } }");
}

#[test]
fn assignment_needs_a_place() {
    assert_eq!(refused("probe begin { 1 = 2 }"), "Expecting lvalue for assignment");
}

#[test]
fn recursion_and_depth_are_found() {
    let flat = program(
        "function g(x) { return x } function f(x) { return g(x) + 1 } probe begin { println(f(pid())) }",
    );
    assert_eq!((flat.call_depth, flat.recursive), (2, false));
    let deep =
        program("function f(x) { if (x) return f(x - 1); return 1 } probe begin { println(f(pid())) }");
    assert_eq!((deep.call_depth, deep.recursive), (11, true));
}
