//! The typed program between elaboration and C.
//!
//! What holds here, because `validate` checked it once: every handle points into its arena, every expression has the
//! type that its place asks for, every loop jump stands in a loop, print formats fit their arguments. Translation
//! relies on it and cannot fail.
//!
//! **Evaluation order** is that of the script: operands left to right, the right side of an assignment before its
//! target's indexes. **Errors** are soft: an operation that fails sets the context's error and leaves the handler (or
//! enters the innermost catch). **Strings** are values: a copy of at most MAXSTRINGLEN - 1 bytes.

pub mod arena;
pub mod expr;
pub mod program;
pub mod refs;
pub mod stmt;
pub mod ty;
pub mod validate;
pub mod visit;

pub use arena::{Arena, Handle, Renumbering};
pub use expr::{Expr, ExprKind};
pub use program::Program;
pub use stmt::{Stmt, StmtKind};
pub use ty::Ty;
