//! What the symbol table beside debuginfo says: names that addresses are told from, and code that the kernel keeps probes
//! out of.

use std::ops::Range;

use object::SymbolKind;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Dwarf;
use crate::debuginfo::Refusal;
use crate::debuginfo::elf::{DebugFile, NamedAddress};
use crate::source::Symbol;

/// Stretches of the kernel's code between two symbols that it keeps probes out of (kernel/kprobes.c and
/// arch/x86/kernel/kprobes/core.c).
const FORBIDDEN: [(&str, &str); 3] = [
    ("__noinstr_text_start", "__noinstr_text_end"),
    ("__kprobes_text_start", "__kprobes_text_end"),
    ("__entry_text_start", "__entry_text_end"),
];

/// Sections of modules of the same kind, and code that is gone once the kernel or module has started.
const FORBIDDEN_SECTIONS: [&str; 7] =
    [".init.", ".exit.", ".noinstr.", ".kprobes.", ".entry.", ".altinstr_aux", ".altinstr_replacement"];

/// NOKPROBE_SYMBOL(f) leaves a pointer of this name and f's.
const LISTED: &str = "_kbl_addr_";

/// Facts out of the symbol table.
#[derive(Debug, Default)]
pub struct Symbols {
    /// Functions and data of a module whose names no other has, by address.
    unique: Vec<(u64, Symbol)>,
    /// Code that must not be probed.
    refused: Vec<(Range<u64>, Refusal)>,
}

impl Symbols {
    /// Reads a file's symbols.
    pub fn new(file: &DebugFile) -> Symbols {
        let (mut names, mut listed, mut bounds) =
            (FxHashMap::default(), FxHashSet::default(), FxHashMap::default());
        let mut named: Vec<NamedAddress> = Vec::new();
        for symbol in file.symbols() {
            if let Some(name) = symbol.name.strip_prefix(LISTED) {
                listed.insert(name);
            } else if matches!(symbol.kind, SymbolKind::Text | SymbolKind::Data) {
                *names.entry(symbol.name).or_insert(0u32) += 1;
                named.push(symbol);
            } else if FORBIDDEN.iter().any(|(start, end)| [*start, *end].contains(&symbol.name)) {
                bounds.insert(symbol.name, symbol.address);
            }
        }
        let mut refused = Vec::new();
        for section in &file.sections {
            if section.code && FORBIDDEN_SECTIONS.iter().any(|name| section.name.starts_with(name)) {
                let end = section.address.saturating_add(section.size);
                refused.push((section.address..end, Refusal::Section));
            }
        }
        for (start, end) in FORBIDDEN {
            if let (Some(start), Some(end)) = (bounds.get(start), bounds.get(end)) {
                refused.push((*start..*end, Refusal::Section));
            }
        }
        for symbol in named.iter().filter(|symbol| listed.contains(symbol.name)) {
            refused.push((symbol.address..symbol.address.saturating_add(symbol.size), Refusal::Listed));
        }
        let unique = named.iter().filter(|symbol| !file.linked && names.get(symbol.name) == Some(&1));
        let mut unique: Vec<_> = unique.map(|symbol| (symbol.address, Symbol::new(symbol.name))).collect();
        unique.sort_unstable_by_key(|(address, name)| (*address, name.as_str()));
        Symbols { unique, refused }
    }

    /// Why an instruction must not be probed.
    pub fn refusal(&self, address: u64) -> Option<Refusal> {
        let found = self.refused.iter().find(|(range, _)| range.contains(&address));
        found.map(|(_, refusal)| *refusal)
    }
}

impl Dwarf {
    /// The facts of the symbol table, read once.
    pub fn symbols(&self) -> &Symbols {
        self.symbols.get_or_init(|| Symbols::new(&self.file))
    }

    /// A symbol of the running kernel or module, and how far behind it an address is. `_stext` is where the kernel's own
    /// code begins. A module is laid out anew when it is loaded, section by section: a symbol of the same section, whose
    /// name no other has, stays at its distance.
    pub fn symbol_before(&self, address: u64) -> Option<(String, u64)> {
        if self.file.linked {
            let text = self.file.sections.iter().find(|section| section.name == ".text")?;
            return Some(("_stext".to_owned(), address.wrapping_sub(text.address)));
        }
        let section = self.file.section_at(address)?;
        let unique = &self.symbols().unique;
        let after = unique.partition_point(|(start, _)| *start <= address);
        let (start, name) = unique.get(after.checked_sub(1)?)?;
        (*start >= section.address).then(|| (name.as_str().to_owned(), address - start))
    }
}
