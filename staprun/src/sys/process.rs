//! Processes: the held command of -c, shells of system(), descriptors that must not be inherited.

use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{io, ptr};

use nix::libc;
use nix::sys::signal::SigSet;
use nix::unistd::{ForkResult, Gid, Pid, Uid, fork, setresgid, setresuid};

/// The byte that lets a held command run with an empty standard input.
const WITHOUT_STDIN: u8 = b'0';

/// What lets a held command run: with an empty standard input, or with ours.
pub fn gate_byte(without_stdin: bool) -> u8 {
    if without_stdin { WITHOUT_STDIN } else { b'!' }
}

/// Forks a process that waits for one byte from `wait` ([`gate_byte`]) and then becomes `words`; it ends silently when the other
/// end, `gate`, is closed instead.
///
/// It must be called while the process has one thread: the child runs Rust code between fork and exec.
pub fn fork_held(words: &[CString], wait: OwnedFd, gate: &OwnedFd) -> io::Result<Pid> {
    let mut argv: Vec<*const libc::c_char> = words.iter().map(|word| word.as_ptr()).collect();
    argv.push(ptr::null());
    let Some(program) = words.first() else { return Err(io::ErrorKind::InvalidInput.into()) };
    // SAFETY: the child calls only async-signal-safe functions and execvp, allocates nothing, and never returns.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => become_command(program, &argv, &wait, gate),
    }
}

/// The child's side of [`fork_held`].
fn become_command(program: &CStr, argv: &[*const libc::c_char], wait: &OwnedFd, gate: &OwnedFd) -> ! {
    let mut byte = 0u8;
    // SAFETY: the descriptors and the buffer are this process's own; argv is a null-terminated array of C strings
    // that live in this process's copy of the parent's memory; _exit runs no destructor.
    unsafe {
        libc::close(gate.as_raw_fd());
        loop {
            match libc::read(wait.as_raw_fd(), (&raw mut byte).cast(), 1) {
                1 => break,
                -1 if *libc::__errno_location() == libc::EINTR => {}
                _ => libc::_exit(0),
            }
        }
        if byte == WITHOUT_STDIN {
            let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY);
            libc::dup2(null, libc::STDIN_FILENO);
        }
        reset_signals();
        libc::execvp(program.as_ptr(), argv.as_ptr());
        report_exec_failure(program);
        libc::_exit(127)
    }
}

/// Says on standard error, without allocating, that the command cannot be run.
fn report_exec_failure(program: &CStr) {
    let reason: &[u8] = match nix::errno::Errno::last() {
        nix::errno::Errno::ENOENT => b": command not found\n",
        nix::errno::Errno::EACCES => b": permission denied\n",
        _ => b": cannot be run\n",
    };
    for part in [&b"ERROR: "[..], program.to_bytes(), reason] {
        // SAFETY: the pointer and the length are those of a live slice.
        unsafe { libc::write(libc::STDERR_FILENO, part.as_ptr().cast(), part.len()) };
    }
}

/// Gives a child the signals that a shell would give it.
fn reset_signals() {
    let _ = SigSet::empty().thread_set_mask();
    // SAFETY: SIG_DFL is a valid disposition and installs no handler.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// Makes `command` run in a grandchild, so that nobody has to wait for it, with no descriptor of ours above 2.
pub fn detach(command: &mut Command) {
    let prepare = || {
        reset_signals();
        // SAFETY: called in the child between fork and exec, where only async-signal-safe functions follow.
        match unsafe { fork() }? {
            // SAFETY: _exit runs no destructor and no exit handler of the parent.
            ForkResult::Parent { .. } => unsafe { libc::_exit(0) },
            ForkResult::Child => close_on_exec_from(3),
        }
    };
    // SAFETY: the closure allocates nothing and takes no lock.
    unsafe { command.pre_exec(prepare) };
}

/// Makes `command` run with the rights of this user alone.  The real, the effective and the saved ids are set, so
/// there is no way back; the further groups are the user's own already, which `Command::uid` would drop.
pub fn become_user(command: &mut Command, user: Uid, group: Gid) {
    let drop_rights = move || {
        setresgid(group, group, group)?;
        setresuid(user, user, user)?;
        Ok(())
    };
    // SAFETY: the closure makes two system calls and allocates nothing.
    unsafe { command.pre_exec(drop_rights) };
}

/// Makes a child of `command` start with the usual signals.
pub fn with_default_signals(command: &mut Command) {
    // SAFETY: the closure only sets a signal mask and a disposition.
    unsafe {
        command.pre_exec(|| {
            reset_signals();
            Ok(())
        })
    };
}

/// Marks every descriptor from `first` on as closed on exec.
pub fn close_on_exec_from(first: u32) -> io::Result<()> {
    // SAFETY: CLOSE_RANGE_CLOEXEC changes flags only; no descriptor in use becomes invalid here.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    // Kernels before 5.11 lack the flag; all of our own descriptors carry O_CLOEXEC anyway.
    match nix::errno::Errno::result(result) {
        Ok(_) | Err(nix::errno::Errno::ENOSYS | nix::errno::Errno::EINVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
