//! `--dump-probe-types`, `--dump-probe-aliases` and `--dump-functions`: what there is to write scripts with.

use std::sync::Arc;

use super::catalog::{Catalog, Declarations};
use super::handlers;
use super::listed::Listed;
use super::names::Names;
use super::points::PointTree;
use super::types::{self, Guess};
use crate::cli::options::Privilege;
use crate::diag::Sink;
use crate::ir::Program;
use crate::ir::program::{FunctionBody, FunctionId, Pragmas};
use crate::ir::ty::Ty;
use crate::pass1_parse::ast::{File, Item, ProbePoint};
use crate::probes::{self, FAMILIES, point_text};
use crate::session::Session;

/// The points of all families that the session's user may use, sorted.
pub fn probe_types(session: &Session<'_>) -> Vec<Listed> {
    let user = session.options.privilege == Privilege::User;
    let families = FAMILIES.iter().filter(|family| !user || family.harmless());
    let patterns = families.flat_map(|family| family.patterns());
    let mut names: Vec<&str> = patterns.copied().filter(|name| probes::is_ready(name)).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| Listed::Type(name.to_owned())).collect()
}

/// All aliases of the library, sorted; those whose names begin with `_` only for who asks with -v.
pub fn probe_aliases(session: &Session<'_>, files: &[Arc<File>]) -> Vec<Listed> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for item in files.iter().flat_map(|file| &file.items) {
        let Item::Alias(alias) = item else { continue };
        let points: Vec<String> = alias.points.iter().map(as_written).collect();
        found.extend(alias.names.iter().map(|name| (as_written(name), points.clone())));
    }
    found.retain(|(name, _)| is_shown(session, name));
    found.sort();
    found.into_iter().map(|(name, points)| Listed::Alias(name, points)).collect()
}

/// All public functions of the library, sorted; as for aliases. A type that nothing tells is `unknown`.
pub fn functions(session: &Session<'_>, files: &[Arc<File>], library: &dyn Declarations) -> Vec<Listed> {
    // What is wrong with a function is told to who calls it.
    let sink = Sink::new();
    let mut names = Names::new(session, &sink, Catalog::new(&[], library));
    let mut wanted: Vec<FunctionId> = Vec::new();
    for file in files {
        for item in &file.items {
            let Item::Function(function) = item else { continue };
            if !function.private && is_shown(session, function.name.as_str()) {
                wanted.extend(names.function(
                    file.id,
                    function.name,
                    function.params.len(),
                    None,
                    function.span,
                ));
            }
        }
    }
    handlers::resolve_all(&mut names, &mut PointTree::new(session.options.compatible));
    let guess = types::guess(&names);
    wanted.sort_unstable();
    wanted.dedup();
    let line = |id: FunctionId| function(&names.program, &guess, id, session.options.verbose[1] > 0);
    let mut lines: Vec<Listed> = wanted.into_iter().map(line).collect();
    lines.sort_by_key(Listed::text);
    lines
}

fn function(program: &Program, guess: &Guess, id: FunctionId, verbose: bool) -> Listed {
    let function = &program.functions[id];
    let word = |ty: Option<Ty>| ty.map_or_else(|| "unknown".to_owned(), |ty| ty.to_string());
    let params = function.locals.iter().take(function.params);
    let params = params.map(|(local, node)| format!("{}:{}", node.name, word(guess.local(id, local))));
    let tags = match &function.body {
        FunctionBody::Embedded(code) => tags(&code.pragmas, verbose),
        FunctionBody::Script(_) => Vec::new(),
    };
    Listed::Function(function.name.to_string(), word(guess.result(id)), params.collect(), tags)
}

/// What matters to who calls a function; with -v, to the optimiser as well.
fn tags(pragmas: &Pragmas, verbose: bool) -> Vec<&'static str> {
    let all = [
        ("bpf", pragmas.bpf),
        ("guru", pragmas.guru),
        ("myproc-unprivileged", pragmas.myproc_unprivileged),
        ("pure", pragmas.pure && verbose),
        ("stable", pragmas.stable && verbose),
        ("unprivileged", pragmas.unprivileged),
    ];
    all.into_iter().filter(|(_, is_set)| *is_set).map(|(tag, _)| tag).collect()
}

fn is_shown(session: &Session<'_>, name: &str) -> bool {
    session.options.verbose[1] > 0 || !name.starts_with('_')
}

fn as_written(point: &ProbePoint) -> String {
    let mark = if point.sufficient {
        "!"
    } else if point.optional {
        "?"
    } else {
        ""
    };
    point_text(&point.components) + mark
}
