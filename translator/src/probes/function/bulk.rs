//! Many functions at once, by the addresses that the kernel's image tells.
//!
//! A kernel up to 6.1 finds a symbol by walking through all of them, so thousands of names take minutes to look up where
//! one name, `_stext`, and distances from it take none. And BTF lists functions whose code is dropped after the start.

use rustc_hash::FxHashMap;

use crate::debuginfo::Objects;

/// From so many functions on the image is read for their addresses.
pub const MANY: usize = 100;

/// The symbol that distances are told from: where the kernel's code begins.
pub const BASE: &str = "_stext";

/// The functions of the kernel, by its image.
pub struct Bulk {
    /// How far behind [`BASE`] each is; `None` where several have the name.
    distances: FxHashMap<String, Option<u64>>,
}

impl Bulk {
    /// Reads the symbols of the image; `None` where they are not known.
    pub fn of_kernel(objects: &Objects<'_>) -> Option<Bulk> {
        let symbols = objects.symbols("kernel").ok()?;
        let base = symbols.named(BASE)?.address;
        let mut distances = FxHashMap::default();
        for symbol in symbols.functions() {
            let distance = symbol.address.checked_sub(base);
            distances.entry(symbol.name.to_owned()).and_modify(|known| *known = None).or_insert(distance);
        }
        Some(Bulk { distances })
    }

    /// Whether the function's code is there once the kernel runs.
    pub fn stays(&self, name: &str) -> bool {
        self.distances.contains_key(name)
    }

    /// How far behind [`BASE`] the function of a name is, if that is one.
    pub fn distance(&self, name: &str) -> Option<u64> {
        self.distances.get(name).copied().flatten()
    }
}
