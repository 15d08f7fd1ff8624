//! Sessions side by side, and sessions that are killed.

use stap_tests::programs::kernels;

use crate::setting::{guest, has_line, module, run, shown};

const ENDLESS: &str = r#"
probe begin { println("ready") }
probe end { println("ended") }
"#;

const CHATTY: &str = r#"
probe begin { println("ready") }
probe kprobe.function("vfs_read") { if (execname() == "reads") printf("hit %75d\n", cpu()) }
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
fn signals_to_the_whole_process_group_count_once_each() {
    for release in kernels() {
        let module = module(&release, &["-DSTP_NO_OVERLOAD"], CHATTY);
        let modules = [module.as_path()];
        // A reader that stops holds the session's end up, so that the second interrupt comes before it.
        let script = r#"
            mkfifo /tmp/pipe
            cat </tmp/pipe >/tmp/out & reader=$!
            setsid $staprun -c "setsid $reads 20000" $m0 >/tmp/pipe 2>/tmp/err & pid=$!
            wait_for /tmp/out ready
            kill -STOP $reader
            sleep 2
            kill -INT -$pid; sleep 1; kill -INT -$pid; sleep 1
            kill -CONT $reader
            wait $pid; echo "status=$?"
            wait $reader
            tail -n 1 /tmp/out
            cat /tmp/err >&2
        "#;
        let result = run(&guest(&release, &modules), &modules, script);
        assert!(has_line(&result, "status=0") && has_line(&result, "ended"), "{release}: {}", shown(&result));
        assert_eq!(result.stderr, b"", "{release}: {}", shown(&result));
    }
}

#[test]
fn an_interrupt_from_a_terminal_ends_session_and_command() {
    for release in kernels() {
        let module = module(&release, &[], ENDLESS);
        let modules = [module.as_path()];
        let script = r#"
            # The keyboard is what runs in the background: a shell lets nothing there be interrupted.
            press_interrupt_after() {
                exec 3>/tmp/keys
                wait_for /tmp/out "$1"
                printf '\003' >&3
                wait_for /tmp/over over
            }
            at_terminal() {
                rm -f /tmp/keys /tmp/out /tmp/over && mkfifo /tmp/keys
                press_interrupt_after "$2" &
                script -qec "exec $1" /dev/null </tmp/keys >/tmp/out 2>&1; status=$?
                echo over >/tmp/over
                wait
                echo "$3: $status, $(grep -c 'ended' /tmp/out)"
                cat /tmp/out >&2
            }
            at_terminal "$staprun $m0" ready alone
            at_terminal "$staprun -c 'sh -c \"echo begun; exec sleep 600\"' $m0" begun command
        "#;
        let vm = guest(&release, &modules).visible("/usr/bin/script");
        let result = run(&vm, &modules, script);
        assert!(has_line(&result, "alone: 0, 1"), "{release}: {}", shown(&result));
        assert!(has_line(&result, "command: 0, 1"), "{release}: {}", shown(&result));
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
