//! DWARF and BTF of one kernel, both read, say the same of its structs. Skipped, with a message, where no kernel's
//! debuginfo is installed.

use std::path::{Path, PathBuf};

use object::{Object, ObjectSection};
use stap::debuginfo::btf::Section;
use stap::debuginfo::dwarf::Dwarf;
use stap::debuginfo::elf::DebugFile;
use stap::debuginfo::{DebugInfo, Kind, ObjectId, Source, Type, TypeKind};
use stap::host::Host;
use stap::host::os::OsHost;

const STRUCTS: [&str; 12] = [
    "task_struct",
    "file",
    "dentry",
    "inode",
    "qstr",
    "page",
    "sk_buff",
    "sock",
    "mm_struct",
    "vm_area_struct",
    "tcphdr",
    "cred",
];

fn vmlinux() -> Option<PathBuf> {
    let dir = Path::new("/usr/lib/debug/boot");
    let entries = OsHost.list(dir).ok()?;
    let named = |name: &std::ffi::OsString| name.to_str().is_some_and(|name| name.starts_with("vmlinux-"));
    entries.into_iter().map(|entry| entry.name).rfind(named).map(|name| dir.join(name))
}

/// The size, then each member's name, first bit and width.
fn layout(info: &dyn DebugInfo, name: &str) -> (u64, Vec<(String, u64, Option<u32>)>) {
    let id =
        info.type_named(TypeKind::Struct, name).expect("sound").unwrap_or_else(|| panic!("no struct {name}"));
    let Ok(Type::Record(record)) = info.ty(id.number) else { panic!("struct {name} is no record") };
    let member = |m: &stap::debuginfo::types::Member| {
        (m.name.map_or(String::new(), |name| name.as_str().to_owned()), m.bit_offset, m.bit_size)
    };
    (record.bytes, record.members.iter().map(member).collect())
}

#[test]
fn structs_have_equal_layouts() {
    let Some(path) = vmlinux() else {
        eprintln!("skipped: no vmlinux under /usr/lib/debug/boot; `make setup` installs one");
        return;
    };
    let bytes = OsHost.map(&path).expect("readable");
    let elf = object::File::parse(&*bytes).expect("an ELF file");
    let btf = elf.section_by_name(".BTF").expect("it has BTF").data().expect("readable").to_vec();
    let source = Source { kind: Kind::Btf, path: path.clone(), build_id: None };
    let btf = Section::kernel(source, ObjectId(1), &btf).expect("sound");
    let file = DebugFile::new(&path, OsHost.map(&path).expect("readable"), None).expect("it has debuginfo");
    let dwarf = Dwarf::new(&OsHost, None, ObjectId::KERNEL, file).expect("sound");
    for name in STRUCTS {
        assert_eq!(layout(&dwarf, name), layout(&btf, name), "struct {name}");
    }
}
