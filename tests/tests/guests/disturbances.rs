//! What the world does to a session: signals at any moment, killed programs, a module removed by hand, readers that
//! stop, CPUs that come and go. Nothing may hang, nothing may stay loaded, nothing may be lost in silence.

use stap_tests::programs::kernels;
use stap_vm::VmResult;

use crate::setting::{guest, has_line, module, number, run, shown};

/// Counts, and prints 80 bytes a hit.
const FLOOD: &str = r#"
global n
probe begin { println("ready") }
probe kprobe.function("vfs_read") { if (execname() == "reads") { n++; printf("hit %75d\n", cpu()) } }
probe end { printf("%d hits\n", n) }
"#;

/// Says hello and ends itself, with probes of all families on the way.
const SHORT: &str = r#"
global n
probe begin { println("hello") exit() }
probe kprobe.function("vfs_read") { n++ }
probe kprobe.function("vfs_read").return { n++ }
probe timer.ms(1) { n++ }
probe end { if (n >= 0) println("bye") }
"#;

const LEFT: &str = "\necho left=$(grep -c '^stap_' /proc/modules)\n";

/// What a guest is slow at is no finding here: CPUs that take turns hold a handler, and the lock it has, for long.
const ARGS: [&str; 2] = ["-DSTP_NO_OVERLOAD", "-DMAXSKIPPED=1000000"];

/// Runs a script in a guest of each kernel with one module; in the end none may be left.
fn disturb(source: &str, script: &str, check: fn(&str, &VmResult)) {
    for release in kernels() {
        let module = module(&release, &ARGS, source);
        let modules = [module.as_path()];
        let result = run(&guest(&release, &modules), &modules, &format!("{script}{LEFT}"));
        assert_eq!(number(&result, "left"), 0, "{release}: {}", shown(&result));
        check(&release, &result);
    }
}

#[test]
fn forty_sessions_in_a_row_all_speak() {
    let script = r#"
        i=0 bad=0
        while [ $i -lt 40 ]; do
            timeout 120 $staprun $m0 >/tmp/out 2>/tmp/err
            status=$?
            if [ $status != 0 ] || [ "$(cat /tmp/out)" != "$(printf 'hello\nbye')" ]; then
                bad=$((bad + 1))
                echo "run $i: $status" >&2
                cat /tmp/out /tmp/err >&2
            fi
            i=$((i + 1))
        done
        echo "bad=$bad"
    "#;
    disturb(SHORT, script, |release, result| {
        assert_eq!(number(result, "bad"), 0, "{release}: {}", shown(result));
    });
}

#[test]
fn sessions_load_while_others_unload() {
    let script = r#"
        many() {
            i=0
            while [ $i -lt 12 ]; do
                timeout 200 $staprun $m0 >>/tmp/out$1 2>>/tmp/err
                echo "status $?" >>/tmp/status
                i=$((i + 1))
            done
        }
        many 1 & many 2 & many 3 & wait
        echo "good=$(grep -c '^status 0$' /tmp/status)"
        echo "byes=$(cat /tmp/out? | grep -c '^bye$')"
        cat /tmp/err >&2
        ls -d /proc/systemtap 2>/dev/null
    "#;
    disturb(SHORT, script, |release, result| {
        assert_eq!(number(result, "good"), 36, "{release}: {}", shown(result));
        assert_eq!(number(result, "byes"), 36, "{release}: {}", shown(result));
        assert!(!has_line(result, "/proc/systemtap"), "{release}: {}", shown(result));
    });
}

#[test]
fn a_signal_at_any_moment_ends_the_session() {
    let script = r#"
        i=0 hung=0
        while [ $i -lt 40 ]; do
            $staprun $m0 >/tmp/out 2>&1 &
            pid=$!
            usleep $((i * 7919 % 400000))
            kill -TERM $pid
            ( sleep 120; kill -9 $pid ) 2>/dev/null & watch=$!
            wait $pid; status=$?
            kill $watch 2>/dev/null
            case $status in 0 | 143) ;; *) hung=$((hung + 1)); echo "run $i: $status" >&2; cat /tmp/out >&2 ;; esac
            i=$((i + 1))
        done
        echo "hung=$hung"
    "#;
    disturb(FLOOD, script, |release, result| {
        assert_eq!(number(result, "hung"), 0, "{release}: {}", shown(result));
    });
}

#[test]
fn two_sessions_count_the_same_hits() {
    let script = r#"
        $staprun -o /tmp/first $m0 2>/tmp/err1 & first=$!
        $staprun -o /tmp/second $m0 2>/tmp/err2 & second=$!
        wait_for /tmp/first ready
        wait_for /tmp/second ready
        $reads 5000 2
        kill -TERM $first
        wait $first; echo "first=$?"
        $reads 1000
        kill -TERM $second
        wait $second; echo "second=$?"
        tail -n 1 /tmp/first; tail -n 1 /tmp/second
        cat /tmp/err1 /tmp/err2 >&2
    "#;
    disturb(FLOOD, script, |release, result| {
        assert_eq!(number(result, "first"), 0, "{release}: {}", shown(result));
        assert_eq!(number(result, "second"), 0, "{release}: {}", shown(result));
        let counts: Vec<u64> = String::from_utf8_lossy(&result.stdout)
            .lines()
            .filter_map(|line| line.strip_suffix(" hits")?.parse().ok())
            .collect();
        // What the program reads while it is loaded counts too.
        assert!(counts.len() == 2 && counts[0] >= 10_000, "{release}: {}", shown(result));
        assert!(counts[1] >= counts[0] + 1000 && counts[1] < 11_100, "{release}: {}", shown(result));
    });
}

#[test]
fn whoever_is_killed_the_other_program_says_so_or_cleans_up() {
    let script = r#"
        $staprun $m0 >/tmp/out 2>/tmp/err & pid=$!
        wait_for /tmp/out ready
        killall -9 stapio
        wait $pid; echo "without stapio: $?"
        cat /tmp/err >&2
        for name in $(sed -n 's/^\(stap_[^ ]*\) .*/\1/p' /proc/modules); do $staprun -d $name; done

        # A file of its own: the first session's output must not pass for that of the second.
        $staprun $m0 >/tmp/second 2>&1 &
        wait_for /tmp/second ready
        killall -9 staprun
        killall -TERM stapio
        wait_for /tmp/second ' hits'
        tries=0
        while grep -q '^stap_' /proc/modules && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
    "#;
    disturb(FLOOD, script, |release, result| {
        assert!(has_line(result, "without stapio: 9"), "{release}: {}", shown(result));
        let stderr = String::from_utf8_lossy(&result.stderr);
        assert!(stderr.contains("stays loaded") && stderr.contains("staprun -d"), "{release}: {stderr}");
    });
}

#[test]
fn a_module_removed_by_hand_ends_its_session() {
    let script = r#"
        $staprun $m0 >/tmp/out 2>/tmp/err & pid=$!
        wait_for /tmp/out ready
        $reads 1000
        rmmod $(sed -n 's/^\(stap_[^ ]*\) .*/\1/p' /proc/modules); echo "rmmod=$?"
        wait $pid; echo "status=$?"
        echo "summed=$(grep -c ' hits$' /tmp/out)"
        cat /tmp/err >&2
    "#;
    disturb(FLOOD, script, |release, result| {
        assert_eq!(number(result, "rmmod"), 0, "{release}: {}", shown(result));
        // stapio may just have time to take the last of the output.
        let stderr = String::from_utf8_lossy(&result.stderr);
        let told = number(result, "status") != 0 && stderr.contains("another program");
        let whole = number(result, "status") == 0 && number(result, "summed") == 1;
        assert!(told || whole, "{release}: {}", shown(result));
    });
}

#[test]
fn a_closed_pipe_ends_the_session_quietly() {
    let script = r#"
        ( timeout 200 $staprun -c "$reads 20000" $m0 2>/tmp/err; echo "status=$?" >/tmp/status ) | head -n 3
        cat /tmp/status
        cat /tmp/err >&2
    "#;
    disturb(FLOOD, script, |release, result| {
        assert_eq!(number(result, "status"), 0, "{release}: {}", shown(result));
        assert!(has_line(result, "ready"), "{release}: {}", shown(result));
        assert_eq!(result.stderr, b"", "{release}: {}", shown(result));
    });
}

#[test]
fn a_reader_that_stops_costs_records_that_are_counted() {
    let script = r#"
        mkfifo /tmp/pipe
        cat </tmp/pipe >/tmp/out & reader=$!
        # The session lasts until a record comes through after the gap: then there is room for that of its end probe.
        workload="until [ -e /tmp/stopped ]; do sleep 0.1; done; $reads 100000; echo over >/tmp/read
            until grep -q lost /tmp/out; do $reads 1; sleep 0.1; done"
        $staprun -b 1 -c "sh -c '$workload'" $m0 >/tmp/pipe 2>/tmp/err & pid=$!
        wait_for /tmp/out ready
        kill -STOP $reader
        echo >/tmp/stopped
        wait_for /tmp/read over
        kill -CONT $reader
        wait $pid; echo "status=$?"
        wait $reader
        echo "received=$(grep -c '^hit ' /tmp/out)"
        echo "shown=$(sed -n 's/.*WARNING: CPU [0-9]* lost \([0-9]*\) record.*/\1/p' /tmp/out | awk '{ n += $1 } END { print n + 0 }')"
        echo "lost=$(sed -n 's/.*There were \([0-9]*\) lost messages.*/\1/p' /tmp/err)"
        echo "hits=$(sed -n 's/^\([0-9]*\) hits$/\1/p' /tmp/out)"
        cat /tmp/err >&2
    "#;
    disturb(FLOOD, script, |release, result| {
        let [received, lost, hits] = ["received", "lost", "hits"].map(|name| number(result, name));
        assert_eq!(number(result, "status"), 8, "{release}: {}", shown(result));
        assert!(lost > 10_000 && hits >= 100_000, "{release}: {}", shown(result));
        assert_eq!(received + lost, hits, "{release}: {}", shown(result));
        assert_eq!(number(result, "shown"), lost, "{release}: {}", shown(result));
    });
}

#[test]
fn cpus_come_and_go() {
    let script = r#"
        cpu1=/sys/devices/system/cpu/cpu1/online
        [ -e $cpu1 ] || { echo "this kernel keeps its CPUs"; cpu1=/dev/null; }
        echo 0 >$cpu1
        $staprun -o /tmp/out $m0 2>/tmp/err & pid=$!
        wait_for /tmp/out ready
        echo 1 >$cpu1
        $reads 5000 2
        echo 0 >$cpu1
        $reads 5000
        echo 1 >$cpu1
        $reads 5000 2
        kill -TERM $pid
        wait $pid; echo "status=$?"
        echo "received=$(grep -c '^hit ' /tmp/out)"
        echo "hits=$(sed -n 's/^\([0-9]*\) hits$/\1/p' /tmp/out)"
        echo "cpus=$(sed -n 's/^hit *//p' /tmp/out | sort -u | grep -c .)"
        cat /tmp/err >&2
    "#;
    disturb(FLOOD, script, |release, result| {
        let hits = number(result, "hits");
        assert_eq!(number(result, "status"), 0, "{release}: {}", shown(result));
        assert!((25_000..25_200).contains(&hits), "{release}: {}", shown(result));
        assert_eq!(number(result, "received"), hits, "{release}: {}", shown(result));
        if !has_line(result, "this kernel keeps its CPUs") {
            assert_eq!(number(result, "cpus"), 2, "{release}: {}", shown(result));
        }
    });
}
