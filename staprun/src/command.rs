//! The command of -c, and those of system().

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use nix::unistd::Pid;

use crate::sys;

/// What only a shell understands.
const METACHARACTERS: &[u8] = b"|&;<>()$`\\\"'*?[]#~=%\n";

/// A command's standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdin {
    /// That of stapio.
    Shared,
    /// Nothing, for the script reads that of stapio.
    Empty,
}

/// A command that waits for its release.
pub trait Command {
    /// Its process id.
    fn pid(&self) -> i32;

    /// Lets it run; a second release does nothing.
    fn release(&mut self, stdin: Stdin) -> io::Result<()>;
}

/// A process of ours that waits to become the command.  It ends when it is dropped before its release.
pub struct HeldCommand {
    pid: Pid,
    gate: Option<File>,
}

impl HeldCommand {
    /// Forks the process that will run `command`.
    pub fn start(command: &OsStr) -> io::Result<Self> {
        let words = words(command.as_bytes())?;
        let (wait, gate): (OwnedFd, OwnedFd) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        let pid = sys::process::fork_held(&words, wait, &gate)?;
        Ok(Self { pid, gate: Some(gate.into()) })
    }
}

impl Command for HeldCommand {
    fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    fn release(&mut self, stdin: Stdin) -> io::Result<()> {
        match self.gate.take() {
            Some(mut gate) => gate.write_all(&[sys::process::gate_byte(stdin == Stdin::Empty)]),
            None => Ok(()),
        }
    }
}

/// The argument vector: the command's own words, or a shell's.
fn words(command: &[u8]) -> io::Result<Vec<CString>> {
    let shell = command.iter().any(|byte| METACHARACTERS.contains(byte));
    let words: Vec<&[u8]> = if shell {
        vec![b"/bin/sh", b"-c", command]
    } else {
        command.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect()
    };
    if words.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is empty"));
    }
    Ok(words.into_iter().map(CString::new).collect::<Result<_, _>>()?)
}

/// Runs a command of system() and does not wait for it.
pub fn run_shell(command: &[u8]) -> io::Result<()> {
    let mut shell = std::process::Command::new("/bin/sh");
    shell.arg("-c").arg(OsStr::from_bytes(command));
    sys::process::detach(&mut shell);
    // The process left behind is a grandchild: the child that this waits for ends at once.
    shell.status().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(command: &str) -> Vec<String> {
        let words = words(command.as_bytes()).unwrap();
        words.into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn a_shell_is_used_only_where_it_is_needed() {
        assert_eq!(split(" ls  -l /tmp "), ["ls", "-l", "/tmp"]);
        assert_eq!(split("ls | wc"), ["/bin/sh", "-c", "ls | wc"]);
        assert_eq!(split("A=1 env"), ["/bin/sh", "-c", "A=1 env"]);
        assert!(words(b"  ").is_err());
        assert!(words(b"a\0b").is_err());
    }

    #[test]
    fn a_command_waits_for_its_release() {
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().join("mark");
        let mut text = std::ffi::OsString::from("touch ");
        text.push(&mark);
        let mut held = HeldCommand::start(&text).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!mark.exists());
        held.release(Stdin::Shared).unwrap();
        held.release(Stdin::Shared).unwrap();
        let status = nix::sys::wait::waitpid(held.pid, None).unwrap();
        assert_eq!(status, nix::sys::wait::WaitStatus::Exited(held.pid, 0));
        assert!(mark.exists());
    }

    #[test]
    fn a_command_never_released_does_not_run() {
        let held = HeldCommand::start(OsStr::new("false")).unwrap();
        let pid = held.pid;
        drop(held);
        let status = nix::sys::wait::waitpid(pid, None).unwrap();
        assert_eq!(status, nix::sys::wait::WaitStatus::Exited(pid, 0));
    }

    #[test]
    fn an_unknown_command_gives_127() {
        let mut held = HeldCommand::start(OsStr::new("/no/such/program")).unwrap();
        held.release(Stdin::Shared).unwrap();
        let status = nix::sys::wait::waitpid(held.pid, None).unwrap();
        assert_eq!(status, nix::sys::wait::WaitStatus::Exited(held.pid, 127));
    }

    #[test]
    fn a_shell_of_system_is_not_waited_for() {
        let begun = std::time::Instant::now();
        run_shell(b"exec sleep 60 >/dev/null 2>&1").unwrap();
        assert!(begun.elapsed() < std::time::Duration::from_secs(40));
    }
}
