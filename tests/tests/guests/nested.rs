//! Probes on what the runtime itself calls, all at once and under load: hits within hits are skipped and counted.

use stap_tests::programs::kernels;

use crate::setting::{guest, module, number, run, shown};

/// Some of these a kernel lacks, or forbids to probe.
const FUNCTIONS: &[&str] = &[
    "_raw_spin_lock",
    "_raw_spin_lock_irqsave",
    "__kmalloc",
    "_copy_to_user",
    "copy_from_kernel_nofault",
    "irq_work_queue",
    "ktime_get",
    "ktime_get_raw_fast_ns",
    "memcpy",
    "relay_switch_subbuf",
    "schedule",
    "strnlen",
    "task_tgid_nr_ns",
    "vfs_read",
    "vprintk",
    "vscnprintf",
    "vsnprintf",
    "wake_up_q",
];

/// The handler prints, formats, reads memory and asks for a switch of buffers; on one function it also warns.
fn script() -> String {
    let points: Vec<String> =
        FUNCTIONS.iter().map(|function| format!("kernel.function(\"{function}\")?")).collect();
    let returns = points.iter().map(|point| point.replace("?", ".return?")).collect::<Vec<_>>();
    format!(
        r#"
        global hits, warned
        probe {} {{
            hits[pp()]++
            printf("%s %d %s %p\n", pp(), pid(), execname(), register("sp"))
            if (warned < 50) {{ warned++; warn(sprintf("%s", kernel_string(0))) }}
        }}
        probe {} {{ hits[pp()]++ }}
        probe timer.ms(1) {{ hits[pp()]++ }}
        probe end {{ foreach (point in hits-) printf("@%d %s\n", hits[point], point) }}
        "#,
        points.join(", "),
        returns.join(", ")
    )
}

#[test]
fn hits_within_hits_are_skipped_and_counted() {
    for release in kernels() {
        let args = ["-g", "-DSTP_NO_OVERLOAD", "-DMAXSKIPPED=100000000", "-DMAXERRORS=100000000"];
        let module = module(&release, &args, &script());
        let modules = [module.as_path()];
        let commands = r#"
            timeout -k 5 600 $staprun -o /tmp/out -c "$reads 3000 2" $m0 2>/tmp/err
            echo "status=$?"
            sed -n 's/^@//p' /tmp/out
            echo "points=$(grep -c '^@' /tmp/out)"
            echo "skipped=$(sed -n 's/.*skipped probes: \([0-9]*\).*/\1/p' /tmp/err | tail -n 1)"
            tail -n 20 /tmp/err >&2
        "#;
        let result = run(&guest(&release, &modules), &modules, commands);
        assert!(matches!(number(&result, "status"), 0 | 8), "{release}: {}", shown(&result));
        assert!(number(&result, "points") >= 12, "{release}: {}", shown(&result));
        assert!(number(&result, "skipped") > 0, "{release}: {}", shown(&result));
    }
}
