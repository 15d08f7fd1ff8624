//! Probe points and aliases.

use super::{Options, p2, p2v, program, refused, run, warned};
use crate::cli::options::Listing;
use crate::ir::program::{KprobePoint, Point, TimerJiffies};

fn point(text: &str) -> Point {
    program(&format!("probe {text} {{ exit() }}")).probes.swap_remove(0).point
}

fn wrong(text: &str) -> String {
    refused(&format!("probe {text} {{ exit() }}"))
}

#[test]
fn begin_end_error_never() {
    assert_eq!(point("begin"), Point::Begin { priority: 0 });
    assert_eq!(point("end(-3)"), Point::End { priority: -3 });
    assert_eq!(point("error(5)"), Point::Error { priority: 5 });
    assert_eq!(point("never"), Point::Never);
}

#[test]
fn timers() {
    assert_eq!(point("timer.s(2)"), Point::TimerHr { interval_ns: 2_000_000_000, randomize_ns: 0 });
    assert_eq!(
        point("timer.usec(5).randomize(5)"),
        Point::TimerHr { interval_ns: 5_000, randomize_ns: 5_000 }
    );
    let interval = TimerJiffies::Jiffies(7);
    assert_eq!(point("timer.jiffies(7).randomize(2)"), Point::TimerJiffies { interval, randomize: 2 });
    let interval = TimerJiffies::Hz(100);
    assert_eq!(point("timer.hz(100)"), Point::TimerJiffies { interval, randomize: 0 });
}

#[test]
fn timers_out_of_range() {
    let message = "while resolving probe point\ninterval value out of range (1, 86400000)";
    assert_eq!(wrong("timer.ms(0)"), message);
    assert_eq!(wrong("timer.ms(86400001)"), message);
    let message = "while resolving probe point\nrandomization value out of range";
    assert_eq!(wrong("timer.ms(10).randomize(30)"), message);
}

#[test]
fn functions_by_symbol() {
    let read = KprobePoint {
        module: "kernel".into(),
        symbol: "vfs_read".into(),
        offset: 0,
        is_return: false,
        maxactive: None,
        saves: None,
    };
    assert_eq!(point("kernel.function(\"vfs_read\").call"), Point::Kprobe(read.clone()));
    assert_eq!(
        point("kprobe.function(\"vfs_read+0x1f\")"),
        Point::Kprobe(KprobePoint { offset: 0x1f, ..read.clone() })
    );
    assert_eq!(
        point("kernel.function(\"vfs_read\").return.maxactive(9)"),
        Point::Kprobe(KprobePoint { is_return: true, maxactive: Some(9), ..read.clone() })
    );
    assert_eq!(
        point("module(\"nf-tables\").function(\"f\")"),
        Point::Kprobe(KprobePoint { module: "nf_tables".into(), symbol: "f".into(), ..read })
    );
}

#[test]
fn malformed_functions() {
    let message = "while resolving probe point\nmalformed specification 'vfs read'";
    assert_eq!(wrong("kernel.function(\"vfs read\")"), message);
    let message = "while resolving probe point\na return probe cannot have an offset";
    assert_eq!(wrong("kernel.function(\"vfs_read+4\").return"), message);
}

#[test]
fn what_cannot_run_yet_says_so_once() {
    for (text, message) in [
        ("kernel.lsm(\"file_open\")", "probe point kernel.lsm(\"file_open\") is not available yet"),
        (
            "process(\"ls\").function(\"main\")",
            "probe point process(\"ls\").function(\"main\") is not available yet",
        ),
    ] {
        assert_eq!(wrong(text), message);
    }
}

#[test]
fn an_optional_point_that_cannot_run_yet_is_left_out_aloud() {
    let text = "probe process.begin?, begin { exit() }";
    assert_eq!(program(text).probes.len(), 1);
    assert!(warned(text).contains("left out"));
}

#[test]
fn unknown_components_offer_similar_ones() {
    let message =
        "while resolving probe point\nprobe point mismatch (similar: end, begin, perf, java, kernel)";
    assert_eq!(wrong("bend"), message);
    let text = wrong("kernel.foo");
    assert!(text.contains("probe point mismatch (similar: lsm, data, trace"), "{text}");
}

#[test]
fn incomplete_points_say_what_follows() {
    let text = wrong("timer");
    assert!(text.contains("probe point truncated (follow:  s(number) sec(number)"), "{text}");
}

#[test]
fn a_library_alias_is_found_and_brings_its_prologue() {
    let text = p2v("probe vfs.read { println(name) }");
    let expected = "# probes
kernel.function(\"vfs_read\") /* <- vfs.read = kernel.function(\"vfs_read\") <- vfs.read */
  # locals
  name:string
{
  (name) = (\"read\")
  printf(\"%s\\n\", name)
}
";
    assert_eq!(text, expected);
}

#[test]
fn wildcards_over_aliases() {
    let program = program("probe vfs.* { println(name) }");
    let names: Vec<&str> = program.probes.iter().map(|probe| probe.pn.as_str()).collect();
    assert_eq!(names, ["vfs.read", "vfs.write"]);
}

#[test]
fn wildcards_that_match_nothing() {
    let text = wrong("vfs.x*");
    assert!(text.contains("probe point mismatch: didn't find any wildcard matches (similar: read"), "{text}");
}

#[test]
fn suffixes_go_to_what_the_alias_stands_for() {
    let program = program("probe vfs.write.return { println(name, $return) }");
    assert_eq!(program.probes[0].pp, "kernel.function(\"vfs_write\").return");
}

#[test]
fn wildcards_prefer_points_that_are_there_to_suffixes() {
    let names =
        |text: &str| -> Vec<String> { program(text).probes.iter().map(|probe| probe.pn.clone()).collect() };
    assert_eq!(names("probe vfs.*.return { println(name) }"), ["vfs.read.return"]);
    assert_eq!(names("probe vfs.w*.return { println(name) }"), ["vfs.write.return"]);
}

#[test]
fn prologues_and_epilogues_nest() {
    let text = p2v("probe inner = begin { a = 1 }, { println(\"inner end\") }
         probe outer = inner { b = a }, { println(\"outer end\") }
         probe outer { println(a, b) }");
    let order: Vec<usize> = ["(a) = (1)", "(b) = (a)", "\"%d%d", "outer end", "inner end"]
        .iter()
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} in {text}")))
        .collect();
    assert!(order.is_sorted(), "{text}");
    assert!(text.contains("<- inner = begin <- outer = inner <- outer"), "{text}");
}

#[test]
fn alias_loops_end() {
    let text = refused("probe a = b {} probe b = a {} probe a { exit() }");
    assert!(text.contains("recursive loop in alias expansion of"), "{text}");
}

#[test]
fn optional_and_sufficient() {
    assert_eq!(program("probe nothing.like.it?, begin { exit() }").probes.len(), 1);
    assert_eq!(program("probe begin!, end { exit() }").probes.len(), 1);
    assert_eq!(program("probe nothing!, end { exit() }").probes[0].pp, "end");
    assert!(wrong("nothing.like.it").contains("probe point mismatch"));
}

#[test]
fn conditions_are_carried_and_joined() {
    let text = p2("global on, other probe a = timer.s(1) if (on) {} probe a if (other > 2) { exit() }
         probe begin { on = 1; other = 3 }");
    let expected =
        "timer.s(1) if ((on) && ((other) > (2))) /* <- a = timer.s(1) if (on) <- a if ((other) > (2)) */";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn conditions_neither_call_nor_change() {
    let message = "probe condition must not reference function";
    assert_eq!(refused("probe begin if (pid()) { exit() }"), message);
    let message = "probe condition must not modify any variables";
    assert_eq!(refused("global x probe begin if (x = 2) { exit() }"), message);
}

#[test]
fn listing() {
    let list = |text: &str, variables| {
        let listing = Listing::Points { point: text.into(), variables };
        run(&format!("probe {text} {{}}"), Options { listing: Some(listing), ..Options::default() }).listed
    };
    assert_eq!(list("vfs.*", false), ["vfs.read", "vfs.write"]);
    assert_eq!(list("vfs.read", true), ["vfs.read name:string argstr:string"]);
    assert_eq!(list("begin", true), ["begin"]);
    assert_eq!(list("vfs.read.return", true), ["vfs.read.return name:string retval:long $return:long"]);
    assert!(list("nothing", false).is_empty());
}
