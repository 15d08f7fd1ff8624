//! Tests of the whole pass.

use std::path::Path;

use super::ast::{ExprKind, File, Item, StmtKind};
use super::parse_text;
use crate::diag::{Diagnostic, Sink};
use crate::source::SourceMap;

/// Runs a test on a stack as large as the driver's.
fn on_large_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().stack_size(crate::pass1_parse::STACK_BYTES).spawn_scoped(scope, run);
        thread.expect("a thread").join().expect("no panic")
    })
}

fn parse(text: &[u8]) -> (File, Vec<Diagnostic>) {
    let (sources, sink) = (SourceMap::default(), Sink::new());
    let file = parse_text(&sources, "<input>", text, &sink);
    (file, sink.take())
}

fn parses(text: &str) -> File {
    let (file, errors) = parse(text.as_bytes());
    assert!(errors.is_empty(), "{text}: {errors:?}");
    file
}

#[test]
fn the_common_subset_parses() {
    let file = parses(
        "global n, names[10], last = \"x\"
         probe begin { log(\"hello world\") exit() }
         probe kernel.function(\"vfs_read\").return?, timer.s(1) { n++; names[pid(), execname()] = $return }
         function f:long(a:long, b) { if (a > 1) return f(a - 1, b) else return 0 }
         probe end { foreach ([p, e] in names- limit 10) printf(\"%d %s\\n\", p, e) delete names }",
    );
    assert_eq!(file.items.len(), 7);
}

/// The library macros that the examples use, reduced to what parsing sees.
const MACROS: &str = "
    @define choose_defined(a, b) %( (@defined(@a) ? @a : @b) %)
    @define cast_module_sizeof(m, t) %( @cast(0, @t, @m) %)
    @define cast_sizeof(t) %( @cast(0, @t) %)
    @define module_container_of(p, m, t, f) %( @cast(@p, @t, @m) %)
    @define container_of(p, t, f) %( @cast(@p, @t) %)
    @define prometheus_dump_array1(a, n, k) %( print(@n) %)
    @define prometheus_dump_array3(a, n, k, l, m) %( print(@n) %)
    @define prometheus_dump_array7(a, n, k, l, m, o, p, q, r) %( print(@n) %)
    @define prometheus_dump_array2_map(a, n, k, l, v, f, g) %( print(@n) %)
    @define prometheus_dump_array3_map(a, n, k, l, m, v, f, g, h) %( print(@n) %)
    @define prometheus_dump_array1_map_unquoted(a, n, k, f, g) %( print(@n) %)
    @define json_output_array_numeric_value(a, i, n, v) %( print(@v) %)
    @define json_output_data_start %(  %)
    @define json_output_data_end %(  %)
    @define task(p) %( @cast(@p, \"task_struct\") %)
    @define mm(p) %( @cast(@p, \"mm_struct\") %)
    @define this1 %( this1 %)
    @define this2 %( this2 %)
    @define this3 %( this3 %)
    @define this4 %( this4 %)
    @define this5 %( this5 %)
";

#[test]
fn the_examples_of_the_documentation_parse() {
    let mut scripts = Vec::new();
    collect(Path::new("/usr/share/systemtap/examples"), &mut scripts);
    let failed: Vec<_> = on_large_stack(|| scripts.iter().filter_map(|path| example_failure(path)).collect());
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), scripts.len(), failed.join("\n"));
}

/// Why an example does not parse, with arguments that are numbers and then with arguments that are names.
fn example_failure(path: &Path) -> Option<String> {
    let bytes = [MACROS.as_bytes(), &std::fs::read(path).expect("a readable example")].concat();
    let try_with = |args: &[&str]| {
        let args: Vec<_> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        let (sources, sink) = (SourceMap::default(), Sink::new());
        super::parse::parse_text_with(&sources, &path.to_string_lossy(), &bytes, &args, &sink);
        let error = sink.take().into_iter().next()?;
        let token = error.token.or(match error.saw {
            Some(crate::diag::diagnostic::Saw::Token(token)) => Some(token),
            _ => None,
        });
        Some(format!("{:?} {}", token.map(|t| sources.place(t)), error.message))
    };
    try_with(&["1"; 9])?;
    try_with(&["x"; 9])?;
    try_with(&["x", "x", "1"])
}

fn collect(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|e| e == "stp")
            && !path.ends_with("security-bandaid-template.stp")
        {
            // The template is no script: it has `...` where the user writes statements.
            out.push(path);
        }
    }
}

#[test]
fn a_chain_is_flat_or_refused() {
    let plus = format!("probe begin {{ x = 1{} }}", "+1".repeat(20_000));
    let dots = format!("probe begin {{ x = \"a\"{} }}", ". y".repeat(20_000));
    let many = format!("probe begin {{ {} }}", "x = 1\n".repeat(20_000));
    on_large_stack(|| {
        assert_eq!(parse(plus.as_bytes()).1.len(), 1);
        assert!(parse(dots.as_bytes()).1.is_empty());
        assert!(parse(many.as_bytes()).1.is_empty());
    });
}

#[test]
fn deep_nesting_is_one_error() {
    for text in [
        "(",
        "{",
        "-",
        "!",
        "if (a) ",
        "a ? ",
        "x = ",
        "f(",
        "a[",
        "@count(",
        "else ",
        "probe ",
        "%( 1 == 1 %? ",
    ] {
        let script = format!("probe begin {{ {}", text.repeat(5_000));
        let errors = on_large_stack(|| parse(script.as_bytes()).1);
        let most = match text {
            // A file is given up after so many.
            "probe " => super::parse::MAX_ERRORS,
            // The bracket that the conditional leaves open is the second.
            "%( 1 == 1 %? " => 2,
            _ => 1,
        };
        assert!((1..=most).contains(&errors.len()), "{text}: {}", errors.len());
    }
}

#[test]
fn items_after_an_error_are_kept() {
    let (file, errors) =
        parse(b"probe begin { if x }\nglobal a\nprobe end { y = }\nfunction f() { return 1 }\nprob x { }");
    assert_eq!((file.items.len(), errors.len()), (2, 3), "{file:?}");
}

#[test]
fn precedence() {
    let file = parses("probe begin { a = b ? c : d = 1 + 2 * 3 . \"x\" < 4 && 5 in f }");
    let Item::Probe(probe) = &file.items[0] else { panic!("no probe") };
    let StmtKind::Expr(expr) = &probe.body.stmts[0].kind else { panic!("no expression") };
    let ExprKind::Assign { value, .. } = &expr.kind else { panic!("no assignment") };
    assert!(matches!(value.kind, ExprKind::Assign { .. }));
}

/// What is left of a script, as -p1 prints it, in one line.
fn printed(text: &str, args: &[&str]) -> String {
    let args: Vec<_> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
    let (sources, sink) = (SourceMap::default(), Sink::new());
    let file = super::parse::parse_text_with(&sources, "<input>", text.as_bytes(), &args, &sink);
    let errors = sink.take();
    assert!(errors.is_empty(), "{text}: {errors:?}");
    String::from_utf8_lossy(&super::print::file(&file)).replace('\n', " ")
}

#[test]
fn preprocessing() {
    for (body, args, expected) in [
        // Arguments: raw, quoted, counted, glued, and none wanted in a branch that is not taken.
        ("$1; @1; $#; @#", &["a", "b"][..], "a; \"a\"; 2; \"2\";"),
        ("\"x\" @1 \"y\"", &["q\"uote"], "\"xq\\\"uotey\";"),
        ("%( $# > 1 %? $2 %: none %)", &["a"], "none;"),
        ("$1", &["f(1, \"x\")"], "f(1, \"x\");"),
        // Conditions: && binds tighter than ||, versions compare by number, patterns match whole.
        ("%( 1 == 2 && 1 == 1 || \"a\" < \"b\" %? y %: n %)", &[], "y;"),
        ("%( kernel_v >= \"6.1\" && kernel_vr == \"6.1.0-*-amd64\" %? y %: n %)", &[], "y;"),
        ("%( systemtap_v < \"2.3\" %? y %: n %)", &[], "n;"),
        ("%( arch == \"x86*\" %? %( runtime != \"kernel\" %? a %: b %) %: c %)", &[], "b;"),
        ("%( CONFIG_NONE == \"\" %? y %: n %)", &[], "y;"),
        ("%( guru_mode == 1 && systemtap_privilege == \"stapdev\" %? y %: n %)", &[], "y;"),
        ("%( 1 == 2 %? \u{e9} \"\n %) y", &[], "y;"),
        // Macros: closures over the place of the call, nested calls, a list of brackets left alone.
        ("@two(1, (2)[4])", &[], "(1) + ((2)[4]);"),
        ("@one (3)", &[], "one(3);"),
        ("@two(@one, @two(a, b))", &[], "((one) + (a)) + (b);"),
        ("%( @version == 1 %? y %: n %)", &[], "y;"),
    ] {
        let script = format!(
            "@define one %( one %) @define two(a, b) %( @a + @b %) @define version %( 1 %)
             %( 1 == 2 %? @define one %( other %) %) probe begin {{ {body} }}"
        );
        assert_eq!(printed(&script, args), format!("probe begin{{ {expected} }} "), "{body}");
    }
}

#[test]
fn bytes_of_literals_are_kept() {
    let (file, errors) = parse(b"probe begin { log(\"\xff\xc3\xa9\") /* \xfe */ } # \xfd");
    assert!(errors.is_empty(), "{errors:?}");
    assert!(super::print::file(&file).windows(3).any(|bytes| bytes == b"\xff\xc3\xa9"));
    assert_eq!(parse(b"probe begin { \0 }").1.len(), 1);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
        parse(&bytes);
    }

    #[test]
    fn no_tokens_make_it_panic(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..40)) {
        parse(words.join(" ").as_bytes());
    }
}

const WORDS: &[&str] = &[
    "probe",
    "global",
    "private",
    "function",
    "if",
    "else",
    "foreach",
    "for",
    "in",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ".",
    "=",
    "+=",
    "?",
    "!",
    ":",
    "*",
    "-",
    "++",
    "&",
    "$x",
    "$",
    "->",
    "a",
    "begin",
    "1",
    "09",
    "\"s\"",
    "\"",
    "@define",
    "@a",
    "@count",
    "@hist_log",
    "@cast",
    "%(",
    "%?",
    "%:",
    "%)",
    "%{ c %}",
    "%{",
    "$1",
    "@#",
    "==",
    "printf",
    "print",
    "return",
    "try",
    "catch",
    "/*",
    "#",
    "\n",
    "\u{e9}",
];
