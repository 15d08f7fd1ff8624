//! `stap --vm`, from the command line to the output and back.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use stap_tests::process;
use stap_tests::programs::{kernels, programs};

#[test]
fn both_scripts_of_the_introduction_run() {
    let scripts = [
        (r#"probe begin { log("hello world") exit() }"#, "hello world\n"),
        (r#"probe syscall.read {printf("hello i am digoal.\n"); exit()}"#, "hello i am digoal.\n"),
    ];
    for release in kernels() {
        for (script, expected) in scripts {
            let mut stap = programs().stap();
            stap.arg("-v").arg(format!("--vm={release}")).args(["-e", script]);
            let outcome = process::run(&mut stap, Duration::from_secs(180)).expect("stap runs");
            let stderr = String::from_utf8_lossy(&outcome.stderr);
            assert_eq!(String::from_utf8_lossy(&outcome.stdout), expected, "{release}: {stderr}");
            assert_eq!(outcome.exit, 0, "{release}: {stderr}");
            for pass in 1..=5 {
                assert!(stderr.contains(&format!("Pass {pass}: ")), "{release}: no pass {pass} in {stderr}");
            }
        }
    }
}

#[test]
fn an_interrupt_reaches_the_script_in_the_guest() {
    let kernels = kernels();
    let newest = kernels.last().expect("a kernel is installed");
    let script = r#"probe begin { println("ready") } probe end { println("ended") }"#;
    let mut stap = programs().stap();
    stap.arg(format!("--vm={newest}")).args(["-e", script]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = stap.spawn().expect("stap starts");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("readable");
    assert_eq!(line, "ready\n");
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("readable");
    assert_eq!(rest, "ended\n");
    assert_eq!(child.wait().expect("stap ends").code(), Some(0));
}

#[test]
fn the_exit_code_comes_out_of_the_guest() {
    let kernels = kernels();
    let newest = kernels.last().expect("a kernel is installed");
    let mut stap = programs().stap();
    stap.arg(format!("--vm={newest}")).args(["-e", r#"probe begin { error("on purpose") }"#]);
    let outcome = process::run(&mut stap, Duration::from_secs(180)).expect("stap runs");
    let stderr = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(outcome.exit, 9, "{stderr}");
    assert!(stderr.contains("on purpose"), "{stderr}");
}
