//! A session from the first message to the last record: stapio's loop.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::command::{Command, Stdin};
use crate::error::{Error, Exit, Result};
use crate::events::{Ending, Event, Events, Way};
use crate::kernel::Kernel;
use crate::messages::{ABI_VERSION, ExitSummary, FromModule, SYSTEM_MAX, ToModule, Transport};
use crate::notices::Notices;
use crate::output::{Output, WriteFailure};
use crate::pace::Pace;
use crate::print::{self, Log};
use crate::relay::{CpuLoss, Failure, Relay, Round};

/// Signals after which the session ends at once, whatever is left behind.
const PATIENCE_OF_USERS: u32 = 3;

/// How often the connection's time-out is looked at.
const CONNECT_STEP: Duration = Duration::from_millis(50);

/// How often the end of a command is looked for; it is an event of its own.
const COMMAND_STEP: Duration = Duration::from_secs(1);

/// How long the module may take for each step.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// To its first message.
    pub connect: Duration,
    /// To tell that it has started, once it has taken the message.
    pub start: Duration,
    /// To tell that it has stopped, likewise.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(15), start: seconds(180), stop: seconds(120) }
    }
}

/// What a session needs to know.
pub struct Settings {
    /// The module's name.
    pub module: String,
    /// What target() gives when there is no command.
    pub target: i32,
    /// -w
    pub no_warnings: bool,
    /// -T
    pub interval: Option<Duration>,
    /// Messages of -v.
    pub log: Log,
    /// Time-outs.
    pub limits: Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Connecting,
    Starting,
    Running,
    Stopping,
    Stopped,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "answer",
            Self::Starting => "start",
            Self::Running | Self::Stopping | Self::Stopped => "stop",
        })
    }
}

/// What the session came to, apart from errors that ended it at once.
#[derive(Debug, Default)]
struct Outcome {
    start_error: Option<i32>,
    summary: ExitSummary,
    command_ran: bool,
    command_failed: bool,
    output_lost: bool,
}

impl Outcome {
    /// The first of 7, 9, 10, 8 that holds.
    fn exit(&self) -> Exit {
        if self.start_error.is_some() {
            Exit::LoadRefused
        } else if self.summary.failed {
            Exit::Runtime
        } else if self.command_failed {
            Exit::CommandFailed
        } else if self.output_lost {
            Exit::OutputLost
        } else {
            Exit::Ok
        }
    }
}

/// Signals that asked for the end, by the way they came.
#[derive(Default)]
struct Interrupts {
    straight: u32,
    passed_on: u32,
}

impl Interrupts {
    /// Counts a signal; false when it is one that has come the other way already.
    fn count(&mut self, way: Way) -> bool {
        let before = self.total();
        match way {
            Way::Straight => self.straight += 1,
            Way::PassedOn => self.passed_on += 1,
        }
        self.total() > before
    }

    /// How many were sent: those to the whole process group came twice.
    fn total(&self) -> u32 {
        self.straight.max(self.passed_on)
    }
}

/// One session.
pub struct Session<'a, K, E> {
    settings: Settings,
    kernel: &'a mut K,
    events: &'a mut E,
    output: Option<Output>,
    command: Option<Box<dyn Command>>,
    relay: Relay,
    notices: Notices,
    phase: Phase,
    deadline: Option<Instant>,
    pace: Pace,
    interrupts: Interrupts,
    outcome: Outcome,
}

impl<'a, K: Kernel, E: Events> Session<'a, K, E> {
    /// A session with a module that has been loaded.
    pub fn new(
        settings: Settings,
        kernel: &'a mut K,
        events: &'a mut E,
        output: Output,
        command: Option<Box<dyn Command>>,
    ) -> Self {
        Self {
            notices: Notices::new(settings.no_warnings, settings.log.level()),
            pace: Pace::new(settings.interval),
            deadline: Some(Instant::now() + settings.limits.connect),
            phase: Phase::Connecting,
            relay: Relay::new(0),
            interrupts: Interrupts::default(),
            outcome: Outcome::default(),
            output: Some(output),
            settings,
            kernel,
            events,
            command,
        }
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Result<Exit> {
        while self.phase != Phase::Stopped {
            self.wait()?;
            if matches!(self.phase, Phase::Starting | Phase::Running | Phase::Stopping) {
                self.take_due_output()?;
            }
            self.check_deadline()?;
        }
        self.close()?;
        self.wait_for_command()?;
        Ok(self.outcome.exit())
    }

    fn wait(&mut self) -> Result<()> {
        let connecting = self.phase == Phase::Connecting;
        let patience = if connecting { CONNECT_STEP } else { self.pace.patience() };
        for event in self.events.wait(patience).map_err(|error| self.lost_contact(&error))? {
            match event {
                Event::Control => self.messages()?,
                Event::Interrupt(way) => self.interrupted(true, way)?,
                Event::Terminate(way) => self.interrupted(false, way)?,
                Event::CommandEnded(ending) => self.command_ended(ending)?,
            }
        }
        Ok(())
    }

    fn messages(&mut self) -> Result<()> {
        while self.phase != Phase::Stopped {
            let received = self.kernel.receive().map_err(|error| self.lost_contact(&error))?;
            let Some(message) = received else { break };
            self.settings.log.trace(format_args!("received {message:?}"));
            self.message(message)?;
        }
        Ok(())
    }

    fn message(&mut self, message: FromModule) -> Result<()> {
        match message {
            FromModule::Transport(transport) => self.connected(transport),
            FromModule::Started { result, by_ftrace } => self.started(result, by_ftrace),
            FromModule::Exited(summary) => {
                self.outcome.summary = summary;
                self.phase = Phase::Stopped;
                Ok(())
            }
            FromModule::Notice(text) => self.notice(text),
            FromModule::System(command) => self.system(&command),
            FromModule::RequestExit => self.stop(),
            FromModule::Other(_) => Ok(()),
        }
    }

    fn connected(&mut self, transport: Transport) -> Result<()> {
        if transport.abi_version != ABI_VERSION {
            return Err(Error::refused(format!(
                "module {} speaks version {} of the module interface, this stapio version {ABI_VERSION}",
                self.settings.module, transport.abi_version
            ))
            .help("build the module again with the stap of this installation"));
        }
        if self.phase != Phase::Connecting {
            return Ok(());
        }
        self.kernel.open_channels(transport.nr_cpus).map_err(|error| self.lost_contact(&error))?;
        self.relay = Relay::new(transport.nr_cpus);
        self.settings.log.detail(format_args!(
            "{} CPUs with a buffer of {} kB each",
            transport.nr_cpus,
            transport.buffer_bytes >> 10
        ));
        let target = self.command.as_ref().map_or(self.settings.target, |command| command.pid());
        self.phase = Phase::Starting;
        self.deadline = Some(Instant::now() + self.settings.limits.start);
        self.send(&ToModule::Start(target))
    }

    fn started(&mut self, result: i32, by_ftrace: u32) -> Result<()> {
        if result != 0 {
            self.outcome.start_error = Some(result);
            let reason = nix::errno::Errno::from_raw(result.wrapping_neg()).desc();
            print::error_line(format_args!(
                "ERROR: module {} did not start: {reason} (rc {result})",
                self.settings.module
            ));
            return self.stop();
        }
        self.settings.log.step(match by_ftrace {
            0 => "the module has started".to_owned(),
            _ => format!("the module has started, ftrace carries {by_ftrace} of its probes"),
        });
        // A signal may have asked for the end meanwhile; then the command never runs.
        if self.phase != Phase::Starting {
            return Ok(());
        }
        self.phase = Phase::Running;
        self.deadline = None;
        let fed = self.kernel.feed_input();
        let fed = fed.unwrap_or_else(|error| {
            print::error_line(format_args!("WARNING: the script's input probes get nothing: {error}"));
            false
        });
        self.release_command(if fed { Stdin::Empty } else { Stdin::Shared })
    }

    fn release_command(&mut self, stdin: Stdin) -> Result<()> {
        let Some(command) = &mut self.command else { return Ok(()) };
        self.outcome.command_ran = true;
        command
            .release(stdin)
            .map_err(|error| Error::new(Exit::CommandFailed, format!("the command of -c is gone: {error}")))
    }

    /// What was printed before the notice shows before it, as far as that takes no time.
    fn notice(&mut self, text: Vec<u8>) -> Result<()> {
        let Some(line) = self.notices.take(text) else { return Ok(()) };
        self.take_output()?;
        if let Some(output) = &mut self.output {
            let written = output.flush(Duration::from_millis(20));
            self.written(written.map(drop))?;
        }
        print::error_bytes(&line);
        Ok(())
    }

    fn system(&mut self, command: &[u8]) -> Result<()> {
        let command = &command[..command.len().min(SYSTEM_MAX)];
        self.take_output()?;
        if let Err(error) = crate::command::run_shell(command) {
            print::error_line(format_args!("WARNING: system(): cannot run /bin/sh: {error}"));
        }
        Ok(())
    }

    fn command_ended(&mut self, ending: Ending) -> Result<()> {
        match ending {
            Ending::Status(0) => {}
            // The user ended both by one key.
            Ending::Signal(Signal::SIGINT) if self.interrupts.total() > 0 => {}
            Ending::Status(status) => self.command_failed(format_args!("status {status}")),
            Ending::Signal(signal) => {
                self.command_failed(format_args!("signal {} ({})", signal as i32, signal.as_str()));
            }
        }
        self.command = None;
        self.stop()
    }

    fn command_failed(&mut self, how: fmt::Arguments<'_>) {
        self.outcome.command_failed = true;
        if !self.settings.no_warnings {
            print::error_line(format_args!("WARNING: Child process exited with {how}"));
        }
    }

    /// With -c an interrupt from the terminal reaches the command too, whose end ends the session.
    fn interrupted(&mut self, by_user: bool, way: Way) -> Result<()> {
        if !self.interrupts.count(way) {
            return Ok(());
        }
        if self.interrupts.total() >= PATIENCE_OF_USERS {
            return Err(Error::runtime("ended at once after three signals; output may be missing"));
        }
        if by_user && way == Way::Straight && self.command.is_some() {
            return Ok(());
        }
        self.stop()
    }

    /// Asks the module to stop, once.
    fn stop(&mut self) -> Result<()> {
        match self.phase {
            Phase::Stopping | Phase::Stopped => return Ok(()),
            Phase::Connecting | Phase::Starting | Phase::Running => {}
        }
        if self.phase == Phase::Starting {
            self.kernel.give_up_start().map_err(|error| self.lost_contact(&error))?;
        }
        self.phase = Phase::Stopping;
        self.deadline = Some(Instant::now() + self.settings.limits.stop);
        self.settings.log.step("stopping the module");
        self.send(&ToModule::Exit)
    }

    fn send(&mut self, message: &ToModule) -> Result<()> {
        self.settings.log.trace(format_args!("sending {message:?}"));
        self.kernel.send(message).map_err(|error| self.lost_contact(&error))
    }

    fn lost_contact(&self, error: &io::Error) -> Error {
        Error::runtime(format!("lost contact with module {}: {error}", self.settings.module))
            .help("another program may have removed it")
    }

    /// A module that is at work, on thousands of probes say, has the time it takes; three signals end the wait.
    fn check_deadline(&self) -> Result<()> {
        match self.deadline {
            Some(deadline)
                if self.phase != Phase::Stopped && Instant::now() >= deadline && !self.kernel.is_busy() =>
            {
                let name = &self.settings.module;
                Err(Error::runtime(format!("module {name} did not {} in time", self.phase))
                    .help(format!("see the kernel's log (dmesg); \"staprun -d {name}\" removes the module")))
            }
            _ => Ok(()),
        }
    }

    fn take_due_output(&mut self) -> Result<()> {
        if self.pace.is_due() { self.take_output() } else { Ok(()) }
    }

    fn take_output(&mut self) -> Result<()> {
        let Some(output) = &mut self.output else {
            self.pace.after(Round::default());
            return Ok(());
        };
        match self.relay.round(self.kernel, output) {
            Ok(round) => {
                self.pace.after(round);
                Ok(())
            }
            Err(Failure::Read(error)) => Err(self.lost_contact(&error)),
            Err(Failure::Write(failure)) => self.written(Err(failure)),
        }
    }

    /// An output that cannot be written ends the session; a reader that has seen enough ends it quietly.
    fn written(&mut self, result: std::result::Result<(), WriteFailure>) -> Result<()> {
        let Err(failure) = result else { return Ok(()) };
        self.output = None;
        if !failure.is_closed() {
            self.outcome.output_lost = true;
            print::error_line(format_args!(
                "ERROR: the output cannot be written: {}; it ends after {} bytes",
                failure.error, failure.written
            ));
        }
        self.stop()
    }

    /// Takes what the stopped module has left, and reports what was lost.
    fn close(&mut self) -> Result<()> {
        while let Some(output) = &mut self.output {
            match self.relay.last_round(self.kernel, output) {
                Ok(round) if !round.backlog => break,
                Ok(_) => {}
                Err(Failure::Read(error)) => return Err(self.lost_contact(&error)),
                Err(Failure::Write(failure)) => self.written(Err(failure))?,
            }
            self.wait_while_closing(Duration::ZERO)?;
        }
        self.close_output()?;
        if self.relay.is_corrupt() {
            self.outcome.output_lost = true;
        }
        self.report_summary();
        Ok(())
    }

    fn close_output(&mut self) -> Result<()> {
        let Some(output) = &mut self.output else { return Ok(()) };
        let losses = self.relay.finish(self.kernel, output);
        let losses = losses.map_err(|error| self.lost_contact(&error))?;
        while let Some(output) = &mut self.output {
            match output.flush(Duration::from_millis(50)) {
                Ok(true) => break,
                Ok(false) => self.wait_while_closing(Duration::ZERO)?,
                Err(failure) => self.written(Err(failure))?,
            }
        }
        if let Some(output) = self.output.take() {
            output.close();
        }
        self.report_losses(&losses);
        Ok(())
    }

    /// A reader of ours that is slow may take its time, unless the user has had enough.
    fn wait_while_closing(&mut self, patience: Duration) -> Result<()> {
        for event in self.events.wait(patience).map_err(|error| self.lost_contact(&error))? {
            match event {
                Event::Interrupt(way) | Event::Terminate(way) => self.interrupted(false, way)?,
                Event::CommandEnded(ending) => self.command_ended(ending)?,
                Event::Control => {}
            }
        }
        Ok(())
    }

    /// The command of -c may outlive the session; its output belongs to the same terminal.
    fn wait_for_command(&mut self) -> Result<()> {
        if !self.outcome.command_ran {
            self.command = None;
        }
        if self.command.is_some() {
            self.settings.log.step("waiting for the command of -c to end");
        }
        while self.command.is_some() && self.interrupts.total() == 0 {
            self.wait_while_closing(COMMAND_STEP)?;
        }
        Ok(())
    }

    fn report_losses(&mut self, losses: &[CpuLoss]) {
        if losses.is_empty() {
            return;
        }
        self.outcome.output_lost = true;
        let sum = |part: fn(&CpuLoss) -> u64| losses.iter().map(part).sum::<u64>();
        print::error_line(format_args!(
            "WARNING: There were {} lost messages, {} lost bytes, and {} unexpected sequences.",
            sum(|loss| loss.records),
            sum(|loss| loss.bytes),
            sum(|loss| loss.unexpected)
        ));
        for loss in losses {
            print::error_line(format_args!(
                "  CPU {}: {} records lost, {} bytes",
                loss.cpu, loss.records, loss.bytes
            ));
        }
        print::error_line("  help: a larger buffer (-b MB; stap: -s MB) or less output avoids this");
    }

    fn report_summary(&self) {
        let summary = &self.outcome.summary;
        self.settings.log.step(format_args!(
            "{} errors, {} skipped probes, {} strings cut, {} messages lost",
            summary.errors, summary.skipped, summary.strings_cut, summary.messages_lost
        ));
    }
}
