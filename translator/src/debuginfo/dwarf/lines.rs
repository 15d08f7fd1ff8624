//! Line tables: which instructions begin which lines.

use std::sync::Arc;

use super::Dwarf;
use super::units::{Unit, broken, file_name};
use crate::debuginfo::Broken;
use crate::debuginfo::function::Statement;
use crate::source::Symbol;

/// The lines of a unit, by address.
#[derive(Debug, Default)]
pub struct Lines {
    rows: Vec<Statement>,
    /// The ends of the pieces of code that the rows are of.
    ends: Vec<u64>,
}

impl Lines {
    /// The line that an instruction belongs to.
    pub fn at(&self, address: u64) -> Option<&Statement> {
        let after = self.rows.partition_point(|row| row.address <= address);
        let row = self.rows.get(after.checked_sub(1)?)?;
        let end = self.ends.get(self.ends.partition_point(|end| *end <= row.address))?;
        (address < *end).then_some(row)
    }

    /// The rows of some addresses.
    pub fn within(&self, begin: u64, end: u64) -> &[Statement] {
        let first = self.rows.partition_point(|row| row.address < begin);
        let last = self.rows.partition_point(|row| row.address < end);
        self.rows.get(first..last).unwrap_or_default()
    }
}

impl Dwarf {
    /// The lines of a unit, read once.
    pub fn lines(&self, unit: usize) -> Result<Arc<Lines>, Broken> {
        let mut known = self.lines.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(lines) = known.get(&unit) {
            return Ok(Arc::clone(lines));
        }
        let loaded = self.units.load(&self.file.dwarf, unit).map_err(broken)?;
        let lines = Arc::new(read(self, &loaded).map_err(broken)?);
        known.insert(unit, Arc::clone(&lines));
        Ok(lines)
    }
}

fn read(dwarf: &Dwarf, unit: &Unit) -> gimli::Result<Lines> {
    let Some(program) = unit.line_program.clone() else { return Ok(Lines::default()) };
    let mut files = rustc_hash::FxHashMap::default();
    let mut lines = Lines::default();
    let mut rows = program.rows();
    while let Some((_, row)) = rows.next_row()? {
        if row.end_sequence() {
            lines.ends.push(row.address());
            continue;
        }
        let Some(line) = row.line() else { continue };
        let number = row.file_index();
        let file = *files
            .entry(number)
            .or_insert_with(|| Symbol::new(&file_name(&dwarf.file.dwarf, unit, number).unwrap_or_default()));
        let line = u32::try_from(line.get()).unwrap_or(u32::MAX);
        lines.rows.push(Statement { address: row.address(), file, line, recommended: row.is_stmt() });
    }
    // Of what is said twice about an instruction the recommendation remains; the order is kept otherwise.
    lines.rows.sort_by_key(|row| row.address);
    lines.rows.dedup_by(|again, row| {
        let same = (again.address, again.file, again.line) == (row.address, row.file, row.line);
        row.recommended |= same && again.recommended;
        same
    });
    lines.ends.sort_unstable();
    Ok(lines)
}
