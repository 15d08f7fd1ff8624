//! Values that lie in several places: a struct in two registers, a local that is half in memory.

use super::{Fail, Found, Held, binary, extend, number, told};
use crate::ir::expr::ContextValue;
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::BinaryOp;
use crate::pass2_elaborate::resolve::make;
use crate::source::Span;

/// Bits of a value that lies in pieces, its low bytes first.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    parts: Vec<Part>,
    /// The value's first bit, counted from the first piece.
    from: u64,
}

#[derive(Clone, Debug)]
struct Part {
    bytes: u64,
    /// Anything but pieces; or why it cannot be had.
    held: Result<Held, String>,
}

/// The bits of one part that a value takes: the part's, and where they belong in the value.
struct Overlap<'p> {
    part: &'p Part,
    first: u64,
    bits: u64,
    target: u64,
}

impl Pieces {
    /// Adds the piece after the last.
    pub(super) fn push(&mut self, bytes: u64, held: Result<Held, String>) {
        self.parts.push(Part { bytes, held });
    }

    /// What begins so many bits further on.
    pub(super) fn after(mut self, bits: u64) -> Pieces {
        self.from = self.from.saturating_add(bits);
        self
    }

    /// All that is computed, for whoever wants it computed elsewhere.
    pub(super) fn map(self, change: &mut dyn FnMut(Expr) -> Expr, span: Span) -> Pieces {
        let part = |part: Part| {
            let held = part.held.map(|held| match held {
                Held::Register(number) => Held::Computed(change(register(number, span))),
                Held::Computed(expr) => Held::Computed(change(expr)),
                Held::Memory(expr) => Held::Memory(change(expr)),
                other => other,
            });
            Part { held, ..part }
        };
        Pieces { parts: self.parts.into_iter().map(part).collect(), from: self.from }
    }

    /// So many bits, at most 64, as a number without sign.
    pub(super) fn read(&self, width: u64, span: Span) -> Found<Expr> {
        let mut whole: Option<Expr> = None;
        let mut met = 0;
        for overlap in self.overlaps(width) {
            met += overlap.bits;
            let bits = overlap.read(span)?;
            let placed = shifted(BinaryOp::Shl, bits, overlap.target, span);
            whole = Some(match whole {
                None => placed,
                Some(low) => binary(BinaryOp::Or, low, placed, span),
            });
        }
        match whole {
            Some(whole) if met == width => Ok(whole),
            _ => told("this part of the value is optimised out", span),
        }
    }

    /// The one place that holds so many bits whole: a register and the first bit in it, or an address.
    pub(super) fn place(&self, width: u64, span: Span) -> Found<Held> {
        let overlaps: Vec<_> = self.overlaps(width).collect();
        let [one] = &overlaps[..] else { return told("a value in several pieces cannot be written", span) };
        match (&one.part.held, one.first) {
            (Ok(Held::Register(number)), 0) if one.part.bytes * 8 == width => Ok(Held::Register(*number)),
            (Ok(Held::Memory(address)), first) if first.is_multiple_of(8) && one.bits == width => Ok(
                Held::Memory(binary(BinaryOp::Add, address.clone(), number((first / 8) as i64, span), span)),
            ),
            _ => told("this part of a value in pieces cannot be written", span),
        }
    }

    fn overlaps(&self, width: u64) -> impl Iterator<Item = Overlap<'_>> {
        let (from, end) = (self.from, self.from.saturating_add(width));
        let mut start: u64 = 0;
        self.parts.iter().filter_map(move |part| {
            let own = start;
            start = own.saturating_add(part.bytes.saturating_mul(8));
            let (low, high) = (own.max(from), start.min(end));
            (low < high).then(|| Overlap { part, first: low - own, bits: high - low, target: low - from })
        })
    }
}

impl Overlap<'_> {
    fn read(&self, span: Span) -> Found<Expr> {
        let whole = match &self.part.held {
            Ok(Held::Register(number)) => register(*number, span),
            Ok(Held::Computed(expr)) => expr.clone(),
            Ok(Held::Memory(address)) => return self.load(address, span),
            Ok(_) => return told("a piece of the value cannot be read", span),
            Err(why) => return told(why.clone(), span),
        };
        let low = shifted(BinaryOp::Ushr, whole, self.first, span);
        Ok(extend(low, self.bits as u32, false, span))
    }

    /// Byte by byte as far as sizes are odd, never beyond the piece.
    fn load(&self, address: &Expr, span: Span) -> Found<Expr> {
        let (mut at, end) = (self.first / 8, (self.first + self.bits).div_ceil(8));
        let base = at;
        if end - at > 8 {
            return told("a piece of the value spreads over more than 8 bytes", span);
        }
        let mut whole = number(0, span);
        while at < end {
            let bytes = [8, 4, 2, 1].into_iter().find(|bytes| at + bytes <= end).unwrap_or(1);
            let place = binary(BinaryOp::Add, address.clone(), number(at as i64, span), span);
            let load =
                ExprKind::Load { bytes: bytes as u8, signed: false, user: false, address: Box::new(place) };
            let placed = shifted(BinaryOp::Shl, make(span, load), (at - base) * 8, span);
            whole = if at == base { placed } else { binary(BinaryOp::Or, whole, placed, span) };
            at += bytes;
        }
        let low = shifted(BinaryOp::Ushr, whole, self.first % 8, span);
        Ok(extend(low, self.bits as u32, false, span))
    }
}

fn shifted(op: BinaryOp, value: Expr, bits: u64, span: Span) -> Expr {
    match bits {
        0 => value,
        _ => binary(op, value, number(bits as i64, span), span),
    }
}

/// A register of the probed code.
pub(super) fn register(number: u16, span: Span) -> Expr {
    make(span, ExprKind::Context(ContextValue::Register(number)))
}

/// Why a location is no value, as part of a text.
pub(super) fn reason(fail: Fail) -> Result<String, Fail> {
    match fail {
        Fail::Told(why) => Ok(why.message.clone()),
        Fail::Reported => Err(Fail::Reported),
    }
}
