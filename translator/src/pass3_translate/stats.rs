//! Statistics: `<<<` and the figures.

use super::body::Body;
use super::names;
use crate::ir::expr::{Expr, Place, StatRef};
use crate::ir::program::GlobalId;
use crate::ir::ty::ValueTy;
use crate::pass1_parse::ast::StatOp;
use crate::source::Span;

/// The C constant of a figure.
pub fn figure(op: StatOp) -> &'static str {
    match op {
        StatOp::Count => "STP_STAT_COUNT",
        StatOp::Sum => "STP_STAT_SUM",
        StatOp::Min => "STP_STAT_MIN",
        StatOp::Max => "STP_STAT_MAX",
        StatOp::Avg => "STP_STAT_AVG",
        StatOp::Variance => "STP_STAT_VARIANCE",
    }
}

impl Body<'_> {
    /// `place <<< value`; the value of the whole is `value`.
    pub fn aggregate(&mut self, place: &Place, value: &Expr, span: Span) -> String {
        let text = self.long(value);
        let value = self.keep_long(&text);
        let (global, stat) = match place {
            Place::Global(id) => (*id, format!("raw_cpu_ptr({})", names::global(self.global(*id)))),
            Place::Element(id, keys) => (*id, format!("&{}", self.element_for_writing(*id, keys, span))),
            // Locals hold no statistics: the types of the IR say so.
            Place::Local(_) => return value,
        };
        self.out.line(match self.variance_shift(global) {
            Some(shift) => format!("stp_stat_add_variance({stat}, {value}, {shift});"),
            None => format!("stp_stat_add({stat}, {value});"),
        });
        value
    }

    fn variance_shift(&self, global: GlobalId) -> Option<u8> {
        match self.global(global).value {
            ValueTy::Stat(needs) => needs.variance,
            ValueTy::Scalar(_) => None,
        }
    }

    /// `@count(x)` and its like. All but count and sum fail on a statistic that has no values.
    pub fn figure(&mut self, op: StatOp, shift: u8, of: &StatRef, span: Span) -> String {
        let stat = self.declare("struct stp_stat @");
        let var = names::global(self.global(of.global));
        if of.keys.is_empty() {
            self.out.line(format!("{stat} = stp_stat_sum({var});"));
        } else {
            let node = self.find(of.global, &of.keys);
            self.out.line(format!("{stat} = {node} ? {node}->value : (struct stp_stat){{}};"));
        }
        if !matches!(op, StatOp::Count | StatOp::Sum) {
            self.fail_if(&format!("!{stat}.count"), "empty aggregate", span);
        }
        self.keep_long(&format!("stp_stat_figure(&{stat}, {}, {shift})", figure(op)))
    }
}
