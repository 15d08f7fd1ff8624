//! Probes by address: statement(ADDR), function(ADDR), and .absolute ones, which are taken as they are.
//!
//! Addresses are those of the object as it was linked, as objdump shows them: a module's count from the start of its
//! .text. The running kernel's layout is accounted for when the probes are loaded.

use super::place::{self, Object, Spot};
use super::{Derivation, Family, kprobe, number, point_text, wrong};
use crate::debuginfo::{Broken, FunctionId, Objects, Site};
use crate::diag::{Code, Diagnostic};
use crate::ir::program::{KprobePoint, Point};
use crate::pass1_parse::ast::{Component, Literal};

/// Statements and functions by address.
pub struct Address;

impl Family for Address {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "kernel.statement(number)",
            "kernel.statement(number).nearest",
            "kernel.statement(number).absolute",
            "kernel.function(number)",
            "kernel.function(number).call",
            "kernel.function(number).exported",
            "kernel.function(number).return",
            "kernel.function(number).return.maxactive(number)",
            "kprobe.statement(number).absolute",
            "module(string).statement(number)",
            "module(string).statement(number).nearest",
            "module(string).function(number)",
            "module(string).function(number).call",
            "module(string).function(number).exported",
            "module(string).function(number).return",
            "module(string).function(number).return.maxactive(number)",
        ]
    }

    fn derive(&self, components: &[Component], objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let asked = &components[1];
        let address = number(asked).unwrap_or(0).cast_unsigned();
        if has(components, "absolute") {
            return Ok(vec![absolute(components, asked, address, objects.guru())?]);
        }
        let query = Query { components, asked, address };
        place::in_objects(objects, components, asked, &|object| query.points(object))
    }
}

fn has(components: &[Component], name: &str) -> bool {
    components.iter().any(|component| component.name.as_str() == name)
}

/// Nothing is known of such an address; the kernel alone checks it.
fn absolute(
    components: &[Component],
    asked: &Component,
    address: u64,
    guru: bool,
) -> Result<Derivation, Diagnostic> {
    if !guru {
        let message = "absolute statement probe in unprivileged script; need stap -g";
        return Err(Diagnostic::semantic(Code::Privilege, message, asked.span));
    }
    let spec = kprobe::Spec { module: "kernel".into(), symbol: String::new(), offset: 0 };
    let point = KprobePoint { offset: address, ..kprobe::point(components, spec)? };
    Ok(Derivation { pp: point_text(components), point: Point::Kprobe(point), scope: None, doubt: None })
}

/// What the components ask for.
struct Query<'c> {
    components: &'c [Component],
    asked: &'c Component,
    address: u64,
}

impl Query<'_> {
    fn points(&self, object: Object<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let info = &object.known.info;
        let broken = |broken: Broken| wrong(self.asked, broken.to_string());
        let base = match object.module {
            "kernel" => 0,
            _ => info.address_in(".text", 0).ok_or_else(|| wrong(self.asked, "the module has no .text"))?,
        };
        let address = base.saturating_add(self.address);
        let around = info.functions_at(address).map_err(broken)?;
        let (Some(body), Some(inner)) = (around.first(), around.last()) else {
            let message = format!("no match: address {:#x} lies in no known function", self.address);
            return Err(wrong(self.asked, message));
        };
        let entry = info.outline(*body).map_err(broken)?.entry;
        let (word, spot) = match self.asked.name.as_str() {
            "function" => {
                if has(self.components, "exported") && !self.is_exported(object, *body)? {
                    return Ok(Vec::new());
                }
                (
                    "function",
                    Spot {
                        name: "",
                        function: *body,
                        start: entry,
                        address: entry.unwrap_or(address),
                        site: Site::Entry,
                    },
                )
            }
            _ => {
                let address = self.statement(object, *body, address, base).map_err(broken)??;
                let site = Site::Address(address);
                ("statement", Spot { name: "", function: *inner, start: entry, address, site })
            }
        };
        let name = info.function(*body).map_err(broken)?.name;
        let argument = Literal::Number(spot.address.wrapping_sub(base).cast_signed());
        let components = object.named(self.components, word, argument);
        Ok(object.point(&components, Spot { name: name.as_str(), ..spot }).into_iter().collect())
    }

    fn is_exported(&self, object: Object<'_>, body: FunctionId) -> Result<bool, Diagnostic> {
        let exports = object.objects.exports(object.module);
        let exports = exports.map_err(|lack| lack.diagnostic().at(self.asked.span))?;
        let function = object.known.info.function(body);
        let function = function.map_err(|broken| wrong(self.asked, broken.to_string()))?;
        Ok(exports.contains(function.name.as_str()))
    }

    /// The instruction at an address, if a line begins or goes on there: between such places an address may be in the
    /// middle of an instruction.
    fn statement(
        &self,
        object: Object<'_>,
        body: FunctionId,
        address: u64,
        base: u64,
    ) -> Result<Result<u64, Diagnostic>, Broken> {
        let statements = object.known.info.statements(body)?;
        let before = statements.iter().rfind(|statement| statement.address <= address);
        let before = before.map(|statement| statement.address);
        Ok(match before {
            Some(found) if found == address || has(self.components, "nearest") => Ok(found),
            before => {
                let near =
                    before.map_or(String::new(), |near| format!(" (try {:#x})", near.wrapping_sub(base)));
                let address = self.address;
                let message =
                    format!("address {address:#x} does not match the beginning of a statement{near}");
                Err(wrong(self.asked, message))
            }
        })
    }
}
