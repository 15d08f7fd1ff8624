//! Tracepoints of modules: those of modules that the script names, and those that the kernel's headers declare.
//!
//! A header does not say which module its tracepoints are in. Module.symvers does for those that are exported; most
//! others are in the module that is called like the subsystem or like the header. Of one that is in none of these the
//! header is compiled, and whatever module comes with a tracepoint of that name is taken.

use std::collections::BTreeMap;

use super::Query;
use crate::debuginfo::tracepoints::function_of;
use crate::debuginfo::{Known, Lack, Objects};
use crate::diag::Diagnostic;
use crate::kernel::modules::canonical;
use crate::kernel::trace_headers::Declared;
use crate::pass1_parse::glob;
use crate::probes::Derivation;

impl Query<'_> {
    /// `module("PATTERN").tracepoint(…)`: all modules on the disk whose names match.
    pub(super) fn in_named_modules(
        &self,
        objects: &Objects<'_>,
        pattern: &str,
    ) -> Result<Vec<Derivation>, Diagnostic> {
        if !glob::is_pattern(pattern.as_bytes()) {
            let known = objects.module(pattern).map_err(|lack| lack.diagnostic().at(self.subject.span))?;
            return self.in_object(objects, &known, pattern).map_err(|broken| self.broken(&broken));
        }
        let mut found = Vec::new();
        for name in objects.module_names() {
            // A module that nothing is known about has no tracepoint that matches.
            if glob::matches(pattern.as_bytes(), name.as_bytes())
                && let Ok(known) = objects.module(&name)
            {
                found.extend(self.in_object(objects, &known, &name).unwrap_or_default());
            }
        }
        Ok(found)
    }

    /// What the headers declare, fits and is not among those `found` in the kernel.
    pub(super) fn in_modules(
        &self,
        objects: &Objects<'_>,
        found: &mut Vec<Derivation>,
    ) -> Result<(), Diagnostic> {
        let headers = objects.trace_headers();
        let mut wanted: Vec<(&str, &Declared)> = match self.pattern() {
            true => headers.all().collect(),
            false => headers.get(&self.name).map(|declared| (&*self.name, declared)).into_iter().collect(),
        };
        let known: rustc_hash::FxHashSet<&str> = found.iter().filter_map(Derivation::tracepoint).collect();
        wanted.retain(|(name, declared)| self.fits(name, &declared.system) && !known.contains(name));
        if wanted.is_empty() {
            return Ok(());
        }
        let owners = Owners::of(objects);
        let mut more = Vec::new();
        for (name, declared) in wanted {
            let of_module = |module: &String| Some((module.clone(), objects.module(module).ok()?));
            let mut known: Vec<_> = owners.candidates(name, declared).iter().filter_map(of_module).collect();
            if !self.pattern() && !known.iter().any(|(_, known)| self.knows(objects, known, name)) {
                let lacking = |lack: Lack| lack.diagnostic().at(self.subject.span);
                // Nobody knows its module: it may be any.
                known = vec![(String::new(), objects.compiled_header(&declared.header).map_err(lacking)?)];
            }
            for (module, known) in known {
                let function = function_of(&*known.info, headers, name);
                if let Some(function) = function.map_err(|broken| self.broken(&broken))? {
                    more.push(self.derivation(objects, name, &module, Some((&known, function))));
                    break;
                }
            }
        }
        found.extend(more);
        Ok(())
    }

    fn knows(&self, objects: &Objects<'_>, known: &Known, name: &str) -> bool {
        function_of(&*known.info, objects.trace_headers(), name).is_ok_and(|found| found.is_some())
    }
}

/// Which modules tracepoints may be in.
struct Owners {
    /// By the names of those that are exported.
    exported: BTreeMap<String, String>,
    modules: rustc_hash::FxHashSet<String>,
}

impl Owners {
    fn of(objects: &Objects<'_>) -> Owners {
        Owners {
            exported: objects.exported_tracepoints(),
            modules: objects.module_names().into_iter().collect(),
        }
    }

    fn candidates(&self, name: &str, declared: &Declared) -> Vec<String> {
        let stem = declared.header.rsplit('/').next().unwrap_or_default().trim_end_matches(".h");
        let guesses = [&declared.system, stem].map(canonical);
        let mut found: Vec<String> = self.exported.get(name).cloned().into_iter().collect();
        found.extend(guesses.into_iter().filter(|guess| self.modules.contains(guess)));
        found.dedup();
        found
    }
}
