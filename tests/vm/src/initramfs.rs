//! What the guest starts with: busybox, the two scripts, modules, the caller's files and the command.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::cpio::Archive;
use crate::kernel::{Kernel, read_module};
use crate::{VmError, libraries};

const INIT: &[u8] = include_bytes!("init.sh");
const GUEST: &[u8] = include_bytes!("guest.sh");

/// A file that the caller puts into the guest.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    /// A file made up by the caller.
    Bytes { guest: String, mode: u32, contents: Vec<u8> },
    /// A copy of a host file; with the libraries it names when the guest has no host root.
    Host { guest: String, file: PathBuf },
    /// A host file at its own path.
    Visible(PathBuf),
}

/// What an initramfs is made of.
pub(crate) struct Plan<'a> {
    pub(crate) kernel: &'a Kernel,
    /// Whether the host's root becomes the guest's.
    pub(crate) host_root: bool,
    /// The shared folder, mounted at the path it has on the host.
    pub(crate) share: Option<&'a Path>,
    /// Modules to load besides those of the transport.
    pub(crate) modules: &'a [String],
    pub(crate) payload: &'a [Payload],
    /// A shell script.
    pub(crate) command: &'a str,
}

impl Plan<'_> {
    /// Makes the archive.
    pub(crate) fn build(&self) -> Result<Vec<u8>, VmError> {
        let mut archive = Archive::default();
        archive.file("init", 0o755, INIT);
        archive.file("vm/guest.sh", 0o644, GUEST);
        archive.file("vm/command", 0o644, self.command.as_bytes());
        let busybox = busybox()?;
        archive.file("vm/busybox", 0o755, &read(&busybox)?);
        let insert = self.add_modules(&mut archive)?;
        archive.file("vm/config", 0o644, self.config(&insert).as_bytes());
        self.add_payload(&mut archive)?;
        // The kernel opens it before devtmpfs is mounted; as a directory entry is enough for the mount points.
        for folder in ["proc", "sys", "dev", "tmp"] {
            archive.directory(folder);
        }
        Ok(archive.finish())
    }

    fn config(&self, insert: &[String]) -> String {
        let root = if self.host_root { "host" } else { "own" };
        let share = self.share.map(|share| share.display().to_string()).unwrap_or_default();
        format!("VM_INSERT='{}'\nVM_ROOT={root}\nVM_SHARE='{share}'\n", insert.join(" "))
    }

    fn add_modules(&self, archive: &mut Archive) -> Result<Vec<String>, VmError> {
        let mut names = vec!["virtio_pci", "virtio_console"];
        if self.host_root || self.share.is_some() {
            names.extend(["9pnet_virtio", "9p"]);
        }
        if self.host_root {
            names.push("overlay");
        }
        names.extend(self.modules.iter().map(String::as_str));
        let mut inserted = Vec::new();
        for file in self.kernel.module_files(&names)? {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let name = format!("{}.ko", name.split(".ko").next().unwrap_or(&name));
            archive.file(&format!("vm/modules/{name}"), 0o644, &read_module(&file)?);
            inserted.push(name);
        }
        Ok(inserted)
    }

    fn add_payload(&self, archive: &mut Archive) -> Result<(), VmError> {
        let prefix = if self.host_root { "put/" } else { "" };
        let mut programs = BTreeSet::new();
        for payload in self.payload {
            match payload {
                Payload::Bytes { guest, mode, contents } => {
                    archive.file(&format!("{prefix}{}", guest.trim_matches('/')), *mode, contents);
                }
                Payload::Host { guest, file } => {
                    let guest = format!("{prefix}{}", guest.trim_matches('/'));
                    if add_file(archive, &guest, file)? {
                        programs.insert(file.as_path());
                    }
                }
                Payload::Visible(_) if self.host_root => {}
                Payload::Visible(file) => {
                    if add_file(archive, &file.to_string_lossy(), file)? {
                        programs.insert(file.as_path());
                    }
                }
            }
        }
        if !self.host_root {
            for library in libraries::of(programs.into_iter()) {
                archive.file(&library.to_string_lossy(), 0o755, &read(&library)?);
            }
        }
        Ok(())
    }
}

/// Adds a copy of a host file; true when it is a program.
fn add_file(archive: &mut Archive, guest: &str, file: &Path) -> Result<bool, VmError> {
    let mode = fs::metadata(file).map_err(VmError::file(file))?.permissions().mode();
    archive.file(guest, mode, &read(file)?);
    Ok(mode & 0o111 != 0)
}

/// Debian's busybox-static is /bin/busybox, Fedora's is /usr/sbin/busybox.
fn busybox() -> Result<PathBuf, VmError> {
    let found = ["/bin/busybox", "/usr/sbin/busybox", "/usr/bin/busybox"].map(PathBuf::from);
    found.into_iter().find(|file| is_static(file)).ok_or(VmError::NoBusybox)
}

/// A dynamic program names its loader in the first page, in the segment PT_INTERP.
fn is_static(file: &Path) -> bool {
    let Ok(bytes) = fs::read(file) else { return false };
    let head = &bytes[..bytes.len().min(4096)];
    head.starts_with(b"\x7fELF") && !head.windows(8).any(|bytes| bytes == b"/ld-linu")
}

fn read(path: &Path) -> Result<Vec<u8>, VmError> {
    fs::read(path).map_err(VmError::file(path))
}
