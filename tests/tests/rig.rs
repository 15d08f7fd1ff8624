//! The rig judges others, so it is judged first: each way a guest can fail is made to happen.

use std::time::Duration;

use stap_tests::batch::{self, Run};
use stap_tests::programs::{kernels, release_of};
use stap_vm::{Root, Verdict, Vm, VmResult};

/// A quick guest of the newest kernel.
fn guest() -> Vm {
    let kernels = kernels();
    let newest = kernels.last().expect("'make setup' installs a kernel");
    Vm::new(newest).expect("an installed kernel").root(Root::Own).timeout(Duration::from_secs(90))
}

fn run(vm: &Vm, script: &str) -> VmResult {
    vm.run(script).expect("QEMU and busybox are installed by 'make setup'")
}

#[test]
fn output_and_status_come_back_whole_from_every_kernel() {
    for release in kernels() {
        for root in [Root::Auto, Root::Own] {
            let vm = Vm::new(&release).expect("installed").root(root);
            let script = "uname -r >&2; head -c 3000000 /dev/zero; printf 'end\\0vm-'; exit 7";
            let result = run(&vm, script);
            assert_eq!(result.verdict, Verdict::Ok, "{release}: {}", result.console);
            assert_eq!(result.status, Some(7));
            assert_eq!(result.stdout.len(), 3_000_000 + 7, "{release} {root:?}");
            assert!(result.stdout.ends_with(b"end\0vm-"));
            assert_eq!(String::from_utf8_lossy(&result.stderr).trim(), release_of(&release));
        }
    }
}

#[test]
fn files_and_programs_are_there() {
    let vm = guest().file("/bin/ls", "/opt/list").contents("/opt/greeting", 0o640, "hello");
    let result = run(&vm, "cat /opt/greeting; /opt/list -ld /opt/greeting");
    let stdout = String::from_utf8_lossy(&result.stdout);
    assert!(stdout.starts_with("hello-rw-r-----"), "{stdout}");
}

#[test]
fn a_share_carries_files_both_ways() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("in"), "from the host").expect("written");
    let script = format!("cd {} && sed 's/host/guest/' in > out", folder.path().display());
    let result = run(&guest().root(Root::Host).share(folder.path()), &script);
    assert_eq!(result.status, Some(0), "{}", String::from_utf8_lossy(&result.stderr));
    let out = std::fs::read_to_string(folder.path().join("out")).expect("the guest wrote it");
    assert_eq!(out, "from the guest");
}

#[test]
fn a_panic_is_seen() {
    let result = run(&guest(), "echo before; echo c >/proc/sysrq-trigger; sleep 60");
    assert_eq!(result.status, None);
    assert!(matches!(result.verdict, Verdict::Kernel(_)), "{:?}", result.verdict);
    assert!(result.console.contains("Kernel panic"));
}

#[test]
fn a_hang_is_killed_at_its_limit() {
    let result = run(&guest().timeout(Duration::from_secs(10)), "sleep 600");
    assert_eq!(result.verdict, Verdict::Timeout);
    assert!(result.elapsed < Duration::from_secs(60));
}

#[test]
fn a_guest_that_falls_silent_is_killed() {
    let talk = "i=0; while [ $i -lt 15 ]; do echo $i; sleep 1; i=$((i + 1)); done";
    let result = run(&guest().silence(Duration::from_secs(10)), &format!("{talk}; sleep 600"));
    assert_eq!(result.verdict, Verdict::Timeout);
    assert!(result.stdout.ends_with(b"\n14\n"), "it is not killed while it talks");
    assert!(result.elapsed < Duration::from_secs(60));
}

#[test]
fn a_left_over_process_does_not_keep_the_guest() {
    let result = run(&guest(), "sleep 600 & echo done");
    assert_eq!((result.status, &result.stdout[..]), (Some(0), &b"done\n"[..]));
}

#[test]
fn guest_time_counts_instructions() {
    let count = |release: &str| {
        let vm = Vm::new(release).expect("installed").root(Root::Own).icount();
        let vm = vm.file(stap_tests::programs::programs().workloads.join("cost"), "/bin/cost");
        // A kernel that has just started is busy with itself for a while.
        let result = run(&vm, "sleep 5; cost 20000");
        String::from_utf8_lossy(&result.stdout).trim().parse::<f64>().expect("a number")
    };
    let kernels = kernels();
    // Not the debug kernel, which comes last: its checks are most of what it executes.
    let kernel = kernels.first().expect("a kernel");
    let (first, second) = (count(kernel), count(kernel));
    assert!((first - second).abs() < 1.0, "{first} and {second} instructions");
    assert!((300.0..1500.0).contains(&first), "{first} instructions for a read");
}

#[test]
fn a_batch_goes_on_after_a_run_that_fails() {
    let limit = Duration::from_secs(10);
    let commands = ["echo one; exit 4", "sleep 60", "echo c >/proc/sysrq-trigger; sleep 60", "echo four"];
    let runs = commands.map(|command| Run { command: command.to_owned(), files: Vec::new(), limit });
    let outcomes = batch::run(&guest(), &runs);
    assert_eq!(outcomes.len(), 4);
    let outcome = |index: usize| outcomes[index].as_ref();
    assert!(outcome(0).is_ok_and(|o| o.exit == 4 && o.stdout == b"one\n"), "{:?}", outcome(0));
    assert!(outcome(1).is_ok_and(|o| o.exit != 0), "{:?}", outcome(1));
    assert!(outcome(2).is_err_and(|text| text.contains("sysrq")), "{:?}", outcome(2));
    assert!(outcome(3).is_ok_and(|o| o.stdout == b"four\n"), "{:?}", outcome(3));
}

#[test]
fn a_warning_fails_the_run_it_came_in() {
    let commands = ["true", "echo '<4>WARNING: CPU: 0 PID: 1 at x.c:1' >/dev/kmsg", "true"];
    let runs = commands.map(|command| Run {
        command: command.to_owned(),
        files: Vec::new(),
        limit: Duration::from_secs(5),
    });
    let outcomes = batch::run(&guest(), &runs);
    let failed: Vec<bool> = outcomes.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, true, false]);
}

#[test]
fn secure_boot_locks_the_kernel_down() {
    let kernels = kernels();
    let kernel = stap_vm::Kernel::find(kernels.first().expect("a kernel")).expect("installed");
    let folder = tempfile::tempdir().expect("a folder");
    let tool = stap_tests::programs::root().join("target/venv/bin/virt-fw-vars");
    let secure_boot = stap_vm::SecureBoot::prepare(&kernel, folder.path(), &tool).expect("'make setup' ran");
    let vm = Vm::of_kernel(kernel).root(Root::Own).secure_boot(secure_boot);
    let result = run(&vm, "cat /sys/kernel/security/lockdown");
    let stdout = String::from_utf8_lossy(&result.stdout);
    assert_eq!(stdout, "none [integrity] confidentiality\n", "{}", result.console);
    assert_eq!(result.verdict, Verdict::Ok);
}
