//! Interned names.
//!
//! A [`Symbol`] is four bytes, copies, and compares by identity. The table is global and lives as long as the
//! process: a translator run ends in milliseconds, and tapset files are parsed on several threads.

use std::fmt;
use std::sync::{OnceLock, RwLock};

use rustc_hash::FxHashMap;

/// An interned name: identifier, probe-point component, macro or module name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Symbol(u32);

#[derive(Default)]
struct Table {
    by_name: FxHashMap<&'static str, u32>,
    names: Vec<&'static str>,
}

fn table() -> &'static RwLock<Table> {
    static TABLE: OnceLock<RwLock<Table>> = OnceLock::new();
    TABLE.get_or_init(RwLock::default)
}

impl Symbol {
    /// Interns `name`.
    pub fn new(name: &str) -> Symbol {
        if let Some(&id) = table().read().unwrap_or_else(|e| e.into_inner()).by_name.get(name) {
            return Symbol(id);
        }
        let mut table = table().write().unwrap_or_else(|e| e.into_inner());
        if let Some(&id) = table.by_name.get(name) {
            return Symbol(id);
        }
        let id = table.names.len() as u32;
        let kept: &'static str = Box::leak(name.into());
        table.names.push(kept);
        table.by_name.insert(kept, id);
        Symbol(id)
    }

    /// The name itself.
    pub fn as_str(self) -> &'static str {
        table().read().unwrap_or_else(|e| e.into_inner()).names[self.0 as usize]
    }
}

/// Symbols order by their text, never by when they were interned, so that sorted output is the same in every run.
impl Ord for Symbol {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.as_str())
    }
}
