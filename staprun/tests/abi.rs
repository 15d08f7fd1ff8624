//! A C program that includes runtime-c/abi/*.h writes every message and record; this side must read the same
//! values, and the other way round.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use staprun::messages::{
    ABI_VERSION, CpuStatus, ExitSummary, FromModule, MESSAGE_MAX, SYSTEM_MAX, ToModule, Transport,
};
use staprun::privilege::{STAPDEV, STAPSYS, STAPUSR};
use staprun::records::{HEADER, Header};
use staprun::sys::ioctl;

const PROGRAM: &str = include_str!("abi.c");

fn build(dir: &Path) -> PathBuf {
    let source = dir.join("abi.c");
    let program = dir.join("abi");
    std::fs::write(&source, PROGRAM).unwrap();
    let headers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime-c/abi");
    let built = Command::new("cc")
        .args(["-Wall", "-Werror", "-I"])
        .arg(headers)
        .arg("-o")
        .arg(&program)
        .arg(&source)
        .status()
        .unwrap();
    assert!(built.success());
    program
}

fn written(program: &Path, what: &str) -> Vec<u8> {
    let output = Command::new(program).arg(what).output().unwrap();
    assert!(output.status.success(), "{what}");
    output.stdout
}

/// Whether the C program finds in these bytes the values that it expects.
fn accepts(program: &Path, what: &str, bytes: &[u8]) -> bool {
    let mut child = Command::new(program).arg(what).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    child.wait().unwrap().success()
}

#[test]
fn c_and_rust_mean_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let program = build(dir.path());
    let decoded = |what| FromModule::decode(&written(&program, what)).unwrap();
    let transport = Transport { abi_version: ABI_VERSION, nr_cpus: 5, buffer_bytes: 1 << 40 };
    assert_eq!(decoded("transport"), FromModule::Transport(transport));
    assert_eq!(decoded("started"), FromModule::Started { result: -22, by_ftrace: 3 });
    let summary = ExitSummary {
        failed: true,
        errors: 2,
        skipped: 3 << 40,
        strings_cut: 4 << 40,
        messages_lost: 5 << 40,
    };
    assert_eq!(decoded("exited"), FromModule::Exited(summary));
    assert_eq!(decoded("notice"), FromModule::Notice(b"WARNING: x".to_vec()));
    assert_eq!(decoded("system"), FromModule::System(b"ls".to_vec()));
    assert_eq!(decoded("request_exit"), FromModule::RequestExit);

    let record = written(&program, "record");
    let header = Header { time: 1 << 40, seq: 7, len: 3, cpu: 4097, more: true };
    assert_eq!(record.len(), HEADER);
    assert_eq!(Header::parse(&record), Some(header));
    assert_eq!(header.encode().as_slice(), record);

    for (what, message) in [
        ("start", ToModule::Start(-5)),
        ("exit", ToModule::Exit),
        ("zone", ToModule::TimeZone(-3600, "CET".into())),
        ("credentials", ToModule::Credentials(STAPUSR | STAPDEV)),
        ("remote", ToModule::RemoteId(9, "ssh://host".into())),
    ] {
        assert!(accepts(&program, what, &message.encode()), "{what}");
        assert!(!accepts(&program, what, &ToModule::Credentials(STAPSYS).encode()), "{what}");
    }
}

#[test]
fn constants_and_ioctls_agree() {
    let dir = tempfile::tempdir().unwrap();
    let numbers = String::from_utf8(written(&build(dir.path()), "numbers")).unwrap();
    let own = [
        u64::from(ABI_VERSION),
        MESSAGE_MAX as u64,
        SYSTEM_MAX as u64,
        ioctl::WATERMARK,
        ioctl::CPU_STATUS,
        ioctl::GIVE_UP,
        size_of::<CpuStatus>() as u64,
        std::mem::offset_of!(CpuStatus, next_seq) as u64,
        std::mem::offset_of!(CpuStatus, lost_records) as u64,
        std::mem::offset_of!(CpuStatus, lost_bytes) as u64,
        u64::from(STAPUSR),
        u64::from(STAPSYS),
        u64::from(STAPDEV),
    ];
    let theirs: Vec<u64> = numbers.split_whitespace().map(|number| number.parse().unwrap()).collect();
    assert_eq!(theirs, own);
}
