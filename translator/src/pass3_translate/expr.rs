//! Expressions of type long.

use super::body::Body;
use super::target::{counter, register, saved};
use super::tracepoint::argument;
use super::writer::{Writer, c_long};
use crate::ir::expr::{ContextValue, Expr, ExprKind, Place};
use crate::ir::program::Constant;
use crate::ir::ty::Ty;
use crate::pass1_parse::ast::{BinaryOp, CompareOp, UnaryOp};
use crate::source::Span;

impl Body<'_> {
    /// The value of an expression: C text of type `int64_t` or `const char *`.
    pub fn value(&mut self, expr: &Expr) -> String {
        match expr.ty {
            Ty::Long => self.long(expr),
            Ty::String => self.string(expr),
        }
    }

    /// Keeps a value where nothing that follows can change it.
    pub fn keep(&mut self, ty: Ty, value: &str) -> String {
        match ty {
            Ty::Long => self.keep_long(value),
            Ty::String => self.keep_string(value),
        }
    }

    /// Values of expressions, evaluated from left to right, good until `then` have been evaluated too.
    pub fn values(&mut self, exprs: &[&Expr], then: &[&Expr]) -> Vec<String> {
        let disturbed = self.unit.facts.disturbed(exprs, then);
        let evaluate = |(expr, disturbed): (&&Expr, bool)| {
            let value = self.value(expr);
            if disturbed { self.keep(expr.ty, &value) } else { value }
        };
        exprs.iter().zip(disturbed).map(evaluate).collect()
    }

    /// The value of a long expression.
    pub fn long(&mut self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Constant(Constant::Long(value)) => c_long(*value),
            ExprKind::Local(id) => self.local(*id),
            ExprKind::Global(id) => super::names::global(self.global(*id)),
            ExprKind::Element { array, keys } => self.element_long(*array, keys),
            ExprKind::In { array, keys } => self.contains(*array, keys),
            ExprKind::Call { function, args } => self.call_long(*function, args, expr.span),
            ExprKind::Unary { op, arg } => self.unary(*op, arg),
            ExprKind::Binary { op, left, right } => {
                let values = self.values(&[left, right], &[]);
                let divisor = self.checked_divisor(*op, &values[1], right, expr.span);
                binary(*op, &values[0], &divisor)
            }
            ExprKind::Compare { op, left, right } => self.compare(*op, left, right),
            ExprKind::Regex { positive, subject, pattern } => self.regex(*positive, subject, pattern),
            ExprKind::And(left, right) => self.lazy(left, right, true),
            ExprKind::Or(left, right) => self.lazy(left, right, false),
            ExprKind::Ternary { cond, then, otherwise } => self.ternary(cond, then, otherwise),
            ExprKind::Assign { place, value } => self.assign_long(place, value),
            ExprKind::AssignBinary { op, place, value } => self.assign_binary(*op, place, value, expr.span),
            ExprKind::Crement { increment, prefix, place } => self.crement(*increment, *prefix, place),
            ExprKind::Context(ContextValue::Return) => {
                "((int64_t)regs_return_value(stp_argument_registers(c)))".to_owned()
            }
            ExprKind::Context(ContextValue::Register(number)) => register(*number),
            ExprKind::Context(ContextValue::UserRegister(number)) => self.user_register(*number, expr.span),
            ExprKind::Context(ContextValue::Saved(slot)) => saved(*slot),
            ExprKind::Context(ContextValue::Symbol(index)) => format!("stp_symbol({index})"),
            ExprKind::Context(ContextValue::CpuOffset) => "stp_cpu_offset()".to_owned(),
            ExprKind::StoreRegister { register, value } => self.store_register(*register, value),
            ExprKind::Context(ContextValue::Counter(name)) => counter(self.unit.program, *name),
            ExprKind::Context(ContextValue::Packet(value)) => self.packet(*value),
            ExprKind::Answer { value, .. } => self.verdict(value),
            ExprKind::Context(ContextValue::Argument(word)) => argument(*word),
            ExprKind::Save { slot, value } => self.save(*slot, value),
            ExprKind::Load { bytes, signed, user, address } => {
                self.load((*bytes, *signed, *user), address, expr.span)
            }
            ExprKind::Store { bytes, address, value } => self.store(*bytes, address, value, expr.span),
            ExprKind::Embedded(embedded) => self.embedded_long(embedded),
            ExprKind::Stat { op, shift, of } => self.figure(*op, *shift, of, expr.span),
            ExprKind::Aggregate { place, value } => self.aggregate(place, value),
            ExprKind::HistBucket { of, bucket, .. } => self.histogram_bucket(of, bucket, expr.span),
            // Strings are written by `string`.
            ExprKind::Constant(Constant::String(_))
            | ExprKind::Context(ContextValue::Written)
            | ExprKind::Print(_)
            | ExprKind::Concat(_)
            | ExprKind::AssignConcat { .. } => "0LL".to_owned(),
        }
    }

    fn unary(&mut self, op: UnaryOp, arg: &Expr) -> String {
        let value = self.long(arg);
        match op {
            UnaryOp::Plus => value,
            UnaryOp::Minus => format!("(-({value}))"),
            UnaryOp::Not => format!("((int64_t)!({value}))"),
            UnaryOp::Complement => format!("(~({value}))"),
        }
    }

    /// The right operand; one that divides is checked, and kept, first.
    fn checked_divisor(&mut self, op: BinaryOp, text: &str, expr: &Expr, span: Span) -> String {
        let sure = matches!(expr.kind, ExprKind::Constant(Constant::Long(value)) if value != 0);
        if sure || !matches!(op, BinaryOp::Div | BinaryOp::Mod) {
            return text.to_owned();
        }
        let kept = self.keep_long(text);
        self.fail_if(&format!("{kept} == 0"), "division by 0", span);
        kept
    }

    fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr) -> String {
        let infix = op.sign();
        let values = self.values(&[left, right], &[]);
        match left.ty {
            Ty::Long => format!("((int64_t)({} {infix} {}))", values[0], values[1]),
            Ty::String => format!("((int64_t)(strcmp({}, {}) {infix} 0))", values[0], values[1]),
        }
    }

    /// `&&` or `||`: the right side is evaluated only when it decides.
    fn lazy(&mut self, left: &Expr, right: &Expr, and: bool) -> String {
        let first = self.long(left);
        let (second, before) = self.captured(|body| body.long(right));
        if before.is_empty() {
            return format!("((int64_t)({first} {} {second}))", if and { "&&" } else { "||" });
        }
        let result = self.keep_long(&format!("!!({first})"));
        self.out.open(format!("if ({}{result}) {{", if and { "" } else { "!" }));
        self.out.append(before);
        self.out.line(format!("{result} = !!({second});"));
        self.out.close("}");
        result
    }

    fn ternary(&mut self, cond: &Expr, then: &Expr, otherwise: &Expr) -> String {
        let cond = self.long(cond);
        let (then, before_then) = self.captured(|body| body.value(then));
        let (other, before_other) = self.captured(|body| body.value(otherwise));
        if before_then.is_empty() && before_other.is_empty() {
            return format!("({cond} ? {then} : {other})");
        }
        let result = self.declare("int64_t @");
        self.choose(&cond, &result, (then, before_then), (other, before_other));
        result
    }

    /// Sets `result` to one of two values, each with what must run before it.
    pub fn choose(&mut self, cond: &str, result: &str, then: (String, Writer), otherwise: (String, Writer)) {
        self.out.open(format!("if ({cond}) {{"));
        self.out.append(then.1);
        self.out.line(format!("{result} = {};", then.0));
        self.out.reopen("} else {");
        self.out.append(otherwise.1);
        self.out.line(format!("{result} = {};", otherwise.0));
        self.out.close("}");
    }

    fn assign_long(&mut self, place: &Place, value: &Expr) -> String {
        let mut text = self.long(value);
        if let Place::Element(_, keys, _) = place
            && self.must_keep(value, keys)
        {
            text = self.keep_long(&text);
        }
        let target = self.place_for_writing(place);
        self.out.line(format!("{target} = {text};"));
        target
    }

    fn assign_binary(&mut self, op: BinaryOp, place: &Place, value: &Expr, span: Span) -> String {
        let mut right = self.long(value);
        if let Place::Element(_, keys, _) = place
            && self.must_keep(value, keys)
        {
            right = self.keep_long(&right);
        }
        let right = self.checked_divisor(op, &right, value, span);
        let target = self.place_for_writing(place);
        let result = binary(op, &target, &right);
        self.out.line(format!("{target} = {result};"));
        target
    }

    fn crement(&mut self, increment: bool, prefix: bool, place: &Place) -> String {
        let target = self.place_for_writing(place);
        let op = if increment { "+" } else { "-" };
        if prefix {
            self.out.line(format!("{target} {op}= 1;"));
            return target;
        }
        let before = self.keep_long(&target);
        self.out.line(format!("{target} = {before} {op} 1;"));
        before
    }

    /// A place as an lvalue; an element is added when it is not there.
    pub fn place_for_writing(&mut self, place: &Place) -> String {
        match place {
            Place::Local(id, _) => self.local(*id),
            Place::Global(id, _) => super::names::global(self.global(*id)),
            Place::Element(array, keys, span) => self.element_for_writing(*array, keys, *span),
        }
    }
}

/// `left op right`, both longs, the divisor not 0.
fn binary(op: BinaryOp, left: &str, right: &str) -> String {
    let infix = match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::And => "&",
        BinaryOp::Or => "|",
        BinaryOp::Xor => "^",
        BinaryOp::Shl => return format!("stp_shl({left}, {right})"),
        BinaryOp::Shr => return format!("stp_shr({left}, {right})"),
        BinaryOp::Ushr => return format!("stp_ushr({left}, {right})"),
        BinaryOp::Div => return format!("stp_div({left}, {right})"),
        BinaryOp::Mod => return format!("stp_mod({left}, {right})"),
    };
    format!("({left} {infix} {right})")
}
