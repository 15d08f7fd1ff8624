//! Where the files of the probed machine lie: at the root of this one, or below the folder of `--sysroot`.

use std::path::{Path, PathBuf};

use crate::host::Host;

/// The folder that stands for `/` of the probed machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sysroot(PathBuf);

impl Default for Sysroot {
    fn default() -> Self {
        Sysroot(PathBuf::from("/"))
    }
}

impl Sysroot {
    /// The folder of `--sysroot`, as seen from here.
    pub fn new(dir: PathBuf) -> Self {
        Sysroot(dir)
    }

    /// Whether the probed machine's files are this machine's own.
    pub fn is_host(&self) -> bool {
        self.0 == Path::new("/")
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where a file of the probed machine lies here.
    pub fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// The name that a file found here has on the probed machine.
    pub fn name_there(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.0).map_or_else(|_| path.to_owned(), |rest| Path::new("/").join(rest))
    }

    /// Whether a file is the probed machine's: an absolute link below the folder leads to one of this machine.
    pub fn holds(&self, host: &dyn Host, path: &Path) -> bool {
        self.is_host() || host.canonicalize(path).is_ok_and(|real| real.starts_with(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        let root = Sysroot::new("/srv/el9".into());
        assert_eq!(root.at("/boot/x"), Path::new("/srv/el9/boot/x"));
        assert_eq!(root.name_there(Path::new("/srv/el9/boot/x")), Path::new("/boot/x"));
        assert_eq!(Sysroot::default().at("/boot/x"), Path::new("/boot/x"));
        assert!(Sysroot::default().is_host() && !root.is_host());
    }
}
