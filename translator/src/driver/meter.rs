//! What a pass took, as the lines of -v print it.

use std::path::Path;
use std::time::Instant;

use crate::host::Host;

/// Clock ticks of /proc are hundredths of a second on every Linux.
const TICK_MS: u64 = 10;

/// Processor time so far, children that ended included.
#[derive(Clone, Copy, Default)]
struct Cpu {
    user_ms: u64,
    system_ms: u64,
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
        Meter { host, start: Instant::now(), cpu: cpu(host) }
    }

    /// `in Uusr/Ssys/Rreal ms.`
    pub fn times(&self) -> String {
        let now = cpu(self.host);
        format!(
            "in {}usr/{}sys/{}real ms.",
            now.user_ms.saturating_sub(self.cpu.user_ms),
            now.system_ms.saturating_sub(self.cpu.system_ms),
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

fn cpu(host: &dyn Host) -> Cpu {
    let stat = host.read(Path::new("/proc/self/stat")).unwrap_or_default();
    cpu_times(&String::from_utf8_lossy(&stat))
}

/// utime, stime, cutime and cstime are fields 14 to 17; the program's name before them may hold blanks.
fn cpu_times(stat: &str) -> Cpu {
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: Vec<u64> =
        after_name.split_ascii_whitespace().skip(11).take(4).filter_map(|field| field.parse().ok()).collect();
    match ticks[..] {
        [user, system, child_user, child_system] => {
            Cpu { user_ms: (user + child_user) * TICK_MS, system_ms: (system + child_system) * TICK_MS }
        }
        _ => Cpu::default(),
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
    fn times_are_read_behind_a_strange_name() {
        let cpu = cpu_times("7 (a) b) S 1 7 7 0 -1 4194304 90 0 0 0 12 3 100 20 20 0 1 0 9 9 9");
        assert_eq!((cpu.user_ms, cpu.system_ms), (1120, 230));
        assert_eq!(cpu_times("").user_ms, 0);
    }
}
