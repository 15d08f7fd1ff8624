//! Module.symvers: what the kernel and its modules export.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use super::modules;
use crate::host::Host;

/// The symbols that an object exports: `kernel`, or a module by the name that the kernel gives it.
pub fn exports(host: &dyn Host, build_dir: &Path, object: &str) -> io::Result<BTreeSet<String>> {
    let text = host.read(&build_dir.join("Module.symvers"))?;
    Ok(String::from_utf8_lossy(&text).lines().filter_map(|line| export(line, object)).collect())
}

/// What modules export under names with a prefix: the modules by the rests of the names.
pub fn owners(host: &dyn Host, build_dir: &Path, prefix: &str) -> io::Result<BTreeMap<String, String>> {
    let text = host.read(&build_dir.join("Module.symvers"))?;
    let line = |line: &str| {
        let (name, owner) = columns(line).filter(|_| line.contains(prefix))?;
        Some((name.strip_prefix(prefix)?.to_owned(), owner))
    };
    let all = String::from_utf8_lossy(&text).lines().filter_map(line).collect::<BTreeMap<_, _>>();
    Ok(all.into_iter().filter(|(_, owner)| owner != "kernel").collect())
}

/// The name in a line `CRC NAME PATH KIND`, tabs between them, if it is `object` that exports it.
fn export(line: &str, object: &str) -> Option<String> {
    let (name, owner) = columns(line)?;
    (owner == object).then(|| name.to_owned())
}

/// A symbol and the object that exports it.
fn columns(line: &str) -> Option<(&str, String)> {
    let mut columns = line.split('\t').skip(1);
    let (name, path) = (columns.next()?, columns.next()?);
    let owner = match path {
        "vmlinux" => "kernel".to_owned(),
        path => modules::canonical(path.rsplit('/').next()?),
    };
    Some((name, owner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::memory::MemoryHost;

    #[test]
    fn each_object_has_its_own() {
        let text = "0x1\tvfs_read\tvmlinux\tEXPORT_SYMBOL\t\n\
                    0x2\tjbd2_a\tfs/jbd2/jbd2\tEXPORT_SYMBOL\t\n\
                    0x3\tnf_b\tnet/nf-nat\tEXPORT_SYMBOL_GPL\tNS\nnonsense\n";
        let host = MemoryHost::new().file("/b/Module.symvers", text);
        let of = |object| {
            let found = exports(&host, Path::new("/b"), object).expect("read");
            found.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            (of("kernel"), of("jbd2"), of("nf_nat"), of("xfs")),
            ("vfs_read".into(), "jbd2_a".into(), "nf_b".into(), String::new())
        );
        assert!(exports(&host, Path::new("/c"), "kernel").is_err());
        let owners = owners(&host, Path::new("/b"), "jbd2_").expect("read");
        assert_eq!(owners, BTreeMap::from([("a".to_owned(), "jbd2".to_owned())]));
    }
}
