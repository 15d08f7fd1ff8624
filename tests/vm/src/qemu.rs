//! The QEMU command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{SecureBoot, VmError, tools};

/// The streams of a guest: the console, then the virtio-serial ports in the order of their numbers.
pub(crate) const STREAMS: [&str; 4] = ["console", "stdout", "stderr", "control"];

/// What the machine looks like.
pub(crate) struct Machine<'a> {
    pub(crate) image: &'a Path,
    pub(crate) initramfs: &'a Path,
    /// Folder of the sockets, one for each stream.
    pub(crate) sockets: &'a Path,
    pub(crate) cpus: u32,
    pub(crate) memory_mb: u32,
    pub(crate) kernel_args: &'a [String],
    /// One instruction takes one nanosecond of guest time.
    pub(crate) icount: bool,
    /// Each CPU has a thread of its own.
    pub(crate) parallel: bool,
    pub(crate) secure_boot: Option<&'a SecureBoot>,
    pub(crate) host_root: bool,
    pub(crate) share: Option<&'a Path>,
}

/// The program: Debian's name, or RHEL's, which has no 9p.
pub(crate) fn program() -> Result<PathBuf, VmError> {
    tools::find("qemu-system-x86_64").or_else(|| tools::find("qemu-kvm")).ok_or(VmError::NoQemu)
}

/// Whether this QEMU can give the guest a folder of the host.
pub(crate) fn has_9p(program: &Path) -> bool {
    program.file_name().is_some_and(|name| name == "qemu-system-x86_64")
}

/// Whether CPUs may run in parallel while one of them changes the kernel's code.
///
/// Before 8.1 (its commit deba78709ae8) a CPU could keep the translation of code that another one had just replaced, and
/// then ran into a breakpoint that was there no more. A plain kernel whose tracefs enables and disables a kprobe under
/// load dies of it within a minute.
pub(crate) fn is_safe_in_parallel(program: &Path) -> bool {
    let version = Command::new(program).arg("--version").output().ok();
    version.is_some_and(|output| version_of(&String::from_utf8_lossy(&output.stdout)) >= Some((8, 1)))
}

/// `(7, 2)` of `QEMU emulator version 7.2.22 (Debian ...)`.
fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_once("version ")?.1.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Program and arguments. `setpriv` ties QEMU's life to the thread that starts it, so none is left behind.
pub(crate) fn argv(program: &Path, machine: &Machine) -> Vec<OsString> {
    let mut argv = Argv(Vec::new());
    argv.add("setpriv --pdeathsig KILL --").path("", program, "");
    let threads = if machine.parallel { "tcg,thread=multi" } else { "tcg,thread=single" };
    argv.add("-nodefaults -no-user-config -display none -no-reboot -nic none -cpu max -accel").add(threads);
    let cpus = if machine.icount { 1 } else { machine.cpus };
    // Sockets, because the table for kernels without ACPI lists one CPU of each: the debug kernel would see one.
    argv.add(&format!("-smp {cpus},sockets={cpus} -m {}", machine.memory_mb));
    if machine.icount {
        argv.add("-icount shift=0,sleep=off");
    }
    machine_type(&mut argv, machine.secure_boot);
    argv.add("-kernel").path("", machine.secure_boot.map_or(machine.image, |sb| &sb.image), "");
    argv.add("-initrd").path("", machine.initramfs, "");
    argv.add("-append").word(append(machine));
    streams(&mut argv, machine.sockets);
    if machine.host_root {
        argv.add("-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap");
        argv.add("-device virtio-9p-pci,fsdev=root,mount_tag=hostroot");
    }
    if let Some(share) = machine.share {
        argv.add("-fsdev").path("local,id=share,path=", share, ",security_model=none,multidevs=remap");
        argv.add("-device virtio-9p-pci,fsdev=share,mount_tag=share");
    }
    argv.0
}

fn machine_type(argv: &mut Argv, secure_boot: Option<&SecureBoot>) {
    let Some(secure_boot) = secure_boot else {
        argv.add("-machine pc");
        return;
    };
    argv.add("-machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on");
    argv.add("-global ICH9-LPC.disable_s3=1");
    argv.add("-drive").path("if=pflash,unit=0,format=raw,readonly=on,file=", &secure_boot.code, "");
    argv.add("-drive").path("if=pflash,unit=1,format=raw,snapshot=on,file=", &secure_boot.vars, "");
}

fn append(machine: &Machine) -> String {
    // One retry after a panic would hide it; lines below a warning are noise on a console that is judged.
    let mut words = vec!["console=ttyS0 panic=-1 oops=panic loglevel=5 selinux=0 apparmor=0".to_owned()];
    // The kernel counts timer interrupts for a moment and panics when it sees too few: a busy host may deliver none.
    words.push("no_timer_check".to_owned());
    if machine.icount {
        words.push("tsc=reliable".to_owned());
    }
    words.extend_from_slice(machine.kernel_args);
    words.join(" ")
}

fn streams(argv: &mut Argv, sockets: &Path) {
    for name in STREAMS {
        argv.add("-chardev").path(&format!("socket,id={name},path="), &sockets.join(name), "");
    }
    argv.add("-serial chardev:console -device virtio-serial-pci");
    for (number, name) in STREAMS.iter().enumerate().skip(1) {
        argv.add(&format!("-device virtserialport,chardev={name},name={name},nr={number}"));
    }
}

/// Collects words.
struct Argv(Vec<OsString>);

impl Argv {
    /// Adds words divided by blanks.
    fn add(&mut self, words: &str) -> &mut Argv {
        self.0.extend(words.split(' ').map(OsString::from));
        self
    }

    /// Adds one word as it is.
    fn word(&mut self, word: String) -> &mut Argv {
        self.0.push(word.into());
        self
    }

    /// Adds one word that holds a path; QEMU wants commas doubled in option lists.
    fn path(&mut self, before: &str, path: &Path, after: &str) -> &mut Argv {
        let mut word = OsString::from(before);
        if before.is_empty() {
            word.push(path);
        } else {
            word.push(path.to_string_lossy().replace(',', ",,"));
        }
        word.push(after);
        self.0.push(word);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(version_of("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\n"), Some((7, 2)));
        assert_eq!(version_of("QEMU emulator version 10.0.0\n"), Some((10, 0)));
        assert_eq!(version_of("no such thing"), None);
    }
}
