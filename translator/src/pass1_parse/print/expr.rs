//! Expressions.

use super::Printer;
use crate::pass1_parse::ast::{
    Access, AssignOp, Expr, ExprKind, HistKind, Print, PrintKind, StatOp, UnaryOp,
};

impl Printer {
    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            // As unsigned: a minus sign would read back as an operator.
            ExprKind::Number(number) => self.text(&(*number as u64).to_string()),
            ExprKind::String(bytes) => self.string(bytes),
            ExprKind::Name(name) | ExprKind::Target(name) => self.text(name.as_str()),
            ExprKind::Index { base, indexes } => {
                self.expr(base);
                self.indexes(indexes);
            }
            ExprKind::Call { name, args } => {
                self.text(name.as_str());
                self.args(args);
            }
            ExprKind::Print(print) => self.print(print),
            ExprKind::In { indexes, array, .. } => {
                self.indexes(indexes);
                self.text(&format!(" in {array}"));
            }
            ExprKind::AddressOf(arg) => {
                self.text("&");
                self.atom(arg, matches!(arg.kind, ExprKind::Deref { .. }));
            }
            ExprKind::Deref { base, path } => self.deref(base, path),
            ExprKind::Embedded(embedded) => self.code(&embedded.code),
            kind => self.operation(kind),
        }
    }

    /// Operators, whose operands are in parentheses, and operators that start with `@`.
    fn operation(&mut self, kind: &ExprKind) {
        match kind {
            ExprKind::Unary { op, arg } => self.prefix(unary(*op), arg),
            ExprKind::Crement { increment, prefix, arg } => {
                let sign = if *increment { "++" } else { "--" };
                if *prefix {
                    return self.prefix(sign, arg);
                }
                self.operand(arg);
                self.text(sign);
            }
            ExprKind::Binary { op, left, right } => self.infix(left, op.sign(), right),
            ExprKind::Compare { op, left, right } => self.infix(left, op.sign(), right),
            ExprKind::LogicalAnd(left, right) => self.infix(left, "&&", right),
            ExprKind::LogicalOr(left, right) => self.infix(left, "||", right),
            ExprKind::Assign { op, target, value } => match op {
                AssignOp::Set => self.infix(target, "=", value),
                AssignOp::Concat => self.infix(target, ".=", value),
                AssignOp::Aggregate => self.infix(target, "<<<", value),
                AssignOp::Binary(op) => self.infix(target, &format!("{}=", op.sign()), value),
            },
            ExprKind::Regex { positive, left, pattern, .. } => {
                self.operand(left);
                self.text(if *positive { " =~ " } else { " !~ " });
                self.string(pattern);
            }
            ExprKind::Concat(parts) => self.list(parts, " . ", Self::operand),
            ExprKind::Ternary { cond, then, otherwise } => {
                for (part, end) in [(cond, "?"), (then, ":"), (otherwise, "")] {
                    self.operand(part);
                    self.text(end);
                }
            }
            kind => self.at_operator(kind),
        }
    }

    fn at_operator(&mut self, kind: &ExprKind) {
        match kind {
            ExprKind::Stat { op, arg, param } => {
                self.stat_op(*op);
                self.text("(");
                self.expr(arg);
                param.iter().for_each(|shift| self.text(&format!(", {shift}")));
                self.text(")");
            }
            ExprKind::Hist { kind, arg, params } => {
                self.text(if *kind == HistKind::Log { "@hist_log(" } else { "@hist_linear(" });
                self.expr(arg);
                params.iter().for_each(|number| self.text(&format!(", {number}")));
                self.text(")");
            }
            ExprKind::Cast { arg, ty, module } => self.typed("@cast", arg, Some(ty), module.as_deref()),
            ExprKind::EnumName { arg, ty, module } => {
                self.typed("@enumname", arg, ty.as_deref(), module.as_deref());
            }
            ExprKind::AtVar { name, module } => self.strings("@var", &[Some(name), module.as_ref()]),
            ExprKind::Perf(name) => self.strings("@perf", &[Some(name)]),
            ExprKind::Const(name) => self.strings("@const", &[Some(name)]),
            ExprKind::Enum(name) => self.strings("@enum", &[Some(name)]),
            ExprKind::Defined(arg) => self.at("@defined", &[arg]),
            ExprKind::ProbeWrite(name) => self.text(&format!("@probewrite({name})")),
            ExprKind::Entry(arg) => self.at("@entry", &[arg]),
            ExprKind::Register { kernel, number } => {
                self.at(if *kernel { "@kregister" } else { "@uregister" }, &[number]);
            }
            ExprKind::RawDeref { kernel, size, addr } => {
                self.at(if *kernel { "@kderef" } else { "@uderef" }, &[size, addr]);
            }
            // Everything else was printed before this was asked.
            _ => {}
        }
    }

    fn operand(&mut self, expr: &Expr) {
        self.text("(");
        self.expr(expr);
        self.text(")");
    }

    fn prefix(&mut self, sign: &str, arg: &Expr) {
        self.text(sign);
        self.operand(arg);
    }

    fn infix(&mut self, left: &Expr, op: &str, right: &Expr) {
        self.operand(left);
        self.text(&format!(" {op} "));
        self.operand(right);
    }

    fn args(&mut self, args: &[Expr]) {
        self.exprs(args);
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        self.text("(");
        for (at, expr) in exprs.into_iter().enumerate() {
            self.text(if at > 0 { ", " } else { "" });
            self.expr(expr);
        }
        self.text(")");
    }

    fn at(&mut self, name: &str, args: &[&Expr]) {
        self.text(name);
        self.exprs(args.iter().copied());
    }

    fn strings(&mut self, name: &str, strings: &[Option<&Vec<u8>>]) {
        self.text(name);
        self.text("(");
        for (at, bytes) in strings.iter().flatten().enumerate() {
            self.text(if at > 0 { ", " } else { "" });
            self.string(bytes);
        }
        self.text(")");
    }

    fn typed(&mut self, name: &str, arg: &Expr, ty: Option<&[u8]>, module: Option<&[u8]>) {
        self.text(name);
        self.text("(");
        self.expr(arg);
        for bytes in [ty, module].into_iter().flatten() {
            self.text(", ");
            self.string(bytes);
        }
        self.text(")");
    }

    /// `[a, *]`
    pub(super) fn indexes(&mut self, indexes: &[Option<Expr>]) {
        self.text("[");
        self.list(indexes, ", ", |printer, index| match index {
            Some(index) => printer.expr(index),
            None => printer.text("*"),
        });
        self.text("]");
    }

    /// What steps can follow without parentheses, or anything else within them.
    fn atom(&mut self, expr: &Expr, bare: bool) {
        let bare =
            bare || matches!(expr.kind, ExprKind::Target(_) | ExprKind::Cast { .. } | ExprKind::AtVar { .. });
        if bare { self.expr(expr) } else { self.operand(expr) }
    }

    fn deref(&mut self, base: &Expr, path: &[Access]) {
        self.atom(base, false);
        for step in path {
            match step {
                Access::Member(_, name) => self.text(&format!("->{name}")),
                Access::Index(_, index) => {
                    self.text("[");
                    self.expr(index);
                    self.text("]");
                }
                Access::Pretty(_, dollars) => {
                    // After a dollar another one would be taken for the same sign.
                    if self.out.ends_with(b"$") {
                        self.text(" ");
                    }
                    self.text(if *dollars == 2 { "$$" } else { "$" });
                }
            }
        }
    }

    fn print(&mut self, print: &Print) {
        self.text(if print.to_string { "sprint" } else { "print" });
        self.text(match print.kind {
            PrintKind::Print => "",
            PrintKind::Printd => "d",
            PrintKind::Printf => "f",
            PrintKind::Char => "_char",
        });
        self.text(if print.newline { "ln" } else { "" });
        self.text("(");
        if let Some((_, literal)) = &print.literal {
            self.string(literal);
            self.text(if print.args.is_empty() { "" } else { ", " });
        }
        self.list(&print.args, ", ", Self::expr);
        self.text(")");
    }

    pub(super) fn stat_op(&mut self, op: StatOp) {
        self.text(match op {
            StatOp::Count => "@count",
            StatOp::Sum => "@sum",
            StatOp::Min => "@min",
            StatOp::Max => "@max",
            StatOp::Avg => "@avg",
            StatOp::Variance => "@variance",
        });
    }
}

fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Plus => "+",
        UnaryOp::Minus => "-",
        UnaryOp::Not => "!",
        UnaryOp::Complement => "~",
    }
}
