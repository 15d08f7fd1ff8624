//! Function probes that ftrace carries: they count exactly, nobody switches them off unseen, and the user is told.

use stap_tests::programs::kernels;

use crate::setting::{guest, has_line, module, number, run, shown};

/// Three probes at one address.
const SCRIPT: &str = r#"
global entries, again, returns, bytes
probe begin { println("ready") }
probe kprobe.function("vfs_read") { if (execname() == "reads") { entries++; bytes += ulong_arg(3) } }
probe kprobe.function("vfs_read") { if (execname() == "reads") again++ }
probe kprobe.function("vfs_read").return { if (execname() == "reads") returns += $return }
probe end { printf("entries=%d\nagain=%d\nreturns=%d\nbytes=%d\n", entries, again, returns, bytes) }
"#;

/// Two more, one of which needs a register that is no argument's, so the callback has to save them all.
const ALL_REGISTERS: &str = r#"
global stacks
probe kprobe.function("vfs_read") { if (execname() == "reads") stacks += register("bx") != register("flags") }
probe end { printf("stacks=%d\n", stacks) }
"#;

/// Probes before and after somebody tries to switch ftrace off.
const COUNT: &str = r#"
switch=/proc/sys/kernel/ftrace_enabled
[ -e $switch ] && echo ftrace=1 || echo ftrace=0
$staprun -v $m0 >/tmp/out 2>/tmp/err &
wait_for /tmp/out ready
$reads 500
[ -e $switch ] && { echo 0 >$switch || echo refused; }
$reads 500
kill -TERM $!; wait $!
cat /tmp/out; cat /tmp/err >&2
"#;

#[test]
fn ftrace_carries_function_probes_and_stays_on() {
    for release in kernels() {
        for (more, carried) in [("", 3), (ALL_REGISTERS, 4)] {
            let module = module(&release, &[], &format!("{SCRIPT}{more}"));
            let modules = [module.as_path()];
            let result = run(&guest(&release, &modules), &modules, COUNT);
            let told = String::from_utf8_lossy(&result.stderr)
                .contains(&format!("the module has started, ftrace carries {carried} of its probes"));
            let has_ftrace = number(&result, "ftrace") == 1;
            assert_eq!(told, has_ftrace, "{release}: {}", shown(&result));
            assert_eq!(has_line(&result, "refused"), has_ftrace, "{release}: {}", shown(&result));
            let counts = ["entries", "again", "returns", "bytes"].map(|name| number(&result, name));
            assert_eq!(counts, [1000; 4], "{release}: {}", shown(&result));
            if !more.is_empty() {
                assert_eq!(number(&result, "stacks"), 1000, "{release}: {}", shown(&result));
            }
        }
    }
}

#[test]
fn probes_on_a_kernel_whose_ftrace_is_off_say_so() {
    for release in kernels() {
        let module = module(&release, &[], SCRIPT);
        let modules = [module.as_path()];
        let script = r#"
            switch=/proc/sys/kernel/ftrace_enabled
            [ -e $switch ] && { echo 0 >$switch; echo ftrace=1; } || echo ftrace=0
            $staprun -c "$reads 100" $m0
        "#;
        let result = run(&guest(&release, &modules), &modules, script);
        let warned = String::from_utf8_lossy(&result.stderr).contains("sysctl kernel.ftrace_enabled=1");
        assert_eq!(warned, number(&result, "ftrace") == 1, "{release}: {}", shown(&result));
        assert_eq!(result.status, Some(0), "{release}: {}", shown(&result));
    }
}
