//! Build directories of kernels.

use std::path::{Path, PathBuf};

use super::Sysroot;
use crate::host::Host;

/// Where distributions keep the build directory of a release, the most trusted place first.
pub fn candidates(release: &str) -> [PathBuf; 4] {
    [
        format!("/lib/modules/{release}/build"),
        format!("/usr/lib/modules/{release}/build"),
        format!("/usr/src/kernels/{release}"),
        format!("/usr/src/linux-headers-{release}"),
    ]
    .map(PathBuf::from)
}

/// The build directory of an installed release.
pub fn find(host: &dyn Host, root: &Sysroot, release: &str) -> Option<PathBuf> {
    let mut places = candidates(release).into_iter().map(|dir| root.at(dir));
    places.find(|dir| is_build_dir(host, dir) && root.holds(host, dir))
}

/// Whether modules can be built in there.
pub fn is_build_dir(host: &dyn Host, dir: &Path) -> bool {
    host.is_file(&dir.join(".config")) && host.is_file(&dir.join("Makefile"))
}

/// The release that a build directory is of.
pub fn release_of(host: &dyn Host, dir: &Path) -> Option<String> {
    let plain = host.read(&dir.join("include/config/kernel.release")).ok();
    if let Some(text) = plain.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
        && !text.is_empty()
    {
        return Some(text);
    }
    let header = host.read(&dir.join("include/generated/utsrelease.h")).ok()?;
    let text = String::from_utf8_lossy(&header).into_owned();
    let define = text.lines().find_map(|line| line.strip_prefix("#define UTS_RELEASE \""))?;
    define.strip_suffix('"').map(str::to_owned)
}

/// Releases that have a build directory on the probed machine, oldest first.
pub fn installed(host: &dyn Host, root: &Sysroot) -> Vec<String> {
    let names = |dir: &str, prefix: &str| -> Vec<String> {
        let entries = host.list(&root.at(dir)).unwrap_or_default();
        let names =
            entries.iter().filter_map(|entry| entry.name.to_str()?.strip_prefix(prefix).map(str::to_owned));
        names.collect()
    };
    let mut releases = names("/lib/modules", "");
    releases.extend(names("/usr/src/kernels", ""));
    releases.extend(names("/usr/src", "linux-headers-"));
    releases.retain(|release| find(host, root, release).is_some_and(|dir| release_of(host, &dir).is_some()));
    releases.sort_by(|a, b| super::release::compare(a, b).then_with(|| a.cmp(b)));
    releases.dedup();
    releases
}
