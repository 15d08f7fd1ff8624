//! Names of modules: what may stand in a path below /proc and in a system call.

use std::ffi::{CString, OsStr};
use std::fmt;
use std::path::Path;

use crate::error::{Error, Result};

/// `MODULE_NAME_LEN` of a 64-bit kernel, NUL included.
const NAME_MAX: usize = 56;

/// A module's name: letters, digits and underscores only, so never a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleName(String);

impl ModuleName {
    /// From a name or a path to a module file.
    pub fn parse(text: &OsStr) -> Result<Self> {
        let stem = match Path::new(text).extension() {
            Some(extension) if extension == "ko" => Path::new(text).file_stem().unwrap_or(text),
            _ => text,
        };
        let name = stem.to_str().map(|name| name.replace('-', "_"));
        name.and_then(Self::new)
            .ok_or_else(|| Error::usage(format!("\"{}\" is not the name of a module", text.display())))
    }

    /// From a name as the kernel has it.
    pub fn new(name: impl Into<String>) -> Option<Self> {
        let name = name.into();
        let fits = (1..NAME_MAX).contains(&name.len());
        let word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (fits && word).then_some(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name for a system call.
    pub fn to_c(&self) -> CString {
        CString::new(self.0.as_str()).unwrap_or_default()
    }

    /// A name of the same length that ends in this process id (S07); none when the name is too short for it.
    pub fn renamed(&self, pid: u32) -> Option<Self> {
        let suffix = format!("_{pid}");
        let kept = self.0.len().checked_sub(suffix.len()).filter(|kept| *kept > 0)?;
        Self::new(format!("{}{suffix}", &self.0[..kept]))
    }
}

impl fmt::Display for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Option<String> {
        ModuleName::parse(OsStr::new(text)).ok().map(|name| name.to_string())
    }

    #[test]
    fn names_come_from_paths_and_names() {
        assert_eq!(name("/tmp/x/stap_1.ko"), Some("stap_1".into()));
        assert_eq!(name("stap_1"), Some("stap_1".into()));
        assert_eq!(name("my-script.ko"), Some("my_script".into()));
    }

    #[test]
    fn nothing_that_leads_elsewhere_is_a_name() {
        for bad in ["", "..", ".", "a/b", "../ext4", "a b", "a\n", "*", "/proc", "x.ko.ko", ".ko"] {
            assert_eq!(name(bad), None, "{bad}");
        }
        assert_eq!(name(&"x".repeat(NAME_MAX)), None);
        assert!(name(&"x".repeat(NAME_MAX - 1)).is_some());
    }

    #[test]
    fn a_new_name_has_the_same_length() {
        let long = ModuleName::new("stap_0123456789abcdef").unwrap();
        assert_eq!(long.renamed(4321).unwrap().as_str(), "stap_0123456789a_4321");
        let short = ModuleName::new("hello").unwrap();
        assert_eq!(short.renamed(4321), None);
        assert_eq!(short.renamed(321).unwrap().as_str(), "h_321");
    }
}
