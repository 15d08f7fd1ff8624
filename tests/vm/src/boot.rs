//! One life of a guest: start QEMU, read its streams, end it.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::interrupt::Interrupts;
use crate::qemu::{self, Machine, STREAMS};
use crate::stream::{EndMark, Sink};
use crate::{Verdict, VmError, console};

/// How often the guest's life and the user's interrupts are looked at while nothing is read.
const TICK: Duration = Duration::from_millis(50);

/// What came out of a guest.
#[derive(Debug)]
pub struct VmResult {
    /// The command's exit status; `None` when the guest ended before it.
    pub status: Option<i32>,
    /// What the command wrote to standard output, unless it was streamed.
    pub stdout: Vec<u8>,
    /// What the command wrote to standard error, unless it was streamed.
    pub stderr: Vec<u8>,
    /// Everything the guest's kernel said.
    pub console: String,
    /// Whether the guest itself fared well.
    pub verdict: Verdict,
    /// From the start of QEMU to its end.
    pub elapsed: Duration,
}

impl VmResult {
    /// The end of the console, for an error message.
    pub fn console_tail(&self, lines: usize) -> String {
        let all: Vec<&str> = self.console.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

/// How long a guest may live.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// In all.
    pub(crate) life: Duration,
    /// Without a byte on standard output or error.
    pub(crate) silence: Duration,
}

/// What the threads that read the streams tell the thread that waits.
enum Event {
    /// The guest has sent some of standard output or error.
    Heard,
    /// The guest has sent the whole of standard output or error.
    StreamWhole,
    /// The caller's reader of standard output or error has gone.
    Unread,
    /// A line from guest.sh.
    Control(String),
    /// QEMU has closed the console: it is gone.
    Gone,
}

/// Boots the machine and waits for its end. The first two sinks take standard output and error.
pub(crate) fn boot(
    program: &Path,
    machine: &Machine,
    limits: Limits,
    sinks: [Sink; 2],
    interrupts: Option<&Interrupts>,
) -> Result<VmResult, VmError> {
    let started = Instant::now();
    let mut qemu = Qemu::start(program, machine)?;
    let [console, stdout, stderr, control] = qemu.connect(machine.sockets)?;
    let mut commands = control.try_clone().map_err(VmError::file(machine.sockets))?;
    let (events, received) = channel();
    let [out_sink, err_sink] = sinks;
    let threads = [
        read_stream(stdout, out_sink, events.clone()),
        read_stream(stderr, err_sink, events.clone()),
        read_console(console, events.clone()),
    ];
    let control = read_control(control, events);
    let mut waiting = Waiting { status: None, left: None, whole: 0, interrupted: 0, heard: started };
    let end = waiting.wait(&received, started, limits, interrupts, &mut commands);
    qemu.kill();
    let _ = control.join();
    let [stdout, stderr, console] = threads.map(|thread| thread.join().unwrap_or_default());
    let console = String::from_utf8_lossy(&console).into_owned();
    let verdict = waiting.verdict(end, &console);
    Ok(VmResult { status: waiting.status, stdout, stderr, console, verdict, elapsed: started.elapsed() })
}

/// Why the wait ended.
#[derive(PartialEq)]
enum End {
    Whole,
    Gone,
    Timeout,
    Interrupted,
}

/// What is known of the guest so far.
struct Waiting {
    status: Option<i32>,
    left: Option<String>,
    whole: u32,
    interrupted: u32,
    heard: Instant,
}

impl Waiting {
    fn wait(
        &mut self,
        events: &Receiver<Event>,
        started: Instant,
        limits: Limits,
        interrupts: Option<&Interrupts>,
        commands: &mut UnixStream,
    ) -> End {
        loop {
            match events.recv_timeout(TICK) {
                Ok(Event::Heard) => self.heard = Instant::now(),
                Ok(Event::StreamWhole) => self.whole += 1,
                Ok(Event::Control(line)) => self.control(&line),
                // As SIGPIPE would end a program of the host.
                Ok(Event::Unread) if !self.interrupt("INT", commands) => return End::Interrupted,
                Ok(Event::Gone) => return End::Gone,
                Ok(Event::Unread) | Err(_) => {}
            }
            if self.whole == 2 && self.status.is_some() {
                return End::Whole;
            }
            if started.elapsed() >= limits.life || self.heard.elapsed() >= limits.silence {
                return End::Timeout;
            }
            if let Some(signal) = interrupts.and_then(Interrupts::next)
                && !self.interrupt(signal, commands)
            {
                return End::Interrupted;
            }
        }
    }

    /// Hands a signal to the command; false when it had its chances.
    fn interrupt(&mut self, signal: &str, commands: &mut UnixStream) -> bool {
        self.interrupted += 1;
        self.interrupted <= 2 && writeln!(commands, "{signal}").is_ok()
    }

    fn control(&mut self, line: &str) {
        match line.split_once(' ') {
            Some(("status", status)) => self.status = status.parse().ok(),
            Some(("left", names)) => self.left = Some(names.to_owned()),
            _ => {}
        }
    }

    fn verdict(&self, end: End, console: &str) -> Verdict {
        if let Some(line) = console::complaint(console) {
            return Verdict::Kernel(line.to_owned());
        }
        match (end, &self.left) {
            (End::Timeout, _) => Verdict::Timeout,
            (End::Interrupted, _) => Verdict::Interrupted,
            (End::Gone, _) => Verdict::Died,
            (End::Whole, Some(names)) => Verdict::ModuleLeft(names.clone()),
            (End::Whole, None) => Verdict::Ok,
        }
    }
}

/// The running emulator. It is killed when this goes.
struct Qemu {
    child: Child,
    listeners: Vec<UnixListener>,
    log: std::path::PathBuf,
}

impl Qemu {
    fn start(program: &Path, machine: &Machine) -> Result<Qemu, VmError> {
        let listeners = STREAMS
            .iter()
            .map(|name| {
                let listener = UnixListener::bind(machine.sockets.join(name))?;
                listener.set_nonblocking(true)?;
                Ok(listener)
            })
            .collect::<io::Result<Vec<_>>>()
            .map_err(VmError::file(machine.sockets))?;
        let log = machine.sockets.join("qemu.log");
        let log_file = fs::File::create(&log).map_err(VmError::file(&log))?;
        let argv = qemu::argv(program, machine);
        let child = Command::new(&argv[0])
            .args(&argv[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log_file)
            // The terminal's interrupt goes to us, and we hand it to the command in the guest.
            .process_group(0)
            .spawn()
            .map_err(VmError::file(program))?;
        Ok(Qemu { child, listeners, log })
    }

    /// QEMU connects to all sockets before it starts the guest, or ends with a message.
    fn connect(&mut self, sockets: &Path) -> Result<[UnixStream; 4], VmError> {
        let mut streams = Vec::new();
        while let Some(listener) = self.listeners.get(streams.len()) {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).map_err(VmError::file(sockets))?;
                    streams.push(stream);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                        return Err(VmError::Qemu(fs::read_to_string(&self.log).unwrap_or_default()));
                    }
                    thread::sleep(Duration::from_millis(2));
                }
                Err(error) => return Err(VmError::file(sockets)(error)),
            }
        }
        streams.try_into().map_err(|_| VmError::Qemu("a stream did not connect".to_owned()))
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        self.kill();
    }
}

type Reader = thread::JoinHandle<Vec<u8>>;

/// Reads standard output or error up to the end mark; gives back what the sink kept.
fn read_stream(mut stream: UnixStream, mut sink: Sink, events: Sender<Event>) -> Reader {
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        let mut mark = EndMark::default();
        let mut read = true;
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            let mut taken = true;
            let _ = events.send(Event::Heard);
            if mark.feed(&buffer[..count], |bytes| taken &= sink.write(bytes)) {
                let _ = events.send(Event::StreamWhole);
            }
            if read && !taken {
                read = false;
                let _ = events.send(Event::Unread);
            }
        }
        mark.rest(|bytes| {
            sink.write(bytes);
        });
        sink.kept()
    })
}

fn read_console(mut stream: UnixStream, events: Sender<Event>) -> Reader {
    thread::spawn(move || {
        let mut console = Vec::new();
        let _ = stream.read_to_end(&mut console);
        let _ = events.send(Event::Gone);
        console
    })
}

fn read_control(stream: UnixStream, events: Sender<Event>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let lines = io::BufRead::lines(io::BufReader::new(stream));
        for line in lines.map_while(Result::ok) {
            let _ = events.send(Event::Control(line));
        }
    })
}
