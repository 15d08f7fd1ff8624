//! Standard input for a script that has input probes: each byte is written to the module's file `__stdin`.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, tcgetpgrp};

/// The file that a script with input probes has.
const FILE: &str = "__stdin";

/// Standard input is being read; the terminal is as it was when this is dropped.
pub struct Input {
    terminal: Option<Termios>,
}

impl Input {
    /// Starts to feed the script whose files are in `directory`; `None` when it wants no input.
    pub fn start(directory: &Path) -> io::Result<Option<Input>> {
        let open = File::options().write(true).custom_flags(libc::O_NOFOLLOW).open(directory.join(FILE));
        let file = match open {
            Ok(file) => file,
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let source = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let input = Input { terminal: without_lines()? };
        std::thread::Builder::new().name("input".into()).spawn(move || feed(source, file))?;
        Ok(Some(input))
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        if let Some(before) = &self.terminal {
            // A terminal that is gone needs no mending.
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, before);
        }
    }
}

/// Makes the terminal give each character at once, when it is ours to change; gives what it was before.
fn without_lines() -> io::Result<Option<Termios>> {
    let stdin = io::stdin();
    if !stdin.is_terminal() || tcgetpgrp(&stdin) != Ok(getpgrp()) {
        return Ok(None);
    }
    let before = tcgetattr(&stdin)?;
    let mut changed = before.clone();
    changed.local_flags.remove(LocalFlags::ICANON);
    changed.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
    changed.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
    tcsetattr(&stdin, SetArg::TCSANOW, &changed)?;
    Ok(Some(before))
}

/// Byte by byte to the end of either, so that what the script does not get is left for whoever reads next.
fn feed(mut source: impl Read + AsFd, mut script: impl Write) {
    let mut byte = [0];
    loop {
        match source.read(&mut byte) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut fds = [PollFd::new(source.as_fd(), PollFlags::POLLIN)];
                if poll(&mut fds, PollTimeout::NONE).is_err() {
                    return;
                }
                continue;
            }
            Err(_) => return,
        }
        // A handler that failed has said so itself; the module gives EIO when the session is over.
        if let Err(error) = script.write(&byte)
            && error.raw_os_error() == Some(libc::EIO)
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, fails one of them, then is over.
    struct Script {
        taken: Vec<u8>,
        left: usize,
    }

    impl Write for &mut Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.left == 0 {
                return Err(io::Error::from_raw_os_error(libc::EIO));
            }
            self.left -= 1;
            if bytes == b"!" {
                return Err(io::Error::from_raw_os_error(libc::EINVAL));
            }
            self.taken.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn fed(text: &[u8], left: usize) -> (Vec<u8>, Vec<u8>) {
        let mut source = tempfile::tempfile().unwrap();
        source.write_all(text).unwrap();
        io::Seek::rewind(&mut source).unwrap();
        let mut script = Script { taken: Vec::new(), left };
        feed(&source, &mut script);
        let mut rest = Vec::new();
        source.read_to_end(&mut rest).unwrap();
        (script.taken, rest)
    }

    #[test]
    fn each_byte_is_a_write_and_a_failed_one_is_not_the_end() {
        assert_eq!(fed(b"ab!c\n", 100), (b"abc\n".to_vec(), Vec::new()));
    }

    #[test]
    fn what_comes_after_the_session_is_left() {
        assert_eq!(fed(b"abcdef", 3), (b"abc".to_vec(), b"ef".to_vec()));
    }

    #[test]
    fn a_script_without_input_probes_gets_none() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Input::start(dir.path()).unwrap().is_none());
    }
}
