//! The index of an object's debuginfo: names of functions, inlined instances, types and variables, and the DIEs that
//! say more of them. Made once a build, mapped afterwards.
//!
//! A file of 32-bit words: the magic, the count of rows of each table, the bytes of text; then the tables and the text.
//! Whatever a broken file says is checked where it is read, so that it can give wrong answers but no panic.

use std::cmp::Ordering;
use std::marker::PhantomData;
use std::ops::Range;

use super::rows::{EnumeratorRow, FunctionRow, InlinedRow, Row, Text, TypeRow, VariableRow};
use crate::debuginfo::TypeKind;
use crate::host::Mapped;

/// Changes whenever the layout or the meaning of the index does.
const MAGIC: [u32; 2] = [u32::from_le_bytes(*b"stap"), 1];

/// Words before the first table.
const HEADER: usize = 8;

/// The index.
pub struct Index {
    bytes: Mapped,
    functions: Table<FunctionRow>,
    inlined: Table<InlinedRow>,
    types: Table<TypeRow>,
    variables: Table<VariableRow>,
    enumerators: Table<EnumeratorRow>,
    /// Where the text begins.
    text: usize,
}

/// What the index is made from: rows in their order, text in which strings end by NUL.
#[derive(Default)]
pub struct Tables {
    /// By name.
    pub functions: Vec<FunctionRow>,
    /// By function.
    pub inlined: Vec<InlinedRow>,
    /// By name, then kind.
    pub types: Vec<TypeRow>,
    /// By name.
    pub variables: Vec<VariableRow>,
    /// By name.
    pub enumerators: Vec<EnumeratorRow>,
    /// Strings.
    pub text: Vec<u8>,
}

/// Rows of one kind.
struct Table<R> {
    /// The word at which it begins.
    start: usize,
    rows: usize,
    row: PhantomData<R>,
}

impl<R: Row> Table<R> {
    /// The table that begins at a word; the word after it comes back too.
    fn at(start: usize, rows: u32) -> (Table<R>, usize) {
        let rows = rows as usize;
        let end = start.saturating_add(rows.saturating_mul(R::WORDS));
        (Table { start, rows, row: PhantomData }, end)
    }

    fn get(&self, bytes: &[u8], row: usize) -> Option<R> {
        if row >= self.rows {
            return None;
        }
        let start = (self.start + row * R::WORDS) * 4;
        let chunk = bytes.get(start..start + R::WORDS * 4)?;
        let mut words = [0; 8];
        for (word, four) in words.iter_mut().zip(chunk.chunks_exact(4)) {
            *word = u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
        }
        Some(R::read(words))
    }

    /// The rows that compare as equal, in a table that is in that order.
    fn equal(&self, bytes: &[u8], compare: impl Fn(R) -> Ordering) -> Range<usize> {
        let first = |wanted: &dyn Fn(Ordering) -> bool| {
            let (mut low, mut high) = (0, self.rows);
            while low < high {
                let middle = low + (high - low) / 2;
                match self.get(bytes, middle).is_some_and(|row| wanted(compare(row))) {
                    true => low = middle + 1,
                    false => high = middle,
                }
            }
            low
        };
        let start = first(&|order| order == Ordering::Less);
        start..first(&|order| order != Ordering::Greater).max(start)
    }
}

impl Index {
    /// The index in a file; `None` when it was not made by this version, or was cut off.
    pub fn new(bytes: Mapped) -> Option<Index> {
        let mut header = [0; HEADER];
        for (word, four) in header.iter_mut().zip(bytes.get(..HEADER * 4)?.chunks_exact(4)) {
            *word = u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
        }
        let [magic, version, functions, inlined, types, variables, enumerators, text_size] = header;
        let (functions, end) = Table::at(HEADER, functions);
        let (inlined, end) = Table::at(end, inlined);
        let (types, end) = Table::at(end, types);
        let (variables, end) = Table::at(end, variables);
        let (enumerators, end) = Table::at(end, enumerators);
        let text = end.checked_mul(4)?;
        let whole = text.checked_add(text_size as usize)? == bytes.len();
        let ours = [magic, version] == MAGIC && whole;
        ours.then_some(Index { bytes, functions, inlined, types, variables, enumerators, text })
    }

    /// A string; text of a broken file that is none reads as empty.
    pub fn text(&self, at: Text) -> &str {
        let rest = self.bytes.get(self.text.saturating_add(at.0 as usize)..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == 0).unwrap_or(0);
        std::str::from_utf8(&rest[..end]).unwrap_or_default()
    }

    /// How many functions there are; their numbers go on with those of the inlined instances.
    pub fn functions(&self) -> usize {
        self.functions.rows
    }

    /// A function.
    pub fn function(&self, row: usize) -> Option<FunctionRow> {
        self.functions.get(&self.bytes, row)
    }

    /// An inlined instance.
    pub fn inlined(&self, row: usize) -> Option<InlinedRow> {
        self.inlined.get(&self.bytes, row)
    }

    /// The functions of a name.
    pub fn functions_named(&self, name: &str) -> Range<usize> {
        self.functions.equal(&self.bytes, |row| self.text(row.name).cmp(name))
    }

    /// The DIE that defines a type.
    pub fn type_named(&self, kind: TypeKind, name: &str) -> Option<u32> {
        let key = (name, kind as u32);
        let found = self.types.equal(&self.bytes, |row| (self.text(row.name), row.kind).cmp(&key));
        self.types.get(&self.bytes, found.start).filter(|_| !found.is_empty()).map(|row| row.die)
    }

    /// The variables of a name, with the source files of their units.
    pub fn variables_named(&self, name: &str) -> impl Iterator<Item = (u32, &str)> {
        let found = self.variables.equal(&self.bytes, |row| self.text(row.name).cmp(name));
        let rows = found.filter_map(|row| self.variables.get(&self.bytes, row));
        rows.map(|row| (row.die, self.text(row.file)))
    }

    /// The value of a constant.
    pub fn enumerator(&self, name: &str) -> Option<i64> {
        let found = self.enumerators.equal(&self.bytes, |row| self.text(row.name).cmp(name));
        self.enumerators.get(&self.bytes, found.start).filter(|_| !found.is_empty()).map(|row| row.value)
    }
}

impl Tables {
    /// The file.
    pub fn write(self) -> Vec<u8> {
        let counts = [
            self.functions.len(),
            self.inlined.len(),
            self.types.len(),
            self.variables.len(),
            self.enumerators.len(),
            self.text.len(),
        ];
        let mut words: Vec<u32> = MAGIC.to_vec();
        words.extend(counts.map(|count| count as u32));
        self.functions.into_iter().for_each(|row| row.write(&mut words));
        self.inlined.into_iter().for_each(|row| row.write(&mut words));
        self.types.into_iter().for_each(|row| row.write(&mut words));
        self.variables.into_iter().for_each(|row| row.write(&mut words));
        self.enumerators.into_iter().for_each(|row| row.write(&mut words));
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        bytes.extend(self.text);
        bytes
    }
}
