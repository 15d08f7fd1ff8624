//! BTF made by hand, whole and damaged.

use std::path::PathBuf;
use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::debuginfo::spell::spell;
use crate::debuginfo::types::find_member;
use crate::debuginfo::{Kind, location::Op};

/// Writes a section: types with their names, in the order of their numbers.
#[derive(Default)]
struct Writer {
    types: Vec<u8>,
    strings: Vec<u8>,
    /// Where a split section's strings begin.
    base: u32,
}

impl Writer {
    fn new() -> Self {
        Writer { strings: vec![0], ..Writer::default() }
    }

    fn word(&mut self, word: u32) {
        self.types.extend_from_slice(&word.to_le_bytes());
    }

    fn string(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let at = self.base + self.strings.len() as u32;
        self.strings.extend_from_slice(text.as_bytes());
        self.strings.push(0);
        at
    }

    /// A type's three words: name, kind with the number of parts, size or target.
    fn head(&mut self, name: &str, kind: u32, parts: u32, size: u32) {
        let name = self.string(name);
        [name, kind << 24 | parts, size].into_iter().for_each(|word| self.word(word));
    }

    fn int(&mut self, name: &str, bytes: u32, encoding: u32) {
        self.head(name, 1, 0, bytes);
        self.word((encoding << 24) | (bytes * 8));
    }

    /// Members or parameters: name, type and, for members, the bit offset.
    fn parts(&mut self, parts: &[(&str, &[u32])]) {
        for (name, words) in parts {
            let name = self.string(name);
            self.word(name);
            words.iter().for_each(|&word| self.word(word));
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let (types, strings) = (self.types.len() as u32, self.strings.len() as u32);
        let mut bytes = vec![0x9f, 0xeb, 1, 0];
        for word in [24, 0, types, types, strings] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend_from_slice(&self.types);
        bytes.extend_from_slice(&self.strings);
        bytes
    }
}

const FLAG: u32 = 1 << 7;

/// 1 int, 2 char, 3 char const, 4 pointer to it, 5 a struct with a bit field, 6 its pointer, 7 an enum, 8 prototype,
/// 9 function, 10 typedef.
fn sample() -> Writer {
    let mut w = Writer::new();
    w.int("int", 4, 1);
    w.int("char", 1, 0);
    w.head("", 10, 0, 2);
    w.head("", 2, 0, 3);
    w.head("file", 4 | FLAG, 3, 16);
    w.parts(&[("mode", &[1, 0]), ("flag", &[1, 3 << 24 | 37]), ("name", &[4, 64])]);
    w.head("", 2, 0, 5);
    w.head("state", 6 | FLAG, 2, 4);
    w.parts(&[("GOOD", &[1]), ("BAD", &[u32::MAX])]);
    w.head("", 13, 2, 1);
    w.parts(&[("file", &[6]), ("text", &[4])]);
    w.head("vfs_try", 12, 0, 8);
    w.head("file_t", 8, 0, 5);
    w
}

fn source() -> Source {
    Source { kind: Kind::Btf, path: PathBuf::from("test"), build_id: None }
}

fn kernel(bytes: &[u8]) -> Result<Section, Broken> {
    Section::kernel(source(), ObjectId::KERNEL, bytes)
}

#[test]
fn functions_have_parameters_by_the_calling_convention() {
    let section = kernel(&sample().bytes()).expect("sound");
    let mut names = Vec::new();
    section.each_function(&mut |name, id| names.push((name.to_owned(), id))).expect("sound");
    assert_eq!(names, [("vfs_try".to_owned(), FunctionId(9))]);
    assert_eq!(section.functions_named("vfs_try"), Ok(vec![FunctionId(9)]));
    assert_eq!(section.functions_named("file"), Ok(vec![]));
    let variables = section.variables(FunctionId(9), Site::Entry).expect("sound");
    let told: Vec<_> = variables
        .iter()
        .map(|one| format!("{}:{} {:?}", one.name, spell(&section, one.ty).expect("sound"), one.location))
        .collect();
    assert_eq!(told, ["file:struct file* Register(5)", "text:char const* Register(4)"]);
    assert_eq!(section.variables(FunctionId(9), Site::Address(1)), Ok(vec![]));
    let result = section.function(FunctionId(9)).expect("sound").result.expect("known");
    assert_eq!(spell(&section, result).as_deref(), Ok("int"));
    assert!(section.function(FunctionId(5)).is_err());
}

#[test]
fn types_are_found_by_name_and_kind() {
    let section = kernel(&sample().bytes()).expect("sound");
    let file = section.type_named(TypeKind::Struct, "file").expect("sound").expect("there");
    assert_eq!(section.type_named(TypeKind::Union, "file"), Ok(None));
    assert!(section.type_named(TypeKind::Plain, "file_t").expect("sound").is_some());
    let Ok(Type::Record(record)) = Types::ty(&section, file) else { panic!("a struct") };
    let flag = find_member(&section, &record, Symbol::new("flag")).expect("sound").expect("there");
    assert_eq!((flag.bit_offset, flag.bit_size), (37, Some(3)));
    assert_eq!(section.enumerator("BAD"), Ok(Some(-1)));
    assert_eq!(section.enumerator("UGLY"), Ok(None));
}

#[test]
fn a_module_goes_on_from_the_kernel() {
    let base = sample();
    let base_strings = base.strings.len() as u32;
    let base = Rc::new(kernel(&base.bytes()).expect("sound"));
    let mut split = Writer { base: base_strings, ..Writer::default() };
    split.head("", 13, 1, 0);
    split.parts(&[("own", &[6])]);
    split.head("mod_try", 12, 0, 11);
    let module = Section::module(source(), ObjectId(1), &split.bytes(), base.clone()).expect("sound");
    assert_eq!(module.functions_named("vfs_try"), Ok(vec![]), "the kernel's is not the module's");
    let ids = module.functions_named("mod_try").expect("sound");
    let variables = module.variables(ids[0], Site::Entry).expect("sound");
    assert_eq!(variables[0].ty.object, ObjectId::KERNEL);
    assert_eq!(spell(&module, variables[0].ty).as_deref(), Ok("struct file*"));
    assert_eq!(variables[0].location, Location::Register(5));
}

#[test]
fn further_arguments_and_the_stack() {
    let mut w = Writer::new();
    w.int("long", 8, 1);
    w.head("", 13, 8, 0);
    let fixed: Vec<(String, u32)> = (1..=7).map(|n| (format!("p{n}"), 1)).collect();
    fixed.iter().for_each(|(name, ty)| w.parts(&[(name, &[*ty])]));
    w.parts(&[("", &[0])]);
    w.head("print", 12, 0, 2);
    let section = kernel(&w.bytes()).expect("sound");
    let id = FunctionId(3);
    assert!(section.function(id).expect("sound").variadic);
    let variables = section.variables(id, Site::Entry).expect("sound");
    assert_eq!(variables.len(), 7);
    assert_eq!(variables[6].location, Location::Memory(vec![Op::Register(7, 8)]));
}

/// Asks everything of a section; only panics and endless loops would fail.
fn ask_everything(bytes: &[u8]) {
    let Ok(section) = kernel(bytes) else { return };
    let mut ids = Vec::new();
    let _ = section.each_function(&mut |_, id| ids.push(id));
    for id in ids {
        let _ = section.function(id);
        let _ = section.variables(id, Site::Entry);
    }
    for name in ["file", "file_t", "state", "vfs_try", ""] {
        for kind in [TypeKind::Struct, TypeKind::Enum, TypeKind::Plain] {
            if let Ok(Some(id)) = section.type_named(kind, name) {
                let _ = spell(&section, id);
            }
        }
        let _ = (section.global(name, None), section.enumerator(name));
    }
    for number in 0..=section.own.1 {
        let id = section.type_id(number);
        let _ = (spell(&section, id), super::super::types::size_of(&section, id));
    }
}

#[test]
fn a_section_that_is_cut_short_is_refused() {
    let whole = sample().bytes();
    for length in 0..whole.len() {
        ask_everything(&whole[..length]);
        assert!(kernel(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
    }
}

proptest! {
    #[test]
    fn a_section_with_flipped_bits_never_panics(flips in proptest::collection::vec((0usize..400, 0u8..8), 1..6)) {
        let mut bytes = sample().bytes();
        for (at, bit) in flips {
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
        }
        ask_everything(&bytes);
    }
}
