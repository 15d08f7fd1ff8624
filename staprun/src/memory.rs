//! Is there room for the trace buffers?  The kernel would rather kill processes than refuse them.

use std::fs;

use crate::error::{Error, Result};

/// What a module takes for each CPU when it is not told otherwise.
const DEFAULT_MB: u64 = 16;

/// Refuses buffers that would leave less than a quarter of the free memory.
pub fn check(buffer_mb: Option<u32>) -> Result<()> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let free = available_mb(&read("/proc/meminfo"));
    let cpus = count_cpus(&read("/sys/devices/system/cpu/online"));
    match (free, cpus) {
        (Some(free), Some(cpus)) => fits(buffer_mb.map_or(DEFAULT_MB, u64::from), cpus, free),
        // A system that does not tell is left to decide by itself.
        _ => Ok(()),
    }
}

fn fits(buffer_mb: u64, cpus: u64, free_mb: u64) -> Result<()> {
    let wanted = buffer_mb.saturating_mul(cpus);
    let most = free_mb - free_mb / 4;
    if wanted <= most {
        return Ok(());
    }
    let each = (most / cpus.max(1)).max(1);
    Err(Error::refused(format!(
        "{cpus} trace buffers of {buffer_mb} MB take {wanted} MB, and only {free_mb} MB of memory are free"
    ))
    .help(format!("-b {each} (stap: -s {each}) makes them fit")))
}

/// MemAvailable.
fn available_mb(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes >> 10)
}

/// How many CPUs a list such as `0-3,8` names.
fn count_cpus(list: &str) -> Option<u64> {
    let mut count = 0u64;
    for range in list.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        count = count.checked_add(last.checked_sub(first)?)?.checked_add(1)?;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_large_buffers_are_refused_with_a_size_that_fits() {
        fits(16, 4, 1000).unwrap();
        let text = fits(4000, 2, 3000).unwrap_err().to_string();
        assert!(text.contains("2 trace buffers of 4000 MB take 8000 MB"), "{text}");
        assert!(text.contains("-b 1125"), "{text}");
        fits(1125, 2, 3000).unwrap();
        assert!(fits(1, 100, 50).unwrap_err().to_string().contains("-b 1 "));
    }

    #[test]
    fn system_files_are_read() {
        assert_eq!(available_mb("MemTotal: 9 kB\nMemAvailable:    2048 kB\n"), Some(2));
        assert_eq!(available_mb("MemAvailable: x kB\n"), None);
        assert_eq!(count_cpus("0-3,8\n"), Some(5));
        assert_eq!(count_cpus("0"), Some(1));
        for bad in ["", "3-0", "0-", "a", "0-18446744073709551615"] {
            assert_eq!(count_cpus(bad), None, "{bad}");
        }
    }
}
