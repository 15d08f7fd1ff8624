//! Which file declares a name. Kept in the cache; a file is read again only when its stat changes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::declared::{self, Kind};
use super::search::Found;
use crate::host::{Host, Stat};

/// Changes whenever the format, or what `declared` finds, does.
const HEADER: &str = "stap-rs tapset index 2";

type Names = Vec<(Kind, String)>;

/// Positions in the list of files, by kind and name.
#[derive(Default, Debug)]
pub struct Index {
    by_name: BTreeMap<(Kind, String), Vec<usize>>,
}

impl Index {
    /// Indexes the files, with the help of what `cache` (a file) remembers.
    pub fn build(host: &dyn Host, files: &[Found], cache: Option<&Path>) -> Index {
        let keys: Vec<String> = files.iter().map(|file| line_key(&file.path, &file.stat)).collect();
        let cached = cache.and_then(|path| host.read(path).ok()).unwrap_or_default();
        let mut known = read(&cached);
        let found: Vec<Option<Names>> = keys.iter().map(|key| known.remove(key)).collect();
        let is_new = found.iter().any(Option::is_none);
        let read_names =
            |file: &Found| host.read(&file.path).map(|bytes| declared::names(&bytes)).unwrap_or_default();
        let names: Vec<Names> = match is_new {
            true => found
                .into_par_iter()
                .zip(files)
                .map(|(names, file)| names.unwrap_or_else(|| read_names(file)))
                .collect(),
            false => found.into_iter().flatten().collect(),
        };
        if let Some(path) = cache.filter(|_| is_new) {
            remember(host, path, &keys, &names);
        }
        let mut index = Index::default();
        for (position, names) in names.into_iter().enumerate() {
            for name in names {
                index.by_name.entry(name).or_default().push(position);
            }
        }
        index
    }

    /// The files that declare a name.
    pub fn files(&self, kind: Kind, name: &str) -> &[usize] {
        self.by_name.get(&(kind, name.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// All names of a kind, sorted.
    pub fn names(&self, kind: Kind) -> impl Iterator<Item = &str> {
        let of_kind = self.by_name.range((kind, String::new())..).take_while(move |((k, _), _)| *k == kind);
        of_kind.map(|((_, name), _)| name.as_str())
    }
}

/// What a file is recognised by: its whole path, as hexadecimal digits since it may hold any byte, and its stat.
fn line_key(path: &Path, stat: &Stat) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let path = path.as_os_str().as_bytes();
    let mut key = String::with_capacity(2 * path.len() + 64);
    for byte in path {
        key.extend([byte >> 4, byte & 15].map(|half| char::from(DIGITS[usize::from(half)])));
    }
    let _ = write!(key, " {} {} {} {}", stat.id.0, stat.id.1, stat.len, stat.mtime_ns);
    key
}

const LETTERS: [(Kind, char); 4] =
    [(Kind::Function, 'f'), (Kind::Global, 'g'), (Kind::Alias, 'a'), (Kind::Macro, 'm')];

fn letter(kind: Kind) -> char {
    LETTERS.iter().find(|(known, _)| *known == kind).map_or('?', |(_, letter)| *letter)
}

/// `fNAME`
fn declaration(pair: &str) -> Option<(Kind, String)> {
    let mut chars = pair.chars();
    let first = chars.next()?;
    let (kind, _) = LETTERS.iter().find(|(_, letter)| *letter == first)?;
    Some((*kind, chars.as_str().to_owned()))
}

/// Each line is a key, a tab, and letter-and-name pairs apart by blanks. Lines that make no sense are as if absent.
fn read(bytes: &[u8]) -> FxHashMap<String, Names> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return FxHashMap::default();
    }
    lines
        .filter_map(|line| {
            let (key, names) = line.split_once('\t')?;
            let names: Option<Names> = names.split_ascii_whitespace().map(declaration).collect();
            Some((key.to_owned(), names?))
        })
        .collect()
}

/// A cache that cannot be written costs time, nothing else.
fn remember(host: &dyn Host, path: &Path, keys: &[String], names: &[Names]) {
    let mut text = format!("{HEADER}\n");
    for (key, names) in keys.iter().zip(names) {
        let _ = write!(text, "{key}\t");
        for (kind, name) in names {
            let _ = write!(text, "{}{name} ", letter(*kind));
        }
        text.push('\n');
    }
    if let Some(dir) = path.parent()
        && host.create_dir_all(dir).is_ok()
    {
        let _ = host.write(path, text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::memory::MemoryHost;
    use crate::library::search;

    fn found(host: &MemoryHost) -> Vec<Found> {
        search::files(host, &["/t".into()], "6.1", "x86_64").files
    }

    #[test]
    fn names_lead_to_files_with_and_without_the_cache() {
        let host = MemoryHost::new()
            .file("/t/a.stp", "function f() {}")
            .file("/t/b.stp", "function f() {} global g");
        for round in ["first", "cached"] {
            let index = Index::build(&host, &found(&host), Some(Path::new("/c/index")));
            assert_eq!(index.files(Kind::Function, "f"), [0, 1], "{round}");
            assert_eq!(index.files(Kind::Global, "g"), [1], "{round}");
            assert_eq!(index.files(Kind::Alias, "g"), [0; 0], "{round}");
            assert_eq!(index.names(Kind::Function).collect::<Vec<_>>(), ["f"], "{round}");
        }
        let kept = host.read(Path::new("/c/index")).expect("written");
        assert!(kept.starts_with(HEADER.as_bytes()) && read(&kept).len() == 2);
    }

    #[test]
    fn a_damaged_cache_is_no_cache() {
        let host =
            MemoryHost::new().file("/t/a.stp", "function f() {}").file("/c/index", "rubbish\n\t\nx\ty");
        let index = Index::build(&host, &found(&host), Some(Path::new("/c/index")));
        assert_eq!(index.files(Kind::Function, "f"), [0]);
    }
}
