//! Where a session's output goes: a thread that writes, so that a reader of ours that is slow or stuck never
//! keeps stapio from its control channel and its signals.  Two batches at most are under way; more is left in
//! the kernel's buffers, where a loss is counted.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Batches under way at most.
const DEPTH: usize = 2;

/// The output cannot be written any more.
#[derive(Debug)]
pub struct WriteFailure {
    /// Why.
    pub error: io::Error,
    /// Bytes that were written before.
    pub written: u64,
}

impl WriteFailure {
    /// The reader went away, which is its right.
    pub fn is_closed(&self) -> bool {
        self.error.kind() == io::ErrorKind::BrokenPipe
    }
}

/// The writing end.
pub struct Output {
    batches: Option<SyncSender<Vec<u8>>>,
    /// Emptied batches, or the failure that ended the thread.
    returned: Receiver<Result<Vec<u8>, WriteFailure>>,
    spare: Vec<Vec<u8>>,
    under_way: usize,
    thread: Option<JoinHandle<()>>,
}

impl Output {
    /// Writes to this file from now on.
    pub fn new(file: File) -> io::Result<Self> {
        let (batches, to_write) = sync_channel::<Vec<u8>>(DEPTH);
        let (give_back, returned) = channel();
        let thread = std::thread::Builder::new().name("output".into()).spawn(move || {
            let mut target = Target { file, written: 0 };
            for batch in to_write {
                let result = target.write(batch);
                let failed = result.is_err();
                if give_back.send(result).is_err() || failed {
                    return;
                }
            }
        })?;
        Ok(Self { batches: Some(batches), returned, spare: Vec::new(), under_way: 0, thread: Some(thread) })
    }

    /// Waits until another batch can be taken; false when that lasts too long.
    pub fn ready(&mut self, patience: Duration) -> Result<bool, WriteFailure> {
        self.wait_below(DEPTH, patience)
    }

    /// Waits until all is written; false when that lasts too long.
    pub fn flush(&mut self, patience: Duration) -> Result<bool, WriteFailure> {
        self.wait_below(1, patience)
    }

    /// An empty batch to fill.
    pub fn batch(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// Hands a batch over; after [`Self::ready`] this does not wait.
    pub fn submit(&mut self, batch: Vec<u8>) {
        if batch.is_empty() {
            self.spare.push(batch);
        } else if let Some(batches) = &self.batches
            && batches.send(batch).is_ok()
        {
            self.under_way += 1;
        }
    }

    fn wait_below(&mut self, count: usize, patience: Duration) -> Result<bool, WriteFailure> {
        let deadline = Instant::now() + patience;
        loop {
            match self.returned.try_recv() {
                Ok(result) => self.take_back(result)?,
                Err(TryRecvError::Disconnected) => return Err(ended()),
                Err(TryRecvError::Empty) if self.under_way < count => return Ok(true),
                Err(TryRecvError::Empty) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    match self.returned.recv_timeout(left) {
                        Ok(result) => self.take_back(result)?,
                        Err(RecvTimeoutError::Timeout) => return Ok(false),
                        Err(RecvTimeoutError::Disconnected) => return Err(ended()),
                    }
                }
            }
        }
    }

    fn take_back(&mut self, result: Result<Vec<u8>, WriteFailure>) -> Result<(), WriteFailure> {
        self.under_way = self.under_way.saturating_sub(1);
        self.spare.push(result?);
        Ok(())
    }

    /// Ends the thread after the batches under way.
    pub fn close(mut self) {
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What is left to say when the thread is gone and its failure has been reported already.
fn ended() -> WriteFailure {
    WriteFailure { error: io::ErrorKind::BrokenPipe.into(), written: 0 }
}

struct Target {
    file: File,
    written: u64,
}

impl Target {
    fn write(&mut self, mut batch: Vec<u8>) -> Result<Vec<u8>, WriteFailure> {
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(self.failure(io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    self.written += count as u64;
                    rest = &rest[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failure(error)),
            }
        }
        batch.clear();
        Ok(batch)
    }

    fn failure(&self, error: io::Error) -> WriteFailure {
        WriteFailure { error, written: self.written }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn batches_arrive_in_order() {
        let mut file = tempfile::tempfile().unwrap();
        let mut output = Output::new(file.try_clone().unwrap()).unwrap();
        for number in 0..100 {
            assert!(output.ready(PATIENCE).unwrap());
            let mut batch = output.batch();
            batch.extend(format!("{number}\n").bytes());
            output.submit(batch);
        }
        assert!(output.flush(PATIENCE).unwrap());
        output.close();
        let mut text = String::new();
        io::Seek::rewind(&mut file).unwrap();
        file.read_to_string(&mut text).unwrap();
        let wanted: String = (0..100).map(|number| format!("{number}\n")).collect();
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_full_disk_is_told_with_what_was_written() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut output = Output::new(full).unwrap();
        output.submit(b"text".to_vec());
        let failure = output.flush(PATIENCE).unwrap_err();
        assert_eq!(failure.error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(failure.written, 0);
        assert!(!failure.is_closed());
    }

    #[test]
    fn a_stuck_reader_stops_us_and_a_lost_one_ends_us() {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        let mut output = Output::new(File::from(writer)).unwrap();
        for _ in 0..DEPTH {
            output.submit(vec![b'x'; 1 << 20]);
        }
        assert!(!output.ready(Duration::from_millis(50)).unwrap());
        drop(reader);
        assert!(output.flush(PATIENCE).unwrap_err().is_closed());
    }
}
