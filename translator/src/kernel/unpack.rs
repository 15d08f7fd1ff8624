//! Compressed files: modules and debuginfo are shipped as xz, zstd or gzip.

use std::io::{self, Read};

/// The most that a file may unpack to: four times the largest debuginfo seen, far below what ends a machine.
const LIMIT: u64 = 4 << 30;

/// How a file is compressed, by its first bytes. Names do not tell: `.debug` files may be either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Xz,
    Zstd,
    Gzip,
}

/// Endings of compressed files, the empty one for those that are not.
pub const ENDINGS: [&str; 4] = ["", ".xz", ".zst", ".gz"];

/// The contents of a compressed file; `None` when it is not compressed.
pub fn unpack(bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let Some(format) = Format::of(bytes) else { return Ok(None) };
    unpack_at_most(format, bytes, LIMIT).map(Some)
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Format> {
        const MAGIC: [(&[u8], Format); 3] = [
            (b"\xfd7zXZ\0", Format::Xz),
            (b"\x28\xb5\x2f\xfd", Format::Zstd),
            (b"\x1f\x8b\x08", Format::Gzip),
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
    }
}

fn read_at_most(reader: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("it unpacks to more than {limit} bytes")));
    }
    Ok(bytes)
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

    #[test]
    fn each_format_is_known_by_its_first_bytes() {
        for packed in [XZ, ZSTD, GZIP] {
            assert_eq!(unpack(packed).expect("sound").as_deref(), Some(&b"vmlinux\n"[..]));
            assert!(unpack(&packed[..packed.len() / 2]).is_err(), "cut short");
        }
        assert_eq!(unpack(b"\x7fELF").expect("not compressed"), None);
        assert_eq!(unpack(b"").expect("not compressed"), None);
    }

    #[test]
    fn a_file_that_unpacks_without_end_is_refused() {
        for (format, packed) in [(Format::Xz, XZ), (Format::Zstd, ZSTD), (Format::Gzip, GZIP)] {
            assert!(unpack_at_most(format, packed, 7).is_err());
            assert!(unpack_at_most(format, packed, 8).is_ok());
        }
    }
}
