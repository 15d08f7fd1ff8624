//! What scripts say about the target: `$x`, `$x->y[3]`, `@cast`, `&$x`, autocast; and what is written there.
//!
//! Each becomes registers, loads at addresses and arithmetic, so that nothing below this knows debug information. A type
//! may ride along with a number: `f = $file; f->f_pos` works, for `f` remembers what it points to.

mod base;
mod entry;
mod given;
mod lower;
mod memory;
mod pieces;
mod pretty;
mod raw;
mod walk;

use super::{Carried, Reported, Resolver, make};
use crate::cli::options::Privilege;
use crate::debuginfo::{Broken, TypeId};
use crate::diag::{Code, Diagnostic};
use crate::ir::program::Constant;
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::{self, Access};
use crate::pass2_elaborate::fold::fold;
use crate::source::Span;

pub use given::Given;

/// A value of the target.
#[derive(Clone, Debug)]
struct Value {
    /// Its type; with [`Held::PointerTo`], of what it points to.
    ty: TypeId,
    held: Held,
}

/// Where a value is, in terms of the program.
#[derive(Clone, Debug)]
enum Held {
    /// Computed already.
    Computed(Expr),
    /// In a register of the probed code, in its low bytes.
    Register(u16),
    /// In several places: a struct that is passed in registers.
    Pieces(pieces::Pieces),
    /// In the kernel's memory.
    Memory(Expr),
    /// Some bits of so many bytes of memory: address, bytes, shift, width.
    Bits(Expr, u8, u32, u32),
    /// The number is the address of such a value: `@cast`.
    PointerTo(Expr),
}

/// Why there is no value.
enum Fail {
    /// Told already.
    Reported,
    /// To be told, unless it was only asked whether there is one.
    Told(Box<Diagnostic>),
}

impl From<Reported> for Fail {
    fn from(_: Reported) -> Self {
        Fail::Reported
    }
}

type Found<T> = Result<T, Fail>;

fn told<T>(message: impl Into<String>, span: Span) -> Found<T> {
    Err(Fail::Told(Box::new(Diagnostic::semantic(Code::Unresolved, message, span))))
}

/// Lets `?` turn what a reader refuses into an error at a place.
fn sound<T>(result: Result<T, Broken>, span: Span) -> Found<T> {
    result.or_else(|broken| told(broken.to_string(), span))
}

impl Resolver<'_, '_> {
    /// The value of an expression about the target.
    pub(super) fn target(&mut self, node: &ast::Expr) -> Result<Expr, Reported> {
        self.refuse_users(node.span)?;
        let result = self.read_target(node);
        match result {
            Err(Fail::Told(_)) if self.names.session.options.skip_badvars => {
                let message = "Bad $context variable being substituted with literal 0";
                self.names.sink.push(Diagnostic::warning(Code::Suspicious, message, node.span));
                self.carried = None;
                Ok(number(0, node.span))
            }
            result => self.tell(result),
        }
    }

    /// The address of a value of the target.
    pub(super) fn target_address(&mut self, node: &ast::Expr) -> Result<Expr, Reported> {
        self.refuse_users(node.span)?;
        if let ast::ExprKind::AtVar { name, module } = &node.kind
            && let Some(address) = self.untyped_symbol(name, module.as_deref(), node.span)
        {
            self.carried = None;
            return self.tell(address);
        }
        let result = self.value_of(node, false).and_then(|value| {
            let ty = value.ty;
            match value.held {
                Held::Memory(address) | Held::PointerTo(address) => Ok((address, ty)),
                Held::Bits(..) => told("cannot take the address of a bit field", node.span),
                Held::Computed(_) | Held::Register(_) | Held::Pieces(_) => {
                    told("cannot take the address of a value in a register", node.span)
                }
            }
        });
        let (address, ty) = self.tell(result)?;
        self.carried = Some(Carried::PointerTo(ty));
        Ok(address)
    }

    /// `target = value` in guru mode.
    pub(super) fn target_write(&mut self, node: &ast::Expr, value: Expr) -> Result<ExprKind, Reported> {
        if !self.names.session.options.guru {
            let there = self.value_of(node, true).map(drop);
            self.tell(there)?;
            let message = "write to target variable not permitted; need stap -g";
            return self.error(Code::Privilege, message, node.span);
        }
        let result = self.value_of(node, false).and_then(|place| self.store(place, value, node.span));
        self.tell(result)
    }

    /// `@defined(e)`: nothing is told, and nothing of it stays in the program.
    pub(super) fn is_defined(&mut self, node: &ast::Expr) -> bool {
        if let Some(known) = self.is_given(node) {
            return known;
        }
        let before = self.carried;
        let found = match &node.kind {
            ast::ExprKind::AddressOf(inner) => self.value_of(inner, true).is_ok(),
            ast::ExprKind::Target(name) if name.as_str().starts_with("$$") => self.all_names(node).is_ok(),
            ast::ExprKind::Entry(inner) => return self.is_defined(inner),
            _ => self.value_of(node, true).is_ok(),
        };
        self.carried = before;
        found
    }

    /// The kernel's memory shows what others do.
    fn refuse_users(&self, span: Span) -> Result<(), Reported> {
        if self.names.session.options.privilege == Privilege::User {
            let message = "target variables may not be used when --privilege=stapusr is specified";
            return self.error(Code::Privilege, message, span);
        }
        Ok(())
    }

    fn tell<T>(&self, result: Found<T>) -> Result<T, Reported> {
        result.map_err(|fail| {
            if let Fail::Told(error) = fail {
                self.names.sink.push(*error);
            }
            Reported
        })
    }

    fn read_target(&mut self, node: &ast::Expr) -> Found<Expr> {
        if let Some(given) = self.given(node) {
            return given;
        }
        if let Some(kept) = self.parameter_of_entry(node) {
            return kept;
        }
        if let ast::ExprKind::Target(name) = &node.kind
            && name.as_str().starts_with("$$")
        {
            return self.all_variables(*name, 0, node.span);
        }
        let (inner, dollars) = match &node.kind {
            ast::ExprKind::Deref { base, path } => match path.last() {
                Some(Access::Pretty(_, dollars)) => (Some((base, path)), *dollars),
                _ => (None, 0),
            },
            _ => (None, 0),
        };
        if let Some((base, path)) = inner {
            if let ast::ExprKind::Target(name) = &base.kind
                && name.as_str().starts_with("$$")
                && path.len() == 1
            {
                return self.all_variables(*name, dollars, node.span);
            }
            let value = self.value_of(node, false)?;
            self.carried = None;
            return self.pretty(value, dollars, node.span);
        }
        let value = self.value_of(node, false)?;
        let carried = match value.held {
            Held::PointerTo(_) => Carried::PointerTo(value.ty),
            _ => Carried::Value(value.ty),
        };
        let expr = self.number_of(value, node.span)?;
        self.carried = Some(carried);
        Ok(expr)
    }

    /// The value that an expression means, before it is read. With `asked` only whether there is one matters.
    fn value_of(&mut self, node: &ast::Expr, asked: bool) -> Found<Value> {
        match &node.kind {
            ast::ExprKind::Target(name) => self.target_variable(*name, node.span),
            ast::ExprKind::AtVar { name, module } => self.global_variable(name, module.as_deref(), node.span),
            ast::ExprKind::Cast { arg, ty, module } => {
                let ty = self.named_type(ty, module.as_deref(), node.span)?;
                Ok(Value { ty, held: Held::PointerTo(self.operand(arg, asked)?) })
            }
            ast::ExprKind::Deref { base, path } => {
                let mut value = self.value_of(base, asked)?;
                for step in path {
                    value = match step {
                        Access::Member(span, name) => self.member(value, *name, *span)?,
                        Access::Index(span, index) => {
                            let index = self.operand(index, asked)?;
                            self.element(value, index, *span)?
                        }
                        Access::Pretty(..) => value,
                    };
                }
                Ok(value)
            }
            _ => self.autocast(node),
        }
    }

    /// A number of the script whose type is known.
    fn autocast(&mut self, node: &ast::Expr) -> Found<Value> {
        let expr = self.expr(node)?;
        match self.carried {
            Some(Carried::Value(ty)) => Ok(Value { ty, held: Held::Computed(expr) }),
            Some(Carried::PointerTo(ty)) => Ok(Value { ty, held: Held::PointerTo(expr) }),
            None => told("the type of this value is not known here; use @cast(value, \"type\")", node.span),
        }
    }

    /// An expression of the script inside of one about the target.
    fn operand(&mut self, node: &ast::Expr, asked: bool) -> Found<Expr> {
        if asked {
            return Ok(number(0, node.span));
        }
        Ok(self.expr(node)?)
    }
}

fn number(value: i64, span: Span) -> Expr {
    make(span, ExprKind::Constant(Constant::Long(value)))
}

/// The low bits of a word as a number, with their sign or without.
fn extend(word: Expr, bits: u32, signed: bool, span: Span) -> Expr {
    if bits == 0 || bits >= 64 {
        return word;
    }
    let rest = || number(i64::from(64 - bits), span);
    let high = binary(ast::BinaryOp::Shl, word, rest(), span);
    binary(if signed { ast::BinaryOp::Shr } else { ast::BinaryOp::Ushr }, high, rest(), span)
}

/// `left op right`, folded where both are known.
fn binary(op: ast::BinaryOp, left: Expr, right: Expr, span: Span) -> Expr {
    if let (ast::BinaryOp::Add, ExprKind::Constant(Constant::Long(0))) = (op, &right.kind) {
        return left;
    }
    fold(make(span, ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }))
}
