//! Calls: arguments go into the callee's frame, which lies above the caller's; the result comes back in it, or is
//! written straight to where the caller wants a string.

use super::body::Body;
use super::layout::Storage;
use super::names;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::program::FunctionId;
use crate::ir::ty::Ty;
use crate::ir::visit::look;
use crate::source::Span;

impl Body<'_> {
    /// A call of a function whose result is a long, or that has none.
    pub fn call_long(&mut self, function: FunctionId, args: &[Expr], span: Span) -> String {
        let has_result = self.unit.program.functions[function].ret == Some(Ty::Long);
        let result = has_result.then(|| self.declare("int64_t @"));
        self.call(function, args, span, None, result.as_deref());
        result.unwrap_or_else(|| "0LL".to_owned())
    }

    /// A call of a function whose result is a string, written to `dest`.
    pub fn call_string(&mut self, function: FunctionId, args: &[Expr], dest: &str, span: Span) {
        self.call(function, args, span, Some(dest), None);
    }

    /// The index of the frame above this body's own.
    fn nesting(&self) -> &'static str {
        if self.function.is_some() { "nesting + 1" } else { "0" }
    }

    fn call(&mut self, id: FunctionId, args: &[Expr], span: Span, dest: Option<&str>, result: Option<&str>) {
        let exprs: Vec<_> = args.iter().collect();
        let mut values = self.values(&exprs, &[]);
        self.keep_what_callee_changes(id, args, &mut values);
        self.fail_if(&format!("{} >= MAXNESTING", self.nesting()), "MAXNESTING exceeded", span);
        self.attempt(id, &values, span, dest, result);
        // Candidates that say `next` hand over to the next one, with the same arguments.
        let mut candidate = id;
        let mut opened = 0;
        while self.says_next(candidate) {
            let Some(next) = self.unit.program.functions[candidate].next else { break };
            self.open_unless_done(candidate);
            opened += 1;
            self.attempt(next, &values, span, dest, result);
            candidate = next;
        }
        if self.says_next(candidate) {
            let frame = self.frame(candidate);
            self.fail_if(&format!("{frame}.__next"), "all functions exhausted", span);
        }
        for _ in 0..opened {
            self.out.close("}");
        }
    }

    /// Fills the frame of one function and calls it.
    fn attempt(
        &mut self,
        id: FunctionId,
        values: &[String],
        span: Span,
        dest: Option<&str>,
        result: Option<&str>,
    ) {
        let frame = self.frame(id);
        let name = names::function(&self.unit.program.functions[id]);
        for (slot, value) in self.unit.function_slots[id.index()].iter().zip(values) {
            match slot.storage {
                Storage::Long | Storage::Reference => {
                    self.out.line(format!("{frame}.{} = {value};", slot.name))
                }
                Storage::String => self.out.line(format!("stp_string_copy({frame}.{}, {value});", slot.name)),
            }
        }
        if let Some(dest) = dest {
            self.out.line(format!("{frame}.__retvalue = {dest};"));
        } else if self.unit.program.functions[id].ret == Some(Ty::String) {
            let temp = self.string_temp();
            self.out.line(format!("{frame}.__retvalue = {temp};"));
        }
        self.out.line(format!("{name}(c, {});", self.nesting()));
        self.leave_with_error_of_callee(span);
        if let Some(result) = result {
            self.out.line(format!("{result} = {frame}.__retvalue;"));
        }
    }

    /// The error's own place stays; this call is one of those that led there.
    fn leave_with_error_of_callee(&mut self, span: Span) {
        let place = self.token_place(span);
        self.out.open("if (unlikely(c->last_error)) {");
        self.out.line(format!("stp_called_from(c, {place});"));
        self.out.line(format!("goto {};", self.error_label()));
        self.out.close("}");
    }

    fn frame(&self, id: FunctionId) -> String {
        let name = names::function(&self.unit.program.functions[id]);
        format!("c->locals[{}].{name}", self.nesting())
    }

    fn open_unless_done(&mut self, candidate: FunctionId) {
        let frame = self.frame(candidate);
        self.out.open(format!("if (unlikely({frame}.__next)) {{"));
    }

    /// Whether a function may hand over to the next candidate.
    pub fn says_next(&self, id: FunctionId) -> bool {
        super::embedded::says_next(&self.unit.program.functions[id])
    }

    /// Strings go by reference; one that lives in a global which the callee may change is copied first.
    fn keep_what_callee_changes(&mut self, id: FunctionId, args: &[Expr], values: &mut [String]) {
        let facts = self.unit.facts;
        for (index, arg) in args.iter().enumerate() {
            if arg.ty != Ty::String {
                continue;
            }
            let mut changes = false;
            look::deep(arg, &mut |expr| {
                if let ExprKind::Global(global) | ExprKind::Element { array: global, .. } = &expr.kind {
                    changes |= facts.function(id).writes.contains(global);
                }
            });
            if changes {
                values[index] = self.keep_string(&values[index].clone());
            }
        }
    }
}
