//! The compilation units of an object, loaded when they are first looked at.

use std::sync::{Arc, OnceLock};

use gimli::{AttributeValue, DebuggingInformationEntry, UnitHeader, UnitOffset};

use crate::debuginfo::Broken;
use crate::debuginfo::elf::Reader;

/// A loaded unit.
pub type Unit = gimli::Unit<Reader>;

/// A loaded DIE.
pub type Entry = DebuggingInformationEntry<Reader>;

/// Numbers of DIEs stay below this; those above stand for types that have none.
const LARGEST: u32 = 0xf000_0000;

/// All units, in the order of their offsets.
pub struct Units {
    units: Vec<Slot>,
}

struct Slot {
    start: u32,
    header: UnitHeader<Reader>,
    unit: OnceLock<Result<Arc<Unit>, Broken>>,
}

impl Units {
    /// Finds where the units are.
    pub fn new(dwarf: &gimli::Dwarf<Reader>) -> Result<Units, Broken> {
        let mut units = Vec::new();
        let mut headers = dwarf.units();
        while let Some(header) = headers.next().map_err(broken)? {
            let offset = header.debug_info_offset().map_or(0, |offset| offset.0);
            let start = u32::try_from(offset).ok().filter(|start| *start < LARGEST);
            let start = start.ok_or_else(|| Broken("its .debug_info is too large".into()))?;
            units.push(Slot { start, header, unit: OnceLock::new() });
        }
        Ok(Units { units })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// A unit that is not kept: for what looks at each once.
    pub fn load(&self, dwarf: &gimli::Dwarf<Reader>, number: usize) -> gimli::Result<Unit> {
        let slot = self.units.get(number).ok_or(gimli::Error::MissingUnitDie)?;
        dwarf.unit(slot.header)
    }

    /// The unit that a DIE lies in.
    pub fn number_of(&self, die: u32) -> usize {
        self.units.partition_point(|slot| slot.start <= die).saturating_sub(1)
    }

    /// The unit that a DIE lies in, and its place there.
    pub fn find(&self, dwarf: &gimli::Dwarf<Reader>, die: u32) -> Result<(Arc<Unit>, UnitOffset), Broken> {
        let none = || Broken(format!("there is no unit at {die:#x}"));
        let slot = self.units.get(self.number_of(die)).ok_or_else(none)?;
        let load = || dwarf.unit(slot.header).map(Arc::new).map_err(broken);
        let unit = slot.unit.get_or_init(load).clone()?;
        let offset = die.checked_sub(slot.start).map(|offset| UnitOffset(offset as usize));
        Ok((unit, offset.ok_or_else(none)?))
    }
}

/// What gimli says, as ours.
pub fn broken(error: gimli::Error) -> Broken {
    Broken(error.to_string())
}

/// The number of a DIE of a unit in the whole object.
pub fn die_number(unit: &Unit, offset: UnitOffset) -> u32 {
    let place = offset.to_debug_info_offset(&unit.header);
    place.and_then(|place| u32::try_from(place.0).ok()).unwrap_or(u32::MAX)
}

/// The DIE that an attribute refers to.
pub fn reference(unit: &Unit, value: AttributeValue<Reader>) -> Option<u32> {
    match value {
        AttributeValue::UnitRef(offset) => Some(die_number(unit, offset)),
        AttributeValue::DebugInfoRef(offset) => u32::try_from(offset.0).ok(),
        _ => None,
    }
}

/// A source file of a unit, as the compiler was given it: below the folder it ran in, that folder is left out.
pub fn file_name(dwarf: &gimli::Dwarf<Reader>, unit: &Unit, number: u64) -> Option<String> {
    let header = unit.line_program.as_ref()?.header();
    // Up to version 4 files count from 1, and 0 is none.
    let file = header.file(number)?;
    let text = |value| dwarf.attr_string(unit, value).ok().map(|text| text.to_string_lossy().into_owned());
    let name = text(file.path_name())?;
    if name.starts_with('/') || file.directory_index() == 0 {
        return Some(name);
    }
    let directory = file.directory(header).and_then(text).unwrap_or_default();
    match directory.trim_end_matches('/') {
        "" | "." => Some(name),
        directory => Some(format!("{directory}/{name}")),
    }
}
