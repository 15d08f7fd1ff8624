//! The one door to the machine: files, processes, environment and clock.
//!
//! Passes never use `std::fs`, `std::process` or `std::env` (clippy.toml forbids them), so that tests run them on an
//! in-memory host.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// What a directory holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// The name in its directory.
    pub name: OsString,
    /// Whether it is a directory, links followed.
    pub is_dir: bool,
}

/// What identifies the contents of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stat {
    /// Device and inode.
    pub id: (u64, u64),
    /// Size in bytes.
    pub len: u64,
    /// Time of the last change, in nanoseconds since the epoch.
    pub mtime_ns: i128,
    /// Whether it is a directory.
    pub is_dir: bool,
}

/// A program to run.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// Program and arguments.
    pub argv: Vec<OsString>,
    /// Working directory.
    pub dir: Option<PathBuf>,
    /// The whole environment, when given; the caller's otherwise.
    pub env: Option<Vec<(OsString, OsString)>>,
}

/// How a program ended.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Exit code; 128 + signal for a program that was killed.
    pub code: i32,
    /// What it wrote to standard output, if captured.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error, if captured.
    pub stderr: Vec<u8>,
}

/// The machine as the passes see it.
pub trait Host: Sync {
    /// Reads a whole file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Maps a whole file into memory, for files that are large and little read.
    fn map(&self, path: &Path) -> io::Result<Mapped>;
    /// Writes a file so that readers see either the old or the whole new contents.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Lists a directory, sorted by name.
    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>>;
    /// Metadata, links followed.
    fn stat(&self, path: &Path) -> io::Result<Stat>;
    /// Makes a directory and its parents.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Copies a file with its mode; the target appears whole or not at all.
    fn copy(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory with all it holds.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Resolves links and `..`.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;
    /// An environment variable.
    fn env(&self, name: &str) -> Option<OsString>;
    /// Runs a program to its end, its output captured, its input empty.
    fn run(&self, command: &Command) -> io::Result<Output>;
    /// Runs a program to its end on the caller's own terminal; only the exit code comes back.
    fn run_inherited(&self, command: &Command) -> io::Result<i32>;
    /// The running kernel's release, as uname -r prints it.
    fn kernel_release(&self) -> String;
    /// Machine hardware name, as uname -m prints it.
    fn machine(&self) -> String;
    /// Path of the running executable.
    fn current_exe(&self) -> io::Result<PathBuf>;
    /// Standard input to its end.
    fn read_stdin(&self) -> io::Result<Vec<u8>>;
    /// Sets the permission bits of a file or directory.
    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()>;
    /// Makes a file as young as now.
    fn touch(&self, path: &Path) -> io::Result<()>;
    /// The effective user, as geteuid(2) gives it.
    fn euid(&self) -> u32;

    /// Whether there is a file (not a directory) of that name, links followed.
    fn is_file(&self, path: &Path) -> bool {
        self.stat(path).is_ok_and(|stat| !stat.is_dir)
    }

    /// Whether there is a directory of that name, links followed.
    fn is_dir(&self, path: &Path) -> bool {
        self.stat(path).is_ok_and(|stat| stat.is_dir)
    }
}

mod map;
pub mod memory;
pub mod os;

pub use map::Mapped;
