//! Files mapped into memory: a kernel's debuginfo is hundreds of megabytes, of which a run reads few.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "this is part of the one door to the machine"
)]

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

/// The bytes of a file, read from the disk as they are looked at.
#[derive(Debug)]
pub struct Mapped(Bytes);

#[derive(Debug)]
enum Bytes {
    Mapping(memmap2::Mmap),
    Owned(Vec<u8>),
}

impl Mapped {
    /// Maps a whole file, read-only.
    pub(super) fn open(path: &Path) -> io::Result<Mapped> {
        let file = File::open(path)?;
        if file.metadata()?.len() == 0 {
            // An empty range cannot be mapped.
            return Ok(Mapped::from(Vec::new()));
        }
        // SAFETY: nothing in this process writes to the file. Debuginfo and index files are replaced by renaming, which
        // leaves the mapped one as it was; who truncates one in place ends this process with SIGBUS, as with any program
        // that maps its input.
        let mapping = unsafe { memmap2::Mmap::map(&file)? };
        Ok(Mapped(Bytes::Mapping(mapping)))
    }
}

impl From<Vec<u8>> for Mapped {
    fn from(bytes: Vec<u8>) -> Self {
        Mapped(Bytes::Owned(bytes))
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Mapping(mapping) => mapping,
            Bytes::Owned(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_empty_ones_and_missing_ones() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("a");
        std::fs::write(&path, "bytes").expect("written");
        assert_eq!(&*Mapped::open(&path).expect("mapped"), b"bytes");
        std::fs::write(&path, "").expect("written");
        assert_eq!(&*Mapped::open(&path).expect("mapped"), b"");
        assert!(Mapped::open(dir.path()).is_err());
        assert!(Mapped::open(&dir.path().join("none")).is_err());
    }
}
