//! What a pass took, as the lines of -v print it.

use std::path::Path;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::host::Host;

/// Processor time so far, children that ended included.
#[derive(Clone, Copy, Default)]
struct Cpu {
    user_us: i64,
    system_us: i64,
}

/// Runs since the start of a pass.
pub struct Meter<'h> {
    host: &'h dyn Host,
    start: Instant,
    cpu: Cpu,
}

impl<'h> Meter<'h> {
    /// Starts now.
    pub fn start(host: &'h dyn Host) -> Self {
        Meter { host, start: Instant::now(), cpu: Cpu::now() }
    }

    /// `in Uusr/Ssys/Rreal ms.`
    pub fn times(&self) -> String {
        let now = Cpu::now();
        format!(
            "in {}usr/{}sys/{}real ms.",
            (now.user_us - self.cpu.user_us) / 1000,
            (now.system_us - self.cpu.system_us) / 1000,
            self.start.elapsed().as_millis()
        )
    }

    /// `Vvirt/Rres/Sshr/Ddata kb, in Uusr/Ssys/Rreal ms.`
    pub fn memory_and_times(&self) -> String {
        let statm = self.host.read(Path::new("/proc/self/statm")).unwrap_or_default();
        let [virt, res, shared, data] = memory_kb(&String::from_utf8_lossy(&statm), page_kb());
        format!("{virt}virt/{res}res/{shared}shr/{data}data kb, {}", self.times())
    }
}

fn page_kb() -> u64 {
    let bytes = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
    bytes.map_or(4, |bytes| bytes as u64 / 1024)
}

/// Virtual, resident, shared and data size out of /proc/self/statm; zeros when it cannot be read.
fn memory_kb(statm: &str, page_kb: u64) -> [u64; 4] {
    let fields: Vec<u64> = statm.split_ascii_whitespace().filter_map(|field| field.parse().ok()).collect();
    [0, 1, 2, 5].map(|index| fields.get(index).map_or(0, |pages| pages * page_kb))
}

impl Cpu {
    fn now() -> Cpu {
        let both = [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN];
        both.into_iter().filter_map(|who| getrusage(who).ok()).fold(Cpu::default(), |sum, usage| Cpu {
            user_us: sum.user_us + usage.user_time().num_microseconds(),
            system_us: sum.system_us + usage.system_time().num_microseconds(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_statm() {
        assert_eq!(memory_kb("1000 200 30 4 0 500 0\n", 4), [4000, 800, 120, 2000]);
        assert_eq!(memory_kb("", 4), [0; 4]);
    }

    #[test]
    fn work_takes_time() {
        let before = Cpu::now();
        let wanted = before.user_us + before.system_us + 2000;
        let mut sum = 0u64;
        while Cpu::now().user_us + Cpu::now().system_us < wanted {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(Cpu::now().user_us >= before.user_us, "{sum}");
    }
}
