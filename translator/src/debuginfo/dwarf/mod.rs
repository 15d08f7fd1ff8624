//! Debuginfo of the kind that compilers write.

mod build;
mod expression;
mod frames;
mod index;
mod lines;
mod reader;
mod rows;
mod scan;
mod sites;
mod symbols;
#[cfg(test)]
mod tests;
mod types;
mod units;
mod variables;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use rustc_hash::FxHashMap;

use super::elf::{DebugFile, Reader};
use super::{Broken, Kind, ObjectId, Source, hex};
use crate::host::Host;
use index::Index;
use units::Units;

/// The reader of one object's DWARF.
pub struct Dwarf {
    file: DebugFile,
    source: Source,
    object: ObjectId,
    units: Units,
    index: Index,
    inner_arrays: Mutex<Vec<types::InnerArray>>,
    lines: Mutex<FxHashMap<usize, Arc<lines::Lines>>>,
    frames: OnceLock<frames::Frames>,
    symbols: OnceLock<symbols::Symbols>,
}

impl Dwarf {
    /// Reads a file's debuginfo, with its index out of the cache or made now.
    pub fn new(
        host: &dyn Host,
        cache: Option<&Path>,
        object: ObjectId,
        file: DebugFile,
    ) -> Result<Dwarf, Broken> {
        let source = Source { kind: Kind::Dwarf, path: file.path.clone(), build_id: file.build_id.clone() };
        let units = Units::new(&file.dwarf)?;
        let place = cache.and_then(|cache| index_path(cache, &file));
        let stored = place.as_ref().and_then(|path| Index::new(host.map(path).ok()?));
        let index = match stored {
            Some(index) => index,
            None => make_index(host, place.as_deref(), &file, &units)?,
        };
        Ok(Dwarf {
            file,
            source,
            object,
            units,
            index,
            inner_arrays: Mutex::default(),
            lines: Mutex::default(),
            frames: OnceLock::new(),
            symbols: OnceLock::new(),
        })
    }
}

/// `CACHE/ab/dwarf_abcdef.index`, as other things in the cache lie. What has no build id is not kept.
fn index_path(cache: &Path, file: &DebugFile) -> Option<PathBuf> {
    let id = hex(file.build_id.as_deref().filter(|id| !id.is_empty())?);
    Some(cache.join(&id[..2]).join(format!("dwarf_{id}.index")))
}

fn make_index(
    host: &dyn Host,
    place: Option<&Path>,
    file: &DebugFile,
    units: &Units,
) -> Result<Index, Broken> {
    let bytes = build::build(&file.dwarf, units)?.write();
    if let Some(path) = place {
        // A cache that cannot be written costs the next run time, this one nothing.
        let stored = path.parent().map_or(Ok(()), |dir| host.create_dir_all(dir));
        let _ = stored.and_then(|()| host.write(path, &bytes));
    }
    Index::new(bytes.into()).ok_or_else(|| Broken("it is too large for an index".into()))
}
