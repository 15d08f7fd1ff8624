//! Statistics: `<<<` and the figures.

use super::body::Body;
use super::{histogram, names};
use crate::ir::expr::{Expr, Place, StatRef};
use crate::ir::program::Global;
use crate::ir::ty::{StatNeeds, ValueTy};
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

/// What `<<<` keeps beside the count, as a C constant.
fn kept(needs: StatNeeds) -> String {
    let asked = [
        (needs.sum || needs.avg, "STP_STAT_NEEDS_SUM"),
        (needs.min, "STP_STAT_NEEDS_MIN"),
        (needs.max, "STP_STAT_NEEDS_MAX"),
    ];
    let names: Vec<&str> = asked.iter().filter(|(asked, _)| *asked).map(|(_, name)| *name).collect();
    if names.is_empty() { "0".into() } else { names.join(" | ") }
}

/// Where each CPU keeps a scalar's figures.
pub fn scalar(global: &Global) -> String {
    let name = names::global(global);
    if histogram::buckets_of(global) > 0 { format!("&{name}->stat") } else { name }
}

impl Body<'_> {
    /// `place <<< value`; the value of the whole is `value`.
    pub fn aggregate(&mut self, place: &Place, value: &Expr) -> String {
        let text = self.long(value);
        let value = self.keep_long(&text);
        let (global, stat, counts) = match place {
            Place::Global(id, _) => {
                let global = self.global(*id);
                let counts = format!("raw_cpu_ptr({}->hist)", names::global(global));
                (global, format!("raw_cpu_ptr({})", scalar(global)), counts)
            }
            Place::Element(id, keys, span) => {
                let node = self.node_for_writing(*id, keys, *span);
                (self.global(*id), format!("&{node}->value"), format!("{node}->hist"))
            }
            // Locals hold no statistics: the types of the IR say so.
            Place::Local(..) => return value,
        };
        let ValueTy::Stat(needs) = global.value else { return value };
        let kept = kept(needs);
        self.out.line(match needs.variance {
            Some(shift) => format!("stp_stat_add_variance({stat}, {value}, {kept}, {shift});"),
            None => format!("stp_stat_add({stat}, {value}, {kept});"),
        });
        if let Some(bucket) = histogram::bucket(needs.hist, &value) {
            self.out.line(format!("{counts}[{bucket}]++;"));
        }
        value
    }

    /// `delete` of a scalar.
    pub fn clear_statistic(&mut self, global: &Global) {
        self.out.line(format!("stp_stat_clear({});", scalar(global)));
        let buckets = histogram::buckets_of(global);
        if buckets > 0 {
            self.out.line(format!("stp_hist_clear({}->hist, {buckets});", names::global(global)));
        }
    }

    /// `@count(x)` and its like. All but count and sum (since version 1.5) fail on a statistic that has no values.
    pub fn figure(&mut self, op: StatOp, shift: u8, of: &StatRef, span: Span) -> String {
        let stat = self.declare("struct stp_stat @");
        if of.keys.is_empty() {
            self.out.line(format!("{stat} = stp_stat_sum({});", scalar(self.global(of.global))));
        } else {
            let node = self.find(of.global, &of.keys);
            self.out.line(format!("{stat} = {node} ? {node}->value : (struct stp_stat){{}};"));
        }
        let sum_is_zero = self.unit.input.options.compatible >= (1, 5);
        if op != StatOp::Count && (op != StatOp::Sum || !sum_is_zero) {
            self.fail_if(&format!("!{stat}.count"), "empty aggregate", span);
        }
        self.keep_long(&format!("stp_stat_figure(&{stat}, {}, {shift})", figure(op)))
    }
}
