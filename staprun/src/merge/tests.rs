use super::*;
use crate::records::RECORD_MAX;

const BATCH: usize = 1 << 20;

/// A small generator of repeatable random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn record(time: u64, seq: u32, cpu: u16, more: bool, text: &[u8]) -> Vec<u8> {
    let len = u16::try_from(text.len()).unwrap();
    let mut bytes = Header { time, seq, len, cpu, more }.encode().to_vec();
    bytes.extend(text);
    bytes
}

/// What the kernel holds for each CPU, read in pieces of any size.
struct Kernel {
    channels: Vec<Vec<u8>>,
}

impl Kernel {
    fn read(&mut self, cpu: u32, into: &mut [u8], random: &mut Random) -> usize {
        let channel = &mut self.channels[cpu as usize];
        let most = channel.len().min(into.len());
        let count = if most == 0 { 0 } else { 1 + random.below(most as u64) as usize };
        into[..count].copy_from_slice(&channel[..count]);
        channel.drain(..count);
        count
    }
}

/// One round, as the relay does it.
fn round(merger: &mut Merger, kernel: &mut Kernel, watermark: u64, random: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    merger.begin_round();
    loop {
        for cpu in 0..u32::try_from(kernel.channels.len()).unwrap() {
            let room = merger.room(cpu);
            if !room.is_empty() {
                let count = kernel.read(cpu, room, random);
                merger.filled(cpu, count).unwrap();
            }
        }
        if !merger.emit(watermark, BATCH, &mut out).unwrap() {
            return out;
        }
    }
}

struct Sent {
    time: u64,
    cpu: u16,
    seq: u32,
    lost: bool,
}

/// Random records of several CPUs, in the order in which they must come out.
fn random_records(random: &mut Random, cpus: u16) -> Vec<Sent> {
    let mut seqs = vec![0; usize::from(cpus)];
    let mut time = 100;
    let mut all = Vec::new();
    for _ in 0..300 {
        time += random.below(3);
        let cpu = random.below(u64::from(cpus)) as u16;
        let seq = seqs[usize::from(cpu)];
        seqs[usize::from(cpu)] += 1;
        all.push(Sent { time, cpu, seq, lost: random.below(6) == 0 });
    }
    all.sort_by_key(|sent| (sent.time, sent.cpu, sent.seq));
    all
}

fn expected(sent: &[Sent], cpus: u16) -> String {
    let mut text = String::new();
    let mut next = vec![0; usize::from(cpus)];
    let mark = |cpu: u16, missing: u32| {
        let plural = if missing == 1 { "" } else { "s" };
        format!("WARNING: CPU {cpu} lost {missing} record{plural} here\n")
    };
    for sent in sent.iter().filter(|sent| !sent.lost) {
        let next = &mut next[usize::from(sent.cpu)];
        if sent.seq > *next {
            text += &mark(sent.cpu, sent.seq - *next);
        }
        *next = sent.seq + 1;
        text += &format!("{} {}\n", sent.cpu, sent.seq);
    }
    for cpu in 0..cpus {
        let total = sent.iter().filter(|sent| sent.cpu == cpu).count() as u32;
        let missing = total - next[usize::from(cpu)];
        if missing > 0 {
            text += &mark(cpu, missing);
        }
    }
    text
}

#[test]
fn any_interleaving_comes_out_in_order_with_every_loss() {
    for seed in 1..200 {
        let mut random = Random(seed);
        let cpus = 1 + random.below(5) as u16;
        let sent = random_records(&mut random, cpus);
        let mut merger = Merger::new(u32::from(cpus));
        let mut kernel = Kernel { channels: vec![Vec::new(); usize::from(cpus)] };
        let mut out = Vec::new();
        let mut watermark = 0;
        for one in &sent {
            if !one.lost {
                let text = format!("{} {}\n", one.cpu, one.seq);
                let bytes = record(one.time, one.seq, one.cpu, false, text.as_bytes());
                kernel.channels[usize::from(one.cpu)].extend(bytes);
            }
            // All before this time is in the channels.
            if random.below(10) == 0 {
                watermark = one.time;
                out.extend(round(&mut merger, &mut kernel, watermark, &mut random));
            }
        }
        assert!(watermark > 0);
        out.extend(round(&mut merger, &mut kernel, u64::MAX, &mut random));
        let mut lost = 0;
        for cpu in 0..cpus {
            let total = sent.iter().filter(|sent| sent.cpu == cpu).count() as u32;
            lost += merger.finish(u32::from(cpu), total, &mut out).records;
        }
        assert_eq!(String::from_utf8(out).unwrap(), expected(&sent, cpus), "seed {seed}");
        assert_eq!(lost, sent.iter().filter(|sent| sent.lost).count() as u64, "seed {seed}");
    }
}

/// What a merger makes of these channels in one round for each of these watermarks.
fn rounds(channels: &[Vec<u8>], watermarks: &[u64]) -> (Vec<String>, Merger) {
    let mut merger = Merger::new(u32::try_from(channels.len()).unwrap());
    let mut kernel = Kernel { channels: channels.to_vec() };
    let mut text = |watermark: &u64| {
        let out = round(&mut merger, &mut kernel, *watermark, &mut Random(7));
        String::from_utf8(out).unwrap()
    };
    let texts = watermarks.iter().map(&mut text).collect();
    (texts, merger)
}

#[test]
fn one_handlers_output_is_not_torn() {
    let first = [record(1, 0, 0, true, b"a "), record(9, 1, 0, true, b"b "), record(9, 2, 0, false, b"c\n")];
    let second = record(2, 0, 1, false, b"other\n");
    let (texts, _) = rounds(&[first.concat(), second], &[u64::MAX]);
    assert_eq!(texts, ["a b c\nother\n"]);
}

#[test]
fn a_torn_handlers_rest_is_waited_for_and_then_given_up() {
    let first = record(1, 0, 0, true, b"begun ");
    let second = record(2, 0, 1, false, b"other\n");
    let (texts, mut merger) = rounds(&[first, second], &[u64::MAX, u64::MAX]);
    assert_eq!(texts, ["begun ", ""]);
    assert!(merger.is_held());
    merger.release_holder();
    let mut out = round(&mut merger, &mut Kernel { channels: vec![Vec::new(); 2] }, 9, &mut Random(7));
    merger.finish(0, 2, &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), "other\nWARNING: CPU 0 lost 1 record here\n");
}

#[test]
fn a_mark_stands_on_its_own_line() {
    let channel = [record(1, 0, 0, false, b"half"), record(2, 3, 0, false, b" line\n")].concat();
    let (texts, _) = rounds(&[channel], &[9]);
    assert_eq!(texts, ["half\nWARNING: CPU 0 lost 2 records here\n line\n"]);
}

#[test]
fn nothing_at_or_above_the_watermark_is_shown() {
    let channel = [record(4, 0, 0, false, b"4"), record(5, 1, 0, false, b"5")].concat();
    let (texts, _) = rounds(&[channel], &[4, 5, 6]);
    assert_eq!(texts, ["", "4", "5"]);
}

#[test]
fn sequences_wrap_and_a_step_back_is_no_loss() {
    let mut merger = Merger::new(1);
    let mut out = Vec::new();
    merger.finish(0, u32::MAX, &mut out);
    out.clear();
    let bytes = [u32::MAX, 0, 1, 1, 2].map(|seq| record(1, seq, 0, false, b"")).concat();
    merger.begin_round();
    merger.room(0)[..bytes.len()].copy_from_slice(&bytes);
    merger.filled(0, bytes.len()).unwrap();
    merger.emit(9, BATCH, &mut out).unwrap();
    assert!(out.is_empty());
    assert_eq!(merger.finish(0, 3, &mut out), Losses { records: 0, unexpected: 1 });
}

#[test]
fn the_longest_record_fits_into_the_window() {
    const { assert!(WINDOW > RECORD_MAX) };
    let long = vec![b'x'; usize::from(u16::MAX)];
    let bytes: Vec<u8> = (0..9).flat_map(|seq| record(1, seq, 0, false, &long)).collect();
    let (texts, _) = rounds(&[bytes], &[9]);
    assert_eq!(texts[0].len(), 9 * long.len());
}

#[test]
fn bytes_that_are_no_records_close_their_channel_only() {
    let mut random = Random(3);
    for _ in 0..300 {
        let mut merger = Merger::new(2);
        merger.begin_round();
        let good = record(1, 0, 1, false, b"good\n");
        merger.room(1)[..good.len()].copy_from_slice(&good);
        merger.filled(1, good.len()).unwrap();
        let noise: Vec<u8> = (0..random.below(300)).map(|_| random.below(256) as u8).collect();
        merger.room(0)[..noise.len()].copy_from_slice(&noise);
        let mut broken = merger.filled(0, noise.len()).is_err();
        let mut out = Vec::new();
        for cpu in [0, 1] {
            if !merger.room(cpu).is_empty() {
                broken |= merger.filled(cpu, 0).is_err();
            }
        }
        while merger.emit(u64::MAX, BATCH, &mut out).inspect_err(|_| broken = true).is_err() {}
        merger.release_holder();
        let _ = merger.emit(u64::MAX, BATCH, &mut out);
        assert!(broken || noise.len() < RECORD_MAX);
        assert!(out.windows(5).any(|window| window == b"good\n"));
    }
}
