//! Functions by their addresses: what DWARF knows of each body and each inlined instance.

use super::{Query, Scope};
use crate::debuginfo::function::Declared;
use crate::debuginfo::{Broken, FunctionId, Known, Site};
use crate::ir::program::{KprobePoint, Point};
use crate::pass1_parse::ast::Literal;
use crate::pass1_parse::glob;
use crate::probes::kprobe::{self, Spec};
use crate::probes::{Derivation, point_text};

/// A query to an object with DWARF.
pub struct Located<'q, 'c> {
    /// What is asked for.
    pub query: &'q Query<'c>,
    /// The object.
    pub known: &'q Known,
    /// Its name.
    pub module: &'q str,
    /// Bytes from the function's start.
    pub offset: u64,
}

impl Located<'_, '_> {
    /// The points of some functions: their bodies and, unless the script wants one kind, their inlined instances.
    pub fn points(&self, functions: Vec<(String, FunctionId)>) -> Result<Vec<Derivation>, Broken> {
        let wants_bodies = !self.query.has("inline");
        let wants_instances = !["call", "return", "exported"].iter().any(|kind| self.query.has(kind));
        let mut points = Vec::new();
        for (name, id) in functions {
            let outline = self.known.info.outline(id)?;
            if !self.fits(outline.declared.as_ref()) {
                continue;
            }
            let text = shown(&name, outline.declared.as_ref());
            if let Some(entry) = outline.entry.filter(|_| wants_bodies) {
                points.extend(self.point(&name, &text, id, entry, false));
            }
            for instance in outline.inlined.into_iter().filter(|_| wants_instances && self.offset == 0) {
                if let Some(entry) = self.known.info.outline(instance)?.entry {
                    points.extend(self.point(&name, &text, instance, entry, true));
                }
            }
        }
        Ok(points)
    }

    /// Whether a function is declared where the script says. A file may be given by the end of its path.
    fn fits(&self, declared: Option<&Declared>) -> bool {
        let Some((file, line)) = &self.query.place else { return true };
        let Some(declared) = declared else { return false };
        let path = declared.file.as_str();
        let starts = path.match_indices('/').map(|(at, _)| at + 1);
        let mut ends = std::iter::once(0).chain(starts).map(|start| &path.as_bytes()[start..]);
        ends.any(|end| glob::matches(file.as_bytes(), end)) && line.is_none_or(|line| line == declared.line)
    }

    /// A point at an address. The kernel's are told from one symbol, since names of static functions are not unique and
    /// the compiler renames some; a module has no such symbol, so there only a body can be found, by its name.
    fn point(
        &self,
        name: &str,
        text: &str,
        function: FunctionId,
        address: u64,
        instance: bool,
    ) -> Option<Derivation> {
        let mut components = self.query.components.to_vec();
        for component in &mut components {
            let text = match component.name.as_str() {
                "function" if self.offset == 0 => text,
                "module" => self.module,
                _ => continue,
            };
            component.arg = Some(Literal::String(text.as_bytes().to_vec()));
        }
        let (symbol, offset) = match self.known.info.symbol_at(address) {
            Some((symbol, offset)) => (symbol, offset.checked_add(self.offset)?),
            None if instance => return None,
            None => (name.to_owned(), self.offset),
        };
        let spec = Spec { module: self.module.to_owned(), symbol, offset: 0 };
        let point = KprobePoint { offset, ..kprobe::point(&components, spec).ok()? };
        let site = match self.offset {
            0 => Site::Entry,
            offset => Site::Address(address.checked_add(offset)?),
        };
        let scope = Some(Scope { object: self.known.id, function, site, returns: point.is_return });
        Some(Derivation { pp: point_text(&components), point: Point::Kprobe(point), scope, doubt: None })
    }
}

/// `vfs_read@fs/read_write.c:450`
fn shown(name: &str, declared: Option<&Declared>) -> String {
    match declared {
        Some(Declared { file, line }) => format!("{name}@{file}:{line}"),
        None => name.to_owned(),
    }
}
