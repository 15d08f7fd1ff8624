//! Making the index: all units are scanned side by side, then what they found is put together.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::index::Tables;
use super::rows::{EXTERNAL, EnumeratorRow, FunctionRow, InlinedRow, Text, TypeRow, VariableRow};
use super::scan::{RawFunction, RawInlined, RawVariable, Scan, scan};
use super::units::{Units, broken};
use crate::debuginfo::elf::Reader;
use crate::debuginfo::{Broken, TypeKind};

/// Longest chain from an instance to the DIE that has the name. C has two links.
const MAX_ORIGINS: usize = 8;

/// Scans all units and puts the tables together.
pub fn build(dwarf: &gimli::Dwarf<Reader>, units: &Units) -> Result<Tables, Broken> {
    let numbers: Vec<usize> = (0..units.len()).collect();
    // Types, constants and names come again in each unit; a thread forgets what it has seen.
    let parts: Vec<Part> = numbers
        .par_chunks(units.len().div_ceil(rayon::current_num_threads() * 4).max(1))
        .map(|chunk| {
            let mut part = Part::default();
            for number in chunk {
                part.add(scan(dwarf, &units.load(dwarf, *number)?)?);
            }
            Ok(part)
        })
        .collect::<Result<_, gimli::Error>>()
        .map_err(broken)?;
    Ok(Merge::new(units, parts).run())
}

/// What some units that follow each other hold.
#[derive(Default)]
struct Part {
    functions: Vec<RawFunction>,
    inlined: Vec<RawInlined>,
    variables: Vec<RawVariable>,
    types: Vec<(TypeKind, Reader, u32)>,
    enumerators: Vec<(Reader, i64)>,
    /// Source files that functions are declared in.
    sources: Vec<String>,
    /// The units' own files, in order.
    files: Vec<String>,
    seen_types: FxHashSet<(u32, usize)>,
    seen_enumerators: FxHashSet<usize>,
}

/// The linker merges strings, so that equal names mostly have one place.
fn place(name: &Reader) -> usize {
    name.slice().as_ptr().addr()
}

impl Part {
    fn add(&mut self, mut scan: Scan) {
        let seen = &mut self.seen_types;
        self.types.extend(
            scan.types.into_iter().filter(|(kind, name, _)| seen.insert((*kind as u32, place(name)))),
        );
        let seen = &mut self.seen_enumerators;
        self.enumerators.extend(scan.enumerators.into_iter().filter(|(name, _)| seen.insert(place(name))));
        move_sources(&mut scan.functions, self.sources.len());
        self.sources.append(&mut scan.files);
        self.functions.extend(scan.functions);
        self.inlined.extend(scan.inlined);
        self.variables.extend(scan.variables);
        self.files.push(scan.file);
    }
}

/// The list of source files that functions point into becomes part of a longer one.
fn move_sources(functions: &mut [RawFunction], by: usize) {
    for function in functions {
        function.file = function.file.map(|file| file.saturating_add(by as u32));
    }
}

/// Strings of the index, each kept once.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    known: FxHashMap<Vec<u8>, Text>,
}

impl Texts {
    fn add(&mut self, text: &[u8]) -> Text {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let at = Text(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        self.bytes.extend_from_slice(text);
        self.bytes.push(0);
        self.known.insert(text.to_vec(), at);
        at
    }
}

/// What one function is known by, whichever unit says it.
type Identity<'a> = (&'static [u8], &'a str, u32);

/// One function of the index before it has a row.
#[derive(Default)]
struct Group {
    /// DIEs with code, and where it is.
    bodies: Vec<(u32, u64)>,
    /// A DIE without.
    abstract_die: u32,
    external: bool,
    inlined: Vec<(u32, u64)>,
}

struct Merge<'a> {
    units: &'a Units,
    functions: Vec<RawFunction>,
    inlined: Vec<RawInlined>,
    variables: Vec<RawVariable>,
    types: Vec<(TypeKind, Reader, u32)>,
    enumerators: Vec<(Reader, i64)>,
    sources: Vec<String>,
    files: Vec<String>,
    texts: Texts,
}

impl<'a> Merge<'a> {
    fn new(units: &'a Units, parts: Vec<Part>) -> Self {
        let mut merge = Merge {
            units,
            functions: Vec::new(),
            inlined: Vec::new(),
            variables: Vec::new(),
            types: Vec::new(),
            enumerators: Vec::new(),
            sources: Vec::new(),
            files: Vec::new(),
            texts: Texts::default(),
        };
        // The empty string is at 0, where what has no name points.
        merge.texts.add(b"");
        for mut part in parts {
            move_sources(&mut part.functions, merge.sources.len());
            merge.sources.append(&mut part.sources);
            merge.files.append(&mut part.files);
            merge.functions.extend(part.functions);
            merge.inlined.extend(part.inlined);
            merge.variables.extend(part.variables);
            merge.types.extend(part.types);
            merge.enumerators.extend(part.enumerators);
        }
        merge
    }

    fn run(mut self) -> Tables {
        let (functions, inlined) = self.function_rows();
        let types = self.type_rows();
        let variables = self.variable_rows();
        let enumerators = self.enumerator_rows();
        Tables { functions, inlined, types, variables, enumerators, text: self.texts.bytes }
    }

    /// Units were scanned in order, so the DIEs are in order too.
    fn position(&self, die: u32) -> Option<usize> {
        self.functions.binary_search_by_key(&die, |function| function.die).ok()
    }

    /// The function's DIE that has the name.
    fn root(&self, mut at: usize) -> Option<usize> {
        for _ in 0..MAX_ORIGINS {
            let function = self.functions.get(at)?;
            match function.origin {
                // A definition may have its own place and yet name its declaration.
                Some(origin) => at = self.position(origin)?,
                None => return function.name.map(|_| at),
            }
        }
        None
    }

    fn identity(&self, root: usize) -> Option<Identity<'_>> {
        let function = self.functions.get(root)?;
        let file = function.file.and_then(|file| self.sources.get(file as usize)).map_or("", String::as_str);
        Some((function.name?.slice(), file, function.line))
    }

    fn groups(&self) -> Vec<(Identity<'_>, Group)> {
        let mut by_root: FxHashMap<usize, Group> = FxHashMap::default();
        for (at, function) in self.functions.iter().enumerate() {
            let Some(entry) = function.entry else { continue };
            let Some(root) = self.root(at) else { continue };
            let group = by_root.entry(root).or_default();
            group.bodies.push((function.die, entry));
            group.external |= function.external;
        }
        for inlined in &self.inlined {
            let Some(root) = self.position(inlined.origin).and_then(|at| self.root(at)) else { continue };
            by_root.entry(root).or_default().inlined.push((inlined.die, inlined.entry));
        }
        let mut known: FxHashMap<Identity<'_>, Group> = FxHashMap::default();
        for (root, mut group) in by_root {
            let Some(identity) = self.identity(root) else { continue };
            let function = &self.functions[root];
            let same = known.entry(identity).or_default();
            same.bodies.append(&mut group.bodies);
            same.inlined.append(&mut group.inlined);
            same.external |= group.external || function.external;
            same.abstract_die = match same.abstract_die {
                0 => function.die,
                die => die.min(function.die),
            };
        }
        let mut groups: Vec<_> = known.into_iter().collect();
        groups.par_sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        groups
    }

    fn function_rows(&mut self) -> (Vec<FunctionRow>, Vec<InlinedRow>) {
        let (mut functions, mut inlined) = (Vec::new(), Vec::new());
        let mut texts = std::mem::take(&mut self.texts);
        for ((name, file, line), mut group) in self.groups() {
            group.bodies.sort_unstable();
            group.inlined.sort_unstable();
            if group.bodies.is_empty() {
                group.bodies.push((group.abstract_die, 0));
            }
            let (name, file) = (texts.add(name), texts.add(file.as_bytes()));
            let line_external = line & !EXTERNAL | if group.external { EXTERNAL } else { 0 };
            let function = functions.len() as u32;
            for (die, entry) in group.bodies {
                // The instances belong to all bodies of one name and place; the first row has them.
                let inlined_count = group.inlined.len() as u32;
                let first = inlined.len() as u32;
                let instances = std::mem::take(&mut group.inlined).into_iter();
                inlined.extend(instances.map(|(die, entry)| InlinedRow { function, die, entry }));
                functions.push(FunctionRow {
                    name,
                    die,
                    entry,
                    file,
                    line_external,
                    inlined: first,
                    inlined_count,
                });
            }
        }
        self.texts = texts;
        (functions, inlined)
    }

    fn type_rows(&mut self) -> Vec<TypeRow> {
        let mut types = std::mem::take(&mut self.types);
        types.par_sort_unstable_by_key(|(kind, name, die)| (name.slice(), *kind as u32, *die));
        types.dedup_by_key(|(kind, name, _)| (name.slice(), *kind));
        let row = |(kind, name, die): (TypeKind, Reader, u32)| TypeRow {
            name: self.texts.add(name.slice()),
            kind: kind as u32,
            die,
        };
        types.into_iter().map(row).collect()
    }

    /// A definition may leave its name to the declaration before it.
    fn variable_rows(&mut self) -> Vec<VariableRow> {
        let variables = std::mem::take(&mut self.variables);
        let named = |variable: &RawVariable| {
            let declaration = |die: u32| variables.binary_search_by_key(&die, |other| other.die).ok();
            variable.name.or_else(|| variables.get(declaration(variable.origin?)?)?.name)
        };
        let defined = variables.iter().filter(|variable| variable.defined);
        let mut found: Vec<_> =
            defined.filter_map(|variable| Some((named(variable)?.slice(), variable.die))).collect();
        found.par_sort_unstable();
        let row = |(name, die): (&[u8], u32)| {
            let file = self.files.get(self.units.number_of(die)).map_or("", String::as_str);
            VariableRow { name: self.texts.add(name), die, file: self.texts.add(file.as_bytes()) }
        };
        found.into_iter().map(row).collect()
    }

    fn enumerator_rows(&mut self) -> Vec<EnumeratorRow> {
        let mut found = std::mem::take(&mut self.enumerators);
        found.par_sort_unstable_by_key(|(name, value)| (name.slice(), *value));
        found.dedup_by_key(|(name, _)| name.slice());
        let row = |(name, value): (Reader, i64)| EnumeratorRow { name: self.texts.add(name.slice()), value };
        found.into_iter().map(row).collect()
    }
}
