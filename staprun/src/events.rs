//! What stapio waits for.

use std::io;
use std::time::Duration;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The control channel has a message, or is gone.
    Control,
    /// The user wants to end: SIGINT.
    Interrupt(Way),
    /// Somebody wants the session to end: SIGTERM, SIGHUP, SIGQUIT.
    Terminate(Way),
    /// The command of -c ended.
    CommandEnded(Ending),
}

/// How a signal came to stapio. One that is sent to the whole process group comes both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the terminal, or from whoever sent it.
    Straight,
    /// From staprun, which got it from another process.
    PassedOn,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(nix::sys::signal::Signal),
}

/// The source of events; the tests put a script behind it.
pub trait Events {
    /// Waits for events; none after `patience`.
    fn wait(&mut self, patience: Duration) -> io::Result<Vec<Event>>;
}
