//! Where walks begin: variables of the probed function, its result, globals, types by name.

use std::rc::Rc;

use super::{Found, Held, Value, binary, number, sound, told};
use crate::debuginfo::location::{Binary, Location, Op};
use crate::debuginfo::{DebugInfo, TypeId, TypeKind, Variable, abi};
use crate::ir::expr::ContextValue;
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::BinaryOp;
use crate::pass2_elaborate::resolve::{Context, Resolver, make};
use crate::probes::Scope;
use crate::source::{Span, Symbol};

impl Resolver<'_, '_> {
    /// The function that the handler stands at, with its object's answers.
    pub(super) fn function_here(&self) -> Option<(Scope, Rc<dyn DebugInfo>)> {
        let Context::Probe { scope: Some(scope), .. } = self.context else { return None };
        Some((scope, self.names.objects.info(scope.object)?))
    }

    /// `$name`.
    pub(super) fn target_variable(&mut self, name: Symbol, span: Span) -> Found<Value> {
        let plain = name.as_str().trim_start_matches('$');
        let Some((scope, info)) = self.function_here() else {
            return Err(super::Fail::Told(Box::new(self.no_variables(name, span))));
        };
        if plain == "return" {
            return match self.result_here(span)? {
                Some(value) => Ok(value),
                None if !scope.returns => told("$return is only there in .return probes", span),
                None => {
                    let function = sound(info.function(scope.function), span)?;
                    told(format!("function {} has no return value", function.name), span)
                }
            };
        }
        let variables = sound(info.variables(scope.function, scope.site), span)?;
        match variables.iter().rfind(|variable| variable.name.as_str() == plain) {
            Some(variable) => self.located(variable, span),
            None => {
                let function = sound(info.function(scope.function), span)?;
                let names: Vec<String> =
                    variables.iter().map(|variable| format!("${}", variable.name)).collect();
                let message = format!(
                    "unable to find local '{plain}', [man error::dwarf] in {} (alternatives: {})",
                    function.name,
                    names.join(", ")
                );
                told(message, span)
            }
        }
    }

    /// `$return` where there is one.
    pub(super) fn result_here(&mut self, span: Span) -> Found<Option<Value>> {
        let Some((scope, info)) = self.function_here().filter(|(scope, _)| scope.returns) else {
            return Ok(None);
        };
        let Some(ty) = sound(info.function(scope.function), span)?.result else { return Ok(None) };
        match sound(abi::result(&self.names.objects, ty), span)? {
            None => Ok(None),
            Some(location) => Ok(Some(Value { ty, held: held(&location, span)? })),
        }
    }

    /// A variable, where its location says.
    pub(super) fn located(&self, variable: &Variable, span: Span) -> Found<Value> {
        Ok(Value { ty: variable.ty, held: held(&variable.location, span)? })
    }

    /// `@var("name@file", "module")`.
    pub(super) fn global_variable(&mut self, name: &[u8], module: Option<&[u8]>, span: Span) -> Found<Value> {
        let text = String::from_utf8_lossy(name).into_owned();
        let (plain, file) = match text.split_once('@') {
            Some((plain, file)) => (plain, Some(file)),
            None => (&*text, None),
        };
        for info in self.objects_of(module, span)? {
            if let Some(variable) = sound(info.global(plain, file), span)? {
                return self.located(&variable, span);
            }
        }
        told(format!("unable to find global '{plain}' in the kernel's BTF, which knows few variables"), span)
    }

    /// `"struct file"`, `"task_struct"`, `"long"`.
    pub(super) fn named_type(&mut self, name: &[u8], module: Option<&[u8]>, span: Span) -> Found<TypeId> {
        let text = String::from_utf8_lossy(name).into_owned();
        let words: Vec<&str> = text.split_whitespace().collect();
        let (kinds, plain): (&[TypeKind], String) = match words[..] {
            ["struct", tag] => (&[TypeKind::Struct], tag.to_owned()),
            ["union", tag] => (&[TypeKind::Union], tag.to_owned()),
            ["enum", tag] => (&[TypeKind::Enum], tag.to_owned()),
            _ => (&[TypeKind::Plain, TypeKind::Struct, TypeKind::Union, TypeKind::Enum], words.join(" ")),
        };
        for info in self.objects_of(module, span)? {
            for &kind in kinds {
                if let Some(found) = sound(info.type_named(kind, &plain), span)? {
                    return Ok(found);
                }
            }
        }
        told(format!("unable to find type '{text}'"), span)
    }

    /// The objects that a third argument names, or that of the probe and the kernel.
    fn objects_of(&mut self, module: Option<&[u8]>, span: Span) -> Found<Vec<Rc<dyn DebugInfo>>> {
        let mut found = Vec::new();
        match module {
            None => {
                found.extend(self.function_here().map(|(_, info)| info));
                found.extend(self.names.objects.kernel().map(|known| known.info));
            }
            Some(list) => {
                for name in String::from_utf8_lossy(list).split(':') {
                    // A header in <> has nothing that the kernel's own types lack.
                    let name = name.split('<').next().unwrap_or_default();
                    let name = if name.is_empty() { "kernel" } else { name };
                    found.extend(self.names.objects.object(name).map(|known| known.info));
                }
            }
        }
        if !self.names.objects.wanted() || found.is_empty() {
            return told("it needs the kernel's BTF or debuginfo", span);
        }
        Ok(found)
    }
}

/// Where a location lies, in terms of the program.
fn held(location: &Location, span: Span) -> Found<Held> {
    Ok(match location {
        Location::Register(number) => Held::Computed(register(*number, span)),
        Location::Memory(program) => Held::Memory(run(program, span)?),
        Location::Value(program) => Held::Computed(run(program, span)?),
        Location::Pieces(pieces) => {
            let words: Found<Vec<Expr>> = pieces
                .iter()
                .map(|piece| match (&piece.location, piece.bytes) {
                    (Location::Register(number), ..=8) => Ok(register(*number, span)),
                    _ => told("a value in pieces of memory cannot be read", span),
                })
                .collect();
            Held::Words(words?, 0)
        }
        Location::Symbol(name) => return told(format!("the address of {name} is not known"), span),
        Location::Missing(why) => return told(format!("not accessible at this address: {why}"), span),
    })
}

fn register(number: u16, span: Span) -> Expr {
    make(span, ExprKind::Context(ContextValue::Register(number)))
}

/// An address program as an expression.
fn run(program: &[Op], span: Span) -> Found<Expr> {
    let mut stack: Vec<Expr> = Vec::new();
    for op in program {
        let value = match *op {
            Op::Constant(value) => number(value as i64, span),
            Op::Register(name, offset) => {
                binary(BinaryOp::Add, register(name, span), number(offset, span), span)
            }
            Op::Load(bytes @ (1 | 2 | 4 | 8)) => match stack.pop() {
                Some(address) => {
                    make(span, ExprKind::Load { bytes, signed: false, address: Box::new(address) })
                }
                None => return told("an address program is broken", span),
            },
            Op::Binary(operator) => match (arithmetic(operator), stack.pop(), stack.pop()) {
                (Some(operator), Some(right), Some(left)) => binary(operator, left, right, span),
                _ => return told("an address program is not understood", span),
            },
            _ => return told("an address program is not understood", span),
        };
        stack.push(value);
    }
    match stack.pop() {
        Some(value) => Ok(value),
        None => told("an address program is broken", span),
    }
}

/// The operators that mean the same in scripts.
fn arithmetic(operator: Binary) -> Option<BinaryOp> {
    Some(match operator {
        Binary::Add => BinaryOp::Add,
        Binary::Sub => BinaryOp::Sub,
        Binary::Mul => BinaryOp::Mul,
        Binary::Div => BinaryOp::Div,
        Binary::And => BinaryOp::And,
        Binary::Or => BinaryOp::Or,
        Binary::Xor => BinaryOp::Xor,
        _ => return None,
    })
}
