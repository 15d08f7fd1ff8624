//! Judges a guest by its console.

use std::fmt;

/// How the guest fared, whatever its command returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to complain about.
    Ok,
    /// The kernel complained; the first such line.
    Kernel(String),
    /// The guest lived but a module of ours was still loaded at the end.
    ModuleLeft(String),
    /// The guest was killed when its time was over.
    Timeout,
    /// The guest ended before its command did.
    Died,
    /// The caller interrupted the guest twice.
    Interrupted,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Ok => write!(f, "ok"),
            Verdict::Kernel(line) => write!(f, "the guest's kernel complained: {line}"),
            Verdict::ModuleLeft(names) => write!(f, "left loaded in the guest: {names}"),
            Verdict::Timeout => write!(f, "the guest was killed at its time limit"),
            Verdict::Died => write!(f, "the guest ended before its command did"),
            Verdict::Interrupted => write!(f, "interrupted"),
        }
    }
}

/// What no healthy kernel prints. Each is the fixed part of a message of the kernel itself.
const COMPLAINTS: &[&str] = &[
    "BUG:",
    "WARNING:",
    "Oops:",
    "Kernel panic",
    "general protection fault",
    "Unable to handle kernel",
    "kernel BUG at",
    "rcu: INFO:",
    "self-detected stall",
    "detected stalls on CPUs",
    "blocked for more than",
    "possible circular locking",
    "possible recursive locking",
    "inconsistent lock state",
    "suspicious RCU usage",
    "bad usage",
    "sleeping function called",
    "scheduling while atomic",
    "KASAN:",
    "UBSAN:",
    "kmemleak:",
    "Call Trace:",
    "refcount_t:",
];

/// Lines that look like a complaint and are none.
const HARMLESS: &[&str] =
    &["kmemleak: Kernel memory leak detector initialized", "kmemleak: Automatic memory scanning"];

/// The first complaint on a console.
pub(crate) fn complaint(console: &str) -> Option<&str> {
    console
        .lines()
        .find(|line| {
            COMPLAINTS.iter().any(|text| line.contains(text))
                && !HARMLESS.iter().any(|text| line.contains(text))
        })
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_found() {
        let console = "[ 1.0] Linux version 6.1\n[ 2.0] WARNING: CPU: 0 PID: 1 at kernel/x.c:1\n";
        assert_eq!(complaint(console), Some("[ 2.0] WARNING: CPU: 0 PID: 1 at kernel/x.c:1"));
        assert_eq!(complaint("[ 1.0] [Firmware Bug]: TSC\n"), None);
        assert_eq!(complaint("[ 1.0] kmemleak: Kernel memory leak detector initialized (mempool 1)\n"), None);
    }
}
