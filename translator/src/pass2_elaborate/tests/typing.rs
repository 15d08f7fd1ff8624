//! Types and locks.

use super::{p2, program, refused};

#[test]
fn arrays_and_statistics() {
    let text = p2(
        "global a, s, n probe begin { n++; a[n, \"x\"] = n; s <<< 3; l = execname(); println(l, @count(s), n)
         foreach (k = [i, j] in a+) printf(\"%d %s %d\", i, j, k) delete a }",
    );
    let expected = "# globals
a:long [long, string]
s:stats
n:long
# functions
execname:string ()
# probes
begin /* <- begin */
  # locals
  l:string
  i:long
  j:string
  k:long
";
    assert_eq!(text, expected);
}

#[test]
fn sizes_and_wrap_show() {
    let text = p2("global a[10], b%[5], c% probe begin { a[\"x\", 1] = 3 b[1] = \"s\" c[\"z\"] <<< 1 }");
    assert!(
        text.starts_with("# globals\na[10]:long [string, long]\nb%[5]:string [long]\nc%:stats [string]\n")
    );
}

#[test]
fn mismatches() {
    for (script, message) in [
        ("probe begin { println(1 + \"a\") }", "type mismatch: expected long but found string"),
        ("probe begin { if (\"s\") exit() }", "type mismatch: expected long but found string"),
        ("probe begin { print(\"s\" . 3) }", "type mismatch: expected string but found long"),
        (
            "probe begin { x = \"a\"; x++; println(x) }",
            "type mismatch (long)\ntype was first inferred here (string)",
        ),
        (
            "global x probe begin { x[1]++ x[\"s\"]++ }",
            "index 0 type mismatch (string)\ntype of index 0 was first inferred here (long)",
        ),
        (
            "function f(x) { return x } probe begin { println(f(\"a\")) println(f(1)) }",
            "index 0 type mismatch (long)\ntype of index 0 was first inferred here (string)",
        ),
        (
            "global x probe begin { x <<< 1; x = 2 }",
            "type mismatch (long)\ntype was first inferred here (stats)",
        ),
        (
            "function f(a) { if (a) return 3; return \"s\" } probe begin { println(f(3)) }",
            "type mismatch (string)\ntype was first inferred here (long)",
        ),
        (
            "function f:string() { return 1 } probe begin { println(f()) }",
            "type mismatch: expected long but found string",
        ),
    ] {
        assert_eq!(refused(script), message, "{script}");
    }
}

#[test]
fn arity_of_arrays() {
    let message = "inconsistent arity (1 vs 2)\narity 1 first inferred here";
    assert_eq!(refused("global a probe begin { a[1] = 2 a[1, 2] = 3 println(a[1]) }"), message);
    let message = "inconsistent arity (0 vs 1)\narity 0 first inferred here";
    assert_eq!(refused("global a = 3 probe begin { print(a[1]) }"), message);
}

#[test]
fn nothing_says_a_type() {
    assert_eq!(refused("probe begin { print(x) }"), "unresolved type ");
    assert_eq!(refused("probe begin { x = exit() println(x) }"), "unresolved type ");
    assert_eq!(
        refused("function f(a) { return f(a - 1) } probe begin { println(f(1)) }"),
        "unresolved type "
    );
}

#[test]
fn statistics_are_global() {
    let message = "stat locals not supported, missing global declaration? ";
    assert_eq!(refused("probe begin { x <<< 1 }"), message);
}

#[test]
fn statistics_know_what_they_need() {
    let program =
        program("global x probe begin { x <<< 1 println(@count(x), @variance(x, 3)) print(@hist_log(x)) }");
    let (_, global) = program.globals.iter().next().expect("a global");
    let crate::ir::ty::ValueTy::Stat(needs) = global.value else { panic!("no statistic") };
    assert!(needs.count && !needs.sum);
    assert_eq!((needs.variance, needs.hist), (Some(3), crate::ir::ty::Hist::Log));
}

#[test]
fn statistics_agree_with_themselves() {
    let message = "conflicting bit shifts declared (previously 3)";
    assert_eq!(
        refused("global x probe begin { x <<< 1 println(@variance(x, 3), @variance(x, 4)) }"),
        message
    );
    let message = "multiple histogram types declared on 'x'";
    assert_eq!(
        refused("global x probe begin { x <<< 1 print(@hist_log(x)) print(@hist_linear(x, 0, 9, 1)) }"),
        message
    );
}

#[test]
fn foreach_does_not_change_its_array() {
    let message = "variable 'a' modified during 'foreach' iteration";
    assert_eq!(refused("global a probe begin { foreach (k in a) a[k] = 3 }"), message);
    let message = "function call modifies var 'a' during 'foreach' iteration";
    assert_eq!(refused("global a function f() { a[1] = 2 } probe begin { foreach (k in a) f() }"), message);
}

#[test]
fn target_variables_have_one_clear_error() {
    assert_eq!(
        refused("probe kernel.function(\"f\") { println($file) }"),
        "target variable $file is not available here"
    );
    assert_eq!(
        refused("probe kernel.function(\"f\") { println($return) }"),
        "$return is only there in .return probes"
    );
    program("probe kernel.function(\"f\").return { println($return) }");
}

#[test]
fn defined_decides_before_the_branch_is_looked_at() {
    let text = p2("probe begin { x = @defined($foo) ? $foo : \"none\"; println(x) }");
    assert!(text.contains("x:string"), "{text}");
    program(
        "probe kernel.function(\"f\").return { if (@defined($return)) println($return) else println($x) }",
    );
}

#[test]
fn locks_are_only_for_what_changes_while_probes_run() {
    let program = program(
        "global hits, most, total
         probe begin { most = 5 }
         probe timer.s(1) { hits++; if (hits > most) exit() }
         probe timer.s(2) { println(hits) total <<< hits }
         probe end { println(@sum(total)) }",
    );
    let locks: Vec<Vec<(usize, bool)>> = program
        .probes
        .iter()
        .map(|probe| probe.locks.iter().map(|lock| (lock.global.index(), lock.write)).collect())
        .collect();
    assert_eq!(locks, [vec![], vec![(0, true)], vec![(0, false)], vec![]]);
}

#[test]
fn locks_follow_calls() {
    let program = program("global n function f() { n++ } probe timer.s(1) { f() } probe end { println(n) }");
    assert!(program.probes[0].locks[0].write);
}
