//! Functions by their addresses: what DWARF knows of each body and each inlined instance.

use super::Query;
use crate::debuginfo::{Broken, FunctionId, Site};
use crate::diag::{Code, Diagnostic};
use crate::pass1_parse::ast::Literal;
use crate::probes::Derivation;
use crate::probes::place::{Object, Spot, shown};
use crate::probes::spec::{Candidate, Lines};

/// A query to an object with DWARF.
pub struct Located<'q, 'c> {
    /// What is asked for.
    pub query: &'q Query<'c>,
    /// The object.
    pub object: Object<'q>,
    /// Bytes from the function's start.
    pub offset: u64,
}

impl Located<'_, '_> {
    /// The points of some functions: their bodies and, unless the script wants one kind, their inlined instances.
    pub fn points(&self, candidates: &[Candidate]) -> Result<Vec<Derivation>, Broken> {
        self.warn_of_lines(candidates);
        let wants_bodies = !self.query.has("inline");
        let wants_instances = !["call", "return", "exported"].iter().any(|kind| self.query.has(kind));
        let mut points = Vec::new();
        let mut only_inlined = Vec::new();
        for candidate in candidates {
            let instances = self.object.instances(candidate.id)?;
            let is_body = |(id, _): &(FunctionId, u64)| *id == candidate.id;
            if self.query.has("return") && !instances.is_empty() && !instances.iter().any(is_body) {
                only_inlined.push(&*candidate.name);
            }
            for (function, entry) in instances {
                let body = function == candidate.id;
                let wanted = if body { wants_bodies } else { wants_instances && self.offset == 0 };
                let point = wanted.then(|| self.point(candidate, function, entry, body)).flatten();
                let found = point.is_some();
                points.extend(point);
                // All instances have one name, and some functions have thousands.
                if found && self.object.objects.lists_names() {
                    break;
                }
            }
        }
        self.warn_of_inlined(&only_inlined);
        Ok(points)
    }

    /// A line may be that of the declaration; any other leads to no other place than that.
    fn warn_of_lines(&self, candidates: &[Candidate]) {
        let exact = |candidate: &Candidate| {
            self.query.spec.lines == Lines::Listed(vec![(candidate.line, candidate.line)])
        };
        if self.query.spec.lines != Lines::Any && !candidates.iter().all(exact) {
            let message = "For probing a particular line, use a .statement() probe, not .function()";
            self.object.objects.tell(Diagnostic::warning(
                Code::ProbePoint,
                message,
                self.query.function.span,
            ));
        }
    }

    /// Code that stands inlined does not return to its caller.
    fn warn_of_inlined(&self, names: &[&str]) {
        let (count, plural) = match names.len() {
            0 => return,
            1 => (1, ""),
            count => (count, "s"),
        };
        let mut shown = names[..count.min(MAX_NAMES)].join(", ");
        if count > MAX_NAMES {
            shown.push_str(", ...");
        }
        let message = format!("cannot probe .return of {count} inlined function{plural} {shown}");
        self.object.objects.tell(Diagnostic::warning(Code::ProbePoint, message, self.query.function.span));
    }

    fn point(
        &self,
        candidate: &Candidate,
        function: FunctionId,
        entry: u64,
        body: bool,
    ) -> Option<Derivation> {
        let argument = match self.offset {
            0 => shown(&candidate.name, candidate.file.as_str(), candidate.line),
            _ => Literal::String(super::super::string(self.query.function)?.to_vec()),
        };
        let components = self.object.named(self.query.components, "function", argument);
        let address = entry.checked_add(self.offset)?;
        let spot = Spot {
            name: &candidate.name,
            function,
            start: body.then_some(entry),
            address,
            site: if self.offset == 0 { Site::Entry } else { Site::Address(address) },
        };
        self.object.point(&components, spot)
    }
}

/// Inlined functions that are named in a warning.
const MAX_NAMES: usize = 8;
