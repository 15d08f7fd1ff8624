//! The real machine.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "this is the one door to the machine"
)]

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};
use std::{env, fs, process};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tempfile::NamedTempFile;

use super::{Command, DirEntry, Host, Mapped, Output, Stat};

/// The machine that stap runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsHost;

/// The program that `run_inherited` waits for; 0 without one.
static FOREGROUND: AtomicI32 = AtomicI32::new(0);

/// Makes a directory with a name of its own that only this user can enter.
pub fn private_dir(parent: &Path, prefix: &str) -> io::Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    let made = builder.prefix(prefix).permissions(fs::Permissions::from_mode(0o700)).tempdir_in(parent)?;
    Ok(made.keep())
}

/// Ends this process at once.
pub fn exit(code: i32) -> ! {
    process::exit(code)
}

/// Passes a signal on to the program that has the terminal, if there is one.
pub fn signal_foreground(signal: Signal) {
    let pid = FOREGROUND.load(Ordering::Acquire);
    if pid > 0 {
        // It may have ended just now, which is what the signal was for.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

impl Host for OsHost {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn map(&self, path: &Path) -> io::Result<Mapped> {
        Mapped::open(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        publish(path, 0o644, |file| io::Write::write_all(file, bytes))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            // A file may vanish, or a link dangle, while the directory is read.
            let is_dir = fs::metadata(entry.path()).is_ok_and(|data| data.is_dir());
            entries.push(DirEntry { name: entry.file_name(), is_dir });
        }
        entries.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        Ok(entries)
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let data = fs::metadata(path)?;
        Ok(Stat {
            id: (data.dev(), data.ino()),
            len: data.len(),
            mtime_ns: i128::from(data.mtime()) * 1_000_000_000 + i128::from(data.mtime_nsec()),
            is_dir: data.is_dir(),
        })
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut source = fs::File::open(from)?;
        let mode = source.metadata()?.permissions().mode();
        publish(to, mode & 0o7777, |file| io::copy(&mut source, file).map(|_| ()))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn env(&self, name: &str) -> Option<OsString> {
        env::var_os(name)
    }

    fn run(&self, command: &Command) -> io::Result<Output> {
        let mut process = process(command)?;
        // A group of its own, so that an interrupt ends what the program has started as well.
        process.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut groups = groups();
        let child = process.spawn()?;
        let group = Pid::from_raw(child.id().cast_signed());
        groups.push(group);
        drop(groups);
        let output = child.wait_with_output();
        self::groups().retain(|other| *other != group);
        let output = output?;
        Ok(Output { code: exit_code(output.status), stdout: output.stdout, stderr: output.stderr })
    }

    fn run_inherited(&self, command: &Command) -> io::Result<i32> {
        let mut child = process(command)?.spawn()?;
        FOREGROUND.store(child.id().cast_signed(), Ordering::Release);
        let status = child.wait();
        FOREGROUND.store(0, Ordering::Release);
        status.map(exit_code)
    }

    fn kernel_release(&self) -> String {
        uname(|names| names.release().to_string_lossy().into_owned())
    }

    fn machine(&self) -> String {
        uname(|names| names.machine().to_string_lossy().into_owned())
    }

    fn current_exe(&self) -> io::Result<PathBuf> {
        env::current_exe()
    }

    fn read_stdin(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }

    fn touch(&self, path: &Path) -> io::Result<()> {
        fs::File::open(path)?.set_modified(SystemTime::now())
    }

    fn euid(&self) -> u32 {
        nix::unistd::geteuid().as_raw()
    }
}

/// The process groups of the programs whose output is being captured.
static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

fn groups() -> MutexGuard<'static, Vec<Pid>> {
    GROUPS.lock().unwrap_or_else(|e| e.into_inner())
}

/// Ends the programs whose output is being captured. Until the guard is dropped none is started, and no caller learns
/// that its program has ended.
pub fn end_programs() -> MutexGuard<'static, Vec<Pid>> {
    let groups = groups();
    let gone = |group: &Pid| killpg(*group, None).is_err();
    // Compilers remove their temporary files when they are asked to end, not when they are killed.
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        for group in groups.iter() {
            // A group that has ended needs no signal.
            let _ = killpg(*group, signal);
        }
        for _ in 0..100 {
            if groups.iter().all(gone) {
                return groups;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    groups
}

/// Makes a file that other processes see whole or not at all: filled under another name, then renamed.
fn publish(
    path: &Path,
    mode: u32,
    fill: impl FnOnce(&mut NamedTempFile) -> io::Result<()>,
) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(dir)?;
    fill(&mut file)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    file.persist(path)?;
    Ok(())
}

fn process(command: &Command) -> io::Result<process::Command> {
    let [program, args @ ..] = &command.argv[..] else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no program given"));
    };
    let mut process = process::Command::new(program);
    process.args(args);
    if let Some(dir) = &command.dir {
        process.current_dir(dir);
    }
    if let Some(variables) = &command.env {
        process.env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
    }
    Ok(process)
}

/// As a shell gives it: 128 + signal for a program that was killed.
fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// Empty where uname(2) fails, which it does only when given a bad address.
fn uname(field: impl FnOnce(&nix::sys::utsname::UtsName) -> String) -> String {
    nix::sys::utsname::uname().as_ref().map_or_else(|_| String::new(), field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary directory")
    }

    #[test]
    fn files_are_published_whole_and_leave_nothing_beside_them() {
        let dir = scratch();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        OsHost.write(&a, b"one").expect("written");
        OsHost.write(&a, b"two").expect("written over");
        OsHost.set_mode(&a, 0o755).expect("mode");
        OsHost.copy(&a, &b).expect("copied");
        assert_eq!(OsHost.read(&b).expect("read"), b"two");
        assert_eq!(fs::metadata(&b).expect("stat").permissions().mode() & 0o777, 0o755);
        let names: Vec<_> = OsHost.list(dir.path()).expect("list").into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(OsHost.write(&dir.path().join("none/a"), b"x").is_err());
        assert!(OsHost.copy(&dir.path().join("missing"), &b).is_err());
        assert_eq!(OsHost.read(&b).expect("a failed copy leaves the target"), b"two");
    }

    #[test]
    fn programs_run_with_the_given_directory_and_environment() {
        let command = |script: &str| Command {
            argv: ["sh", "-c", script].map(OsString::from).to_vec(),
            dir: Some("/".into()),
            env: Some(vec![("A".into(), "b c".into())]),
        };
        let output = OsHost.run(&command("pwd; echo $A; echo err >&2; exit 3")).expect("run");
        assert_eq!(
            (output.code, &output.stdout[..], &output.stderr[..]),
            (3, &b"/\nb c\n"[..], &b"err\n"[..])
        );
        assert_eq!(OsHost.run(&command("kill -9 $$")).expect("run").code, 137);
        assert_eq!(OsHost.run_inherited(&command("exit 5")).expect("run"), 5);
        assert!(OsHost.run(&Command::default()).is_err());
    }

    #[test]
    fn touch_makes_a_file_young_again() {
        let dir = scratch();
        let path = dir.path().join("a");
        OsHost.write(&path, b"x").expect("written");
        fs::File::open(&path).and_then(|f| f.set_modified(SystemTime::UNIX_EPOCH)).expect("aged");
        assert_eq!(OsHost.stat(&path).expect("stat").mtime_ns, 0);
        OsHost.touch(&path).expect("touched");
        assert!(OsHost.stat(&path).expect("stat").mtime_ns > 0);
    }

    #[test]
    fn a_private_directory_is_private_from_its_first_moment() {
        let parent = scratch();
        let (one, other) = (private_dir(parent.path(), "x"), private_dir(parent.path(), "x"));
        let one = one.expect("made");
        assert_ne!(one, other.expect("made"));
        assert_eq!(fs::metadata(&one).expect("there").permissions().mode() & 0o777, 0o700);
    }
}
