//! Runs a command in a throwaway QEMU guest of an installed kernel.
//!
//! A guest is one QEMU process under TCG (never KVM: a nested or missing `/dev/kvm` must make no difference) that boots
//! `/boot/vmlinuz-RELEASE` with an initramfs made here. The initramfs is a plain newc archive: a static busybox, the
//! modules the guest needs, the caller's files and `init.sh`. The command sees either the host's own root
//! ([`Root::Host`], read-only over 9p under a tmpfs overlay) or nothing but what was put in ([`Root::Own`]), for kernels
//! without 9p and for quick boots.
//!
//! Output and exit status come back over virtio-serial ports, one for each stream, because they exist on every kernel
//! that has virtio at all, are binary clean and fast. The console is the first serial port; what it says decides the
//! [`Verdict`]: a guest that printed a `BUG:` has failed even when its command ended with 0.
//!
//! Nothing needs root. QEMU dies with the thread that started it, and all files live in a temporary directory.

mod boot;
mod console;
mod cpio;
mod error;
mod initramfs;
mod interrupt;
mod kernel;
mod libraries;
mod qemu;
mod secure_boot;
mod stream;
mod tools;
mod vm;

pub use boot::VmResult;
pub use console::Verdict;
pub use error::VmError;
pub use kernel::{Kernel, installed_releases, newest_with_headers};
pub use secure_boot::SecureBoot;
pub use vm::{Root, Vm, shell_word};
