//! Kernels of another machine: one laid out as RHEL does below a `--sysroot`, and two whose BTF alone is here.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use stap_tests::expect::Outcome;
use stap_tests::process;
use stap_tests::programs::{kernels, programs, root, with_dwarf};

/// A release as RHEL names them, which tells nothing about what was carried back.
const RELEASE: &str = "5.14.0-503.el9.x86_64";

const VFS_READ: &str = r#"kernel.function("vfs_read")"#;

fn stap(args: &[&str]) -> Outcome {
    process::run(programs().stap().args(args), Duration::from_secs(120)).expect("stap runs")
}

fn stdout(outcome: &Outcome) -> String {
    assert_eq!(outcome.exit, 0, "{}", String::from_utf8_lossy(&outcome.stderr));
    String::from_utf8_lossy(&outcome.stdout).into_owned()
}

/// Below a folder, what RHEL's packages kernel-core and kernel-devel install, made of an installed kernel's files.
fn rhel(of: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let put = |name: &str, contents: &[u8]| {
        let path = folder.path().join(name.replace("RELEASE", RELEASE));
        fs::create_dir_all(path.parent().expect("in the folder")).expect("made");
        fs::write(path, contents).expect("written");
    };
    let config = fs::read(format!("/boot/config-{of}")).expect("the kernel's configuration");
    put("etc/os-release", b"ID=\"rhel\"\nVERSION_ID=\"9.5\"\n");
    put("usr/src/kernels/RELEASE/.config", &config);
    put("usr/src/kernels/RELEASE/Makefile", b"");
    put("usr/src/kernels/RELEASE/include/config/kernel.release", format!("{RELEASE}\n").as_bytes());
    put("lib/modules/RELEASE/modules.dep", b"");
    put("lib/modules/RELEASE/vmlinuz", &fs::read(format!("/boot/vmlinuz-{of}")).expect("its image"));
    // As its package makes it: an absolute link, which leads nowhere on this machine.
    let link = folder.path().join("lib/modules").join(RELEASE).join("build");
    symlink(format!("/usr/src/kernels/{RELEASE}"), link).expect("linked");
    folder
}

#[test]
fn a_kernel_laid_out_as_rhel_does_below_a_sysroot() {
    let kernel = with_dwarf().or_else(|| kernels().pop()).expect("a kernel with headers");
    let root = rhel(&kernel);
    let sysroot = format!("--sysroot={}", root.path().display());
    // The only kernel there needs no -r; its BTF comes out of its image.
    for release in [&["-r", RELEASE][..], &[]] {
        let listed = stdout(&stap(&[&[&*sysroot, "-L", VFS_READ], release].concat()));
        assert_eq!(listed.lines().count(), 1, "{listed}");
        assert!(listed.contains("$file:struct file* $buf:char* $count:size_t $pos:loff_t*"), "{listed}");
    }
    let listed = stap(&[&sysroot, "--debuginfo=dwarf", "-vv", "-l", VFS_READ]);
    let advice = format!("chroot {} dnf debuginfo-install kernel-{RELEASE}", root.path().display());
    assert_eq!(listed.exit, 3, "{}", String::from_utf8_lossy(&listed.stderr));
    assert!(String::from_utf8_lossy(&listed.stderr).contains(&advice), "wants {advice}");

    let Some(kernel) = with_dwarf() else {
        println!("no kernel with debuginfo is installed: not tested with DWARF");
        return;
    };
    let debug = root.path().join("usr/lib/debug/lib/modules").join(RELEASE);
    fs::create_dir_all(&debug).expect("made");
    symlink(format!("/usr/lib/debug/boot/vmlinux-{kernel}"), debug.join("vmlinux")).expect("linked");
    let listed = stdout(&stap(&[&sysroot, "-r", RELEASE, "-l", VFS_READ]));
    assert!(listed.starts_with(r#"kernel.function("vfs_read@fs/read_write.c:"#), "{listed}");
}

#[test]
fn a_sysroot_that_is_wrong_is_told() {
    let kernel = kernels().pop().expect("a kernel with headers");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sysroot = format!("--sysroot={}", folder.path().display());
    for (args, exit, words) in [
        (&[&*sysroot, "-p1", "-e", "probe begin {}"][..], 3, "has its headers installed"),
        // This machine's own kernel is not there.
        (
            &[&*sysroot, "-r", &kernel, "-p1", "-e", "probe begin {}"],
            3,
            "is not installed, nor are its headers",
        ),
        (&["--sysroot=/nosuch", "-p1", "-e", "probe begin {}"], 2, "--sysroot /nosuch is no folder"),
        (&["--sysroot=/", "--sysroot=/", "-e", "probe begin {}"], 2, "multiple --sysroot options"),
        (&["--sysroot=/", "--vm", "-e", "probe begin {}"], 2, "--vm and --sysroot together"),
    ] {
        let outcome = stap(args);
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        assert!(outcome.exit == exit && stderr.contains(words), "{args:?}: {} {stderr}", outcome.exit);
    }
}

/// The BTF of a RHEL-style kernel, unpacked; `None` when the archive is not beside the project.
fn btf(name: &str, folder: &Path) -> Option<PathBuf> {
    let archive = root().join("../shared/data/btf").join(format!("{name}.btf.tar.xz"));
    if !archive.is_file() {
        println!("{} is not there: not tested", archive.display());
        return None;
    }
    let status = Command::new("tar").arg("-C").arg(folder).arg("-xf").arg(&archive).status();
    assert!(status.expect("tar runs").success(), "{} cannot be unpacked", archive.display());
    Some(folder.join(format!("{name}.btf")))
}

/// What a file says; the count of functions is that of an independent reader.
fn reads(name: &str, functions: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some(file) = btf(name, folder.path()) else { return };
    let file = format!("--btf={}", file.display());
    let listed = stdout(&stap(&[&file, "-l", r#"kernel.function("vfs_*")"#]));
    assert_eq!(listed.lines().count(), functions, "{listed}");
    assert!(listed.lines().all(|line| line.starts_with(r#"kernel.function("vfs_"#)), "{listed}");
    let listed = stdout(&stap(&[&file, "-L", VFS_READ]));
    let wanted = format!("{VFS_READ} $file:struct file* $buf:char* $count:size_t $pos:loff_t*\n");
    assert_eq!(listed, wanted);
    let listed = stdout(&stap(&[&file, "-L", &format!("{VFS_READ}.return")]));
    assert!(listed.starts_with(&format!("{VFS_READ}.return $return:ssize_t ")), "{listed}");

    // Tracepoints have no functions of their own there, but their classes have.
    let fork = "\"sched_process_fork\")";
    for (point, parameters) in [
        (format!("kernel.trace({fork}"), "$parent:struct task_struct* $child:struct task_struct*"),
        (format!("kernel.tracepoint({fork}"), "$arg1:struct task_struct* $arg2:struct task_struct*"),
    ] {
        assert_eq!(stdout(&stap(&[&file, "-L", &point])), format!("{point} {parameters}\n"));
    }

    let elaborate = |script: &str| stap(&[&file, "-p2", "-e", script]);
    let walks = "println($file->f_path->dentry->d_name->len, $file->f_u->fu_rcuhead->next, $count, $$parms$)";
    stdout(&elaborate(&format!("probe {VFS_READ} {{ {walks} }}")));
    for (script, words) in [
        (
            "probe kernel.function(\"vfs_read\") { println($file->f_nosuch) }",
            "alternatives: f_u, f_path, f_inode",
        ),
        (
            "probe kernel.function(\"vfs_read\") { println($nosuch) }",
            "alternatives: $file, $buf, $count, $pos",
        ),
        // BTF of this age holds no variables.
        ("probe begin { println(@var(\"jiffies\")) }", "unable to find global 'jiffies'"),
        ("probe kernel.function(\"nosuch*\") { exit() }", "no match"),
        (
            "probe kernel.trace(\"sched:sched_process_fork\") { exit() }",
            "the kernel's headers, which name subsystems",
        ),
    ] {
        let outcome = elaborate(script);
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        assert!(outcome.exit == 1 && stderr.contains(words), "{script}: {} {stderr}", outcome.exit);
    }
}

#[test]
fn the_btf_of_an_el8_kernel_of_another_machine() {
    reads("4.18.0-147.5.1.el8_1.aarch64", 53);
}

#[test]
fn the_btf_of_an_openeuler_kernel() {
    reads("4.19.90-2107.6.0.0248.35.oe1.bclinux.x86_64", 56);
}
