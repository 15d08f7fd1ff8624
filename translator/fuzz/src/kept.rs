//! Inputs as lines of text: what is not printable ASCII is escaped as in a Rust byte string, so that a corpus is one
//! file that people can read and compare.

/// One line for each input.
pub fn write(inputs: &[Vec<u8>]) -> String {
    inputs.iter().map(|input| format!("{}\n", input.escape_ascii())).collect()
}

/// The inputs of such a text; `None` when some line was not written by [`write`].
pub fn read(text: &str) -> Option<Vec<Vec<u8>>> {
    text.lines().map(unescape).collect()
}

fn unescape(line: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line.bytes();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'\\' => escaped(&mut rest)?,
            byte => byte,
        });
    }
    Some(out)
}

fn escaped(rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
    match rest.next()? {
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        byte @ (b'\\' | b'"' | b'\'') => Some(byte),
        b'x' => Some(digit(rest)? << 4 | digit(rest)?),
        _ => None,
    }
}

fn digit(rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
    char::from(rest.next()?).to_digit(16).map(|digit| digit as u8)
}
