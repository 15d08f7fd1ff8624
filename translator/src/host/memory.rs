//! A machine in memory, for tests of the passes: files, a clock that ticks at each change, scripted programs.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use super::{Command, DirEntry, Host, Mapped, Output, Stat};

/// What a scripted program does: it sees the machine and the command line.
pub type Program = Box<dyn Fn(&MemoryHost, &Command) -> Output + Send + Sync>;

/// A machine that exists in memory alone.
pub struct MemoryHost {
    state: Mutex<State>,
    env: BTreeMap<String, OsString>,
    programs: BTreeMap<OsString, Program>,
    release: String,
    euid: u32,
}

#[derive(Default)]
struct State {
    files: BTreeMap<PathBuf, File>,
    dirs: BTreeSet<PathBuf>,
    read_only: BTreeSet<PathBuf>,
    room: Option<u64>,
    clock: i128,
    commands: Vec<Command>,
}

#[derive(Clone)]
struct File {
    bytes: Vec<u8>,
    mode: u32,
    inode: u64,
    mtime_ns: i128,
}

impl Default for MemoryHost {
    fn default() -> Self {
        MemoryHost {
            state: Mutex::default(),
            env: BTreeMap::new(),
            programs: BTreeMap::new(),
            release: "6.1.0-1-amd64".to_owned(),
            euid: 0,
        }
    }
}

impl MemoryHost {
    /// An empty machine that runs kernel 6.1.0-1-amd64 as root.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file and the directories above it.
    pub fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = Path::new(path);
        let mut state = self.state();
        state.add_dirs(path.parent());
        state.put(path, bytes.as_ref().to_vec(), 0o644);
        drop(state);
        self
    }

    /// Adds an empty directory.
    pub fn dir(self, path: &str) -> Self {
        self.state().add_dirs(Some(Path::new(path)));
        self
    }

    /// Sets an environment variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    /// Sets the running kernel.
    pub fn running(mut self, release: &str) -> Self {
        self.release = release.to_owned();
        self
    }

    /// Sets the effective user.
    pub fn user(mut self, euid: u32) -> Self {
        self.euid = euid;
        self
    }

    /// Adds a program under the name that commands use for it.
    pub fn program(
        mut self,
        name: &str,
        program: impl Fn(&MemoryHost, &Command) -> Output + Send + Sync + 'static,
    ) -> Self {
        self.programs.insert(name.into(), Box::new(program));
        self
    }

    /// From now on nothing below `path` can be written.
    pub fn forbid(&self, path: &str) {
        self.state().read_only.insert(path.into());
    }

    /// From now on the disk takes this many bytes more; `None` is a disk without bounds.
    pub fn limit_room(&self, bytes: Option<u64>) {
        self.state().room = bytes;
    }

    /// All commands run so far.
    pub fn commands(&self) -> Vec<Command> {
        self.state().commands.clone()
    }

    /// All files, in order of their paths.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.state().files.keys().cloned().collect()
    }

    /// The permission bits of a file.
    pub fn mode(&self, path: &Path) -> Option<u32> {
        self.state().files.get(path).map(|file| file.mode)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn run_program(&self, command: &Command) -> io::Result<Output> {
        self.state().commands.push(command.clone());
        let name = command.argv.first().ok_or(ErrorKind::InvalidInput)?;
        let program = self.programs.get(name).ok_or(ErrorKind::NotFound)?;
        Ok(program(self, command))
    }
}

impl State {
    fn add_dirs(&mut self, path: Option<&Path>) {
        self.dirs.extend(path.into_iter().flat_map(Path::ancestors).map(Path::to_owned));
    }

    fn put(&mut self, path: &Path, bytes: Vec<u8>, mode: u32) {
        self.clock += 1;
        let (inode, mtime_ns) = (self.clock as u64, self.clock);
        self.files.insert(path.to_owned(), File { bytes, mode, inode, mtime_ns });
    }

    fn writable(&self, path: &Path) -> io::Result<()> {
        match path.ancestors().any(|above| self.read_only.contains(above)) {
            true => Err(ErrorKind::PermissionDenied.into()),
            false => Ok(()),
        }
    }

    /// What write and copy have in common: rights, the directory, the room on the disk.
    fn store(&mut self, path: &Path, bytes: Vec<u8>, mode: u32) -> io::Result<()> {
        self.writable(path)?;
        if !path.parent().is_some_and(|dir| self.dirs.contains(dir)) {
            return Err(ErrorKind::NotFound.into());
        }
        if let Some(room) = &mut self.room {
            *room = room.checked_sub(bytes.len() as u64).ok_or(ErrorKind::StorageFull)?;
        }
        self.put(path, bytes, mode);
        Ok(())
    }

    fn get(&self, path: &Path) -> io::Result<&File> {
        self.files.get(path).ok_or(ErrorKind::NotFound.into())
    }
}

impl Host for MemoryHost {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.state().get(path).map(|file| file.bytes.clone())
    }

    fn map(&self, path: &Path) -> io::Result<Mapped> {
        self.read(path).map(Mapped::from)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.state().store(path, bytes.to_vec(), 0o644)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let state = self.state();
        if !state.dirs.contains(path) {
            return Err(ErrorKind::NotFound.into());
        }
        let child =
            |entry: &PathBuf| (entry.parent() == Some(path)).then(|| entry.file_name().map(OsStr::to_owned));
        let name = |entry: &PathBuf| child(entry).flatten();
        let files = state.files.keys().filter_map(name).map(|name| DirEntry { name, is_dir: false });
        let dirs = state.dirs.iter().filter_map(name).map(|name| DirEntry { name, is_dir: true });
        let mut entries: Vec<_> = files.chain(dirs).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let state = self.state();
        if state.dirs.contains(path) {
            return Ok(Stat { id: (0, 0), len: 0, mtime_ns: 0, is_dir: true });
        }
        let file = state.get(path)?;
        Ok(Stat { id: (1, file.inode), len: file.bytes.len() as u64, mtime_ns: file.mtime_ns, is_dir: false })
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        if !state.dirs.contains(path) {
            state.writable(path)?;
            state.add_dirs(Some(path));
        }
        Ok(())
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let file = state.get(from)?.clone();
        state.store(to, file.bytes, file.mode)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.writable(path)?;
        state.files.remove(path).map(|_| ()).ok_or(ErrorKind::NotFound.into())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.writable(path)?;
        state.files.retain(|file, _| !file.starts_with(path));
        state.dirs.retain(|dir| !dir.starts_with(path));
        Ok(())
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.stat(path).map(|_| path.to_owned())
    }

    fn env(&self, name: &str) -> Option<OsString> {
        self.env.get(name).cloned()
    }

    fn run(&self, command: &Command) -> io::Result<Output> {
        self.run_program(command)
    }

    fn run_inherited(&self, command: &Command) -> io::Result<i32> {
        self.run_program(command).map(|output| output.code)
    }

    fn kernel_release(&self) -> String {
        self.release.clone()
    }

    fn machine(&self) -> String {
        "x86_64".to_owned()
    }

    fn current_exe(&self) -> io::Result<PathBuf> {
        Ok("/usr/bin/stap".into())
    }

    fn read_stdin(&self) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        let mut state = self.state();
        state.writable(path)?;
        if let Some(file) = state.files.get_mut(path) {
            file.mode = mode;
            return Ok(());
        }
        match state.dirs.contains(path) {
            true => Ok(()),
            false => Err(ErrorKind::NotFound.into()),
        }
    }

    fn touch(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.writable(path)?;
        state.clock += 1;
        let now = state.clock;
        state.files.get_mut(path).map(|file| file.mtime_ns = now).ok_or(ErrorKind::NotFound.into())
    }

    fn euid(&self) -> u32 {
        self.euid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_directories_and_room() {
        let host = MemoryHost::new().file("/a/b", "x").dir("/c");
        assert_eq!(host.list(Path::new("/a")).expect("list").len(), 1);
        assert!(host.is_dir(Path::new("/a")) && host.is_file(Path::new("/a/b")));
        assert!(host.write(Path::new("/none/x"), b"").is_err());
        host.limit_room(Some(3));
        host.write(Path::new("/c/x"), b"abc").expect("fits");
        assert_eq!(host.write(Path::new("/c/y"), b"d").expect_err("full").kind(), ErrorKind::StorageFull);
        host.forbid("/a");
        assert_eq!(
            host.remove_file(Path::new("/a/b")).expect_err("refused").kind(),
            ErrorKind::PermissionDenied
        );
    }
}
