//! begin, end, error, never.

use super::{Derivation, Family, number};
use crate::debuginfo::Objects;
use crate::diag::Diagnostic;
use crate::ir::program::Point;
use crate::pass1_parse::ast::Component;

/// Points of the session's own life.
pub struct BeginEnd;

impl Family for BeginEnd {
    fn patterns(&self) -> &'static [&'static str] {
        &["begin", "begin(number)", "end", "end(number)", "error", "error(number)", "never"]
    }

    fn harmless(&self) -> bool {
        true
    }

    fn derive(
        &self,
        components: &[Component],
        _objects: &Objects<'_>,
    ) -> Result<Vec<Derivation>, Diagnostic> {
        let priority = number(&components[0]).unwrap_or(0);
        let point = match components[0].name.as_str() {
            "begin" => Point::Begin { priority },
            "end" => Point::End { priority },
            "error" => Point::Error { priority },
            _ => Point::Never,
        };
        Ok(Derivation::as_written(point, components))
    }
}
