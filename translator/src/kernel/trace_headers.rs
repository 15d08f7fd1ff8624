//! What the kernel's headers declare as tracepoints: their names, their event classes and the subsystems they are in.
//!
//! A kernel that runs knows the subsystem of an event, but neither BTF nor DWARF tells it, and tracepoints without an
//! event have none there. The headers have one line for it, `#define TRACE_SYSTEM sched`. They are not compiled but
//! looked through, which takes milliseconds: calls of the macros that declare tracepoints, and of a header's own macros
//! that stand for such calls.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cache::{Cache, KeyBuilder, Slot, Stamp};
use crate::host::Host;
use scan::Scanner;

mod scan;

/// Folders of a kernel's source tree whose headers declare tracepoints; the second one is x86's own.
const FOLDERS: [&str; 4] =
    ["include/trace/events", "arch/x86/include/asm/trace", "include/ras", "arch/x86/include/asm"];

/// The one header of the last folder; the others there have nothing to do with tracepoints.
const MSR: &str = "msr-trace.h";

/// A tracepoint as a header declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The subsystem.
    pub system: String,
    /// The class of events that it is of: its own name unless others share it.
    pub class: String,
    /// The header, as `#include <…>` takes it.
    pub header: String,
}

/// All that the headers of one kernel declare, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceHeaders {
    declared: BTreeMap<String, Declared>,
    /// Of the files that were looked through.
    identity: Vec<u8>,
}

impl TraceHeaders {
    /// Looks through the headers of a build tree, unless that was done before and none has changed.
    pub fn read(host: &dyn Host, cache: &Cache<'_>, build_dir: &Path) -> TraceHeaders {
        let files = files(host, build_dir);
        let mut key = KeyBuilder::new("trace headers");
        for (path, _) in &files {
            if let Ok(stat) = host.stat(path) {
                let identity = format!("{:?} {} {}", stat.id, stat.len, stat.mtime_ns);
                key = key.part("path", path.as_os_str().as_encoded_bytes()).part("stat", identity);
            }
        }
        let slot = Slot { prefix: "trace_", key: key.finish(), suffix: ".index" };
        let identity = slot.key.as_ref().to_vec();
        if let Some((_, bytes)) = cache.get(slot, &Stamp::new()) {
            return TraceHeaders { declared: parse(&String::from_utf8_lossy(&bytes)), identity };
        }
        let mut found = TraceHeaders { identity, ..TraceHeaders::default() };
        for (path, name) in &files {
            let text = host.read(path).unwrap_or_default();
            found.add(name, &String::from_utf8_lossy(&text));
        }
        // A cache that cannot be written costs the next run some milliseconds.
        let _ = cache.put(slot, &Stamp::new(), found.text().as_bytes());
        found
    }

    /// What changes when one of the headers does.
    pub fn identity(&self) -> &[u8] {
        &self.identity
    }

    /// What is declared under a name.
    pub fn get(&self, name: &str) -> Option<&Declared> {
        self.declared.get(name)
    }

    /// All tracepoints, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Declared)> {
        self.declared.iter().map(|(name, declared)| (name.as_str(), declared))
    }

    /// Adds what one header declares. The first one of a name counts.
    fn add(&mut self, header: &str, text: &str) {
        for event in Scanner::new(text).events() {
            let declared = Declared { system: event.system, class: event.class, header: header.to_owned() };
            self.declared.entry(event.name).or_insert(declared);
        }
    }

    /// A line for each, as the cache keeps them.
    fn text(&self) -> String {
        let line = |(name, Declared { system, class, header }): (&String, &Declared)| {
            format!("{name}\t{system}\t{class}\t{header}\n")
        };
        self.declared.iter().map(line).collect()
    }
}

/// What [`TraceHeaders::text`] wrote.
fn parse(text: &str) -> BTreeMap<String, Declared> {
    let mut declared = BTreeMap::new();
    for line in text.lines() {
        if let [name, system, class, header] = line.split('\t').collect::<Vec<_>>()[..] {
            let [system, class, header] = [system, class, header].map(str::to_owned);
            declared.insert(name.to_owned(), Declared { system, class, header });
        }
    }
    declared
}

/// The headers with their names for `#include`. Distributions split the tree: the build directory has what was
/// configured, its Makefile names the one that has the sources.
fn files(host: &dyn Host, build_dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for root in source_trees(host, build_dir) {
        for (index, folder) in FOLDERS.iter().enumerate() {
            let dir = root.join(folder);
            for entry in host.list(&dir).unwrap_or_default() {
                let Some(name) = entry.name.to_str().filter(|name| name.ends_with(".h")) else { continue };
                if index + 1 < FOLDERS.len() || name == MSR {
                    let (_, include) = folder.split_once("include/").unwrap_or(("", folder));
                    found.push((dir.join(name), format!("{include}/{name}")));
                }
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    found
}

fn source_trees(host: &dyn Host, build_dir: &Path) -> Vec<PathBuf> {
    let mut trees = vec![build_dir.to_owned(), build_dir.join("source")];
    let makefile = host.read(&build_dir.join("Makefile")).unwrap_or_default();
    let makefile = String::from_utf8_lossy(&makefile);
    let included =
        makefile.lines().filter_map(|line| line.strip_prefix("include ")?.strip_suffix("/Makefile"));
    trees.extend(included.map(PathBuf::from).filter(|path| path.is_absolute()));
    trees
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::memory::MemoryHost;

    const SCHED: &str = "#undef TRACE_SYSTEM\n#define TRACE_SYSTEM sched\n\
        /* TRACE_EVENT(comment, x) */\n\
        TRACE_EVENT(sched_switch,\n\tTP_PROTO(bool preempt),\n\tTP_printk(\"TRACE_EVENT(%s)\", x)\n);\n\
        DEFINE_EVENT(sched_wakeup_template, sched_waking,\n\tTP_PROTO(struct task_struct *p));\n\
        DECLARE_TRACE(pelt_cfs_tp, TP_PROTO(int x), TP_ARGS(x));\n";

    fn read(host: &MemoryHost) -> TraceHeaders {
        TraceHeaders::read(host, &Cache::new(host, Some("/cache".into())), Path::new("/b"))
    }

    #[test]
    fn a_split_tree_is_found_and_kept() {
        let host = MemoryHost::new()
            .file("/b/Makefile", "include /common/Makefile\n")
            .file("/common/include/trace/events/sched.h", SCHED);
        let found = read(&host);
        let waking = found.get("sched_waking").expect("declared");
        assert_eq!((&*waking.system, &*waking.class), ("sched", "sched_wakeup_template"));
        assert_eq!(waking.header, "trace/events/sched.h");
        let names: Vec<_> = found.all().map(|(name, _)| name).collect();
        assert_eq!(names, ["pelt_cfs_tp", "sched_switch", "sched_waking"]);
        assert_eq!(parse(&found.text()), found.declared);
        assert_eq!(read(&host), found, "out of the cache");
    }

    #[test]
    fn no_headers_declare_nothing() {
        assert_eq!(read(&MemoryHost::new()).all().count(), 0);
    }
}
