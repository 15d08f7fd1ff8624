//! Parameters, locals and globals, and where they lie.

use gimli::AttributeValue;

use super::expression::{Context, locate};
use super::frames;
use super::types::{children, plain};
use super::units::{Entry, Unit, broken, die_number};
use super::{Dwarf, Reader};
use crate::debuginfo::location::{Location, Op};
use crate::debuginfo::{Broken, Label, Role, Site, Type, TypeId, Variable};

/// Deepest nesting of blocks that is looked into.
pub const MAX_BLOCKS: usize = 100;

/// Where variables are asked for.
#[derive(Clone, Copy)]
struct Spot {
    /// The instruction.
    pc: u64,
    /// It is the function's first one.
    entry: bool,
    /// The function's DIE, or the instance's.
    function: u32,
}

/// What is in scope at a site of a function, outer blocks first.
pub fn at(dwarf: &Dwarf, die: u32, entry: Option<u64>, site: Site) -> Result<Vec<Variable>, Broken> {
    let pc = match site {
        Site::Entry | Site::Tracepoint(_) => entry.unwrap_or(0),
        Site::Address(address) => address,
    };
    // Only at the first instruction of a function that is called do registers and stack have their agreed meaning.
    let called = dwarf.with_entry(die, |_, entry| Ok(entry.tag() == gimli::DW_TAG_subprogram))?;
    let spot = Spot { pc, entry: called && entry == Some(pc), function: die };
    let mut found = Vec::new();
    collect(dwarf, die, spot, 0, &mut found)?;
    Ok(found)
}

/// A variable of a file.
pub fn global(dwarf: &Dwarf, die: u32) -> Result<Variable, Broken> {
    let spot = Spot { pc: 0, entry: false, function: die };
    let found = dwarf.with_entry(die, |unit, entry| variable(dwarf, unit, entry, spot, Role::Global))?;
    found.ok_or_else(|| Broken(format!("the variable at {die:#x} has no name")))
}

fn collect(
    dwarf: &Dwarf,
    die: u32,
    spot: Spot,
    depth: usize,
    found: &mut Vec<Variable>,
) -> Result<(), Broken> {
    if depth > MAX_BLOCKS {
        return Err(Broken(format!("blocks nest deeper than {MAX_BLOCKS}")));
    }
    let mut blocks = Vec::new();
    dwarf.with_entry(die, |unit, entry| {
        children(unit, entry.offset(), |child| {
            let role = match child.tag() {
                gimli::DW_TAG_formal_parameter => Role::Parameter,
                gimli::DW_TAG_variable => Role::Local,
                gimli::DW_TAG_lexical_block => {
                    if covers(dwarf, unit, child, spot.pc)? {
                        blocks.push(die_number(unit, child.offset()));
                    }
                    return Ok(());
                }
                _ => return Ok(()),
            };
            // A declaration in a block (`extern int x;`) says nothing that the file does not.
            if !child.has_attr(gimli::DW_AT_declaration) {
                found.extend(variable(dwarf, unit, child, spot, role)?);
            }
            Ok(())
        })
    })?;
    blocks.into_iter().try_for_each(|block| collect(dwarf, block, spot, depth + 1, found))
}

/// The labels of a function, those of its blocks among them.
pub fn labels(dwarf: &Dwarf, die: u32, depth: usize, found: &mut Vec<Label>) -> Result<(), Broken> {
    if depth > MAX_BLOCKS {
        return Err(Broken(format!("blocks nest deeper than {MAX_BLOCKS}")));
    }
    let mut blocks = Vec::new();
    dwarf.with_entry(die, |unit, entry| {
        children(unit, entry.offset(), |child| {
            let number = die_number(unit, child.offset());
            match child.tag() {
                gimli::DW_TAG_lexical_block => blocks.push(number),
                gimli::DW_TAG_label => {
                    let low = child.attr_value(gimli::DW_AT_low_pc);
                    let low = low.map(|value| dwarf.file.dwarf.attr_address(unit, value));
                    if let (Some(Ok(Some(address))), Some(name)) = (low, dwarf.name(number)?) {
                        found.push(Label { name, address, line: line_of(dwarf, number)? });
                    }
                }
                _ => {}
            }
            Ok(())
        })
    })?;
    blocks.into_iter().try_for_each(|block| labels(dwarf, block, depth + 1, found))
}

/// The line at which something is declared; 0 when nobody says.
fn line_of(dwarf: &Dwarf, die: u32) -> Result<u32, Broken> {
    let line = dwarf.inherited(die, &|_, entry| entry.attr_value(gimli::DW_AT_decl_line)?.udata_value())?;
    Ok(line.and_then(|line| u32::try_from(line).ok()).unwrap_or(0))
}

/// Whether an instruction belongs to a block, a function or an instance.
pub fn covers(dwarf: &Dwarf, unit: &Unit, entry: &Entry, pc: u64) -> Result<bool, Broken> {
    let mut ranges = dwarf.file.dwarf.die_ranges(unit, entry).map_err(broken)?;
    while let Some(range) = ranges.next().map_err(broken)? {
        if (range.begin..range.end).contains(&pc) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `None` for what has no name: the compiler's own.
fn variable(
    dwarf: &Dwarf,
    unit: &Unit,
    entry: &Entry,
    spot: Spot,
    role: Role,
) -> Result<Option<Variable>, Broken> {
    let die = die_number(unit, entry.offset());
    let Some(name) = dwarf.name(die)? else { return Ok(None) };
    let ty = dwarf.type_of(die)?;
    let location = location(dwarf, unit, entry, spot, ty)?;
    Ok(Some(Variable { name, ty, role, location }))
}

fn location(dwarf: &Dwarf, unit: &Unit, entry: &Entry, spot: Spot, ty: TypeId) -> Result<Location, Broken> {
    let die = die_number(unit, entry.offset());
    // A constant may stand at the abstract variable alone: it is the same in all instances.
    if let Some(value) = dwarf.inherited(die, &|_, entry| constant(dwarf, entry, ty))? {
        return Ok(value);
    }
    let expression = match entry.attr_value(gimli::DW_AT_location) {
        None => return Ok(Location::Missing("it is optimised out".into())),
        Some(AttributeValue::Exprloc(expression)) => expression,
        Some(value) => match listed(dwarf, unit, value, spot.pc)? {
            Ok(expression) => expression,
            Err(why) => return Ok(Location::Missing(why)),
        },
    };
    let cfa = || frames::cfa(dwarf, spot.pc, spot.entry);
    let frame_base = || frame_base(dwarf, unit, spot, &cfa);
    let context = Context { dwarf, unit, entry: spot.entry, cfa: &cfa, frame_base: &frame_base };
    locate(&context, expression)
}

fn constant(dwarf: &Dwarf, entry: &Entry, ty: TypeId) -> Option<Location> {
    let attribute = entry.attr(gimli::DW_AT_const_value)?;
    let value = match attribute.value() {
        AttributeValue::Block(_) | AttributeValue::String(_) => return None,
        // The form has no sign of its own: the type says.
        value => match plain(dwarf, ty) {
            Some(Type::Int(int)) if !int.signed => {
                value.udata_value().or(value.sdata_value().map(i64::cast_unsigned))
            }
            _ => value.sdata_value().map(i64::cast_unsigned),
        },
    }?;
    Some(Location::Value(vec![Op::Constant(value)]))
}

/// The expression of a location list that holds at an address, or where the nearest one holds.
fn listed(
    dwarf: &Dwarf,
    unit: &Unit,
    value: AttributeValue<Reader>,
    pc: u64,
) -> Result<Result<gimli::Expression<Reader>, String>, Broken> {
    let Some(mut list) = dwarf.file.dwarf.attr_locations(unit, value).map_err(broken)? else {
        return Ok(Err("it is optimised out".into()));
    };
    let mut nearest: Option<u64> = None;
    while let Some(entry) = list.next().map_err(broken)? {
        if (entry.range.begin..entry.range.end).contains(&pc) {
            return Ok(Ok(entry.data));
        }
        let closer = nearest.is_none_or(|known| entry.range.begin.abs_diff(pc) < known.abs_diff(pc));
        if closer && entry.range.begin != entry.range.end {
            nearest = Some(entry.range.begin);
        }
    }
    let Some(nearest) = nearest else { return Ok(Err("it is optimised out".into())) };
    let unit_number =
        dwarf.units.number_of(die_number(unit, gimli::UnitOffset(unit.header.size_of_header())));
    let line = dwarf.lines(unit_number)?.at(nearest).map(|row| format!(" ({}:{})", row.file, row.line));
    let line = line.unwrap_or_default();
    Ok(Err(format!(
        "it has no value yet, or none any more, at {pc:#x}; the nearest where it lives is {nearest:#x}{line}"
    )))
}

/// The function's own words for its frame; an instance lies in the frame of the function that it stands in.
fn frame_base(
    dwarf: &Dwarf,
    unit: &Unit,
    spot: Spot,
    cfa: &dyn Fn() -> Result<Vec<Op>, String>,
) -> Result<Vec<Op>, String> {
    let function = enclosing(unit, spot.function).map_err(|error| error.to_string())?;
    let entry = function.ok_or("the function of its frame is not known")?;
    let Some(AttributeValue::Exprloc(expression)) = entry.attr_value(gimli::DW_AT_frame_base) else {
        return Err("the base of its frame is not known".into());
    };
    let none = || Err("the base of its frame refers to itself".to_owned());
    let context = Context { dwarf, unit, entry: spot.entry, cfa, frame_base: &none };
    match locate(&context, expression).map_err(|error| error.to_string())? {
        Location::Memory(program) => Ok(program),
        Location::Register(register) => Ok(vec![Op::Register(register, 0)]),
        Location::Missing(why) => Err(why),
        _ => Err("the base of its frame is no address".into()),
    }
}

/// The function at the top of the unit that a DIE lies in.
fn enclosing(unit: &Unit, die: u32) -> gimli::Result<Option<Entry>> {
    let mut tree = unit.entries_tree(None)?;
    let mut nodes = tree.root()?.children();
    let mut last = None;
    while let Some(node) = nodes.next()? {
        if die_number(unit, node.entry().offset()) > die {
            break;
        }
        last = Some(node.entry().clone());
    }
    Ok(last)
}
