//! From the channels to the output: reads all that is below a watermark, in order, in bounded batches.

use std::io;
use std::time::{Duration, Instant};

use crate::kernel::Kernel;
use crate::merge::{Corrupt, Merger};
use crate::output::{Output, WriteFailure};
use crate::print;

/// Bytes handed to one write.
const BATCH: usize = 1 << 20;
/// Batches of one round, after which signals and messages are looked at again.
const ROUND: usize = 16;
/// A handler's second record that has not come after this long was lost.
const HOLD: Duration = Duration::from_secs(1);

/// Why a round stopped for good.
#[derive(Debug)]
pub enum Failure {
    /// The module's files cannot be read.
    Read(io::Error),
    /// The output cannot be written.
    Write(WriteFailure),
}

impl From<WriteFailure> for Failure {
    fn from(failure: WriteFailure) -> Self {
        Self::Write(failure)
    }
}

/// How a round went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Bytes of output.
    pub bytes: usize,
    /// There is more that could be taken at once.
    pub backlog: bool,
}

/// Losses of one CPU, for the closing summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuLoss {
    /// The CPU.
    pub cpu: u32,
    /// Records that never came.
    pub records: u64,
    /// Their bytes, as far as the module counted them.
    pub bytes: u64,
    /// Sequence numbers that came twice or went back.
    pub unexpected: u64,
}

/// The reading side of a session.
pub struct Relay {
    merger: Merger,
    cpus: u32,
    held_since: Option<Instant>,
    corrupt: bool,
}

impl Relay {
    /// For a module with this many channels.
    pub fn new(cpus: u32) -> Self {
        Self { merger: Merger::new(cpus), cpus, held_since: None, corrupt: false }
    }

    /// Whether some channel held bytes that are no records.
    pub fn is_corrupt(&self) -> bool {
        self.corrupt
    }

    /// Takes what is below a fresh watermark.
    pub fn round(&mut self, kernel: &mut impl Kernel, output: &mut Output) -> Result<Round, Failure> {
        let watermark = kernel.watermark().map_err(Failure::Read)?;
        let round = self.take(kernel, output, watermark)?;
        self.watch_holder(round.bytes > 0);
        Ok(round)
    }

    /// Takes everything that is left of a module that has stopped.
    pub fn last_round(&mut self, kernel: &mut impl Kernel, output: &mut Output) -> Result<Round, Failure> {
        let round = self.take(kernel, output, u64::MAX)?;
        if !round.backlog && self.merger.is_held() {
            self.merger.release_holder();
            return Ok(Round { backlog: true, ..round });
        }
        Ok(round)
    }

    fn take(
        &mut self,
        kernel: &mut impl Kernel,
        output: &mut Output,
        watermark: u64,
    ) -> Result<Round, Failure> {
        self.merger.begin_round();
        let mut round = Round::default();
        for _ in 0..ROUND {
            if !output.ready(Duration::from_millis(50))? {
                return Ok(Round { backlog: true, ..round });
            }
            let mut batch = output.batch();
            let more = self.fill(kernel, watermark, &mut batch)?;
            round.bytes += batch.len();
            output.submit(batch);
            if !more {
                return Ok(round);
            }
        }
        Ok(Round { backlog: true, ..round })
    }

    /// Fills one batch; tells whether there is more below the watermark.
    fn fill(
        &mut self,
        kernel: &mut impl Kernel,
        watermark: u64,
        batch: &mut Vec<u8>,
    ) -> Result<bool, Failure> {
        while batch.len() < BATCH {
            self.refill(kernel)?;
            match self.merger.emit(watermark, BATCH, batch) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(corrupt) => self.report(&corrupt),
            }
        }
        Ok(true)
    }

    /// Reads the channels of which no record is at hand.
    fn refill(&mut self, kernel: &mut impl Kernel) -> Result<(), Failure> {
        for cpu in 0..self.cpus {
            let room = self.merger.room(cpu);
            if room.is_empty() {
                continue;
            }
            let count = kernel.read_channel(cpu, room).map_err(Failure::Read)?;
            if let Err(corrupt) = self.merger.filled(cpu, count) {
                self.report(&corrupt);
            }
        }
        Ok(())
    }

    fn report(&mut self, corrupt: &Corrupt) {
        self.corrupt = true;
        print::error_line(format_args!("ERROR: {corrupt}"));
    }

    fn watch_holder(&mut self, moved: bool) {
        if !self.merger.is_held() || moved {
            self.held_since = None;
        } else if self.held_since.get_or_insert_with(Instant::now).elapsed() >= HOLD {
            self.merger.release_holder();
        }
    }

    /// Marks the losses at the very end of each CPU's output, and tells all losses.
    pub fn finish(&mut self, kernel: &mut impl Kernel, output: &mut Output) -> io::Result<Vec<CpuLoss>> {
        let mut batch = output.batch();
        let mut all = Vec::new();
        for cpu in 0..self.cpus {
            let Some(status) = kernel.cpu_status(cpu)? else { continue };
            let losses = self.merger.finish(cpu, status.next_seq, &mut batch);
            let records = losses.records.max(status.lost_records);
            if records > 0 || losses.unexpected > 0 {
                all.push(CpuLoss { cpu, records, bytes: status.lost_bytes, unexpected: losses.unexpected });
            }
        }
        output.submit(batch);
        Ok(all)
    }
}
