//! Bodies as script text, for -p2 -v and --dump-after. What was lowered shows as what it became.

use crate::ir::arena::Arena;
use crate::ir::expr::{Answer, ContextValue, Conversion, Count, FormatSpec, Piece, Place, Print, StatRef};
use crate::ir::program::{Constant, GlobalId, Local, LocalId};
use crate::ir::stmt::{Block, Foreach, SortBy, Stmt, StmtKind};
use crate::ir::ty::{Hist, StatNeeds, ValueTy};
use crate::ir::{Expr, ExprKind, Program};
use crate::pass1_parse::ast::{HistKind, StatOp, UnaryOp};
use crate::probes::quoted;

/// Prints bodies of one function or probe.
pub struct Code<'c> {
    /// For names of globals and functions.
    pub program: &'c Program,
    /// For names of locals.
    pub locals: &'c Arena<Local>,
}

impl Code<'_> {
    /// A whole body.
    pub fn body(&self, block: &Block) -> String {
        let mut out = String::new();
        self.block(block, 0, &mut out);
        out
    }

    fn block(&self, block: &Block, depth: usize, out: &mut String) {
        self.line(depth, "{", out);
        for stmt in block {
            self.stmt(stmt, depth + 1, out);
        }
        self.line(depth, "}", out);
    }

    fn line(&self, depth: usize, text: &str, out: &mut String) {
        out.extend(std::iter::repeat_n(' ', depth * 2));
        out.push_str(text);
        out.push('\n');
    }

    fn stmt(&self, stmt: &Stmt, depth: usize, out: &mut String) {
        let head = match &stmt.kind {
            StmtKind::Block(_) => String::new(),
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Print(print) => self.print(print),
            StmtKind::If { cond, .. } => format!("if ({})", self.expr(cond)),
            StmtKind::Loop { cond, next, .. } => {
                format!("for (; {}; {})", self.option(cond), self.option(next))
            }
            StmtKind::Foreach(foreach) => self.foreach(foreach),
            StmtKind::Return(value) => format!("return {}", self.option(value)),
            StmtKind::Next => "next".into(),
            StmtKind::Break => "break".into(),
            StmtKind::Continue => "continue".into(),
            StmtKind::DeleteAll(id) => format!("delete {}", self.global(*id)),
            StmtKind::DeleteElement { array, keys } => {
                format!("delete {}[{}]", self.global(*array), self.slice(keys))
            }
            StmtKind::Try { .. } => "try".into(),
            StmtKind::Embedded(code) => format!("%{{{}%}}", String::from_utf8_lossy(&code.code)),
        };
        if !head.is_empty() {
            self.line(depth, head.trim_end(), out);
        }
        self.inner(stmt, depth, out);
    }

    /// The blocks of a statement.
    fn inner(&self, stmt: &Stmt, depth: usize, out: &mut String) {
        match &stmt.kind {
            StmtKind::Block(body) | StmtKind::Loop { body, .. } => self.block(body, depth, out),
            StmtKind::Foreach(foreach) => self.block(&foreach.body, depth, out),
            StmtKind::If { then, otherwise, .. } => {
                self.block(then, depth, out);
                if !otherwise.is_empty() {
                    self.line(depth, "else", out);
                    self.block(otherwise, depth, out);
                }
            }
            StmtKind::Try { body, catch_var, handler } => {
                self.block(body, depth, out);
                let var = catch_var.map(|var| format!(" ({})", self.local(var.local))).unwrap_or_default();
                self.line(depth, &format!("catch{var}"), out);
                self.block(handler, depth, out);
            }
            _ => {}
        }
    }

    fn foreach(&self, foreach: &Foreach) -> String {
        let value = foreach.value.map(|value| format!("{} = ", self.local(value.local))).unwrap_or_default();
        let sign = foreach.sort.map_or("", |sort| if sort.ascending { "+" } else { "-" });
        let by = foreach.sort.map(|sort| sort.by);
        let keys: Vec<String> = foreach
            .keys
            .iter()
            .enumerate()
            .map(|(i, key)| self.local(key.local) + if by == Some(SortBy::Key(i)) { sign } else { "" })
            .collect();
        let slice = match foreach.slice.is_empty() {
            true => String::new(),
            false => format!("[{}]", self.slice(&foreach.slice)),
        };
        let order = match by {
            Some(SortBy::Value) => sign.to_owned(),
            Some(SortBy::Stat(op)) => format!(" {} {sign}", stat_name(op)),
            _ => String::new(),
        };
        let limit = foreach.limit.as_ref().map(|limit| format!(" limit {}", self.expr(limit)));
        let array = self.global(foreach.array);
        format!(
            "foreach ({value}[{}] in {array}{slice}{order}{})",
            keys.join(", "),
            limit.unwrap_or_default()
        )
    }

    /// An expression, every operand in parentheses.
    pub fn expr(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Constant(Constant::Long(value)) => value.to_string(),
            ExprKind::Constant(Constant::String(value)) => quoted(value),
            ExprKind::Local(id) => self.local(*id),
            ExprKind::Global(id) => self.global(*id).into(),
            ExprKind::Element { array, keys } => format!("{}[{}]", self.global(*array), self.list(keys)),
            ExprKind::In { array, keys } => format!("[{}] in {}", self.slice(keys), self.global(*array)),
            ExprKind::Call { function, args } => {
                format!("{}({})", self.program.functions[*function].unique, self.list(args))
            }
            ExprKind::Print(print) => self.print(print),
            ExprKind::Stat { op, shift: 0, of } => format!("{}({})", stat_name(*op), self.stat(of)),
            ExprKind::Stat { op, shift, of } => format!("{}({}, {shift})", stat_name(*op), self.stat(of)),
            ExprKind::HistBucket { kind, of, bucket } => {
                format!("{}[{}]", self.histogram(*kind, of), self.expr(bucket))
            }
            ExprKind::Context(ContextValue::Return) => "$return".into(),
            ExprKind::Context(ContextValue::Saved(slot)) => format!("@entry({slot})"),
            ExprKind::Context(ContextValue::Symbol(index)) => {
                format!("&@var(\"{}\")", self.program.symbols[*index as usize].name)
            }
            ExprKind::Context(ContextValue::UserRegister(number)) => format!("@uregister({number})"),
            ExprKind::Context(ContextValue::CpuOffset) => "@percpu".into(),
            ExprKind::Context(ContextValue::Counter(name)) => format!("@perf(\"{name}\")"),
            ExprKind::Context(ContextValue::Argument(word)) => format!("@argument({word})"),
            ExprKind::Context(ContextValue::Register(number)) => format!("@kregister({number})"),
            ExprKind::Context(ContextValue::Written) => "$value".into(),
            ExprKind::Context(ContextValue::Packet(value)) => value.name().into(),
            ExprKind::Load { bytes, user, address, .. } => {
                let space = if *user { "u" } else { "k" };
                format!("@{space}deref({bytes}, {})", self.expr(address))
            }
            ExprKind::Embedded(code) => format!("%{{{}%}}", String::from_utf8_lossy(&code.code)),
            _ => self.operator(expr),
        }
    }

    fn operator(&self, expr: &Expr) -> String {
        let two = |left: &Expr, op: &str, right: &Expr| {
            format!("({}) {op} ({})", self.expr(left), self.expr(right))
        };
        let set = |place: &Place, op: &str, value: &Expr| {
            format!("({}) {op} ({})", self.place(place), self.expr(value))
        };
        match &expr.kind {
            ExprKind::Unary { op, arg } => format!("{}({})", unary_sign(*op), self.expr(arg)),
            ExprKind::Binary { op, left, right } => two(left, op.sign(), right),
            ExprKind::Compare { op, left, right } => two(left, op.sign(), right),
            ExprKind::Regex { positive, subject, pattern } => {
                let sign = if *positive { "=~" } else { "!~" };
                format!("({}) {sign} {}", self.expr(subject), quoted(&pattern.text))
            }
            ExprKind::And(left, right) => two(left, "&&", right),
            ExprKind::Or(left, right) => two(left, "||", right),
            ExprKind::Concat(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| format!("({})", self.expr(part))).collect();
                parts.join(" . ")
            }
            ExprKind::Ternary { cond, then, otherwise } => {
                format!("({}) ? ({}) : ({})", self.expr(cond), self.expr(then), self.expr(otherwise))
            }
            ExprKind::Assign { place, value } => set(place, "=", value),
            ExprKind::AssignBinary { op, place, value } => set(place, &format!("{}=", op.sign()), value),
            ExprKind::AssignConcat { place, value } => set(place, ".=", value),
            ExprKind::Aggregate { place, value } => set(place, "<<<", value),
            ExprKind::Save { slot, value } => format!("@entry({slot}) = ({})", self.expr(value)),
            ExprKind::Store { bytes, address, value } => {
                format!("(@kderef({bytes}, {})) = ({})", self.expr(address), self.expr(value))
            }
            ExprKind::StoreRegister { register, value } => {
                format!("(@kregister({register})) = ({})", self.expr(value))
            }
            ExprKind::Answer { to, value } => {
                let place = match to {
                    Answer::Text => "$value =",
                    Answer::MoreText => "$value .=",
                    Answer::Verdict => "$verdict =",
                };
                format!("{place} ({})", self.expr(value))
            }
            ExprKind::Crement { increment, prefix, place } => {
                let (sign, place) = (if *increment { "++" } else { "--" }, self.place(place));
                if *prefix { format!("{sign}({place})") } else { format!("({place}){sign}") }
            }
            _ => String::new(),
        }
    }

    fn print(&self, print: &Print) -> String {
        let mut format = Vec::new();
        let mut args = String::new();
        for piece in &print.pieces {
            let shown = match piece {
                Piece::Literal(text) => {
                    format.extend(text.iter().flat_map(|&b| if b == b'%' { vec![b'%'; 2] } else { vec![b] }));
                    continue;
                }
                Piece::Value(arg) => {
                    format.extend_from_slice(if arg.ty == crate::ir::Ty::Long { b"%d" } else { b"%s" });
                    self.expr(arg)
                }
                Piece::Format { spec, arg } => {
                    format.extend(self.spec(spec, &mut args).bytes());
                    self.expr(arg)
                }
                Piece::Histogram { kind, of } => {
                    format.extend_from_slice(b"%s");
                    self.histogram(*kind, of)
                }
            };
            args.push_str(", ");
            args.push_str(&shown);
        }
        format!("{}({}{args})", if print.to_string { "sprintf" } else { "printf" }, quoted(&format))
    }

    fn spec(&self, spec: &FormatSpec, args: &mut String) -> String {
        let mut text = String::from("%");
        let flags =
            [(spec.left, '-'), (spec.zero, '0'), (spec.plus, '+'), (spec.space, ' '), (spec.alternate, '#')];
        text.extend(flags.iter().filter(|(set, _)| *set).map(|(_, sign)| sign));
        let mut count = |count: &Option<Count>, text: &mut String| match count {
            None => {}
            Some(Count::Fixed(value)) => text.push_str(&value.to_string()),
            Some(Count::Arg(arg)) => {
                text.push('*');
                args.push_str(&format!(", {}", self.expr(arg)));
            }
        };
        count(&spec.width, &mut text);
        if spec.precision.is_some() {
            text.push('.');
            count(&spec.precision, &mut text);
        }
        text + &conversion_letter(spec.conversion)
    }

    fn place(&self, place: &Place) -> String {
        match place {
            Place::Local(id, _) => self.local(*id),
            Place::Global(id, _) => self.global(*id).into(),
            Place::Element(id, keys, _) => format!("{}[{}]", self.global(*id), self.list(keys)),
        }
    }

    fn stat(&self, of: &StatRef) -> String {
        match of.keys.is_empty() {
            true => self.global(of.global).into(),
            false => format!("{}[{}]", self.global(of.global), self.list(&of.keys)),
        }
    }

    fn histogram(&self, kind: HistKind, of: &StatRef) -> String {
        let range = match self.program.globals[of.global].value {
            ValueTy::Stat(StatNeeds { hist: Hist::Linear { low, high, step }, .. }) => {
                format!(", {low}, {high}, {step}")
            }
            _ => String::new(),
        };
        format!("{}({}{range})", hist_name(kind), self.stat(of))
    }

    fn list(&self, exprs: &[Expr]) -> String {
        exprs.iter().map(|expr| self.expr(expr)).collect::<Vec<_>>().join(", ")
    }

    fn slice(&self, exprs: &[Option<Expr>]) -> String {
        let one = |expr: &Option<Expr>| expr.as_ref().map_or("*".into(), |expr| self.expr(expr));
        exprs.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn option(&self, expr: &Option<Expr>) -> String {
        expr.as_ref().map(|expr| self.expr(expr)).unwrap_or_default()
    }

    fn local(&self, id: LocalId) -> String {
        self.locals[id].name.to_string()
    }

    fn global(&self, id: GlobalId) -> &'static str {
        self.program.globals[id].unique.as_str()
    }
}

fn conversion_letter(conversion: Conversion) -> String {
    let letter = match conversion {
        Conversion::Signed => "d",
        Conversion::Unsigned => "u",
        Conversion::Octal => "o",
        Conversion::Hex => "x",
        Conversion::HexUpper => "X",
        Conversion::Pointer | Conversion::WidePointer => "p",
        Conversion::Char => "c",
        Conversion::String => "s",
        Conversion::Memory => "m",
        Conversion::MemoryHex => "M",
        Conversion::Binary(size) => return format!("{size}b"),
    };
    letter.into()
}

fn unary_sign(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Plus => "+",
        UnaryOp::Minus => "-",
        UnaryOp::Not => "!",
        UnaryOp::Complement => "~",
    }
}

fn stat_name(op: StatOp) -> &'static str {
    match op {
        StatOp::Count => "@count",
        StatOp::Sum => "@sum",
        StatOp::Min => "@min",
        StatOp::Max => "@max",
        StatOp::Avg => "@avg",
        StatOp::Variance => "@variance",
    }
}

fn hist_name(kind: HistKind) -> &'static str {
    match kind {
        HistKind::Linear => "@hist_linear",
        HistKind::Log => "@hist_log",
    }
}
