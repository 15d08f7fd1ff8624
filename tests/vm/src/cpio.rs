//! Writes the "newc" archive that the kernel unpacks as its first root (Documentation/driver-api/early-userspace/
//! buffer-format.rst).

use std::collections::BTreeSet;

const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;

/// An archive in memory. Parent directories are added by themselves.
#[derive(Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    directories: BTreeSet<String>,
    entries: u32,
}

impl Archive {
    /// Adds a directory and its parents.
    pub(crate) fn directory(&mut self, path: &str) {
        let path = path.trim_matches('/');
        if path.is_empty() || self.directories.contains(path) {
            return;
        }
        self.parents(path);
        self.directories.insert(path.to_owned());
        self.entry(path, DIRECTORY | 0o755, &[]);
    }

    /// Adds a file.
    pub(crate) fn file(&mut self, path: &str, mode: u32, contents: &[u8]) {
        let path = path.trim_matches('/');
        self.parents(path);
        self.entry(path, REGULAR | (mode & 0o7777), contents);
    }

    /// The finished archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }

    fn parents(&mut self, path: &str) {
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.directory(parent);
        }
    }

    fn entry(&mut self, name: &str, mode: u32, contents: &[u8]) {
        self.entries += 1;
        let links = if mode & DIRECTORY == DIRECTORY { 2 } else { 1 };
        let fields = [
            self.entries,
            mode,
            0, // uid
            0, // gid
            links,
            0, // mtime
            contents.len() as u32,
            0, // device major
            0, // device minor
            0, // rdev major
            0, // rdev minor
            name.len() as u32 + 1,
            0, // check
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(contents);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    #[test]
    fn cpio_lists_what_was_put_in() {
        let mut archive = Archive::default();
        archive.file("/a/b/odd name", 0o755, b"12345");
        archive.file("a/b/second", 0o644, b"");
        let mut cpio = Command::new("cpio")
            .args(["-t", "--quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the package cpio is installed by make setup");
        cpio.stdin.take().expect("piped").write_all(&archive.finish()).expect("cpio reads all");
        let listed = cpio.wait_with_output().expect("cpio ends").stdout;
        assert_eq!(String::from_utf8_lossy(&listed), "a\na/b\na/b/odd name\na/b/second\n");
    }

    #[test]
    fn every_entry_is_aligned() {
        let mut archive = Archive::default();
        archive.file("x", 0o600, b"1");
        assert_eq!(archive.finish().len() % 4, 0);
    }
}
