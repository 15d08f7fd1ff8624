//! Helper programs of the host.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::VmError;

/// Looks a program up on PATH and then in the folders that a normal user's PATH lacks.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/libexec"].map(PathBuf::from))
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

/// Runs a program of PATH to its end and gives its standard output.
pub(crate) fn output(
    program: &'static str,
    package: &'static str,
    args: &[&OsStr],
) -> Result<Vec<u8>, VmError> {
    run(&find(program).unwrap_or_else(|| PathBuf::from(program)), program, package, args)
}

/// Runs a program at a known place to its end and gives its standard output.
pub(crate) fn run(
    file: &Path,
    program: &'static str,
    package: &'static str,
    args: &[&OsStr],
) -> Result<Vec<u8>, VmError> {
    let failed = |reason: String| VmError::Tool { program, reason, package };
    let output =
        Command::new(file).args(args).stdin(Stdio::null()).output().map_err(|e| failed(e.to_string()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(failed(stderr.lines().last().unwrap_or("no message").to_owned()))
}
