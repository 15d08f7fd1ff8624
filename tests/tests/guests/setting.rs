//! Modules and guests for the tests beside this file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use stap_tests::expect::indent;
use stap_tests::programs::{programs, release_of, root};
use stap_vm::{Verdict, Vm, VmResult};

/// Compiles a script for a kernel, or fails the test with the compiler's words.
pub fn module(release: &str, args: &[&str], script: &str) -> PathBuf {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("script.stp");
    fs::write(&path, script).expect("the script is written");
    let args: Vec<String> = args.iter().map(|word| (*word).to_owned()).collect();
    match programs().module(release, &args, &path, &[]) {
        Ok(module) => module,
        Err(outcome) => panic!(
            "stap -p4 ended with {} for {release}:\n{}{}",
            outcome.exit,
            indent(script),
            indent(&String::from_utf8_lossy(&outcome.stderr))
        ),
    }
}

/// Whether this is the kernel of `make debug-kernel`. Its checks make each hit some ten times as dear.
pub fn checks_itself(kernel: &str) -> bool {
    release_of(kernel).ends_with("-stapdebug")
}

/// When a guest is given up. That is for a hang: a loaded machine is slow, a kernel that checks itself the more so.
fn life(kernel: &str) -> Duration {
    Duration::from_secs(if checks_itself(kernel) { 2400 } else { 900 })
}

/// A guest in which our programs and these modules can be seen.
pub fn guest(release: &str, modules: &[&Path]) -> Vm {
    let programs = programs();
    let mut vm = Vm::new(release).expect("an installed kernel").timeout(life(release));
    for file in [
        &programs.staprun,
        &programs.stapio,
        &programs.workloads.join("reads"),
        &PathBuf::from("/usr/bin/setpriv"),
    ] {
        vm = vm.visible(file);
    }
    modules.iter().fold(vm, |vm, module| vm.visible(*module))
}

/// Runs a shell script in which `$staprun`, `$reads` and `$m0`, `$m1`… are set, and which may call `wait_for FILE TEXT`.
pub fn run(vm: &Vm, modules: &[&Path], script: &str) -> VmResult {
    let programs = programs();
    let mut head = format!(
        "staprun={}\nreads={}\n",
        programs.staprun.display(),
        programs.workloads.join("reads").display()
    );
    for (number, module) in modules.iter().enumerate() {
        head.push_str(&format!("m{number}={}\n", module.display()));
    }
    head.push_str(WAIT_FOR);
    let result = vm.run(&format!("{head}{script}")).expect("QEMU and busybox are installed by 'make setup'");
    assert_eq!(result.verdict, Verdict::Ok, "{}\n{}", shown(&result), result.console_tail(60));
    result
}

const WAIT_FOR: &str = r#"
wait_for() {
	tries=0
	until grep -q -- "$2" "$1" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || { echo "waited in vain for '$2' in $1:"; cat "$1"; exit 99; }
		sleep 0.1
	done
}
"#;

/// Both outputs of a guest, for a failure.
pub fn shown(result: &VmResult) -> String {
    format!(
        "status {:?}, standard output:\n{}standard error:\n{}",
        result.status,
        indent(&String::from_utf8_lossy(&result.stdout)),
        indent(&String::from_utf8_lossy(&result.stderr))
    )
}

/// The number in `NAME=NUMBER` on a line of its own.
pub fn number(result: &VmResult, name: &str) -> u64 {
    let stdout = String::from_utf8_lossy(&result.stdout);
    let value = stdout.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let value = value.and_then(|value| value.trim().parse().ok());
    value.unwrap_or_else(|| panic!("no number {name} in:\n{}", shown(result)))
}

/// Whether standard output has this line.
pub fn has_line(result: &VmResult, line: &str) -> bool {
    String::from_utf8_lossy(&result.stdout).lines().any(|other| other == line)
}

/// virt-fw-vars, which `make setup` installs.
pub fn virt_fw_vars() -> PathBuf {
    root().join("target/venv/bin/virt-fw-vars")
}
