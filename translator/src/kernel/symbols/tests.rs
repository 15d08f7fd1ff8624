use super::kallsyms::{Row, read};
use super::*;

/// The tables of some symbols as scripts/kallsyms.c lays them out.
struct Layout {
    /// 6.4 put the addresses behind the tokens.
    since_6_4: bool,
    percpu: bool,
    /// Bytes before everything.
    lead: usize,
}

const BASE: u64 = 0xffff_ffff_8100_0000;

/// Codes 128 to 130 stand for these; all others for themselves.
const PACKED: [&str; 3] = ["vfs_", "read", "symbol_of_a_length_"];

fn pack(text: &str) -> Vec<u8> {
    let mut text = text.to_owned();
    for (code, token) in PACKED.iter().enumerate() {
        text = text.replace(token, &char::from(1 + code as u8).to_string());
    }
    text.bytes().map(|byte| if byte < 8 { byte + 127 } else { byte }).collect()
}

fn align(data: &mut Vec<u8>, to: usize) {
    data.resize(data.len().next_multiple_of(to), 0);
}

fn image(layout: &Layout, symbols: &[(u64, u8, String)]) -> Vec<u8> {
    let mut data = vec![0xcc; layout.lead];
    align(&mut data, 8);
    let offsets: Vec<u8> = symbols
        .iter()
        .flat_map(|(address, _, _)| {
            let offset = match (layout.percpu, *address) {
                (true, small @ ..0x8000_0000) => small as i32,
                (true, address) => -((address - BASE + 1) as i64) as i32,
                (false, address) => (address - BASE) as i32,
            };
            offset.to_le_bytes()
        })
        .collect();
    let place = |data: &mut Vec<u8>| {
        data.extend(&offsets);
        align(data, 8);
        data.extend(BASE.to_le_bytes());
    };
    if !layout.since_6_4 {
        place(&mut data);
    }
    data.extend((symbols.len() as u32).to_le_bytes());
    align(&mut data, 8);
    let start = data.len();
    let mut markers = Vec::new();
    for (number, (_, kind, name)) in symbols.iter().enumerate() {
        if number % 256 == 0 {
            markers.extend(((data.len() - start) as u32).to_le_bytes());
        }
        let codes = pack(&format!("{}{name}", char::from(*kind)));
        match codes.len() {
            length @ ..128 => data.push(length as u8),
            length => data.extend([length as u8 & 0x7f | 0x80, (length >> 7) as u8]),
        }
        data.extend(codes);
    }
    align(&mut data, 8);
    data.extend(markers);
    align(&mut data, 8);
    let tokens = data.len();
    let mut index = Vec::new();
    for code in 0..=255u8 {
        index.extend(((data.len() - tokens) as u16).to_le_bytes());
        match code {
            128..=130 => data.extend(PACKED[usize::from(code) - 128].bytes()),
            0 => data.push(b'?'),
            code => data.push(code),
        }
        data.push(0);
    }
    align(&mut data, 8);
    data.extend(index);
    if layout.since_6_4 {
        align(&mut data, 8);
        place(&mut data);
    }
    data.extend([0xcc; 64]);
    data
}

fn symbols(percpu: bool) -> Vec<(u64, u8, String)> {
    let mut all: Vec<_> =
        (0..700u64).map(|n| (BASE + n * 16, b'T', format!("vfs_{n}_symbol_of_a_length_{n}"))).collect();
    all[5].2 = format!("vfs_read_{}", "x".repeat(200));
    if percpu {
        all.insert(0, (0x1000, b'D', "per_cpu_thing".to_owned()));
    }
    all
}

#[test]
fn tables_of_both_orders_are_found_wherever_they_lie() {
    for since_6_4 in [false, true] {
        for percpu in [false, true] {
            for lead in [0, 17, 4096] {
                let expected = symbols(percpu);
                let rows = read(&image(&Layout { since_6_4, percpu, lead }, &expected)).expect("found");
                let expected: Vec<Row> =
                    expected.into_iter().map(|(address, kind, name)| Row { address, kind, name }).collect();
                let odd = rows.iter().zip(&expected).find(|(found, expected)| found != expected);
                assert_eq!(odd, None, "since_6_4 {since_6_4}, percpu {percpu}, lead {lead}");
                assert_eq!(rows.len(), expected.len());
            }
        }
    }
}

#[test]
fn broken_tables_are_none_and_end_soon() {
    let whole = image(&Layout { since_6_4: true, percpu: true, lead: 8 }, &symbols(true));
    for cut in (0..whole.len()).step_by(97) {
        let _ = read(&whole[..cut]);
        let mut changed = whole.clone();
        changed[cut] ^= 0xff;
        if let Some(rows) = read(&changed) {
            assert!(rows.iter().all(|row| !row.name.is_empty()));
        }
    }
    assert_eq!(read(b""), None);
    assert_eq!(read(&b"0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00".repeat(4000)), None);
}

fn map(text: &str) -> Symbols {
    Symbols::of_text(text.to_owned(), PathBuf::from("System.map"), None)
}

#[test]
fn functions_are_text_that_stays() {
    let symbols = map(
        "ffffffff81000000 T _text\nffffffff81000000 T first\nffffffff81000010 t __pfx_vfs_read\n\
                       ffffffff81000020 T vfs_read\nffffffff81000800 T _etext\nffffffff82000000 D data\n\
                       ffffffff83000000 T _sinittext\nffffffff83000010 t starts\nffffffff83001000 T _einittext\n",
    );
    let names: Vec<_> = symbols.functions().map(|symbol| symbol.name).collect();
    assert_eq!(names, ["_text", "first", "vfs_read"]);
    assert_eq!(symbols.named("data").map(|symbol| symbol.kind), Some(b'D'));
    assert_eq!(symbols.named("nothing"), None);
}

#[test]
fn lines_that_are_none_are_passed_over() {
    let symbols = map("\nno address\nffffffff81000000 T\nffffffff81000000 T ok\nzz T bad\n");
    assert_eq!(symbols.iter().map(|symbol| symbol.name).collect::<Vec<_>>(), ["ok"]);
}
