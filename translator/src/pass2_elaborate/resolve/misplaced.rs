//! What parses and has no meaning where it stands.

use super::{Context, Reported, Resolver};
use crate::diag::{Code, Diagnostic};
use crate::ir::Expr;
use crate::pass1_parse::ast::ExprKind;
use crate::source::{Span, Symbol};

/// The way where nothing is known about the function.
const ARGUMENTS: &str = "it needs a probe on a function that BTF or debuginfo knows; elsewhere use int_arg(N), \
                         long_arg(N), pointer_arg(N), and $return in a .return probe";

impl Resolver<'_, '_> {
    /// Reports an expression that has no meaning where it stands.
    pub(super) fn misplaced(&self, kind: &ExprKind, span: Span) -> Result<Expr, Reported> {
        let message = match kind {
            ExprKind::Hist { .. } => "histogram may only be printed or indexed",
            _ => "expression cannot stand here",
        };
        self.error(Code::Misuse, message, span)
    }

    /// The error about a target variable where there are none.
    pub(super) fn no_variables(&self, name: Symbol, span: Span) -> Diagnostic {
        if name.as_str() == "$return" && self.caller().is_some() {
            return Diagnostic::semantic(Code::Misuse, "$return is only there in .return probes", span);
        }
        let message = match self.context {
            Context::Probe { .. } => format!("target variable {name} is not available here"),
            _ => format!("target variable {name} is only available in probes"),
        };
        Diagnostic::semantic(Code::Unresolved, message, span).help(ARGUMENTS)
    }
}
