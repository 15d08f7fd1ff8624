//! What something is made of, as one number.
//!
//! Two different questions are asked. The [`Key`] is made of contents alone. The [`Stamp`] tells whether the programs
//! that built something have been replaced since.

use std::fmt;

/// The identity of something that was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 16]);

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// Collects the parts of a key. Each part is framed by name and length: no two lists of parts look alike.
pub struct KeyBuilder(blake3::Hasher);

impl KeyBuilder {
    /// A key of this kind of thing, made by this version of stap.
    pub fn new(kind: &str) -> Self {
        KeyBuilder(blake3::Hasher::new()).part("kind", kind).part("version", env!("CARGO_PKG_VERSION"))
    }

    /// Adds a part.
    pub fn part(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        for piece in [name.as_bytes(), value.as_ref()] {
            self.0.update(&(piece.len() as u64).to_le_bytes());
            self.0.update(piece);
        }
        self
    }

    /// The key.
    pub fn finish(self) -> Key {
        let mut short = [0; 16];
        short.copy_from_slice(&self.0.finalize().as_bytes()[..16]);
        Key(short)
    }
}

/// Which programs do the work, by their stats; empty where nothing but our own code did it.
pub type Stamp = String;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = |parts: &[(&str, &str)]| {
            parts
                .iter()
                .fold(KeyBuilder::new("x"), |builder, (name, value)| builder.part(name, value))
                .finish()
        };
        assert_eq!(key(&[("a", "b")]), key(&[("a", "b")]));
        assert_ne!(key(&[("a", "bc")]), key(&[("ab", "c")]));
        assert_ne!(key(&[("a", "b"), ("c", "d")]), key(&[("a", "bcd")]));
        assert_eq!(key(&[]).to_string().len(), 32);
    }
}
