//! The run's own temporary directory, and who removes it.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::cli::options::Options;
use crate::diag::{Code, Diagnostic, Severity};
use crate::host::Host;
use crate::host::os::{self, OsHost};

/// The directory to remove when a signal ends stap; `None` when there is none, or it is to be kept.
static DOOMED: Mutex<Option<PathBuf>> = Mutex::new(None);

/// A directory that is removed when this is dropped, unless it is to be kept.
pub struct Scratch {
    path: PathBuf,
    keep: bool,
    /// Told on standard error when the directory goes (-vv).
    talk: bool,
}

impl Scratch {
    /// Makes a directory that nobody else can enter, or takes the one of `--tmpdir`.
    pub fn create(host: &dyn Host, options: &Options) -> Result<Scratch, Box<Diagnostic>> {
        let talk = options.verbose[0] > 1;
        let (path, keep) = match &options.tmpdir {
            Some(dir) => {
                host.create_dir_all(dir).map_err(|error| refused(dir, &error))?;
                (host.canonicalize(dir).map_err(|error| refused(dir, &error))?, true)
            }
            None => {
                let parent =
                    host.env("TMPDIR").filter(|dir| !dir.is_empty()).map_or("/tmp".into(), PathBuf::from);
                let parent = host.canonicalize(&parent).map_err(|error| refused(&parent, &error))?;
                let made = os::private_dir(&parent, "stap").map_err(|error| refused(&parent, &error))?;
                (made, options.keep_tmpdir)
            }
        };
        if !keep {
            *DOOMED.lock().unwrap_or_else(|e| e.into_inner()) = Some(path.clone());
        }
        let scratch = Scratch { path, keep, talk };
        suits_kbuild(&scratch.path)?;
        if talk && options.tmpdir.is_none() {
            eprintln!("Created temporary directory \"{}\"", scratch.path.display());
        }
        Ok(scratch)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.keep {
            eprintln!("Keeping temporary directory \"{}\"", self.path.display());
            return;
        }
        remove_doomed();
        if self.talk {
            eprintln!("Removed temporary directory \"{}\"", self.path.display());
        }
    }
}

/// Removes the directory of the run if it is not to be kept; for the end by a signal.
pub fn remove_doomed() {
    let doomed = DOOMED.lock().unwrap_or_else(|e| e.into_inner()).take();
    // A pass that is being interrupted may write one more file while the others go.
    if let Some(path) = doomed
        && OsHost.remove_dir_all(&path).is_err()
        && let Err(error) = OsHost.remove_dir_all(&path)
    {
        eprintln!("WARNING: cannot remove {}: {error}", path.display());
    }
}

fn refused(path: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    let message = format!("cannot use '{}' for temporary files: {error}", path.display());
    let diagnostic = Diagnostic::new(Code::Usage, Severity::Error, message);
    Box::new(diagnostic.help("set TMPDIR to a directory that you can write to"))
}

/// make(1) splits its words at blanks and acts on `$`, `#`, `:` and others, whatever the quoting.
fn suits_kbuild(path: &Path) -> Result<(), Box<Diagnostic>> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-/._+".contains(byte);
    if path.as_os_str().as_encoded_bytes().iter().all(allowed) {
        return Ok(());
    }
    let message = format!("the path '{}' has characters that make cannot take", path.display());
    let diagnostic = Diagnostic::new(Code::Usage, Severity::Error, message);
    Err(Box::new(diagnostic.help("set TMPDIR to a path of letters, digits and -/._ only")))
}
