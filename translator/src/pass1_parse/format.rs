//! The grammar of printf formats: `%[flags][width][.precision][l]conversion`.

use crate::ir::expr::Conversion;

/// A piece of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bytes as they are.
    Literal(Vec<u8>),
    /// A conversion that takes an argument.
    Spec(Spec),
}

/// A conversion as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The flags `-0+ #` in that order.
    pub flags: [bool; 5],
    /// Width.
    pub width: Option<Size>,
    /// Precision.
    pub precision: Option<Size>,
    /// The conversion.
    pub conversion: Conversion,
}

/// A width or precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A number.
    Fixed(u32),
    /// `*`
    Arg,
}

/// The order of [`Spec::flags`].
const FLAGS: &[u8; 5] = b"-0+ #";
/// Widths beyond this are cut: a value never has more bytes than a string.
const MAX_SIZE: u32 = 65_535;

/// The peer's words for a letter that means nothing, or none at all.
const MISSING: &str = "invalid or missing conversion specifier";

/// Splits a format; the error is SystemTap's wording.
pub fn parse(format: &[u8]) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    let mut literal = Vec::new();
    let mut rest = format;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, rest.first()) {
            (b'%', Some(b'%')) => {
                literal.push(b'%');
                rest = &rest[1..];
            }
            (b'%', _) => {
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                let (spec, after) = parse_spec(rest)?;
                parts.push(Part::Spec(spec));
                rest = after;
            }
            (byte, _) => literal.push(byte),
        }
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

fn parse_spec(mut text: &[u8]) -> Result<(Spec, &[u8]), &'static str> {
    let bare = text.is_empty();
    let mut flags = [false; 5];
    while let Some(flag) = text.first().and_then(|byte| FLAGS.iter().position(|f| f == byte)) {
        flags[flag] = true;
        text = &text[1..];
    }
    let (mut width, after) = parse_size(text);
    text = after;
    let mut precision = None;
    if let Some(after) = text.strip_prefix(b".") {
        (precision, text) = parse_size(after);
        precision = precision.or(Some(Size::Fixed(0)));
    }
    while let Some(after) = text.strip_prefix(b"l") {
        text = after;
    }
    let Some((&letter, after)) = text.split_first() else {
        return Err(if bare { MISSING } else { "trailing incomplete print format conversion" });
    };
    let conversion = if letter == b'b' {
        Conversion::Binary(blob_size(width.take())?)
    } else {
        conversion(letter).ok_or(MISSING)?
    };
    Ok((Spec { flags, width, precision, conversion }, after))
}

fn parse_size(text: &[u8]) -> (Option<Size>, &[u8]) {
    if let Some(after) = text.strip_prefix(b"*") {
        return (Some(Size::Arg), after);
    }
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value =
        text[..digits].iter().fold(0u32, |value, byte| (value * 10 + u32::from(byte - b'0')).min(MAX_SIZE));
    ((digits > 0).then_some(Size::Fixed(value)), &text[digits..])
}

/// The width of `%b` is the number of bytes that it writes.
fn blob_size(width: Option<Size>) -> Result<u8, &'static str> {
    match width {
        None => Ok(8),
        Some(Size::Fixed(size @ (1 | 2 | 4 | 8))) => Ok(size as u8),
        Some(_) => Err("width of %b must be 1, 2, 4 or 8"),
    }
}

fn conversion(letter: u8) -> Option<Conversion> {
    Some(match letter {
        b'd' | b'i' => Conversion::Signed,
        b'u' => Conversion::Unsigned,
        b'o' => Conversion::Octal,
        b'x' => Conversion::Hex,
        b'X' => Conversion::HexUpper,
        b'p' => Conversion::Pointer,
        b'c' => Conversion::Char,
        b's' => Conversion::String,
        b'm' => Conversion::Memory,
        b'M' => Conversion::MemoryHex,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only_spec(format: &[u8]) -> Spec {
        match parse(format).as_deref() {
            Ok([Part::Spec(spec)]) => spec.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_width_precision() {
        let spec = only_spec(b"%-0#12.*lld");
        assert_eq!(spec.flags, [true, true, false, false, true]);
        assert_eq!((spec.width, spec.precision), (Some(Size::Fixed(12)), Some(Size::Arg)));
        assert_eq!(spec.conversion, Conversion::Signed);
    }

    #[test]
    fn percent_signs() {
        assert_eq!(parse(b"100%% of all"), Ok(vec![Part::Literal(b"100% of all".to_vec())]));
        assert_eq!(parse(b"of %"), Err("invalid or missing conversion specifier"));
    }

    #[test]
    fn blobs_have_sizes() {
        assert_eq!(only_spec(b"%4b").conversion, Conversion::Binary(4));
        assert_eq!(only_spec(b"%b").conversion, Conversion::Binary(8));
        assert!(parse(b"%3b").is_err());
    }

    #[test]
    fn unknown_conversions_are_refused() {
        assert_eq!(parse(b"%n"), Err("invalid or missing conversion specifier"));
        assert_eq!(parse(b"%5"), Err("trailing incomplete print format conversion"));
    }
}
