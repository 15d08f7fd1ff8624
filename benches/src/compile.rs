//! Passes 1 to 4 against the floor: a kprobe module by hand, through Kbuild.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use stap_tests::cache;
use stap_tests::programs::programs;

use crate::table::{Budget, Row};

/// Rounds of everything, interleaved so that a busy moment of the machine hits all alike.
const ROUNDS: usize = 5;

/// The least that a kernel module with one kprobe can be.
const BARE: &str = r#"#include <linux/module.h>
#include <linux/kprobes.h>
static int hit(struct kprobe *p, struct pt_regs *regs) { return 0; }
static struct kprobe kp = { .symbol_name = "vfs_read", .pre_handler = hit };
static int __init bare_init(void) { return register_kprobe(&kp); }
static void __exit bare_exit(void) { unregister_kprobe(&kp); }
module_init(bare_init);
module_exit(bare_exit);
MODULE_LICENSE("GPL");
"#;

const HELLO: &str = r#"probe begin { log("hello world") exit() }"#;
const READ: &str = r#"probe syscall.read {printf("hello i am digoal.\n"); exit()}"#;

/// The least seconds of each kind of run.
struct Least {
    bare: f64,
    hello_cold: f64,
    read_cold: f64,
    replay: f64,
    kbuild: f64,
    again: f64,
}

/// Measures and compares.
pub fn rows(release: &str) -> Result<Vec<Row>, String> {
    let mut least = Least {
        bare: f64::INFINITY,
        hello_cold: f64::INFINITY,
        read_cold: f64::INFINITY,
        replay: f64::INFINITY,
        kbuild: f64::INFINITY,
        again: f64::INFINITY,
    };
    for round in 0..ROUNDS {
        measure(release, round, &mut least)?;
    }
    let ratio = |seconds: f64| seconds / least.bare;
    Ok(vec![
        Row::new("bare kprobe module through Kbuild", least.bare, "s", Budget::None),
        Row::new(
            "hello world, nothing cached, to the bare module",
            ratio(least.hello_cold),
            "times",
            Budget::Most(1.8),
        ),
        Row::new(
            "a new script, runtime cached, commands replayed",
            ratio(least.replay),
            "times",
            Budget::Most(0.7),
        ),
        Row::new(
            "a new script, runtime cached, through Kbuild",
            ratio(least.kbuild),
            "times",
            Budget::Most(1.3),
        ),
        Row::new("the same script again, until staprun starts", least.again * 1e3, "ms", Budget::Most(50.0)),
        Row::new(
            "syscall.read above hello world, nothing cached",
            least.read_cold - least.hello_cold,
            "s",
            Budget::Most(0.2),
        ),
    ])
}

fn measure(release: &str, round: usize, least: &mut Least) -> Result<(), String> {
    let keep = |least: &mut f64, seconds: f64| *least = least.min(seconds);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (warm, cold) = (folder.path().join("warm"), folder.path().join("cold"));
    keep(&mut least.bare, bare(release, folder.path())?);
    keep(&mut least.hello_cold, stap(&warm, release, HELLO)?);
    keep(&mut least.read_cold, stap(&cold, release, READ)?);
    // The first script after a cold start may still record Kbuild's commands.
    stap(&warm, release, &fresh(round, "warm-up"))?;
    keep(&mut least.replay, stap(&warm, release, &fresh(round, "replay"))?);
    forget_commands(&warm)?;
    keep(&mut least.kbuild, stap(&warm, release, &fresh(round, "kbuild"))?);
    keep(&mut least.again, again(&warm, release)?);
    Ok(())
}

/// A script that was never seen before.
fn fresh(round: usize, name: &str) -> String {
    format!(r#"probe begin {{ log("{name} {round}") exit() }}"#)
}

fn bare(release: &str, folder: &Path) -> Result<f64, String> {
    let folder = folder.join("bare");
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(folder.join("bare.c"), BARE))
        .and_then(|()| fs::write(folder.join("Makefile"), "obj-m := bare.o\n"))
        .map_err(|error| error.to_string())?;
    let mut make = Command::new("make");
    make.args(["-s", "-C"]).arg(format!("/lib/modules/{release}/build"));
    make.arg(format!("M={}", folder.display())).arg("modules");
    seconds(&mut make)
}

fn stap(data: &Path, release: &str, script: &str) -> Result<f64, String> {
    let mut stap = programs().stap();
    stap.env("SYSTEMTAP_DIR", data);
    seconds(stap.args(["-p4", "-r", release, "-e", script]))
}

/// Without Kbuild's recorded commands, but with the compiled runtime, pass 4 takes the way through Kbuild.
fn forget_commands(data: &Path) -> Result<(), String> {
    match cache::forget(data, &cache::is_recipe) {
        Ok(1..) => Ok(()),
        Ok(0) => Err("pass 4 recorded no commands".to_owned()),
        Err(error) => Err(format!("{}: {error}", data.display())),
    }
}

/// All five passes, with a program in staprun's place that ends at once.
fn again(data: &Path, release: &str) -> Result<f64, String> {
    let mut stap = programs().stap();
    stap.env("SYSTEMTAP_DIR", data).env("SYSTEMTAP_STAPRUN", "/bin/true");
    // A compiler that were called would be this one.
    stap.env("CC", "/bin/false");
    seconds(stap.args(["-r", release, "-e", HELLO]))
}

fn seconds(command: &mut Command) -> Result<f64, String> {
    let started = Instant::now();
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let elapsed = started.elapsed().as_secs_f64();
    if output.status.success() {
        return Ok(elapsed);
    }
    let words: Vec<&OsStr> = command.get_args().collect();
    let last: Vec<String> =
        String::from_utf8_lossy(&output.stderr).lines().rev().take(3).map(str::to_owned).collect();
    Err(format!("{:?} {words:?} failed: {}", command.get_program(), last.join(" / ")))
}
