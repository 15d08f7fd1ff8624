//! Where walks begin: variables of the probed function, its result, globals, types by name.

use std::rc::Rc;

use super::lower::Spot;
use super::{Fail, Found, Value, sound, told};
use crate::debuginfo::{DebugInfo, Kind, Known, Site, TypeId, TypeKind, Variable, abi};
use crate::diag::{Code, Diagnostic};
use crate::ir::expr::ContextValue;
use crate::ir::{Expr, ExprKind};
use crate::pass2_elaborate::resolve::{Context, Resolver, make};
use crate::probes::Scope;
use crate::source::{Span, Symbol};

impl Resolver<'_, '_> {
    /// The function that the handler stands at, with its object's answers.
    pub(super) fn function_here(&self) -> Option<(Scope, Rc<dyn DebugInfo>)> {
        let scope = self.caller()?.scope?;
        Some((scope, self.names.objects.info(scope.object)?))
    }

    /// `$name`.
    pub(super) fn target_variable(&mut self, name: Symbol, span: Span) -> Found<Value> {
        if let Some(value) = self.given_variable(name, span) {
            return value;
        }
        let plain = name.as_str().trim_start_matches('$');
        let Some((scope, info)) = self.function_here() else {
            return Err(super::Fail::Told(Box::new(self.no_variables(name, span))));
        };
        if scope.returns && plain != "return" && matches!(self.context, Context::Function(_)) {
            let message =
                format!("{name} is a variable of the function's entry, and a return probe calls this");
            let error = Diagnostic::semantic(Code::Misuse, message, span);
            return Err(Fail::Told(Box::new(error.help("give its value as an argument"))));
        }
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
        let variables = sound(self.names.objects.variables(&*info, scope.function, scope.site), span)?;
        match variables.iter().rfind(|variable| variable.name.as_str() == plain) {
            Some(variable) => {
                let spot = Spot { object: scope.object, span };
                self.located(variable, spot)
            }
            None => {
                if let Some(value) = self.constant_named(plain, span)? {
                    return Ok(value);
                }
                let function = sound(info.function(scope.function), span)?;
                let names: Vec<String> =
                    variables.iter().map(|variable| format!("${}", variable.name)).collect();
                if let Site::Tracepoint(_) = scope.site {
                    let message = format!(
                        "unable to find tracepoint variable '{name}' (alternatives: {}, $$name, $$vars, $$parms)",
                        names.join(", ")
                    );
                    return told(message.replace(": , ", ": "), span);
                }
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
            Some(location) => {
                let spot = Spot { object: scope.object, span };
                Ok(Some(Value { ty, held: self.held(&location, spot)? }))
            }
        }
    }

    /// A variable, where its location says.
    pub(super) fn located(&mut self, variable: &Variable, spot: Spot) -> Found<Value> {
        Ok(Value { ty: variable.ty, held: self.held(&variable.location, spot)? })
    }

    /// `@var("name@file", "module")`.
    pub(super) fn global_variable(&mut self, name: &[u8], module: Option<&[u8]>, span: Span) -> Found<Value> {
        let text = String::from_utf8_lossy(name).into_owned();
        let (plain, file) = match text.split_once('@') {
            Some((plain, file)) => (plain, Some(file)),
            None => (&*text, None),
        };
        for Known { id, info } in self.objects_of(module, span)? {
            if let Some(variable) = sound(info.global(plain, file), span)? {
                return self.located(&variable, Spot { object: id, span });
            }
        }
        let message = format!("unable to find global '{plain}' in the kernel's debug information");
        let mut error = Diagnostic::semantic(Code::Unresolved, message, span);
        if self.names.objects.kernel().is_ok_and(|known| known.info.source().kind == Kind::Btf) {
            let help = format!(
                "BTF has the types of per-CPU variables alone; @cast(&@var(\"{plain}\"), \"TYPE\") says what others are"
            );
            error = error.help(&*help);
        }
        Err(Fail::Told(Box::new(error)))
    }

    /// `&@var("name")` where no debug information knows the variable: the address of a symbol. The kernel tells whether it
    /// has one.
    pub(super) fn untyped_symbol(
        &mut self,
        name: &[u8],
        module: Option<&[u8]>,
        span: Span,
    ) -> Option<Found<Expr>> {
        let name = String::from_utf8_lossy(name).into_owned();
        let dwarf = |known: &Known| known.info.source().kind == Kind::Dwarf;
        let known = match self.objects_of(module, span) {
            Ok(known) => known,
            Err(_) => self.names.objects.kernel().into_iter().collect(),
        };
        let typed =
            known.iter().any(|known| dwarf(known) || !matches!(known.info.global(&name, None), Ok(None)));
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        if typed || !plain || name.is_empty() {
            return None;
        }
        let module = module.map_or("kernel".into(), String::from_utf8_lossy);
        let index = self.names.link_symbol(&module, &name);
        Some(Ok(make(span, ExprKind::Context(ContextValue::Symbol(index)))))
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
        for Known { info, .. } in self.objects_of(module, span)? {
            for &kind in kinds {
                if let Some(found) = sound(info.type_named(kind, &plain), span)? {
                    return Ok(found);
                }
            }
        }
        told(format!("unable to find type '{text}'"), span)
    }

    /// The objects that a third argument names, or that of the probe and the kernel.
    pub(super) fn objects_of(&mut self, module: Option<&[u8]>, span: Span) -> Found<Vec<Known>> {
        let mut found = Vec::new();
        match module {
            None => {
                found.extend(self.function_here().map(|(scope, info)| Known { id: scope.object, info }));
                found.extend(self.names.objects.kernel());
            }
            Some(list) => {
                for name in String::from_utf8_lossy(list).split(':') {
                    // A header in <> has nothing that the kernel's own types lack.
                    let name = name.split('<').next().unwrap_or_default();
                    let name = if name.is_empty() { "kernel" } else { name };
                    found.extend(self.names.objects.object(name));
                }
            }
        }
        if !self.names.objects.wanted() || found.is_empty() {
            return told("it needs the kernel's BTF or debuginfo", span);
        }
        Ok(found)
    }
}
