//! function().label(): the places that `goto` goes to.

use super::place::{self, Object, Spot, shown};
use super::spec::FunctionSpec;
use super::{Derivation, Family, string, wrong};
use crate::debuginfo::{Broken, Objects, Site};
use crate::diag::Diagnostic;
use crate::pass1_parse::ast::{Component, Literal};
use crate::pass1_parse::glob;

/// Labels of functions.
pub struct Label;

impl Family for Label {
    fn patterns(&self) -> &'static [&'static str] {
        &["kernel.function(string).label(string)", "module(string).function(string).label(string)"]
    }

    fn derive(&self, components: &[Component], objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let [.., function, label] = components else { return Ok(Vec::new()) };
        let spec = FunctionSpec::of(function)?;
        place::in_objects(objects, components, label, &|object| {
            points(components, &spec, label, object).map_err(|broken| wrong(label, broken.to_string()))
        })
    }
}

fn points(
    components: &[Component],
    spec: &FunctionSpec,
    asked: &Component,
    object: Object<'_>,
) -> Result<Vec<Derivation>, Broken> {
    let pattern = string(asked).unwrap_or_default();
    let mut points = Vec::new();
    for candidate in spec.candidates(&*object.known.info)?.iter().filter(|one| spec.lines.touch(one)) {
        for (instance, entry) in object.instances(candidate.id)? {
            for label in object.known.info.labels(instance)? {
                if !glob::matches(pattern, label.name.as_str().as_bytes()) {
                    continue;
                }
                let argument = shown(&candidate.name, candidate.file.as_str(), label.line);
                let mut named = object.named(components, "function", argument);
                if let Some(last) = named.last_mut() {
                    last.arg = Some(Literal::String(label.name.as_str().as_bytes().to_vec()));
                }
                let spot = Spot {
                    name: &candidate.name,
                    function: instance,
                    start: (instance == candidate.id).then_some(entry),
                    address: label.address,
                    site: Site::Address(label.address),
                };
                points.extend(object.point(&named, spot));
            }
        }
    }
    Ok(points)
}
