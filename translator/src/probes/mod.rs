//! The families of probe points, one file each, in the order of stapprobes(3stap).

mod address;
mod begin_end;
mod callee;
mod data;
mod function;
mod kprobe;
mod label;
mod later;
mod netfilter;
mod perf;
mod place;
pub mod procfs;
mod spec;
mod statement;
mod timer;
mod tracepoint;

use crate::debuginfo::{FunctionId, ObjectId, Objects, Site};
use crate::diag::{Code, Diagnostic};
use crate::ir::program::Point;
use crate::pass1_parse::ast::{Component, Literal};

/// A family: the points that it knows, and what each one means.
pub trait Family: Sync {
    /// Its points as the manual writes them: `timer.s(number).randomize(number)`. A last component `**` stands for
    /// anything that may follow.
    fn patterns(&self) -> &'static [&'static str];

    /// Whether members of stapusr may use its points (--privilege=stapusr): those that show nothing of others.
    fn harmless(&self) -> bool {
        false
    }

    /// The meaning of components that match one of the patterns: never empty.
    fn derive(&self, components: &[Component], objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic>;
}

/// What a family makes of a point.
#[derive(Clone, Debug)]
pub struct Derivation {
    /// Where it fires.
    pub point: Point,
    /// The point as `pp()` gives it.
    pub pp: String,
    /// the place whose variables the handler can name.
    pub scope: Option<Scope>,
    /// Why it may not be there: a warning, or the reason to pass over a point that ends in `!`.
    pub doubt: Option<Box<Diagnostic>>,
}

/// A place in a function, as debug information knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Where it is.
    pub object: ObjectId,
    /// Which one.
    pub function: FunctionId,
    /// Where its variables are asked for. At its return this is its entry: what they were then is kept.
    pub site: Site,
    /// It has returned.
    pub returns: bool,
}

impl Derivation {
    /// A point whose `pp()` is what the script says.
    fn as_written(point: Point, components: &[Component]) -> Vec<Self> {
        vec![Derivation { point, pp: point_text(components), scope: None, doubt: None }]
    }

    /// The name of the tracepoint that it fires at.
    fn tracepoint(&self) -> Option<&str> {
        match &self.point {
            Point::Tracepoint(point) => Some(&point.name),
            _ => None,
        }
    }
}

/// All families.
pub static FAMILIES: &[&dyn Family] = &[
    &begin_end::BeginEnd,
    &timer::Timer,
    &perf::Perf,
    &function::Function,
    &statement::Statement,
    &address::Address,
    &label::Label,
    &callee::Callee,
    &kprobe::Kprobe,
    &data::Data,
    &procfs::Procfs,
    &netfilter::Netfilter,
    &tracepoint::Tracepoints,
    &later::Unready,
];

/// Whether a pattern is of a point that can run: one that stands for whatever may follow is not.
pub fn is_ready(pattern: &str) -> bool {
    !later::Unready.patterns().contains(&pattern)
}

/// Dotted components as a script writes them.
pub fn point_text(components: &[Component]) -> String {
    let mut text = String::new();
    for (i, component) in components.iter().enumerate() {
        if i > 0 {
            text.push('.');
        }
        text.push_str(component.name.as_str());
        match &component.arg {
            None => {}
            // Addresses are read in hexadecimal.
            Some(Literal::Number(number)) if matches!(component.name.as_str(), "statement" | "function") => {
                text.push_str(&format!("({number:#x})"));
            }
            Some(Literal::Number(number)) => text.push_str(&format!("({number})")),
            Some(Literal::String(bytes)) => text.push_str(&format!("({})", quoted(bytes))),
        }
    }
    text
}

/// A string as a script writes it.
pub fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii().to_string().replace("\\'", "'"))
}

/// The component's number, when it has one.
fn number(component: &Component) -> Option<i64> {
    match component.arg {
        Some(Literal::Number(number)) => Some(number),
        _ => None,
    }
}

/// The component's string, when it has one.
fn string(component: &Component) -> Option<&[u8]> {
    match &component.arg {
        Some(Literal::String(bytes)) => Some(bytes),
        _ => None,
    }
}

/// A complaint about one component.
fn wrong(component: &Component, message: impl Into<String>) -> Diagnostic {
    Diagnostic::semantic(Code::ProbePoint, message, component.span)
}
