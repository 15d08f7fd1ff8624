//! Signals and children of stapio, as events.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getppid};

use crate::events::{Ending, Event, Events, Way};

/// The signals that stapio and staprun take as events, SIGCHLD included.
pub fn blocked() -> SigSet {
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGCHLD].into_iter().collect()
}

/// Blocks them and opens a descriptor that tells of them.
pub fn open() -> nix::Result<SignalFd> {
    let signals = blocked();
    signals.thread_block()?;
    SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}

/// Waits for signals, for the command of -c and for the control channel.
pub struct Waiter {
    signals: SignalFd,
    control: OwnedFd,
    command: Option<Pid>,
    staprun: Pid,
}

impl Waiter {
    /// `control` is another descriptor of the control channel.
    pub fn new(signals: SignalFd, control: OwnedFd, command: Option<Pid>) -> Self {
        Self { signals, control, command, staprun: getppid() }
    }

    fn take_signals(&mut self, events: &mut Vec<Event>) -> nix::Result<()> {
        while let Some(info) = self.signals.read_signal()? {
            match Signal::try_from(info.ssi_signo.cast_signed()) {
                Ok(Signal::SIGINT) => events.push(Event::Interrupt(self.way(&info))),
                Ok(Signal::SIGCHLD) => events.extend(self.reap()),
                _ => events.push(Event::Terminate(self.way(&info))),
            }
        }
        Ok(())
    }

    fn way(&self, info: &siginfo) -> Way {
        let from_process = info.ssi_code <= 0;
        let passed_on = from_process && Pid::from_raw(info.ssi_pid.cast_signed()) == self.staprun;
        if passed_on { Way::PassedOn } else { Way::Straight }
    }

    fn reap(&mut self) -> Option<Event> {
        let ending = match waitpid(self.command?, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(_, status)) => Ending::Status(status),
            Ok(WaitStatus::Signaled(_, signal, _)) => Ending::Signal(signal),
            _ => return None,
        };
        self.command = None;
        Some(Event::CommandEnded(ending))
    }
}

impl Events for Waiter {
    fn wait(&mut self, patience: Duration) -> io::Result<Vec<Event>> {
        let mut fds = [
            PollFd::new(self.control.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
        ];
        // Rounded up, for a wait that ends a moment too soon would only be repeated.
        let patience = PollTimeout::try_from(patience.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, patience) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [control, signals] = fds.map(|fd| fd.any().unwrap_or(true));
        let mut events = Vec::new();
        if signals {
            self.take_signals(&mut events)?;
        }
        if control {
            events.push(Event::Control);
        }
        Ok(events)
    }
}
