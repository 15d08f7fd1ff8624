//! Functions by the symbols of an object's own file: where there is no debug information, and for what it leaves out.

use super::{Query, kprobe};
use crate::debuginfo::{Lack, Objects};
use crate::diag::{Diagnostic, Severity};
use crate::kernel::modules;
use crate::kernel::symbols::Symbols;
use crate::pass1_parse::ast::Literal;
use crate::pass1_parse::glob;
use crate::probes::{Derivation, wrong};

/// A query to the symbols of an object.
pub struct BySymbol<'q, 'c, 'o> {
    /// What is asked for.
    pub query: &'q Query<'c>,
    /// All objects.
    pub objects: &'q Objects<'o>,
    /// The object's name.
    pub module: &'q str,
}

impl BySymbol<'_, '_, '_> {
    /// The points of an object without debug information; `lack` says why there is none, unless none is wanted.
    pub fn points(&self, pattern: bool, lack: Option<Lack>) -> Result<Vec<Derivation>, Diagnostic> {
        let symbols = match self.objects.symbols(self.module) {
            Ok(symbols) => symbols,
            Err(why) if modules::is_path(self.module) => return Err(wrong(&self.query.components[0], why)),
            // The kernel will know.
            Err(_) if !pattern && !self.query.exported => {
                return Ok(vec![kprobe::derive(self.query.components)?]);
            }
            Err(why) => {
                let message = "wildcards in function names need BTF, debuginfo or symbols";
                let error = || wrong(self.query.function, format!("{message}: {why}"));
                return Err(lack.map_or_else(error, |lack| lack.diagnostic().at(self.query.function.span)));
            }
        };
        let names = self.names(&symbols, pattern)?;
        match names.is_empty() {
            true => Err(self.no_match(&symbols, pattern)),
            false => names.into_iter().map(|name| self.derivation(name)).collect(),
        }
    }

    /// The point of a plain name that debug information does not know; `no_match` says so.
    pub fn point(&self, mut no_match: Diagnostic) -> Result<Derivation, Diagnostic> {
        let point = kprobe::derive(self.query.components)?;
        let Ok(symbols) = self.objects.symbols(self.module) else {
            no_match.severity = Severity::Warning;
            no_match
                .message
                .push_str("; the kernel looks for a symbol of that name when the probe is loaded");
            no_match.helps.clear();
            return Ok(Derivation { doubt: Some(Box::new(no_match)), ..point });
        };
        match self.names(&symbols, false)?.is_empty() {
            true => Err(self.no_match(&symbols, false)),
            false => Ok(point),
        }
    }

    /// The names of functions that match, each once, with the offset that the script gives.
    fn names(&self, symbols: &Symbols, pattern: bool) -> Result<Vec<String>, Diagnostic> {
        let (wanted, _) = kprobe::name_and_offset(self.query.function, &self.query.pattern, pattern)?;
        let fits = |name: &str| match pattern {
            true => glob::matches(wanted.as_bytes(), name.as_bytes()),
            false => wanted == name,
        };
        let found = symbols.functions().filter(|symbol| fits(symbol.name));
        let mut names: Vec<String> = found.map(|symbol| symbol.name.to_owned()).collect();
        names.sort();
        names.dedup();
        if self.query.exported {
            let exports = self.objects.exports(self.module);
            let exports = exports.map_err(|lack| lack.diagnostic().at(self.query.function.span))?;
            names.retain(|name| exports.contains(name));
        }
        if !pattern && !names.is_empty() {
            return Ok(vec![self.query.pattern.clone()]);
        }
        Ok(names)
    }

    fn derivation(&self, name: String) -> Result<Derivation, Diagnostic> {
        let mut components = self.query.components.to_vec();
        for component in &mut components {
            let text = match component.name.as_str() {
                "function" => name.clone(),
                "module" => self.module.to_owned(),
                _ => continue,
            };
            component.arg = Some(Literal::String(text.into_bytes()));
        }
        kprobe::derive(&components)
    }

    fn no_match(&self, symbols: &Symbols, pattern: bool) -> Diagnostic {
        let names = symbols.functions().map(|symbol| symbol.name).filter(|_| !pattern);
        self.query.none_of(names)
    }
}
