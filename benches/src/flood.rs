//! The share of a flood that arrives with the buffers as they are.

use std::fs;

use stap_tests::programs::programs;
use stap_vm::{Verdict, Vm};

use crate::table::{Budget, Row};

const HITS: u32 = 300_000;
const SCRIPT: &str =
    r#"probe kprobe.function("vfs_read") { if (execname() == "reads") printf("hit %75d\n", cpu()) }"#;

/// Floods a guest with two CPUs and counts the lines in the file.
pub fn rows(release: &str) -> Result<Vec<Row>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("flood.stp");
    fs::write(&path, SCRIPT).map_err(|error| error.to_string())?;
    let failed = |outcome: stap_tests::expect::Outcome| String::from_utf8_lossy(&outcome.stderr).into_owned();
    let module = programs().module(release, &[], &path, &[]).map_err(failed)?;
    let (staprun, reads) = (&programs().staprun, programs().workloads.join("reads"));
    let mut vm = Vm::new(release).map_err(|error| error.to_string())?;
    for file in [staprun, &programs().stapio, &reads, &module] {
        vm = vm.visible(file);
    }
    let script = format!(
        "{} -o /tmp/out -c '{} {HITS}' {} >&2; grep -c '^hit' /tmp/out",
        staprun.display(),
        reads.display(),
        module.display()
    );
    let result = vm.run(&script).map_err(|error| error.to_string())?;
    let received = String::from_utf8_lossy(&result.stdout).trim().parse::<f64>();
    match (result.verdict, received) {
        (Verdict::Ok, Ok(received)) => {
            let share = received / f64::from(HITS) * 100.0;
            Ok(vec![Row::new("share that arrives", share, "%", Budget::Least(95.0))])
        }
        (verdict, _) => Err(format!("{verdict}: {}", String::from_utf8_lossy(&result.stderr))),
    }
}
