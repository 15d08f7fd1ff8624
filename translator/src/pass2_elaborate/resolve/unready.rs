//! What parses but cannot run yet: one clear error each.

use super::{Context, Reported, Resolver};
use crate::diag::{Code, Diagnostic};
use crate::ir::Expr;
use crate::pass1_parse::ast::ExprKind;
use crate::source::{Span, Symbol};

/// The way where nothing is known about the function.
const ARGUMENTS: &str = "it needs a probe on a function that BTF or debuginfo knows; elsewhere use int_arg(N), \
                         long_arg(N), pointer_arg(N), and $return in a .return probe";

impl Resolver<'_, '_> {
    /// Reports an expression that has no translation yet, or none where it stands.
    pub(super) fn not_yet(&self, kind: &ExprKind, span: Span) -> Result<Expr, Reported> {
        let (what, help): (String, &str) = match kind {
            ExprKind::Perf(_) => ("@perf".into(), "use get_cycles() or gettimeofday_ns()"),
            ExprKind::Hist { .. } => {
                let message = "histogram may only be printed or indexed";
                return self.error(Code::Misuse, message, span);
            }
            _ => return self.error(Code::Misuse, "expression cannot stand here", span),
        };
        let message = format!("{what} is not available yet");
        self.names.sink.push(Diagnostic::semantic(Code::NotYet, message, span).help(help));
        Err(Reported)
    }

    /// The error about a target variable where there are none.
    pub(super) fn no_variables(&self, name: Symbol, span: Span) -> Diagnostic {
        if name.as_str() == "$return" && matches!(self.context, Context::Probe { .. }) {
            return Diagnostic::semantic(Code::Misuse, "$return is only there in .return probes", span);
        }
        let message = match self.context {
            Context::Probe { .. } => format!("target variable {name} is not available here"),
            _ => format!("target variable {name} is only available in probes"),
        };
        Diagnostic::semantic(Code::Unresolved, message, span).help(ARGUMENTS)
    }
}
