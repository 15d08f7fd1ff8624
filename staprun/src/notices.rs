//! Warnings and errors of the module, on their way to standard error.

use std::collections::HashSet;

/// Warnings remembered at most; later ones are printed each time.
const REMEMBERED: usize = 1024;
const WARNING: &[u8] = b"WARNING:";

/// Decides which notices are shown.
pub struct Notices {
    no_warnings: bool,
    keep_repeats: bool,
    seen: HashSet<Vec<u8>>,
}

impl Notices {
    /// -w hides warnings; -v shows repeats too.
    pub fn new(no_warnings: bool, verbose: u8) -> Self {
        Self { no_warnings, keep_repeats: verbose > 0, seen: HashSet::new() }
    }

    /// The line to print, or nothing for a warning that is unwanted or was printed before.
    pub fn take(&mut self, text: Vec<u8>) -> Option<Vec<u8>> {
        let line = with_newline(text);
        if line.starts_with(WARNING) && (self.no_warnings || self.is_repeat(&line)) {
            return None;
        }
        Some(line)
    }

    fn is_repeat(&mut self, line: &[u8]) -> bool {
        if self.keep_repeats {
            return false;
        }
        if self.seen.contains(line) {
            return true;
        }
        if self.seen.len() < REMEMBERED {
            self.seen.insert(line.to_vec());
        }
        false
    }
}

fn with_newline(mut text: Vec<u8>) -> Vec<u8> {
    if text.last() != Some(&b'\n') {
        text.push(b'\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(notices: &mut Notices, text: &str) -> bool {
        notices.take(text.into()).is_some()
    }

    #[test]
    fn a_repeated_warning_is_shown_once() {
        let mut notices = Notices::new(false, 0);
        assert!(shown(&mut notices, "WARNING: a\n"));
        assert!(!shown(&mut notices, "WARNING: a"));
        assert!(shown(&mut notices, "WARNING: b"));
        assert!(shown(&mut notices, "ERROR: a"));
        assert!(shown(&mut notices, "ERROR: a"));
        let mut verbose = Notices::new(false, 1);
        assert!(shown(&mut verbose, "WARNING: a") && shown(&mut verbose, "WARNING: a"));
    }

    #[test]
    fn errors_are_shown_without_warnings() {
        let mut notices = Notices::new(true, 3);
        assert!(!shown(&mut notices, "WARNING: a"));
        assert_eq!(notices.take(b"ERROR: x".to_vec()), Some(b"ERROR: x\n".to_vec()));
    }

    #[test]
    fn memory_is_bounded() {
        let mut notices = Notices::new(false, 0);
        for number in 0..REMEMBERED + 10 {
            assert!(shown(&mut notices, &format!("WARNING: {number}")));
        }
        assert_eq!(notices.seen.len(), REMEMBERED);
        assert!(!shown(&mut notices, "WARNING: 0"));
    }
}
