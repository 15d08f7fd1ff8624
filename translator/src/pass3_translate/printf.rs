//! The print family as straight code: literals are copied whole, plain conversions have a short way of their own.
//!
//! All arguments are evaluated before the first byte is written, so an argument that fails leaves nothing half printed.

use super::body::Body;
use super::histogram::Drawing;
use super::writer::c_string;
use crate::ir::expr::{Conversion, Count, Expr, FormatSpec, Piece, Print};
use crate::ir::ty::Ty;
use crate::source::Span;

/// A piece whose values have been evaluated.
enum Ready<'p> {
    Literal(&'p [u8]),
    Value(Ty, String),
    Format { spec: &'p FormatSpec, width: String, precision: String, value: String },
    Histogram(Drawing),
}

impl Body<'_> {
    /// Output of the handler.
    pub fn print(&mut self, print: &Print, span: Span) {
        let ready = self.ready(print, span);
        self.emit_pieces(print, &ready, "stp_sink_output(c)", span);
    }

    /// sprint and its like: the text goes to `dest`.
    pub fn print_into(&mut self, print: &Print, dest: &str, span: Span) {
        let ready = self.ready(print, span);
        self.emit_pieces(print, &ready, &format!("stp_sink_string({dest})"), span);
    }

    /// Evaluates all values, then finds the histograms.
    fn ready<'p>(&mut self, print: &'p Print, span: Span) -> Vec<Ready<'p>> {
        let mut values = self.values(&arguments(print), &[]).into_iter();
        let mut next = || values.next().unwrap_or_else(|| "0LL".to_owned());
        let mut ready = Vec::with_capacity(print.pieces.len());
        for piece in &print.pieces {
            ready.push(match piece {
                Piece::Literal(bytes) => Ready::Literal(bytes),
                Piece::Value(value) => Ready::Value(value.ty, next()),
                Piece::Format { spec, .. } => {
                    let width = count_text(&spec.width, &mut next, "0");
                    let precision = count_text(&spec.precision, &mut next, "-1");
                    Ready::Format { spec, width, precision, value: next() }
                }
                Piece::Histogram { of, .. } => {
                    let keys: Vec<_> = of.keys.iter().map(|_| next()).collect();
                    Ready::Histogram(self.find_histogram(of, &keys, span))
                }
            });
        }
        ready
    }

    fn emit_pieces(&mut self, print: &Print, pieces: &[Ready<'_>], sink: &str, span: Span) {
        if print.pieces.is_empty() && !print.to_string {
            return;
        }
        let name = self.declare("struct stp_sink @");
        self.out.line(format!("{name} = {sink};"));
        for piece in pieces {
            match piece {
                Ready::Literal([]) => {}
                Ready::Literal(bytes) => {
                    self.out.line(format!("stp_put_literal(&{name}, {}, {});", c_string(bytes), bytes.len()));
                }
                Ready::Value(Ty::Long, value) => self.out.line(format!("stp_put_signed(&{name}, {value});")),
                Ready::Value(Ty::String, value) => {
                    self.out.line(format!("stp_put_string(&{name}, {value});"))
                }
                Ready::Format { spec, width, precision, value } => {
                    self.out.line(conversion(&name, spec, width, precision, value));
                    if spec.conversion.reads_memory() {
                        self.fail_after_call(span);
                    }
                }
                Ready::Histogram(drawing) => self.draw(&name, drawing),
            }
        }
        self.out.line(format!("stp_sink_done(&{name});"));
    }
}

/// What the pieces print, in order of evaluation: widths and precisions before the value that they shape.
fn arguments(print: &Print) -> Vec<&Expr> {
    let mut exprs = Vec::new();
    for piece in &print.pieces {
        match piece {
            Piece::Value(arg) => exprs.push(arg),
            Piece::Format { spec, arg } => {
                for count in [&spec.width, &spec.precision].into_iter().flatten() {
                    if let Count::Arg(expr) = count {
                        exprs.push(expr);
                    }
                }
                exprs.push(arg);
            }
            Piece::Histogram { of, .. } => exprs.extend(&of.keys),
            Piece::Literal(_) => {}
        }
    }
    exprs
}

fn count_text(count: &Option<Count>, next: &mut dyn FnMut() -> String, none: &str) -> String {
    match count {
        None => none.to_owned(),
        Some(Count::Fixed(number)) => number.to_string(),
        Some(Count::Arg(_)) => next(),
    }
}

/// The statement that writes one conversion.
fn conversion(sink: &str, spec: &FormatSpec, width: &str, precision: &str, value: &str) -> String {
    let plain = spec.width.is_none() && spec.precision.is_none();
    let bare = plain && !spec.left && !spec.zero && !spec.plus && !spec.space && !spec.alternate;
    match spec.conversion {
        Conversion::Signed if bare => return format!("stp_put_signed(&{sink}, {value});"),
        Conversion::Unsigned if bare => return format!("stp_put_unsigned(&{sink}, {value});"),
        Conversion::Char if bare => return format!("stp_put_char(&{sink}, {value});"),
        Conversion::String if plain => return format!("stp_put_string(&{sink}, {value});"),
        Conversion::Binary(bytes) => return format!("stp_put_binary(&{sink}, {value}, {bytes});"),
        _ => {}
    }
    let (flags, base) = flags_and_base(spec);
    let mut format = format!("(struct stp_format){{ {flags}, {base}, {width}, {precision} }}");
    if spec.conversion == Conversion::WidePointer {
        format = format!("stp_format_wide({format})");
    }
    match spec.conversion {
        Conversion::Char => format!("{sink} = stp_put_byte({sink}, {value}, {format});"),
        Conversion::String => format!("{sink} = stp_put_field({sink}, {value}, strlen({value}), {format});"),
        Conversion::Memory | Conversion::MemoryHex => {
            let hex = spec.conversion == Conversion::MemoryHex;
            format!("{sink} = stp_put_memory({sink}, c, {value}, {format}, {hex});")
        }
        _ => format!("{sink} = stp_put_number({sink}, {value}, {format});"),
    }
}

fn flags_and_base(spec: &FormatSpec) -> (String, u32) {
    let pointer = matches!(spec.conversion, Conversion::Pointer | Conversion::WidePointer);
    let flags: Vec<_> = [
        (spec.left, "STP_FMT_LEFT"),
        (spec.zero, "STP_FMT_ZERO"),
        (spec.plus, "STP_FMT_PLUS"),
        (spec.space, "STP_FMT_SPACE"),
        (spec.alternate || pointer, "STP_FMT_ALT"),
        (spec.conversion == Conversion::Signed, "STP_FMT_SIGNED"),
        (spec.conversion == Conversion::HexUpper, "STP_FMT_UPPER"),
    ]
    .into_iter()
    .filter_map(|(set, name)| set.then_some(name))
    .collect();
    let base = match spec.conversion {
        Conversion::Octal => 8,
        Conversion::Hex | Conversion::HexUpper | Conversion::Pointer | Conversion::WidePointer => 16,
        _ => 10,
    };
    (if flags.is_empty() { "0".to_owned() } else { flags.join(" | ") }, base)
}
