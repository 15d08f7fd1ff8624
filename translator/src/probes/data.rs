//! Addresses that the processor's debug registers watch: kernel.data().

use super::{Derivation, Family, number, quoted, string, wrong};
use crate::debuginfo::Objects;
use crate::diag::Diagnostic;
use crate::ir::program::{DataPlace, DataPoint, Point};
use crate::pass1_parse::ast::Component;

/// `kernel.data(ADDRESS)[.length(N)].write|.rw`, `kernel.data("SYMBOL").write|.rw`
pub struct Data;

/// The longest that a debug register of x86-64 watches.
const LONGEST: i64 = 8;

impl Family for Data {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "kernel.data(number).write",
            "kernel.data(number).rw",
            "kernel.data(number).length(number).write",
            "kernel.data(number).length(number).rw",
            "kernel.data(string).write",
            "kernel.data(string).rw",
        ]
    }

    fn derive(
        &self,
        components: &[Component],
        _objects: &Objects<'_>,
    ) -> Result<Vec<Derivation>, Diagnostic> {
        let length = match components.iter().find(|component| component.name.as_str() == "length") {
            Some(component) => length(component)?,
            None => 1,
        };
        let place = match string(&components[1]) {
            Some(name) => DataPlace::Symbol(symbol(&components[1], name)?),
            None => DataPlace::Address(address(&components[1], length)?),
        };
        let reads = components.last().is_some_and(|last| last.name.as_str() == "rw");
        let shown = match &place {
            DataPlace::Symbol(name) => quoted(name.as_bytes()),
            DataPlace::Address(address) => format!("{address:#x}"),
        };
        let access = if reads { "rw" } else { "write" };
        let pp = format!("kernel.data({shown}).length({length}).{access}");
        let point = Point::Data(DataPoint { place, length, reads });
        Ok(vec![Derivation { point, pp, scope: None, doubt: None }])
    }
}

/// The processor watches 1, 2, 4 or 8 bytes: the next of them that is enough.
fn length(component: &Component) -> Result<u8, Diagnostic> {
    match number(component) {
        Some(bytes @ 1..=LONGEST) => Ok((bytes as u8).next_power_of_two()),
        other => {
            let message =
                format!("length {} of watched data is out of range (1, {LONGEST})", other.unwrap_or(0));
            Err(wrong(component, message).help("a debug register watches 1, 2, 4 or 8 bytes"))
        }
    }
}

fn address(component: &Component, length: u8) -> Result<u64, Diagnostic> {
    let address = number(component).unwrap_or(0) as u64;
    let length = u64::from(length);
    if address == 0 {
        return Err(wrong(component, "address 0 cannot be watched"));
    }
    if !address.is_multiple_of(length) {
        let message = format!("address {address:#x} is no multiple of the length, {length} bytes");
        return Err(wrong(component, message).help(format!(
            "a debug register watches aligned data: {:#x} holds the first byte",
            address & !(length - 1)
        )));
    }
    Ok(address)
}

fn symbol(component: &Component, name: &[u8]) -> Result<String, Diagnostic> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.$".contains(byte);
    if !name.is_empty() && name.iter().all(plain) && name.len() < 128 {
        return Ok(String::from_utf8_lossy(name).into_owned());
    }
    let message = format!("malformed symbol '{}'", String::from_utf8_lossy(name));
    let help =
        "it is the name of one variable of the kernel, as /proc/kallsyms has it; there are no wildcards";
    Err(wrong(component, message).help(help))
}
