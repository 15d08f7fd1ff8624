//! Handlers that a script lock put in order print in that order, whatever CPU they ran on.

use stap_tests::programs::kernels;

use crate::setting::{guest, module, number, run, shown};

const COUNTER: &str = r#"
global n
probe kprobe.function("vfs_read") {
    if (execname() == "reads") printf("%d %d\n", ++n, cpu())
}
"#;

#[test]
fn two_cpus_print_in_the_order_of_their_lock() {
    for release in kernels() {
        // A virtual CPU that is not scheduled while it holds the lock makes the other one skip.
        let module = module(&release, &["-DMAXSKIPPED=1000000", "-DSTP_NO_OVERLOAD"], COUNTER);
        let modules = [module.as_path()];
        let script = r#"
            $staprun -o /tmp/out -c "$reads 20000 2" $m0 2>/tmp/err
            echo "status=$?"
            echo "lines=$(grep -c . /tmp/out)"
            echo "disorder=$(awk '$1 != NR' /tmp/out | grep -c .)"
            echo "cpus=$(awk '{ print $2 }' /tmp/out | sort -u | grep -c .)"
            echo "skipped=$(sed -n 's/.*skipped probes: \([0-9]*\).*/\1/p' /tmp/err | tail -n 1 | grep . || echo 0)"
            awk '$1 != NR' /tmp/out | head -n 5
            cat /tmp/err >&2
        "#;
        let result = run(&guest(&release, &modules).parallel(), &modules, script);
        assert_eq!(number(&result, "disorder"), 0, "{release}: {}", shown(&result));
        assert_eq!(number(&result, "cpus"), 2, "{release}: {}", shown(&result));
        // A hit is skipped before the handler can see whose it is, so some may be of another program.
        let [lines, skipped] = ["lines", "skipped"].map(|name| number(&result, name));
        assert!(lines <= 40_000 && lines + skipped >= 40_000, "{release}: {}", shown(&result));
    }
}
