//! The files of a loaded module: `/proc/systemtap/MODULE/.cmd` and `traceN`.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;

use crate::error::{Error, Result};
use crate::input::Input;
use crate::kernel::Kernel;
use crate::messages::{CpuStatus, FromModule, MESSAGE_MAX, ToModule};
use crate::sys;

/// Where all modules have their files.
pub const ROOT: &str = "/proc/systemtap";

/// How long another opener of the control file may take to go away: staprun closes it just before.
const BUSY_PATIENCE: Duration = Duration::from_secs(5);
const BUSY_STEP: Duration = Duration::from_millis(10);

/// The files of one module.
pub struct Control {
    directory: PathBuf,
    command: File,
    channels: Vec<Option<File>>,
    message: Box<[u8; MESSAGE_MAX]>,
    sender: Option<Sending>,
    input: Option<Input>,
}

/// The thread that sends, so that the session goes on meanwhile: a start runs the begin probes and a stop the end
/// probes before the kernel's write returns, and their output must be taken.
struct Sending {
    messages: Sender<Vec<u8>>,
    failures: Receiver<io::Error>,
    /// Messages whose write has not returned.
    pending: Arc<AtomicUsize>,
}

impl Sending {
    fn start(command: File) -> io::Result<Self> {
        let (messages, to_send) = channel::<Vec<u8>>();
        let (tell, failures) = channel();
        let pending = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&pending);
        std::thread::Builder::new().name("control".into()).spawn(move || {
            for message in to_send {
                let written = write_message(&command, &message);
                left.fetch_sub(1, Ordering::Release);
                if let Err(error) = written
                    && tell.send(error).is_err()
                {
                    return;
                }
            }
        })?;
        Ok(Self { messages, failures, pending })
    }
}

/// The folder of this module's files.
pub fn directory(module: &str) -> PathBuf {
    Path::new(ROOT).join(module)
}

/// Opens a module's control file, waiting this long for another opener to go away.
pub fn open_patiently(module: &str, patience: Duration) -> io::Result<File> {
    let begun = Instant::now();
    loop {
        match open_command(module) {
            Err(error) if is_busy(&error) && begun.elapsed() < patience => std::thread::sleep(BUSY_STEP),
            opened => return opened,
        }
    }
}

/// One opener at a time is let in.
fn open_command(module: &str) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_NOFOLLOW)
        .open(directory(module).join(".cmd"))
}

impl Control {
    /// Opens the control file, waiting a little for another opener.
    pub fn open(module: &str) -> Result<Self> {
        let command = open_patiently(module, BUSY_PATIENCE).map_err(|error| cannot_open(module, &error))?;
        let directory = directory(module);
        let message = Box::new([0; MESSAGE_MAX]);
        Ok(Self { directory, command, channels: Vec::new(), message, sender: None, input: None })
    }

    /// Sends one message and waits until the module has taken it.
    pub fn send_now(&self, message: &ToModule) -> io::Result<()> {
        write_message(&self.command, &message.encode())
    }

    /// The failure of a message sent before.
    fn check_sending(&self) -> io::Result<()> {
        match self.sender.as_ref().and_then(|sender| sender.failures.try_recv().ok()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Another descriptor of the control file, to poll.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        Ok(self.command.try_clone()?.into())
    }
}

/// At an offset: the kernel lets no read and write of the same open file run at once, unless they have one.
fn write_message(command: &File, bytes: &[u8]) -> io::Result<()> {
    let count = command.write_at(bytes, 0)?;
    if count == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Whether the control file has another opener.
pub fn is_busy(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EBUSY)
}

fn cannot_open(module: &str, error: &io::Error) -> Error {
    let path = directory(module).join(".cmd");
    let refused = Error::refused(format!("cannot open the control file {}: {error}", path.display()));
    match error.raw_os_error() {
        Some(libc::ENOENT) => {
            refused.help(format!("is module {module} loaded, and was it built by this version of stap?"))
        }
        Some(libc::EBUSY) => refused.help("another stapio serves this module"),
        Some(libc::EACCES) => refused.help("only the user who loaded the module and root may open it"),
        _ => refused,
    }
}

/// A read that finds nothing is no error.
fn nothing_now(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(0),
        other => other,
    }
}

impl Kernel for Control {
    fn receive(&mut self) -> io::Result<Option<FromModule>> {
        self.check_sending()?;
        let count = nothing_now(self.command.read_at(&mut self.message[..], 0))?;
        if count == 0 {
            return Ok(None);
        }
        let decoded = FromModule::decode(&self.message[..count]);
        decoded.map(Some).map_err(|malformed| io::Error::other(malformed.to_string()))
    }

    fn send(&mut self, message: &ToModule) -> io::Result<()> {
        let sender = match &mut self.sender {
            Some(sender) => sender,
            none => none.insert(Sending::start(self.command.try_clone()?)?),
        };
        sender.pending.fetch_add(1, Ordering::Relaxed);
        sender.messages.send(message.encode()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn is_busy(&self) -> bool {
        self.sender.as_ref().is_some_and(|sender| sender.pending.load(Ordering::Acquire) > 0)
    }

    fn give_up_start(&mut self) -> io::Result<()> {
        Ok(sys::ioctl::give_up(&self.command)?)
    }

    fn open_channels(&mut self, nr_cpus: u32) -> io::Result<()> {
        for cpu in 0..nr_cpus {
            let path = self.directory.join(format!("trace{cpu}"));
            let opened = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path);
            match opened {
                Ok(channel) => self.channels.push(Some(channel)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.channels.push(None),
                Err(error) => return Err(error),
            }
        }
        if self.channels.iter().all(Option::is_none) {
            return Err(io::Error::other("it has no trace files"));
        }
        Ok(())
    }

    fn feed_input(&mut self) -> io::Result<bool> {
        self.input = Input::start(&self.directory)?;
        Ok(self.input.is_some())
    }

    fn watermark(&mut self) -> io::Result<u64> {
        Ok(sys::ioctl::watermark(&self.command)?)
    }

    fn read_channel(&mut self, cpu: u32, into: &mut [u8]) -> io::Result<usize> {
        match self.channels.get_mut(cpu as usize) {
            Some(Some(channel)) => nothing_now(channel.read(into)),
            _ => Ok(0),
        }
    }

    fn cpu_status(&mut self, cpu: u32) -> io::Result<Option<CpuStatus>> {
        if !matches!(self.channels.get(cpu as usize), Some(Some(_))) {
            return Ok(None);
        }
        match sys::ioctl::cpu_status(&self.command, cpu) {
            Ok(status) => Ok(Some(status)),
            Err(Errno::EINVAL | Errno::ENODEV) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
