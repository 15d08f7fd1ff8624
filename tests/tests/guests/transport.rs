//! Nothing is lost without a word.

use stap_tests::programs::kernels;

use crate::setting::{checks_itself, guest, module, number, run, shown};

/// 80 bytes a hit, counted at the end by what became of them.
const FLOOD: &str = r#"
probe kprobe.function("vfs_read") {
    if (execname() == "reads") printf("hit %75d\n", cpu())
}
"#;

/// What is received, what is reported as lost, and what is reported as skipped.
const COUNT: &str = r#"
$staprun $options -o /tmp/out -c "$reads $count 2" $m0 2>/tmp/err
echo "status=$?"
echo "received=$(grep -c '^hit ' /tmp/out)"
echo "shown=$(sed -n 's/.*WARNING: CPU [0-9]* lost \([0-9]*\) record.*/\1/p' /tmp/out | awk '{ n += $1 } END { print n + 0 }')"
echo "lost=$(sed -n 's/.*There were \([0-9]*\) lost messages.*/\1/p' /tmp/err | head -n 1 | grep . || echo 0)"
echo "skipped=$(sed -n 's/.*skipped probes: \([0-9]*\).*/\1/p' /tmp/err | tail -n 1 | grep . || echo 0)"
echo "odd=$(grep -cv -e '^hit  *[0-9]*$' -e '^WARNING: CPU' /tmp/out)"
cat /tmp/err >&2
"#;

fn flood(options: &str) {
    for release in kernels() {
        // On a kernel that checks itself the flood is for what it says, not for the amount.
        let count = if checks_itself(&release) { 15_000 } else { 150_000 };
        // With STP_OVERLOAD on: a flood alone must not end a session.
        let module = module(&release, &[], FLOOD);
        let modules = [module.as_path()];
        let result =
            run(&guest(&release, &modules), &modules, &format!("options='{options}' count={count}\n{COUNT}"));
        let [received, lost, skipped] = ["received", "lost", "skipped"].map(|name| number(&result, name));
        assert_eq!(received + lost + skipped, 2 * count, "{release}: {}", shown(&result));
        assert_eq!(number(&result, "odd"), 0, "{release}: lines were torn: {}", shown(&result));
        assert_eq!(
            number(&result, "shown"),
            lost,
            "{release}: gaps are shown where they are: {}",
            shown(&result)
        );
        let status = if lost > 0 { 8 } else { 0 };
        assert_eq!(number(&result, "status"), status, "{release}: {}", shown(&result));
    }
}

#[test]
fn a_flood_is_accounted_for_to_the_last_record() {
    flood("");
}

#[test]
fn a_flood_through_a_small_buffer_is_accounted_for_too() {
    flood("-b 1");
}

#[test]
fn a_full_disk_is_an_error() {
    for release in kernels() {
        let module = module(&release, &["-DSTP_NO_OVERLOAD"], FLOOD);
        let modules = [module.as_path()];
        let script = r#"
            mkdir -p /tmp/small && mount -t tmpfs -o size=64k small /tmp/small
            $staprun -o /tmp/small/out -c "$reads 5000" $m0 2>/tmp/err
            echo "status=$?"
            cat /tmp/err >&2
        "#;
        let result = run(&guest(&release, &modules), &modules, script);
        assert_eq!(number(&result, "status"), 8, "{release}: {}", shown(&result));
        let stderr = String::from_utf8_lossy(&result.stderr);
        assert!(stderr.contains("No space left on device"), "{release}: {stderr}");
    }
}
