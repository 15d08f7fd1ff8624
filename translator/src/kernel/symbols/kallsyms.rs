//! The tables in which a kernel keeps its own symbols (CONFIG_KALLSYMS; scripts/kallsyms.c writes, kernel/kallsyms.c
//! reads them), found in an image that nothing points into.
//!
//! Names are packed: each is a length and so many codes, a code stands for a token, the first letter of the whole is the
//! symbol's kind. Where things lie, all before 6.4 and since:
//!
//! ```text
//! offsets base | num_syms names markers [seqs] tokens index
//!                num_syms names markers        tokens index | offsets base [seqs]
//! ```
//!
//! Each table proves itself: the index tells where each token begins; markers tell where each 256th name begins; offsets
//! rise. What does not is passed over, so that a file made to harm costs time bounded by its size.

/// A symbol as the tables have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it was linked to; 0 when the table of addresses was not found.
    pub address: u64,
    /// The letter that nm gives its kind.
    pub kind: u8,
    /// Its name.
    pub name: String,
}

/// Codes for the digits stand for themselves: no kernel has names that use up the other 246.
const DIGITS: &[u8] = b"0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00";

/// Fewer are no kernel, more are none that exists.
const COUNTS: std::ops::RangeInclusive<u32> = 256..=(4 << 20);

/// Longest token, longest name (KSYM_NAME_LEN is 512), and padding between tables.
const MAX_TOKEN: usize = 512;
const MAX_NAME: usize = 512;
const MAX_PADDING: usize = 16;

/// All symbols in the read-only data of a kernel, in the order of their addresses; `None` when it has no such tables.
pub fn read(data: &[u8]) -> Option<Vec<Row>> {
    let mut from = 0;
    while let Some(found) = data.get(from..)?.windows(DIGITS.len()).position(|window| window == DIGITS) {
        let digits = from + found;
        if let Some(tokens) = Tokens::around(data, digits)
            && let Some(names) = Names::before(data, &tokens)
        {
            return rows(data, &tokens, &names);
        }
        from = digits + 1;
    }
    None
}

/// The table of tokens with its index.
struct Tokens<'d> {
    start: usize,
    end: usize,
    texts: Vec<&'d [u8]>,
}

impl<'d> Tokens<'d> {
    /// The table whose codes for digits lie at `digits`.
    fn around(data: &'d [u8], digits: usize) -> Option<Tokens<'d>> {
        let mut start = digits;
        for _ in 0..b'0' {
            let before = &data[..start];
            let (0, text) = before.split_last().map(|(last, text)| (*last, text))? else { return None };
            let reach = &text[text.len().saturating_sub(MAX_TOKEN)..];
            start -= 1 + reach.iter().rev().position(|&byte| byte == 0)?;
        }
        let mut texts = Vec::with_capacity(256);
        let mut index = Vec::with_capacity(512);
        let mut at = start;
        for _ in 0..256 {
            index.extend(u16::try_from(at - start).ok()?.to_le_bytes());
            let rest = &data[at..];
            let length = rest.iter().take(MAX_TOKEN).position(|&byte| byte == 0)?;
            texts.push(&rest[..length]);
            at += length + 1;
        }
        let at = padded(data, at, |at| data.get(at..at + index.len()) == Some(&index[..]))?;
        Some(Tokens { start, end: at + index.len(), texts })
    }

    /// The text of packed bytes: a kind and a name.
    fn unpack(&self, codes: &[u8]) -> Option<(u8, String)> {
        let mut text = Vec::with_capacity(32);
        for &code in codes {
            text.extend_from_slice(self.texts[usize::from(code)]);
            if text.len() > MAX_NAME {
                return None;
            }
        }
        let (kind, name) = text.split_first()?;
        let plain = !name.is_empty() && name.iter().all(u8::is_ascii_graphic) && kind.is_ascii_alphabetic();
        plain.then(|| (*kind, String::from_utf8_lossy(name).into_owned()))
    }
}

/// The table of names.
struct Names<'d> {
    /// Where the number of symbols stands.
    count_at: usize,
    packed: Vec<&'d [u8]>,
}

impl<'d> Names<'d> {
    /// The names that a table of tokens belongs to: the nearest ones before it.
    fn before(data: &'d [u8], tokens: &Tokens<'d>) -> Option<Names<'d>> {
        let data = &data[..tokens.start];
        (0..data.len() / 4).rev().map(|word| word * 4).find_map(|at| {
            let count = word(data, at)?;
            // Each name has a length and a code at least.
            if !COUNTS.contains(&count) || data.len() - at < count as usize * 2 {
                return None;
            }
            [4, 8].iter().find_map(|after| Names::at(data, tokens, at, at + after, count))
        })
    }

    fn at(
        data: &'d [u8],
        tokens: &Tokens<'d>,
        count_at: usize,
        start: usize,
        count: u32,
    ) -> Option<Names<'d>> {
        let mut packed = Vec::new();
        let mut markers = Vec::new();
        let mut at = start;
        for number in 0..count {
            if number % 256 == 0 {
                markers.extend(u32::try_from(at - start).ok()?.to_le_bytes());
            }
            let (codes, next) = packed_name(data, at)?;
            // Most places that are none show it at once.
            if number < 4 {
                tokens.unpack(codes)?;
            }
            packed.push(codes);
            at = next;
        }
        padded(data, at, |at| data.get(at..at + markers.len()) == Some(&markers[..]))?;
        Some(Names { count_at, packed })
    }
}

/// One packed name and what follows it. Since 6.1 a length above 127 takes two bytes, the low seven bits first.
fn packed_name(data: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let first = usize::from(*data.get(at)?);
    let (length, start) = match first & 0x80 {
        0 => (first, at + 1),
        _ => (first & 0x7f | usize::from(*data.get(at + 1)?) << 7, at + 2),
    };
    let codes = data.get(start..start + length)?;
    (length > 0).then_some((codes, start + length))
}

fn rows(data: &[u8], tokens: &Tokens<'_>, names: &Names<'_>) -> Option<Vec<Row>> {
    let count = names.packed.len();
    let addresses = addresses_before(data, names.count_at, count)
        .or_else(|| addresses_after(data, tokens.end, count))
        .unwrap_or_else(|| vec![0; count]);
    let row = |(codes, address): (&&[u8], u64)| {
        let (kind, name) = tokens.unpack(codes)?;
        Some(Row { address, kind, name })
    };
    names.packed.iter().zip(addresses).map(row).collect()
}

/// Addresses up to 6.3: the base is the number before that of symbols, offsets end there.
fn addresses_before(data: &[u8], count_at: usize, count: usize) -> Option<Vec<u64>> {
    let base_at = count_at.checked_sub(8)?;
    let start = base_at.checked_sub(count * 4)?;
    [0, 4].into_iter().find_map(|pad| addresses(data, start.checked_sub(pad)?, base_at, count))
}

/// Addresses since 6.4: behind the index of tokens.
fn addresses_after(data: &[u8], end: usize, count: usize) -> Option<Vec<u64>> {
    (0..MAX_PADDING).step_by(4).find_map(|pad| {
        let start = end + pad;
        let base = start + count * 4;
        [base, base + 4].into_iter().find_map(|base| addresses(data, start, base, count))
    })
}

/// The addresses of one place. On machines with many CPUs an offset that is not negative is no offset but a place in
/// each CPU's own data, and others count down from the base.
fn addresses(data: &[u8], start: usize, base_at: usize, count: usize) -> Option<Vec<u64>> {
    let base = u64::from_le_bytes(data.get(base_at..base_at.checked_add(8)?)?.try_into().ok()?);
    // Kernels lie at the upper end of what 64-bit machines can address, and begin with a page.
    if base >> 48 != 0xffff || !base.is_multiple_of(4096) {
        return None;
    }
    let offsets = data.get(start..start.checked_add(count * 4)?)?;
    let offsets =
        offsets.chunks_exact(4).map(|four| i32::from_le_bytes([four[0], four[1], four[2], four[3]]));
    let signed: Vec<u64> = offsets
        .clone()
        .map(|offset| match offset {
            0.. => offset as u64,
            _ => base.wrapping_sub(1).wrapping_add(u64::from((-i64::from(offset)) as u32)),
        })
        .collect();
    let plain = offsets.map(|offset| base.wrapping_add(u64::from(offset as u32)));
    let percpu = signed.last().is_some_and(|last| *last >> 63 == 1);
    let found = if percpu { signed } else { plain.collect() };
    (found.is_sorted() && found.first() < found.last()).then_some(found)
}

/// The first place at or behind `at`, with nothing but zeros between, that fits.
fn padded(data: &[u8], at: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    (at..=at + MAX_PADDING).take_while(|&end| at == end || data.get(end - 1) == Some(&0)).find(|&at| fits(at))
}

fn word(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(data.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
