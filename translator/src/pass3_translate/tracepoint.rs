//! Tracepoints: the words that their probe functions pass on, and their table.

use super::render::TracepointView;
use super::writer::c_string;
use crate::ir::expr::{ContextValue, ExprKind};
use crate::ir::program::{Point, Probe};
use crate::ir::visit::look;

/// A word that the tracepoint passed; the datum of the probe function itself is word 0 and is not kept.
pub fn argument(word: u16) -> String {
    format!("((int64_t)c->ips.tracepoint.words[{}])", word.saturating_sub(1))
}

/// The family's part of the unit; nothing without such probes.
pub fn view(probes: &[&Probe]) -> Option<TracepointView> {
    let mut rows = Vec::new();
    let mut counts = std::collections::BTreeSet::new();
    for (index, probe) in probes.iter().enumerate() {
        let Point::Tracepoint(point) = &probe.point else { continue };
        let count = words(probe);
        counts.insert(count);
        let (name, module) = (c_string(point.name.as_bytes()), c_string(point.module.as_bytes()));
        let optional = u8::from(probe.optional);
        let row = format!(
            "{{ .name = {name}, .module = {module}, .enter = enter_tracepoint_probe_{count}, \
             .optional_p = {optional}, .probe = &stap_probes[{index}] }},"
        );
        rows.push((&point.name, row));
    }
    // The runtime searches them by name; of one name the first in the script runs first.
    rows.sort_by_key(|(name, _)| *name);
    let rows: Vec<String> = rows.into_iter().map(|(_, row)| row).collect();
    let prototype = |&count: &u16| format!("static void enter_tracepoint_probe_{count}{};", params(count));
    (!rows.is_empty()).then(|| TracepointView {
        prototypes: counts.iter().map(prototype).collect(),
        rows,
        enters: counts.into_iter().map(enter).collect(),
    })
}

/// How many words of its tracepoint a handler reads, the first ones.
fn words(probe: &Probe) -> u16 {
    let mut most = 0;
    look::all_exprs(&probe.body, &mut |expr| {
        if let ExprKind::Context(ContextValue::Argument(word)) = expr.kind {
            most = most.max(word);
        }
    });
    most
}

/// A probe function that passes on so many words.
fn enter(count: u16) -> String {
    let words: String = (1..=count).map(|word| format!(", w{word}")).collect();
    format!("STP_TRACEPOINT_ENTER({count}, {}{words});", params(count))
}

fn params(count: u16) -> String {
    let words: String = (1..=count).map(|word| format!(", u64 w{word}")).collect();
    format!("(void *data{words})")
}
