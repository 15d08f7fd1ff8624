//! Thousands of probes: they compile, are registered and go again, on a machine that is busy with what they probe.

use stap_tests::programs::{kernels, with_dwarf};

use crate::setting::{guest, has_line, module, number, run, shown};

/// Counts the hits of many functions while files are looked for, read and written.
const UNDER_LOAD: &str = r#"
$reads 1000000000 2 &
load=$!
before=$(cut -d' ' -f1 /proc/uptime)
$staprun -v -w -c 'find /proc /sys/kernel /etc >/dev/null 2>&1; true' $m0 >/tmp/out 2>/tmp/err
echo status=$?
echo "took from $before to $(cut -d' ' -f1 /proc/uptime)"
kill $load
cat /tmp/out
cat /tmp/err >&2
"#;

/// The user gives up while probes are still being registered.
const GIVEN_UP: &str = r#"
$staprun -v $m0 >/tmp/out 2>/tmp/err &
session=$!
until [ "$(wc -l </sys/kernel/debug/kprobes/list)" -gt 20 ]; do sleep 0.05; done
kill -INT $session
wait $session
echo status=$?
echo left=$(wc -l </sys/kernel/debug/kprobes/list)
grep -q 'stopping the module' /tmp/err && echo stopped
cat /tmp/out
cat /tmp/err >&2
"#;

const COUNT: &str = r#"
global hits
probe begin { println("registering") }
probe kernel.function("FUNCTIONS") { hits <<< 1 }
probe end { printf("hits=%d\n", @count(hits)) }
"#;

fn script(functions: &str) -> String {
    COUNT.replace("kernel.function(\"FUNCTIONS\")", functions)
}

#[test]
fn all_functions_of_a_folder_of_the_kernel() {
    let Some(release) = with_dwarf() else {
        println!("no kernel with debuginfo is installed: not tested");
        return;
    };
    let module = module(&release, &[], &script("kernel.function(\"*@fs/*.c\").call"));
    let modules = [module.as_path()];
    let result = run(&guest(&release, &modules), &modules, UNDER_LOAD);
    assert_eq!(number(&result, "status"), 0, "{}", shown(&result));
    assert!(number(&result, "hits") > 10_000, "{}", shown(&result));
    let stderr = String::from_utf8_lossy(&result.stderr);
    let carried =
        stderr.split("ftrace carries ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    assert!(carried.unwrap_or(0) > 3000, "{}", shown(&result));
}

#[test]
fn a_start_that_takes_long_can_be_given_up() {
    for release in kernels() {
        let module = module(&release, &[], &script("kernel.function(\"*\")"));
        let modules = [module.as_path()];
        let result = run(&guest(&release, &modules), &modules, GIVEN_UP);
        assert_eq!(number(&result, "status"), 0, "{release}: {}", shown(&result));
        assert_eq!(number(&result, "left"), 0, "{release}: {}", shown(&result));
        assert!(has_line(&result, "stopped") && has_line(&result, "registering"), "{}", shown(&result));
    }
}

/// All of a kernel, as `make soak` asks for: what the kernel refuses is told, each in a line.
#[test]
fn all_functions_of_a_kernel() {
    if std::env::var_os("STAP_SOAK").is_none() {
        println!("only in make soak");
        return;
    }
    for release in kernels() {
        let module = module(&release, &["-DMAXSKIPPED=0"], &script("kernel.function(\"*\")"));
        let modules = [module.as_path()];
        let vm = guest(&release, &modules).timeout(std::time::Duration::from_secs(3600));
        let result = run(&vm, &modules, UNDER_LOAD);
        assert_eq!(number(&result, "status"), 0, "{release}: {}", shown(&result));
        assert!(number(&result, "hits") > 100_000, "{release}: {}", shown(&result));
        let refused = String::from_utf8_lossy(&result.stderr).matches("registration error").count();
        println!("{release}: the kernel refused {refused} functions\n{}", shown(&result));
        let lost = String::from_utf8_lossy(&result.stderr).contains("too many pending");
        assert!(!lost, "{release}: {}", shown(&result));
    }
}
