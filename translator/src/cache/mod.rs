//! The cache on disk: found by key, checked before use, bounded in size, never in the way.
//!
//! `CACHE/XX/STEM.EXT` holds the bytes, `STEM.EXT.sum` beside it their hash and the stamp of the programs that made
//! them; XX is the start of the key. Data is published before its sum and both by rename, so two runs that store the
//! same thing at once both succeed, and whatever is cut off, mixed up or stale fails the check and counts as absent.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::diag::{Code, Diagnostic, Severity};
use crate::host::Host;
use crate::session::Session;

mod key;

pub use key::{Key, KeyBuilder, Stamp};

/// Used when `CACHE/cache_mb_limit` does not say otherwise.
const DEFAULT_LIMIT_MB: u64 = 1024;

/// Walking the cache takes time, so its size is looked at after one addition of sixteen: those whose key ends so.
const CLEANING_KEYS: char = '0';

/// A cache; a disabled one holds nothing.
pub struct Cache<'h> {
    host: &'h dyn Host,
    root: Option<PathBuf>,
}

/// Names one thing in the cache.
#[derive(Clone, Copy, Debug)]
pub struct Slot<'a> {
    /// The file name before the key.
    pub prefix: &'a str,
    /// The key.
    pub key: Key,
    /// The file name after the key, with its dot.
    pub suffix: &'a str,
}

impl<'h> Cache<'h> {
    /// The session's cache; none with --disable-cache.
    pub fn open(session: &Session<'h>) -> Self {
        Cache::new(session.host, (!session.options.disable_cache).then(|| session.layout.cache.clone()))
    }

    /// The cache in a directory.
    pub fn new(host: &'h dyn Host, root: Option<PathBuf>) -> Self {
        Cache { host, root }
    }

    /// The bytes of a slot and where they lie, if they are whole and were made by the programs of `stamp`.
    pub fn get(&self, slot: Slot<'_>, stamp: &Stamp) -> Option<(PathBuf, Vec<u8>)> {
        let path = self.path(slot)?;
        let sum = self.host.read(&sum_path(&path)).ok()?;
        let bytes = self.host.read(&path).ok()?;
        if sum != sum_line(&bytes, stamp).into_bytes() {
            return None;
        }
        // The age decides who has to go; a cache that cannot be written has no need of it.
        let _ = self.host.touch(&path);
        Some((path, bytes))
    }

    /// Stores bytes. `None` when there is no cache; an error does not matter to the caller's result.
    pub fn put(&self, slot: Slot<'_>, stamp: &Stamp, bytes: &[u8]) -> io::Result<Option<PathBuf>> {
        let (Some(path), Some(root)) = (self.path(slot), &self.root) else { return Ok(None) };
        if let Some(dir) = path.parent() {
            self.host.create_dir_all(dir)?;
        }
        self.host.write(&path, bytes)?;
        self.host.write(&sum_path(&path), sum_line(bytes, stamp).as_bytes())?;
        if slot.key.to_string().ends_with(CLEANING_KEYS) {
            self.clean(root, &path)?;
        }
        Ok(Some(path))
    }

    /// The warning about a cache that cannot be used.
    pub fn warning(&self, error: &io::Error) -> Diagnostic {
        let root = self.root.as_deref().unwrap_or(Path::new(""));
        let message = format!("the cache in {} cannot be written: {error}", root.display());
        Diagnostic::new(Code::Cache, Severity::Warning, message)
            .help("free some room there, point SYSTEMTAP_DIR elsewhere, or give --disable-cache")
    }

    fn path(&self, slot: Slot<'_>) -> Option<PathBuf> {
        let key = slot.key.to_string();
        let name = format!("{}{key}{}", slot.prefix, slot.suffix);
        Some(self.root.as_ref()?.join(&key[..2]).join(name))
    }

    /// Removes the oldest until the rest is within the limit; what was just stored stays.
    fn clean(&self, root: &Path, just_stored: &Path) -> io::Result<()> {
        let limit = self.limit(root);
        let mut entries = self.entries(root)?;
        let mut size: u64 = entries.iter().map(|entry| entry.len).sum();
        entries.sort_by(|a, b| (a.mtime_ns, &a.path).cmp(&(b.mtime_ns, &b.path)));
        for entry in entries {
            if size <= limit {
                break;
            }
            if entry.path != just_stored {
                // Another run may have removed it in the meantime.
                let _ = self.host.remove_file(&sum_path(&entry.path));
                let _ = self.host.remove_file(&entry.path);
                size -= entry.len;
            }
        }
        Ok(())
    }

    fn limit(&self, root: &Path) -> u64 {
        let text = self.host.read(&root.join("cache_mb_limit")).unwrap_or_default();
        let mb = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
        mb.unwrap_or(DEFAULT_LIMIT_MB).saturating_mul(1 << 20)
    }

    /// All things in the cache, a file and its sum counted together.
    fn entries(&self, root: &Path) -> io::Result<Vec<Entry>> {
        let mut entries: BTreeMap<PathBuf, Entry> = BTreeMap::new();
        for dir in self.host.list(root)?.into_iter().filter(|entry| entry.is_dir && entry.name.len() == 2) {
            let dir = root.join(dir.name);
            for file in self.host.list(&dir)?.into_iter().filter(|entry| !entry.is_dir) {
                let path = dir.join(file.name);
                let Ok(stat) = self.host.stat(&path) else { continue };
                let owner = if path.extension().is_some_and(|ext| ext == "sum") {
                    path.with_extension("")
                } else {
                    path
                };
                let entry =
                    entries.entry(owner.clone()).or_insert(Entry { path: owner, len: 0, mtime_ns: 0 });
                entry.len += stat.len;
                entry.mtime_ns = entry.mtime_ns.max(stat.mtime_ns);
            }
        }
        Ok(entries.into_values().collect())
    }
}

struct Entry {
    path: PathBuf,
    len: u64,
    mtime_ns: i128,
}

fn sum_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sum");
    name.into()
}

fn sum_line(bytes: &[u8], stamp: &Stamp) -> String {
    format!("{} {stamp}\n", blake3::hash(bytes).to_hex())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::memory::MemoryHost;

    fn slot(seed: &str) -> Slot<'static> {
        Slot { prefix: "stap_", key: KeyBuilder::new(seed).finish(), suffix: ".ko" }
    }

    fn cache(host: &MemoryHost) -> Cache<'_> {
        Cache::new(host, Some("/cache".into()))
    }

    /// A key for which storing cleans.
    fn cleaning_slot() -> Slot<'static> {
        let seeds = (0..1000).map(|n| slot(&n.to_string()));
        seeds.into_iter().find(|slot| slot.key.to_string().ends_with(CLEANING_KEYS)).expect("one in sixteen")
    }

    #[test]
    fn what_was_stored_is_found_by_the_same_programs_alone() {
        let host = MemoryHost::new();
        let stored =
            cache(&host).put(slot("a"), &"gcc".to_owned(), b"bytes").expect("stored").expect("enabled");
        let (path, bytes) = cache(&host).get(slot("a"), &"gcc".to_owned()).expect("found");
        assert_eq!((path, &bytes[..]), (stored, &b"bytes"[..]));
        assert!(cache(&host).get(slot("a"), &"gcc, replaced".to_owned()).is_none());
        assert!(cache(&host).get(slot("b"), &"gcc".to_owned()).is_none());
        let none = Cache::new(&host, None);
        assert!(none.put(slot("c"), &Stamp::new(), b"").expect("no error").is_none());
        assert!(none.get(slot("a"), &"gcc".to_owned()).is_none());
    }

    #[test]
    fn cut_off_and_half_stored_entries_count_as_absent() {
        let host = MemoryHost::new();
        let cache = cache(&host);
        let stamp = Stamp::new();
        let path = cache.put(slot("a"), &stamp, b"whole contents").expect("stored").expect("enabled");
        host.write(&path, b"whole con").expect("cut off");
        assert!(cache.get(slot("a"), &stamp).is_none());
        host.write(&path, b"").expect("emptied");
        assert!(cache.get(slot("a"), &stamp).is_none());
        cache.put(slot("a"), &stamp, b"whole contents").expect("stored again");
        assert!(cache.get(slot("a"), &stamp).is_some());
        host.remove_file(&sum_path(&path)).expect("removed");
        assert!(cache.get(slot("a"), &stamp).is_none());
    }

    #[test]
    fn a_full_disk_and_a_read_only_cache_are_errors_to_warn_of() {
        let host = MemoryHost::new();
        host.limit_room(Some(10));
        let error = cache(&host).put(slot("a"), &Stamp::new(), &[0; 100]).expect_err("full");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(cache(&host).warning(&error).severity, Severity::Warning);
        host.limit_room(None);
        host.forbid("/cache");
        let error = cache(&host).put(slot("a"), &Stamp::new(), b"x").expect_err("read-only");
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn the_oldest_go_first() {
        let host = MemoryHost::new().file("/cache/cache_mb_limit", "1\n");
        let cache = cache(&host);
        let stamp = Stamp::new();
        let big = vec![1; 400 << 10];
        for name in ["old", "used", "young"] {
            cache.put(slot(name), &stamp, &big).expect("stored");
        }
        assert!(cache.get(slot("used"), &stamp).is_some(), "and thereby made young");
        assert!(cache.get(slot("young"), &stamp).is_some());
        cache.put(cleaning_slot(), &stamp, &big).expect("stored");
        assert!(cache.get(slot("old"), &stamp).is_none());
        assert!(cache.get(slot("used"), &stamp).is_none());
        assert!(cache.get(slot("young"), &stamp).is_some());
        assert!(cache.get(cleaning_slot(), &stamp).is_some());
    }
}
