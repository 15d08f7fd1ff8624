//! The caller's environment: staprun itself keeps next to nothing of it, stapio gets it back as the user's own.

use std::ffi::{OsStr, OsString};

use crate::sys;

/// All that staprun's own process keeps.  The C library checks TZ by itself in a setuid program.
const KEPT: &[&str] = &["TZ"];

/// What changes how a shell reads a command; never passed on.
const SHELL_TRAPS: &[&str] = &["IFS", "CDPATH", "ENV", "BASH_ENV"];

/// What the caller's environment held.
pub struct Environment {
    variables: Vec<(OsString, OsString)>,
}

impl Environment {
    /// Takes the environment away from this process, but for the allow-list.
    pub fn take() -> Self {
        let variables: Vec<_> = std::env::vars_os().collect();
        sys::environment::clear_except(KEPT);
        Self { variables }
    }

    /// A variable as it was.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_os_str())
    }

    /// The level of -v that SYSTEMTAP_VERBOSE asks for.
    pub fn verbose(&self) -> u8 {
        self.get("SYSTEMTAP_VERBOSE").and_then(OsStr::to_str).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// For stapio and the command of -c, which run as the user: nothing in it gives rights that the user lacks.
    pub fn for_user(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        let passed = |(name, _): &&(OsString, OsString)| SHELL_TRAPS.iter().all(|trap| name != trap);
        self.variables.iter().filter(passed).map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_traps_are_not_passed_on() {
        let pair = |name: &str| (OsString::from(name), OsString::from("1"));
        let names = ["PATH", "IFS", "CDPATH", "ENV", "BASH_ENV", "SYSTEMTAP_VERBOSE"];
        let environment = Environment { variables: names.iter().map(|name| pair(name)).collect() };
        let passed: Vec<_> = environment.for_user().map(|(name, _)| name).collect();
        assert_eq!(passed, ["PATH", "SYSTEMTAP_VERBOSE"]);
        assert_eq!(environment.verbose(), 1);
        assert_eq!(environment.get("HOME"), None);
    }
}
