//! Mirror of `runtime-c/abi/records.h`; `tests/abi.rs` holds the two together.

/// Size of `struct stp_record`.
pub const HEADER: usize = 16;
/// The longest record, header included.
pub const RECORD_MAX: usize = HEADER + u16::MAX as usize;

const CPU: u16 = 0x1fff;
const MORE: u16 = 0x2000;

/// `struct stp_record`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Orders records of different CPUs.
    pub time: u64,
    /// Grows by one on each CPU, losses included.
    pub seq: u32,
    /// Bytes of output that follow.
    pub len: u16,
    /// The CPU that wrote it.
    pub cpu: u16,
    /// The same handler goes on in this CPU's next record.
    pub more: bool,
}

impl Header {
    /// The header at the front of `bytes`, unless it is not there whole yet.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (time, rest) = bytes.split_first_chunk()?;
        let (seq, rest) = rest.split_first_chunk()?;
        let (len, rest) = rest.split_first_chunk()?;
        let (cpu_flags, _) = rest.split_first_chunk()?;
        let cpu_flags = u16::from_ne_bytes(*cpu_flags);
        Some(Self {
            time: u64::from_ne_bytes(*time),
            seq: u32::from_ne_bytes(*seq),
            len: u16::from_ne_bytes(*len),
            cpu: cpu_flags & CPU,
            more: cpu_flags & MORE != 0,
        })
    }

    /// Header and output, in bytes.
    pub fn size(&self) -> usize {
        HEADER + usize::from(self.len)
    }

    /// The header's bytes; what a test's module end writes.
    pub fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let flags = (self.cpu & CPU) | if self.more { MORE } else { 0 };
        bytes[..8].copy_from_slice(&self.time.to_ne_bytes());
        bytes[8..12].copy_from_slice(&self.seq.to_ne_bytes());
        bytes[12..14].copy_from_slice(&self.len.to_ne_bytes());
        bytes[14..].copy_from_slice(&flags.to_ne_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_parses_back() {
        let header = Header { time: u64::MAX - 1, seq: 7, len: 65535, cpu: 8191, more: true };
        assert_eq!(Header::parse(&header.encode()), Some(header));
        assert_eq!(header.size(), RECORD_MAX);
    }

    #[test]
    fn a_short_header_is_not_there_yet() {
        let bytes = Header { time: 1, seq: 2, len: 3, cpu: 4, more: false }.encode();
        assert!((0..HEADER).all(|len| Header::parse(&bytes[..len]).is_none()));
    }
}
