//! Functions by their symbols: kprobe.function and kprobe.module().function.
//!
//! No debuginfo is read. The kernel itself finds the symbol when the module is loaded, so a function that does not
//! exist, or that only stands inlined in others, is reported then.

use super::{Derivation, Family, number, point_text, string, wrong};
use crate::debuginfo::Objects;
use crate::diag::Diagnostic;
use crate::ir::program::{KprobePoint, Point};
use crate::kernel::modules;
use crate::pass1_parse::ast::Component;

/// Function entry, return and offsets.
pub struct Kprobe;

impl Family for Kprobe {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "kprobe.function(string)",
            "kprobe.function(string).call",
            "kprobe.function(string).return",
            "kprobe.function(string).return.maxactive(number)",
            "kprobe.module(string).function(string)",
            "kprobe.module(string).function(string).call",
            "kprobe.module(string).function(string).return",
            "kprobe.module(string).function(string).return.maxactive(number)",
        ]
    }

    fn derive(
        &self,
        components: &[Component],
        _objects: &Objects<'_>,
    ) -> Result<Vec<Derivation>, Diagnostic> {
        Ok(vec![derive(components)?])
    }
}

/// A place in an object.
pub struct Spec {
    /// `kernel`, or a module's name.
    pub module: String,
    /// The function.
    pub symbol: String,
    /// Bytes from its start.
    pub offset: u64,
}

/// A point by symbol.
pub fn derive(components: &[Component]) -> Result<Derivation, Diagnostic> {
    let mut spec = Spec { module: "kernel".into(), symbol: String::new(), offset: 0 };
    for component in components {
        match component.name.as_str() {
            "module" => spec.module = one_module(component)?,
            "function" => (spec.symbol, spec.offset) = function(component)?,
            _ => {}
        }
    }
    let point = point(components, spec)?;
    Ok(Derivation { point: Point::Kprobe(point), pp: point_text(components), scope: None, doubt: None })
}

/// What the components after the function ask for at a place.
pub fn point(components: &[Component], spec: Spec) -> Result<KprobePoint, Diagnostic> {
    let Spec { module, symbol, offset } = spec;
    let module = modules::called(&module);
    let mut point = KprobePoint { module, symbol, offset, is_return: false, maxactive: None, saves: None };
    for component in components {
        match component.name.as_str() {
            "return" => point.is_return = true,
            "maxactive" => point.maxactive = Some(maxactive(component)?),
            _ => {}
        }
    }
    if point.is_return && offset != 0 {
        return Err(wrong(&components[0], "a return probe cannot have an offset"));
    }
    Ok(point)
}

/// `kernel`, or the module pattern or path of `module("…")`; names with underscores, as the kernel writes them.
pub fn module(component: &Component) -> Result<String, Diagnostic> {
    let Some(name) = string(component) else { return Ok("kernel".into()) };
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_-*?[]!".contains(b);
    if name.iter().all(plain) && !name.is_empty() && name.len() < 56 {
        return Ok(modules::canonical(&String::from_utf8_lossy(name)));
    }
    match std::str::from_utf8(name) {
        Ok(path) if modules::is_path(path) && module_name(&modules::called(path)) => Ok(path.to_owned()),
        _ => {
            let message = format!("'{}' names no module", String::from_utf8_lossy(name).escape_debug());
            Err(wrong(component, message)
                .help("give a name as lsmod prints it, or the whole path of a .ko file"))
        }
    }
}

/// Whether the kernel may have a module of that name.
fn module_name(name: &str) -> bool {
    !name.is_empty() && name.len() < 56 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn one_module(component: &Component) -> Result<String, Diagnostic> {
    let name = module(component)?;
    if name.contains(['*', '?', '[']) {
        let message =
            "kprobe.module takes no wildcards: the kernel finds the symbol when the probes are loaded";
        return Err(wrong(component, message).help("module(\"PATTERN\").function(\"PATTERN\") takes them"));
    }
    Ok(name)
}

/// `NAME` or `NAME+OFFSET`.
fn function(component: &Component) -> Result<(String, u64), Diagnostic> {
    let spec = String::from_utf8_lossy(string(component).unwrap_or_default()).into_owned();
    if spec.contains(['*', '?', '[']) {
        let message =
            "kprobe.function takes no wildcards: the kernel finds the symbol when the probes are loaded";
        return Err(wrong(component, message).help("kernel.function(\"PATTERN\") takes them"));
    }
    let (symbol, offset) = name_and_offset(component, &spec, false)?;
    Ok((symbol.to_owned(), offset))
}

/// The parts of `NAME+OFFSET`. A pattern has no offset, and is not looked at.
pub fn name_and_offset<'s>(
    component: &Component,
    spec: &'s str,
    pattern: bool,
) -> Result<(&'s str, u64), Diagnostic> {
    if pattern {
        return Ok((spec, 0));
    }
    let (symbol, offset) = match spec.split_once('+') {
        Some((symbol, offset)) => (symbol, parse_offset(offset)),
        None => (spec, Some(0)),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$');
    match offset {
        Some(offset) if !symbol.is_empty() && symbol.chars().all(plain) && symbol.len() < 128 => {
            Ok((symbol, offset))
        }
        _ => Err(wrong(component, format!("malformed specification '{spec}'"))),
    }
}

fn parse_offset(text: &str) -> Option<u64> {
    let value = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    // No function is larger; the kernel refuses an offset outside the function anyway.
    value.ok().filter(|&offset| offset < 1 << 24)
}

fn maxactive(component: &Component) -> Result<u32, Diagnostic> {
    match number(component) {
        Some(value @ 0..=65535) => Ok(value as u32),
        _ => Err(wrong(component, "maxactive value out of range [0, 65535]")),
    }
}
