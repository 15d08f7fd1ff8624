//! The shared libraries that a program needs in a guest without the host's root.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Libraries and loader of these programs, as `ldd` names them. A static program or a script has none.
pub(crate) fn of<'a>(programs: impl Iterator<Item = &'a Path>) -> BTreeSet<PathBuf> {
    let mut libraries = BTreeSet::new();
    for program in programs {
        let output = Command::new("ldd").arg(program).stdin(Stdio::null()).output();
        if let Ok(output) = output {
            libraries.extend(parse(&String::from_utf8_lossy(&output.stdout)));
        }
    }
    libraries
}

/// The absolute path in each line: `libc.so.6 => /lib/x/libc.so.6 (0x…)` or `/lib64/ld-linux-x86-64.so.2 (0x…)`.
fn parse(listing: &str) -> Vec<PathBuf> {
    listing
        .lines()
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/') && !word.ends_with(':')))
        .map(PathBuf::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_in_both_kinds_of_line() {
        let listing =
            "\tlinux-vdso.so.1 (0x7ffd)\n\tlibc.so.6 => /lib/libc.so.6 (0x7f)\n\t/lib64/ld.so.2 (0x7f)\n";
        assert_eq!(parse(listing), [PathBuf::from("/lib/libc.so.6"), PathBuf::from("/lib64/ld.so.2")]);
        assert!(parse("\tnot a dynamic executable\n").is_empty());
    }
}
