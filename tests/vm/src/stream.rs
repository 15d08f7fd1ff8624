//! Standard output and error of the command on their way to the caller.

use std::io::Write;

/// What guest.sh writes after the command's last byte. Nothing is lost when QEMU is killed after both marks were read.
const MARK: &[u8] = b"\0vm-end\0";

/// Where a stream of the guest goes.
pub(crate) enum Sink {
    /// Kept for the caller.
    Keep(Vec<u8>),
    /// Passed on at once.
    Live(Box<dyn Write + Send>),
}

impl Sink {
    /// Takes bytes; false when nobody reads them any more.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> bool {
        match self {
            Sink::Keep(kept) => {
                kept.extend_from_slice(bytes);
                true
            }
            Sink::Live(writer) => writer.write_all(bytes).and_then(|()| writer.flush()).is_ok(),
        }
    }

    /// What was kept.
    pub(crate) fn kept(self) -> Vec<u8> {
        match self {
            Sink::Keep(kept) => kept,
            Sink::Live(_) => Vec::new(),
        }
    }
}

/// Finds the end mark in a stream that arrives in pieces. Only bytes that may begin a mark are held back.
#[derive(Default)]
pub(crate) struct EndMark {
    held: Vec<u8>,
    ended: bool,
}

impl EndMark {
    /// Passes bytes on up to the mark; true when the mark was in them.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut pass: impl FnMut(&[u8])) -> bool {
        if self.ended {
            return false;
        }
        self.held.extend_from_slice(bytes);
        if let Some(at) = self.held.windows(MARK.len()).position(|window| window == MARK) {
            pass(&self.held[..at]);
            self.held.clear();
            self.ended = true;
            return true;
        }
        let keep = (1..MARK.len()).rev().find(|&n| self.held.ends_with(&MARK[..n])).unwrap_or(0);
        let at = self.held.len() - keep;
        pass(&self.held[..at]);
        self.held.drain(..at);
        false
    }

    /// Passes on what was held back when the stream ends without a mark.
    pub(crate) fn rest(&mut self, mut pass: impl FnMut(&[u8])) {
        pass(&self.held);
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that passes when the pieces are fed, and whether the mark was seen.
    fn fed(pieces: &[&[u8]]) -> (Vec<u8>, bool) {
        let (mut passed, mut mark, mut seen) = (Vec::new(), EndMark::default(), false);
        for piece in pieces {
            seen |= mark.feed(piece, |bytes| passed.extend_from_slice(bytes));
        }
        mark.rest(|bytes| passed.extend_from_slice(bytes));
        (passed, seen)
    }

    #[test]
    fn the_mark_ends_the_stream_wherever_it_is_cut() {
        let whole = b"a\0b\0vm-end\0";
        for cut in 0..whole.len() {
            assert_eq!(fed(&[&whole[..cut], &whole[cut..]]), (b"a\0b".to_vec(), true), "cut at {cut}");
        }
    }

    #[test]
    fn text_passes_at_once_and_a_half_mark_at_the_end() {
        assert_eq!(fed(&[b"hello\n"]), (b"hello\n".to_vec(), false));
        assert_eq!(fed(&[b"x\0vm-"]), (b"x\0vm-".to_vec(), false));
    }
}
