//! Registers and memory by number and address, names of enumeration constants, and what a handler assigns.

use super::{Found, Held, Value, sound, told};
use crate::debuginfo::spell::spell;
use crate::debuginfo::types::{Type, peel};
use crate::debuginfo::{TypeId, TypeKind};
use crate::diag::Code;
use crate::ir::arena::Arena;
use crate::ir::expr::{ContextValue, Piece, Print};
use crate::ir::program::{Constant, FunctionId, Local, LocalId};
use crate::ir::stmt::{Block, Stmt, StmtKind};
use crate::ir::ty::Ty;
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::{self, AssignOp, CompareOp, Item};
use crate::pass1_parse::walk;
use crate::pass2_elaborate::resolve::{Carried, Reported, Resolver, make};
use crate::source::{Span, Symbol};

/// Registers have DWARF numbers below this one: those of integers, and the instruction pointer.
const REGISTERS: i64 = 17;

impl Resolver<'_, '_> {
    /// `@kderef(size, address)`, `@uderef(size, address)`.
    pub(in crate::pass2_elaborate::resolve) fn raw_load(
        &mut self,
        kernel: bool,
        (size, address): (&ast::Expr, &ast::Expr),
        span: Span,
    ) -> Result<Expr, Reported> {
        let name = if kernel { "@kderef" } else { "@uderef" };
        self.needs_guru(kernel, name, span)?;
        let size_span = size.span;
        let size = self.expr(size)?;
        let bytes = match size.kind {
            ExprKind::Constant(Constant::Long(bytes @ (1 | 2 | 4 | 8))) => bytes as u8,
            _ => {
                let message = format!("the size of {name} must be 1, 2, 4 or 8");
                return self.error(Code::Misuse, message, size_span);
            }
        };
        let address = Box::new(self.expr(address)?);
        Ok(make(span, ExprKind::Load { bytes, signed: false, user: !kernel, address }))
    }

    /// `@kregister(n)`, `@uregister(n)`.
    pub(in crate::pass2_elaborate::resolve) fn raw_register(
        &mut self,
        kernel: bool,
        number: &ast::Expr,
        span: Span,
    ) -> Result<Expr, Reported> {
        let name = if kernel { "@kregister" } else { "@uregister" };
        self.needs_guru(kernel, name, span)?;
        let number_span = number.span;
        let value = match self.expr(number)?.kind {
            ExprKind::Constant(Constant::Long(value @ 0..REGISTERS)) => value as u16,
            _ => {
                let last = REGISTERS - 1;
                let message = format!("{name} takes the DWARF number of a register, 0 to {last}");
                return self.error(Code::Misuse, message, number_span);
            }
        };
        let value = if kernel { ContextValue::Register(value) } else { ContextValue::UserRegister(value) };
        Ok(make(span, ExprKind::Context(value)))
    }

    /// What the kernel holds is no secret of the user's own.
    fn needs_guru(&self, kernel: bool, name: &str, span: Span) -> Result<(), Reported> {
        match kernel && !self.names.session.options.guru {
            true => self.error(Code::Privilege, format!("{name} needs guru mode (-g)"), span),
            false => Ok(()),
        }
    }

    /// `@probewrite(name)`: whether the handler of the probe that an alias stands in assigns to a variable.
    pub(in crate::pass2_elaborate::resolve) fn probe_writes(&self, name: Symbol) -> bool {
        let Some(item) = self.handler else { return false };
        let Item::Probe(probe) = &self.names.catalog.file(item.file).items[item.item] else { return false };
        let is_name =
            |target: &ast::Expr| matches!(&target.kind, ast::ExprKind::Name(known) if *known == name);
        let mut found = false;
        walk::exprs(&probe.body, &mut |expr| {
            found |= match &expr.kind {
                ast::ExprKind::Assign { target, op, .. } => *op != AssignOp::Aggregate && is_name(target),
                ast::ExprKind::Crement { arg, .. } => is_name(arg),
                _ => false,
            };
        });
        found
    }

    /// `@enumname(e, "type", "module")`.
    pub(in crate::pass2_elaborate::resolve) fn enum_name(
        &mut self,
        arg: &ast::Expr,
        ty: Option<&[u8]>,
        module: Option<&[u8]>,
        span: Span,
    ) -> Result<Expr, Reported> {
        let value = self.expr(arg)?;
        let carried = self.carried.take();
        let function = self.naming(carried, ty, module, span);
        let function = self.tell(function)?;
        Ok(make(span, ExprKind::Call { function, args: vec![value] }))
    }

    fn naming(
        &mut self,
        carried: Option<Carried>,
        ty: Option<&[u8]>,
        module: Option<&[u8]>,
        span: Span,
    ) -> Found<FunctionId> {
        let id = match (ty, carried) {
            (Some(name), _) => self.enum_type(name, module, span)?,
            (None, Some(Carried::Value(id))) => id,
            _ => {
                return told(
                    "the type of this value is not known here; use @enumname(value, \"type\")",
                    span,
                );
            }
        };
        let (id, ty) = sound(peel(&self.names.objects, id), span)?;
        let Type::Enum(found) = ty else {
            let spelt = sound(spell(&self.names.objects, id), span)?;
            return told(format!("{spelt} is no enumeration"), span);
        };
        if let Some(&known) = self.names.enum_names.get(&id) {
            return Ok(known);
        }
        let mut values = found.values.to_vec();
        // Of several names of one value the first declared counts.
        values.sort_by_key(|(_, value)| *value);
        values.dedup_by_key(|(_, value)| *value);
        let mut params = Arena::default();
        let param = params.push(Local { name: Symbol::new("value"), ty: Ty::Long, span });
        let mut body = Vec::new();
        search(param, &values, &mut body, span);
        let number = Piece::Value(make(span, ExprKind::Local(param)));
        let number = ExprKind::Print(Box::new(Print { to_string: true, pieces: vec![number] }));
        body.push(returned(make(span, number), span));
        let function = self.names.own_function("enumname", params, body, span);
        self.names.enum_names.insert(id, function);
        Ok(function)
    }

    /// `"enum pid_type"`, or its tag alone.
    fn enum_type(&mut self, name: &[u8], module: Option<&[u8]>, span: Span) -> Found<TypeId> {
        let text = String::from_utf8_lossy(name).into_owned();
        let tagged = format!("enum {}", text.trim());
        if text.trim().contains(' ') {
            return self.named_type(name, module, span);
        }
        self.named_type(tagged.as_bytes(), module, span).or_else(|_| self.named_type(name, module, span))
    }

    /// `$NAME` where no variable has the name: an enumeration constant.
    pub(super) fn constant_named(&mut self, name: &str, span: Span) -> Found<Option<Value>> {
        for known in self.objects_of(None, span)? {
            let long = sound(known.info.type_named(TypeKind::Plain, "long int"), span)?;
            if let (Some(ty), Some(value)) = (long, sound(known.info.enumerator(name), span)?) {
                return Ok(Some(Value { ty, held: Held::Computed(super::number(value, span)) }));
            }
        }
        Ok(None)
    }
}

/// `return value`
fn returned(value: Expr, span: Span) -> Stmt {
    Stmt { span, kind: StmtKind::Return(Some(value)) }
}

/// Halves sorted values until one is left, so that hundreds take ten steps.
fn search(param: LocalId, values: &[(Symbol, i64)], out: &mut Block, span: Span) {
    let value = || Box::new(make(span, ExprKind::Local(param)));
    let than = |op: CompareOp, number: i64| {
        make(span, ExprKind::Compare { op, left: value(), right: Box::new(super::number(number, span)) })
    };
    match values {
        [] => {}
        [(name, number)] => {
            let name = make(span, ExprKind::Constant(Constant::String(name.as_str().as_bytes().to_vec())));
            let (cond, then) = (than(CompareOp::Eq, *number), vec![returned(name, span)]);
            out.push(Stmt { span, kind: StmtKind::If { cond, then, otherwise: Vec::new() } });
        }
        _ => {
            let (low, high) = values.split_at(values.len() / 2);
            let (mut then, mut otherwise) = (Vec::new(), Vec::new());
            search(param, low, &mut then, span);
            search(param, high, &mut otherwise, span);
            let cond = than(CompareOp::Lt, high[0].1);
            out.push(Stmt { span, kind: StmtKind::If { cond, then, otherwise } });
        }
    }
}
