//! staprun while stapio runs: passes signals on and waits.

use std::process::{Child, Command};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::signalfd::{SignalFd, siginfo};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::os::fd::AsFd;

use crate::error::{Error, Result};
use crate::signals;

/// How stapio ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With this exit code.
    Exit(i32),
    /// By this signal.
    Killed(Signal),
}

/// Keeps signals from ending this process; they are read from the descriptor instead.
pub fn hold_signals() -> Result<SignalFd> {
    signals::open().map_err(|error| Error::refused(format!("cannot take signals: {error}")))
}

/// Runs stapio to its end.
pub fn run(mut command: Command, signals: &mut SignalFd) -> Result<End> {
    let program = command.get_program().to_owned();
    let child = command
        .spawn()
        .map_err(|error| Error::refused(format!("cannot run {}: {error}", program.display())))?;
    let pid = pid_of(&child);
    loop {
        while let Ok(Some(signal)) = signals.read_signal() {
            pass_on(&signal, pid);
        }
        match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(_, code)) => return Ok(End::Exit(code)),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(End::Killed(signal)),
            Ok(_) => {}
            Err(error) => return Err(Error::runtime(format!("lost stapio: {error}"))),
        }
        let mut fds = [PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        // An interrupted wait is repeated like one that ended.
        let _ = poll(&mut fds, PollTimeout::NONE);
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// What the terminal sends reaches stapio by itself; what a process sends to staprun is meant for the session.
fn pass_on(info: &siginfo, stapio: Pid) {
    let from_process = info.ssi_code <= 0;
    match Signal::try_from(info.ssi_signo.cast_signed()) {
        Ok(Signal::SIGCHLD) | Err(_) => {}
        Ok(signal) if from_process => drop(kill(stapio, signal)),
        Ok(_) => {}
    }
}
