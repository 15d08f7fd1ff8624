//! Types of values.

// Every type and variant has its sentence; fields that repeat it in other words would say nothing.
#![allow(missing_docs)]

use std::fmt;

/// The type of an expression, a local, a parameter, an array key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ty {
    /// `int64_t`
    Long,
    /// `char[MAXSTRINGLEN]`, NUL-terminated
    String,
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ty::Long => "long",
            Ty::String => "string",
        })
    }
}

/// What a statistic must be able to answer; only what is used costs anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StatNeeds {
    /// @count
    pub count: bool,
    /// @sum
    pub sum: bool,
    /// @min
    pub min: bool,
    /// @max
    pub max: bool,
    /// @avg
    pub avg: bool,
    /// @variance with its bit shift
    pub variance: Option<u8>,
    /// The histogram
    pub hist: Hist,
}

/// The histogram of a statistic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Hist {
    /// None.
    #[default]
    None,
    /// @hist_log
    Log,
    /// @hist_linear
    Linear { low: i64, high: i64, step: i64 },
}

impl Hist {
    /// How many buckets it has. A linear one has one more at each end, for what is out of range.
    pub fn buckets(self) -> u64 {
        match self {
            Hist::None => 0,
            Hist::Log => 128,
            Hist::Linear { low, high, step } => high.abs_diff(low) / step.unsigned_abs().max(1) + 3,
        }
    }
}

/// What a global holds, or what stands under an array's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueTy {
    /// A long or a string.
    Scalar(Ty),
    /// A statistic, kept per CPU.
    Stat(StatNeeds),
}
