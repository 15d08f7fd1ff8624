//! stapio: serves a module that has been loaded.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use nix::libc;
use nix::unistd::{Pid, getppid};

use crate::cli::{self, Run, Target};
use crate::command::{Command, HeldCommand};
use crate::control::Control;
use crate::error::{Error, Exit, Result};
use crate::loader;
use crate::name::ModuleName;
use crate::output::Output;
use crate::print::{self, Log};
use crate::session::{Limits, Session, Settings};
use crate::signals::{self, Waiter};
use crate::sys;

/// The program.
pub fn main(argv: impl IntoIterator<Item = OsString>) -> Exit {
    print::outcome(run(argv))
}

fn run(argv: impl IntoIterator<Item = OsString>) -> Result<Exit> {
    match cli::parse(argv)? {
        cli::Command::Version => Ok(cli::say(cli::VERSION)),
        cli::Command::Help => Ok(cli::say(cli::USAGE)),
        cli::Command::Delete(_) => Err(Error::usage("stapio removes no module; staprun -d does")),
        cli::Command::Run(run) => serve(&run),
    }
}

fn serve(run: &Run) -> Result<Exit> {
    let module = ModuleName::parse(&run.module)?;
    if !run.parameters.is_empty() {
        return Err(Error::usage("module options are for staprun, which loads the module"));
    }
    let parent = getppid();
    let log = Log::new("stapio", run.verbose);
    let system = |what: &str, error: &dyn std::fmt::Display| Error::runtime(format!("{what}: {error}"));
    let signals = signals::open().map_err(|error| system("cannot take signals", &error))?;
    // The command is forked before the output's thread exists.
    let command = start_command(run)?;
    let mut control = Control::open(module.as_str())?;
    log.step(format_args!("serving module {module}"));
    let output = open_output(run)?;
    let descriptor = control.descriptor().map_err(|error| system("cannot poll the module", &error))?;
    let pid = command.as_ref().map(|command| Pid::from_raw(command.pid()));
    let mut waiter = Waiter::new(signals, descriptor, pid);
    let command = command.map(|command| Box::new(command) as Box<dyn Command>);
    let settings = settings(run, &module, log);
    let result = Session::new(settings, &mut control, &mut waiter, output, command).run();
    if getppid() != parent {
        // Both have the control file open, which keeps the module from being removed.
        drop((control, waiter));
        remove_module(&module);
    }
    result
}

/// staprun, which removes the module, was killed.
fn remove_module(module: &ModuleName) {
    if let Err(error) = loader::remove_by_staprun(module) {
        print::error_line(format_args!("WARNING: cannot run staprun: {error}; module {module} stays loaded"));
    }
}

fn settings(run: &Run, module: &ModuleName, log: Log) -> Settings {
    Settings {
        module: module.to_string(),
        target: if let Target::Pid(pid) = run.target { pid } else { 0 },
        no_warnings: run.no_warnings,
        interval: run.interval_ms.map(|ms| Duration::from_millis(u64::from(ms))),
        log,
        limits: Limits::default(),
    }
}

fn start_command(run: &Run) -> Result<Option<HeldCommand>> {
    let Target::Command(command) = &run.target else { return Ok(None) };
    let held = HeldCommand::start(command).map_err(|error| {
        Error::new(Exit::CommandFailed, format!("cannot run \"{}\": {error}", command.display()))
    })?;
    Ok(Some(held))
}

fn open_output(run: &Run) -> Result<Output> {
    let file = match &run.output {
        Some(pattern) => create(pattern)?,
        None => standard_output()?,
    };
    Output::new(file).map_err(|error| Error::runtime(format!("cannot start the output's thread: {error}")))
}

fn create(pattern: &OsString) -> Result<File> {
    let Some(path) = sys::time::expand(pattern) else {
        return Err(Error::usage(format!("-o \"{}\" is no name for a file", pattern.display())));
    };
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o666).custom_flags(libc::O_NOCTTY);
    options.open(&path).map_err(|error| {
        Error::new(Exit::OutputLost, format!("cannot write to \"{}\": {error}", path.display()))
    })
}

fn standard_output() -> Result<File> {
    let copy = std::io::stdout().as_fd().try_clone_to_owned();
    copy.map(File::from).map_err(|error| Error::runtime(format!("standard output is closed: {error}")))
}
