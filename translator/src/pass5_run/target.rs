//! Whom the session is about: -c CMD, -x PID.

use std::ffi::OsString;
use std::path::PathBuf;

use super::failed;
use crate::cli::options::Options;
use crate::diag::Diagnostic;
use crate::session::Session;

/// The words for staprun.
pub fn arguments(options: &Options) -> Vec<OsString> {
    match (&options.command, options.pid) {
        (Some(command), _) => vec!["-c".into(), command.into()],
        (None, Some(pid)) => vec!["-x".into(), pid.to_string().into()],
        (None, None) => Vec::new(),
    }
}

/// Refuses a process that cannot be the target: a session about nobody would wait for ever and say nothing.
pub fn check(session: &Session<'_>) -> Result<(), Box<Diagnostic>> {
    let Some(pid) = session.options.pid else { return Ok(()) };
    if session.options.vm {
        let message =
            format!("-x {pid} names a process of this machine, which the virtual machine does not have");
        return Err(Box::new(failed(message).help("start the program in the virtual machine: -c COMMAND")));
    }
    match session.host.is_dir(&PathBuf::from(format!("/proc/{pid}"))) {
        true => Ok(()),
        false => Err(failed(format!("there is no process {pid} (-x)"))),
    }
}
