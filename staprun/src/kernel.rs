//! What stapio needs of a loaded module; the tests put another module end behind it.

use std::io;

use crate::messages::{CpuStatus, FromModule, ToModule};

/// The module end of a session.
pub trait Kernel {
    /// The next message, if there is one now.
    fn receive(&mut self) -> io::Result<Option<FromModule>>;

    /// Sends one message.
    fn send(&mut self, message: &ToModule) -> io::Result<()>;

    /// Whether the module still works on a message that was sent.
    fn is_busy(&self) -> bool;

    /// Lets a start that is under way register no more probes; the end must be asked for as well.
    fn give_up_start(&mut self) -> io::Result<()>;

    /// Opens the trace channels of CPUs 0 to `nr_cpus` - 1; one that is not there stays silent.
    fn open_channels(&mut self, nr_cpus: u32) -> io::Result<()>;

    /// Hands standard input to the script from now on, when it has probes for that; gives whether it has.
    fn feed_input(&mut self) -> io::Result<bool>;

    /// A time below which every record has reached its channel or is counted as lost.
    fn watermark(&mut self) -> io::Result<u64>;

    /// Reads what one CPU's channel has, without waiting; 0 when it is empty.
    fn read_channel(&mut self, cpu: u32, into: &mut [u8]) -> io::Result<usize>;

    /// Exact state of one CPU's channel; none when that CPU has no channel.
    fn cpu_status(&mut self, cpu: u32) -> io::Result<Option<CpuStatus>>;
}
