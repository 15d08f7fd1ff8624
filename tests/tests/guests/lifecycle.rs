//! Sessions side by side, and sessions that are killed.

use stap_tests::programs::kernels;

use crate::setting::{guest, has_line, module, run, shown};

const ENDLESS: &str = r#"
probe begin { println("ready") }
probe end { println("ended") }
"#;

#[test]
fn a_killed_session_leaves_a_module_that_staprun_removes() {
    for release in kernels() {
        let module = module(&release, &[], ENDLESS);
        let modules = [module.as_path()];
        let script = r#"
            $staprun $m0 >/tmp/out 2>&1 &
            wait_for /tmp/out ready
            killall -9 staprun stapio
            sleep 1
            name=$(sed -n 's/^\(stap_[^ ]*\) .*/\1/p' /proc/modules)
            [ -n "$name" ] && echo still loaded
            $staprun -d "$name" && echo removed
            grep -c '^stap_' /proc/modules
        "#;
        let result = run(&guest(&release, &modules), &modules, script);
        assert!(has_line(&result, "still loaded"), "{release}: {}", shown(&result));
        assert!(has_line(&result, "removed"), "{release}: {}", shown(&result));
        assert!(has_line(&result, "0"), "{release}: {}", shown(&result));
    }
}

#[test]
fn two_sessions_of_one_module_run_side_by_side() {
    for release in kernels() {
        let module = module(&release, &[], ENDLESS);
        let modules = [module.as_path()];
        let script = r#"
            $staprun $m0 >/tmp/first 2>&1 &
            first=$!
            wait_for /tmp/first ready
            $staprun $m0 >/tmp/second 2>&1 &
            second=$!
            wait_for /tmp/second ready
            echo "loaded=$(grep -c '^stap_' /proc/modules)"
            kill -TERM $first $second
            wait $first; echo "first ended with $?"
            wait $second; echo "second ended with $?"
            cat /tmp/first /tmp/second
        "#;
        let result = run(&guest(&release, &modules), &modules, script);
        let lines = ["loaded=2", "first ended with 0", "second ended with 0"];
        assert!(lines.iter().all(|line| has_line(&result, line)), "{release}: {}", shown(&result));
        let stdout = String::from_utf8_lossy(&result.stdout);
        assert_eq!(stdout.lines().filter(|line| *line == "ended").count(), 2, "{release}: {stdout}");
    }
}

#[test]
fn the_end_of_the_command_ends_the_session() {
    for release in kernels() {
        let module = module(&release, &[], ENDLESS);
        let modules = [module.as_path()];
        let script = r#"
            $staprun -c "true" $m0; echo "true: $?"
            $staprun -c "false" $m0 2>/tmp/err; echo "false: $?"
        "#;
        let result = run(&guest(&release, &modules), &modules, script);
        assert!(has_line(&result, "true: 0"), "{release}: {}", shown(&result));
        assert!(has_line(&result, "false: 10"), "{release}: {}", shown(&result));
    }
}
