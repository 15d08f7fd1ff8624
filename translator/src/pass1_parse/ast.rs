//! The untyped tree: what the language grammar means, nothing resolved.
//!
//! Every node's `span` is that of its principal token (see [`Span`]). Nodes are plain data. Braces in probe points
//! are expanded here already (`a.{b,c}` is two points), as SystemTap's own `-p1` shows them.

// Every type and variant has its sentence; fields that repeat it in other words would say nothing.
#![allow(missing_docs)]

use crate::source::{FileId, Span, Symbol};

/// One parsed file.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Which file.
    pub id: FileId,
    /// Its items in order. Macros and conditionals are gone.
    pub items: Vec<Item>,
    /// `$N`/`@N` arguments that the file used, by index from 1 (for the "unused command line option" warning).
    pub used_args: Vec<usize>,
}

/// A top-level item.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `probe PP, … { }`
    Probe(Probe),
    /// `probe NAME = PP, … { }`
    Alias(Alias),
    /// `global x`, `private global x`, `private x`
    Global(Global),
    /// `function f() { }`
    Function(Function),
    /// `%{ … %}`
    Embedded(Embedded),
}

/// A probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The keyword `probe`.
    pub span: Span,
    /// Where it fires; never empty.
    pub points: Vec<ProbePoint>,
    /// The handler.
    pub body: Block,
}

/// A probe alias.
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// The keyword `probe`.
    pub span: Span,
    /// Its names; several for `probe A = B = PP`.
    pub names: Vec<ProbePoint>,
    /// What it stands for.
    pub points: Vec<ProbePoint>,
    /// Runs before the handler of whoever uses the alias (`=`), or nothing for `+=`.
    pub prologue: Option<Block>,
    /// Runs after it (`+=`, or the second block of `= … { } , { }`).
    pub epilogue: Option<Block>,
}

/// A probe point, braces expanded.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbePoint {
    /// The first component.
    pub span: Span,
    /// Dotted components; never empty.
    pub components: Vec<Component>,
    /// `?`: may be absent.
    pub optional: bool,
    /// `!`: optional, and what follows in the list is skipped when it resolves.
    pub sufficient: bool,
    /// `if (expr)`
    pub condition: Option<Box<Expr>>,
}

/// One component of a probe point.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Its name's token (the first one, when wildcards glue several).
    pub span: Span,
    /// The name; may hold `*`.
    pub name: Symbol,
    /// The argument in parentheses.
    pub arg: Option<Literal>,
}

/// A literal where only literals may stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A number, sign included.
    Number(i64),
    /// A string, its escapes resolved.
    String(Vec<u8>),
}

/// A scalar type that a script may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeName {
    /// 64-bit signed integer.
    Long,
    /// Byte string of at most MAXSTRINGLEN - 1 bytes.
    String,
}

/// One declared global.
#[derive(Clone, Debug, PartialEq)]
pub struct Global {
    /// The name's token.
    pub span: Span,
    /// The name as written.
    pub name: Symbol,
    /// File scope.
    pub private: bool,
    /// Initial value (scalars only).
    pub init: Option<Literal>,
    /// `[N]`: an array of at most N elements.
    pub size: Option<u32>,
    /// `%`: an array that drops its oldest element when full.
    pub wrap: bool,
}

/// A function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The name's token.
    pub span: Span,
    /// The name as written.
    pub name: Symbol,
    /// File scope.
    pub private: bool,
    /// Declared result type.
    pub ret: Option<TypeName>,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// `:N` after the parameters.
    pub priority: Option<u64>,
    /// The body.
    pub body: FunctionBody,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The name's token.
    pub span: Span,
    /// The name.
    pub name: Symbol,
    /// Declared type.
    pub ty: Option<TypeName>,
}

/// A function's body.
#[derive(Clone, Debug, PartialEq)]
pub enum FunctionBody {
    /// Statements.
    Script(Block),
    /// C.
    Embedded(Embedded),
}

/// C between `%{` and `%}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// The whole token.
    pub span: Span,
    /// The bytes between the braces.
    pub code: Vec<u8>,
}

/// Statements in braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The opening brace.
    pub span: Span,
    /// The statements.
    pub stmts: Vec<Stmt>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// Its principal token: keyword, brace, `;`, or that of its expression.
    pub span: Span,
    /// What it does.
    pub kind: StmtKind,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// `;`
    Null,
    /// `{ … }`
    Block(Block),
    /// An expression for its effect.
    Expr(Expr),
    /// `if (c) a else b`
    If { cond: Expr, then: Box<Stmt>, otherwise: Option<Box<Stmt>> },
    /// `while (c) s`
    While { cond: Expr, body: Box<Stmt> },
    /// `for (i; c; n) s`
    For { init: Option<Expr>, cond: Option<Expr>, next: Option<Expr>, body: Box<Stmt> },
    /// `foreach (…) s`
    Foreach(Box<Foreach>),
    /// `return e`
    Return(Option<Expr>),
    /// `delete e`
    Delete(Expr),
    /// `next`
    Next,
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `try { } catch (v) { }`
    Try { body: Block, catch_var: Option<(Span, Symbol)>, handler: Block },
    /// `%{ … %}` as a statement.
    Embedded(Embedded),
}

/// `foreach (value = [keys] in base[slice] @op dir limit n) body`
#[derive(Clone, Debug, PartialEq)]
pub struct Foreach {
    /// `v =`
    pub value: Option<(Span, Symbol)>,
    /// Loop variables, one per key.
    pub keys: Vec<(Span, Symbol)>,
    /// What is walked.
    pub base: ForeachBase,
    /// `[*, e]` after the array: `None` for `*`.
    pub slice: Option<Vec<Option<Expr>>>,
    /// The one sort directive.
    pub sort: Option<Sort>,
    /// `limit e`
    pub limit: Option<Expr>,
    /// The body.
    pub body: Stmt,
}

/// What a foreach walks.
#[derive(Clone, Debug, PartialEq)]
pub enum ForeachBase {
    /// A global array.
    Array(Span, Symbol),
    /// The buckets of a histogram.
    Histogram(Expr),
}

/// Which column a foreach sorts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The value (of a statistic: its count, unless `op` says otherwise).
    Value(Option<StatOp>),
    /// The key with this index, from 0.
    Key(usize),
}

/// A foreach sort directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The `+` or `-`.
    pub span: Span,
    /// The column.
    pub by: SortBy,
    /// `+` rising, `-` falling.
    pub ascending: bool,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Its principal token.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// Arithmetic and bitwise operators on two longs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Ushr,
}

impl BinaryOp {
    /// As scripts write it, and C for all but `>>>`.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::And => "&",
            Self::Or => "|",
            Self::Xor => "^",
            Self::Shl => "<<",
            Self::Shr => ">>",
            Self::Ushr => ">>>",
        }
    }
}

/// Comparisons, of two longs or two strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    Lt,
    Gt,
    Le,
    Ge,
    Eq,
    Ne,
}

impl CompareOp {
    /// As scripts write it, and C.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Lt => "<",
            Self::Gt => ">",
            Self::Le => "<=",
            Self::Ge => ">=",
            Self::Eq => "==",
            Self::Ne => "!=",
        }
    }
}

/// Assignments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AssignOp {
    /// `=`
    Set,
    /// `op=` on longs.
    Binary(BinaryOp),
    /// `.=`
    Concat,
    /// `<<<`
    Aggregate,
}

/// Prefix operators on a long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    Plus,
    Minus,
    Not,
    Complement,
}

/// `@count(x)` and its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatOp {
    Count,
    Sum,
    Min,
    Max,
    Avg,
    Variance,
}

/// The two histograms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HistKind {
    Linear,
    Log,
}

/// The print family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrintKind {
    /// print, println, sprint, sprintln
    Print,
    /// printd, printdln, sprintd, sprintdln
    Printd,
    /// printf, sprintf
    Printf,
    /// print_char
    Char,
}

/// One member of the print family, called.
#[derive(Clone, Debug, PartialEq)]
pub struct Print {
    /// Which.
    pub kind: PrintKind,
    /// `…ln`
    pub newline: bool,
    /// `s…`: the result is a string.
    pub to_string: bool,
    /// The format of printf, the delimiter of printd: a literal, its escapes resolved.
    pub literal: Option<(Span, Vec<u8>)>,
    /// The values.
    pub args: Vec<Expr>,
}

/// A step from one target value to another.
#[derive(Clone, Debug, PartialEq)]
pub enum Access {
    /// `->name`
    Member(Span, Symbol),
    /// `[expr]`
    Index(Span, Box<Expr>),
    /// Trailing `$` (1) or `$$` (2).
    Pretty(Span, u8),
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A number, wrapped to 64 bits.
    Number(i64),
    /// A string, its escapes resolved.
    String(Vec<u8>),
    /// A variable or, in pass 2, whatever the name means.
    Name(Symbol),
    /// `a[i, …]`; an index is `None` for `*` (slices in `delete` and `in`).
    Index { base: Box<Expr>, indexes: Vec<Option<Expr>> },
    /// `f(args)`
    Call { name: Symbol, args: Vec<Expr> },
    /// `(print family)(…)`
    Print(Box<Print>),
    /// `@count(e)`; `param` is the bit shift of @variance.
    Stat { op: StatOp, arg: Box<Expr>, param: Option<i64> },
    /// `@hist_log(e)`, `@hist_linear(e, low, high, step)`
    Hist { kind: HistKind, arg: Box<Expr>, params: Vec<i64> },
    /// Prefix operator.
    Unary { op: UnaryOp, arg: Box<Expr> },
    /// `&e`
    AddressOf(Box<Expr>),
    /// `++x`, `x--`, …
    Crement { increment: bool, prefix: bool, arg: Box<Expr> },
    /// Arithmetic.
    Binary { op: BinaryOp, left: Box<Expr>, right: Box<Expr> },
    /// Comparison.
    Compare { op: CompareOp, left: Box<Expr>, right: Box<Expr> },
    /// `s =~ "re"`; `positive` is false for `!~`.
    Regex { positive: bool, left: Box<Expr>, pattern: Vec<u8>, pattern_span: Span },
    /// `a && b`
    LogicalAnd(Box<Expr>, Box<Expr>),
    /// `a || b`
    LogicalOr(Box<Expr>, Box<Expr>),
    /// `[k, …] in a`; an index is `None` for `*`.
    In { indexes: Vec<Option<Expr>>, array: Symbol, array_span: Span },
    /// `a . b . c`, two or more.
    Concat(Vec<Expr>),
    /// `c ? a : b`
    Ternary { cond: Box<Expr>, then: Box<Expr>, otherwise: Box<Expr> },
    /// Assignment of any kind.
    Assign { op: AssignOp, target: Box<Expr>, value: Box<Expr> },
    /// `$x`, `$$vars`, `$return`; the name with its dollars.
    Target(Symbol),
    /// `@cast(e, "type", "module")`
    Cast { arg: Box<Expr>, ty: Vec<u8>, module: Option<Vec<u8>> },
    /// `@var("name@file", "module")`
    AtVar { name: Vec<u8>, module: Option<Vec<u8>> },
    /// `e->m[i]$`: steps on any numeric expression; never empty.
    Deref { base: Box<Expr>, path: Vec<Access> },
    /// `@defined(e)`
    Defined(Box<Expr>),
    /// `@probewrite(name)`
    ProbeWrite(Symbol),
    /// `@entry(e)`
    Entry(Box<Expr>),
    /// `@perf("name")`
    Perf(Vec<u8>),
    /// `@const("C")`
    Const(Vec<u8>),
    /// `@enum("NAME")`
    Enum(Vec<u8>),
    /// `@enumname(e, "type", "module")`
    EnumName { arg: Box<Expr>, ty: Option<Vec<u8>>, module: Option<Vec<u8>> },
    /// `@kregister(n)` (kernel) or `@uregister(n)`.
    Register { kernel: bool, number: Box<Expr> },
    /// `@kderef(size, addr)` (kernel) or `@uderef`.
    RawDeref { kernel: bool, size: Box<Expr>, addr: Box<Expr> },
    /// `%{ expr %}`
    Embedded(Embedded),
}
