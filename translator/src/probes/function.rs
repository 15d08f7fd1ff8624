//! kernel.function and module().function: entries and returns of functions that debug information knows.
//!
//! Without any (--debuginfo=none, a kernel without BTF) the symbols of the image tell which functions there are; nothing
//! is known about their parameters then. Where the image is not here either, a plain name still is a symbol, which the
//! kernel itself finds when the probes are loaded.

mod bulk;
mod by_symbol;
mod located;

use super::kprobe::{self, Spec};
use super::place;
use super::spec::FunctionSpec;
use super::{Derivation, Family, Scope, point_text, wrong};
use crate::debuginfo::{DebugInfo, FunctionId, Kind, Known, Objects, Site};
use crate::diag::{Diagnostic, suggest};
use crate::ir::program::{KprobePoint, Point};
use crate::kernel::modules;
use crate::pass1_parse::ast::{Component, Literal};
use crate::pass1_parse::glob;
use bulk::Bulk;
use by_symbol::BySymbol;
use located::Located;

/// Function entry and return.
pub struct Function;

impl Family for Function {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "kernel.function(string)",
            "kernel.function(string).call",
            "kernel.function(string).inline",
            "kernel.function(string).exported",
            "kernel.function(string).return",
            "kernel.function(string).return.maxactive(number)",
            "module(string).function(string)",
            "module(string).function(string).call",
            "module(string).function(string).inline",
            "module(string).function(string).exported",
            "module(string).function(string).return",
            "module(string).function(string).return.maxactive(number)",
        ]
    }

    fn derive(&self, components: &[Component], objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let query = Query::of(components)?;
        if glob::is_pattern(query.module.as_bytes()) && !modules::is_path(&query.module) {
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
    /// What it names, with the source file and its lines.
    spec: FunctionSpec,
    exported: bool,
}

impl<'c> Query<'c> {
    fn of(components: &'c [Component]) -> Result<Self, Diagnostic> {
        let function = components.iter().find(|component| component.name.as_str() == "function");
        let function = function.unwrap_or(&components[0]);
        let spec = FunctionSpec::of(function)?;
        Ok(Query {
            components,
            module: kprobe::module(&components[0])?,
            function,
            pattern: spec.name.clone(),
            spec,
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
            Err(Some(lack)) if objects.insists() => Err(lack.diagnostic().at(self.function.span)),
            Err(_) if self.spec.file.is_some() || self.has("inline") => Err(self.needs_dwarf()),
            Err(lack) => BySymbol { query: self, objects, module }.points(pattern, lack),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.components.iter().any(|component| component.name.as_str() == name)
    }

    /// BTF knows neither source files nor inlined functions.
    fn needs_dwarf(&self) -> Diagnostic {
        let message = "source files, lines and inlined functions need the kernel's DWARF debuginfo";
        wrong(self.function, message).help("--debuginfo=dwarf says where it is missing and how to install it")
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
        if known.info.source().kind == Kind::Dwarf {
            let spec = FunctionSpec { name: name.to_owned(), ..self.spec.clone() };
            return self.by_dwarf(place::Object { objects, known, module }, &spec, offset);
        }
        let mut found = match pattern {
            true => self.matching(&*known.info).map_err(broken)?,
            false => {
                let ids = known.info.functions_named(name).map_err(broken)?;
                ids.into_iter().map(|id| (name.to_owned(), id)).collect()
            }
        };
        // A symbol leads to one of several functions that share it.
        found.dedup_by(|a, b| a.0 == b.0);
        if self.spec.file.is_some() || self.has("inline") {
            return Err(self.needs_dwarf());
        }
        if self.exported {
            let exports = objects.exports(module).map_err(|lack| lack.diagnostic().at(self.function.span))?;
            found.retain(|(name, _)| exports.contains(name));
        }
        if found.is_empty() {
            let no_match = self.no_match(&*known.info, pattern);
            // BTF leaves out functions that the compiler has changed, and those in assembler.
            return match pattern || self.exported || objects.insists() {
                true => Err(no_match),
                false => Ok(vec![BySymbol { query: self, objects, module }.point(no_match)?]),
            };
        }
        if pattern && module == "kernel" && found.len() >= bulk::MANY && !objects.listing() {
            return self.in_bulk(objects, known, found);
        }
        let one = |(name, id): (String, FunctionId)| {
            let spec = (name.clone(), offset);
            self.derivation(known, module, name, id, spec)
        };
        found.into_iter().map(one).collect()
    }

    /// Many functions of the kernel, by their addresses where its image tells them.
    fn in_bulk(
        &self,
        objects: &Objects<'_>,
        known: &Known,
        mut found: Vec<(String, FunctionId)>,
    ) -> Result<Vec<Derivation>, Diagnostic> {
        let bulk = Bulk::of_kernel(objects);
        if let Some(bulk) = &bulk {
            found.retain(|(name, _)| bulk.stays(name));
        }
        let one = |(name, id): (String, FunctionId)| {
            let distance = bulk.as_ref().and_then(|bulk| bulk.distance(&name));
            let spec =
                distance.map_or_else(|| (name.clone(), 0), |distance| (bulk::BASE.to_owned(), distance));
            self.derivation(known, "kernel", name, id, spec)
        };
        found.into_iter().map(one).collect()
    }

    fn by_dwarf(
        &self,
        object: place::Object<'_>,
        spec: &FunctionSpec,
        offset: u64,
    ) -> Result<Vec<Derivation>, Diagnostic> {
        let broken = |broken: crate::debuginfo::Broken| wrong(self.function, broken.to_string());
        // What the components ask for must make sense before it is asked of each function.
        kprobe::point(
            self.components,
            Spec { module: object.module.to_owned(), symbol: String::new(), offset },
        )?;
        let mut candidates = spec.candidates(&*object.known.info).map_err(broken)?;
        candidates.retain(|candidate| spec.lines.touch(candidate));
        if self.exported {
            let exports = object.objects.exports(object.module);
            let exports = exports.map_err(|lack| lack.diagnostic().at(self.function.span))?;
            candidates.retain(|candidate| exports.contains(&candidate.name));
        }
        let points = Located { query: self, object, offset }.points(&candidates).map_err(broken)?;
        match points.is_empty() {
            true => Err(self.no_match(&*object.known.info, spec.is_pattern())),
            false => Ok(points),
        }
    }

    /// Functions whose names match, by name.
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
        Ok(found)
    }

    fn no_match(&self, info: &dyn DebugInfo, pattern: bool) -> Diagnostic {
        let mut names = Vec::new();
        if !pattern {
            // What could be read is enough for a hint.
            let _ = info.each_function(&mut |name, _| names.push(name.to_owned()));
        }
        self.none_of(names.iter().map(String::as_str))
            .help("kprobe.function(\"NAME\") takes a symbol that debug information does not know")
    }

    /// That no function matches, with those whose names are similar.
    fn none_of<'n>(&self, names: impl Iterator<Item = &'n str>) -> Diagnostic {
        let similar = suggest::similar_functions(&self.pattern, names);
        wrong(self.function, format!("no match{similar}"))
    }

    fn derivation(
        &self,
        known: &Known,
        module: &str,
        name: String,
        function: FunctionId,
        (symbol, distance): (String, u64),
    ) -> Result<Derivation, Diagnostic> {
        // Patterns, which may go by distances from another symbol, have no offset of their own.
        let offset = if symbol == name { distance } else { 0 };
        let mut components = self.components.to_vec();
        for component in &mut components {
            let text = match component.name.as_str() {
                "function" if offset == 0 => name.clone(),
                "module" => module.to_owned(),
                _ => continue,
            };
            component.arg = Some(Literal::String(text.into_bytes()));
        }
        let spec = Spec { module: module.to_owned(), symbol, offset };
        let point = KprobePoint { offset: distance, ..kprobe::point(&components, spec)? };
        let scope = Scope { object: known.id, function, site: Site::Entry, returns: point.is_return };
        // Only DWARF knows where variables are further on.
        let scope = (offset == 0).then_some(scope);
        Ok(Derivation { pp: point_text(&components), point: Point::Kprobe(point), scope, doubt: None })
    }
}
