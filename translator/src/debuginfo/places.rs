//! Where debuginfo lies: the folders that distributions and `SYSTEMTAP_DEBUGINFO_PATH` give.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::kernel::unpack::ENDINGS;

/// What debuginfo is wanted of.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// The kernel itself.
    Kernel,
    /// A module, by its file; the path is the one on the probed machine, without the sysroot.
    Module(&'a Path),
}

/// The search path, in the way of elfutils: absolute folders hold debuginfo of the whole machine, relative ones lie
/// beside the file that is described, an empty one is its own folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    entries: Vec<PathBuf>,
}

impl Places {
    /// The folders of `SYSTEMTAP_DEBUGINFO_PATH`, or those that both families of distributions use.
    pub fn new(variable: Option<OsString>) -> Places {
        let text = variable.unwrap_or_else(|| "+:.debug:/usr/lib/debug:build".into());
        // A sign says whether checksums matter; build ids are always compared, so it changes nothing.
        let entries = text.as_bytes().split(|byte| *byte == b':').map(|entry| {
            let entry = entry.strip_prefix(b"+").or_else(|| entry.strip_prefix(b"-")).unwrap_or(entry);
            PathBuf::from(std::ffi::OsStr::from_bytes(entry))
        });
        Places { entries: entries.collect() }
    }

    /// Every file that may hold it, the likeliest first, compressed ones included.
    pub fn candidates(
        &self,
        release: &str,
        subject: Subject<'_>,
        build_id: Option<&[u8]>,
        link: Option<&Path>,
    ) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = self.by_build_id(build_id).collect();
        let files = match subject {
            Subject::Kernel => kernel_files(release),
            Subject::Module(path) => vec![path.to_owned()],
        };
        for file in &files {
            found.extend(self.beside(file, link));
        }
        let with_endings = |path: PathBuf| ENDINGS.map(|ending| appended(&path, ending));
        let mut found: Vec<PathBuf> = found.into_iter().flat_map(with_endings).collect();
        let mut seen = rustc_hash::FxHashSet::default();
        found.retain(|path| seen.insert(path.clone()));
        found
    }

    /// `/usr/lib/debug/.build-id/ab/cdef.debug`
    fn by_build_id(&self, id: Option<&[u8]>) -> impl Iterator<Item = PathBuf> {
        let name = id
            .filter(|id| id.len() > 1)
            .map(|id| format!(".build-id/{}/{}.debug", super::hex(&id[..1]), super::hex(&id[1..])));
        let roots = self.entries.iter().filter(|entry| entry.is_absolute());
        roots.filter_map(move |root| Some(root.join(name.as_ref()?)))
    }

    /// The places that the search path gives for one file.
    fn beside(&self, file: &Path, link: Option<&Path>) -> Vec<PathBuf> {
        let plain = uncompressed(file);
        let folder = plain.parent().unwrap_or(Path::new("/"));
        let mut found = Vec::new();
        for entry in &self.entries {
            let dir = match entry.is_absolute() {
                true => entry.join(folder.strip_prefix("/").unwrap_or(folder)),
                false => folder.join(entry),
            };
            let names = [plain.file_name().map(PathBuf::from), link.map(Path::to_owned)];
            for name in names.into_iter().flatten() {
                found.extend([dir.join(&name), appended(&dir.join(&name), ".debug")]);
            }
        }
        found
    }
}

/// Where the kernel's own file would lie, were it not compressed and stripped.
fn kernel_files(release: &str) -> Vec<PathBuf> {
    let modules = ["/lib/modules", "/usr/lib/modules"].map(|dir| format!("{dir}/{release}/vmlinux"));
    let others = [format!("/boot/vmlinux-{release}"), format!("/usr/src/kernels/{release}/vmlinux")];
    modules.into_iter().chain(others).map(PathBuf::from).collect()
}

fn appended(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The path without the ending that says how it is compressed.
fn uncompressed(path: &Path) -> PathBuf {
    let known = path.extension().and_then(|e| e.to_str()).is_some_and(|e| ["xz", "zst", "gz"].contains(&e));
    if known { path.with_extension("") } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(places: &Places, subject: Subject<'_>, path: &str) -> bool {
        let link = Path::new("linked.debug");
        places
            .candidates("6.1", subject, Some(&[0xab, 0xcd, 0xef]), Some(link))
            .contains(&PathBuf::from(path))
    }

    #[test]
    fn both_families_are_known() {
        let places = Places::new(None);
        for path in [
            "/usr/lib/debug/.build-id/ab/cdef.debug",
            "/usr/lib/debug/boot/vmlinux-6.1",
            "/usr/lib/debug/lib/modules/6.1/vmlinux",
            "/usr/lib/debug/usr/lib/modules/6.1/vmlinux.debug",
            "/lib/modules/6.1/vmlinux",
            "/lib/modules/6.1/build/vmlinux",
            "/boot/vmlinux-6.1",
            "/boot/vmlinux-6.1.gz",
            "/usr/lib/debug/lib/modules/6.1/vmlinux.xz",
        ] {
            assert!(listed(&places, Subject::Kernel, path), "{path}");
        }
        let module = Path::new("/lib/modules/6.1/kernel/fs/xfs/xfs.ko.xz");
        for path in [
            "/usr/lib/debug/lib/modules/6.1/kernel/fs/xfs/xfs.ko",
            "/usr/lib/debug/lib/modules/6.1/kernel/fs/xfs/xfs.ko.debug",
            "/usr/lib/debug/lib/modules/6.1/kernel/fs/xfs/linked.debug",
            "/lib/modules/6.1/kernel/fs/xfs/.debug/linked.debug",
            "/lib/modules/6.1/kernel/fs/xfs/xfs.ko.xz",
            "/lib/modules/6.1/kernel/fs/xfs/xfs.ko",
        ] {
            assert!(listed(&places, Subject::Module(module), path), "{path}");
        }
    }

    #[test]
    fn the_variable_replaces_the_folders() {
        let places = Places::new(Some("-/mine:sub".into()));
        assert!(listed(&places, Subject::Kernel, "/mine/lib/modules/6.1/vmlinux"));
        assert!(listed(&places, Subject::Kernel, "/mine/.build-id/ab/cdef.debug"));
        assert!(listed(&places, Subject::Kernel, "/lib/modules/6.1/sub/vmlinux"));
        assert!(!listed(&places, Subject::Kernel, "/usr/lib/debug/lib/modules/6.1/vmlinux"));
        assert!(!listed(&places, Subject::Kernel, "/lib/modules/6.1/vmlinux"));
    }
}
