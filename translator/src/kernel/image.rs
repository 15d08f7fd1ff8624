//! The kernel's ELF file inside of the image that is booted.
//!
//! Three shapes are met: the boot protocol of x86 (Documentation/arch/x86/boot.rst of the kernel), whose header says
//! where the payload lies; an EFI program that unpacks itself ("zimg", drivers/firmware/efi/libstub/zboot-header.S);
//! and a file that is compressed as a whole, or not at all.

use std::io;
use std::path::{Path, PathBuf};

use super::{Sysroot, unpack};
use crate::host::Host;

/// The image of a release on the probed machine.
pub fn find(host: &dyn Host, root: &Sysroot, release: &str) -> Option<PathBuf> {
    let names = [
        format!("/boot/vmlinuz-{release}"),
        format!("/lib/modules/{release}/vmlinuz"),
        format!("/usr/lib/modules/{release}/vmlinuz"),
        format!("/boot/vmlinux-{release}"),
        format!("/boot/Image-{release}"),
    ];
    names.into_iter().map(|name| root.at(name)).find(|path| host.is_file(path))
}

/// The ELF file that a kernel image holds.
pub fn vmlinux(host: &dyn Host, path: &Path) -> io::Result<Vec<u8>> {
    let image = host.read(path)?;
    let payload = payload(&image).unwrap_or(&image);
    match unpack::unpack(payload)? {
        Some(unpacked) => Ok(unpacked),
        None => Ok(image),
    }
}

/// Where the image says that its payload lies; `None` when it is not of a shape that says so.
fn payload(image: &[u8]) -> Option<&[u8]> {
    let (offset, length) = match image.get(4..8) {
        Some(b"zimg") => (word(image, 8)?, word(image, 12)?),
        _ => boot_payload(image)?,
    };
    image.get(offset..offset.checked_add(length)?)
}

/// The boot protocol of x86: sectors of set-up code, then the kernel with its payload.
fn boot_payload(image: &[u8]) -> Option<(usize, usize)> {
    const SECTOR: usize = 512;
    /// The first version of the protocol whose header tells of the payload.
    const WITH_PAYLOAD: u16 = 0x0208;
    if image.get(0x202..0x206)? != b"HdrS" {
        return None;
    }
    let version = u16::from_le_bytes([*image.get(0x206)?, *image.get(0x207)?]);
    if version < WITH_PAYLOAD {
        return None;
    }
    // 0 means 4, for old loaders' sake.
    let setup = match *image.get(0x1f1)? {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let start = (setup + 1) * SECTOR;
    Some((start.checked_add(word(image, 0x248)?)?, word(image, 0x24c)?))
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_le_bytes(four) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::memory::MemoryHost;

    /// An image of the x86 boot protocol whose payload is `payload`.
    fn boot_image(payload: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 3 * 512];
        image[0x1f1] = 1;
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x206..0x208].copy_from_slice(&0x020fu16.to_le_bytes());
        image[0x248..0x24c].copy_from_slice(&512u32.to_le_bytes());
        image[0x24c..0x250].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        image.extend_from_slice(payload);
        image
    }

    #[test]
    fn payloads_are_where_the_headers_say() {
        assert_eq!(payload(&boot_image(b"packed")), Some(&b"packed"[..]));
        let mut zimg = b"MZ\0\0zimg".to_vec();
        zimg.extend_from_slice(&[18, 0, 0, 0, 3, 0, 0, 0, 0, 0]);
        zimg.extend_from_slice(b"abcdef");
        assert_eq!(payload(&zimg), Some(&b"abc"[..]));
    }

    #[test]
    fn headers_that_point_outside_are_not_followed() {
        let whole = boot_image(b"packed");
        for cut in 0..whole.len() {
            assert_eq!(payload(&whole[..cut]), None, "{cut}");
        }
        let mut wild = boot_image(b"packed");
        wild[0x248..0x250].fill(0xff);
        assert_eq!(payload(&wild), None);
    }

    #[test]
    fn an_image_that_is_no_archive_is_the_file_itself() {
        let host = MemoryHost::new().file("/boot/vmlinux-1", "\u{7f}ELF");
        let path = find(&host, &Sysroot::default(), "1").expect("there");
        assert_eq!(vmlinux(&host, &path).expect("read"), b"\x7fELF");
        assert_eq!(find(&host, &Sysroot::default(), "2"), None);
        assert_eq!(find(&host, &Sysroot::new("/srv".into()), "1"), None);
    }
}
