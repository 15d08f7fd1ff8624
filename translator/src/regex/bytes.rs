//! Sets of bytes, and which bytes a pattern never tells apart.

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ByteSet([u64; 4]);

impl ByteSet {
    /// Every byte that a subject can hold.
    pub fn any() -> ByteSet {
        ByteSet::default().negated()
    }

    /// The bytes that `test` picks.
    pub fn of(test: impl Fn(u8) -> bool) -> ByteSet {
        let mut set = ByteSet::default();
        (0..=255).filter(|&byte| test(byte)).for_each(|byte| set.insert(byte));
        set
    }

    /// Adds a byte.
    pub fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    /// Adds the bytes of another set.
    pub fn extend(&mut self, other: &ByteSet) {
        self.0.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
    }

    /// Whether a byte is in it.
    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    /// All other bytes. NUL ends the subject, so no set that is made so holds it.
    pub fn negated(&self) -> ByteSet {
        let mut set = ByteSet(self.0.map(|word| !word));
        set.0[0] &= !1;
        set
    }
}

/// The set of a bracket class, `None` if there is none of that name.
pub fn named(name: &str) -> Option<ByteSet> {
    Some(match name {
        "alpha" => ByteSet::of(|b| b.is_ascii_alphabetic()),
        "alnum" => ByteSet::of(|b| b.is_ascii_alphanumeric()),
        "blank" => ByteSet::of(|b| b == b' ' || b == b'\t'),
        // The peer's own spelling stands beside that of POSIX.
        "cntrl" | "ctrl" => ByteSet::of(|b| b != 0 && b.is_ascii_control()),
        "digit" | "d" => ByteSet::of(|b| b.is_ascii_digit()),
        "xdigit" => ByteSet::of(|b| b.is_ascii_hexdigit()),
        "graph" => ByteSet::of(|b| b.is_ascii_graphic()),
        "lower" | "l" => ByteSet::of(|b| b.is_ascii_lowercase()),
        "print" => ByteSet::of(|b| b.is_ascii_graphic() || b == b' '),
        "punct" => ByteSet::of(|b| b.is_ascii_punctuation()),
        "space" | "s" => ByteSet::of(|b| b == b' ' || (9..=13).contains(&b)),
        "upper" | "u" => ByteSet::of(|b| b.is_ascii_uppercase()),
        _ => return None,
    })
}

/// Classes of bytes that every set of a pattern holds or leaves out together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteClasses {
    /// The class of each byte; classes are numbered as their first bytes come.
    pub of: [u8; 256],
    /// How many there are.
    pub count: usize,
}

impl ByteClasses {
    /// The coarsest classes for these sets.
    pub fn new<'s>(sets: impl Iterator<Item = &'s ByteSet>) -> ByteClasses {
        let mut classes = ByteClasses { of: [0; 256], count: 1 };
        for set in sets {
            classes.split(set);
        }
        classes
    }

    fn split(&mut self, set: &ByteSet) {
        let mut renamed: Vec<(u8, bool)> = Vec::new();
        for byte in 0..=255u8 {
            let key = (self.of[usize::from(byte)], set.contains(byte));
            let class = renamed.iter().position(|&known| known == key).unwrap_or_else(|| {
                renamed.push(key);
                renamed.len() - 1
            });
            // There are at most 256 classes, one a byte.
            self.of[usize::from(byte)] = class as u8;
        }
        self.count = renamed.len();
    }

    /// A byte of each class.
    pub fn samples(&self) -> Vec<u8> {
        let first = |class| self.of.iter().position(|&of| usize::from(of) == class).unwrap_or(0);
        (0..self.count).map(|class| first(class) as u8).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_what_was_put_in() {
        let digits = named("digit").expect("a class");
        assert!((0..=255).all(|b| digits.contains(b) == b.is_ascii_digit()));
        assert!((1..=255).all(|b| digits.negated().contains(b) != digits.contains(b)));
        assert!(!ByteSet::any().contains(0));
        assert_eq!(named("word"), None);
    }

    #[test]
    fn classes_are_as_few_as_can_be() {
        let sets = [named("digit").expect("a class"), named("xdigit").expect("a class")];
        let classes = ByteClasses::new(sets.iter());
        assert_eq!(classes.count, 3);
        assert_eq!(classes.of[usize::from(b'a')], classes.of[usize::from(b'F')]);
        assert_ne!(classes.of[usize::from(b'a')], classes.of[usize::from(b'0')]);
        assert_eq!(classes.samples(), [0, b'0', b'A']);
    }
}
