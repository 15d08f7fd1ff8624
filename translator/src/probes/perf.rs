//! Events of the kernel's perf subsystem: perf.type().config(), and timer.profile.tick, which its CPU clock carries.

use super::{Derivation, Family, number, point_text, quoted, string, wrong};
use crate::cli::rc;
use crate::debuginfo::Objects;
use crate::diag::{Code, Diagnostic};
use crate::ir::program::{PerfPoint, Point, Sampling};
use crate::pass1_parse::ast::Component;
use crate::source::Symbol;

/// Events with a handler, and counters that `@perf` reads.
pub struct Perf;

/// The period of a probe that asks for none.
const PERIOD: u64 = 1_000_000;

/// The kernel divides a second of nanoseconds by the frequency.
const MAX_HZ: u64 = 1_000_000_000;

impl Family for Perf {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "perf.type(number).config(number)",
            "perf.type(number).config(number).sample(number)",
            "perf.type(number).config(number).hz(number)",
            "perf.type(number).config(number).process",
            "perf.type(number).config(number).process(string)",
            "perf.type(number).config(number).process(string).counter(string)",
            "perf.type(number).config(number).counter(string)",
            "timer.profile.tick",
        ]
    }

    fn derive(&self, components: &[Component], objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        if components[0].name.as_str() == "timer" {
            // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK
            let point =
                PerfPoint { kind: 1, config: 0, sampling: Sampling::Tick, of_target: false, counter: None };
            return Ok(Derivation::as_written(Point::Perf(point), components));
        }
        let (point, process) = point(components, objects)?;
        let pp = text(&components[..3], &point, process.as_deref());
        Ok(vec![Derivation { point: Point::Perf(point), pp, scope: None, doubt: None }])
    }
}

/// The point, and the program that it is about.
fn point(components: &[Component], objects: &Objects<'_>) -> Result<(PerfPoint, Option<String>), Diagnostic> {
    let kind = number(&components[1]).unwrap_or(0);
    let kind = u32::try_from(kind)
        .map_err(|_| wrong(&components[1], format!("perf event type {kind} is not one of 32 bits")))?;
    let config = number(&components[2]).unwrap_or(0) as u64;
    let mut point =
        PerfPoint { kind, config, sampling: Sampling::Period(PERIOD), of_target: false, counter: None };
    let mut process = None;
    for component in &components[3..] {
        match component.name.as_str() {
            "sample" => point.sampling = Sampling::Period(period(component)?),
            "hz" => point.sampling = Sampling::Hz(frequency(component)?),
            "counter" => {
                point.counter = Some(counter(component)?);
                point.sampling = Sampling::Period(0);
            }
            _ => {
                process = Some(program(component, objects)?);
                point.of_target = true;
            }
        }
    }
    Ok((point, process))
}

/// `pp()`: what was left out is filled in.
fn text(event: &[Component], point: &PerfPoint, process: Option<&str>) -> String {
    let mut text = point_text(event);
    text.push_str(&match point.sampling {
        Sampling::Hz(rate) => format!(".hz({rate})"),
        Sampling::Period(period) => format!(".sample({period})"),
        Sampling::Tick => String::new(),
    });
    if let Some(program) = process {
        text.push_str(&format!(".process({})", quoted(program.as_bytes())));
    }
    if let Some(name) = point.counter {
        text.push_str(&format!(".counter({})", quoted(name.as_str().as_bytes())));
    }
    text
}

fn period(component: &Component) -> Result<u64, Diagnostic> {
    let period = number(component).unwrap_or(0);
    match u64::try_from(period) {
        Ok(value) if value > 0 => Ok(value),
        _ => Err(wrong(component, format!("invalid perf sample period {period}"))),
    }
}

fn frequency(component: &Component) -> Result<u64, Diagnostic> {
    let rate = number(component).unwrap_or(0);
    match u64::try_from(rate) {
        Ok(value) if (1..=MAX_HZ).contains(&value) => Ok(value),
        _ => Err(wrong(component, format!("invalid perf sample frequency {rate}"))
            .help(format!("it is the number of samples a second, from 1 to {MAX_HZ}"))),
    }
}

fn counter(component: &Component) -> Result<Symbol, Diagnostic> {
    match string(component) {
        Some(name) if !name.is_empty() => Ok(Symbol::new(&String::from_utf8_lossy(name))),
        _ => Err(wrong(component, "missing perf probe counter component name")),
    }
}

/// The program of `.process`. Only that of -c is there when the session starts; others take a look at every program
/// that is started.
fn program(component: &Component, objects: &Objects<'_>) -> Result<String, Diagnostic> {
    let options = &objects.session().options;
    let command = options.command.as_deref().and_then(|line| rc::words(line, &|_| None).ok());
    let started = command.and_then(|words| words.into_iter().next());
    match (string(component), started) {
        (None, None) => {
            let message = "unspecified process probe is invalid without a -c COMMAND";
            Err(wrong(component, message).help("or name the program: .process(\"PATH\") with -c 'PATH …'"))
        }
        (None, Some(started)) => Ok(started),
        (Some(wanted), Some(started)) if same_program(wanted, started.as_bytes()) => Ok(started),
        (Some(wanted), _) => {
            let wanted = String::from_utf8_lossy(wanted);
            let message = format!("perf events of '{wanted}' are not available yet unless -c starts it");
            Err(Diagnostic::semantic(Code::NotYet, message, component.span)
                .help("start it with -c, or leave .process out and test execname() or pid()"))
        }
    }
}

/// Whether both name one program: by path, or one of them by its name alone.
fn same_program(one: &[u8], other: &[u8]) -> bool {
    let name = |path: &[u8]| path.rsplit(|&byte| byte == b'/').next().map(<[u8]>::to_vec);
    let bare = |path: &[u8]| !path.contains(&b'/');
    one == other || ((bare(one) || bare(other)) && name(one) == name(other))
}
