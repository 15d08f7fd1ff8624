//! Histograms: their buckets, one of them, all of them as a picture.

use super::body::Body;
use super::names;
use super::stats::scalar;
use super::writer::c_long;
use crate::ir::expr::{Expr, StatRef};
use crate::ir::program::Global;
use crate::ir::ty::{Hist, ValueTy};
use crate::source::Span;

/// How many buckets stand with a global's figures; 0 for none.
pub fn buckets_of(global: &Global) -> u64 {
    match global.value {
        ValueTy::Stat(needs) => needs.hist.buckets(),
        ValueTy::Scalar(_) => 0,
    }
}

/// The number of the bucket that counts `value`.
pub fn bucket(hist: Hist, value: &str) -> Option<String> {
    match hist {
        Hist::None => None,
        Hist::Log => Some(format!("stp_hist_log_bucket({value})")),
        Hist::Linear { low, high, step } => {
            let [low, high, step] = [low, high, step].map(c_long);
            Some(format!("stp_hist_linear_bucket({value}, {low}, {high}, {step})"))
        }
    }
}

/// `struct stp_hist` as C text.
fn descriptor(global: &Global) -> String {
    let ValueTy::Stat(needs) = global.value else { return String::new() };
    let (low, high, step) = match needs.hist {
        Hist::Linear { low, high, step } => (low, high, step),
        Hist::Log | Hist::None => (0, 0, 0),
    };
    let [low, high, step] = [low, high, step].map(c_long);
    format!("(struct stp_hist){{ {}, {low}, {high}, {step} }}", needs.hist.buckets())
}

/// A histogram that is ready to be drawn: what to do first, the buckets, what they mean.
pub struct Drawing {
    gather: Option<String>,
    counts: String,
    descriptor: String,
}

impl Body<'_> {
    /// `@hist_…(x)[index]`; 0 of a statistic that has no values.
    pub fn histogram_bucket(&mut self, of: &StatRef, index: &Expr, span: Span) -> String {
        let exprs: Vec<_> = of.keys.iter().chain([index]).collect();
        let values = self.values(&exprs, &[]);
        let (keys, index) = values.split_at(of.keys.len());
        let index = self.keep_long(&index.concat());
        let global = self.global(of.global);
        let outside = format!("{index} < 0 || {index} >= {}", buckets_of(global));
        self.fail_if(&outside, "histogram index out of range", span);
        if keys.is_empty() {
            return self.keep_long(&format!("stp_hist_bucket({}->hist, {index})", names::global(global)));
        }
        let node = self.find_values(of.global, keys);
        self.keep_long(&format!("{node} ? {node}->hist[{index}] : 0"))
    }

    /// Finds the buckets of a histogram whose keys have been evaluated. There is no picture of nothing.
    pub fn find_histogram(&mut self, of: &StatRef, keys: &[String], span: Span) -> Drawing {
        let global = self.global(of.global);
        let descriptor = descriptor(global);
        if keys.is_empty() {
            let name = names::global(global);
            self.fail_if(&format!("!stp_stat_sum({}).count", scalar(global)), "empty aggregate", span);
            let gather = format!("stp_hist_sum(c->histogram, {name}->hist, {});", buckets_of(global));
            return Drawing { gather: Some(gather), counts: "c->histogram".into(), descriptor };
        }
        let node = self.find_values(of.global, keys);
        self.fail_if(&format!("!{node} || !{node}->value.count"), "empty aggregate", span);
        Drawing { gather: None, counts: format!("{node}->hist"), descriptor }
    }

    /// Draws it.
    pub fn draw(&mut self, sink: &str, drawing: &Drawing) {
        if let Some(gather) = &drawing.gather {
            self.out.line(gather);
        }
        let Drawing { counts, descriptor, .. } = drawing;
        self.out.line(format!("{sink} = stp_put_histogram({sink}, {counts}, {descriptor});"));
    }
}
