//! Tracepoints: the functions that pass on their calls, and what each call passes.
//!
//! For each tracepoint the kernel has a function `__traceiter_NAME` (since 5.10), which calls every probe with its own
//! arguments: a `void *` of the probe's, then the tracepoint's parameters. Before that, `__bpf_trace_CLASS` takes the
//! same for all events of a class. Debug information knows both as functions like any other, parameter names included.

use super::{Broken, DebugInfo, FunctionId, Known, Objects, Role, Site, Variable, abi};
use crate::kernel::trace_headers::TraceHeaders;
use crate::source::Symbol;

/// What the name of a tracepoint's own function begins with.
pub const ITERATOR: &str = "__traceiter_";
/// The same of the function of an event class.
const CLASS: &str = "__bpf_trace_";

/// A tracepoint, as a place at which variables are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tracepoint {
    /// Its name.
    pub name: Symbol,
    /// The subsystem that the headers name; empty when they do not.
    pub system: Symbol,
    /// Its parameters are called `arg1`, `arg2` and so on, whatever names they have.
    pub numbered: bool,
}

/// The function that takes a tracepoint's parameters.
pub fn function_of(
    info: &dyn DebugInfo,
    headers: &TraceHeaders,
    name: &str,
) -> Result<Option<FunctionId>, Broken> {
    if let Some(&id) = info.functions_named(&format!("{ITERATOR}{name}"))?.first() {
        return Ok(Some(id));
    }
    let class = headers.get(name).map_or(name, |declared| &declared.class);
    Ok(info.functions_named(&format!("{CLASS}{class}"))?.first().copied())
}

/// The names of an object's tracepoints, sorted. Where only classes have functions the headers tell which are of which.
pub fn names(known: &Known, headers: &TraceHeaders) -> Result<Vec<String>, Broken> {
    let mut names = Vec::new();
    let mut classes = rustc_hash::FxHashSet::default();
    known.info.each_function(&mut |function, _| {
        names.extend(function.strip_prefix(ITERATOR).map(str::to_owned));
        classes.extend(function.strip_prefix(CLASS).map(str::to_owned));
    })?;
    if names.is_empty() {
        let of_class = headers.all().filter(|(_, declared)| classes.contains(&declared.class));
        names.extend(of_class.map(|(name, _)| name.to_owned()));
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

impl Objects<'_> {
    /// The variables at a site of a function, where each lies there.
    pub fn variables(
        &self,
        info: &dyn DebugInfo,
        function: FunctionId,
        site: Site,
    ) -> Result<Vec<Variable>, Broken> {
        let Site::Tracepoint(tracepoint) = site else { return info.variables(function, site) };
        let mut params = info.variables(function, Site::Entry)?;
        params.retain(|variable| variable.role == Role::Parameter);
        let types: Vec<_> = params.iter().map(|variable| variable.ty).collect();
        for (variable, location) in params.iter_mut().zip(abi::arguments(self, &types)?) {
            variable.location = location;
        }
        // The first is the probe's own.
        params.drain(..params.len().min(1));
        if tracepoint.numbered {
            for (variable, number) in params.iter_mut().zip(1..) {
                variable.name = Symbol::new(&format!("arg{number}"));
            }
        }
        Ok(params)
    }
}
