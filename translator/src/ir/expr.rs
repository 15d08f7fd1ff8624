//! Typed expressions.

// Every type and variant has its sentence; fields that repeat it in other words would say nothing.
#![allow(missing_docs)]

use super::program::{Constant, FunctionId, GlobalId, LocalId};
use super::ty::Ty;
use crate::pass1_parse::ast::{BinaryOp, CompareOp, HistKind, StatOp, UnaryOp};
use crate::regex::Pattern;
use crate::source::{Span, Symbol};

/// A typed expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Its principal token, for `last_stmt` in run-time errors.
    pub span: Span,
    /// The type of its value.
    pub ty: Ty,
    /// What it computes.
    pub kind: ExprKind,
}

/// A place that can be assigned to, and where its name stands.
#[derive(Clone, Debug)]
pub enum Place {
    /// A local or parameter.
    Local(LocalId, Span),
    /// A scalar global.
    Global(GlobalId, Span),
    /// An element of a global array.
    Element(GlobalId, Vec<Expr>, Span),
}

/// What an expression computes.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A constant.
    Constant(Constant),
    /// The value of a local.
    Local(LocalId),
    /// The value of a scalar global.
    Global(GlobalId),
    /// The value under a key; 0 or "" when there is none.
    Element { array: GlobalId, keys: Vec<Expr> },
    /// Whether a key is there; a key part is `None` for `*`.
    In { array: GlobalId, keys: Vec<Option<Expr>> },
    /// A call. A function without result may only stand as a statement; its type reads Long.
    Call { function: FunctionId, args: Vec<Expr> },
    /// sprint and its like: the type is String. print and its like only stand as statements.
    Print(Box<Print>),
    /// A statistic's figure.
    Stat { op: StatOp, shift: u8, of: StatRef },
    /// A bucket of a statistic's histogram.
    HistBucket { kind: HistKind, of: StatRef, bucket: Box<Expr> },
    /// Prefix operator.
    Unary { op: UnaryOp, arg: Box<Expr> },
    /// Arithmetic on longs. Division by zero is a soft error.
    Binary { op: BinaryOp, left: Box<Expr>, right: Box<Expr> },
    /// Comparison of two values of one type.
    Compare { op: CompareOp, left: Box<Expr>, right: Box<Expr> },
    /// Whether a regular expression matches a string, or does not.
    Regex { positive: bool, subject: Box<Expr>, pattern: Box<Pattern> },
    /// Short-circuit and.
    And(Box<Expr>, Box<Expr>),
    /// Short-circuit or.
    Or(Box<Expr>, Box<Expr>),
    /// Concatenation of strings, cut at MAXSTRINGLEN - 1 bytes.
    Concat(Vec<Expr>),
    /// `c ? a : b`
    Ternary { cond: Box<Expr>, then: Box<Expr>, otherwise: Box<Expr> },
    /// `place = value`; the value of the whole is the value stored.
    Assign { place: Box<Place>, value: Box<Expr> },
    /// `place op= value` on a long.
    AssignBinary { op: BinaryOp, place: Box<Place>, value: Box<Expr> },
    /// `place .= value` on a string.
    AssignConcat { place: Box<Place>, value: Box<Expr> },
    /// `place <<< value`; the value of the whole is `value`.
    Aggregate { place: Box<Place>, value: Box<Expr> },
    /// `++place` and its like.
    Crement { increment: bool, prefix: bool, place: Box<Place> },
    /// A value of the probe's own context.
    Context(ContextValue),
    /// So many bytes of memory, 1, 2, 4 or 8, of the kernel or of the current task; an address that is not there is a
    /// soft error.
    Load { bytes: u8, signed: bool, user: bool, address: Box<Expr> },
    /// Keeps a value in a slot until the function returns.
    Save { slot: u16, value: Box<Expr> },
    /// Writes the low bytes of a value to kernel memory; the value of the whole is `value`.
    Store { bytes: u8, address: Box<Expr>, value: Box<Expr> },
    /// Writes a register of the probed code, by its DWARF number; the value of the whole is `value`.
    StoreRegister { register: u16, value: Box<Expr> },
    /// Gives a value to whoever made the probe fire; the value of the whole is `value`.
    Answer { to: Answer, value: Box<Expr> },
    /// `%{ expr %}` of type long or string.
    Embedded(Box<super::program::EmbeddedC>),
}

/// Which statistic: a scalar global or an element of an array.
#[derive(Clone, Debug)]
pub struct StatRef {
    /// The global.
    pub global: GlobalId,
    /// Keys when it is an array.
    pub keys: Vec<Expr>,
    /// Where the name stands.
    pub span: Span,
}

/// What a probe's context gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextValue {
    /// `$return` of a return probe, as the ABI's integer return register.
    Return,
    /// A register of the probed code, by its DWARF number.
    Register(u16),
    /// A register of the current task in user mode, by its DWARF number.
    UserRegister(u16),
    /// What the function's entry kept in a slot. Once types are known, slots of numbers and of strings count separately.
    Saved(u16),
    /// The address of a symbol of the program's table; 0 while it is not known.
    Symbol(u32),
    /// How far this CPU's area of per-CPU variables is from where it was linked.
    CpuOffset,
    /// What a perf counter has counted: `@perf`.
    Counter(Symbol),
    /// What was written to a file of procfs: a string.
    Written,
    /// What a netfilter hook is told.
    Packet(PacketValue),
    /// A word that a tracepoint passes, from 1 on.
    Argument(u16),
}

impl ContextValue {
    /// Its type.
    pub fn ty(self) -> Ty {
        if self == ContextValue::Written { Ty::String } else { Ty::Long }
    }
}

/// What a netfilter hook is told of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketValue {
    /// The hook's number.
    Hook,
    /// The packet.
    Skb,
    /// The device that it came by.
    In,
    /// The device that it goes by.
    Out,
    /// What shall become of it.
    Verdict,
}

impl PacketValue {
    /// All of them.
    pub const ALL: [PacketValue; 5] =
        [PacketValue::Hook, PacketValue::Skb, PacketValue::In, PacketValue::Out, PacketValue::Verdict];

    /// Its name in scripts.
    pub fn name(self) -> &'static str {
        match self {
            PacketValue::Hook => "$hooknum",
            PacketValue::Skb => "$skb",
            PacketValue::In => "$in",
            PacketValue::Out => "$out",
            PacketValue::Verdict => "$verdict",
        }
    }

    /// The structure that it points to.
    pub fn pointed(self) -> Option<&'static str> {
        match self {
            PacketValue::Skb => Some("sk_buff"),
            PacketValue::In | PacketValue::Out => Some("net_device"),
            PacketValue::Hook | PacketValue::Verdict => None,
        }
    }
}

/// What a handler can give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The text that a reader of a procfs file gets.
    Text,
    /// More of it.
    MoreText,
    /// What shall become of a packet.
    Verdict,
}

impl Answer {
    /// The type of what is given.
    pub fn ty(self) -> Ty {
        if self == Answer::Verdict { Ty::Long } else { Ty::String }
    }
}

/// A call of the print family.
#[derive(Clone, Debug)]
pub struct Print {
    /// A string comes back instead of output.
    pub to_string: bool,
    /// Pieces in order.
    pub pieces: Vec<Piece>,
}

/// A piece of output. print, println and printd are lowered to pieces as well.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Bytes as they are.
    Literal(Vec<u8>),
    /// A value as print shows it: a long in decimal, a string as it is.
    Value(Expr),
    /// `%…` with its argument.
    Format { spec: FormatSpec, arg: Expr },
    /// A histogram's picture.
    Histogram { kind: HistKind, of: StatRef },
}

/// One printf conversion.
#[derive(Clone, Debug)]
pub struct FormatSpec {
    /// `-`
    pub left: bool,
    /// `0`
    pub zero: bool,
    /// `+`
    pub plus: bool,
    /// space
    pub space: bool,
    /// `#`
    pub alternate: bool,
    /// Width.
    pub width: Option<Count>,
    /// Precision.
    pub precision: Option<Count>,
    /// The conversion.
    pub conversion: Conversion,
}

impl FormatSpec {
    /// A conversion without flags, width and precision.
    pub fn plain(conversion: Conversion) -> Self {
        FormatSpec {
            left: false,
            zero: false,
            plus: false,
            space: false,
            alternate: false,
            width: None,
            precision: None,
            conversion,
        }
    }
}

/// A width or precision.
#[derive(Clone, Debug)]
pub enum Count {
    /// In the format.
    Fixed(u32),
    /// `*`: an argument of type long.
    Arg(Box<Expr>),
}

/// A conversion of printf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// `%d`, `%i`
    Signed,
    /// `%u`
    Unsigned,
    /// `%o`
    Octal,
    /// `%x`
    Hex,
    /// `%X`
    HexUpper,
    /// `%p`
    Pointer,
    /// `%p` before version 1.3: all the digits of an address
    WidePointer,
    /// `%c`
    Char,
    /// `%s`
    String,
    /// `%b` of so many bytes
    Binary(u8),
    /// `%m`: raw memory
    Memory,
    /// `%M`: memory in hex
    MemoryHex,
}

impl Conversion {
    /// Whether its value is an address that is read when it is printed.
    pub fn reads_memory(self) -> bool {
        matches!(self, Conversion::Memory | Conversion::MemoryHex)
    }
}
