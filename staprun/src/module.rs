//! Into the kernel and out of it.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::kmod::{DeleteModuleFlags, delete_module, init_module};

use crate::error::{Error, Result};
use crate::image::VerifiedModule;
use crate::name::ModuleName;
use crate::print::{self, Log};
use crate::refusal::Circumstances;
use crate::sessions;

/// How long a module may be in use before its removal is given up.
const REMOVAL_PATIENCE: Duration = Duration::from_secs(10);
const REMOVAL_STEP: Duration = Duration::from_millis(20);

/// Gives the verified bytes to the kernel and tells the name under which they are loaded.
///
/// A module whose name is taken is renamed, unless it is signed; `always_rename` does so in any case.
pub fn insert(
    mut module: VerifiedModule,
    parameters: &[OsString],
    always_rename: bool,
    log: Log,
) -> Result<ModuleName> {
    let line = parameter_line(parameters)?;
    let wanted = always_rename || sessions::is_loaded(module.name());
    if wanted && !rename(&mut module, log) && always_rename {
        let why = if module.is_signed() { "it is signed" } else { "it is too short for another" };
        print::error_line(format_args!("WARNING: module {} keeps its name: {why}", module.name()));
    }
    let mut result = init_module(module.bytes(), &line);
    // Another staprun may have taken the name since it was looked for.
    if result == Err(Errno::EEXIST) && rename(&mut module, log) {
        result = init_module(module.bytes(), &line);
    }
    match result {
        Ok(()) => {
            log.step(format_args!("loaded module {}", module.name()));
            Ok(module.name().clone())
        }
        Err(errno) => {
            let server = if errno == Errno::EEXIST { sessions::server(module.name()) } else { None };
            Err(Circumstances::look(module.name().as_str(), module.is_signed(), server).explain(errno))
        }
    }
}

fn rename(module: &mut VerifiedModule, log: Log) -> bool {
    let old = module.name().clone();
    let renamed = module.rename(std::process::id());
    if renamed {
        log.detail(format_args!("renamed module {old} to {}", module.name()));
    }
    renamed
}

/// The parameters as the kernel splits them: blanks stand inside double quotes.
fn parameter_line(parameters: &[OsString]) -> Result<CString> {
    let mut line = Vec::new();
    for parameter in parameters {
        if !line.is_empty() {
            line.push(b' ');
        }
        let bytes = parameter.as_bytes();
        let value = bytes.iter().position(|byte| *byte == b'=').map_or(bytes.len(), |equals| equals + 1);
        let quote = bytes[value..].iter().any(u8::is_ascii_whitespace);
        line.extend(&bytes[..value]);
        line.extend(quote.then_some(b'"'));
        line.extend(&bytes[value..]);
        line.extend(quote.then_some(b'"'));
    }
    CString::new(line).map_err(|_| Error::usage("a module option holds a NUL byte"))
}

/// Removes a module that is proved to be ours.
pub fn remove(module: &ModuleName, log: Log) -> Result<()> {
    if !sessions::is_ours(module) {
        let text = if sessions::is_loaded(module) {
            format!("module {module} is not one that stap made")
        } else {
            format!("module {module} is not loaded")
        };
        return Err(Error::refused(text));
    }
    remove_loaded(module, log)
}

/// Removes a module that this process has loaded itself, or that [`remove`] has checked.
pub fn remove_loaded(module: &ModuleName, log: Log) -> Result<()> {
    let begun = Instant::now();
    loop {
        match delete_module(&module.to_c(), DeleteModuleFlags::O_NONBLOCK) {
            Ok(()) => {
                log.step(format_args!("removed module {module}"));
                return Ok(());
            }
            // Somebody else was faster.
            Err(Errno::ENOENT) => return Ok(()),
            Err(Errno::EWOULDBLOCK | Errno::EBUSY) if begun.elapsed() < REMOVAL_PATIENCE => {
                std::thread::sleep(REMOVAL_STEP);
            }
            Err(errno) => return Err(not_removed(module, errno)),
        }
    }
}

fn not_removed(module: &ModuleName, errno: Errno) -> Error {
    let error = Error::runtime(format!("cannot remove module {module}: {}", errno.desc()));
    match errno {
        Errno::EWOULDBLOCK | Errno::EBUSY => {
            error.help(format!("it is still in use; try \"staprun -d {module}\" later"))
        }
        Errno::EPERM => error.help("only root may remove modules"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_in_values_are_quoted() {
        let line = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            parameter_line(&words).unwrap().into_string().unwrap()
        };
        assert_eq!(line(&["a=1", "s=two words", "e="]), "a=1 s=\"two words\" e=");
        assert_eq!(line(&[]), "");
    }

    #[test]
    fn a_module_that_is_not_ours_stays() {
        let log = Log::new("test", 0);
        let absent = ModuleName::new("stap_no_such_module").unwrap();
        assert!(remove(&absent, log).unwrap_err().to_string().contains("is not loaded"));
        // Every kernel lists its built-in modules here; none of them has a control file.
        let built_in = ModuleName::new("kernel").unwrap();
        assert!(sessions::is_loaded(&built_in));
        assert!(remove(&built_in, log).unwrap_err().to_string().contains("is not one that stap made"));
    }
}
