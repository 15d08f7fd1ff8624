//! Listing all functions of a kernel, and passes 1 and 2 of a pattern: when the kernel is met for the first time, and
//! when what they ask was read before.

use stap_tests::programs::{programs, with_dwarf};

use crate::front::measured;
use crate::table::{Budget, Row};

const ROUNDS: usize = 5;

const LIST: &[&str] = &["-l", "kernel.function(\"*\")"];
const PATTERN: &[&str] = &["-p2", "-e", "probe kernel.function(\"vfs_*\").call { println($$parms) }"];

/// Most milliseconds and megabytes.
type Budgets = (Option<f64>, Option<f64>);

/// By BTF on one kernel, by DWARF on the one that has it.
pub fn rows(release: &str) -> Result<Vec<Row>, String> {
    let pattern = (Some(100.0), Some(100.0));
    let mut rows = measure("-l, BTF", LIST, release, (Some(700.0), None), (Some(200.0), None))?;
    rows.extend(measure("vfs_*, BTF", PATTERN, release, (None, None), pattern)?);
    if let Some(release) = with_dwarf() {
        let first = (Some(1500.0), Some(300.0));
        rows.extend(measure("-l, DWARF", LIST, &release, first, (Some(400.0), None))?);
        rows.extend(measure("vfs_*, DWARF", PATTERN, &release, (None, None), pattern)?);
    }
    Ok(rows)
}

/// The first run in a cache of its own, and the least of those after it.
fn measure(
    name: &str,
    words: &[&str],
    release: &str,
    first: Budgets,
    again: Budgets,
) -> Result<Vec<Row>, String> {
    const NONE: (f64, f64) = (f64::INFINITY, f64::INFINITY);
    let least = |one: (f64, f64), other: (f64, f64)| (one.0.min(other.0), one.1.min(other.1));
    let (mut unread, mut read) = (NONE, NONE);
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let run = || {
            let words = ["-r", release].into_iter().chain(words.iter().copied());
            measured(&programs().stap, words.map(str::to_owned), folder.path())
        };
        unread = least(unread, run()?);
        read = least(read, least(run()?, run()?));
    }
    let mut shown = Vec::new();
    for (when, figures, budgets) in [("first", unread, first), ("again", read, again)] {
        let time = budgets.0.map(|most| (figures.0, "ms", most));
        let memory = budgets.1.map(|most| (figures.1, "MB", most));
        for (figure, unit, most) in time.into_iter().chain(memory) {
            shown.push(Row::new(format!("{name}, {when}"), figure, unit, Budget::Most(most)));
        }
    }
    Ok(shown)
}
