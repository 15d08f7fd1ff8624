//! `-l` and `-L`: the points that a pattern matches.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{Catalog, Declarations};
use super::handlers;
use super::listed::Listed;
use super::names::Names;
use super::points::PointTree;
use super::types;
use crate::debuginfo::spell::spell;
use crate::debuginfo::types::peel;
use crate::debuginfo::{Broken, Objects, Type};
use crate::diag::Sink;
use crate::ir::program::{Local, Point, Probe};
use crate::pass1_parse::ast::File;
use crate::probes::Scope;
use crate::session::Session;

/// One line for each point that the probes of `files` match, sorted; with `variables`, ` name:type` for what their
/// handlers can use. Errors go to the sink; what cannot be resolved is not listed.
pub fn list(
    session: &Session<'_>,
    files: &[File],
    library: &dyn Declarations,
    sink: &Sink,
    variables: bool,
) -> Vec<Listed> {
    let mut names = Names::new(session, sink, Catalog::new(files, library));
    let mut tree = PointTree::new(session.options.compatible);
    if !variables {
        let points: BTreeSet<String> = handlers::point_names(&mut names, &mut tree).into_iter().collect();
        return points.into_iter().map(|name| Listed::Point(name, Vec::new())).collect();
    }
    handlers::resolve_all(&mut names, &mut tree);
    types::types(&mut names);
    let mut points: BTreeMap<String, Option<Vec<String>>> = BTreeMap::new();
    for (probe, scope) in names.program.probes.iter().zip(&names.scopes) {
        if session.sources.file(probe.span.file).library || matches!(probe.point, Point::KprobeEntry { .. }) {
            continue;
        }
        let found = self::variables(&names, probe, *scope);
        let kept = points.entry(probe.pn.clone()).or_default();
        // Several points of one name only promise what all of them have.
        *kept = Some(match kept.take() {
            None => found,
            Some(known) => known.into_iter().filter(|one| found.contains(one)).collect(),
        });
    }
    points.into_iter().map(|(name, found)| Listed::Point(name, found.unwrap_or_default())).collect()
}

fn variables(names: &Names<'_>, probe: &Probe, scope: Option<Scope>) -> Vec<String> {
    let shown = |local: &Local| !local.is_hidden() && !local.name.as_str().starts_with("__");
    let mut found: Vec<String> = probe
        .locals
        .iter()
        .filter(|(_, local)| shown(local))
        .map(|(_, local)| format!("{}:{}", local.name, local.ty))
        .collect();
    match scope {
        // What cannot be read is not listed.
        Some(scope) => found.extend(target_variables(&names.objects, scope).unwrap_or_default()),
        None if matches!(&probe.point, Point::Kprobe(point) if point.is_return) => {
            found.push("$return:long".into());
        }
        None => {}
    }
    found
}

/// `$NAME:TYPE` of a function's result and parameters.
fn target_variables(objects: &Objects<'_>, scope: Scope) -> Result<Vec<String>, Broken> {
    let Some(info) = objects.info(scope.object) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    if scope.returns
        && let Some(ty) = info.function(scope.function)?.result
        && !matches!(peel(objects, ty)?.1, Type::Void)
    {
        found.push(format!("$return:{}", spell(objects, ty)?));
    }
    for variable in objects.variables(&*info, scope.function, scope.site)? {
        found.push(format!("${}:{}", variable.name, spell(objects, variable.ty)?));
    }
    Ok(found)
}
