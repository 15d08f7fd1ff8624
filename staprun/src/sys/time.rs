//! Local time, for names of output files and for the module.

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::{ffi::OsStr, ffi::OsString, ptr};

use nix::libc;

/// The longest expanded name.
const EXPANDED_MAX: usize = 4096;

fn now() -> Option<libc::tm> {
    let mut local = MaybeUninit::<libc::tm>::uninit();
    // SAFETY: both pointers are to live objects; localtime_r fills the tm when it returns non-null.
    unsafe {
        let time = libc::time(ptr::null_mut());
        let filled = libc::localtime_r(&raw const time, local.as_mut_ptr());
        (!filled.is_null()).then(|| local.assume_init())
    }
}

/// Seconds east of UTC, and the zone's name.
pub fn zone() -> (i64, String) {
    let Some(local) = now() else { return (0, "UTC".into()) };
    if local.tm_zone.is_null() {
        return (local.tm_gmtoff, String::new());
    }
    // SAFETY: tm_zone is a C string that the C library keeps until the next tzset; nothing else runs here.
    let name = unsafe { CStr::from_ptr(local.tm_zone) };
    (local.tm_gmtoff, name.to_string_lossy().into_owned())
}

/// Expands a pattern of strftime(3) with the local time; none when it is too long or holds a NUL.
pub fn expand(pattern: &OsStr) -> Option<OsString> {
    if !pattern.as_bytes().contains(&b'%') {
        return Some(pattern.to_owned());
    }
    let local = now()?;
    let format = CString::new(pattern.as_bytes()).ok()?;
    let mut text = vec![0u8; EXPANDED_MAX];
    // SAFETY: strftime writes at most text.len() bytes, its NUL included, and returns their count without it.
    let used =
        unsafe { libc::strftime(text.as_mut_ptr().cast(), text.len(), format.as_ptr(), &raw const local) };
    text.truncate(used);
    (used > 0).then(|| OsString::from_vec(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_expanded() {
        let name = expand(OsStr::new("out-%Y-%%")).unwrap().into_string().unwrap();
        let year: i32 = name["out-".len()..name.len() - 2].parse().unwrap();
        assert!(year >= 2024 && name.ends_with("-%"), "{name}");
        assert_eq!(expand(OsStr::new("plain")), Some("plain".into()));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(expand(OsStr::new(&"%c".repeat(EXPANDED_MAX))), None);
    }
}
