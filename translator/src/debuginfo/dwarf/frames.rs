//! Where the caller's frame begins, at an instruction.

use gimli::{BaseAddresses, CfaRule, UnwindContext, UnwindSection};

use super::expression::{Context, locate};
use super::{Dwarf, Reader};
use crate::debuginfo::location::{Location, Op};

/// The stack pointer of x86-64 in DWARF's numbers.
const STACK_POINTER: u16 = 7;

/// The program that computes the canonical frame address.
pub fn cfa(dwarf: &Dwarf, pc: u64, entry: bool) -> Result<Vec<Op>, String> {
    if entry {
        // A call has just pushed the return address.
        return Ok(vec![Op::Register(STACK_POINTER, 8)]);
    }
    let bases = BaseAddresses::default();
    let start = dwarf.frame_of(pc).ok_or("its frame is not described")?;
    let unreadable = |error: gimli::Error| format!("its frame cannot be read: {error}");
    let frames = &dwarf.file.frames;
    let fde = frames
        .fde_from_offset(&bases, start.into(), gimli::DebugFrame::cie_from_offset)
        .map_err(unreadable)?;
    let mut context = UnwindContext::new();
    let row = fde.unwind_info_for_address(frames, &bases, &mut context, pc).map_err(unreadable)?;
    match row.cfa() {
        CfaRule::RegisterAndOffset { register, offset } => Ok(vec![Op::Register(register.0, *offset)]),
        CfaRule::Expression(expression) => {
            let expression = expression.get(frames).map_err(unreadable)?;
            computed(dwarf, pc, expression)
        }
    }
}

fn computed(dwarf: &Dwarf, pc: u64, expression: gimli::Expression<Reader>) -> Result<Vec<Op>, String> {
    let unit = dwarf.units.load(&dwarf.file.dwarf, 0).map_err(|error| error.to_string())?;
    let none = || Err(format!("the frame at {pc:#x} refers to itself"));
    let context = Context { dwarf, unit: &unit, entry: false, cfa: &none, frame_base: &none };
    match locate(&context, expression).map_err(|error| error.to_string())? {
        Location::Memory(program) => Ok(program),
        Location::Missing(why) => Err(why),
        _ => Err("its frame is at no address".into()),
    }
}

/// The descriptions of frames: first address, the one after the last, the place in the section.
pub type Frames = Vec<(u64, u64, usize)>;

/// Lists them by address.
pub fn list(frames: &gimli::DebugFrame<Reader>) -> Frames {
    let bases = BaseAddresses::default();
    let mut found = Vec::new();
    let mut entries = frames.entries(&bases);
    // What follows a broken description cannot be told from garbage.
    while let Ok(Some(entry)) = entries.next() {
        let gimli::CieOrFde::Fde(partial) = entry else { continue };
        let offset = partial.offset();
        if let Ok(fde) = partial.parse(gimli::DebugFrame::cie_from_offset) {
            found.push((fde.initial_address(), fde.end_address(), offset));
        }
    }
    found.sort_unstable();
    found
}

impl Dwarf {
    /// The place of the description of the frame at an address.
    fn frame_of(&self, pc: u64) -> Option<usize> {
        let frames = self.frames.get_or_init(|| list(&self.file.frames));
        let after = frames.partition_point(|(start, ..)| *start <= pc);
        let (_, end, offset) = frames.get(after.checked_sub(1)?)?;
        (pc < *end).then_some(*offset)
    }
}
