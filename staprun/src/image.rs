//! A module's bytes: are they a module of ours for this kernel?

use object::LittleEndian;
use object::elf::{EM_X86_64, ET_REL, FileHeader64};
use object::read::elf::{FileHeader, SectionHeader, SectionTable};

use crate::error::{Error, Result};
use crate::name::ModuleName;
use crate::open::OpenedModule;

type Elf = FileHeader64<LittleEndian>;

const SIGNATURE_END: &[u8] = b"~Module signature appended~\n";
const THIS_MODULE: &[u8] = b".gnu.linkonce.this_module";
const PRIVILEGE_SECTION: &[u8] = b".stap_privilege";
const DESCRIPTION: &[u8] = b"systemtap-generated probe";
/// `struct module` begins with its state, a list head and the name; the name is looked for no further than this.
const NAME_WITHIN: usize = 128;

/// Bytes that passed all checks; only these are given to the kernel.
#[derive(Debug)]
pub struct VerifiedModule {
    bytes: Vec<u8>,
    name: ModuleName,
    /// Where the name stands in the bytes.
    name_places: Vec<usize>,
    signed: bool,
}

impl VerifiedModule {
    /// Checks the bytes for a kernel of this release.
    pub fn verify(opened: OpenedModule, release: &str) -> Result<Self> {
        let shown = opened.path.display().to_string();
        let signed = opened.bytes.ends_with(SIGNATURE_END);
        let (name, name_places) = check(&opened.bytes, &shown, release)?;
        Ok(Self { bytes: opened.bytes, name, name_places, signed })
    }

    /// What the kernel gets.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The name under which it will be loaded.
    pub fn name(&self) -> &ModuleName {
        &self.name
    }

    /// Whether a signature is appended, which covers the name too.
    pub fn is_signed(&self) -> bool {
        self.signed
    }

    /// Gives it a name that ends in the process id (S07); false when it is signed or its name is too short.
    pub fn rename(&mut self, pid: u32) -> bool {
        let Some(name) = self.name.renamed(pid).filter(|_| !self.signed) else { return false };
        for place in &self.name_places {
            let end = place + name.as_str().len();
            if let Some(old) = self.bytes.get_mut(*place..end) {
                old.copy_from_slice(name.as_str().as_bytes());
            }
        }
        self.name = name;
        true
    }
}

/// The sections of a module, with errors that name the file.
struct Image<'a> {
    bytes: &'a [u8],
    sections: SectionTable<'a, Elf>,
    shown: &'a str,
}

fn check(bytes: &[u8], shown: &str, release: &str) -> Result<(ModuleName, Vec<usize>)> {
    let image = Image::parse(bytes, shown)?;
    let (modinfo_at, modinfo) = image.section(b".modinfo")?.ok_or_else(|| image.bad("it has no .modinfo"))?;
    let built_for = value(modinfo, b"vermagic=").ok_or_else(|| image.bad("it has no vermagic"))?.1;
    let built_for = built_for.split(|byte| *byte == b' ').next().unwrap_or_default();
    if built_for != release.as_bytes() {
        let built_for = String::from_utf8_lossy(built_for);
        return Err(Error::refused(format!("module release mismatch ({built_for} vs {release})"))
            .help(format!("{shown} was built for another kernel: build it again with stap -r {release}")));
    }
    let ours = image.section(PRIVILEGE_SECTION)?.is_some()
        || value(modinfo, b"description=").is_some_and(|(_, text)| text == DESCRIPTION);
    if !ours {
        return Err(Error::refused(format!("{shown} is a kernel module, but not one that stap made"))
            .help("modprobe and insmod load other modules"));
    }
    image.name(modinfo_at, modinfo)
}

impl<'a> Image<'a> {
    fn parse(bytes: &'a [u8], shown: &'a str) -> Result<Self> {
        let not_elf = |_| Error::refused(format!("{shown} is not a kernel module: it is no 64-bit ELF file"));
        let header = Elf::parse(bytes).map_err(not_elf)?;
        let endian = header.endian().map_err(not_elf)?;
        let refused = |what| Error::refused(format!("{shown} is not a kernel module: {what}"));
        if header.e_type(endian) != ET_REL {
            return Err(refused("it is a program or a library"));
        }
        if header.e_machine(endian) != EM_X86_64 {
            return Err(refused("it is for another processor"));
        }
        let sections = header.sections(endian, bytes).map_err(|_| refused("its sections are damaged"))?;
        Ok(Self { bytes, sections, shown })
    }

    fn bad(&self, what: &str) -> Error {
        Error::refused(format!("{} is not a kernel module: {what}", self.shown))
    }

    /// The place and the bytes of a section that must lie in the file.
    fn section(&self, name: &[u8]) -> Result<Option<(usize, &'a [u8])>> {
        let Some((_, section)) = self.sections.section_by_name(LittleEndian, name) else { return Ok(None) };
        let damaged = || self.bad(&format!("its section {} is damaged", String::from_utf8_lossy(name)));
        let data = section.data(LittleEndian, self.bytes).map_err(|_| damaged())?;
        let (start, size) = section.file_range(LittleEndian).unwrap_or((0, 0));
        let start = usize::try_from(start).map_err(|_| damaged())?;
        if size != data.len() as u64 {
            return Err(damaged());
        }
        Ok(Some((start, data)))
    }

    /// The module's name, which must be the same where the kernel and where tools read it; and both places.
    fn name(&self, modinfo_at: usize, modinfo: &[u8]) -> Result<(ModuleName, Vec<usize>)> {
        let (at, name) = value(modinfo, b"name=").ok_or_else(|| self.bad("it has no name"))?;
        let name = std::str::from_utf8(name).ok().and_then(ModuleName::new);
        let name = name.ok_or_else(|| self.bad("its name is not a module's name"))?;
        let (this_at, this) =
            self.section(THIS_MODULE)?.ok_or_else(|| self.bad("it has no struct module"))?;
        let mut wanted = name.as_str().as_bytes().to_vec();
        wanted.push(0);
        let head = &this[..this.len().min(NAME_WITHIN)];
        let within = head.windows(wanted.len()).position(|window| window == wanted);
        let within = within.ok_or_else(|| self.bad("its two names differ"))?;
        Ok((name, vec![modinfo_at + at, this_at + within]))
    }
}

/// The value of a key among NUL-terminated `key=value` texts, and its offset.
fn value<'a>(modinfo: &'a [u8], key: &[u8]) -> Option<(usize, &'a [u8])> {
    let mut offset = 0;
    for entry in modinfo.split(|byte| *byte == 0) {
        if let Some(value) = entry.strip_prefix(key) {
            return Some((offset + key.len(), value));
        }
        offset += entry.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests;
