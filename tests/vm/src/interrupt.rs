//! Hands the terminal's interrupts on to the guest, for a guest that stands for a program of the user.

use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// While this lives, SIGINT, SIGTERM and SIGHUP of the calling thread and of threads that it starts are queued here.
pub(crate) struct Interrupts {
    signals: SignalFd,
    before: SigSet,
}

impl Interrupts {
    /// Blocks the signals. `None` when the kernel refuses, in which case they keep their usual effect.
    pub(crate) fn catch() -> Option<Interrupts> {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            set.add(signal);
        }
        let before = set.thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK).ok()?;
        match SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK) {
            Ok(signals) => Some(Interrupts { signals, before }),
            Err(_) => {
                let _ = before.thread_set_mask();
                None
            }
        }
    }

    /// The name of a signal that has come in, as kill(1) knows it.
    pub(crate) fn next(&self) -> Option<&'static str> {
        let mut fds = [PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, PollTimeout::ZERO).ok()? == 0 {
            return None;
        }
        let info = self.signals.read_signal().ok()??;
        match Signal::try_from(info.ssi_signo as i32) {
            Ok(Signal::SIGTERM) => Some("TERM"),
            Ok(Signal::SIGHUP) => Some("HUP"),
            _ => Some("INT"),
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        let _ = self.before.thread_set_mask();
    }
}
