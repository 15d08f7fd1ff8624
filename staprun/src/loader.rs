//! staprun: loads a module, lets stapio serve it with the user's own rights, removes it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::utsname::uname;

use crate::cli::{self, Deletion, Run, Target};
use crate::control::{self, Control};
use crate::environment::Environment;
use crate::error::{Error, Exit, Result};
use crate::image::VerifiedModule;
use crate::memory;
use crate::messages::ToModule;
use crate::module;
use crate::name::ModuleName;
use crate::open::OpenedModule;
use crate::print::{self, Log};
use crate::privilege::{CREDENTIALS, Privilege};
use crate::self_check::{self, Identity};
use crate::sessions;
use crate::supervise::{self, End};
use crate::sys;
use crate::user;

/// How long a session that is about to end may keep its module from being removed.
const ENDING_PATIENCE: Duration = Duration::from_secs(1);

/// The program.
pub fn main(argv: impl IntoIterator<Item = OsString>) -> Exit {
    print::outcome(run(argv))
}

fn run(argv: impl IntoIterator<Item = OsString>) -> Result<Exit> {
    let identity = self_check::run()?;
    let environment = Environment::take();
    match cli::parse(argv)? {
        cli::Command::Version => Ok(cli::say(cli::VERSION)),
        cli::Command::Help => Ok(cli::say(cli::USAGE)),
        cli::Command::Delete(deletion) => delete(&deletion, &identity, &environment),
        cli::Command::Run(run) => load_and_run(&run, &identity, &environment),
    }
}

fn log(verbose: u8, environment: &Environment) -> Log {
    Log::new("staprun", verbose.max(environment.verbose()))
}

fn load_and_run(run: &Run, identity: &Identity, environment: &Environment) -> Result<Exit> {
    let log = log(run.verbose, environment);
    let privilege = user::privilege(identity)?;
    let stapio = find_stapio(identity, environment)?;
    let release = release()?;
    let opened = OpenedModule::read(&run.module, &release, privilege, identity)?;
    log.detail(format_args!("read {} bytes of {}", opened.bytes.len(), opened.path.display()));
    let verified = VerifiedModule::verify(opened, &release)?;
    memory::check(run.buffer_mb)?;
    // From here on signals are kept until there is a session that can take them.
    let mut signals = supervise::hold_signals()?;
    let name = module::insert(verified, &parameters(run, identity), run.rename, log)?;
    let served = greet(&name, run).and_then(|()| {
        log.detail(format_args!("starting {}", stapio.display()));
        supervise::run(stapio_command(&stapio, run, &name, identity, environment), &mut signals)
    });
    finish(&name, served, log)
}

/// Removes the module, whatever became of the session, unless stapio was killed.
fn finish(name: &ModuleName, served: Result<End>, log: Log) -> Result<Exit> {
    if let Ok(End::Killed(signal)) = &served {
        return Err(Error::runtime(format!("stapio was killed by {signal}; module {name} stays loaded"))
            .help(format!("\"staprun -d {name}\" removes it")));
    }
    let removed = module::remove_loaded(name, log);
    match (served?, removed) {
        (End::Exit(0), removed) => removed.map(|()| Exit::Ok),
        (End::Exit(code), removed) => {
            if let Err(error) = removed {
                print::error_line(error);
            }
            Ok(Exit::from_code(code))
        }
        (End::Killed(_), _) => Ok(Exit::Runtime),
    }
}

fn release() -> Result<String> {
    let uname =
        uname().map_err(|error| Error::refused(format!("cannot read the kernel's release: {error}")))?;
    Ok(uname.release().to_string_lossy().into_owned())
}

/// The user's parameters, and ours: the session's files belong to the user, for stapio runs with those rights.
fn parameters(run: &Run, identity: &Identity) -> Vec<OsString> {
    let mut all = vec![
        OsString::from(format!("_stp_uid={}", identity.user)),
        OsString::from(format!("_stp_gid={}", identity.group)),
    ];
    all.extend(run.buffer_mb.map(|mb| OsString::from(format!("_stp_bufsize={mb}"))));
    all.extend(run.parameters.iter().cloned());
    all
}

/// What only staprun may tell the module, before stapio opens the control file.
fn greet(name: &ModuleName, run: &Run) -> Result<()> {
    let control = Control::open(name.as_str())?;
    let (gmtoff, zone) = sys::time::zone();
    let mut messages = vec![ToModule::Credentials(CREDENTIALS), ToModule::TimeZone(gmtoff, zone)];
    if let Some((id, uri)) = &run.remote {
        messages.push(ToModule::RemoteId(*id, uri.clone()));
    }
    for message in &messages {
        control.send_now(message).map_err(|error| {
            Error::refused(format!("module {name} does not take its first messages: {error}"))
        })?;
    }
    Ok(())
}

/// stapio beside this program or in its libexec folder.
///
/// Whatever is found there runs with the user's own rights only, so a link to staprun in a folder of the user's
/// gains nothing.
fn find_stapio(identity: &Identity, environment: &Environment) -> Result<PathBuf> {
    if let Some(path) = environment.get("SYSTEMTAP_STAPIO").filter(|_| !identity.is_elevated()) {
        return Ok(path.into());
    }
    let own = std::env::current_exe()
        .map_err(|error| Error::refused(format!("cannot find this program's own folder: {error}")))?;
    let folder = own.parent().unwrap_or(Path::new("/"));
    let places = ["stapio", "../libexec/systemtap/stapio", "../libexec/stap-rs/stapio", "../libexec/stapio"];
    let found = places.iter().map(|place| folder.join(place)).find(|path| path.is_file());
    found.ok_or_else(|| {
        Error::refused(format!("cannot find stapio beside {}", own.display()))
            .help("install it there, or build it: cargo build --release")
    })
}

fn stapio_command(
    stapio: &Path,
    run: &Run,
    name: &ModuleName,
    identity: &Identity,
    environment: &Environment,
) -> Command {
    let mut command = Command::new(stapio);
    command.env_clear().envs(environment.for_user());
    if identity.is_elevated() {
        sys::process::become_user(&mut command, identity.user, identity.group);
    }
    command.args((0..run.verbose).map(|_| "-v"));
    command.args(run.no_warnings.then_some("-w"));
    match &run.target {
        Target::None => {}
        Target::Pid(pid) => drop(command.arg("-x").arg(pid.to_string())),
        Target::Command(text) => drop(command.arg("-c").arg(text)),
    }
    if let Some(file) = &run.output {
        command.arg("-o").arg(file);
    }
    if let Some(ms) = run.interval_ms {
        command.arg("-T").arg(ms.to_string());
    }
    command.arg(name.as_str());
    command
}

fn delete(deletion: &Deletion, identity: &Identity, environment: &Environment) -> Result<Exit> {
    let log = log(deletion.verbose, environment);
    let privilege = user::privilege(identity)?;
    if deletion.module == OsStr::new("*") {
        return Ok(delete_unused(privilege, identity, log));
    }
    let name = ModuleName::parse(&deletion.module)?;
    if sessions::is_ours(&name) {
        check_deletable(&name, privilege, identity, ENDING_PATIENCE)?;
    }
    module::remove(&name, log)?;
    Ok(Exit::Ok)
}

/// Removes what nobody serves; another session's module is left alone without a word.
fn delete_unused(privilege: Privilege, identity: &Identity, log: Log) -> Exit {
    let mut exit = Exit::Ok;
    for name in sessions::all() {
        let removed = match check_deletable(&name, privilege, identity, Duration::ZERO) {
            Ok(()) => module::remove(&name, log),
            Err(error) => {
                log.step(format_args!("left alone: {error}"));
                continue;
            }
        };
        if let Err(error) = removed {
            print::error_line(&error);
            exit = error.exit();
        }
    }
    exit
}

/// Nobody may remove the module of a session that runs, nor one of another user without the right to load any.
fn check_deletable(
    name: &ModuleName,
    privilege: Privilege,
    identity: &Identity,
    patience: Duration,
) -> Result<()> {
    if privilege != Privilege::Any && sessions::owner(name) != Some(identity.user) {
        return Err(Error::refused(format!("module {name} was loaded by another user")));
    }
    match control::open_patiently(name.as_str(), patience) {
        Err(error) if control::is_busy(&error) => Err(in_use(name)),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn in_use(name: &ModuleName) -> Error {
    let server = sessions::server(name).unwrap_or_else(|| "a program".into());
    Error::refused(format!("module {name} is in use: {server} serves it")).help("end that session first")
}

/// For stapio when its staprun is gone: another staprun removes the module.
pub fn remove_by_staprun(name: &ModuleName) -> io::Result<()> {
    let own = std::env::current_exe()?;
    let folder = own.parent().unwrap_or(Path::new("/"));
    let staprun = ["staprun", "../../bin/staprun", "../bin/staprun"].map(|place| folder.join(place));
    let Some(staprun) = staprun.into_iter().find(|path| path.is_file()) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let mut command = Command::new(staprun);
    sys::process::with_default_signals(&mut command);
    command.arg("-d").arg(name.as_str()).status().map(drop)
}
