//! The same script, kernel and options give the same bytes, whichever way pass 4 takes.

use std::fs;
use std::path::Path;
use std::time::Duration;

use stap_tests::programs::{kernels, programs};
use stap_tests::{cache, process};

const FIRST: &str = r#"probe begin { println("first") exit() }"#;
const SECOND: &str = r#"
global n
probe kprobe.function("vfs_read"), timer.ms(50) { n[execname()]++ }
probe end { foreach (name in n-) printf("%s %d\n", name, n[name]) }
"#;

/// Compiles with a cache of its own and gives the module's bytes.
fn compile(data: &Path, release: &str, script: &str) -> Vec<u8> {
    let mut stap = programs().stap();
    stap.env("SYSTEMTAP_DIR", data).args(["-p4", "-r", release, "-e", script]);
    let outcome = process::run(&mut stap, Duration::from_secs(120)).expect("stap runs");
    assert_eq!(outcome.exit, 0, "{}", String::from_utf8_lossy(&outcome.stderr));
    let printed = String::from_utf8_lossy(&outcome.stdout);
    fs::read(printed.trim()).unwrap_or_else(|error| panic!("{printed}: {error}"))
}

#[test]
fn replay_and_kbuild_make_the_same_module() {
    for release in kernels() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        compile(&one, &release, FIRST);
        let replayed = compile(&one, &release, SECOND);
        assert_eq!(cache::forget(&one, &cache::is_module).expect("a cache"), 2);
        assert_eq!(
            cache::forget(&one, &cache::is_recipe).expect("a cache"),
            1,
            "{release}: nothing was recorded"
        );
        let kbuild = compile(&one, &release, SECOND);
        assert!(replayed == kbuild, "{release}: replay and Kbuild differ");
        let cold = compile(&two, &release, SECOND);
        assert!(cold == kbuild, "{release}: a build with nothing cached differs");
    }
}
