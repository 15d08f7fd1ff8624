//! Compressed files: modules and debuginfo are shipped as xz, zstd or gzip, kernels as any that the kernel unpacks.

use std::io::{self, Read};

/// The most that a file may unpack to: four times the largest debuginfo seen, far below what ends a machine.
const LIMIT: u64 = 4 << 30;

/// How a file is compressed, by its first bytes. Names do not tell: `.debug` files may be either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Xz,
    Zstd,
    Gzip,
    Bzip2,
    Lz4,
}

const LZ4_LEGACY: &[u8] = b"\x02\x21\x4c\x18";

/// Endings of compressed files, the empty one for those that are not.
pub const ENDINGS: [&str; 4] = ["", ".xz", ".zst", ".gz"];

/// The contents of a compressed file; `None` when it is not compressed.
pub fn unpack(bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let Some(format) = Format::of(bytes) else { return Ok(None) };
    unpack_at_most(format, bytes, LIMIT).map(Some)
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Format> {
        const MAGIC: [(&[u8], Format); 5] = [
            (b"\xfd7zXZ\0", Format::Xz),
            (b"\x28\xb5\x2f\xfd", Format::Zstd),
            (b"\x1f\x8b\x08", Format::Gzip),
            (b"BZh", Format::Bzip2),
            (LZ4_LEGACY, Format::Lz4),
        ];
        MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, format)| *format)
    }
}

fn unpack_at_most(format: Format, bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    match format {
        Format::Xz => read_at_most(liblzma::read::XzDecoder::new(bytes), limit),
        Format::Gzip => read_at_most(flate2::read::MultiGzDecoder::new(bytes), limit),
        Format::Zstd => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(bytes);
            read_at_most(decoder.map_err(io::Error::other)?, limit)
        }
        Format::Bzip2 => read_at_most(bzip2::read::BzDecoder::new(bytes), limit),
        Format::Lz4 => unpack_lz4(bytes, limit),
    }
}

/// What `lz4 -l` writes, which is what kernels are packed with: blocks of 8 MiB, each after its packed size, no end
/// mark and no checksum. The kernel's build appends the size of the whole, which is fewer bytes than it says.
fn unpack_lz4(bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    const BLOCK: usize = 8 << 20;
    let mut whole = Vec::new();
    let mut block = vec![0; BLOCK];
    let mut rest = bytes.get(LZ4_LEGACY.len()..).unwrap_or_default();
    while let Some((size, packed)) = rest.split_first_chunk::<4>() {
        let size = u32::from_le_bytes(*size) as usize;
        if packed.is_empty() {
            break;
        }
        let Some(one) = packed.get(..size) else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        let length = lz4_flex::block::decompress_into(one, &mut block).map_err(io::Error::other)?;
        whole.extend_from_slice(&block[..length]);
        check_limit(whole.len(), limit)?;
        rest = &packed[size..];
    }
    Ok(whole)
}

fn read_at_most(reader: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    check_limit(bytes.len(), limit)?;
    Ok(bytes)
}

fn check_limit(length: usize, limit: u64) -> io::Result<()> {
    if length as u64 > limit {
        return Err(io::Error::other(format!("it unpacks to more than {limit} bytes")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // What `printf 'vmlinux\n'` becomes through the format's own tool.
    const XZ: &[u8] = b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\
        \xa3\x01\x00\x07\x76\x6d\x6c\x69\x6e\x75\x78\x0a\x00\x6f\x7b\xb8\x85\x4a\xc0\xdf\x5e\x00\x01\x20\x08\xbb\x19\
        \xd9\xbb\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";
    const ZSTD: &[u8] =
        b"\x28\xb5\x2f\xfd\x04\x58\x41\x00\x00\x76\x6d\x6c\x69\x6e\x75\x78\x0a\x60\xc0\x0a\x2b";
    const GZIP: &[u8] =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x2b\xcb\xcd\xc9\xcc\x2b\xad\xe0\x02\x00\x2d\x80\x98\
        \x80\x08\x00\x00\x00";

    const BZIP2: &[u8] =
        b"\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\xde\x03\xd8\xb2\x00\x00\x03\x41\x80\x00\x10\x00\x27\x03\
        \x40\x20\x00\x31\x0c\x08\x21\xa6\x8d\xa8\x3d\x3a\x43\xc5\xdc\x91\x4e\x14\x24\x37\x80\xf6\x2c\x80";
    // `lz4 -l`, and the size of the whole as the kernel's build appends it.
    const LZ4: &[u8] =
        b"\x02\x21\x4c\x18\x09\x00\x00\x00\x80\x76\x6d\x6c\x69\x6e\x75\x78\x0a\x08\x00\x00\x00";

    #[test]
    fn each_format_is_known_by_its_first_bytes() {
        for packed in [XZ, ZSTD, GZIP, BZIP2, LZ4] {
            assert_eq!(unpack(packed).expect("sound").as_deref(), Some(&b"vmlinux\n"[..]));
            assert!(unpack(&packed[..packed.len() / 2]).is_err(), "cut short");
        }
        assert_eq!(unpack(b"\x7fELF").expect("not compressed"), None);
        assert_eq!(unpack(b"").expect("not compressed"), None);
    }

    #[test]
    fn a_file_that_unpacks_without_end_is_refused() {
        let formats = [
            (Format::Xz, XZ),
            (Format::Zstd, ZSTD),
            (Format::Gzip, GZIP),
            (Format::Bzip2, BZIP2),
            (Format::Lz4, LZ4),
        ];
        for (format, packed) in formats {
            assert!(unpack_at_most(format, packed, 7).is_err());
            assert!(unpack_at_most(format, packed, 8).is_ok());
        }
    }
}
