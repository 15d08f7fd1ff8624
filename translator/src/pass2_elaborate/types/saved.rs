//! Slots of what entries keep for their returns: numbers and strings count separately, and must fit in what the kernel
//! gives each call.

use crate::diag::{Code, Diagnostic, Sink};
use crate::ir::expr::ContextValue;
use crate::ir::program::{Point, Probe, Program};
use crate::ir::ty::Ty;
use crate::ir::visit::{change, look};
use crate::ir::{Expr, ExprKind};
use crate::pass2_elaborate::names::Names;

/// Most bytes that a kretprobe keeps of a call (KRETPROBE_MAX_DATA_SIZE).
const MAX_BYTES: usize = 4096;

/// Numbers the slots of each pair anew, now that types are known.
pub fn number(names: &mut Names<'_>) {
    if names.sink.errors() > 0 {
        return;
    }
    let string_len = names.session.options.max_string_len();
    for at in 0..names.program.probes.len() {
        let Point::KprobeEntry { pair } = names.program.probes[at].point else { continue };
        let places = places(&names.program.probes[at]);
        fits(&places, string_len, &names.program.probes[at], names.sink);
        renumber(&mut names.program, pair, &places);
    }
}

/// By old slot: the type, and the place among those of the type.
fn places(entry: &Probe) -> Vec<(Ty, u16)> {
    let mut types: Vec<Ty> = Vec::new();
    look::all_exprs(&entry.body, &mut |expr| {
        if let ExprKind::Save { slot, value } = &expr.kind {
            let slot = usize::from(*slot);
            types.resize(types.len().max(slot + 1), Ty::Long);
            types[slot] = value.ty;
        }
    });
    let mut counts = (0, 0);
    let place = |ty: &Ty| {
        let count = if *ty == Ty::Long { &mut counts.0 } else { &mut counts.1 };
        *count += 1;
        (*ty, *count - 1)
    };
    types.iter().map(place).collect()
}

fn count(places: &[(Ty, u16)], ty: Ty) -> u16 {
    places.iter().filter(|(own, _)| *own == ty).count() as u16
}

fn fits(places: &[(Ty, u16)], string_len: usize, entry: &Probe, sink: &Sink) {
    let strings = usize::from(count(places, Ty::String));
    let bytes = usize::from(count(places, Ty::Long)) * 8 + strings * string_len;
    if bytes > MAX_BYTES {
        let message = format!("a return probe can keep {MAX_BYTES} bytes of the entry, not {bytes}");
        let help = format!("keep fewer than {strings} strings of {string_len} bytes, or set -DMAXSTRINGLEN");
        sink.push(Diagnostic::semantic(Code::Misuse, message, entry.span).help(&*help));
    }
}

fn renumber(program: &mut Program, pair: u32, places: &[(Ty, u16)]) {
    let new = |slot: &mut u16| {
        if let Some((_, place)) = places.get(usize::from(*slot)) {
            *slot = *place;
        }
    };
    for probe in program.probes.iter_mut().filter(|probe| probe.point.pair() == Some(pair)) {
        change::all_stmts(&mut probe.body, &mut |stmt| {
            change::stmt_exprs(stmt, &mut |expr: &mut Expr| {
                change::deep(expr, &mut |expr| match &mut expr.kind {
                    ExprKind::Save { slot, .. } | ExprKind::Context(ContextValue::Saved(slot)) => new(slot),
                    _ => {}
                });
            });
        });
        if let Point::Kprobe(point) = &mut probe.point
            && let Some(saves) = &mut point.saves
        {
            saves.longs = count(places, Ty::Long);
            saves.strings = count(places, Ty::String);
        }
    }
}
