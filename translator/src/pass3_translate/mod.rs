//! Pass 3: IR to C.
//!
//! [`translate`] writes one C file in the classic shape of a SystemTap module. `support` refuses what cannot be written
//! yet; after it nothing fails. `facts` looks at the whole program once; `handlers` writes bodies with `body`, `expr`,
//! `strings`, `calls`, `maps`, `printf`, `stmt`, `target` and `embedded`; `tables` makes the tables; `render` fills the templates.

mod body;
mod calls;
mod conditions;
mod embedded;
mod expr;
mod facts;
mod handlers;
mod histogram;
mod layout;
mod maps;
mod names;
mod printf;
mod procfs;
mod regex;
mod render;
mod stats;
mod stmt;
mod strings;
mod support;
mod tables;
mod target;
#[cfg(test)]
mod tests;
mod tracepoint;
mod writer;

use rustc_hash::FxHashMap;

use crate::cli::options::Privilege;
use crate::diag::diagnostic::Diagnostic;
use crate::ir::expr::Piece;
use crate::ir::program::{Point, Pragmas, Probe, Program};
use crate::ir::visit;
use crate::session::Session;

use body::{Input, Unit};
use conditions::Conditions;
use facts::printed;
use handlers::Written;
use render::{DefineView, ModuleView, Templates};

/// Writes the C file of a program. The same program and options give the same bytes.
pub fn translate(session: &Session<'_>, program: &Program) -> Result<Vec<u8>, Diagnostic> {
    let input =
        Input { options: &session.options, sources: &session.sources, release: &session.target.release };
    unit_text(&input, program)
}

fn unit_text(input: &Input<'_>, program: &Program) -> Result<Vec<u8>, Diagnostic> {
    support::check(program)?;
    let facts = facts::Facts::of(program);
    let function_slots: Vec<_> =
        program.functions.iter().map(|(_, function)| layout::function_slots(function)).collect();
    let probes: Vec<&Probe> = program.probes.iter().filter(|probe| probe.point != Point::Never).collect();
    let conditions = Conditions::of(&probes);
    let unit = Unit {
        input,
        program,
        facts: &facts,
        conditions: &conditions,
        function_slots: &function_slots,
        max_string_len: input.options.max_string_len(),
        match_sizes: regex::match_sizes(program),
    };
    let mut sort_sites = vec![0; program.globals.len()];
    let functions: Vec<_> =
        program.functions.handles().map(|id| handlers::function(&unit, id, &mut sort_sites)).collect();
    let shared = shared_handlers(&probes, input.options.unoptimized);
    let own = probes.iter().zip(&shared).enumerate().filter(|(index, (_, first))| index == *first);
    let mut handlers: Vec<_> =
        own.map(|(_, (probe, _))| handlers::handler(&unit, probe, &mut sort_sites)).collect();
    handlers.extend(conditions.functions(&unit, &mut sort_sites));
    let rows = (probes.iter().zip(&shared))
        .map(|(probe, &first)| tables::probe_row(probe, probes[first], conditions.index(probe)));
    let templates = Templates::load()?;
    let view = module_view(&unit, &templates, &probes, rows.collect(), functions, handlers, &sort_sites)?;
    Ok(number_lines(&templates.render("module.c", &view)?))
}

/// For each probe the first one that does the same: they share a handler. Wildcards make thousands of the kind.
fn shared_handlers(probes: &[&Probe], unoptimized: bool) -> Vec<usize> {
    if unoptimized {
        return (0..probes.len()).collect();
    }
    let mut first = FxHashMap::default();
    let told = |probe: &Probe| format!("{:?}", (&probe.body, &probe.locals, &probe.condition, &probe.locks));
    probes.iter().enumerate().map(|(index, probe)| *first.entry(told(probe)).or_insert(index)).collect()
}

fn module_view(
    unit: &Unit<'_>,
    templates: &Templates,
    probes: &[&Probe],
    rows: Vec<String>,
    functions: Vec<Written>,
    handlers: Vec<Written>,
    sort_sites: &[u32],
) -> Result<ModuleView, Diagnostic> {
    let families = tables::families(templates, probes)?;
    let (suffixes, embedded): (Vec<_>, Vec<_>) =
        unit.program.embedded.iter().partition(|code| code.pragmas.suffix);
    let located =
        |codes: Vec<&_>| codes.into_iter().map(|code| embedded::located(unit.input.sources, code)).collect();
    let mut unregistered = families.registered.clone();
    unregistered.reverse();
    let prototypes = functions.iter().map(|function| function.prototype.clone()).collect();
    let bodies = functions.iter().chain(&handlers).map(|written| written.text.clone()).collect();
    Ok(ModuleView {
        privilege: privilege(unit.input.options.privilege),
        release: writer::c_string(unit.input.release.as_bytes()),
        defines: defines(unit),
        max_nesting: unit.program.call_depth,
        embedded: located(embedded),
        suffixes: located(suffixes),
        probe_frames: handlers.into_iter().map(|handler| handler.frame).collect(),
        function_frames: functions.into_iter().map(|function| function.frame).collect(),
        maps: tables::maps(unit),
        regexes: regex::tables(unit.program),
        globals: tables::globals(unit),
        arrays: tables::arrays(unit, sort_sites),
        stats: tables::stats(unit),
        build_ids: tables::build_ids(unit.program),
        symbols: tables::symbols(unit.program),
        prototypes,
        bodies,
        probes: rows,
        conditions: unit.conditions.rows(),
        conditions_change: unit.conditions.change(),
        armed: families
            .registered
            .iter()
            .map(|family| family.prefix)
            .filter(|&p| conditions::arms(p))
            .collect(),
        families: families.texts,
        has_begin_end: families.has_begin_end,
        registered: families.registered,
        unregistered,
        includes: families.includes,
        has_refresh: families.has_kprobes,
        prints_histograms: printed(unit.program, |piece| matches!(piece, Piece::Histogram { .. })),
        needs_symbols: asks_for(unit.program, |pragmas| pragmas.symbols || pragmas.unwind),
        needs_unwind: asks_for(unit.program, |pragmas| pragmas.unwind),
        prints_memory: printed(unit.program, |piece| match piece {
            Piece::Format { spec, .. } => spec.conversion.reads_memory(),
            _ => false,
        }),
    })
}

/// The bits of the `.stap_privilege` section (abi/messages.h).
fn privilege(privilege: Privilege) -> &'static str {
    match privilege {
        Privilege::User => "0x2",
        Privilege::System => "0x4",
        Privilege::Developer => "0x8",
    }
}

/// -D options as gcc would take them, then what the script's own text asks the runtime for.
fn defines(unit: &Unit<'_>) -> Vec<DefineView> {
    let options = &unit.input.options;
    let mut defines: Vec<_> = options
        .defines
        .iter()
        .map(|(name, value)| DefineView {
            name: name.clone(),
            value: value.clone().unwrap_or_else(|| "1".to_owned()),
        })
        .collect();
    let mut need = |name: &str, value: usize| {
        defines.push(DefineView { name: name.to_owned(), value: value.to_string() });
    };
    if options.timing {
        need("STP_TIMING", 1);
    }
    if let Some(sizes) = unit.match_sizes {
        need("STP_MATCH_TAGS", sizes.tags);
        need("STP_MATCH_REGISTERS", sizes.registers);
    }
    // Tapset functions that need an argument only say so: stp_argument_registers().
    if embedded::mentioned(unit.program, "kregs") || target::needs_all_registers(unit.program) {
        need("STP_NEED_FULL_REGISTERS", 1);
    }
    if unit.conditions.len() > 0 {
        need("STP_CONDITIONS", unit.conditions.len());
    }
    if target::reads_counters(unit.program) {
        need("STP_NEED_PERF_COUNTERS", 1);
    }
    if embedded::mentioned(unit.program, "STAP_COMPAT_VERSION") {
        let (major, minor) = options.compatible;
        need("STAP_COMPAT_VERSION", ((major << 8) + minor) as usize);
    }
    if embedded::mentioned(unit.program, "probe_name") {
        need("STP_NEED_PROBE_NAME", 1);
    }
    if printed(unit.program, |piece| matches!(piece, Piece::Histogram { .. })) {
        need("STP_NEED_HISTOGRAM", 1);
    }
    if asks_for(unit.program, |pragmas| pragmas.symbols || pragmas.unwind) {
        need("STP_NEED_SYMBOLS", 1);
    }
    if asks_for(unit.program, |pragmas| pragmas.unwind) {
        need("STP_NEED_UNWIND", 1);
    }
    defines
}

/// Whether some embedded C asks for a part of the runtime.
fn asks_for(program: &Program, part: impl Fn(&Pragmas) -> bool) -> bool {
    let mut found = false;
    visit::embedded(program, &mut |code| found |= part(&code.pragmas));
    found
}

/// After embedded C the compiler counts lines of the script; `#line STAP_UNIT` brings it back to the unit.
fn number_lines(text: &str) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    for (index, line) in text.lines().enumerate() {
        if line == "#line STAP_UNIT" {
            out.push_str(&format!("#line {} \"unit.c\"", index + 2));
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    writer::to_bytes(&out)
}
