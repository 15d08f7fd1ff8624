//! Pass 2 of probes that need to know the kernel, when what they ask was read before.

use stap_tests::programs::programs;

use crate::table::{Budget, Row};
use crate::times::{Times, of_pass};

const ROUNDS: usize = 10;

/// Scripts by what they stand for.
const SCRIPTS: [(&str, &str); 3] = [
    (
        "kernel.trace(\"sched_switch\"), all parameters",
        "probe kernel.trace(\"sched_switch\") { println($$parms) }",
    ),
    ("kernel.trace(\"sched:*\")", "probe kernel.trace(\"sched:*\") { println($$name) }"),
    ("kernel.trace of a module", "probe kernel.trace(\"ext4:ext4_unlink_enter\") { println($$parms) }"),
];

/// Measures each.
pub fn rows(release: &str) -> Result<Vec<Row>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    for (name, script) in SCRIPTS {
        let mut least = Times::NONE;
        for round in 0..=ROUNDS {
            let mut stap = programs().stap();
            let times = of_pass(stap.env("SYSTEMTAP_DIR", folder.path()), 2, release, script)?;
            // The first run fills the cache.
            least = if round > 0 { least.least(times) } else { least };
        }
        rows.push(Row::new(name, least.real, "ms", Budget::Most(50.0)));
    }
    Ok(rows)
}
