//! Symbols of the kernel and of its modules, as they are on the disk: no debug information is needed for them.
//!
//! The kernel's come from the tables inside its image, or from System.map where a distribution ships one that is more
//! than a stub; a module's from its own file. They are kept as text in the form of System.map.

mod kallsyms;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use object::{Object, ObjectSection, ObjectSymbol, SymbolKind, SymbolSection};

use super::{Target, image, modules, unpack};
use crate::cache::{Cache, KeyBuilder, Slot, Stamp};
use crate::session::Session;

/// A symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol<'t> {
    /// Where it was linked to, in a module the place in its section; 0 when that is not known.
    pub address: u64,
    /// The letter that nm gives its kind.
    pub kind: u8,
    /// Its name.
    pub name: &'t str,
}

/// All symbols of an object.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    text: String,
    /// What they were read from.
    pub path: PathBuf,
    /// The build id of that, where it says.
    pub build_id: Option<Vec<u8>>,
}

/// System.map of a distribution that keeps it elsewhere is a line that says so.
const STUB: usize = 4096;

impl Symbols {
    /// Those of the session's kernel; the error says what was lacking.
    pub fn of_kernel(session: &Session<'_>) -> Result<Symbols, String> {
        let Target { release, root, .. } = &session.target;
        if let Some(file) = &session.options.btf {
            return Err(format!("--btf {} may be of another kernel than {release}", file.display()));
        }
        let from_image = match image::find(session.host, root, release) {
            Some(path) => of_image(session, &path),
            None => Err(format!("the image of kernel {release} is not on this machine")),
        };
        from_image.or_else(|why| of_map(session).ok_or(why))
    }

    /// Those of a module's file.
    pub fn of_module(session: &Session<'_>, name: &str) -> Result<Symbols, String> {
        let Target { release, root, .. } = &session.target;
        let path =
            modules::find(session.host, root, release, name).ok_or_else(|| match modules::is_path(name) {
                true => format!("there is no file {name}"),
                false => format!("kernel {release} has no module {name}"),
            })?;
        let unreadable = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
        let packed = session.host.read(&path).map_err(|error| unreadable(&error))?;
        let bytes = unpack::unpack(&packed).map_err(|error| unreadable(&error))?.unwrap_or(packed);
        let elf = object::File::parse(&*bytes).map_err(|error| unreadable(&error))?;
        let build_id = elf.build_id().ok().flatten().map(<[u8]>::to_vec);
        Ok(Symbols { text: module_text(&elf), path, build_id })
    }

    /// Symbols in the form of System.map.
    pub fn of_text(text: String, path: PathBuf, build_id: Option<Vec<u8>>) -> Symbols {
        Symbols { text, path, build_id }
    }

    /// All of them, by address.
    pub fn iter(&self) -> impl Iterator<Item = Symbol<'_>> {
        self.text.lines().filter_map(|line| {
            let (address, rest) = line.split_once(' ')?;
            let (kind, name) = rest.split_once(' ')?;
            let address = u64::from_str_radix(address, 16).ok()?;
            Some(Symbol { address, kind: *kind.as_bytes().first()?, name })
        })
    }

    /// The first one of a name.
    pub fn named(&self, name: &str) -> Option<Symbol<'_>> {
        self.iter().find(|symbol| symbol.name == name)
    }

    /// What a probe can be set on: code that stays after the start, without the padding in front of functions.
    pub fn functions(&self) -> impl Iterator<Item = Symbol<'_>> {
        let [text, init] = self.spans([("_text", "_etext"), ("_sinittext", "_einittext")]);
        self.iter().filter(move |symbol| {
            b"tTwW".contains(&symbol.kind)
                && !symbol.name.starts_with("__pfx_")
                && (text.is_empty() || text.contains(&symbol.address))
                && !init.contains(&symbol.address)
        })
    }

    /// What lies between symbols; nothing where one is lacking, or no addresses are known.
    fn spans<const N: usize>(&self, bounds: [(&str, &str); N]) -> [Range<u64>; N] {
        let mut spans = [const { 0..0 }; N];
        for symbol in self.iter() {
            for (span, (start, end)) in spans.iter_mut().zip(bounds) {
                if symbol.name == start {
                    span.start = symbol.address;
                } else if symbol.name == end {
                    span.end = symbol.address;
                }
            }
        }
        spans.map(|span| if span.start == 0 { 0..0 } else { span })
    }
}

/// Unpacking an image takes hundreds of milliseconds, so its symbols are kept, under what its file is.
fn of_image(session: &Session<'_>, path: &Path) -> Result<Symbols, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
    let stat = session.host.stat(path).map_err(|error| unreadable(&error))?;
    let identity = format!("{:?} {} {}", stat.id, stat.len, stat.mtime_ns);
    let key = KeyBuilder::new("symbols").part("path", path.as_os_str().as_encoded_bytes());
    let slot = Slot { prefix: "symbols_", key: key.part("stat", identity).finish(), suffix: ".map" };
    let cache = Cache::open(session);
    let stamp = Stamp::new();
    if let Some((_, bytes)) = cache.get(slot, &stamp) {
        return decoded(bytes, path).ok_or_else(|| unreadable(&"the cache is broken"));
    }
    let vmlinux = image::vmlinux(session.host, path).map_err(|error| unreadable(&error))?;
    let elf = object::File::parse(&*vmlinux).map_err(|error| unreadable(&error))?;
    let data = elf.section_by_name(".rodata").and_then(|section| section.data().ok());
    let rows = kallsyms::read(data.unwrap_or(&vmlinux))
        .ok_or_else(|| format!("{} holds no symbol tables (CONFIG_KALLSYMS)", path.display()))?;
    let build_id = elf.build_id().ok().flatten().unwrap_or_default();
    let mut text = format!("{}\n", crate::debuginfo::hex(build_id));
    for row in &rows {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:016x} {} {}", row.address, char::from(row.kind), row.name);
    }
    // Pass 4 warns about a cache that cannot be written.
    let _ = cache.put(slot, &stamp, text.as_bytes());
    decoded(text.into_bytes(), path).ok_or_else(|| unreadable(&"its build id is odd"))
}

/// What the cache holds: a line with the build id, then System.map.
fn decoded(bytes: Vec<u8>, path: &Path) -> Option<Symbols> {
    let mut text = String::from_utf8(bytes).ok()?;
    let end = text.find('\n')?;
    let digits = text.as_bytes()[..end].chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or(""));
    let build_id: Option<Vec<u8>> = digits.map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
    let build_id = build_id.filter(|id| !id.is_empty());
    text.drain(..=end);
    Some(Symbols::of_text(text, path.to_owned(), build_id))
}

fn of_map(session: &Session<'_>) -> Option<Symbols> {
    let Target { release, root, .. } = &session.target;
    let places = [
        format!("/boot/System.map-{release}"),
        format!("/lib/modules/{release}/System.map"),
        format!("/usr/lib/debug/boot/System.map-{release}"),
    ];
    places.into_iter().find_map(|place| {
        let path = root.at(&place);
        let bytes = session.host.read(&path).ok()?;
        let text = String::from_utf8(bytes).ok().filter(|text| text.len() > STUB)?;
        Some(Symbols::of_text(text, path, None))
    })
}

/// A module's functions and data; what lies in sections that are dropped after the start is left out.
fn module_text(elf: &object::File<'_>) -> String {
    let mut text = String::new();
    for symbol in elf.symbols() {
        let kind = match symbol.kind() {
            SymbolKind::Text => 't',
            SymbolKind::Data => 'd',
            _ => continue,
        };
        let SymbolSection::Section(index) = symbol.section() else { continue };
        let section = elf.section_by_index(index).ok();
        let section = section.as_ref().and_then(|section| section.name().ok()).unwrap_or_default();
        let Ok(name) = symbol.name() else { continue };
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        if plain && ![".init", ".exit"].iter().any(|dropped| section.starts_with(dropped)) {
            let kind = if symbol.is_global() { kind.to_ascii_uppercase() } else { kind };
            let _ = writeln!(text, "{:016x} {kind} {name}", symbol.address());
        }
    }
    text
}
