//! kernel.function and module().function: entries and returns of functions that debug information knows.
//!
//! Without any (--debuginfo=none, a kernel whose image is not here) a plain name still is a symbol, which the kernel
//! itself finds when the probes are loaded; nothing is known about its parameters then.

use super::kprobe::{self, Spec};
use super::{Derivation, Family, Scope, point_text, wrong};
use crate::debuginfo::{DebugInfo, FunctionId, Known, Objects};
use crate::diag::{Code, Diagnostic, suggest};
use crate::ir::program::Point;
use crate::pass1_parse::ast::{Component, Literal};
use crate::pass1_parse::glob;

/// Function entry and return.
pub struct Function;

impl Family for Function {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "kernel.function(string)",
            "kernel.function(string).call",
            "kernel.function(string).exported",
            "kernel.function(string).return",
            "kernel.function(string).return.maxactive(number)",
            "module(string).function(string)",
            "module(string).function(string).call",
            "module(string).function(string).exported",
            "module(string).function(string).return",
            "module(string).function(string).return.maxactive(number)",
        ]
    }

    fn derive(&self, components: &[Component], objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let query = Query::of(components)?;
        if glob::is_pattern(query.module.as_bytes()) {
            return query.in_modules(objects);
        }
        query.in_object(objects, &query.module)
    }
}

/// What the components ask for.
struct Query<'c> {
    components: &'c [Component],
    module: String,
    function: &'c Component,
    pattern: String,
    exported: bool,
}

impl<'c> Query<'c> {
    fn of(components: &'c [Component]) -> Result<Self, Diagnostic> {
        let function = components.iter().find(|component| component.name.as_str() == "function");
        let function = function.unwrap_or(&components[0]);
        let pattern = String::from_utf8_lossy(super::string(function).unwrap_or_default()).into_owned();
        if pattern.contains(['@', ':']) {
            let message = "source files and lines in function names are not available yet";
            return Err(Diagnostic::semantic(Code::NotYet, message, function.span)
                .help("BTF does not know them; name the function alone"));
        }
        Ok(Query {
            components,
            module: kprobe::module(&components[0])?,
            function,
            pattern,
            exported: components.iter().any(|component| component.name.as_str() == "exported"),
        })
    }

    /// All modules on the disk whose names match.
    fn in_modules(&self, objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let mut found = Vec::new();
        for name in objects.module_names() {
            if glob::matches(self.module.as_bytes(), name.as_bytes()) {
                // A module without BTF, or without such a function, is none that matches.
                found.extend(self.in_object(objects, &name).unwrap_or_default());
            }
        }
        match found.is_empty() {
            true => Err(wrong(self.function, "no match")),
            false => Ok(found),
        }
    }

    fn in_object(&self, objects: &Objects<'_>, module: &str) -> Result<Vec<Derivation>, Diagnostic> {
        let pattern = glob::is_pattern(self.pattern.as_bytes());
        let known = match objects.wanted() {
            true => objects.object(module).map_err(Some),
            false => Err(None),
        };
        match known {
            Ok(known) => self.known(objects, &known, module, pattern),
            Err(None) if pattern => {
                let message = "wildcards in function names need the kernel's BTF or debuginfo";
                Err(wrong(self.function, message).help("leave --debuginfo=none out"))
            }
            Err(Some(lack)) if pattern || self.exported => Err(lack.diagnostic().at(self.function.span)),
            Err(_) => Ok(vec![kprobe::derive(self.components)?]),
        }
    }

    fn known(
        &self,
        objects: &Objects<'_>,
        known: &Known,
        module: &str,
        pattern: bool,
    ) -> Result<Vec<Derivation>, Diagnostic> {
        let broken = |broken: crate::debuginfo::Broken| wrong(self.function, broken.to_string());
        let (name, offset) = kprobe::name_and_offset(self.function, &self.pattern, pattern)?;
        let mut found = match pattern {
            true => self.matching(&*known.info).map_err(broken)?,
            false => {
                let ids = known.info.functions_named(name).map_err(broken)?;
                ids.first().map(|&id| (name.to_owned(), id)).into_iter().collect()
            }
        };
        if self.exported {
            let exports = objects.exports(module).map_err(|lack| lack.diagnostic().at(self.function.span))?;
            found.retain(|(name, _)| exports.contains(name));
        }
        if found.is_empty() {
            return Err(self.no_match(&*known.info, pattern));
        }
        found.into_iter().map(|(name, id)| self.derivation(known, module, name, id, offset)).collect()
    }

    /// Functions whose names match, each name once: a symbol leads to one of several that share it.
    fn matching(&self, info: &dyn DebugInfo) -> Result<Vec<(String, FunctionId)>, crate::debuginfo::Broken> {
        // Padding in front of functions has symbols of its own on some kernels.
        let padding = self.pattern.starts_with("__pfx_");
        let mut found = Vec::new();
        info.each_function(&mut |name, id| {
            if glob::matches(self.pattern.as_bytes(), name.as_bytes())
                && (padding || !name.starts_with("__pfx_"))
            {
                found.push((name.to_owned(), id));
            }
        })?;
        found.sort();
        found.dedup_by(|a, b| a.0 == b.0);
        Ok(found)
    }

    fn no_match(&self, info: &dyn DebugInfo, pattern: bool) -> Diagnostic {
        let mut similar = String::new();
        if !pattern {
            let mut names = Vec::new();
            // What could be read is enough for a hint.
            let _ = info.each_function(&mut |name, _| names.push(name.to_owned()));
            similar = suggest::similar(&self.pattern, names.iter().map(String::as_str));
            similar = similar.replacen("similar", "similar function", 1);
        }
        wrong(self.function, format!("no match{similar}"))
            .help("kprobe.function(\"NAME\") takes a symbol that debug information does not know")
    }

    fn derivation(
        &self,
        known: &Known,
        module: &str,
        name: String,
        function: FunctionId,
        offset: u64,
    ) -> Result<Derivation, Diagnostic> {
        let mut components = self.components.to_vec();
        for component in &mut components {
            let text = match component.name.as_str() {
                "function" if offset == 0 => name.clone(),
                "module" => module.to_owned(),
                _ => continue,
            };
            component.arg = Some(Literal::String(text.into_bytes()));
        }
        let spec = Spec { module: module.to_owned(), symbol: name, offset };
        let point = kprobe::point(&components, spec)?;
        let scope = (offset == 0).then_some(Scope { object: known.id, function, returns: point.is_return });
        Ok(Derivation { pp: point_text(&components), point: Point::Kprobe(point), scope })
    }
}
