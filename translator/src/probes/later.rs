//! Points that the language knows and that this version cannot run. Each has one clear error with what to use instead.

use super::{Derivation, Family, point_text};
use crate::debuginfo::Objects;
use crate::diag::{Code, Diagnostic};
use crate::pass1_parse::ast::Component;

/// Every point that cannot run yet.
pub struct Unready;

impl Family for Unready {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "kernel.function(string).callee(string).return.**",
            "module(string).function(string).callee(string).return.**",
            "kernel.lsm(string)",
            "process.**",
            "process(string).**",
            "process(number).**",
            "debuginfod.**",
            "java(string).**",
            "java(number).**",
            "python2.**",
            "python3.**",
        ]
    }

    fn derive(
        &self,
        components: &[Component],
        _objects: &Objects<'_>,
    ) -> Result<Vec<Derivation>, Diagnostic> {
        let text = point_text(components);
        let (place, instead) = instead(components);
        Err(Diagnostic::semantic(
            Code::NotYet,
            format!("probe point {text} is not available yet"),
            components[place].span,
        )
        .help(instead))
    }
}

/// Which component to point at, and what to use for now.
fn instead(components: &[Component]) -> (usize, &'static str) {
    let name = |i: usize| components.get(i).map_or("", |c| c.name.as_str());
    let second = 1.min(components.len() - 1);
    match (name(0), name(1)) {
        ("kernel" | "module" | "kprobe", "function" | "statement") => {
            (second, "probe .return of the callee itself, and look at its caller")
        }
        ("kernel", _) => (second, "use kernel.function(\"NAME\")"),
        ("process" | "debuginfod" | "java" | "python2" | "python3", _) => (
            0,
            "user-space programs cannot be probed yet; use the syscall.* probes and test pid() or execname()",
        ),
        _ => (0, "use kernel.function(\"NAME\") on a function of that path"),
    }
}
