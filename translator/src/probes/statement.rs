//! kernel.statement and module().statement: instructions that begin lines of source.

mod lines;

use super::place::{self, Object, Spot, shown};
use super::spec::{Candidate, FunctionSpec, Lines};
use super::{Derivation, Family, wrong};
use crate::debuginfo::{Broken, Objects, Site};
use crate::diag::{Diagnostic, suggest};
use crate::pass1_parse::ast::Component;
use lines::Row;

/// Statements by function, file and line.
pub struct Statement;

impl Family for Statement {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "kernel.statement(string)",
            "kernel.statement(string).nearest",
            "module(string).statement(string)",
            "module(string).statement(string).nearest",
        ]
    }

    fn derive(&self, components: &[Component], objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let statement = components.iter().find(|component| component.name.as_str() == "statement");
        let statement = statement.unwrap_or(&components[0]);
        let spec = FunctionSpec::of(statement)?;
        let nearest = components.iter().any(|component| component.name.as_str() == "nearest");
        let query = Query { components, statement, spec, nearest };
        place::in_objects(objects, components, statement, &|object| query.points(object))
    }
}

/// What the components ask for.
struct Query<'c> {
    components: &'c [Component],
    statement: &'c Component,
    spec: FunctionSpec,
    nearest: bool,
}

impl Query<'_> {
    fn points(&self, object: Object<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let broken = |broken: Broken| wrong(self.statement, broken.to_string());
        let candidates = self.spec.candidates(&*object.known.info).map_err(broken)?;
        if candidates.is_empty() {
            return Err(self.no_function(object));
        }
        let entries = self.spec.lines == Lines::Any;
        let rows = match entries {
            true => lines::entries(object, &candidates),
            false => lines::rows(object, &self.spec, &candidates, self.nearest),
        };
        let rows = rows.map_err(broken)?;
        if rows.is_empty() && !entries {
            return Err(self.no_lines(object, &candidates).map_err(broken)?);
        }
        Ok(rows.iter().filter_map(|row| self.point(object, row, entries)).collect())
    }

    fn point(&self, object: Object<'_>, row: &Row<'_>, entry: bool) -> Option<Derivation> {
        let argument = shown(&row.candidate.name, row.file.as_str(), row.line);
        let components = object.named(self.components, "statement", argument);
        let spot = Spot {
            name: &row.candidate.name,
            function: row.instance,
            start: row.start,
            address: row.address,
            site: if entry { Site::Entry } else { Site::Address(row.address) },
        };
        object.point(&components, spot)
    }

    fn no_function(&self, object: Object<'_>) -> Diagnostic {
        let mut names = Vec::new();
        if !self.spec.is_pattern() {
            // What could be read is enough for a hint.
            let _ = object.known.info.each_function(&mut |name, _| names.push(name.to_owned()));
        }
        let similar = suggest::similar_functions(&self.spec.name, names.iter().map(String::as_str));
        wrong(self.statement, format!("no match{similar}"))
    }

    /// Names the lines on both sides that have code, within the function that the line lies in.
    fn no_lines(&self, object: Object<'_>, candidates: &[Candidate]) -> Result<Diagnostic, Broken> {
        let wanted = |candidate: &Candidate| {
            let lines = self.spec.lines.of(candidate);
            lines.into_iter().map(|(first, _)| first).find(|line| candidate.spans(*line))
        };
        let inside = candidates.iter().find_map(|candidate| Some((candidate, wanted(candidate)?)));
        let Some((candidate, line)) = inside else {
            let candidate = &candidates[0];
            let line = self.spec.lines.of(candidate).first().map_or(0, |(first, _)| *first);
            let message = format!("no line records for {}:{line} [man error::dwarf]", candidate.file);
            return Ok(wrong(self.statement, message));
        };
        let (below, above) = lines::around(object, &self.spec, candidate, line)?;
        let near: Vec<String> = [below, above].into_iter().flatten().map(|line| format!(":{line}")).collect();
        let near = if near.is_empty() { String::new() } else { format!(" (try {})", near.join(" or ")) };
        let message = format!("no line records for {}:{line} [man error::dwarf]{near}", candidate.file);
        Ok(wrong(self.statement, message))
    }
}
