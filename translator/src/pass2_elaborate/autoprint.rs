//! Globals of the scripts that are written and never read are shown at the end.

use rustc_hash::FxHashSet;

use super::access::{self, Access, Deed};
use super::names::Names;
use crate::ir::arena::Arena;
use crate::ir::expr::{Conversion, FormatSpec, Piece, Print, StatRef};
use crate::ir::program::{Constant, FunctionBody, Global, GlobalId, Local, Point, Probe};
use crate::ir::stmt::{Block, Bound, Foreach, Sort, SortBy, Stmt, StmtKind};
use crate::ir::ty::{Hist, Ty, ValueTy};
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast::{CompareOp, HistKind, StatOp};
use crate::source::{Span, Symbol};

/// The figures of a statistic, in the order in which they are shown.
const FIGURES: [(&str, StatOp); 5] = [
    (" @count=", StatOp::Count),
    (" @min=", StatOp::Min),
    (" @max=", StatOp::Max),
    (" @sum=", StatOp::Sum),
    (" @avg=", StatOp::Avg),
];

/// Globals to be shown.
pub fn unread(names: &Names<'_>) -> FxHashSet<GlobalId> {
    let options = &names.session.options;
    if options.no_global_var_display || options.listing.is_some() {
        return FxHashSet::default();
    }
    let program = &names.program;
    let mut read = FxHashSet::default();
    let mut written = FxHashSet::default();
    let mut note = |deed: Deed, _| match deed {
        Deed::Global(id, Access::Read) => {
            read.insert(id);
        }
        Deed::Global(id, _) => {
            written.insert(id);
        }
        Deed::Call(_) => {}
    };
    for probe in &program.probes {
        access::block(&probe.body, &mut note);
        probe.condition.iter().for_each(|condition| access::expr(condition, true, &mut note));
    }
    for (_, function) in program.functions.iter() {
        match &function.body {
            FunctionBody::Script(body) => access::block(body, &mut note),
            FunctionBody::Embedded(code) => access::embedded(code, &mut note),
        }
    }
    read.extend(names.walked());
    written.retain(|id| !read.contains(id) && !names.globals[id.index()].library);
    written
}

/// Adds an end probe for each of them.
pub fn add(names: &mut Names<'_>, displayed: &FxHashSet<GlobalId>) {
    let hex = names.session.options.compatible < (1, 4);
    let program = &mut names.program;
    let ids: Vec<GlobalId> = program.globals.handles().filter(|id| displayed.contains(id)).collect();
    for id in ids {
        let global = &program.globals[id];
        let mut display = Display { id, global, span: global.span, locals: Arena::default(), hex };
        let body = display.body();
        let probe = Probe {
            number: 0,
            point: Point::End { priority: 0 },
            pp: "end".into(),
            pn: "end".into(),
            location: names.session.sources.place(global.span),
            derivation: " from: end".into(),
            lineage: " <- end".into(),
            span: global.span,
            optional: false,
            locals: display.locals,
            body,
            locks: Vec::new(),
            condition: None,
        };
        program.probes.push(probe);
    }
}

struct Display<'d> {
    id: GlobalId,
    global: &'d Global,
    span: Span,
    locals: Arena<Local>,
    /// Figures of statistics are shown in hex, as before version 1.4.
    hex: bool,
}

impl Display<'_> {
    fn body(&mut self) -> Block {
        if !self.global.keys.is_empty() {
            return self.walk();
        }
        match self.global.value {
            ValueTy::Scalar(ty) => {
                let value = self.make(ty, ExprKind::Global(self.id));
                let mut pieces = vec![text(&format!("{}=", self.global.name))];
                shown(value, &mut pieces);
                vec![self.print(pieces)]
            }
            ValueTy::Stat(_) => self.scalar_statistic(),
        }
    }

    /// `foreach ([keys] in a-) print`
    fn walk(&mut self) -> Block {
        let types = self.global.keys.clone();
        let keys: Vec<Bound> =
            types.iter().enumerate().map(|(i, &ty)| self.bound(&format!("__idx{i}"), ty)).collect();
        let mut pieces = vec![text(&format!("{}[", self.global.name))];
        let mut exprs = Vec::new();
        for (i, (key, &ty)) in keys.iter().zip(&types).enumerate() {
            if i > 0 {
                pieces.push(text(","));
            }
            let key = self.make(ty, ExprKind::Local(key.local));
            exprs.push(key.clone());
            shown(key, &mut pieces);
        }
        pieces.push(text("]"));
        let mut value = None;
        let by = match self.global.value {
            ValueTy::Scalar(ty) => {
                let bound = self.bound("__val", ty);
                value = Some(bound);
                pieces.push(text("="));
                shown(self.make(ty, ExprKind::Local(bound.local)), &mut pieces);
                SortBy::Value
            }
            ValueTy::Stat(_) => {
                self.figures(&exprs, &mut pieces);
                SortBy::Stat(StatOp::Count)
            }
        };
        let body = vec![self.print(pieces)];
        let sort = Some(Sort { by, ascending: false });
        let foreach = Foreach {
            array: self.id,
            array_span: self.span,
            keys,
            value,
            slice: Vec::new(),
            sort,
            limit: None,
            body,
        };
        vec![Stmt { span: self.span, kind: StmtKind::Foreach(Box::new(foreach)) }]
    }

    /// An empty statistic has a count and nothing else.
    fn scalar_statistic(&self) -> Block {
        let count = self.figure(StatOp::Count, &[]);
        let zero = self.make(Ty::Long, ExprKind::Constant(Constant::Long(0)));
        let kind = ExprKind::Compare { op: CompareOp::Eq, left: Box::new(count), right: Box::new(zero) };
        let cond = self.make(Ty::Long, kind);
        let empty = vec![text(&format!("{} @count=0x0", self.global.name))];
        let mut full = vec![text(self.global.name.as_str())];
        self.figures(&[], &mut full);
        let then = vec![self.print(empty)];
        let otherwise = vec![self.print(full)];
        vec![Stmt { span: self.span, kind: StmtKind::If { cond, then, otherwise } }]
    }

    fn figures(&self, keys: &[Expr], pieces: &mut Vec<Piece>) {
        for (label, op) in FIGURES {
            pieces.push(text(label));
            let figure = self.figure(op, keys);
            pieces.push(match self.hex {
                true => Piece::Format { spec: hex(), arg: figure },
                false => Piece::Value(figure),
            });
        }
        let ValueTy::Stat(needs) = self.global.value else { return };
        let kind = match needs.hist {
            Hist::None => return,
            Hist::Log => HistKind::Log,
            Hist::Linear { .. } => HistKind::Linear,
        };
        pieces.push(text("\n"));
        pieces.push(Piece::Histogram {
            kind,
            of: StatRef { global: self.id, keys: keys.to_vec(), span: self.span },
        });
    }

    fn figure(&self, op: StatOp, keys: &[Expr]) -> Expr {
        let of = StatRef { global: self.id, keys: keys.to_vec(), span: self.span };
        self.make(Ty::Long, ExprKind::Stat { op, shift: 0, of })
    }

    fn bound(&mut self, name: &str, ty: Ty) -> Bound {
        let local = self.locals.push(Local { name: Symbol::new(name), ty, span: self.span });
        Bound { local, span: self.span }
    }

    fn make(&self, ty: Ty, kind: ExprKind) -> Expr {
        Expr { span: self.span, ty, kind }
    }

    fn print(&self, mut pieces: Vec<Piece>) -> Stmt {
        pieces.push(text("\n"));
        Stmt { span: self.span, kind: StmtKind::Print(Print { to_string: false, pieces }) }
    }
}

/// `%#x`
fn hex() -> FormatSpec {
    FormatSpec { alternate: true, ..FormatSpec::plain(Conversion::Hex) }
}

fn text(text: &str) -> Piece {
    Piece::Literal(text.as_bytes().to_vec())
}

/// A number as it is, a string in quotes.
fn shown(value: Expr, pieces: &mut Vec<Piece>) {
    match value.ty {
        Ty::Long => pieces.push(Piece::Value(value)),
        Ty::String => {
            pieces.push(text("\""));
            pieces.push(Piece::Value(value));
            pieces.push(text("\""));
        }
    }
}
