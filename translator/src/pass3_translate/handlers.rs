//! Whole handlers and functions.

use super::body::{Body, Unit};
use super::embedded::{mentions, result_members, says_next};
use super::facts::FunctionFacts;
use super::layout;
use super::names;
use super::render::FrameView;
use crate::ir::program::{Function, FunctionBody, FunctionId, Probe};
use crate::ir::ty::Ty;

/// Embedded functions up to this many bytes are inlined wherever they are called: pid() and its like are a load.
const INLINE_BYTES: usize = 600;
/// Script functions up to so many statements may be inlined.
const INLINE_STATEMENTS: u32 = 4;

/// A handler or function in C, and its frame.
pub struct Written {
    /// What stands before its name and its parameters, as a prototype.
    pub prototype: String,
    /// The definition.
    pub text: String,
    /// Its member of the frame union.
    pub frame: FrameView,
}

/// A probe's handler.
pub fn handler(unit: &Unit<'_>, probe: &Probe, sort_sites: &mut Vec<u32>) -> Written {
    let name = names::probe(probe);
    let slots = layout::probe_slots(&probe.locals);
    let facts = unit.facts.handler(&probe.body);
    let locks = lock_rows(unit, probe, &facts);
    let mut body = Body::new(unit, None, &slots, sort_sites);
    body.clear_locals(0);
    if unit.match_sizes.is_some() {
        body.out.line("c->match.tags = 0;");
    }
    limit_actions(&mut body, &facts, probe);
    if let Some(condition) = &probe.condition {
        body.scoped(|body| {
            let value = body.long(condition);
            body.out.line(format!("if (!({value}))"));
            body.out.line("\tgoto out;");
        });
    }
    body.block(&probe.body);
    body.label("out");
    if facts.prints {
        body.out.line("stp_out_commit(c);");
    }
    let temps = body.string_temps();
    let prototype = format!("static void {name}(struct context *__restrict__ c)");
    let mut out = super::writer::Writer::default();
    out.line(&prototype);
    out.open("{");
    if !locks.is_empty() {
        out.open("static const struct stp_probe_lock locks[] = {");
        locks.iter().for_each(|row| out.line(row));
        out.close("};");
    }
    out.line(format!("struct {name}_locals *l = &c->probe_locals.{name};"));
    out.line("");
    out.line("(void)l;");
    if !locks.is_empty() {
        out.line("if (!stp_lock_probe(c, locks, ARRAY_SIZE(locks)))");
        out.line("\treturn;");
    }
    out.append(body.out);
    if unit.conditions.touched_by(probe) {
        out.line("stp_conditions_touch();");
    }
    if !locks.is_empty() {
        out.line("stp_unlock_probe(c, locks, ARRAY_SIZE(locks));");
    }
    out.close("}");
    let frame = FrameView { name, members: layout::members(&slots, temps) };
    Written { prototype, text: out.finish(), frame }
}

/// Without loops and recursion the compiler compares the handler's length with MAXACTION; else the handler counts.
fn limit_actions(body: &mut Body<'_>, facts: &FunctionFacts, probe: &Probe) {
    match facts.cost {
        Some(cost) => {
            if cost > 0 {
                body.fail_if(&format!("STP_ACTIONS < {cost}"), "MAXACTION exceeded", probe.span);
            }
        }
        None => {
            body.counts_actions = true;
            body.out.line("c->actionremaining = STP_ACTIONS;");
            let cost = body.unit.facts.straight_cost(&probe.body);
            body.take_actions(cost, probe.span);
        }
    }
}

/// A sort writes to the array's own memory, so it takes the lock for writing.
fn lock_rows(unit: &Unit<'_>, probe: &Probe, facts: &FunctionFacts) -> Vec<String> {
    probe
        .locks
        .iter()
        .map(|lock| {
            let write = lock.write || facts.sorts.contains(&lock.global);
            let name = names::global_lock(&unit.program.globals[lock.global]);
            format!("{{ .lock = &{name}, .write_p = {} }},", u8::from(write))
        })
        .collect()
}

/// A function.
pub fn function(unit: &Unit<'_>, id: FunctionId, sort_sites: &mut Vec<u32>) -> Written {
    let function = &unit.program.functions[id];
    let name = names::function(function);
    let slots = &unit.function_slots[id.index()];
    let mut body = Body::new(unit, Some(id), slots, sort_sites);
    match function.ret {
        Some(Ty::Long) => body.out.line("l->__retvalue = 0;"),
        Some(Ty::String) => body.out.line("l->__retvalue[0] = '\\0';"),
        None => {}
    }
    if says_next(function) {
        body.out.line("l->__next = 0;");
    }
    body.clear_locals(function.params);
    match &function.body {
        FunctionBody::Script(block) => {
            if unit.facts.function(id).cost.is_none() {
                body.counts_actions = true;
                let cost = unit.facts.straight_cost(block);
                body.take_actions(cost, function.span);
            }
            body.block(block);
        }
        FunctionBody::Embedded(code) => body.embedded_function(function, code),
    }
    body.label("out");
    let temps = body.string_temps();
    let linkage = linkage(unit, id, function);
    let prototype = format!("{linkage} void {name}(struct context *__restrict__ c, int nesting)");
    let mut out = super::writer::Writer::default();
    out.line(&prototype);
    out.open("{");
    out.line(format!("struct {name}_locals *l = &c->locals[nesting].{name};"));
    out.line("");
    out.line("(void)l;");
    out.append(body.out);
    out.close("}");
    let mut members = result_members(function);
    members.extend(layout::members(slots, temps));
    Written { prototype, text: out.finish(), frame: FrameView { name, members } }
}

fn linkage(unit: &Unit<'_>, id: FunctionId, function: &Function) -> &'static str {
    let short = match &function.body {
        FunctionBody::Embedded(code) => code.code.len() <= INLINE_BYTES && !mentions(code, "static "),
        FunctionBody::Script(block) => {
            unit.facts.function(id).cost.is_some() && unit.facts.straight_cost(block) <= INLINE_STATEMENTS
        }
    };
    if short { "static __always_inline __maybe_unused" } else { "static noinline __maybe_unused" }
}
