//! Why a guest could not be started. A guest that started and failed is a [`crate::Verdict`] instead.

use std::io;
use std::path::PathBuf;

/// The guest could not be started.
#[derive(Debug, thiserror::Error)]
pub enum VmError {
    /// No QEMU for this architecture on PATH.
    #[error("QEMU is missing: install the package qemu-system-x86 (Debian) or qemu-kvm (RHEL)")]
    NoQemu,
    /// No static busybox.
    #[error("a static busybox is missing: install the package busybox-static (Debian) or busybox (RHEL)")]
    NoBusybox,
    /// The release has no bootable image on this machine.
    #[error(
        "no kernel image of {release} on this machine (installed: {installed}): install the package linux-image-{release} (Debian) or kernel-core-{release} (RHEL)"
    )]
    NoKernel {
        /// The release asked for.
        release: String,
        /// The releases that could be booted, or `none`.
        installed: String,
    },
    /// A module that the guest needs is neither built in nor installed.
    #[error("kernel {release} has no module {module}, which the guest needs")]
    NoModule {
        /// The kernel.
        release: String,
        /// The module's name.
        module: String,
    },
    /// QEMU refused to start.
    #[error("QEMU did not start: {}", .0.trim())]
    Qemu(String),
    /// A helper program is missing or failed.
    #[error("{program} failed: {reason}; install the package {package}")]
    Tool {
        /// The program.
        program: &'static str,
        /// Its error.
        reason: String,
        /// Where it comes from.
        package: &'static str,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl VmError {
    /// Wraps an error of a file operation with the file's name.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> VmError {
        let path = path.into();
        move |source| VmError::File { path, source }
    }
}
