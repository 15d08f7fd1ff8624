//! One ordered stream out of the channels of all CPUs.
//!
//! Records are ordered by (time, CPU) within one CPU by their sequence.  Each channel keeps a bounded window of
//! bytes; [`Merger::emit`] stops when it needs bytes of a channel that has not been read far enough.  A gap in a
//! CPU's sequence becomes a line of its own in the stream, at the place where the records are missing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;

use crate::records::{HEADER, Header};

/// Bytes of one channel that are held at a time.  It must exceed the longest record.
pub const WINDOW: usize = 256 << 10;

/// A channel whose bytes are no records; nothing after them can be understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Corrupt {
    /// The CPU whose channel it is.
    pub cpu: u32,
}

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the output of CPU {} is not in the expected form; what follows on it is dropped", self.cpu)
    }
}

/// What one CPU's sequence numbers told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Numbers that never came.
    pub records: u64,
    /// Numbers that came again or went back.
    pub unexpected: u64,
}

#[derive(Default)]
struct Channel {
    window: Vec<u8>,
    start: usize,
    end: usize,
    /// The next sequence number.
    expected: u32,
    /// Times never go back on one CPU, whatever a nested handler stamped.
    time: u64,
    /// All records below the watermark are in the window.
    settled: bool,
    broken: bool,
    queued: bool,
    losses: Losses,
}

impl Channel {
    fn bytes(&self) -> &[u8] {
        &self.window[self.start..self.end]
    }

    /// The next record, if it is there whole.
    fn head(&self) -> Option<Header> {
        let bytes = self.bytes();
        Header::parse(bytes).filter(|header| header.size() <= bytes.len())
    }

    /// Nothing is known of its next record, which may be below the watermark.
    fn is_starving(&self) -> bool {
        !self.settled && !self.queued
    }

    fn order(&self, header: &Header) -> u64 {
        header.time.max(self.time)
    }
}

/// The channels and their order.
pub struct Merger {
    channels: Vec<Channel>,
    /// (time, CPU) of the next record of each channel that has one.
    heads: BinaryHeap<Reverse<(u64, u32)>>,
    /// The CPU whose handler has not ended its output yet.
    holder: Option<u32>,
    at_line_start: bool,
}

impl Merger {
    /// A merger of this many channels.
    pub fn new(cpus: u32) -> Self {
        let channels = (0..cpus).map(|_| Channel::default()).collect();
        Self { channels, heads: BinaryHeap::new(), holder: None, at_line_start: true }
    }

    /// Begins a round: every channel must be read up to the new watermark.
    pub fn begin_round(&mut self) {
        for channel in &mut self.channels {
            channel.settled = channel.broken;
        }
    }

    /// Room to read bytes of this CPU into; empty when nothing need be read of it now.
    pub fn room(&mut self, cpu: u32) -> &mut [u8] {
        let Some(channel) = self.channels.get_mut(cpu as usize) else { return &mut [] };
        if channel.settled || channel.head().is_some() {
            return &mut [];
        }
        if channel.window.is_empty() {
            channel.window = vec![0; WINDOW];
        }
        channel.window.copy_within(channel.start..channel.end, 0);
        channel.end -= channel.start;
        channel.start = 0;
        &mut channel.window[channel.end..]
    }

    /// Takes note of `count` bytes read into [`Self::room`]; none means that the channel is empty for now.
    pub fn filled(&mut self, cpu: u32, count: usize) -> Result<(), Corrupt> {
        let Some(channel) = self.channels.get_mut(cpu as usize) else { return Ok(()) };
        channel.end = (channel.end + count).min(channel.window.len());
        channel.settled |= count == 0;
        self.queue(cpu)
    }

    /// Puts the channel's next record into the order.
    fn queue(&mut self, cpu: u32) -> Result<(), Corrupt> {
        let channel = &mut self.channels[cpu as usize];
        if channel.queued || channel.broken {
            return Ok(());
        }
        let Some(header) = Header::parse(channel.bytes()) else { return Ok(()) };
        if u32::from(header.cpu) != cpu {
            *channel = Channel {
                broken: true,
                settled: true,
                expected: channel.expected,
                losses: channel.losses,
                ..Channel::default()
            };
            return Err(Corrupt { cpu });
        }
        if channel.head().is_some() {
            channel.queued = true;
            let order = channel.order(&header);
            self.heads.push(Reverse((order, cpu)));
        }
        Ok(())
    }

    /// Appends to `out` what is in order below the watermark, about `limit` bytes at most.  Tells whether more
    /// bytes of some channel are needed to go on.
    pub fn emit(&mut self, watermark: u64, limit: usize, out: &mut Vec<u8>) -> Result<bool, Corrupt> {
        let mut starving = self.channels.iter().any(Channel::is_starving);
        while !starving && out.len() < limit {
            let Some(cpu) = self.next_cpu(watermark) else { return Ok(false) };
            self.emit_run(cpu, watermark, limit, out)?;
            starving = self.channels[cpu as usize].is_starving();
        }
        Ok(true)
    }

    /// The CPU whose record is next, out of the heap.
    fn next_cpu(&mut self, watermark: u64) -> Option<u32> {
        if let Some(cpu) = self.holder {
            if !self.channels[cpu as usize].queued {
                return None;
            }
            self.heads.retain(|Reverse((_, other))| *other != cpu);
            return Some(cpu);
        }
        let Reverse((time, cpu)) = *self.heads.peek()?;
        if time >= watermark {
            return None;
        }
        self.heads.pop();
        Some(cpu)
    }

    /// Emits records of one CPU for as long as they come before those of all others.
    fn emit_run(&mut self, cpu: u32, watermark: u64, limit: usize, out: &mut Vec<u8>) -> Result<(), Corrupt> {
        let others = self.heads.peek().map(|Reverse(head)| *head);
        loop {
            self.emit_head(cpu, out);
            let more = self.holder.is_some();
            let channel = &self.channels[cpu as usize];
            let Some(header) = channel.head() else { break };
            let place = (channel.order(&header), cpu);
            let its_turn = place.0 < watermark && others.is_none_or(|others| place < others);
            let sound = u32::from(header.cpu) == cpu;
            if !sound || !(more || its_turn) || out.len() >= limit {
                break;
            }
        }
        self.queue(cpu)
    }

    /// Emits the record at the head of this channel.
    fn emit_head(&mut self, cpu: u32, out: &mut Vec<u8>) {
        let channel = &mut self.channels[cpu as usize];
        channel.queued = false;
        let Some(header) = channel.head() else { return };
        let missing = header.seq.wrapping_sub(channel.expected);
        if missing > u32::MAX / 2 {
            channel.losses.unexpected += 1;
        } else if missing > 0 {
            channel.losses.records += u64::from(missing);
            mark_loss(cpu, missing, self.at_line_start, out);
            self.at_line_start = true;
        }
        channel.expected = header.seq.wrapping_add(1);
        channel.time = channel.order(&header);
        let size = header.size();
        let text = &channel.window[channel.start + HEADER..channel.start + size];
        out.extend_from_slice(text);
        if let Some(last) = text.last() {
            self.at_line_start = *last == b'\n';
        }
        channel.start += size;
        self.holder = header.more.then_some(cpu);
    }

    /// Gives up waiting for the rest of a handler's output, which was lost or is very late.
    pub fn release_holder(&mut self) {
        self.holder = None;
    }

    /// Whether a handler's output is broken off and the rest has not come yet.
    pub fn is_held(&self) -> bool {
        self.holder.is_some()
    }

    /// At the end, when all channels are empty: the loss of a CPU's last records, up to `next_seq`.
    pub fn finish(&mut self, cpu: u32, next_seq: u32, out: &mut Vec<u8>) -> Losses {
        let Some(channel) = self.channels.get_mut(cpu as usize) else { return Losses::default() };
        let missing = next_seq.wrapping_sub(channel.expected);
        if missing > 0 && missing <= u32::MAX / 2 {
            channel.losses.records += u64::from(missing);
            mark_loss(cpu, missing, self.at_line_start, out);
            self.at_line_start = true;
        }
        channel.expected = next_seq;
        channel.losses
    }
}

/// The visible mark of a gap, on a line of its own.
fn mark_loss(cpu: u32, missing: u32, at_line_start: bool, out: &mut Vec<u8>) {
    if !at_line_start {
        out.push(b'\n');
    }
    let plural = if missing == 1 { "" } else { "s" };
    out.extend(format!("WARNING: CPU {cpu} lost {missing} record{plural} here\n").bytes());
}

#[cfg(test)]
mod tests;
