//! Which functions an instruction lies in, and what a function calls.

use gimli::AttributeValue;

use super::types::children;
use super::units::{Entry, Unit, broken, die_number, reference};
use super::variables::{MAX_BLOCKS, covers};
use super::{Dwarf, Reader};
use crate::debuginfo::{Broken, Call, FunctionId};
use crate::source::Symbol;

impl Dwarf {
    /// The function whose body has an instruction, and the instances around it, the innermost last.
    pub fn functions_around(&self, address: u64) -> Result<Vec<FunctionId>, Broken> {
        let Some((body, die)) = self.body_at(address)? else { return Ok(Vec::new()) };
        let mut found = vec![body];
        self.instances_around(die, address, 0, &mut found)?;
        Ok(found)
    }

    /// The body that has an instruction. Most have one piece, and then the entry before the address is theirs.
    fn body_at(&self, address: u64) -> Result<Option<(FunctionId, u32)>, Broken> {
        let rows = || {
            let numbered = (0..self.index.functions()).filter_map(|at| Some((at, self.index.function(at)?)));
            numbered.filter(|(_, row)| row.entry != 0)
        };
        let has = |die: u32| self.with_entry(die, |unit, entry| covers(self, unit, entry, address));
        let before = rows().filter(|(_, row)| row.entry <= address).max_by_key(|(_, row)| row.entry);
        if let Some((at, row)) = before
            && has(row.die)?
        {
            return Ok(Some((FunctionId(at as u32), row.die)));
        }
        let Some(unit) = self.unit_at(address)? else { return Ok(None) };
        for (at, row) in rows().filter(|(_, row)| self.units.number_of(row.die) == unit) {
            if has(row.die)? {
                return Ok(Some((FunctionId(at as u32), row.die)));
            }
        }
        Ok(None)
    }

    /// The unit of an instruction, by the table of addresses.
    fn unit_at(&self, address: u64) -> Result<Option<usize>, Broken> {
        let mut headers = self.file.dwarf.debug_aranges.headers();
        while let Some(header) = headers.next().map_err(broken)? {
            let mut ranges = header.entries();
            while let Some(range) = ranges.next().map_err(broken)? {
                if (range.range().begin..range.range().end).contains(&address) {
                    let die = u32::try_from(header.debug_info_offset().0).unwrap_or(u32::MAX);
                    return Ok(Some(self.units.number_of(die)));
                }
            }
        }
        Ok(None)
    }

    fn instances_around(
        &self,
        die: u32,
        address: u64,
        depth: usize,
        found: &mut Vec<FunctionId>,
    ) -> Result<(), Broken> {
        let mut inner = None;
        self.with_entry(die, |unit, entry| {
            children(unit, entry.offset(), |child| {
                let block = child.tag() == gimli::DW_TAG_lexical_block;
                let instance = child.tag() == gimli::DW_TAG_inlined_subroutine;
                if inner.is_none() && (block || instance) && covers(self, unit, child, address)? {
                    inner = Some((die_number(unit, child.offset()), instance));
                }
                Ok(())
            })
        })?;
        let Some((inner, instance)) = inner else { return Ok(()) };
        if depth > MAX_BLOCKS {
            return Err(Broken(format!("blocks nest deeper than {MAX_BLOCKS}")));
        }
        if instance {
            found.extend(self.instance(inner)?);
        }
        self.instances_around(inner, address, depth + 1, found)
    }

    /// The number of an instance by its DIE.
    fn instance(&self, die: u32) -> Result<Option<FunctionId>, Broken> {
        let Some(name) = self.name(die)? else { return Ok(None) };
        for row in self.index.functions_named(name.as_str()) {
            let Some(row) = self.index.function(row) else { break };
            let last = row.inlined.saturating_add(row.inlined_count);
            let instances = (row.inlined..last).map_while(|at| Some((at, self.index.inlined(at as usize)?)));
            if let Some((at, _)) = instances.into_iter().find(|(_, instance)| instance.die == die) {
                return Ok(Some(FunctionId((self.index.functions() as u32).saturating_add(at))));
            }
        }
        Ok(None)
    }

    /// What a function calls by name in code of its own: what stands inlined there, and calls. What inlined code calls
    /// in turn is that code's.
    pub fn calls_of(&self, die: u32, depth: usize, found: &mut Vec<Call>) -> Result<(), Broken> {
        if depth > MAX_BLOCKS {
            return Err(Broken(format!("blocks nest deeper than {MAX_BLOCKS}")));
        }
        let (mut blocks, mut instances, mut sites) = (Vec::new(), Vec::new(), Vec::new());
        self.with_entry(die, |unit, entry| {
            children(unit, entry.offset(), |child| {
                match child.tag() {
                    gimli::DW_TAG_lexical_block => blocks.push(die_number(unit, child.offset())),
                    gimli::DW_TAG_inlined_subroutine => instances.push(die_number(unit, child.offset())),
                    gimli::DW_TAG_call_site | gimli::DW_TAG_GNU_call_site => {
                        sites.extend(self.call_site(unit, child));
                    }
                    _ => {}
                }
                Ok(())
            })
        })?;
        for instance in instances {
            if let (Some(callee), Some(name)) = (self.instance(instance)?, self.name(instance)?) {
                found.push(Call { name, callee, returns: None });
            }
        }
        for (origin, returns) in sites {
            if let Some((name, callee)) = self.callee(origin)? {
                found.push(Call { name, callee, returns: Some(returns) });
            }
        }
        blocks.into_iter().try_for_each(|block| self.calls_of(block, depth + 1, found))
    }

    /// The DIE of what is called, and where it returns to. A jump at the end of a function returns to somebody else.
    fn call_site(&self, unit: &Unit, entry: &Entry) -> Option<(u32, u64)> {
        let attribute = |names: [gimli::DwAt; 2]| names.into_iter().find_map(|name| entry.attr_value(name));
        let tail = attribute([gimli::DW_AT_call_tail_call, gimli::DW_AT_GNU_tail_call]);
        if tail.is_some_and(|value: AttributeValue<Reader>| value != AttributeValue::Flag(false)) {
            return None;
        }
        let origin = attribute([gimli::DW_AT_call_origin, gimli::DW_AT_abstract_origin])?;
        let returns = attribute([gimli::DW_AT_call_return_pc, gimli::DW_AT_low_pc])?;
        let returns = self.file.dwarf.attr_address(unit, returns).ok().flatten()?;
        Some((reference(unit, origin)?, returns))
    }

    /// The body of a function that a call names: the unit's own, or else the one that all units see.
    fn callee(&self, origin: u32) -> Result<Option<(Symbol, FunctionId)>, Broken> {
        let Some(name) = self.name(origin)? else { return Ok(None) };
        let rows = self.index.functions_named(name.as_str());
        let rows = rows.filter_map(|at| Some((at, self.index.function(at)?)));
        let bodies: Vec<_> = rows.filter(|(_, row)| row.entry != 0).collect();
        let unit = self.units.number_of(origin);
        let own = bodies.iter().find(|(_, row)| self.units.number_of(row.die) == unit);
        let seen = || bodies.iter().find(|(_, row)| row.line_external & super::rows::EXTERNAL != 0);
        Ok(own.or_else(seen).map(|(at, _)| (name, FunctionId(*at as u32))))
    }
}
