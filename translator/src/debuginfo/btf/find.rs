//! Where BTF is: in a file that the user names, in the running kernel, in the image that is booted, in modules.

use std::path::{Path, PathBuf};

use object::{Object, ObjectSection};

use crate::cache::{Cache, KeyBuilder, Slot, Stamp};
use crate::debuginfo::objects::Lack;
use crate::debuginfo::{Kind, Source};
use crate::host::Host;
use crate::kernel::{image, modules, unpack};
use crate::session::Session;

/// What a `.BTF` section starts with, in the byte order of its machine.
const MAGIC: [[u8; 2]; 2] = [[0x9f, 0xeb], [0xeb, 0x9f]];

/// BTF as it was found.
pub struct Found {
    /// Where.
    pub source: Source,
    /// The bytes of the section.
    pub bytes: Vec<u8>,
}

/// The BTF of the session's kernel.
pub fn kernel(session: &Session<'_>) -> Result<Found, Lack> {
    if let Some(path) = &session.options.btf {
        return given(session.host, path);
    }
    let host = session.host;
    let running = Path::new("/sys/kernel/btf/vmlinux");
    if session.target.is_running(host)
        && let Ok(bytes) = host.read(running)
    {
        return Ok(Found { source: source(running, running_build_id(host)), bytes });
    }
    let release = &session.target.release;
    let root = &session.target.root;
    let Some(path) = image::find(host, root, release) else {
        let place = if root.is_host() {
            "on this machine".into()
        } else {
            format!("below {}", root.path().display())
        };
        let message = format!("the image of kernel {release} is not {place}, so its BTF is not known");
        return Err(Lack::new(message, "install the kernel, or name a file that holds its BTF with --btf"));
    };
    of_image(session, &path)
}

/// The split BTF of a module of the session's kernel.
pub fn module(session: &Session<'_>, name: &str) -> Result<Found, Lack> {
    let host = session.host;
    let running = Path::new("/sys/kernel/btf").join(name);
    if session.target.is_running(host)
        && !modules::is_path(name)
        && let Ok(bytes) = host.read(&running)
    {
        return Ok(Found { source: source(&running, None), bytes });
    }
    let release = &session.target.release;
    let path = modules::find(host, &session.target.root, release, name).ok_or_else(|| {
        let message = format!("kernel {release} has no module {name}");
        Lack::new(message, "`lsmod` and /lib/modules list modules")
    })?;
    let file = host.read(&path).and_then(|bytes| Ok(unpack::unpack(&bytes)?.unwrap_or(bytes)));
    let file = file.map_err(|error| unreadable(&path, &error.to_string()))?;
    section(&path, &file)
}

/// `--btf FILE`: the section itself, or an ELF file or kernel image that holds one.
fn given(host: &dyn Host, path: &Path) -> Result<Found, Lack> {
    let bytes = image::vmlinux(host, path).map_err(|error| unreadable(path, &error.to_string()))?;
    if MAGIC.iter().any(|magic| bytes.starts_with(magic)) {
        return Ok(Found { source: source(path, None), bytes });
    }
    section(path, &bytes)
}

/// Unpacking an image takes hundreds of milliseconds, so its BTF is kept by its build id, and beside it which image has
/// which build id.
fn of_image(session: &Session<'_>, path: &Path) -> Result<Found, Lack> {
    let cache = Cache::open(session);
    let stat = session.host.stat(path).map_err(|error| unreadable(path, &error.to_string()))?;
    let identity = format!("{:?} {} {}", stat.id, stat.len, stat.mtime_ns);
    let key = KeyBuilder::new("image").part("path", path.as_os_str().as_encoded_bytes());
    let image = Slot { prefix: "image_", key: key.part("stat", identity).finish(), suffix: ".id" };
    let stamp = Stamp::new();
    if let Some((_, id)) = cache.get(image, &stamp)
        && let Some((_, bytes)) = cache.get(by_build_id(&id), &stamp)
    {
        return Ok(Found { source: source(path, Some(id)), bytes });
    }
    let vmlinux = image::vmlinux(session.host, path).map_err(|error| unreadable(path, &error.to_string()))?;
    let found = section(path, &vmlinux)?;
    if let Some(id) = &found.source.build_id {
        // Pass 4 warns about a cache that cannot be written.
        let _ = cache.put(by_build_id(id), &stamp, &found.bytes);
        let _ = cache.put(image, &stamp, id);
    }
    Ok(found)
}

fn by_build_id(id: &[u8]) -> Slot<'static> {
    Slot { prefix: "btf_", key: KeyBuilder::new("btf").part("build id", id).finish(), suffix: ".btf" }
}

/// The `.BTF` section of an ELF file.
fn section(path: &Path, file: &[u8]) -> Result<Found, Lack> {
    let elf = object::File::parse(file).map_err(|error| unreadable(path, &error.to_string()))?;
    let data = elf.section_by_name(".BTF").map(|section| section.uncompressed_data());
    let bytes = match data {
        Some(Ok(data)) => data.into_owned(),
        Some(Err(error)) => return Err(unreadable(path, &error.to_string())),
        None => {
            let message = format!("{} holds no BTF", path.display());
            return Err(Lack::new(message, "its kernel was built without CONFIG_DEBUG_INFO_BTF"));
        }
    };
    let id = elf.build_id().ok().flatten().map(<[u8]>::to_vec);
    Ok(Found { source: source(path, id), bytes })
}

fn source(path: &Path, build_id: Option<Vec<u8>>) -> Source {
    Source { kind: Kind::Btf, path: PathBuf::from(path), build_id }
}

/// The build id that the running kernel gives in its notes.
pub fn running_build_id(host: &dyn Host) -> Option<Vec<u8>> {
    const BUILD_ID: u32 = 3;
    let notes = host.read(Path::new("/sys/kernel/notes")).ok()?;
    let mut rest = &notes[..];
    while let Some((header, body)) = rest.split_first_chunk::<12>() {
        let word =
            |at: usize| u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (name, desc) = (word(0) as usize, word(4) as usize);
        let aligned = |size: usize| size.checked_next_multiple_of(4);
        let (from, next) = (aligned(name)?, aligned(name)?.checked_add(aligned(desc)?)?);
        if word(8) == BUILD_ID && body.get(..name)? == b"GNU\0" {
            return body.get(from..from + desc).map(<[u8]>::to_vec);
        }
        rest = body.get(next..)?;
    }
    None
}

fn unreadable(path: &Path, why: &str) -> Lack {
    Lack::new(format!("cannot read {}: {why}", path.display()), "check the file, or name another with --btf")
}
