//! function().callee() and .callees(): functions where another one calls them.
//!
//! A callee that stands inlined in its caller is found there. A real call leads to the callee's one body, where it cannot
//! be told from calls by others yet.

use super::place::{self, Object, Spot, shown};
use super::spec::FunctionSpec;
use super::{Derivation, Family, number, string, wrong};
use crate::debuginfo::{Broken, Call, FunctionId, Objects, Site};
use crate::diag::{Code, Diagnostic};
use crate::pass1_parse::ast::{Component, Literal};
use crate::pass1_parse::glob;
use crate::source::Symbol;

/// Calls of one function by another.
pub struct Callee;

/// Deepest chain of calls that .callees(N) goes along.
const MAX_DEPTH: i64 = 64;

impl Family for Callee {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "kernel.function(string).callee(string)",
            "kernel.function(string).callee(string).call",
            "kernel.function(string).callees",
            "kernel.function(string).callees(number)",
            "module(string).function(string).callee(string)",
            "module(string).function(string).callee(string).call",
            "module(string).function(string).callees",
            "module(string).function(string).callees(number)",
        ]
    }

    fn derive(&self, components: &[Component], objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let at = components.iter().position(|one| one.name.as_str().starts_with("callee")).unwrap_or(1);
        let (function, asked) = (&components[at - 1], &components[at]);
        let spec = FunctionSpec::of(function)?;
        let wanted = match string(asked) {
            Some(_) => FunctionSpec::of(asked)?,
            None => FunctionSpec { name: "*".into(), file: None, lines: super::spec::Lines::Any },
        };
        let depth = match number(asked) {
            None => 1,
            Some(depth @ 1..=MAX_DEPTH) => depth,
            Some(_) => return Err(wrong(asked, format!("depth of callees out of range (1, {MAX_DEPTH})"))),
        };
        place::in_objects(objects, components, asked, &|object| {
            let mut search =
                Search { components, at, wanted: &wanted, object, found: Vec::new(), called: None };
            search.run(&spec, depth).map_err(|broken| wrong(asked, broken.to_string()))?;
            match (search.found.is_empty(), search.called) {
                (true, Some((caller, callee))) => Err(Diagnostic::semantic(
                    Code::NotYet,
                    format!("{caller} calls {callee}, which stands inlined nowhere in it; that is not available yet"),
                    asked.span,
                )
                .help("probe the callee itself, and look at its caller")),
                (_, _) => Ok(search.found),
            }
        })
    }
}

/// A walk along calls.
struct Search<'s> {
    components: &'s [Component],
    /// The component that says which callees.
    at: usize,
    wanted: &'s FunctionSpec,
    object: Object<'s>,
    found: Vec<Derivation>,
    /// A real call that is wanted: its caller and what it calls.
    called: Option<(String, Symbol)>,
}

impl Search<'_> {
    fn run(&mut self, spec: &FunctionSpec, depth: i64) -> Result<(), Broken> {
        for candidate in spec.candidates(&*self.object.known.info)?.iter().filter(|one| spec.lines.touch(one))
        {
            let caller = shown(&candidate.name, candidate.file.as_str(), candidate.line);
            for (instance, _) in self.object.instances(candidate.id)? {
                self.calls(&candidate.name, &caller, instance, depth)?;
            }
        }
        Ok(())
    }

    fn calls(
        &mut self,
        name: &str,
        caller: &Literal,
        function: FunctionId,
        depth: i64,
    ) -> Result<(), Broken> {
        for Call { name: callee, callee: id, returns } in self.object.known.info.calls(function)? {
            let outline = self.object.known.info.outline(id)?;
            let (file, line) = outline.declared.map_or((Symbol::new(""), 0), |at| (at.file, at.line));
            let wanted = glob::matches(self.wanted.name.as_bytes(), callee.as_str().as_bytes())
                && self.wanted.fits_file(file.as_str());
            if returns.is_some() {
                if wanted {
                    self.called.get_or_insert((name.to_owned(), callee));
                }
                continue;
            }
            let text = shown(callee.as_str(), file.as_str(), line);
            if let (true, Some(address)) = (wanted, outline.entry) {
                let spot =
                    Spot { name: callee.as_str(), function: id, start: None, address, site: Site::Entry };
                self.found.extend(self.object.point(&self.named(caller, &text), spot));
            }
            if depth > 1 {
                self.calls(callee.as_str(), &text, id, depth - 1)?;
            }
        }
        Ok(())
    }

    /// `kernel.function("CALLER").callee("CALLEE")`
    fn named(&self, caller: &Literal, callee: &Literal) -> Vec<Component> {
        let mut named = self.object.named(self.components, "function", caller.clone());
        if let Some(component) = named.get_mut(self.at) {
            component.name = Symbol::new("callee");
            component.arg = Some(callee.clone());
        }
        named
    }
}
