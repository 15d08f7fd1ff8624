//! `@entry(e)`: a return probe's value from the entry of its function, a number or a string. A parameter that a return
//! probe names is one too, since its register holds something else by then.

use super::Found;
use crate::diag::{Code, Diagnostic};
use crate::ir::expr::ContextValue;
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast;
use crate::pass2_elaborate::resolve::{Context, Reported, Resolver, make};
use crate::source::Span;

/// Most values that one return probe keeps.
const MAX_SLOTS: usize = 64;

impl Resolver<'_, '_> {
    /// The value that an expression had at the function's entry.
    pub(in crate::pass2_elaborate::resolve) fn entry(
        &mut self,
        node: &ast::Expr,
        span: Span,
    ) -> Result<Expr, Reported> {
        let Context::Probe { returns: true, scope, given } = self.context else {
            return self.error(Code::Misuse, "@entry is only valid in .return probes", span);
        };
        if self.entry.values.len() >= MAX_SLOTS {
            let message = format!("a return probe can keep {MAX_SLOTS} values of the entry");
            return self.error(Code::Misuse, message, span);
        }
        let at_entry = scope.map(|scope| crate::probes::Scope { returns: false, ..scope });
        let outer =
            std::mem::replace(&mut self.context, Context::Probe { returns: false, scope: at_entry, given });
        self.swap_locals();
        let value = self.expr(node);
        self.swap_locals();
        self.context = outer;
        let slot = self.entry.values.len() as u16;
        self.entry.values.push(value?);
        Ok(make(span, ExprKind::Context(ContextValue::Saved(slot))))
    }

    fn swap_locals(&mut self) {
        std::mem::swap(&mut self.locals, &mut self.entry.locals);
        std::mem::swap(&mut self.by_name, &mut self.entry.by_name);
        std::mem::swap(&mut self.local_types, &mut self.entry.local_types);
    }

    /// A parameter in a return probe, with the steps that follow it; `None` for anything else.
    pub(super) fn parameter_of_entry(&mut self, node: &ast::Expr) -> Option<Found<Expr>> {
        let Context::Probe { returns: true, scope: Some(_), .. } = self.context else { return None };
        let base = match &node.kind {
            ast::ExprKind::Deref { base, .. } => base,
            _ => node,
        };
        let ast::ExprKind::Target(name) = &base.kind else { return None };
        if matches!(name.as_str(), "$return" | "$$return") {
            return None;
        }
        // Of all at once nobody thinks that it is what the function made of them.
        if name.as_str().starts_with("$$") {
            return Some(self.entry(node, node.span).map_err(super::Fail::from));
        }
        let message = format!("confusing usage, value is captured as @entry({name}) in .return probe");
        self.names.sink.push(Diagnostic::warning(Code::Suspicious, message, node.span));
        Some(self.entry(node, node.span).map_err(super::Fail::from))
    }
}
