//! One walk over a unit, which collects what the index holds of it.

use gimli::{Abbreviation, AttributeValue, DwTag, EntriesRaw};
use rustc_hash::FxHashMap;

use super::units::{Unit, die_number, file_name, reference};
use crate::debuginfo::TypeKind;
use crate::debuginfo::elf::Reader;

/// What was found in one unit, in the order of its DIEs.
#[derive(Default)]
pub struct Scan {
    /// Functions: with code, abstract ones, declarations.
    pub functions: Vec<RawFunction>,
    /// Inlined instances.
    pub inlined: Vec<RawInlined>,
    /// Definitions of types.
    pub types: Vec<(TypeKind, Reader, u32)>,
    /// Variables outside of functions.
    pub variables: Vec<RawVariable>,
    /// Constants of enumerations.
    pub enumerators: Vec<(Reader, i64)>,
    /// Source files.
    pub files: Vec<String>,
    /// The unit's own source file.
    pub file: String,
}

/// A function's DIE.
pub struct RawFunction {
    /// Its offset.
    pub die: u32,
    /// The DIE that says what this one does not.
    pub origin: Option<u32>,
    /// Its name.
    pub name: Option<Reader>,
    /// The source file that declares it, in the list beside it.
    pub file: Option<u32>,
    /// Its line.
    pub line: u32,
    /// It can be seen outside of its file.
    pub external: bool,
    /// Its first instruction.
    pub entry: Option<u64>,
}

/// An inlined instance's DIE.
pub struct RawInlined {
    /// Its offset.
    pub die: u32,
    /// Its function.
    pub origin: u32,
    /// Its first instruction.
    pub entry: u64,
}

/// A variable's DIE.
pub struct RawVariable {
    /// Its offset.
    pub die: u32,
    /// The declaration that has its name.
    pub origin: Option<u32>,
    /// Its name.
    pub name: Option<Reader>,
    /// It says where it lies.
    pub defined: bool,
}

/// The attributes that matter, of any tag.
#[derive(Default)]
struct Attributes {
    name: Option<AttributeValue<Reader>>,
    origin: Option<u32>,
    file: u64,
    line: u32,
    external: bool,
    declaration: bool,
    located: bool,
    low_pc: Option<AttributeValue<Reader>>,
    entry_pc: Option<AttributeValue<Reader>>,
    ranges: Option<AttributeValue<Reader>>,
    value: Option<AttributeValue<Reader>>,
}

/// A walk over one unit.
struct Walk<'a> {
    dwarf: &'a gimli::Dwarf<Reader>,
    unit: &'a Unit,
    found: Scan,
    /// Places of the unit's files in the list.
    files: FxHashMap<u64, Option<u32>>,
}

/// Collects from one unit.
pub fn scan(dwarf: &gimli::Dwarf<Reader>, unit: &Unit) -> gimli::Result<Scan> {
    let mut walk = Walk { dwarf, unit, found: Scan::default(), files: FxHashMap::default() };
    walk.found.file = unit.name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut entries = unit.entries_raw(None)?;
    while !entries.is_empty() {
        let offset = entries.next_offset();
        let depth = entries.next_depth();
        if let Some(abbreviation) = entries.read_abbreviation()? {
            walk.entry(&mut entries, abbreviation, die_number(unit, offset), depth)?;
        }
    }
    Ok(walk.found)
}

impl Walk<'_> {
    fn entry(
        &mut self,
        entries: &mut EntriesRaw<'_, Reader>,
        abbreviation: &Abbreviation,
        die: u32,
        depth: isize,
    ) -> gimli::Result<()> {
        let tag = abbreviation.tag();
        let outside = depth == 1;
        let wanted = match tag {
            gimli::DW_TAG_subprogram | gimli::DW_TAG_inlined_subroutine | gimli::DW_TAG_enumerator => true,
            gimli::DW_TAG_variable => outside,
            _ => type_kind(tag).is_some(),
        };
        if !wanted {
            return entries.skip_attributes(abbreviation.attributes());
        }
        let attributes = self.attributes(entries, abbreviation)?;
        match tag {
            gimli::DW_TAG_subprogram => self.function(die, attributes)?,
            gimli::DW_TAG_inlined_subroutine => self.inlined(die, attributes)?,
            gimli::DW_TAG_variable => self.variable(die, attributes),
            gimli::DW_TAG_enumerator => self.enumerator(attributes),
            _ => self.named_type(tag, die, attributes),
        }
        Ok(())
    }

    fn attributes(
        &self,
        entries: &mut EntriesRaw<'_, Reader>,
        abbreviation: &Abbreviation,
    ) -> gimli::Result<Attributes> {
        let mut found = Attributes::default();
        for specification in abbreviation.attributes() {
            let attribute = entries.read_attribute_inline(*specification)?;
            match attribute.name() {
                gimli::DW_AT_name => found.name = Some(attribute.value()),
                gimli::DW_AT_abstract_origin | gimli::DW_AT_specification => {
                    found.origin = reference(self.unit, attribute.value());
                }
                gimli::DW_AT_decl_file => found.file = attribute.udata_value().unwrap_or(0),
                gimli::DW_AT_decl_line => found.line = attribute.udata_value().unwrap_or(0) as u32,
                gimli::DW_AT_external => found.external = attribute.value() == AttributeValue::Flag(true),
                gimli::DW_AT_declaration => found.declaration = true,
                gimli::DW_AT_location => found.located = true,
                gimli::DW_AT_const_value => found.value = Some(attribute.value()),
                gimli::DW_AT_low_pc => found.low_pc = Some(attribute.value()),
                gimli::DW_AT_entry_pc => found.entry_pc = Some(attribute.value()),
                gimli::DW_AT_ranges => found.ranges = Some(attribute.value()),
                _ => {}
            }
        }
        Ok(found)
    }

    fn function(&mut self, die: u32, attributes: Attributes) -> gimli::Result<()> {
        let entry = self.first_instruction(&attributes)?;
        // Half of all functions are declarations; their places do not matter.
        let file = if attributes.declaration { None } else { self.file(attributes.file) };
        self.found.functions.push(RawFunction {
            die,
            origin: attributes.origin,
            name: self.name(&attributes),
            file,
            line: attributes.line,
            external: attributes.external,
            entry,
        });
        Ok(())
    }

    fn inlined(&mut self, die: u32, attributes: Attributes) -> gimli::Result<()> {
        let Some(origin) = attributes.origin else { return Ok(()) };
        let entry = self.first_instruction(&attributes)?.unwrap_or(0);
        self.found.inlined.push(RawInlined { die, origin, entry });
        Ok(())
    }

    fn variable(&mut self, die: u32, attributes: Attributes) {
        let name = self.name(&attributes);
        let defined = attributes.located || attributes.value.is_some();
        self.found.variables.push(RawVariable { die, origin: attributes.origin, name, defined });
    }

    fn enumerator(&mut self, attributes: Attributes) {
        let value = attributes.value.as_ref().and_then(AttributeValue::sdata_value);
        if let (Some(name), Some(value)) = (self.name(&attributes), value) {
            self.found.enumerators.push((name, value));
        }
    }

    fn named_type(&mut self, tag: DwTag, die: u32, attributes: Attributes) {
        if let (Some(kind), Some(name), false) =
            (type_kind(tag), self.name(&attributes), attributes.declaration)
        {
            self.found.types.push((kind, name, die));
        }
    }

    fn file(&mut self, number: u64) -> Option<u32> {
        *self.files.entry(number).or_insert_with(|| {
            self.found.files.push(file_name(self.dwarf, self.unit, number)?);
            Some(self.found.files.len() as u32 - 1)
        })
    }

    fn name(&self, attributes: &Attributes) -> Option<Reader> {
        self.dwarf.attr_string(self.unit, attributes.name?).ok()
    }

    /// A low_pc of 0 with ranges is the base of those; code that was thrown away stays at 0, or at a tombstone.
    fn first_instruction(&self, attributes: &Attributes) -> gimli::Result<Option<u64>> {
        let address = |value: Option<AttributeValue<Reader>>| match value {
            Some(value) => self.dwarf.attr_address(self.unit, value),
            None => Ok(None),
        };
        let low = address(attributes.low_pc)?;
        let mut first = low.filter(|_| attributes.ranges.is_none());
        if let Some(ranges) = attributes.ranges
            && let Some(mut ranges) = self.dwarf.attr_ranges(self.unit, ranges)?
        {
            first = ranges.next()?.map(|range| range.begin);
        }
        let entry = match attributes.entry_pc {
            // Since version 5 a constant is counted from the low_pc, which ranges replace.
            Some(value) => match value.udata_value() {
                Some(offset) => low.or(first).and_then(|base| base.checked_add(offset)),
                None => address(Some(value))?,
            },
            None => first,
        };
        let gone = |address: u64| address == 0 || self.unit.header.is_tombstone_address(address);
        Ok(entry.filter(|entry| !gone(*entry)))
    }
}

/// The name space of a type's name.
fn type_kind(tag: DwTag) -> Option<TypeKind> {
    match tag {
        gimli::DW_TAG_structure_type => Some(TypeKind::Struct),
        gimli::DW_TAG_union_type => Some(TypeKind::Union),
        gimli::DW_TAG_enumeration_type => Some(TypeKind::Enum),
        gimli::DW_TAG_typedef | gimli::DW_TAG_base_type => Some(TypeKind::Plain),
        _ => None,
    }
}
