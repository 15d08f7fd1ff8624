//! Questions to the program of tests/fixtures/debuginfo, as the machine's compiler makes it.

use std::path::Path;

use rustc_hash::FxHashSet;

use super::*;
use crate::debuginfo::location::{Binary, Location, Op};
use crate::debuginfo::tests::fixture;
use crate::debuginfo::types::{self, Array, Encoding, Enum, Record};
use crate::debuginfo::{DebugInfo, FunctionId, Role, Site, Type, TypeId, TypeKind, Types, Variable};
use crate::host::memory::MemoryHost;
use crate::source::Symbol;

impl Types for Dwarf {
    fn ty(&self, id: TypeId) -> Result<Type, Broken> {
        DebugInfo::ty(self, id.number)
    }
}

fn open(bytes: Vec<u8>) -> Dwarf {
    let file = DebugFile::new(Path::new("/fixture"), bytes.into(), None).expect("it has debuginfo");
    Dwarf::new(&MemoryHost::new(), None, ObjectId::KERNEL, file).expect("sound")
}

fn program() -> Dwarf {
    open(fixture::program(&[]))
}

fn one(dwarf: &Dwarf, name: &str) -> FunctionId {
    let found = dwarf.functions_named(name).expect("sound");
    assert_eq!(found.len(), 1, "{name}");
    found[0]
}

fn named<'v>(variables: &'v [Variable], name: &str) -> &'v Variable {
    variables.iter().rfind(|variable| variable.name.as_str() == name).unwrap_or_else(|| panic!("no {name}"))
}

fn record(dwarf: &Dwarf, name: &str) -> Record {
    let id = dwarf.type_named(TypeKind::Struct, name).expect("sound").expect("there");
    match DebugInfo::ty(dwarf, id.number).expect("sound") {
        Type::Record(record) => record,
        other => panic!("{other:?}"),
    }
}

/// Name, first bit, width of a bit field.
fn members(dwarf: &Dwarf, name: &str) -> Vec<(&'static str, u64, Option<u32>)> {
    let row = |m: &types::Member| (m.name.map_or("", Symbol::as_str), m.bit_offset, m.bit_size);
    record(dwarf, name).members.iter().map(row).collect()
}

#[test]
fn functions_their_places_and_instances() {
    let dwarf = program();
    let area = dwarf.function(one(&dwarf, "area")).expect("sound");
    let declared = area.declared.expect("it is declared");
    assert_eq!((declared.file.as_str(), declared.line), ("shapes.c", 22));
    assert!(area.entry.is_some() && area.external == Some(true) && !area.variadic);
    assert!(dwarf.function(one(&dwarf, "many")).expect("sound").variadic);
    let twice = dwarf.function(one(&dwarf, "twice")).expect("sound");
    assert_eq!((twice.entry, twice.external), (None, Some(false)));
    assert!(twice.inlined.len() >= 2, "in area and in labelled: {:?}", twice.inlined);
    for instance in twice.inlined {
        let instance = dwarf.function(instance).expect("sound");
        assert_eq!(instance.name.as_str(), "twice");
        assert!(instance.entry.is_some() && instance.inlined.is_empty());
    }
    let same = dwarf.functions_named("same_name").expect("sound");
    let files =
        same.iter().map(|id| dwarf.function(*id).expect("sound").declared.expect("declared").file.as_str());
    assert_eq!(files.collect::<Vec<_>>(), ["second.c", "shapes.c"]);
    assert!(dwarf.functions_named("none").expect("sound").is_empty());
    assert!(dwarf.function(FunctionId(u32::MAX)).is_err());
}

#[test]
fn parameters_lie_where_the_calling_convention_has_them() {
    let dwarf = program();
    let many = dwarf.variables(one(&dwarf, "many"), Site::Entry).expect("sound");
    let places: Vec<&Location> = many.iter().map(|variable| &variable.location).collect();
    let registers = [5, 4, 1, 2, 8, 9].map(Location::Register);
    assert_eq!(places[..6], registers.iter().collect::<Vec<_>>());
    // Above the return address, which the frame address lies behind.
    let stack = &many[6];
    let frame = [Op::Register(7, 8), Op::Constant(0), Op::Binary(Binary::Add)];
    assert_eq!((stack.name.as_str(), &stack.location), ("on_stack", &Location::Memory(frame.to_vec())));
    let area = dwarf.variables(one(&dwarf, "area"), Site::Entry).expect("sound");
    let height = named(&area, "height");
    assert_eq!((height.role, &height.location), (Role::Parameter, &Location::Register(1)));
    let in_registers = dwarf.variables(one(&dwarf, "by_value"), Site::Entry).expect("sound");
    let Location::Pieces(pieces) = &named(&in_registers, "in").location else { panic!("{in_registers:?}") };
    assert_eq!(pieces.iter().map(|piece| piece.bytes).collect::<Vec<_>>(), [8, 8]);
}

#[test]
fn locals_live_from_one_line_to_another() {
    let dwarf = program();
    let area = one(&dwarf, "area");
    let Location::Missing(why) =
        named(&dwarf.variables(area, Site::Entry).expect("sound"), "unused_result").location.clone()
    else {
        panic!("it has no value yet")
    };
    assert!(why.contains("the nearest where it lives is 0x"), "{why}");
    assert!(why.contains("(shapes.c:"), "{why}");
    let lives = dwarf.statements(area).expect("sound").into_iter().any(|statement| {
        let there = dwarf.variables(area, Site::Address(statement.address)).expect("sound");
        !matches!(named(&there, "unused_result").location, Location::Missing(_))
    });
    assert!(lives, "it has a value after the call");
    let buffer =
        dwarf.statements(one(&dwarf, "labelled")).expect("sound").into_iter().find_map(|statement| {
            let there =
                dwarf.variables(one(&dwarf, "labelled"), Site::Address(statement.address)).expect("sound");
            let found = there.into_iter().find(|variable| variable.name.as_str() == "buffer")?;
            matches!(found.location, Location::Memory(_)).then_some(found)
        });
    assert_eq!(types::size_of(&dwarf, buffer.expect("on the stack").ty), Ok(Some(64)));
}

#[test]
fn an_instance_has_the_variables_of_its_function() {
    let dwarf = program();
    let twice = dwarf.function(one(&dwarf, "twice")).expect("sound");
    let values: Vec<Location> = twice
        .inlined
        .iter()
        .map(|instance| {
            named(&dwarf.variables(*instance, Site::Entry).expect("sound"), "value").location.clone()
        })
        .collect();
    assert!(values.contains(&Location::Value(vec![Op::Constant(7)])), "twice(7): {values:?}");
}

#[test]
fn records_of_every_kind_of_member() {
    for options in [&[][..], &["-gdwarf-4"], &["-gdwarf-3", "-gstrict-dwarf"], &["-gz"], &["-O0"]] {
        let dwarf = open(fixture::program(options));
        let expected = [
            ("flag_a", 0, Some(1)),
            ("flag_b", 1, Some(3)),
            ("flag_c", 4, Some(12)),
            ("", 64, None),
            ("name", 128, None),
            ("colour", 192, None),
            ("parts", 256, None),
            ("callback", 1024, None),
            ("next", 1088, None),
            ("tail", 1152, None),
        ];
        assert_eq!(members(&dwarf, "shape"), expected, "{options:?}");
        let shape = record(&dwarf, "shape");
        let second =
            types::find_member(&dwarf, &shape, Symbol::new("second")).expect("sound").expect("there");
        assert_eq!(second.bit_offset, 96, "{options:?}");
        assert_eq!((shape.bytes, shape.union), (144, false), "{options:?}");
    }
}

#[test]
fn types_of_every_kind() {
    let dwarf = program();
    let shape = record(&dwarf, "shape");
    let member = |name: &str| {
        let found = types::find_member(&dwarf, &shape, Symbol::new(name)).expect("sound").expect(name);
        types::peel(&dwarf, found.ty).expect("sound").1
    };
    let Type::Array(Array { element, count: Some(3) }) = member("parts") else {
        panic!("{:?}", member("parts"))
    };
    let Ok((_, Type::Array(Array { element, count: Some(2) }))) = types::peel(&dwarf, element) else {
        panic!("the inner dimension")
    };
    assert_eq!(types::size_of(&dwarf, element), Ok(Some(16)));
    assert!(matches!(member("tail"), Type::Array(Array { count: None, .. })));
    let Type::Enum(Enum { name: Some(name), bytes: 4, signed: true, values }) = member("colour") else {
        panic!("{:?}", member("colour"))
    };
    assert_eq!(name.as_str(), "colour");
    let values: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(values, [("RED", 0), ("GREEN", 7), ("BLUE", -2)]);
    let Type::Pointer(function) = member("callback") else { panic!("{:?}", member("callback")) };
    let Ok(Type::Function(signature)) = DebugInfo::ty(&dwarf, function.number) else { panic!("a function") };
    assert_eq!((signature.params.len(), signature.variadic), (2, false));
    let Type::Pointer(text) = member("name") else { panic!("{:?}", member("name")) };
    let Ok((_, Type::Int(char))) = types::peel(&dwarf, text) else { panic!("a character") };
    assert_eq!((char.bytes, char.signed, char.encoding), (1, true, Encoding::Character));
    let pointer = dwarf.type_named(TypeKind::Plain, "shape_ptr").expect("sound").expect("there");
    assert!(matches!(types::peel(&dwarf, pointer), Ok((_, Type::Pointer(_)))));
    assert_eq!(dwarf.type_named(TypeKind::Union, "shape"), Ok(None));
    assert_eq!(dwarf.enumerator("BLUE"), Ok(Some(-2)));
    assert_eq!(dwarf.enumerator("PURPLE"), Ok(None));
}

#[test]
fn globals_of_the_file_that_is_meant() {
    let dwarf = program();
    let place = |file| dwarf.global("file_static", file).expect("sound").map(|variable| variable.location);
    let first = place(Some("shapes.c")).expect("there");
    let second = place(Some("second.c")).expect("there");
    assert_ne!(first, second);
    assert_eq!(place(Some("apes.c")), None, "half a name");
    let global = dwarf.global("global_shape", None).expect("sound").expect("there");
    assert!(matches!(global.location, Location::Memory(ref ops) if matches!(ops[..], [Op::Address(_)])));
    assert_eq!(global.role, Role::Global);
}

#[test]
fn labels_and_lines() {
    let dwarf = program();
    let labelled = one(&dwarf, "labelled");
    let labels = dwarf.labels(labelled).expect("sound");
    assert_eq!(labels.iter().map(|label| label.name.as_str()).collect::<Vec<_>>(), ["done"]);
    let statements = dwarf.statements(labelled).expect("sound");
    let function = dwarf.function(labelled).expect("sound");
    assert_eq!(statements.first().map(|first| first.address), function.entry);
    assert!(statements.iter().any(|statement| statement.file.as_str() == "shapes.c" && statement.line == 56));
    assert!(statements.windows(2).all(|two| two[0].address <= two[1].address));
}

#[test]
fn an_unlinked_file_says_the_same_with_addresses_of_its_own() {
    let (linked, unlinked) = (program(), open(fixture::relocatable(&[])));
    assert_eq!(members(&linked, "shape"), members(&unlinked, "shape"));
    let area = unlinked.function(one(&unlinked, "area")).expect("sound");
    let text = unlinked.file.sections.iter().find(|section| section.name == ".text").expect("it has code");
    let entry = area.entry.expect("it has code");
    assert!(text.code && (text.address..text.address + text.size).contains(&entry));
    let offset = |dwarf: &Dwarf, from: &str, to: &str| {
        let entry = |name| dwarf.function(one(dwarf, name)).expect("sound").entry.expect("code");
        entry(to).wrapping_sub(entry(from))
    };
    assert_eq!(offset(&linked, "area", "by_value"), offset(&unlinked, "area", "by_value"));
    let lines = |dwarf: &Dwarf| dwarf.statements(one(dwarf, "area")).expect("sound").len();
    assert_eq!(lines(&linked), lines(&unlinked));
}

#[test]
fn the_index_is_made_once_and_made_again_when_it_is_cut_off() {
    let host = MemoryHost::new();
    let path = Path::new("/cache/ab/dwarf_abcdef01.index");
    let open = || {
        let file = DebugFile::new(Path::new("/f"), fixture::program(&[]).into(), None).expect("sound");
        Dwarf::new(&host, Some(Path::new("/cache")), ObjectId::KERNEL, file).expect("sound")
    };
    let answers = |dwarf: &Dwarf| {
        let mut names = Vec::new();
        dwarf.each_function(&mut |name, id| names.push((name.to_owned(), id))).expect("sound");
        names
    };
    let first = answers(&open());
    assert!(first.len() >= 8, "{first:?}");
    assert!(first.is_sorted());
    let whole = host.read(path).expect("it is kept");
    let before = host.stat(path).expect("there");
    assert_eq!(answers(&open()), first);
    assert_eq!(host.stat(path).expect("there"), before, "it is not written again");
    host.write(path, &whole[..whole.len() - 1]).expect("written");
    assert_eq!(answers(&open()), first);
    assert_eq!(host.read(path).expect("there"), whole);
}

/// Asks everything about everything; what comes out does not matter, that it ends does.
fn ask_all(dwarf: &Dwarf) {
    let mut functions = Vec::new();
    let mut visit = |_: &str, id| functions.push(id);
    let _ = dwarf.each_function(&mut visit);
    let mut pending = Vec::new();
    for id in functions.into_iter().take(100) {
        let Ok(function) = dwarf.function(id) else { continue };
        pending.extend(function.result);
        let statements = dwarf.statements(id).unwrap_or_default();
        let sites = statements.iter().take(3).map(|statement| Site::Address(statement.address));
        for site in sites.chain([Site::Entry]) {
            pending.extend(dwarf.variables(id, site).unwrap_or_default().iter().map(|variable| variable.ty));
        }
        let _ = dwarf.labels(id);
        for instance in function.inlined.into_iter().take(10) {
            let _ = (dwarf.function(instance), dwarf.variables(instance, Site::Entry));
        }
    }
    pending.extend(dwarf.type_named(TypeKind::Struct, "shape").ok().flatten());
    let mut seen = FxHashSet::default();
    while let Some(id) = pending.pop() {
        if !seen.insert(id) || seen.len() > 1000 {
            continue;
        }
        let _ = types::size_of(dwarf, id);
        match DebugInfo::ty(dwarf, id.number) {
            Ok(Type::Record(record)) => pending.extend(record.members.iter().map(|member| member.ty)),
            Ok(Type::Pointer(target) | Type::Typedef(_, target) | Type::Qualified(_, target)) => {
                pending.push(target)
            }
            Ok(Type::Array(array)) => pending.push(array.element),
            _ => {}
        }
    }
    let _ = (dwarf.global("file_static", None), dwarf.enumerator("RED"));
}

fn ask_broken(bytes: Vec<u8>) {
    let Ok(file) = DebugFile::new(Path::new("/broken"), bytes.into(), None) else { return };
    if let Ok(dwarf) = Dwarf::new(&MemoryHost::new(), None, ObjectId::KERNEL, file) {
        ask_all(&dwarf);
    }
}

#[test]
fn broken_files_are_refused_or_borne() {
    let whole = fixture::program(&[]);
    ask_broken(whole.clone());
    for cut in (0..whole.len()).step_by(whole.len() / 40) {
        ask_broken(whole[..cut].to_vec());
    }
    // Any numbers do, so long as they are the same in each run.
    let mut random: u64 = 88_172_645_463_325_252;
    for _ in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..4 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let at = random as usize % bytes.len();
            bytes[at] ^= 1 << (random >> 60 & 7);
        }
        ask_broken(bytes);
    }
}

proptest::proptest! {
    /// Whatever an expression says, it is understood or refused; operations are drawn more often than other bytes.
    #[test]
    fn any_expression_is_understood_or_refused(
        words in proptest::collection::vec((0x03u8..0xaa, proptest::collection::vec(0u8..=255, 0..4)), 0..20)
    ) {
        let bytes: Vec<u8> = words.into_iter().flat_map(|(op, rest)| [vec![op], rest].concat()).collect();
        let dwarf = shared();
        let unit = dwarf.units.load(&dwarf.file.dwarf, 0).expect("it has a unit");
        let base = || Ok(vec![Op::Register(7, 8)]);
        let context = expression::Context { dwarf, unit: &unit, entry: false, cfa: &base, frame_base: &base };
        let reader = gimli::EndianSlice::new(bytes.leak(), gimli::LittleEndian);
        let located = expression::locate(&context, gimli::Expression(reader));
        if let Ok(Location::Memory(ops) | Location::Value(ops)) = located {
            proptest::prop_assert!(ops.len() < 1000);
        }
    }
}

/// The program, read once for many questions.
fn shared() -> &'static Dwarf {
    thread_local!(static DWARF: &'static Dwarf = Box::leak(Box::new(program())));
    DWARF.with(|dwarf| *dwarf)
}
