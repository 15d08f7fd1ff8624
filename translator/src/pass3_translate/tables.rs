//! Tables of globals, probes and families.

use super::body::Unit;
use super::render::{ArrayView, MapView, RegisteredView, TableView, Templates};
use super::writer::{c_long, c_string};
use super::{histogram, names, procfs, tracepoint};
use crate::diag::diagnostic::Diagnostic;
use crate::ir::program::{
    BuildId, Constant, DataPlace, DataPoint, Global, KprobePoint, LinkSymbol, NetfilterPoint, PerfPoint,
    Point, Probe, Program, Sampling, Saves, TimerJiffies,
};
use crate::ir::ty::{Ty, ValueTy};

/// Map types, each once, in the order of the globals.
pub fn maps(unit: &Unit<'_>) -> Vec<MapView> {
    let mut maps: Vec<MapView> = Vec::new();
    for (_, global) in unit.program.globals.iter().filter(|(_, global)| !global.keys.is_empty()) {
        let map = map(global);
        if !maps.contains(&map) {
            maps.push(map);
        }
    }
    maps
}

fn map(global: &Global) -> MapView {
    let keys: Vec<_> = global
        .keys
        .iter()
        .enumerate()
        .map(|(index, ty)| match ty {
            Ty::Long => format!("L({index})"),
            Ty::String => format!("S({index})"),
        })
        .collect();
    let value = match global.value {
        ValueTy::Scalar(Ty::Long) => "LONG",
        ValueTy::Scalar(Ty::String) => "STRING",
        ValueTy::Stat(_) => "STAT",
    };
    MapView {
        name: names::map_type(global),
        keys: keys.join(" "),
        value,
        buckets: histogram::buckets_of(global),
    }
}

/// Declarations of globals, their locks and parameters.
pub fn globals(unit: &Unit<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (_, global) in unit.program.globals.iter() {
        let name = names::global(global);
        lines.push(match (global.keys.is_empty(), global.value) {
            (false, _) => format!("static struct {} *{name};", names::map_type(global)),
            (true, ValueTy::Scalar(Ty::String)) => {
                format!("static char {name}[MAXSTRINGLEN]{};", string_init(unit, global))
            }
            (true, ValueTy::Stat(_)) => match histogram::buckets_of(global) {
                0 => format!("static struct stp_stat __percpu *{name};"),
                buckets => format!(
                    "static struct {{ struct stp_stat stat; int64_t hist[{buckets}]; }} __percpu *{name};"
                ),
            },
            (true, ValueTy::Scalar(Ty::Long)) => format!("static int64_t {name}{};", long_init(global)),
        });
        if global.module_param && global.keys.is_empty() {
            let ops = if global.value == ValueTy::Scalar(Ty::String) { "string" } else { "long" };
            let target = if ops == "string" { name.clone() } else { format!("&{name}") };
            // The kernel's headers may have a macro of that name, ATTR_MODE for one.
            lines.push(format!(
                "#pragma push_macro(\"{0}\")\n#undef {0}\n\
                 module_param_cb({0}, &stp_param_{ops}, {target}, 0);\n#pragma pop_macro(\"{0}\")",
                global.name
            ));
        }
        let locked = |probe: &Probe| {
            probe.locks.iter().any(|lock| unit.program.globals[lock.global].unique == global.unique)
        };
        if unit.program.probes.iter().any(locked) {
            let text = c_string(global.name.as_str().as_bytes());
            lines.push(format!(
                "static struct stp_lock {} = STP_LOCK_INIT({text});",
                names::global_lock(global)
            ));
        }
    }
    lines
}

fn long_init(global: &Global) -> String {
    match &global.init {
        Some(Constant::Long(value)) => format!(" = {}", c_long(*value)),
        _ => String::new(),
    }
}

/// An initial value is cut like any other.
fn string_init(unit: &Unit<'_>, global: &Global) -> String {
    match &global.init {
        Some(Constant::String(bytes)) => {
            let length = bytes.len().min(unit.max_string_len - 1);
            format!(" = {}", c_string(&bytes[..length]))
        }
        _ => String::new(),
    }
}

/// Arrays to allocate, with the number of foreach statements that sort each.
pub fn arrays(unit: &Unit<'_>, sort_sites: &[u32]) -> Vec<ArrayView> {
    let arrays = unit.program.globals.iter().filter(|(_, global)| !global.keys.is_empty());
    arrays
        .map(|(id, global)| ArrayView {
            variable: names::global(global),
            map: names::map_type(global),
            size: global.size.map_or("MAXMAPENTRIES".to_owned(), |size| size.to_string()),
            wrap: global.wrap,
            sites: sort_sites[id.index()],
        })
        .collect()
}

/// Scalar statistics, to be allocated per CPU.
pub fn stats(unit: &Unit<'_>) -> Vec<String> {
    let globals = unit.program.globals.iter().map(|(_, global)| global);
    let stats = globals.filter(|global| global.keys.is_empty() && matches!(global.value, ValueTy::Stat(_)));
    stats.map(names::global).collect()
}

/// Rows of stap_build_ids[].
pub fn build_ids(program: &Program) -> Vec<String> {
    let row = |BuildId { module, id }: &BuildId| {
        let bytes: Vec<_> = id.iter().map(|byte| format!("{byte:#04x}")).collect();
        let module = c_string(module.as_bytes());
        format!("{{ .module = {module}, .size = {}, .id = {{ {} }} }},", id.len(), bytes.join(", "))
    };
    program.build_ids.iter().map(row).collect()
}

/// Rows of stap_symbols[].
pub fn symbols(program: &Program) -> Vec<String> {
    let text = |text: &str| c_string(text.as_bytes());
    let row = |symbol: &LinkSymbol| {
        format!("{{ .module = {}, .name = {} }},", text(&symbol.module), text(&symbol.name))
    };
    program.symbols.iter().map(row).collect()
}

/// A row of stap_probes[]; the handler may be that of another probe which does the same.
pub fn probe_row(probe: &Probe, handled_as: &Probe, condition: Option<usize>) -> String {
    let text = |s: &str| c_string(s.as_bytes());
    let (suffix, condition) = match condition {
        Some(index) => ("_IF", format!(", &stap_conditions[{index}]")),
        None => ("", String::new()),
    };
    format!(
        "STAP_PROBE_INIT{suffix}(&{}, {}, {}, {}, {}{condition}),",
        names::probe(handled_as),
        text(&probe.pp),
        text(&probe.pn),
        text(&probe.location),
        text(&probe.derivation)
    )
}

/// What the families add to the unit.
#[derive(Default)]
pub struct Families {
    /// Tables and includes.
    pub texts: Vec<String>,
    /// Those that register, in order.
    pub registered: Vec<RegisteredView>,
    /// Headers that handlers need.
    pub includes: Vec<&'static str>,
    /// There are begin, end or error probes.
    pub has_begin_end: bool,
    /// There are kprobes.
    pub has_kprobes: bool,
}

/// Renders the families of probes that the program has; `probes` are those in stap_probes[], in its order.
pub fn families(templates: &Templates, probes: &[&Probe]) -> Result<Families, Diagnostic> {
    let mut families = Families::default();
    let rows = begin_rows(probes);
    if !rows.is_empty() {
        families.has_begin_end = true;
        families.texts.push(templates.render("probe_begin_end.c", &TableView { rows })?);
    }
    let rows = rows_of(probes, |index, probe| kprobe_row(probes, index, probe));
    families.has_kprobes = !rows.is_empty();
    families.table(templates, "probe_kprobe.c", "stap_kprobe", rows)?;
    if let Some(view) = tracepoint::view(probes) {
        families.register("stap_tracepoint", templates.render("probe_tracepoint.c", &view)?);
    }
    families.table(templates, "probe_timer_hr.c", "stap_hrtimer", rows_of(probes, hrtimer_row))?;
    families.table(templates, "probe_timer_jiffies.c", "stap_timer", rows_of(probes, timer_row))?;
    families.table(templates, "probe_perf.c", "stap_perf", rows_of(probes, perf_row))?;
    families.table(templates, "probe_data.c", "stap_data", rows_of(probes, data_row))?;
    if families.table(templates, "probe_procfs.c", "stap_procfs", procfs::rows(probes))? {
        families.includes.push("context/procfs.h");
    }
    if families.table(templates, "probe_netfilter.c", "stap_netfilter", rows_of(probes, netfilter_row))? {
        families.includes.push("context/netfilter.h");
    }
    Ok(families)
}

impl Families {
    /// A family that is nothing but its table, when that has rows; whether it has.
    fn table(
        &mut self,
        templates: &Templates,
        template: &str,
        prefix: &'static str,
        rows: Vec<String>,
    ) -> Result<bool, Diagnostic> {
        if rows.is_empty() {
            return Ok(false);
        }
        self.register(prefix, templates.render(template, &TableView { rows })?);
        Ok(true)
    }

    fn register(&mut self, prefix: &'static str, text: String) {
        self.texts.push(text);
        let before = self.registered.last().map(|view| view.prefix);
        self.registered.push(RegisteredView { prefix, before });
    }
}

fn rows_of(probes: &[&Probe], row: impl Fn(usize, &Probe) -> Option<String>) -> Vec<String> {
    probes.iter().enumerate().filter_map(|(index, probe)| row(index, probe)).collect()
}

fn begin_rows(probes: &[&Probe]) -> Vec<String> {
    let mut rows: Vec<_> = probes
        .iter()
        .enumerate()
        .filter_map(|(index, probe)| match probe.point {
            Point::Begin { priority } => Some((0, priority, index, "STAP_BEGIN")),
            Point::End { priority } => Some((1, priority, index, "STAP_END")),
            Point::Error { priority } => Some((2, priority, index, "STAP_ERROR")),
            _ => None,
        })
        .collect();
    rows.sort();
    rows.into_iter()
        .map(|(_, priority, index, kind)| {
            format!("{{ .type = {kind}, .priority = {}, .probe = &stap_probes[{index}] }},", c_long(priority))
        })
        .collect()
}

fn kprobe_row(probes: &[&Probe], index: usize, probe: &Probe) -> Option<String> {
    let Point::Kprobe(KprobePoint { module, symbol, offset, is_return, maxactive, saves }) = &probe.point
    else {
        return None;
    };
    let mut members = vec![format!(".return_p = {}", u8::from(*is_return))];
    if let Some(count) = maxactive {
        members.push(format!(".maxactive_p = 1, .maxactive_val = {count}"));
    }
    if let Some(Saves { pair, longs, strings }) = saves
        && let Some(entry) = probes.iter().position(|other| other.point == Point::KprobeEntry { pair: *pair })
    {
        members.push(format!(
            ".saved_longs = {longs}, .saved_strings = {strings}, .entry_probe = &stap_probes[{entry}]"
        ));
    }
    members.push(format!(".optional_p = {}", u8::from(probe.optional)));
    members.push(format!(".module = {}", c_string(module.as_bytes())));
    members.push(match symbol.is_empty() {
        true => format!(".address = {offset:#x}UL"),
        false => format!(".symbol_name = {}, .offset = {offset}", c_string(symbol.as_bytes())),
    });
    members.push(format!(".probe = &stap_probes[{index}]"));
    Some(format!("{{ {} }},", members.join(", ")))
}

fn hrtimer_row(index: usize, probe: &Probe) -> Option<String> {
    let Point::TimerHr { interval_ns, randomize_ns } = probe.point else { return None };
    Some(format!(
        "{{ .interval_ns = {interval_ns}LL, .randomize_ns = {randomize_ns}LL, .probe = &stap_probes[{index}] }},"
    ))
}

fn timer_row(index: usize, probe: &Probe) -> Option<String> {
    let Point::TimerJiffies { interval, randomize } = probe.point else { return None };
    let interval = match interval {
        TimerJiffies::Jiffies(count) => format!("{count}UL"),
        TimerJiffies::Hz(rate) => format!("(HZ / {rate}UL > 0 ? HZ / {rate}UL : 1)"),
    };
    Some(format!("{{ .interval = {interval}, .randomize = {randomize}UL, .probe = &stap_probes[{index}] }},"))
}

fn perf_row(index: usize, probe: &Probe) -> Option<String> {
    let Point::Perf(PerfPoint { kind, config, sampling, of_target, counter }) = &probe.point else {
        return None;
    };
    let sampling = match sampling {
        Sampling::Period(period) => format!(".period = {period}ULL"),
        Sampling::Hz(rate) => format!(".frequency = {rate}ULL"),
        Sampling::Tick => ".period = NSEC_PER_SEC / HZ".to_owned(),
    };
    let (counter, of_target) = (u8::from(counter.is_some()), u8::from(*of_target));
    Some(format!(
        "{{ .type = {kind}U, .config = {config}ULL, {sampling}, .counter_p = {counter}, .target_p = {of_target}, \
         .optional_p = {}, .probe = &stap_probes[{index}] }},",
        u8::from(probe.optional)
    ))
}

fn data_row(index: usize, probe: &Probe) -> Option<String> {
    let Point::Data(DataPoint { place, length, reads }) = &probe.point else { return None };
    let place = match place {
        DataPlace::Symbol(name) => format!(".symbol_name = {}", c_string(name.as_bytes())),
        DataPlace::Address(address) => format!(".address = {address:#x}UL"),
    };
    let (reads, optional) = (u8::from(*reads), u8::from(probe.optional));
    Some(format!(
        "{{ {place}, .length = {length}, .reads_p = {reads}, .optional_p = {optional}, .probe = &stap_probes[{index}] }},"
    ))
}

fn netfilter_row(index: usize, probe: &Probe) -> Option<String> {
    let Point::Netfilter(NetfilterPoint { family, hook, priority }) = &probe.point else { return None };
    Some(format!(
        "{{ .pf = {family}, .hook = {hook}, .priority = {priority}, .optional_p = {}, .probe = &stap_probes[{index}] }},",
        u8::from(probe.optional)
    ))
}
