//! The scripts of examples/: what the kernel's own sample modules for kprobes, jprobes and kretprobes did.

use std::fs;
use std::path::PathBuf;

use stap_tests::programs::{kernels, programs, root};

use crate::setting::{guest, number, run, shown};

fn compiled(release: &str, name: &str, args: &[&str], words: &[&str]) -> PathBuf {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let script = root().join("examples").join(name);
    match programs().module(release, &owned(args), &script, &owned(words)) {
        Ok(module) => module,
        Err(outcome) => panic!("{name} for {release}: {}", String::from_utf8_lossy(&outcome.stderr)),
    }
}

/// A pipe that nobody writes to keeps one open(2) waiting, so that the only slot of the return probe is taken and all
/// other opens are missed.
const SCRIPT: &str = r#"
$staprun -c 'sleep 0.2' $m0 >/tmp/schedule 2>&1 || cat /tmp/schedule
$staprun -c 'busybox cat /etc/nosuch-file' $m1 >/tmp/arguments 2>&1

$staprun $m2 >/tmp/failures 2>/tmp/failures.err &
session=$!
until [ -e /proc/systemtap/stap_*/.cmd ]; do sleep 0.1; done
until grep -q 'sys_open returns -2' /tmp/failures; do cat /nosuch-file 2>/dev/null; sleep 0.1; done
mkfifo /tmp/pipe
cat /tmp/pipe >/dev/null &
reader=$!
until grep -q wait_for_partner /proc/$reader/stack; do sleep 0.1; done
for i in 1 2 3 4 5 6 7 8 9 10 11; do true </nosuch-file; done 2>/dev/null
echo >/tmp/pipe
wait $reader
kill -INT $session
wait $session

echo before=$(grep -c '^current task on CPU#[01]: .* (before scheduling), preempt_count = [0-9]*$' /tmp/schedule)
echo after=$(grep -c '^current task on CPU#[01]: .* (after scheduling), preempt_count = [0-9]*$' /tmp/schedule)
echo times=$(sed -n 's/^Scheduling times is \([0-9]*\) during of [0-9]* milliseconds.$/\1/p' /tmp/schedule)
echo opened=$(grep -c "^process 'busybox' call open('/etc/nosuch-file', 32768, 0)$" /tmp/arguments)
echo failed=$(grep -c '^sys_open returns -2$' /tmp/failures)
echo missed=$(sed -n 's/.*missed kretprobe: \([0-9]*\)$/\1/p' /tmp/failures.err)
cat /tmp/failures.err >&2
"#;

#[test]
fn the_sample_scripts_show_what_the_sample_modules_did() {
    for release in kernels() {
        let modules = [
            compiled(&release, "schedule.stp", &["-g"], &["20"]),
            compiled(&release, "open-arguments.stp", &[], &[]),
            compiled(&release, "open-failures.stp", &[], &[]),
        ];
        for name in ["schedule.stp", "open-arguments.stp", "open-failures.stp"] {
            let text = fs::read_to_string(root().join("examples/README.md")).expect("readable");
            assert!(text.contains(name), "examples/README.md leaves {name} out");
        }
        let modules: Vec<_> = modules.iter().map(PathBuf::as_path).collect();
        let result = run(&guest(&release, &modules), &modules, SCRIPT);
        assert_eq!(number(&result, "before") + number(&result, "after"), 20, "{release}: {}", shown(&result));
        assert!(
            number(&result, "before") > 0 && number(&result, "after") > 0,
            "{release}: {}",
            shown(&result)
        );
        assert!(number(&result, "times") >= 10, "{release}: {}", shown(&result));
        assert_eq!(number(&result, "opened"), 1, "{release}: {}", shown(&result));
        assert!(number(&result, "failed") >= 1, "{release}: {}", shown(&result));
        // The eleven of the loop, and what else was opened while the pipe waited.
        assert!(number(&result, "missed") >= 11, "{release}: {}", shown(&result));
    }
}
