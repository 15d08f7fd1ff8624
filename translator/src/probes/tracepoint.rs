//! Tracepoints: kernel.trace, with parameters by their names, and kernel.tracepoint and module().tracepoint, with
//! parameters by their numbers.

mod modules;

use super::{Derivation, Family, Scope, kprobe, point_text, string, wrong};
use crate::debuginfo::tracepoints::{function_of, names};
use crate::debuginfo::{Broken, FunctionId, Known, Objects, Site, Tracepoint};
use crate::diag::{Diagnostic, suggest};
use crate::ir::program::{Point, TracepointPoint};
use crate::pass1_parse::ast::{Component, Literal};
use crate::pass1_parse::glob;
use crate::source::Symbol;

/// A tracepoint of the kernel or of a module.
pub struct Tracepoints;

impl Family for Tracepoints {
    fn patterns(&self) -> &'static [&'static str] {
        &["kernel.trace(string)", "kernel.tracepoint(string)", "module(string).tracepoint(string)"]
    }

    fn derive(&self, components: &[Component], objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let query = Query::of(components)?;
        if !objects.wanted() {
            return query.unknown(objects);
        }
        let found = match &query.module {
            Some(module) => query.in_named_modules(objects, module)?,
            None => query.in_kernel(objects)?,
        };
        if found.is_empty() { Err(query.no_match(objects)) } else { Ok(found) }
    }
}

/// What the components ask for.
struct Query<'c> {
    components: &'c [Component],
    /// The last one, with the tracepoint's name.
    subject: &'c Component,
    /// What stands before the colon.
    system: Option<String>,
    /// The name, or a pattern of names.
    name: String,
    /// The module, or a pattern of modules.
    module: Option<String>,
    /// Parameters go by their numbers, and subsystems are left alone.
    numbered: bool,
}

impl<'c> Query<'c> {
    fn of(components: &'c [Component]) -> Result<Self, Diagnostic> {
        let subject = &components[components.len() - 1];
        let numbered = subject.name.as_str() == "tracepoint";
        let module = match components[0].name.as_str() {
            "module" => Some(kprobe::module(&components[0])?),
            _ => None,
        };
        let text = String::from_utf8_lossy(string(subject).unwrap_or_default()).into_owned();
        let (system, name) = match text.split_once(':') {
            Some((system, name)) => (Some(system), name),
            None => (None, &*text),
        };
        if numbered && system.is_some() {
            let message = format!("{} takes no subsystem", point_text(&components[..1]) + ".tracepoint");
            return Err(wrong(subject, message).help("kernel.trace(\"SUBSYSTEM:NAME\") takes one"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "_*?[]!^-\\".contains(c);
        let sound = |part: &str| !part.is_empty() && part.len() < 128;
        if !sound(name) || !name.chars().all(plain) || system.is_some_and(|system| !sound(system)) {
            return Err(wrong(subject, "invalid tracepoint string provided")
                .help("write NAME or SUBSYSTEM:NAME, either of them with wildcards"));
        }
        let system = system.map(str::to_owned);
        Ok(Query { components, subject, system, name: name.to_owned(), module, numbered })
    }

    fn pattern(&self) -> bool {
        glob::is_pattern(self.name.as_bytes())
    }

    fn fits(&self, name: &str, system: &str) -> bool {
        let matches = |pattern: &str, text: &str| glob::matches(pattern.as_bytes(), text.as_bytes());
        matches(&self.name, name) && self.system.as_ref().is_none_or(|pattern| matches(pattern, system))
    }

    /// The kernel's own, and those that its headers declare for modules.
    fn in_kernel(&self, objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let kernel = objects.kernel();
        let mut found = match &kernel {
            Ok(known) => self.in_object(objects, known, "kernel").map_err(|broken| self.broken(&broken))?,
            Err(_) => Vec::new(),
        };
        if !self.numbered && (self.pattern() || found.is_empty()) {
            self.in_modules(objects, &mut found)?;
        }
        match kernel {
            Err(lack) if found.is_empty() => Err(lack.diagnostic().at(self.subject.span)),
            _ => Ok(found),
        }
    }

    fn in_object(
        &self,
        objects: &Objects<'_>,
        known: &Known,
        module: &str,
    ) -> Result<Vec<Derivation>, Broken> {
        let headers = objects.trace_headers();
        let all = if self.pattern() { names(known, headers)? } else { vec![self.name.clone()] };
        let mut found = Vec::new();
        for name in all {
            if self.fits(&name, self.system_of(objects, &name))
                && let Some(function) = function_of(&*known.info, headers, &name)?
            {
                found.push(self.derivation(objects, &name, module, Some((known, function))));
            }
        }
        Ok(found)
    }

    /// The subsystem that the headers name; none when they do not know the tracepoint.
    fn system_of<'o>(&self, objects: &'o Objects<'_>, name: &str) -> &'o str {
        objects.trace_headers().get(name).map_or("", |declared| &declared.system)
    }

    /// Without debug information the kernel itself finds the name when the probes are loaded.
    fn unknown(&self, objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let module = self.module.as_deref().unwrap_or("kernel");
        if self.pattern() || glob::is_pattern(module.as_bytes()) {
            let message = "wildcards in names of tracepoints need the kernel's BTF or debuginfo";
            return Err(wrong(self.subject, message).help("leave --debuginfo=none out"));
        }
        if !self.fits(&self.name, self.system_of(objects, &self.name)) {
            return Err(self.no_match(objects));
        }
        Ok(vec![self.derivation(objects, &self.name, module, None)])
    }

    fn derivation(
        &self,
        objects: &Objects<'_>,
        name: &str,
        module: &str,
        found: Option<(&Known, FunctionId)>,
    ) -> Derivation {
        let system = if self.numbered { "" } else { self.system_of(objects, name) };
        let mut components = self.components.to_vec();
        for component in &mut components {
            let text = match component.name.as_str() {
                "module" => module.to_owned(),
                "trace" if !system.is_empty() => format!("{system}:{name}"),
                "trace" | "tracepoint" => name.to_owned(),
                _ => continue,
            };
            component.arg = Some(Literal::String(text.into_bytes()));
        }
        let site =
            Tracepoint { name: Symbol::new(name), system: Symbol::new(system), numbered: self.numbered };
        let scope = found.map(|(known, function)| Scope {
            object: known.id,
            function,
            site: Site::Tracepoint(site),
            returns: false,
        });
        let point = Point::Tracepoint(TracepointPoint { module: module.to_owned(), name: name.to_owned() });
        Derivation { point, pp: point_text(&components), scope, doubt: None }
    }

    fn broken(&self, broken: &Broken) -> Diagnostic {
        wrong(self.subject, broken.to_string())
    }

    fn no_match(&self, objects: &Objects<'_>) -> Diagnostic {
        let headers = objects.trace_headers();
        let mut known: Vec<String> = headers.all().map(|(name, _)| name.to_owned()).collect();
        if let Ok(kernel) = objects.kernel() {
            // What could be read is enough for a hint.
            known.extend(names(&kernel, headers).unwrap_or_default());
        }
        let mut similar = String::new();
        if !self.pattern() {
            similar = suggest::similar(&self.name, known.iter().map(String::as_str));
            similar = similar.replacen("similar", "similar tracepoints", 1);
        }
        let no_match = wrong(self.subject, format!("no match{similar}"));
        if headers.all().next().is_some() {
            return no_match;
        }
        let help = "the kernel's headers, which name subsystems and classes of events, are not installed";
        no_match.help(format!("{help}: {}", objects.headers_remedy()))
    }
}
