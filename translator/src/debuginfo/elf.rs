//! The sections of an ELF file that debuginfo is in.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use gimli::{EndianSlice, LittleEndian, SectionId};
use object::read::{RelocationTarget, SectionIndex};
use object::{
    Endianness, File, Object, ObjectKind, ObjectSection, ObjectSymbol, Relocation, RelocationKind,
    SectionFlags, SectionKind, SymbolKind, elf,
};

use crate::host::Mapped;
use crate::kernel::unpack;

/// What gimli reads from. A run opens each file once and ends soon, so its bytes stay for as long as the process: they
/// are what everything read from them refers to.
pub type Reader = EndianSlice<'static, LittleEndian>;

/// A file with debuginfo.
pub struct DebugFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its build id.
    pub build_id: Option<Vec<u8>>,
    /// The sections that gimli knows.
    pub dwarf: gimli::Dwarf<Reader>,
    /// Call frames, for where the caller's frame is.
    pub frames: gimli::DebugFrame<Reader>,
    /// Whether its addresses are those of a linked program; a module's are made up here.
    pub linked: bool,
    /// The sections that a running kernel has, by their addresses in this file.
    pub sections: Vec<Section>,
    elf: File<'static>,
    layout: Vec<(SectionIndex, u64)>,
}

/// A symbol of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedAddress {
    /// Its name.
    pub name: &'static str,
    /// Its address, as the file's debuginfo counts it.
    pub address: u64,
    /// Its size.
    pub size: u64,
    /// What it stands for.
    pub kind: SymbolKind,
}

impl DebugFile {
    /// The symbols of the sections that a running kernel has.
    pub fn symbols(&self) -> impl Iterator<Item = NamedAddress> {
        let base =
            |index: SectionIndex| self.layout.iter().find(|(at, _)| *at == index).map(|(_, base)| *base);
        self.elf.symbols().filter_map(move |symbol| {
            let section = base(symbol.section_index()?)?;
            let address =
                if self.linked { symbol.address() } else { section.checked_add(symbol.address())? };
            Some(NamedAddress {
                name: symbol.name().ok()?,
                address,
                size: symbol.size(),
                kind: symbol.kind(),
            })
        })
    }
}

/// A section that a running kernel has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Its first address; modules are laid out here as the debuginfo is read, since their files have no addresses.
    pub address: u64,
    /// Its size.
    pub size: u64,
    /// Whether it is code.
    pub code: bool,
}

/// Why a file that is there does not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// It has none: a stripped file.
    #[error("it has no debug information")]
    Stripped,
    /// It describes another build.
    #[error("its build id is {found}, that of the kernel or module is {wanted}")]
    OtherBuild {
        /// The file's.
        found: String,
        /// The probed kernel's or module's.
        wanted: String,
    },
}

impl DebugFile {
    /// Takes a file's sections, if it has debuginfo and describes the wanted build.
    pub fn new(path: &Path, bytes: Mapped, wanted: Option<&[u8]>) -> Result<DebugFile, Unfit> {
        let unreadable = |error: &dyn std::fmt::Display| Unfit::Unreadable(error.to_string());
        let bytes: &'static [u8] = match unpack::unpack(&bytes).map_err(|error| unreadable(&error))? {
            Some(unpacked) => unpacked.leak(),
            None => Box::leak(Box::new(bytes)),
        };
        let elf = object::File::parse(bytes).map_err(|error| unreadable(&error))?;
        let build_id = elf.build_id().ok().flatten().map(<[u8]>::to_vec);
        if let (Some(found), Some(wanted)) = (&build_id, wanted)
            && found != wanted
        {
            return Err(Unfit::OtherBuild { found: super::hex(found), wanted: super::hex(wanted) });
        }
        if elf.endianness() != Endianness::Little || !elf.is_64() {
            return Err(Unfit::Unreadable("only 64-bit little-endian kernels are supported".into()));
        }
        if elf.section_by_name(".debug_info").is_none_or(|section| section.size() == 0) {
            return Err(Unfit::Stripped);
        }
        let layout = layout(&elf);
        let load = |id: SectionId| {
            section(&elf, id.name(), &layout).map(|bytes| EndianSlice::new(bytes, LittleEndian))
        };
        let dwarf = gimli::Dwarf::load(load).map_err(|error| unreadable(&error))?;
        let frames = load(SectionId::DebugFrame).map_err(|error| unreadable(&error))?;
        Ok(DebugFile {
            path: path.to_owned(),
            build_id,
            dwarf,
            frames: gimli::DebugFrame::from(frames),
            linked: elf.kind() != ObjectKind::Relocatable,
            layout: layout.iter().map(|placed| (placed.index, placed.section.address)).collect(),
            sections: layout.into_iter().map(|placed| placed.section).collect(),
            elf,
        })
    }
}

impl DebugFile {
    /// The section that an address lies in.
    pub fn section_at(&self, address: u64) -> Option<&Section> {
        let holds = |section: &&Section| {
            (section.address..section.address.saturating_add(section.size)).contains(&address)
        };
        self.sections.iter().find(holds)
    }
}

/// A section with the address that it is given here.
struct Placed {
    index: SectionIndex,
    section: Section,
}

/// Where sections lie. Those of a module follow each other from an address that is no tombstone.
fn layout(elf: &File<'static>) -> Vec<Placed> {
    let relocatable = elf.kind() == ObjectKind::Relocatable;
    let mut next: u64 = 0x1_0000;
    let mut placed = Vec::new();
    for section in elf.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        if !sh_flags.contains(elf::SHF_ALLOC) {
            continue;
        }
        let mut address = section.address();
        if relocatable {
            let align = section.align().clamp(1, 1 << 20);
            address = next.div_ceil(align).saturating_mul(align);
            next = address.saturating_add(section.size().min(u64::from(u32::MAX)));
        }
        let name = section.name().unwrap_or_default().to_owned();
        let code = section.kind() == SectionKind::Text;
        placed.push(Placed {
            index: section.index(),
            section: Section { name, address, size: section.size(), code },
        });
    }
    placed
}

/// The bytes of a section of debuginfo, unpacked and, in a module, with addresses filled in; empty when it is missing.
fn section(elf: &File<'static>, name: &str, layout: &[Placed]) -> Result<&'static [u8], object::Error> {
    let Some(section) = elf.section_by_name(name) else { return Ok(&[]) };
    let mut bytes = section.uncompressed_data()?;
    if elf.kind() == ObjectKind::Relocatable {
        for (offset, relocation) in section.relocations() {
            relocate(elf, layout, bytes.to_mut(), offset, &relocation);
        }
    }
    Ok(match bytes {
        Cow::Borrowed(bytes) => bytes,
        Cow::Owned(bytes) => bytes.leak(),
    })
}

/// Fills in one address. What lies outside of the section, or is no address, is left as it is: a reader that meets it
/// finds a value that is wrong, which it must bear anyway.
fn relocate(elf: &File<'static>, layout: &[Placed], bytes: &mut [u8], offset: u64, relocation: &Relocation) {
    let width = match (relocation.kind(), relocation.size()) {
        (RelocationKind::Absolute, size @ (32 | 64)) => usize::from(size / 8),
        _ => return,
    };
    let base = |index: SectionIndex| {
        layout.iter().find(|placed| placed.index == index).map_or(0, |placed| placed.section.address)
    };
    let target = match relocation.target() {
        RelocationTarget::Section(index) => base(index),
        RelocationTarget::Symbol(index) => match elf.symbol_by_index(index) {
            Ok(symbol) => symbol.section_index().map_or(0, base).wrapping_add(symbol.address()),
            Err(_) => return,
        },
        _ => return,
    };
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let Some(field) = start.checked_add(width).and_then(|end| bytes.get_mut(start..end)) else { return };
    let mut old = [0; 8];
    old[..width].copy_from_slice(field);
    let implicit = if relocation.has_implicit_addend() { u64::from_le_bytes(old) } else { 0 };
    let value = target.wrapping_add_signed(relocation.addend()).wrapping_add(implicit);
    field.copy_from_slice(&value.to_le_bytes()[..width]);
}
