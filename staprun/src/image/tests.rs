use super::*;

const RELEASE: &str = "6.1.0-56-amd64";

/// Sections of a small module: name and bytes.
type Sections<'a> = Vec<(&'a str, Vec<u8>)>;

fn modinfo(entries: &[&str]) -> Vec<u8> {
    entries.iter().flat_map(|entry| [entry.as_bytes(), b"\0"].concat()).collect()
}

fn this_module(name: &str) -> Vec<u8> {
    let mut bytes = vec![0; 24];
    bytes.extend(name.as_bytes());
    bytes.resize(24 + 56 + 64, 0);
    bytes
}

fn good_sections() -> Sections<'static> {
    vec![
        (
            ".modinfo",
            modinfo(&[
                "description=systemtap-generated probe",
                "name=stap_0123456789abcdef",
                "vermagic=6.1.0-56-amd64 SMP preempt mod_unload modversions ",
            ]),
        ),
        (".gnu.linkonce.this_module", this_module("stap_0123456789abcdef")),
        (".stap_privilege", 8u32.to_ne_bytes().to_vec()),
    ]
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// An ELF file for x86-64 with these sections, laid out by hand: header, contents, names, section headers.
fn elf(sections: &Sections) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    let mut names = vec![0];
    let mut headers = vec![[0u8; 64]];
    for (name, data) in sections {
        headers.push(section_header(names.len(), 1, bytes.len(), data.len()));
        names.extend([name.as_bytes(), b"\0"].concat());
        bytes.extend(data);
    }
    let names_name = names.len();
    names.extend(b".shstrtab\0");
    headers.push(section_header(names_name, 3, bytes.len(), names.len()));
    bytes.extend(&names);
    let table = bytes.len() as u64;
    bytes.extend(headers.concat());
    put(&mut bytes, 0, b"\x7fELF\x02\x01\x01");
    put(&mut bytes, 16, &1u16.to_le_bytes());
    put(&mut bytes, 18, &62u16.to_le_bytes());
    put(&mut bytes, 20, &1u32.to_le_bytes());
    put(&mut bytes, 40, &table.to_le_bytes());
    put(&mut bytes, 52, &64u16.to_le_bytes());
    put(&mut bytes, 58, &64u16.to_le_bytes());
    put(&mut bytes, 60, &(headers.len() as u16).to_le_bytes());
    put(&mut bytes, 62, &(headers.len() as u16 - 1).to_le_bytes());
    bytes
}

fn section_header(name: usize, kind: u32, offset: usize, size: usize) -> [u8; 64] {
    let mut header = [0; 64];
    put(&mut header, 0, &(name as u32).to_le_bytes());
    put(&mut header, 4, &kind.to_le_bytes());
    put(&mut header, 24, &(offset as u64).to_le_bytes());
    put(&mut header, 32, &(size as u64).to_le_bytes());
    header
}

fn verify(bytes: Vec<u8>) -> Result<VerifiedModule> {
    VerifiedModule::verify(OpenedModule { path: "m.ko".into(), bytes }, RELEASE)
}

fn refusal(sections: &Sections) -> String {
    verify(elf(sections)).unwrap_err().to_string()
}

#[test]
fn a_good_module_is_renamed_in_both_places() {
    let mut module = verify(elf(&good_sections())).unwrap();
    assert_eq!(module.name().as_str(), "stap_0123456789abcdef");
    assert!(!module.is_signed());
    assert!(module.rename(4321));
    assert_eq!(module.name().as_str(), "stap_0123456789a_4321");
    let again = verify(module.bytes().to_vec()).unwrap();
    assert_eq!(again.name(), module.name());
    assert!(!module.bytes().windows(8).any(|window| window == b"9abcdef\0"));
}

#[test]
fn a_signed_module_keeps_its_name() {
    let mut bytes = elf(&good_sections());
    bytes.extend(b"signature bytes~Module signature appended~\n");
    let mut module = verify(bytes.clone()).unwrap();
    assert!(module.is_signed() && !module.rename(4321));
    assert_eq!(module.bytes(), bytes);
}

#[test]
fn a_module_of_another_kernel_is_refused() {
    let module = OpenedModule { path: "m.ko".into(), bytes: elf(&good_sections()) };
    let error = VerifiedModule::verify(module, "6.12.117+deb12-amd64").unwrap_err().to_string();
    assert!(error.contains("module release mismatch (6.1.0-56-amd64 vs 6.12.117+deb12-amd64)"), "{error}");
    assert!(error.contains("stap -r 6.12.117+deb12-amd64"));
}

#[test]
fn a_module_of_others_is_refused() {
    let mut sections = good_sections();
    sections.pop();
    assert!(verify(elf(&sections)).is_ok());
    sections[0].1 = modinfo(&["name=stap_0123456789abcdef", "vermagic=6.1.0-56-amd64 SMP"]);
    assert!(refusal(&sections).contains("not one that stap made"));
}

#[test]
fn names_must_be_names_and_agree() {
    let mut sections = good_sections();
    sections[1].1 = this_module("ext4");
    assert!(refusal(&sections).contains("its two names differ"));
    sections[1].1 = Vec::new();
    assert!(refusal(&sections).contains("its two names differ"));
    sections.remove(1);
    assert!(refusal(&sections).contains("it has no struct module"));
    for name in ["name=", "name=../x", "name=a b"] {
        let mut sections = good_sections();
        let entries = ["description=systemtap-generated probe", name, "vermagic=6.1.0-56-amd64 "];
        sections[0].1 = modinfo(&entries);
        assert!(refusal(&sections).contains("its name is not a module's name"), "{name}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let mut sections = good_sections();
    sections[0].1 = modinfo(&["description=systemtap-generated probe", "name=stap_0123456789abcdef"]);
    assert!(refusal(&sections).contains("it has no vermagic"));
    sections.remove(0);
    assert!(refusal(&sections).contains("it has no .modinfo"));
    assert!(refusal(&Vec::new()).contains("it has no .modinfo"));
}

#[test]
fn other_files_are_no_modules() {
    let whole = elf(&good_sections());
    let changed = |at: usize, value: u8| {
        let mut bytes = whole.clone();
        bytes[at] = value;
        verify(bytes).unwrap_err().to_string()
    };
    assert!(verify(b"#!/bin/sh\n".to_vec()).unwrap_err().to_string().contains("no 64-bit ELF file"));
    assert!(verify(Vec::new()).unwrap_err().to_string().contains("no 64-bit ELF file"));
    assert!(changed(4, 1).contains("no 64-bit ELF file"));
    assert!(changed(5, 2).contains("no 64-bit ELF file"));
    assert!(changed(16, 2).contains("a program or a library"));
    assert!(changed(18, 183).contains("another processor"));
}

#[test]
fn no_cut_and_no_flipped_byte_panics() {
    let whole = elf(&good_sections());
    for len in 0..whole.len() {
        assert!(verify(whole[..len].to_vec()).is_err(), "cut to {len} bytes");
    }
    for at in 0..whole.len() {
        for value in [0, 0x7f, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            if let Ok(mut module) = verify(bytes) {
                module.rename(99);
                assert_eq!(module.bytes().len(), whole.len());
            }
        }
    }
}

#[test]
fn a_section_outside_the_file_is_refused() {
    let whole = elf(&good_sections());
    let table = u64::from_le_bytes(whole[40..48].try_into().unwrap()) as usize;
    for section in 1..3 {
        for field in [24, 32] {
            for value in [u64::MAX, whole.len() as u64 + 1, 1 << 63] {
                let mut bytes = whole.clone();
                put(&mut bytes, table + section * 64 + field, &value.to_le_bytes());
                assert!(verify(bytes).unwrap_err().to_string().contains("is damaged"));
            }
        }
    }
}
