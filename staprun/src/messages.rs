//! Mirror of `runtime-c/abi/messages.h`; `tests/abi.rs` holds the two together.

use std::fmt;

/// `STP_ABI_VERSION`.
pub const ABI_VERSION: u32 = 1;
/// `STP_MESSAGE_MAX`: a whole message, type included.
pub const MESSAGE_MAX: usize = 8192;
/// `STP_SYSTEM_MAX`, NUL included.
pub const SYSTEM_MAX: usize = 128;

const START: u32 = 0x50;
const EXIT: u32 = 0x51;
const OOB_DATA: u32 = 0x52;
const SYSTEM: u32 = 0x53;
const TRANSPORT: u32 = 0x54;
const REQUEST_EXIT: u32 = 0x5d;
const TZINFO: u32 = 0x5e;
const PRIVILEGE_CREDENTIALS: u32 = 0x5f;
const REMOTE_ID: u32 = 0x60;

const ZONE_NAME: usize = 64;
const REMOTE_URI: usize = 128;

/// `struct stp_transport`: what the module's channels look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transport {
    /// Must be [`ABI_VERSION`].
    pub abi_version: u32,
    /// Trace files are numbered below this.
    pub nr_cpus: u32,
    /// Bytes of one CPU's channel.
    pub buffer_bytes: u64,
}

/// `struct stp_exit_summary`: what the session came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExitSummary {
    /// Ended by an error, MAXERRORS, MAXSKIPPED or overload.
    pub failed: bool,
    /// Soft errors.
    pub errors: u32,
    /// Hits whose handler did not run.
    pub skipped: u64,
    /// String values cut at MAXSTRINGLEN - 1 bytes.
    pub strings_cut: u64,
    /// Control messages for which there was no room.
    pub messages_lost: u64,
}

/// A message of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromModule {
    /// The first message after open.
    Transport(Transport),
    /// Answer to a start.
    Started {
        /// 0 or -errno.
        result: i32,
        /// Probes that ftrace carries, not kprobes.
        by_ftrace: u32,
    },
    /// All is stopped.
    Exited(ExitSummary),
    /// A warning or an error for the user.
    Notice(Vec<u8>),
    /// A command for `sh -c`.
    System(Vec<u8>),
    /// The script wants to end.
    RequestExit,
    /// A type that this program does not use.
    Other(u32),
}

/// A message that is shorter than its type needs.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    kind: Option<u32>,
    len: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Some(kind) => write!(f, "a message of type {kind:#x} with only {} bytes", self.len),
            None => write!(f, "a message of {} bytes", self.len),
        }
    }
}

impl FromModule {
    /// Reads one whole message.
    pub fn decode(message: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields { rest: message };
        let len = message.len();
        let kind = fields.u32().ok_or(Malformed { kind: None, len })?;
        fields.message(kind).ok_or(Malformed { kind: Some(kind), len })
    }
}

/// Takes the fields of a structure without padding from its front.
struct Fields<'a> {
    rest: &'a [u8],
}

impl Fields<'_> {
    fn message(&mut self, kind: u32) -> Option<FromModule> {
        Some(match kind {
            TRANSPORT => FromModule::Transport(Transport {
                abi_version: self.u32()?,
                nr_cpus: self.u32()?,
                buffer_bytes: self.u64()?,
            }),
            START => FromModule::Started { result: self.u32()?.cast_signed(), by_ftrace: self.u32()? },
            EXIT => FromModule::Exited(ExitSummary {
                failed: self.u32()? != 0,
                errors: self.u32()?,
                skipped: self.u64()?,
                strings_cut: self.u64()?,
                messages_lost: self.u64()?,
            }),
            OOB_DATA => FromModule::Notice(self.rest.to_vec()),
            SYSTEM => FromModule::System(self.rest.to_vec()),
            REQUEST_EXIT => FromModule::RequestExit,
            other => FromModule::Other(other),
        })
    }

    fn u32(&mut self) -> Option<u32> {
        let (field, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u32::from_ne_bytes(*field))
    }

    fn u64(&mut self) -> Option<u64> {
        let (field, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u64::from_ne_bytes(*field))
    }
}

/// A message to the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToModule {
    /// Run; the number is what target() gives.
    Start(i32),
    /// Stop.
    Exit,
    /// Seconds east of UTC, and the zone's name.
    TimeZone(i64, String),
    /// What the user may do: `STP_PR_*`.
    Credentials(u32),
    /// Number and address of this host in a remote session.
    RemoteId(i32, String),
}

impl ToModule {
    /// The message's bytes, type included.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + 4 + REMOTE_URI);
        let kind = match self {
            Self::Start(_) => START,
            Self::Exit => EXIT,
            Self::TimeZone(..) => TZINFO,
            Self::Credentials(_) => PRIVILEGE_CREDENTIALS,
            Self::RemoteId(..) => REMOTE_ID,
        };
        bytes.extend(kind.to_ne_bytes());
        match self {
            Self::Start(target) => {
                bytes.extend(target.to_ne_bytes());
                bytes.extend(0u32.to_ne_bytes());
            }
            Self::Exit => {}
            Self::TimeZone(gmtoff, name) => {
                bytes.extend(gmtoff.to_ne_bytes());
                put_text(&mut bytes, name, ZONE_NAME);
            }
            Self::Credentials(mask) => bytes.extend(mask.to_ne_bytes()),
            Self::RemoteId(id, uri) => {
                bytes.extend(id.to_ne_bytes());
                put_text(&mut bytes, uri, REMOTE_URI);
            }
        }
        bytes
    }
}

/// A fixed field of text: cut to leave one NUL at least.
fn put_text(bytes: &mut Vec<u8>, text: &str, size: usize) {
    let used = text.len().min(size - 1);
    bytes.extend(&text.as_bytes()[..used]);
    bytes.resize(bytes.len() + size - used, 0);
}

/// `struct stp_cpu_status`: exact state of one CPU's channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct CpuStatus {
    /// In: the CPU asked about.
    pub cpu: u32,
    /// The number that its next record will get.
    pub next_seq: u32,
    /// Records for which there was no room.
    pub lost_records: u64,
    /// Their bytes.
    pub lost_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_truncation_is_an_error_or_a_message() {
        let mut whole = TRANSPORT.to_ne_bytes().to_vec();
        whole.extend([0; 16]);
        for kind in [START, EXIT, TRANSPORT] {
            whole[..4].copy_from_slice(&kind.to_ne_bytes());
            for len in 0..8 {
                let error = FromModule::decode(&whole[..len]).unwrap_err();
                assert_eq!(error.len, len);
            }
        }
        assert!(FromModule::decode(&whole).is_err() || whole.len() >= 20);
    }

    #[test]
    fn texts_are_taken_as_they_are() {
        let mut message = OOB_DATA.to_ne_bytes().to_vec();
        message.extend(b"WARNING: \xff\n");
        assert_eq!(FromModule::decode(&message), Ok(FromModule::Notice(b"WARNING: \xff\n".to_vec())));
        assert_eq!(FromModule::decode(&[0; 4]), Ok(FromModule::Other(0)));
    }

    #[test]
    fn a_long_text_keeps_its_nul() {
        let bytes = ToModule::RemoteId(1, "u".repeat(500)).encode();
        assert_eq!(bytes.len(), 4 + 4 + REMOTE_URI);
        assert_eq!(bytes.last(), Some(&0));
        assert_eq!(bytes[bytes.len() - 2], b'u');
    }
}
