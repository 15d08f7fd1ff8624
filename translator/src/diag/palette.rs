//! The colours of messages on a terminal.

/// What is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `semantic error:` and its like.
    Error,
    /// `WARNING:`
    Warning,
    /// A place: file, line and column.
    Source,
    /// The mark below a source line.
    Caret,
    /// The token in its source line.
    Token,
}

/// The names of the parts in `SYSTEMTAP_COLORS`.
const PARTS: [(&str, Part); 5] = [
    ("error", Part::Error),
    ("warning", Part::Warning),
    ("source", Part::Source),
    ("caret", Part::Caret),
    ("token", Part::Token),
];

/// Colours by part, as numbers of Select Graphic Rendition; none at all by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette(Vec<(Part, String)>);

impl Palette {
    /// The colours that are used when the user names none.
    pub const USUAL: &'static str = "error=01;31:warning=00;33:source=00;34:caret=01:token=01";

    /// Reads `SYSTEMTAP_COLORS`; a text with a mistake means no colours, as the manual page has it.
    pub fn parse(text: &str) -> Palette {
        let pair = |pair: &str| {
            let (name, numbers) = pair.split_once('=')?;
            let (_, part) = PARTS.iter().find(|(known, _)| *known == name)?;
            let digits =
                !numbers.is_empty() && numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b';');
            digits.then(|| (*part, numbers.to_owned()))
        };
        Palette(text.split(':').map(pair).collect::<Option<_>>().unwrap_or_default())
    }

    /// Adds a text in the colour of its part.
    pub fn paint(&self, part: Part, text: &[u8], out: &mut Vec<u8>) {
        let Some((_, numbers)) = self.0.iter().find(|(known, _)| *known == part) else {
            return out.extend_from_slice(text);
        };
        out.extend_from_slice(format!("\x1b[{numbers}m\x1b[K").as_bytes());
        out.extend_from_slice(text);
        out.extend_from_slice(b"\x1b[m\x1b[K");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(palette: &str, part: Part) -> String {
        let mut out = Vec::new();
        Palette::parse(palette).paint(part, b"x", &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_part_has_its_own_colour() {
        assert_eq!(painted(Palette::USUAL, Part::Error), "\x1b[01;31m\x1b[Kx\x1b[m\x1b[K");
        assert_eq!(painted(Palette::USUAL, Part::Caret), "\x1b[01m\x1b[Kx\x1b[m\x1b[K");
        assert_eq!(painted("error=02:caret=05", Part::Token), "x");
    }

    #[test]
    fn a_mistake_means_no_colours() {
        for text in ["", "error", "error=", "error=red", "fault=01", "error=01:caret"] {
            assert_eq!(painted(text, Part::Error), "x", "{text}");
        }
    }
}
