//! Files of kernel modules.

use std::path::{Path, PathBuf};

use super::Sysroot;
use crate::host::Host;

/// Where the modules of a release lie.
const ROOTS: [&str; 2] = ["/lib/modules", "/usr/lib/modules"];

/// All modules of a release, by the names that the kernel gives them, in the order of modules.dep.
pub fn all(host: &dyn Host, root: &Sysroot, release: &str) -> Vec<(String, PathBuf)> {
    let listed = |top: &&str| {
        let dir = root.at(top).join(release);
        let text = host.read(&dir.join("modules.dep")).ok()?;
        let text = String::from_utf8_lossy(&text);
        let paths = text.lines().filter_map(|line| line.split_once(':')).map(|(path, _)| dir.join(path));
        Some(paths.filter_map(|path| Some((name_of(&path)?, path))).collect())
    };
    ROOTS.iter().find_map(listed).unwrap_or_default()
}

/// The file of one module of a release.
pub fn find(host: &dyn Host, root: &Sysroot, release: &str, name: &str) -> Option<PathBuf> {
    all(host, root, release).into_iter().find(|(known, _)| known == name).map(|(_, path)| path)
}

/// The kernel writes module names with underscores only.
pub fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

/// `nf_nat` for `…/nf-nat.ko.xz`.
fn name_of(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let stem = &file[..file.find(".ko")?];
    Some(canonical(stem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::memory::MemoryHost;

    #[test]
    fn modules_are_found_by_the_kernels_name() {
        let dep = "kernel/net/nf-nat.ko.xz: kernel/x.ko\nkernel/fs/ext4/ext4.ko:\nnonsense\nodd:\n";
        let host = MemoryHost::new().file("/usr/lib/modules/1/modules.dep", dep);
        let root = &Sysroot::default();
        let names: Vec<_> = all(&host, root, "1").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["nf_nat", "ext4"]);
        let nat = Path::new("/usr/lib/modules/1/kernel/net/nf-nat.ko.xz");
        assert_eq!(find(&host, root, "1", "nf_nat").as_deref(), Some(nat));
        assert_eq!(find(&host, root, "1", "xfs"), None);
        assert_eq!(find(&host, root, "2", "ext4"), None);
    }
}
