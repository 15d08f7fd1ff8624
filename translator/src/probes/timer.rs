//! Timers: of the kernel's tick (jiffies, hz) and high-resolution ones (s to ns).

use super::{Derivation, Family, number, wrong};
use crate::debuginfo::Objects;
use crate::diag::Diagnostic;
use crate::ir::program::{Point, TimerJiffies};
use crate::pass1_parse::ast::Component;

/// `timer.UNIT(N)[.randomize(M)]`
pub struct Timer;

/// Longest interval: one day.
const DAY_NS: u64 = 86_400_000_000_000;
/// Longest interval of timer.jiffies, and the highest rate of timer.hz.
const MAX_JIFFIES: u64 = 1_000_000;

impl Family for Timer {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "timer.s(number)",
            "timer.s(number).randomize(number)",
            "timer.sec(number)",
            "timer.sec(number).randomize(number)",
            "timer.ms(number)",
            "timer.ms(number).randomize(number)",
            "timer.msec(number)",
            "timer.msec(number).randomize(number)",
            "timer.us(number)",
            "timer.us(number).randomize(number)",
            "timer.usec(number)",
            "timer.usec(number).randomize(number)",
            "timer.ns(number)",
            "timer.ns(number).randomize(number)",
            "timer.nsec(number)",
            "timer.nsec(number).randomize(number)",
            "timer.jiffies(number)",
            "timer.jiffies(number).randomize(number)",
            "timer.hz(number)",
        ]
    }

    fn harmless(&self) -> bool {
        true
    }

    fn derive(
        &self,
        components: &[Component],
        _objects: &Objects<'_>,
    ) -> Result<Vec<Derivation>, Diagnostic> {
        let unit = &components[1];
        let point = match unit.name.as_str() {
            "jiffies" => jiffies(unit, components.get(2))?,
            "hz" => {
                let rate = in_range(unit, MAX_JIFFIES, "frequency")?;
                Point::TimerJiffies { interval: TimerJiffies::Hz(rate), randomize: 0 }
            }
            name => high_resolution(unit, nanoseconds(name), components.get(2))?,
        };
        Ok(Derivation::as_written(point, components))
    }
}

/// Nanoseconds in a unit.
fn nanoseconds(unit: &str) -> u64 {
    match unit {
        "s" | "sec" => 1_000_000_000,
        "ms" | "msec" => 1_000_000,
        "us" | "usec" => 1_000,
        _ => 1,
    }
}

fn jiffies(unit: &Component, random: Option<&Component>) -> Result<Point, Diagnostic> {
    let interval = in_range(unit, MAX_JIFFIES, "interval")?;
    let randomize = randomization(random, interval)?;
    Ok(Point::TimerJiffies { interval: TimerJiffies::Jiffies(interval), randomize })
}

fn high_resolution(unit: &Component, ns: u64, random: Option<&Component>) -> Result<Point, Diagnostic> {
    let interval = in_range(unit, DAY_NS / ns, "interval")?;
    let randomize = randomization(random, interval)?;
    Ok(Point::TimerHr { interval_ns: interval * ns, randomize_ns: randomize * ns })
}

fn in_range(unit: &Component, max: u64, what: &str) -> Result<u64, Diagnostic> {
    let value = number(unit).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    if (1..=max).contains(&value) {
        return Ok(value);
    }
    Err(wrong(unit, format!("{what} value out of range (1, {max})")))
}

fn randomization(random: Option<&Component>, interval: u64) -> Result<u64, Diagnostic> {
    let Some(component) = random else { return Ok(0) };
    match number(component).and_then(|n| u64::try_from(n).ok()) {
        Some(value) if value <= interval => Ok(value),
        _ => Err(wrong(component, "randomization value out of range")),
    }
}
