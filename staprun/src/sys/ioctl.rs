//! The ioctls of a module's control file.

use std::fs::File;
use std::os::fd::AsRawFd;

use crate::messages::CpuStatus;

mod raw {
    use crate::messages::CpuStatus;

    nix::ioctl_read!(watermark, b's', 1, u64);
    nix::ioctl_none!(give_up, b's', 3);
    nix::ioctl_readwrite!(cpu_status, b's', 2, CpuStatus);
}

/// `STP_IOC_WATERMARK` as this side computes it.
pub const WATERMARK: nix::libc::c_ulong = nix::request_code_read!(b's', 1, size_of::<u64>());
/// `STP_IOC_CPU_STATUS` as this side computes it.
pub const CPU_STATUS: nix::libc::c_ulong = nix::request_code_readwrite!(b's', 2, size_of::<CpuStatus>());

/// `STP_IOC_GIVE_UP` as this side computes it.
pub const GIVE_UP: nix::libc::c_ulong = nix::request_code_none!(b's', 3);

/// `STP_IOC_WATERMARK`.
pub fn watermark(command: &File) -> nix::Result<u64> {
    let mut time = 0;
    // SAFETY: the descriptor is open for the whole call, and the kernel writes one u64 to a live u64.
    unsafe { raw::watermark(command.as_raw_fd(), &raw mut time) }?;
    Ok(time)
}

/// `STP_IOC_CPU_STATUS`.
pub fn cpu_status(command: &File, cpu: u32) -> nix::Result<CpuStatus> {
    let mut status = CpuStatus { cpu, ..CpuStatus::default() };
    // SAFETY: the descriptor is open for the whole call; CpuStatus is repr(C), of the size that the ioctl's
    // number states, and valid for any bits.
    unsafe { raw::cpu_status(command.as_raw_fd(), &raw mut status) }?;
    Ok(status)
}

/// `STP_IOC_GIVE_UP`.
pub fn give_up(command: &File) -> nix::Result<()> {
    // SAFETY: the descriptor is open for the whole call, and the kernel takes no argument.
    unsafe { raw::give_up(command.as_raw_fd()) }?;
    Ok(())
}
