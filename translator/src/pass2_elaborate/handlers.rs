//! The worklist: files that take part bring probes, bodies bring functions, functions bring files.

use super::catalog::ItemRef;
use super::derive::{Derived, Deriver, Part};
use super::limits;
use super::names::{FunctionFacts, Names, Reported};
use super::points::PointTree;
use super::resolve::{Context, Entry, Given, Resolver};
use crate::cli::options::Privilege;
use crate::diag::{Code, Diagnostic};
use crate::ir::arena::Arena;
use crate::ir::program::{FunctionBody, FunctionId, Point, Probe, Saves};
use crate::ir::stmt::{Stmt, StmtKind};
use crate::ir::ty::Ty;
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::{self, Item};
use crate::pass1_parse::print;
use crate::probes::procfs;

/// Resolves all that the scripts refer to, until nothing new is met.
pub fn resolve_all(names: &mut Names<'_>, tree: &mut PointTree) {
    declare_user_globals(names);
    let mut done = 0;
    loop {
        if let Some(file) = names.catalog.used_file(done) {
            done += 1;
            file_items(names, tree, file);
        } else if let Some(function) = names.queue.pop_front() {
            // The error is in the sink.
            let _ = resolve_function(names, function);
        } else {
            break;
        }
    }
    report_clashes(names);
    procfs::clashes(&names.program.probes).into_iter().for_each(|error| names.sink.push(error));
    settle_keys(names);
    names.program.build_ids = names.objects.build_ids();
    if let Some(warning) = names.objects.other_build() {
        names.sink.push(warning);
    }
    for warning in names.objects.without_symbols() {
        names.sink.push(warning);
    }
}

/// Globals of the scripts keep their order, whatever is used first.
fn declare_user_globals(names: &mut Names<'_>) {
    let files = names.catalog.files().len();
    for file in 0..files {
        let node = names.catalog.file(file);
        for (item, _) in node.items.iter().enumerate().filter(|(_, item)| matches!(item, Item::Global(_))) {
            names.global_at(ItemRef { file, item });
        }
    }
}

fn file_items(names: &mut Names<'_>, tree: &mut PointTree, file: usize) {
    let node = names.catalog.file(file);
    for (item, entry) in node.items.iter().enumerate() {
        match entry {
            Item::Probe(_) => probe(names, tree, ItemRef { file, item }),
            Item::Embedded(code) => {
                if let Ok(code) = limits::embedded(names, node.id, code) {
                    names.program.embedded.push(code);
                }
            }
            Item::Alias(_) | Item::Global(_) | Item::Function(_) => {}
        }
    }
}

/// The points that the probes of the scripts stand for, by their names in the script. No handler is looked at.
pub fn point_names(names: &mut Names<'_>, tree: &mut PointTree) -> Vec<String> {
    let mut found = Vec::new();
    for file in 0..names.catalog.files().len() {
        let node = names.catalog.file(file);
        for (item, _) in node.items.iter().enumerate().filter(|(_, item)| matches!(item, Item::Probe(_))) {
            let derived = derive(names, tree, ItemRef { file, item });
            found.extend(derived.into_iter().filter_map(|mut one| one.chain.pop()));
        }
    }
    found
}

fn probe(names: &mut Names<'_>, tree: &mut PointTree, item: ItemRef) {
    for one in derive(names, tree, item) {
        add_probe(names, one);
    }
}

fn derive(names: &mut Names<'_>, tree: &mut PointTree, item: ItemRef) -> Vec<Derived> {
    let sink = names.sink;
    let user = names.session.options.privilege == Privilege::User;
    let objects = &names.objects;
    Deriver { catalog: &mut names.catalog, tree, objects, sink, user, aliases: 0 }.probe(item)
}

fn add_probe(names: &mut Names<'_>, derived: Derived) {
    let condition = condition(names, &derived);
    let returns = matches!(&derived.point, Point::Kprobe(point) if point.is_return);
    let mut body = Vec::new();
    let handler = derived.parts.iter().find_map(|part| match part {
        Part::Handler(item) => Some(*item),
        _ => None,
    });
    let mut resolver = Resolver::new(
        names,
        Context::Probe { returns, scope: derived.scope, given: Given::of(&derived.point) },
        derived.span.file,
        Arena::default(),
    )
    .of_probe(handler);
    for &part in &derived.parts {
        resolver.part(part, &mut body);
    }
    let (locals, entry) = resolver.into_parts();
    let pn = derived.chain.last().cloned().unwrap_or_default();
    let derivation = derived.chain.iter().map(|point| format!(" from: {point}")).collect();
    let lineage = derived.lineage.iter().map(|item| {
        let file = names.catalog.file(item.file);
        format!(" <- {}", print::head(&file.items[item.item]))
    });
    let lineage = lineage.collect();
    names.scopes.push(derived.scope);
    names.program.probes.push(Probe {
        number: 0,
        point: derived.point,
        pp: derived.pp,
        pn,
        location: names.session.sources.place(derived.span),
        derivation,
        lineage,
        span: derived.span,
        optional: derived.optional,
        locals,
        body,
        locks: Vec::new(),
        condition,
    });
    if !entry.values.is_empty() {
        add_entry(names, entry);
    }
}

/// The probe that keeps values of the entry for the return probe that was added last.
fn add_entry(names: &mut Names<'_>, entry: Entry) {
    let pair = names.program.probes.len() as u32;
    let Some(probe) = names.program.probes.last_mut() else { return };
    let Point::Kprobe(point) = &mut probe.point else { return };
    point.saves = Some(Saves { pair, longs: entry.values.len() as u16, strings: 0 });
    let save = |(value, slot): (Expr, u16)| {
        let span = value.span;
        let kind = ExprKind::Save { slot, value: Box::new(value) };
        Stmt { span, kind: StmtKind::Expr(Expr { span, ty: Ty::Long, kind }) }
    };
    let body = entry.values.into_iter().zip(0..).map(save).collect();
    let point = Point::KprobeEntry { pair };
    let own = Probe { point, locals: entry.locals, body, condition: None, ..probe.clone() };
    names.scopes.push(None);
    names.program.probes.push(own);
}

impl Resolver<'_, '_> {
    /// Adds a block of a probe or alias.
    fn part(&mut self, part: Part, out: &mut crate::ir::stmt::Block) {
        let (Part::Prologue(item) | Part::Handler(item) | Part::Epilogue(item)) = part;
        let file = self.names().catalog.file(item.file);
        let block = match (part, &file.items[item.item]) {
            (Part::Prologue(_), Item::Alias(alias)) => alias.prologue.as_ref(),
            (Part::Epilogue(_), Item::Alias(alias)) => alias.epilogue.as_ref(),
            (Part::Handler(_), Item::Probe(probe)) => Some(&probe.body),
            _ => None,
        };
        if let Some(block) = block {
            self.block(file.id, block, out);
        }
    }
}

/// All conditions on the way, tied by `&&`.
fn condition(names: &mut Names<'_>, derived: &Derived) -> Option<Expr> {
    let mut whole: Option<Expr> = None;
    for at in &derived.conditions {
        let file = names.catalog.file(at.item.file);
        let points = match &file.items[at.item.item] {
            Item::Probe(probe) => &probe.points,
            Item::Alias(alias) => &alias.points,
            _ => continue,
        };
        let Some(node) = points[at.point].condition.as_deref() else { continue };
        let resolver = Resolver::new(names, Context::Condition, file.id, Arena::default());
        let Ok(one) = resolver.condition(node) else { continue };
        whole = Some(match whole {
            None => one,
            Some(other) => {
                let span = other.span;
                Expr { span, ty: Ty::Long, kind: ExprKind::And(Box::new(other), Box::new(one)) }
            }
        });
    }
    whole
}

/// Resolves the body of a function, unless that was done already.
pub fn resolve_function(names: &mut Names<'_>, id: FunctionId) -> Result<(), Reported> {
    if std::mem::replace(&mut names.functions[id.index()].begun, true) {
        return Ok(());
    }
    let Some(item) = names.functions[id.index()].item else { return Ok(()) };
    let file = names.catalog.file(item.file);
    let Item::Function(node) = &file.items[item.item] else { return Ok(()) };
    match &node.body {
        ast::FunctionBody::Embedded(code) => {
            let code = limits::embedded(names, file.id, code)?;
            limits::check_function(names, node.span, &code)?;
            names.program.functions[id].body = FunctionBody::Embedded(code);
        }
        ast::FunctionBody::Script(block) => {
            let params = std::mem::take(&mut names.program.functions[id].locals);
            let FunctionFacts { caller, given, .. } = &names.functions[id.index()];
            let (context, given) = (Context::Function(*caller), given.clone());
            let mut resolver = Resolver::new(names, context, file.id, params).with_types(&given);
            let mut body = Vec::new();
            resolver.block(file.id, block, &mut body);
            let (locals, carried) = resolver.into_function();
            names.functions[id.index()].carried = carried;
            let function = &mut names.program.functions[id];
            function.locals = locals;
            function.body = FunctionBody::Script(body);
        }
    }
    Ok(())
}

fn report_clashes(names: &mut Names<'_>) {
    for (later, first) in names.catalog.take_clashes() {
        let (Some(later), Some(first)) = (names.catalog.global_at(later), names.catalog.global_at(first))
        else {
            continue;
        };
        let error = Diagnostic::semantic(Code::Declaration, "duplicate global name", later.span);
        names.sink.push(error.and_at(first.span));
    }
}

/// The number of keys is known once all uses were met.
fn settle_keys(names: &mut Names<'_>) {
    for (global, facts) in names.program.globals.iter_mut().zip(&names.globals) {
        let keys = facts.arity.map_or(0, |(keys, _)| keys);
        global.keys = vec![Ty::Long; keys];
    }
}

/// Numbers handlers in their order.
pub fn number(names: &mut Names<'_>) {
    for (probe, number) in names.program.probes.iter_mut().zip(1..) {
        probe.number = number;
    }
}
