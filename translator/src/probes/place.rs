//! Probes at addresses of an object with DWARF.

use super::kprobe::{self, Spec};
use super::{Derivation, Scope, point_text, wrong};
use crate::debuginfo::{Broken, FunctionId, Known, Objects, Refusal, Site};
use crate::diag::{Diagnostic, Severity};
use crate::ir::program::{KprobePoint, Point};
use crate::pass1_parse::ast::{Component, Literal};
use crate::pass1_parse::glob;

/// An object that is probed at addresses.
#[derive(Clone, Copy)]
pub struct Object<'o> {
    /// All objects.
    pub objects: &'o Objects<'o>,
    /// This one.
    pub known: &'o Known,
    /// `kernel`, or the module's name.
    pub module: &'o str,
}

/// Where in an object.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'s> {
    /// The name of the function, for messages, and for a symbol where nothing better is known.
    pub name: &'s str,
    /// The function, or the instance of it.
    pub function: FunctionId,
    /// The address of the function's first instruction, from which a symbol of its name is told.
    pub start: Option<u64>,
    /// The instruction.
    pub address: u64,
    /// Where variables are asked for.
    pub site: Site,
}

impl Object<'_> {
    /// A point at an address; `None` where the kernel keeps probes away, which is told, or nothing tells the address from.
    pub fn point(&self, components: &[Component], spot: Spot<'_>) -> Option<Derivation> {
        if let Some(refusal) = self.known.info.refusal(spot.address)
            && !self.objects.guru()
        {
            self.objects.tell(refused(components, spot.name, refusal));
            return None;
        }
        let (symbol, offset) = match self.known.info.symbol_at(spot.address) {
            Some(found) => found,
            None => (spot.name.to_owned(), spot.address.checked_sub(spot.start?)?),
        };
        let spec = Spec { module: self.module.to_owned(), symbol, offset: 0 };
        let point = KprobePoint { offset, ..kprobe::point(components, spec).ok()? };
        let Spot { function, site, .. } = spot;
        let scope = Some(Scope { object: self.known.id, function, site, returns: point.is_return });
        Some(Derivation { pp: point_text(components), point: Point::Kprobe(point), scope, doubt: None })
    }

    /// The code of a function: its body and the places where it stands inlined, each with its first instruction.
    pub fn instances(&self, function: FunctionId) -> Result<Vec<(FunctionId, u64)>, Broken> {
        let outline = self.known.info.outline(function)?;
        let mut found: Vec<_> = outline.entry.map(|entry| (function, entry)).into_iter().collect();
        for instance in outline.inlined {
            found.extend(self.known.info.outline(instance)?.entry.map(|entry| (instance, entry)));
        }
        Ok(found)
    }

    /// The components with what a pattern stands for here in the places of the function and the module.
    pub fn named(&self, components: &[Component], word: &str, argument: Literal) -> Vec<Component> {
        let mut named = components.to_vec();
        for component in &mut named {
            match component.name.as_str() {
                name if name == word => component.arg = Some(argument.clone()),
                "module" => component.arg = Some(Literal::String(self.module.as_bytes().to_vec())),
                _ => {}
            }
        }
        named
    }
}

/// Asks each object that the first component names for points, all modules on the disk that match a pattern included. It
/// must have DWARF.
pub fn in_objects(
    objects: &Objects<'_>,
    components: &[Component],
    asked: &Component,
    points: &dyn Fn(Object<'_>) -> Result<Vec<Derivation>, Diagnostic>,
) -> Result<Vec<Derivation>, Diagnostic> {
    let module = kprobe::module(&components[0])?;
    let of = |module: &str| {
        let known = objects.dwarf(module).map_err(|lack| lack.diagnostic().at(asked.span))?;
        points(Object { objects, known: &known, module })
    };
    let mut found = Vec::new();
    if glob::is_pattern(module.as_bytes()) {
        for name in objects.module_names() {
            if glob::matches(module.as_bytes(), name.as_bytes()) {
                // A module without debuginfo, or without such a function, is none that matches.
                found.extend(of(&name).unwrap_or_default());
            }
        }
    } else {
        found = of(&module)?;
    }
    match found.is_empty() {
        true => Err(wrong(asked, "no match")),
        false => Ok(found),
    }
}

/// `vfs_read@fs/read_write.c:450`
pub fn shown(name: &str, file: &str, line: u32) -> Literal {
    let text = if file.is_empty() { name.to_owned() } else { format!("{name}@{file}:{line}") };
    Literal::String(text.into_bytes())
}

fn refused(components: &[Component], name: &str, refusal: Refusal) -> Diagnostic {
    let component = components.iter().find(|component| component.arg.is_some()).unwrap_or(&components[0]);
    let message = match refusal {
        Refusal::Section => format!("function {name} is in blocklisted section"),
        Refusal::Listed => format!("function {name} is blocklisted"),
    };
    let mut diagnostic = wrong(component, message);
    diagnostic.severity = Severity::Warning;
    diagnostic.help("with -g the kernel itself decides")
}
