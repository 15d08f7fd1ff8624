//! Before anything else: is the world around this process as it must be?

use std::os::fd::{AsFd, BorrowedFd};

use nix::fcntl::{FcntlArg, fcntl};
use nix::unistd::{Gid, Uid};

use crate::error::{Error, Result};
use crate::sys;

/// Who started the program, and with which rights it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: Uid,
    /// The user's group.
    pub group: Gid,
    /// Whose rights the process has.
    pub effective: Uid,
}

impl Identity {
    /// This process.
    pub fn current() -> Self {
        Self { user: Uid::current(), group: Gid::current(), effective: Uid::effective() }
    }

    /// Started by one user with the rights of another: setuid.
    pub fn is_elevated(&self) -> bool {
        self.user != self.effective
    }
}

/// Checks what a hostile caller may have left behind, and closes what it may have left open.
pub fn run() -> Result<Identity> {
    for (name, fd) in [
        ("input", std::io::stdin().as_fd()),
        ("output", std::io::stdout().as_fd()),
        ("error", std::io::stderr().as_fd()),
    ] {
        check_open(name, fd)?;
    }
    sys::process::close_on_exec_from(3)
        .map_err(|error| Error::refused(format!("cannot close inherited files: {error}")))?;
    Ok(Identity::current())
}

/// A file opened later must not become a standard stream.  Rust's start-up opens /dev/null on a closed one; this
/// makes sure.
fn check_open(name: &str, fd: BorrowedFd<'_>) -> Result<()> {
    fcntl(fd, FcntlArg::F_GETFD)
        .map(drop)
        .map_err(|error| Error::refused(format!("standard {name} is not open: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_of_another_user_are_noticed() {
        let root = Uid::from_raw(0);
        let own = Identity { user: root, group: Gid::from_raw(0), effective: root };
        assert!(!own.is_elevated());
        assert!(Identity { user: Uid::from_raw(1000), ..own }.is_elevated());
    }

    #[test]
    fn a_closed_stream_is_refused() {
        let file = tempfile::tempfile().unwrap();
        check_open("input", file.as_fd()).unwrap();
        assert_eq!(run().unwrap(), Identity::current());
    }
}
