//! The programs that tests of debuginfo read: compiled when they are wanted, so that the compiler of the machine is the
//! one that is understood.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustc_hash::FxHashMap;

use crate::host::os::OsHost;
use crate::host::{Command, Host};

/// The linked program that `tests/fixtures/debuginfo` makes with these options.
pub fn program(options: &[&str]) -> Vec<u8> {
    let link = ["-static", "-nostdlib", "-no-pie", "-Wl,--build-id=0xabcdef01", "shapes.c", "second.c"];
    compile(&[&link[..], options].concat())
}

/// The same unlinked, as modules are: one file, addresses still open.
pub fn relocatable(options: &[&str]) -> Vec<u8> {
    let link = ["-r", "-nostdlib", "-Wl,--build-id=0xabcdef01", "shapes.c", "second.c"];
    compile(&[&link[..], options].concat())
}

fn compile(options: &[&str]) -> Vec<u8> {
    static MADE: Mutex<Option<FxHashMap<String, Vec<u8>>>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap_or_else(|e| e.into_inner());
    let made = made.get_or_insert_default();
    made.entry(options.join(" ")).or_insert_with(|| run_compiler(options)).clone()
}

fn run_compiler(options: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let output = dir.path().join("out");
    let common = ["gcc", "-g", "-O2", "-ffreestanding", "-fno-stack-protector", "-fcf-protection=none", "-o"];
    let mut argv: Vec<OsString> = common.map(OsString::from).to_vec();
    argv.push(output.clone().into());
    argv.extend(options.iter().map(OsString::from));
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/debuginfo");
    let run = OsHost.run(&Command { argv, dir: Some(PathBuf::from(&sources)), env: None }).expect("gcc runs");
    assert_eq!(run.code, 0, "{}", String::from_utf8_lossy(&run.stderr));
    OsHost.read(&output).expect("gcc wrote it")
}
