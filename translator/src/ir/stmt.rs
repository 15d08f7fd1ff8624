//! Typed statements.

// Every type and variant has its sentence; fields that repeat it in other words would say nothing.
#![allow(missing_docs)]

use super::expr::{Expr, Print};
use super::program::{EmbeddedC, GlobalId, LocalId};
use crate::pass1_parse::ast::StatOp;
use crate::source::Span;

/// Statements in order.
pub type Block = Vec<Stmt>;

/// A statement. Each one that runs counts against MAXACTION.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// Its principal token.
    pub span: Span,
    /// What it does.
    pub kind: StmtKind,
}

/// What a statement does.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// Statements in their own right; no scope of their own.
    Block(Block),
    /// An expression for its effect.
    Expr(Expr),
    /// Output.
    Print(Print),
    /// `if`
    If { cond: Expr, then: Block, otherwise: Block },
    /// `while` and `for`: `next` runs after the body and after `continue`.
    Loop { cond: Option<Expr>, next: Option<Expr>, body: Block },
    /// `foreach`
    Foreach(Box<Foreach>),
    /// `return`
    Return(Option<Expr>),
    /// `next`: leaves the handler, or tries the next overload.
    Next,
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `delete` of a whole array or a scalar.
    DeleteAll(GlobalId),
    /// `delete a[…]`; a key part is `None` for `*`.
    DeleteElement { array: GlobalId, keys: Vec<Option<Expr>> },
    /// `try`
    Try { body: Block, catch_var: Option<Bound>, handler: Block },
    /// `%{ … %}`
    Embedded(EmbeddedC),
}

/// A local that a statement sets.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// The local.
    pub local: LocalId,
    /// Where its name stands.
    pub span: Span,
}

/// A walk over an array. The array is locked for the whole handler.
#[derive(Clone, Debug)]
pub struct Foreach {
    /// The array.
    pub array: GlobalId,
    /// Where its name stands.
    pub array_span: Span,
    /// A local per key.
    pub keys: Vec<Bound>,
    /// A local for the value (not of statistics).
    pub value: Option<Bound>,
    /// Only elements whose key parts equal these; `None` for any.
    pub slice: Vec<Option<Expr>>,
    /// Order; insertion order otherwise.
    pub sort: Option<Sort>,
    /// At most so many elements pass.
    pub limit: Option<Expr>,
    /// The body.
    pub body: Block,
}

/// The order of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Rising or falling.
    pub ascending: bool,
}

/// What a walk sorts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The value.
    Value,
    /// A statistic's figure.
    Stat(StatOp),
    /// Key part, from 0.
    Key(usize),
}
