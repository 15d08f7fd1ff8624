//! The instructions at which lines begin, one for each line of each function or instance.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::debuginfo::{Broken, FunctionId, Statement};
use crate::probes::place::Object;
use crate::probes::spec::{Candidate, FunctionSpec};
use crate::source::Symbol;

/// An instruction that stands for a line.
#[derive(Clone, Debug)]
pub struct Row<'c> {
    /// The function.
    pub candidate: &'c Candidate,
    /// Its body, or the instance of it.
    pub instance: FunctionId,
    /// The first instruction of the function's body.
    pub start: Option<u64>,
    /// The instruction.
    pub address: u64,
    /// The source file.
    pub file: Symbol,
    /// The line.
    pub line: u32,
    /// Its place in the line table.
    order: usize,
}

/// The functions' first instructions, which count as the lines that declare them.
pub fn entries<'c>(object: Object<'_>, candidates: &'c [Candidate]) -> Result<Vec<Row<'c>>, Broken> {
    let mut rows = Vec::new();
    for candidate in candidates {
        for (instance, address) in object.instances(candidate.id)? {
            let start = (instance == candidate.id).then_some(address);
            let Candidate { file, line, .. } = *candidate;
            rows.push(Row { candidate, instance, start, address, file, line, order: 0 });
        }
    }
    Ok(rows)
}

/// The instructions of the wanted lines. A line of inlined code is that of the innermost of the functions that are asked
/// for, so that one instruction stands for one line.
pub fn rows<'c>(
    object: Object<'_>,
    spec: &FunctionSpec,
    candidates: &'c [Candidate],
    nearest: bool,
) -> Result<Vec<Row<'c>>, Broken> {
    let mut found: FxHashMap<u64, Row<'c>> = FxHashMap::default();
    for candidate in candidates {
        // Of all functions of a file only those between whose lines it lies can be meant.
        if spec.name == "*" && !spec.lines.touch(candidate) {
            continue;
        }
        let wanted = spec.lines.of(candidate);
        for (instance, entry) in object.instances(candidate.id)? {
            let first = first_of_each(&object.known.info.statements(instance)?, entry, spec);
            for line in chosen(candidate, &wanted, &first, nearest) {
                let Some(&(order, statement)) = first.get(&line) else { continue };
                let start = (instance == candidate.id).then_some(entry);
                let Statement { address, file, line, .. } = statement;
                let row = Row { candidate, instance, start, address, file, line, order };
                keep(object, &mut found, row)?;
            }
        }
    }
    let mut rows: Vec<Row<'c>> = found.into_values().collect();
    rows.sort_by_key(|row| (row.line, row.address));
    Ok(rows)
}

/// Of several functions at one instruction the innermost remains, of several lines of one the last: those before it have
/// no code left.
fn keep<'c>(object: Object<'_>, found: &mut FxHashMap<u64, Row<'c>>, row: Row<'c>) -> Result<(), Broken> {
    if let Some(known) = found.get(&row.address) {
        let around = object.known.info.functions_at(row.address)?;
        let depth = |id: FunctionId| around.iter().position(|function| *function == id);
        if (depth(known.instance), known.order) >= (depth(row.instance), row.order) {
            return Ok(());
        }
    }
    found.insert(row.address, row);
    Ok(())
}

/// The lines of some code, each with its first instruction and that one's place in the line table.
type Lines = BTreeMap<u32, (usize, Statement)>;

/// The first instruction of each line in code that begins at `entry`. What lies before it was moved away from the rest,
/// as code that hardly ever runs, and stands for a line only when nothing else does; so do instructions that the compiler
/// does not recommend.
fn first_of_each(statements: &[Statement], entry: u64, spec: &FunctionSpec) -> Lines {
    let mut first = Lines::new();
    let rank = |row: &Statement| (row.address < entry, !row.recommended, row.address);
    for (order, statement) in statements.iter().enumerate() {
        if spec.fits_file(statement.file.as_str()) {
            let kept = first.entry(statement.line).or_insert((order, *statement));
            if rank(statement) < rank(&kept.1) {
                *kept = (order, *statement);
            }
        }
    }
    first
}

/// The lines with code that stand for the wanted ones.
fn chosen(candidate: &Candidate, wanted: &[(u32, u32)], first: &Lines, nearest: bool) -> Vec<u32> {
    let mut lines = Vec::new();
    for &(low, high) in wanted {
        if !nearest {
            lines.extend(first.range(low..=high).map(|(line, _)| *line));
            continue;
        }
        // Beyond the last line with code all have the same nearest one.
        let own = first.range(candidate.line..=candidate.last).next_back().map_or(0, |(line, _)| *line);
        let last = high.min(candidate.last).min(own.max(low));
        for line in low.max(candidate.line)..=last {
            lines.extend(nearest_of(candidate, first, line));
        }
    }
    lines.sort_unstable();
    lines.dedup();
    lines
}

fn nearest_of(candidate: &Candidate, first: &Lines, line: u32) -> Option<u32> {
    let below = first.range(candidate.line..=line).next_back().map(|(line, _)| *line);
    let above = first.range(line..=candidate.last).next().map(|(line, _)| *line);
    match (below, above) {
        (Some(below), Some(above)) if above - line < line - below => Some(above),
        (below, above) => below.or(above),
    }
}

/// The lines of a function below and above one without code.
pub fn around(
    object: Object<'_>,
    spec: &FunctionSpec,
    candidate: &Candidate,
    line: u32,
) -> Result<(Option<u32>, Option<u32>), Broken> {
    let (mut below, mut above) = (None, None);
    for (instance, _) in object.instances(candidate.id)? {
        for statement in object.known.info.statements(instance)? {
            if !spec.fits_file(statement.file.as_str()) || !candidate.spans(statement.line) {
                continue;
            }
            match statement.line < line {
                true => below = below.max(Some(statement.line)),
                false => above = Some(above.map_or(statement.line, |known: u32| known.min(statement.line))),
            }
        }
    }
    Ok((below, above))
}
