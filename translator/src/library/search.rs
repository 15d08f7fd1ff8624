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

/// All files of the path. One that has been seen, by its inode or by the end of its path, hides later ones.
pub fn files(host: &dyn Host, roots: &[PathBuf], kernel: &str, arch: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut inodes = FxHashSet::default();
    let mut tails = FxHashSet::default();
    let subdirectories = subdirectories(kernel, arch);
    for (entry, root) in roots.iter().enumerate() {
        for subdirectory in &subdirectories {
            for name in scripts(host, &root.join(subdirectory)) {
                let tail = subdirectory.join(&name);
                let path = root.join(&tail);
                let Ok(stat) = host.stat(&path) else { continue };
                if inodes.insert(stat.id) && tails.insert(tail) {
                    found.push(Found { path, stat, own: entry == 0 });
                }
            }
        }
    }
    found
}

/// Macro files first, then scripts, each by name.
fn scripts(host: &dyn Host, dir: &Path) -> Vec<PathBuf> {
    let entries = host.list(dir).unwrap_or_default();
    let names = entries.into_iter().filter(|entry| !entry.is_dir).map(|entry| PathBuf::from(entry.name));
    let mut names: Vec<PathBuf> =
        names.filter(|name| name.extension().is_some_and(|ext| ext == "stp" || ext == "stpm")).collect();
    names.sort_by_key(|name| (name.extension().is_none_or(|ext| ext != "stpm"), name.clone()));
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
        let found = files(&host, &["/t".into(), "/i".into()], "6.1.0", "x86_64");
        let paths: Vec<&str> = found.iter().filter_map(|file| file.path.to_str()).collect();
        assert_eq!(paths, ["/t/linux/x86_64/a.stp", "/t/linux/a.stp", "/t/z.stpm", "/t/b.stp", "/i/c.stp"]);
    }
}
