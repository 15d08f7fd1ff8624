//! The rows of the index, each a fixed number of 32-bit words.

/// What the index is made of.
pub trait Row: Copy {
    /// Its size in words.
    const WORDS: usize;
    /// Appends its words.
    fn write(self, words: &mut Vec<u32>);
    /// The row that words stand for.
    fn read(words: [u32; 8]) -> Self;
}

/// The place of a string in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text(pub u32);

/// A function that has code or stands inlined somewhere. Sorted by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionRow {
    /// Its name.
    pub name: Text,
    /// Its DIE: that with the code where there is one.
    pub die: u32,
    /// The address of its code; 0 without.
    pub entry: u64,
    /// The source file that declares it; an empty string when nobody says.
    pub file: Text,
    /// Its line, and in the top bit whether it can be seen outside of its file.
    pub line_external: u32,
    /// Its first inlined instance.
    pub inlined: u32,
    /// How many follow each other.
    pub inlined_count: u32,
}

/// Marks what can be seen outside of its file.
pub const EXTERNAL: u32 = 1 << 31;

/// An inlined instance of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InlinedRow {
    /// The row of its function.
    pub function: u32,
    /// Its DIE.
    pub die: u32,
    /// Its first instruction; 0 when it has none left.
    pub entry: u64,
}

/// A type by its kind and name. Sorted by name, then kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeRow {
    /// Its name.
    pub name: Text,
    /// The discriminant of its kind.
    pub kind: u32,
    /// The DIE of its definition.
    pub die: u32,
}

/// A global or static variable. Sorted by name, then place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariableRow {
    /// Its name.
    pub name: Text,
    /// The DIE that says where it lies.
    pub die: u32,
    /// The source file of its unit.
    pub file: Text,
}

/// A constant of an enumeration. Sorted by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumeratorRow {
    /// Its name.
    pub name: Text,
    /// Its value.
    pub value: i64,
}

fn halves(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}

fn whole(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

impl Row for FunctionRow {
    const WORDS: usize = 8;

    fn write(self, words: &mut Vec<u32>) {
        let [low, high] = halves(self.entry);
        words.extend([self.name.0, self.die, low, high]);
        words.extend([self.file.0, self.line_external, self.inlined, self.inlined_count]);
    }

    fn read([name, die, low, high, file, line_external, inlined, inlined_count]: [u32; 8]) -> Self {
        let entry = whole(low, high);
        FunctionRow { name: Text(name), die, entry, file: Text(file), line_external, inlined, inlined_count }
    }
}

impl Row for InlinedRow {
    const WORDS: usize = 4;

    fn write(self, words: &mut Vec<u32>) {
        let [low, high] = halves(self.entry);
        words.extend([self.function, self.die, low, high]);
    }

    fn read([function, die, low, high, ..]: [u32; 8]) -> Self {
        InlinedRow { function, die, entry: whole(low, high) }
    }
}

impl Row for TypeRow {
    const WORDS: usize = 3;

    fn write(self, words: &mut Vec<u32>) {
        words.extend([self.name.0, self.kind, self.die]);
    }

    fn read([name, kind, die, ..]: [u32; 8]) -> Self {
        TypeRow { name: Text(name), kind, die }
    }
}

impl Row for VariableRow {
    const WORDS: usize = 3;

    fn write(self, words: &mut Vec<u32>) {
        words.extend([self.name.0, self.die, self.file.0]);
    }

    fn read([name, die, file, ..]: [u32; 8]) -> Self {
        VariableRow { name: Text(name), die, file: Text(file) }
    }
}

impl Row for EnumeratorRow {
    const WORDS: usize = 3;

    fn write(self, words: &mut Vec<u32>) {
        let [low, high] = halves(self.value.cast_unsigned());
        words.extend([self.name.0, low, high]);
    }

    fn read([name, low, high, ..]: [u32; 8]) -> Self {
        EnumeratorRow { name: Text(name), value: whole(low, high).cast_signed() }
    }
}
