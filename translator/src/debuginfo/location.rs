//! Where values lie, in terms that both DWARF expressions and the calling convention can say.
//!
//! Registers have their DWARF numbers. Addresses of the object are those of its link; pass 3 relocates them.

/// Where a value lies, at one site.
#[derive(Clone, Debug, PartialEq)]
pub enum Location {
    /// In a register; a value smaller than it in its low bytes.
    Register(u16),
    /// In memory, at the address that the program leaves on top of the stack.
    Memory(Vec<Op>),
    /// Nowhere, but the program computes the value itself.
    Value(Vec<Op>),
    /// At the address of a symbol of the object, which the kernel resolves when the probes are loaded.
    Symbol(String),
    /// A word that a tracepoint passes to its probes, counted from 0, the probe's own datum.
    Argument(u16),
    /// In pieces, the value's low bytes first.
    Pieces(Vec<Piece>),
    /// Not to be had; the text says why: optimised out, an implicit pointer.
    Missing(String),
}

/// A part of a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Its size.
    pub bytes: u32,
    /// Where it lies: anything but pieces.
    pub location: Location,
}

/// An instruction of an address program: a stack machine on 64-bit words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Pushes a number.
    Constant(u64),
    /// Pushes an address of the object as it was linked.
    Address(u64),
    /// Pushes the address, on this CPU, of what lies so far into the kernel's area of each CPU.
    PerCpu(u64),
    /// Pushes a register plus a number.
    Register(u16, i64),
    /// Pushes a register as it was at the function's entry.
    EntryRegister(u16),
    /// Pops an address, pushes the so many bytes that lie there, zero-extended.
    Load(u8),
    /// Pushes the word that lies so many below the top; 0 duplicates the top.
    Pick(u8),
    /// Pops.
    Drop,
    /// Swaps the two on top.
    Swap,
    /// Makes the top the third: a b c (c on top) becomes c a b.
    Rotate,
    /// Pops two, pushes what the operator makes of them, the deeper one its left side.
    Binary(Binary),
    /// Replaces the top.
    Unary(Unary),
}

/// Operators on two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// Wrapping.
    Add,
    /// Wrapping.
    Sub,
    /// Wrapping.
    Mul,
    /// Signed; by zero it is an error of the handler.
    Div,
    /// Unsigned; by zero it is an error of the handler.
    Mod,
    /// Bits.
    And,
    /// Bits.
    Or,
    /// Bits.
    Xor,
    /// By 64 and more it gives 0.
    Shl,
    /// Zeros come in; by 64 and more it gives 0.
    Shr,
    /// Copies of the sign come in; by 64 and more it gives the sign.
    Sar,
    /// Signed, 1 or 0.
    Eq,
    /// Signed, 1 or 0.
    Ne,
    /// Signed, 1 or 0.
    Lt,
    /// Signed, 1 or 0.
    Le,
    /// Signed, 1 or 0.
    Gt,
    /// Signed, 1 or 0.
    Ge,
}

/// Operators on one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// Wrapping.
    Neg,
    /// Bits.
    Not,
    /// Signed, wrapping.
    Abs,
    /// Cuts to so many bytes and extends: with the sign, or with zeros.
    Extend {
        /// 1, 2 or 4.
        bytes: u8,
        /// Copies of the sign come in.
        signed: bool,
    },
}
