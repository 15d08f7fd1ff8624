//! Installed kernels: the image to boot and the modules that the guest loads.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{VmError, tools};

/// A kernel that can be booted.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// What `uname -r` says in the guest.
    pub release: String,
    /// The image.
    pub image: PathBuf,
    /// The folder of its modules, as `/lib/modules/RELEASE`. It may be missing when all the guest needs is built in.
    pub modules: PathBuf,
}

impl Kernel {
    /// A kernel by its release, or by the path of a tree in which it was built.
    pub fn find(name: &str) -> Result<Kernel, VmError> {
        if name.contains('/') { Kernel::built(Path::new(name)) } else { Kernel::installed(name) }
    }

    /// The kernel built in a source tree, with all that a guest needs built in.
    pub fn built(tree: &Path) -> Result<Kernel, VmError> {
        let file = tree.join("include/config/kernel.release");
        let release = fs::read_to_string(&file).map_err(VmError::file(&file))?.trim().to_owned();
        let modules = tree.join("no-modules");
        Ok(Kernel { release, image: tree.join("arch/x86/boot/bzImage"), modules })
    }

    /// The installed kernel of this release.
    pub fn installed(release: &str) -> Result<Kernel, VmError> {
        let image = images(release).into_iter().find(|image| image.is_file());
        let Some(image) = image else {
            let installed = installed_releases();
            let installed = if installed.is_empty() { "none".to_owned() } else { installed.join(", ") };
            return Err(VmError::NoKernel { release: release.to_owned(), installed });
        };
        Ok(Kernel { release: release.to_owned(), image, modules: Path::new("/lib/modules").join(release) })
    }

    /// The files to insert, dependencies first, so that all `names` are there. What is built in needs none.
    pub(crate) fn module_files(&self, names: &[&str]) -> Result<Vec<PathBuf>, VmError> {
        let dependencies = Dependencies::read(&self.modules);
        let mut files = Vec::new();
        for name in names {
            match dependencies.closure(name) {
                Some(needed) => files.extend(needed),
                None if dependencies.is_builtin(name) => {}
                None => {
                    return Err(VmError::NoModule {
                        release: self.release.clone(),
                        module: (*name).to_owned(),
                    });
                }
            }
        }
        let mut seen = std::collections::HashSet::new();
        files.retain(|file| seen.insert(file.clone()));
        Ok(files.into_iter().map(|file| self.modules.join(file)).collect())
    }

    /// Whether the guest can mount the host's root.
    pub(crate) fn has_9p(&self) -> bool {
        self.module_files(&["9pnet_virtio", "9p", "overlay"]).is_ok()
    }
}

/// Releases with an image and modules on this machine, oldest first.
pub fn installed_releases() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/lib/modules") else { return Vec::new() };
    let mut releases: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|release| images(release).iter().any(|image| image.is_file()))
        .collect();
    releases.sort_by_key(|release| version_key(release));
    releases
}

/// The newest release that can be booted and compiled for.
pub fn newest_with_headers() -> Option<String> {
    installed_releases()
        .into_iter()
        .rev()
        .find(|release| Path::new("/lib/modules").join(release).join("build/Makefile").is_file())
}

/// Reads a module, decompressed by the host's own tools: the guest's busybox knows no compression.
pub(crate) fn read_module(path: &Path) -> Result<Vec<u8>, VmError> {
    let with = |program, package| tools::output(program, package, &[OsStr::new("-dc"), path.as_os_str()]);
    match path.extension().and_then(OsStr::to_str) {
        Some("xz") => with("xz", "xz-utils (Debian) or xz (RHEL)"),
        Some("zst") => with("zstd", "zstd"),
        Some("gz") => with("gzip", "gzip"),
        _ => fs::read(path).map_err(VmError::file(path)),
    }
}

/// Debian and Fedora keep the image in two places.
fn images(release: &str) -> [PathBuf; 2] {
    [
        Path::new("/boot").join(format!("vmlinuz-{release}")),
        Path::new("/lib/modules").join(release).join("vmlinuz"),
    ]
}

/// The numbers in a release, so that 6.12 sorts after 6.1.
fn version_key(release: &str) -> Vec<u64> {
    release.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

/// modules.dep and modules.builtin.
struct Dependencies {
    needs: HashMap<String, (String, Vec<String>)>,
    builtin: Vec<String>,
    whole: bool,
}

impl Dependencies {
    fn read(folder: &Path) -> Dependencies {
        let read = |file: &str| fs::read_to_string(folder.join(file));
        let whole = folder.is_dir();
        Self::parse(
            &read("modules.dep").unwrap_or_default(),
            &read("modules.builtin").unwrap_or_default(),
            whole,
        )
    }

    fn parse(dep: &str, builtin: &str, whole: bool) -> Dependencies {
        let needs = dep
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(file, needs)| {
                let needs = needs.split_whitespace().map(str::to_owned).collect();
                (module_name(file), (file.to_owned(), needs))
            })
            .collect();
        Dependencies { needs, builtin: builtin.lines().map(module_name).collect(), whole }
    }

    /// modules.dep lists all that a module needs, nearest first, so the reverse is the order to insert.
    fn closure(&self, name: &str) -> Option<Vec<String>> {
        let (file, needs) = self.needs.get(name)?;
        Some(needs.iter().rev().chain([file]).cloned().collect())
    }

    /// A kernel without any modules folder was configured for the guest: all is built in.
    fn is_builtin(&self, name: &str) -> bool {
        !self.whole || self.builtin.iter().any(|builtin| builtin == name)
    }
}

/// `kernel/fs/9p/9p.ko.xz` is the module `9p`; dashes in file names are underscores in names.
fn module_name(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.split(".ko").next().unwrap_or(name).replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_come_first() {
        let dep = "kernel/fs/9p/9p.ko.xz: kernel/net/9p/9pnet.ko.xz kernel/fs/netfs.ko.xz\nkernel/net/9p/9pnet.ko.xz:\n";
        let dependencies = Dependencies::parse(dep, "kernel/drivers/virtio/virtio-pci.ko\n", true);
        let order = dependencies.closure("9p").expect("listed");
        assert_eq!(order, ["kernel/fs/netfs.ko.xz", "kernel/net/9p/9pnet.ko.xz", "kernel/fs/9p/9p.ko.xz"]);
        assert!(dependencies.is_builtin("virtio_pci"));
        assert!(!dependencies.is_builtin("overlay"));
    }

    #[test]
    fn releases_sort_by_number() {
        assert!(version_key("6.12.1-amd64") > version_key("6.1.0-56-amd64"));
    }

    #[test]
    fn unknown_release_names_the_package() {
        let error = Kernel::installed("0.0.0-none").expect_err("no such kernel").to_string();
        assert!(error.contains("linux-image-0.0.0-none"), "{error}");
    }
}
