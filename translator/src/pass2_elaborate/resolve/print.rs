//! The print family becomes pieces.

use super::{Reported, Resolver};
use crate::diag::Code;
use crate::ir::expr::{Conversion, Count, FormatSpec, Piece, Print, StatRef};
use crate::ir::ty::{Hist, ValueTy};
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::{self, HistKind, PrintKind};
use crate::pass1_parse::format::{self, Part, Size, Spec};
use crate::source::Span;

/// Most arguments of one call.
const MAX_ARGS: usize = 32;
/// Most buckets of a linear histogram without -DSTP_MAX_BUCKETS; config.h of the runtime says the same.
const MAX_BUCKETS: u64 = 128;

impl Resolver<'_, '_> {
    /// A member of the family whose value is used: only sprint and its like have one.
    pub(super) fn print_value(&mut self, node: &ast::Print, span: Span) -> Result<ExprKind, Reported> {
        if !node.to_string {
            return self.error(Code::Misuse, "print operator has no value; use its sprint form", span);
        }
        Ok(ExprKind::Print(Box::new(self.print(node, span)?)))
    }

    /// A call of the family.
    pub(super) fn print(&mut self, node: &ast::Print, span: Span) -> Result<Print, Reported> {
        if node.args.len() > MAX_ARGS {
            return self.error(
                Code::Format,
                format!("too many arguments to print ({})", node.args.len()),
                span,
            );
        }
        let mut pieces = match node.kind {
            PrintKind::Print => self.values(&node.args, None)?,
            PrintKind::Printd => {
                self.values(&node.args, node.literal.as_ref().map(|(_, text)| text.as_slice()))?
            }
            PrintKind::Printf => self.formatted(node, span)?,
            PrintKind::Char => self.character(&node.args, span)?,
        };
        if node.newline {
            pieces.push(Piece::Literal(b"\n".to_vec()));
        }
        Ok(Print { to_string: node.to_string, pieces })
    }

    fn values(&mut self, args: &[ast::Expr], delimiter: Option<&[u8]>) -> Result<Vec<Piece>, Reported> {
        let mut pieces = Vec::new();
        for (i, arg) in args.iter().enumerate() {
            if let (Some(delimiter), true) = (delimiter, i > 0) {
                pieces.push(Piece::Literal(delimiter.to_vec()));
            }
            pieces.push(self.value(arg)?);
        }
        Ok(pieces)
    }

    fn value(&mut self, arg: &ast::Expr) -> Result<Piece, Reported> {
        let ast::ExprKind::Hist { kind, arg: of, .. } = &arg.kind else {
            return Ok(Piece::Value(self.expr(arg)?));
        };
        let of = self.stat_ref(of)?;
        self.histogram(arg, &of)?;
        Ok(Piece::Histogram { kind: *kind, of })
    }

    fn character(&mut self, args: &[ast::Expr], span: Span) -> Result<Vec<Piece>, Reported> {
        let [arg] = args else {
            return self.error(Code::Format, "Wrong number of args to formatted print operator", span);
        };
        let arg = self.expr(arg)?;
        Ok(vec![Piece::Format { spec: FormatSpec::plain(Conversion::Char), arg }])
    }

    fn formatted(&mut self, node: &ast::Print, span: Span) -> Result<Vec<Piece>, Reported> {
        let Some((format_span, format)) = &node.literal else {
            return self.error(Code::Format, "print format must be a literal string", span);
        };
        let parts = match format::parse(format) {
            Ok(parts) => parts,
            Err(message) => return self.error(Code::Format, message, *format_span),
        };
        let mut args = Vec::with_capacity(node.args.len());
        for arg in &node.args {
            args.push(self.expr(arg)?);
        }
        let mut args = args.into_iter();
        let old = self.names.session.options.compatible < (1, 3);
        let parts = parts.into_iter().map(|part| if old { widen(part) } else { part });
        let pieces: Option<Vec<Piece>> = parts.map(|part| piece(part, &mut args)).collect();
        match pieces {
            Some(pieces) if args.next().is_none() => Ok(pieces),
            _ => self.error(Code::Format, "Wrong number of args to formatted print operator", span),
        }
    }

    /// Settles the histogram of a statistic: each has one kind, with one set of parameters.
    pub(super) fn histogram(&mut self, node: &ast::Expr, of: &StatRef) -> Result<(), Reported> {
        let ast::ExprKind::Hist { kind, params, .. } = &node.kind else { return Ok(()) };
        let wanted = match (kind, params.as_slice()) {
            (HistKind::Log, []) => Hist::Log,
            (HistKind::Linear, &[low, high, step]) => self.linear(low, high, step, node.span)?,
            _ => return self.error(Code::Misuse, "wrong number of histogram parameters", node.span),
        };
        let global = &mut self.names.program.globals[of.global];
        let mut needs = match global.value {
            ValueTy::Stat(needs) => needs,
            ValueTy::Scalar(_) => Default::default(),
        };
        if needs.hist != Hist::None && needs.hist != wanted {
            let message = format!("multiple histogram types declared on '{}'", global.name);
            return self.error(Code::Type, message, node.span);
        }
        needs.hist = wanted;
        global.value = ValueTy::Stat(needs);
        Ok(())
    }

    fn linear(&mut self, low: i64, high: i64, step: i64, span: Span) -> Result<Hist, Reported> {
        if step <= 0 || high <= low {
            return self.error(Code::Misuse, "histogram needs low < high and a step above 0", span);
        }
        let hist = Hist::Linear { low, high, step };
        let most = self.names.session.options.defined_number("STP_MAX_BUCKETS").unwrap_or(MAX_BUCKETS);
        if hist.buckets() > most {
            let message =
                format!("histogram has more than {most} buckets; use a larger step or -DSTP_MAX_BUCKETS");
            return self.error(Code::Misuse, message, span);
        }
        Ok(hist)
    }
}

/// `%p` as it was before version 1.3.
fn widen(part: Part) -> Part {
    match part {
        Part::Spec(spec) if spec.conversion == Conversion::Pointer => {
            Part::Spec(Spec { conversion: Conversion::WidePointer, ..spec })
        }
        part => part,
    }
}

/// A part with its arguments; `None` when there are too few.
fn piece(part: Part, args: &mut dyn Iterator<Item = Expr>) -> Option<Piece> {
    let spec = match part {
        Part::Literal(text) => return Some(Piece::Literal(text)),
        Part::Spec(spec) => spec,
    };
    let Spec { flags: [left, zero, plus, space, alternate], width, precision, conversion } = spec;
    let width = count(width, args)?;
    let precision = count(precision, args)?;
    let spec = FormatSpec { left, zero, plus, space, alternate, width, precision, conversion };
    Some(Piece::Format { spec, arg: args.next()? })
}

/// A size with its argument when it asks for one; the outer `None` when there is none left.
fn count(size: Option<Size>, args: &mut dyn Iterator<Item = Expr>) -> Option<Option<Count>> {
    match size {
        None => Some(None),
        Some(Size::Fixed(number)) => Some(Some(Count::Fixed(number))),
        Some(Size::Arg) => Some(Some(Count::Arg(Box::new(args.next()?)))),
    }
}
