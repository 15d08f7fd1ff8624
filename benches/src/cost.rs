//! What a hit costs, in instructions: under icount the guest's clock counts them, whatever else the host does.

use std::fs;
use std::path::PathBuf;

use stap_tests::expect::indent;
use stap_tests::programs::programs;
use stap_vm::{Verdict, Vm, shell_word};

use crate::table::{Budget, Row};

/// Calls measured, after the program's own warm-up.
const CALLS: u32 = 20_000;

/// Name, script and budget.
const HANDLERS: &[(&str, &str, f64)] = &[
    ("function entry, count", "global n probe kprobe.function(\"vfs_read\") { n++ }", 260.0),
    ("function return, count", "global n probe kprobe.function(\"vfs_read\").return { n++ }", 480.0),
    (
        "function entry, printf(\"%s %d %d\\n\") to a file",
        "probe kprobe.function(\"vfs_read\") { if (pid() == target()) printf(\"%s %d %d\\n\", execname(), pid(), cpu()) }",
        1500.0,
    ),
];

/// Measures all handlers in one guest.
pub fn rows(release: &str) -> Result<Vec<Row>, String> {
    let modules =
        HANDLERS.iter().map(|(_, script, _)| module(release, script)).collect::<Result<Vec<_>, _>>()?;
    let cost = programs().workloads.join("cost");
    let mut vm = Vm::new(release).map_err(|error| error.to_string())?.icount();
    for file in [&programs().staprun, &programs().stapio, &cost].into_iter().chain(&modules) {
        vm = vm.visible(file);
    }
    let mut script = format!("cost='{} {CALLS}'\n$cost\n", cost.display());
    for module in &modules {
        let words = [&programs().staprun, module].map(|path| shell_word(&path.to_string_lossy()));
        // The program's own line goes to its standard output, the script's to a file.
        script.push_str(&format!("{} -w -o /tmp/out -c \"$cost\" {} || exit\n", words[0], words[1]));
    }
    let result = vm.run(&script).map_err(|error| error.to_string())?;
    let stdout = String::from_utf8_lossy(&result.stdout);
    let figures: Vec<f64> = stdout.lines().filter_map(|line| line.trim().parse().ok()).collect();
    if result.verdict != Verdict::Ok || figures.len() != HANDLERS.len() + 1 {
        let stderr = indent(&String::from_utf8_lossy(&result.stderr));
        return Err(format!("{}; standard output {stdout:?}, standard error:\n{stderr}", result.verdict));
    }
    let mut rows = vec![Row::new("the unprobed call", figures[0], "instr.", Budget::None)];
    for ((name, _, budget), figure) in HANDLERS.iter().zip(&figures[1..]) {
        rows.push(Row::new(*name, figure - figures[0], "instr.", Budget::Most(*budget)));
    }
    Ok(rows)
}

/// Compiles one handler.
fn module(release: &str, script: &str) -> Result<PathBuf, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("handler.stp");
    fs::write(&path, script).map_err(|error| error.to_string())?;
    programs()
        .module(release, &[], &path, &[])
        .map_err(|outcome| String::from_utf8_lossy(&outcome.stderr).into_owned())
}
