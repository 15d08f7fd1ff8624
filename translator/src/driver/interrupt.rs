//! SIGINT, SIGTERM and SIGHUP.
//!
//! Before pass 5 they end stap at once, its temporary directory removed. In pass 5 the session ends as staprun ends
//! it: stap waits, so that the last output and the report are not cut off.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};

use super::scratch;
use crate::host::os;

/// Exit code of a run that a signal ended before pass 5.
const INTERRUPTED: i32 = 1;

/// Signals are taken by a thread while this lives. Threads that are started later leave them to it; programs that
/// the host starts get them as usual.
pub struct Interrupts {
    watcher: JoinHandle<()>,
    stop: OwnedFd,
    running: Arc<AtomicBool>,
}

impl Interrupts {
    /// Starts to take signals.
    pub fn take() -> nix::Result<Interrupts> {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            set.add(signal);
        }
        set.thread_block()?;
        let signals = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        let (stopped, stop) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let running = Arc::new(AtomicBool::new(false));
        let watcher = {
            let running = running.clone();
            std::thread::spawn(move || watch(&signals, &stopped, &running))
        };
        Ok(Interrupts { watcher, stop, running })
    }

    /// From here on staprun decides what a signal means.
    pub fn leave_to_staprun(&self) {
        self.running.store(true, Ordering::Release);
    }

    /// Stops taking signals, which stay queued for whoever asks next.
    pub fn end(self) {
        drop(self.stop);
        // A watcher that panicked has stopped too.
        let _ = self.watcher.join();
    }
}

fn watch(signals: &SignalFd, stopped: &OwnedFd, running: &AtomicBool) {
    loop {
        let wanted = [signals.as_fd(), stopped.as_fd()];
        let mut fds = wanted.map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        // An interrupted wait is repeated.
        let _ = poll(&mut fds, PollTimeout::NONE);
        if fds[1].any().unwrap_or(false) {
            return;
        }
        if let Ok(Some(info)) = signals.read_signal() {
            act(&info, running.load(Ordering::Acquire));
        }
    }
}

/// What the terminal sends reaches the whole group by itself; what a process sends to stap is meant for the session.
fn act(info: &siginfo, running: bool) {
    if !running {
        let _quiet = os::end_programs();
        scratch::remove_doomed();
        os::exit(INTERRUPTED);
    }
    let from_process = info.ssi_code <= 0;
    if from_process && let Ok(signal) = Signal::try_from(info.ssi_signo.cast_signed()) {
        os::signal_foreground(signal);
    }
}
