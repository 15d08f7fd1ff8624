//! What can go wrong, with the remedy, and the exit codes.

use std::fmt;

/// Exit codes, as documented in staprun(8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All went well.
    Ok = 0,
    /// The command line is wrong.
    Usage = 2,
    /// The module was not loaded or not started.
    LoadRefused = 7,
    /// Some output was lost.
    OutputLost = 8,
    /// The session ended by an error of the script or of the module, which may still be loaded.
    Runtime = 9,
    /// The command of -c failed.
    CommandFailed = 10,
}

impl Exit {
    /// The meaning of a program's exit code; what has none is an error at run time.
    pub fn from_code(code: i32) -> Self {
        let all = [Self::Ok, Self::Usage, Self::LoadRefused, Self::OutputLost, Self::CommandFailed];
        all.into_iter().find(|exit| *exit as i32 == code).unwrap_or(Self::Runtime)
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// One error: what happened, what to do about it, and the exit code that it gives.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    message: String,
    help: Option<String>,
}

/// Result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with this exit code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), help: None }
    }

    /// A mistake on the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message).help("\"staprun -h\" lists the options")
    }

    /// The module was refused.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::LoadRefused, message)
    }

    /// The session broke.
    pub fn runtime(message: impl Into<String>) -> Self {
        Self::new(Exit::Runtime, message)
    }

    /// Adds the remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The exit code that this error gives.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ERROR: {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
