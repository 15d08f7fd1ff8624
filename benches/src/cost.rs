//! What a hit costs, in instructions: under icount the guest's clock counts them, whatever else the host does.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use stap_tests::expect::indent;
use stap_tests::programs::programs;
use stap_vm::{Verdict, Vm, shell_word};

use crate::table::{Budget, Row};

/// The guest runs some billions of instructions, one at a time.
const LIFE: Duration = Duration::from_secs(900);

/// Calls before the program's clock starts; see tests/workloads/cost.c.
const WARM_UP: u64 = 2_000;

/// A handler and what it may cost.
struct Handler {
    name: &'static str,
    script: &'static str,
    budget: Budget,
    /// Calls measured. A handler that prints needs so many that stapio, which looks every 200 ms, drains many times
    /// within the measured time: records that still lie in the buffer at its end would be printed for nothing.
    calls: u64,
    /// How often the handler ran, as a shell command that looks at its output.
    hits: &'static str,
}

const HANDLERS: &[Handler] = &[
    Handler {
        name: "function entry, count",
        script: "global n probe kprobe.function(\"vfs_read\") { n++ } probe end { println(n) }",
        budget: Budget::Most(260.0),
        calls: 200_000,
        hits: "cat /tmp/out",
    },
    Handler {
        name: "function return, count",
        script: "global n probe kprobe.function(\"vfs_read\").return { n++ } probe end { println(n) }",
        budget: Budget::Most(480.0),
        calls: 200_000,
        hits: "cat /tmp/out",
    },
    Handler {
        name: "tracepoint sys_enter, count",
        script: "global n probe kernel.trace(\"sys_enter\") { n++ } probe end { println(n) }",
        budget: Budget::Most(180.0),
        calls: 200_000,
        hits: "cat /tmp/out",
    },
    Handler {
        name: "tracepoint sys_enter, n <<< $id",
        script: "global n probe kernel.trace(\"sys_enter\") { n <<< $id } probe end { println(@count(n)) }",
        budget: Budget::None,
        calls: 200_000,
        hits: "cat /tmp/out",
    },
    Handler {
        name: "function entry, n <<< 1",
        script: "global n probe kprobe.function(\"vfs_read\") { n <<< 1 } probe end { println(@count(n)) }",
        budget: Budget::Most(280.0),
        calls: 200_000,
        hits: "cat /tmp/out",
    },
    Handler {
        name: "function entry, n[execname(), pid()] <<< 1",
        script: "global n probe kprobe.function(\"vfs_read\") { n[execname(), pid()] <<< 1 } \
                 probe end { foreach ([name, id] in n) hits += @count(n[name, id]) println(hits) }",
        budget: Budget::Most(480.0),
        calls: 200_000,
        hits: "cat /tmp/out",
    },
    Handler {
        name: "function entry, n += execname() == \"cost\"",
        script: "global n probe kprobe.function(\"vfs_read\") { n += execname() == \"cost\" } probe end { println(n) }",
        budget: Budget::None,
        calls: 200_000,
        hits: "cat /tmp/out",
    },
    Handler {
        name: "function entry, n += execname() =~ \"^(cost|bench)$\"",
        script: "global n probe kprobe.function(\"vfs_read\") { n += execname() =~ \"^(cost|bench)$\" } \
                 probe end { println(n) }",
        budget: Budget::Most(280.0),
        calls: 200_000,
        hits: "cat /tmp/out",
    },
    Handler {
        // The device has a name of eight characters.
        name: "function entry, kernel_string() of a name behind four pointers",
        script: "global n probe kernel.function(\"vfs_read\") { \
                 n += kernel_string($file->f_path->dentry->d_name->name) == \"cost-dev\" } probe end { println(n) }",
        budget: Budget::Most(500.0),
        calls: 200_000,
        hits: "cat /tmp/out",
    },
    Handler {
        name: "function entry, printf(\"%s %d %d\\n\") to a file",
        script: "probe kprobe.function(\"vfs_read\") { printf(\"%s %d %d\\n\", execname(), pid(), cpu()) }",
        budget: Budget::Most(1500.0),
        calls: 2_000_000,
        hits: "grep -c '^cost ' /tmp/out",
    },
];

/// Measures all handlers in one guest.
pub fn rows(release: &str) -> Result<Vec<Row>, String> {
    let modules =
        HANDLERS.iter().map(|handler| module(release, handler.script)).collect::<Result<Vec<_>, _>>()?;
    let cost = programs().workloads.join("cost");
    let mut vm = Vm::new(release).map_err(|error| error.to_string())?.icount().timeout(LIFE);
    for file in [&programs().staprun, &programs().stapio, &cost].into_iter().chain(&modules) {
        vm = vm.visible(file);
    }
    let result = vm.run(&script(&cost, &modules)).map_err(|error| error.to_string())?;
    let stdout = String::from_utf8_lossy(&result.stdout);
    let figures: Vec<f64> = stdout.lines().filter_map(|line| line.trim().parse().ok()).collect();
    if result.verdict != Verdict::Ok || figures.len() != 2 * HANDLERS.len() + 2 {
        let stderr = indent(&String::from_utf8_lossy(&result.stderr));
        return Err(format!("{}; standard output {stdout:?}, standard error:\n{stderr}", result.verdict));
    }
    // Other work of the kernel can only add to the unprobed call, so the lesser of the two is it.
    let base = figures[0].min(figures[figures.len() - 1]);
    let mut rows = vec![Row::new("the unprobed call", base, "instr.", Budget::None)];
    for (handler, pair) in HANDLERS.iter().zip(figures[1..].chunks(2)) {
        let hits = pair[1] as u64;
        if hits < handler.calls + WARM_UP {
            return Err(format!("{}: {hits} hits for {} calls", handler.name, handler.calls + WARM_UP));
        }
        rows.push(Row::new(handler.name, pair[0] - base, "instr.", handler.budget));
    }
    Ok(rows)
}

/// What the guest reads: /dev/zero by a name of eight characters.
const DEVICE: &str = "/tmp/cost-dev";

/// What the guest does: the unprobed call first and last, between them each handler's cost and number of hits.
fn script(cost: &Path, modules: &[PathBuf]) -> String {
    let unprobed = format!("{} 200000 {DEVICE}\n", cost.display());
    // A kernel that has just started is busy with itself for a while.
    let mut script = format!("mknod {DEVICE} c 1 5 || exit\nsleep 5\n{unprobed}");
    let staprun = shell_word(&programs().staprun.to_string_lossy());
    for (handler, module) in HANDLERS.iter().zip(modules) {
        let command = shell_word(&format!("{} {} {DEVICE}", cost.display(), handler.calls));
        let module = shell_word(&module.to_string_lossy());
        script
            .push_str(&format!("{staprun} -w -o /tmp/out -c {command} {module} || exit\n{}\n", handler.hits));
    }
    script + &unprobed
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
