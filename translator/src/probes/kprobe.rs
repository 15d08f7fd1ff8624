//! Functions of the kernel and of modules by their symbols: kernel.function, module().function, kprobe.function.
//!
//! No debuginfo is read. The kernel itself finds the symbol when the module is loaded, so a function that does not
//! exist, or that only stands inlined in others, is reported then.

use super::{Derivation, Family, number, point_text, string, wrong};
use crate::diag::{Code, Diagnostic};
use crate::ir::program::{KprobePoint, Point};
use crate::pass1_parse::ast::Component;

/// Function entry, return and offsets.
pub struct Kprobe;

impl Family for Kprobe {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "kernel.function(string)",
            "kernel.function(string).call",
            "kernel.function(string).return",
            "kernel.function(string).return.maxactive(number)",
            "module(string).function(string)",
            "module(string).function(string).call",
            "module(string).function(string).return",
            "module(string).function(string).return.maxactive(number)",
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

    fn derive(&self, components: &[Component]) -> Result<Derivation, Diagnostic> {
        let mut point = KprobePoint {
            module: "kernel".into(),
            symbol: String::new(),
            offset: 0,
            is_return: false,
            maxactive: None,
        };
        for component in components {
            match component.name.as_str() {
                "module" => point.module = module(component)?,
                "function" => (point.symbol, point.offset) = function(component)?,
                "return" => point.is_return = true,
                "maxactive" => point.maxactive = Some(maxactive(component)?),
                _ => {}
            }
        }
        if point.is_return && point.offset != 0 {
            return Err(wrong(&components[0], "a return probe cannot have an offset"));
        }
        Ok(Derivation { point: Point::Kprobe(point), pp: point_text(components) })
    }
}

fn module(component: &Component) -> Result<String, Diagnostic> {
    let name = string(component).unwrap_or_default();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if name.iter().all(plain) && !name.is_empty() && name.len() < 56 {
        // The kernel writes module names with underscores only.
        return Ok(String::from_utf8_lossy(name).replace('-', "_"));
    }
    Err(Diagnostic::semantic(Code::NotYet, "module patterns and paths are not available yet", component.span)
        .help("name one module, as lsmod prints it"))
}

/// `NAME` or `NAME+OFFSET`.
fn function(component: &Component) -> Result<(String, u64), Diagnostic> {
    let spec = String::from_utf8_lossy(string(component).unwrap_or_default()).into_owned();
    if spec.contains(['*', '?', '[']) {
        return Err(unready(component, "wildcards in function names", "name one function exactly"));
    }
    if spec.contains(['@', ':']) {
        let instead = "name the function alone, without its source file";
        return Err(unready(component, "source files and lines in function names", instead));
    }
    let (symbol, offset) = match spec.split_once('+') {
        Some((symbol, offset)) => (symbol, parse_offset(offset)),
        None => (spec.as_str(), Some(0)),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$');
    match offset {
        Some(offset) if !symbol.is_empty() && symbol.chars().all(plain) && symbol.len() < 128 => {
            Ok((symbol.to_owned(), offset))
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

fn unready(component: &Component, what: &str, instead: &str) -> Diagnostic {
    Diagnostic::semantic(Code::NotYet, format!("{what} are not available yet"), component.span)
        .help(format!("they need the kernel's debuginfo or BTF, which this version does not read; {instead}"))
}
