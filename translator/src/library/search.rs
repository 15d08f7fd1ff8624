//! Which tapset files there are, in the order in which they are looked at.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use crate::host::{Host, Stat};
use crate::kernel::release;
use crate::session::Session;

/// A tapset file, unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// What it was when it was found.
    pub stat: Stat,
    /// It belongs to the first entry of the path: our own tapset.
    pub own: bool,
    /// The directory of the programs that it is about, for one below `PATH/`.
    pub programs: Option<PathBuf>,
}

/// The entries of the tapset path: the library, what XDG_DATA_DIRS names, `-I`.
pub fn roots(session: &Session<'_>) -> Vec<PathBuf> {
    let mut roots = vec![session.layout.tapset.clone()];
    let xdg = session.host.env("XDG_DATA_DIRS").unwrap_or_default();
    let xdg = xdg.as_bytes().split(|&byte| byte == b':').map(|dir| Path::new(OsStr::from_bytes(dir)));
    roots.extend(xdg.filter(|dir| dir.is_absolute()).map(|dir| dir.join("systemtap/tapset")));
    roots.extend(session.options.include_dirs.iter().cloned());
    roots
}

/// The directories that an entry of the path stands for, most specific first (row O90 of the inventory).
pub fn subdirectories(kernel: &str, arch: &str) -> Vec<PathBuf> {
    let version = release::version(kernel);
    let mut names = vec![kernel.to_owned(), version.to_owned()];
    if let Some((major, minor)) = release::major_minor(kernel) {
        names.push(format!("{major}.{minor}"));
    }
    names.dedup();
    names.push(String::new());
    let mut dirs = Vec::new();
    for prefix in ["linux", ""] {
        for name in &names {
            let dir = Path::new(prefix).join(name);
            dirs.push(dir.join(arch));
            dirs.push(dir);
        }
    }
    dirs
}

/// What a search found, and where it looked.
#[derive(Debug, Default)]
pub struct Findings {
    /// The files, in the order in which they are looked at.
    pub files: Vec<Found>,
    /// The directories that hold any.
    pub searched: Vec<Searched>,
    inodes: FxHashSet<(u64, u64)>,
    tails: FxHashSet<PathBuf>,
}

/// A directory that was searched.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// The directory.
    pub dir: PathBuf,
    /// Macro files.
    pub macros: Tally,
    /// Scripts.
    pub scripts: Tally,
}

/// How many files there were, and how many of them no earlier file hid.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub found: usize,
    /// Those that count.
    pub processed: usize,
}

/// All files of the path. One that has been seen, by its inode or by the end of its path, hides later ones.
pub fn files(host: &dyn Host, roots: &[PathBuf], kernel: &str, arch: &str) -> Findings {
    let mut findings = Findings::default();
    let subdirectories = subdirectories(kernel, arch);
    for (entry, root) in roots.iter().enumerate() {
        for subdirectory in &subdirectories {
            findings.directory(host, root, subdirectory, entry == 0, None);
        }
        for program_dir in program_dirs(host, root) {
            let subdirectory = Path::new(PROGRAMS).join(&program_dir);
            findings.directory(host, root, &subdirectory, entry == 0, Some(&program_dir));
        }
    }
    findings
}

impl Findings {
    fn directory(&mut self, host: &dyn Host, root: &Path, below: &Path, own: bool, programs: Option<&Path>) {
        // Components, for a path that ends with a slash reads badly.
        let dir: PathBuf = root.join(below).components().collect();
        let mut searched = Searched { dir, ..Searched::default() };
        for name in scripts(host, &searched.dir) {
            let tally = if is_macros(&name) { &mut searched.macros } else { &mut searched.scripts };
            tally.found += 1;
            let path = searched.dir.join(&name);
            let Ok(stat) = host.stat(&path) else { continue };
            if self.inodes.insert(stat.id) && self.tails.insert(below.join(&name)) {
                tally.processed += 1;
                let programs = programs.map(|dir| Path::new("/").join(dir));
                self.files.push(Found { path, stat, own, programs });
            }
        }
        if searched.macros.found + searched.scripts.found > 0 {
            self.searched.push(searched);
        }
    }
}

/// Below this directory lie scripts about programs, as deep as the programs themselves.
const PROGRAMS: &str = "PATH";

/// Links may lead round in a circle.
const MOST_LEVELS: usize = 16;

/// The directories below `PATH`, by name.
fn program_dirs(host: &dyn Host, root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut level = vec![PathBuf::new()];
    for _ in 0..MOST_LEVELS {
        let mut next = Vec::new();
        for dir in level {
            let entries = host.list(&root.join(PROGRAMS).join(&dir)).unwrap_or_default();
            next.extend(entries.into_iter().filter(|entry| entry.is_dir).map(|entry| dir.join(entry.name)));
        }
        found.extend(next.iter().cloned());
        level = next;
    }
    found.sort();
    found
}

/// Whether a file of the library holds macros only.
pub fn is_macros(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "stpm")
}

/// Macro files first, then scripts, each by name.
fn scripts(host: &dyn Host, dir: &Path) -> Vec<PathBuf> {
    let entries = host.list(dir).unwrap_or_default();
    let names = entries.into_iter().filter(|entry| !entry.is_dir).map(|entry| PathBuf::from(entry.name));
    let mut names: Vec<PathBuf> =
        names.filter(|name| name.extension().is_some_and(|ext| ext == "stp" || ext == "stpm")).collect();
    names.sort_by_key(|name| (!is_macros(name), name.clone()));
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::memory::MemoryHost;

    #[test]
    fn more_specific_directories_come_first() {
        let dirs = subdirectories("6.1.0-56-amd64", "x86_64");
        let expected = [
            "linux/6.1.0-56-amd64/x86_64",
            "linux/6.1.0-56-amd64",
            "linux/6.1.0/x86_64",
            "linux/6.1.0",
            "linux/6.1/x86_64",
            "linux/6.1",
            "linux/x86_64",
            "linux",
        ];
        // Paths compare by components, so a trailing slash makes no difference.
        assert!(dirs.iter().take(8).eq(expected.map(Path::new)), "{dirs:?}");
        assert_eq!(dirs.last().map(PathBuf::as_path), Some(Path::new("")));
    }

    #[test]
    fn a_file_hides_its_namesake_further_on() {
        let host = MemoryHost::new()
            .file("/t/linux/a.stp", "")
            .file("/t/linux/x86_64/a.stp", "")
            .file("/t/z.stpm", "")
            .file("/t/b.stp", "")
            .file("/t/notes.txt", "")
            .file("/i/linux/a.stp", "")
            .file("/i/c.stp", "");
        let findings = files(&host, &["/t".into(), "/i".into()], "6.1.0", "x86_64");
        let paths: Vec<&str> = findings.files.iter().filter_map(|file| file.path.to_str()).collect();
        assert_eq!(paths, ["/t/linux/x86_64/a.stp", "/t/linux/a.stp", "/t/z.stpm", "/t/b.stp", "/i/c.stp"]);
    }

    #[test]
    fn directories_tell_what_they_held() {
        let host = MemoryHost::new()
            .file("/t/linux/a.stp", "")
            .file("/t/m.stpm", "")
            .file("/i/linux/a.stp", "")
            .file("/i/linux/b.stp", "");
        let searched = files(&host, &["/t".into(), "/i".into()], "6.1.0", "x86_64").searched;
        let told: Vec<(&str, usize, usize, usize)> = searched
            .iter()
            .filter_map(|s| Some((s.dir.to_str()?, s.macros.found, s.scripts.found, s.scripts.processed)))
            .collect();
        assert_eq!(told, [("/t/linux", 0, 1, 1), ("/t", 1, 0, 0), ("/i/linux", 0, 2, 1)]);
    }

    #[test]
    fn scripts_about_programs_lie_where_the_programs_do() {
        let host = MemoryHost::new()
            .file("/t/PATH/usr/bin/sh.stp", "")
            .file("/t/PATH/usr/libexec/x/y.stp", "")
            .file("/t/other/z.stp", "");
        let found = files(&host, &["/t".into()], "6.1.0", "x86_64").files;
        let programs: Vec<Option<&Path>> = found.iter().map(|file| file.programs.as_deref()).collect();
        assert_eq!(programs, [Some(Path::new("/usr/bin")), Some(Path::new("/usr/libexec/x"))]);
    }
}
