//! Expressions of type string.
//!
//! A string value is a pointer to bytes that live somewhere: a literal, a variable, an element, a temporary of the
//! frame. It is copied only when it is stored, or when something that follows could change it.

use super::body::Body;
use super::names;
use super::target::saved_string;
use super::writer::c_string;
use crate::ir::expr::{ContextValue, Expr, ExprKind, Place};
use crate::ir::program::Constant;
use crate::ir::visit::look;
use crate::source::Span;

impl Body<'_> {
    /// The value of a string expression: C text of type `const char *`.
    pub fn string(&mut self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Constant(Constant::String(bytes)) => self.string_constant(bytes),
            ExprKind::Local(id) => self.local(*id),
            ExprKind::Global(id) => names::global(self.global(*id)),
            ExprKind::Context(ContextValue::Saved(slot)) => saved_string(*slot),
            ExprKind::Element { array, keys } => self.element_string(*array, keys),
            ExprKind::Ternary { cond, then, otherwise } => self.string_ternary(cond, then, otherwise),
            ExprKind::Assign { place, value } => self.assign_string(place, value, expr.span),
            ExprKind::AssignConcat { place, value } => self.assign_concat(place, value),
            ExprKind::Context(_) => "c->ips.procfs.written".to_owned(),
            ExprKind::Answer { to, value } => self.answer_text(*to, value),
            _ => {
                let temp = self.string_temp();
                self.string_into(expr, &temp);
                temp
            }
        }
    }

    /// Writes a string's value to `dest`, which nothing in the expression reads.
    pub fn string_into(&mut self, expr: &Expr, dest: &str) {
        match &expr.kind {
            ExprKind::Call { function, args } => self.call_string(*function, args, dest, expr.span),
            ExprKind::Concat(parts) => self.concat_into(parts, dest),
            ExprKind::Print(print) => self.print_into(print, dest, expr.span),
            ExprKind::Embedded(embedded) => self.embedded_string(embedded, dest),
            _ => {
                let value = self.string(expr);
                self.out.line(format!("stp_string_copy({dest}, {value});"));
            }
        }
    }

    /// A literal. One that is too long for a value is cut, and counted, at run time.
    fn string_constant(&mut self, bytes: &[u8]) -> String {
        let literal = c_string(bytes);
        if bytes.len() < self.unit.max_string_len { literal } else { self.keep_string(&literal) }
    }

    fn concat_into(&mut self, parts: &[Expr], dest: &str) {
        let parts: Vec<_> = parts.iter().collect();
        let values = self.values(&parts, &[]);
        self.append_all(dest, "0", &values);
    }

    /// Appends values to `dest`, of which `used` bytes are taken.
    fn append_all(&mut self, dest: &str, used: &str, values: &[String]) {
        let length = self.declare("size_t @");
        self.out.line(format!("{length} = {used};"));
        for value in values {
            self.out.line(format!("{length} = stp_string_append({dest}, {length}, {value});"));
        }
    }

    fn string_ternary(&mut self, cond: &Expr, then: &Expr, otherwise: &Expr) -> String {
        let cond = self.long(cond);
        let (then, before_then) = self.captured(|body| body.string(then));
        let (other, before_other) = self.captured(|body| body.string(otherwise));
        if before_then.is_empty() && before_other.is_empty() {
            return format!("({cond} ? (const char *){then} : (const char *){other})");
        }
        let result = self.declare("const char *@");
        self.choose(&cond, &result, (then, before_then), (other, before_other));
        result
    }

    fn assign_string(&mut self, place: &Place, value: &Expr, span: Span) -> String {
        if let (Place::Local(id, _), false) = (place, self.in_try()) {
            // A variable that its own new value reads must not be written piecemeal, nor in a try that may fail.
            let target = Expr { span, ty: value.ty, kind: ExprKind::Local(*id) };
            if !reads(value, &target) {
                let dest = self.local(*id);
                self.string_into(value, &dest);
                return dest;
            }
        }
        let mut text = self.string(value);
        if self.store_disturbs(place, value) {
            text = self.keep_string(&text);
        }
        let target = self.place_for_writing(place);
        self.out.line(format!("stp_string_copy({target}, {text});"));
        target
    }

    fn assign_concat(&mut self, place: &Place, value: &Expr) -> String {
        let mut text = self.string(value);
        if self.store_disturbs(place, value) || overlaps(place, value) {
            text = self.keep_string(&text);
        }
        let target = self.place_for_writing(place);
        self.append_all(&target, &format!("strlen({target})"), &[text]);
        target
    }

    /// Whether finding the place could change the value: its keys do, or a new element displaces an old one.
    fn store_disturbs(&self, place: &Place, value: &Expr) -> bool {
        match place {
            Place::Element(array, keys, _) => {
                self.must_keep(value, keys)
                    || touches(value, |kind| {
                        matches!(kind, ExprKind::Element { array: other, .. } if other == array)
                            || stores_to(kind)
                                .is_some_and(|p| matches!(p, Place::Element(other, ..) if other == array))
                    })
            }
            Place::Local(..) | Place::Global(..) => false,
        }
    }
}

fn touches(expr: &Expr, test: impl Fn(&ExprKind) -> bool) -> bool {
    let mut found = false;
    look::deep(expr, &mut |inner| found |= test(&inner.kind));
    found
}

fn stores_to(kind: &ExprKind) -> Option<&Place> {
    match kind {
        ExprKind::Assign { place, .. } | ExprKind::AssignConcat { place, .. } => Some(place),
        _ => None,
    }
}

/// Whether `expr` reads or writes the local that `target` names.
fn reads(expr: &Expr, target: &Expr) -> bool {
    let ExprKind::Local(id) = target.kind else { return true };
    touches(expr, |kind| {
        matches!(kind, ExprKind::Local(other) if *other == id)
            || stores_to(kind).is_some_and(|place| matches!(place, Place::Local(other, _) if *other == id))
    })
}

/// Whether the value may be the very bytes of the place: `s .= s`.
fn overlaps(place: &Place, value: &Expr) -> bool {
    match place {
        Place::Local(id, _) => {
            let target = Expr { span: value.span, ty: value.ty, kind: ExprKind::Local(*id) };
            reads(value, &target)
        }
        Place::Global(id, _) => touches(value, |kind| {
            matches!(kind, ExprKind::Global(other) if other == id)
                || stores_to(kind).is_some_and(|p| matches!(p, Place::Global(other, _) if other == id))
        }),
        // `store_disturbs` has seen to elements.
        Place::Element(..) => false,
    }
}
