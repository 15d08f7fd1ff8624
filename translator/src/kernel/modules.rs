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

/// The file of a module as a script names it: one of the release's by its name, any other by its path.
pub fn find(host: &dyn Host, root: &Sysroot, release: &str, name: &str) -> Option<PathBuf> {
    if is_path(name) {
        return Some(root.at(name)).filter(|path| host.is_file(path));
    }
    all(host, root, release).into_iter().find(|(known, _)| known == name).map(|(_, path)| path)
}

/// Whether a script names a module by its file.
pub fn is_path(name: &str) -> bool {
    name.starts_with('/')
}

/// What the kernel calls a module that a script names by name or path.
pub fn called(name: &str) -> String {
    match is_path(name) {
        true => name_of(Path::new(name)).unwrap_or_default(),
        false => name.to_owned(),
    }
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
        let host = host.file("/home/me/my-own.ko", "");
        let own = Path::new("/home/me/my-own.ko");
        assert_eq!(find(&host, root, "1", "/home/me/my-own.ko").as_deref(), Some(own));
        assert_eq!(find(&host, root, "1", "/home/me/none.ko"), None);
        assert_eq!((called("/home/me/my-own.ko.xz"), called("ext4")), ("my_own".into(), "ext4".into()));
        assert_eq!(find(&host, root, "2", "ext4"), None);
    }
}
