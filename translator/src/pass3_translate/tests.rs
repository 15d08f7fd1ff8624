//! Small programs by hand, and what their C looks like.

use super::body::Input;
use super::unit_text;
use crate::cli::options::Options;
use crate::diag::diagnostic::Diagnostic;
use crate::ir::arena::{Arena, Handle};
use crate::ir::expr::{Conversion, Expr, ExprKind, FormatSpec, Piece, Place, Print, StatRef};
use crate::ir::program::{
    Constant, EmbeddedC, Function, FunctionBody, Global, GlobalId, KprobePoint, Local, Lock, Point, Pragmas,
    Probe, Program,
};
use crate::ir::stmt::{Block, Bound, Foreach, Sort, SortBy, Stmt, StmtKind};
use crate::ir::ty::{Hist, StatNeeds, Ty, ValueTy};
use crate::pass1_parse::ast::{BinaryOp, HistKind, StatOp};
use crate::source::{SourceMap, Span, Symbol};

const SCRIPT: &[u8] = b"probe begin { n++ } x / y\n";

/// A program in the making, with a script for its places.
struct Fixture {
    sources: SourceMap,
    span: Span,
    program: Program,
}

fn fixture() -> Fixture {
    let sources = SourceMap::default();
    let file = sources.add("t.stp", SCRIPT.to_vec(), true, false);
    let span = Span { file, lo: 14, hi: 15, origin: crate::source::OriginId::NONE };
    Fixture { sources, span, program: Program::default() }
}

impl Fixture {
    fn global(&mut self, name: &str, keys: &[Ty], value: ValueTy) -> GlobalId {
        let global = Global {
            name: Symbol::new(name),
            unique: Symbol::new(name),
            span: self.span,
            keys: keys.to_vec(),
            value,
            init: None,
            size: None,
            wrap: false,
            module_param: false,
            written: true,
        };
        self.program.globals.push(global)
    }

    fn expr(&self, ty: Ty, kind: ExprKind) -> Expr {
        Expr { span: self.span, ty, kind }
    }

    fn number(&self, value: i64) -> Expr {
        self.expr(Ty::Long, ExprKind::Constant(Constant::Long(value)))
    }

    fn text(&self, value: &str) -> Expr {
        self.expr(Ty::String, ExprKind::Constant(Constant::String(value.as_bytes().to_vec())))
    }

    fn stmt(&self, kind: StmtKind) -> Stmt {
        Stmt { span: self.span, kind }
    }

    fn local(&self, locals: &mut Arena<Local>, name: &str, ty: Ty) -> Handle<Local> {
        locals.push(Local { name: Symbol::new(name), ty, span: self.span })
    }

    fn embedded(&self, code: &str) -> EmbeddedC {
        let code = code.as_bytes().to_vec();
        EmbeddedC {
            span: self.span,
            code,
            pragmas: Pragmas::default(),
            reads: vec![],
            writes: vec![],
            args: vec![],
        }
    }

    fn function(
        &mut self,
        name: &str,
        params: &[(&str, Ty)],
        ret: Option<Ty>,
        body: FunctionBody,
    ) -> Handle<Function> {
        let mut locals = Arena::default();
        for (name, ty) in params {
            self.local(&mut locals, name, *ty);
        }
        self.program.call_depth = 1;
        self.program.functions.push(Function {
            name: Symbol::new(name),
            unique: Symbol::new(name),
            span: self.span,
            locals,
            params: params.len(),
            ret,
            body,
            next: None,
        })
    }

    fn probe(&mut self, point: Point, locals: Arena<Local>, body: Block) {
        let number = self.program.probes.len() as u32 + 1;
        let locks = self.program.globals.handles().map(|global| Lock { global, write: true }).collect();
        self.program.probes.push(Probe {
            number,
            point,
            pp: "begin".into(),
            pn: "begin".into(),
            location: "t.stp:1:1".into(),
            derivation: String::new(),
            lineage: String::new(),
            span: self.span,
            optional: false,
            locals,
            body,
            locks,
            condition: None,
        });
    }

    fn translate(&self) -> Result<Vec<u8>, Diagnostic> {
        let options = Options::default();
        unit_text(&Input { options: &options, sources: &self.sources, release: "6.1.0-test" }, &self.program)
    }

    fn c(&self) -> String {
        let bytes = self.translate().expect("the fixture can be translated");
        String::from_utf8(bytes).expect("ASCII")
    }
}

fn begin() -> Point {
    Point::Begin { priority: 0 }
}

fn vfs_read() -> Point {
    Point::Kprobe(KprobePoint {
        module: "kernel".into(),
        symbol: "vfs_read".into(),
        offset: 0,
        is_return: true,
        maxactive: Some(7),
        saves: None,
    })
}

/// The lines of a handler, without its frame.
fn handler(c: &str, name: &str) -> String {
    let start = c
        .find(&format!("static void {name}(struct context *__restrict__ c)\n{{"))
        .expect("the handler is there");
    let text = &c[start..];
    text[..text.find("\n}\n").expect("it ends")].to_owned()
}

fn bare(conversion: Conversion) -> FormatSpec {
    FormatSpec {
        left: false,
        zero: false,
        plus: false,
        space: false,
        alternate: false,
        width: None,
        precision: None,
        conversion,
    }
}

#[test]
fn a_counter_is_one_addition_under_its_lock() {
    let mut f = fixture();
    let n = f.global("n", &[], ValueTy::Scalar(Ty::Long));
    let crement =
        ExprKind::Crement { increment: true, prefix: false, place: Box::new(Place::Global(n, f.span)) };
    let stmt = f.stmt(StmtKind::Expr(f.expr(Ty::Long, crement)));
    f.probe(vfs_read(), Arena::default(), vec![stmt]);
    let c = f.c();
    let handler = handler(&c, "probe_1");
    assert!(handler.contains("global_n += 1;"), "{handler}");
    assert!(handler.contains("{ .lock = &global_n_lock, .write_p = 1 },"), "{handler}");
    assert!(handler.contains("if (unlikely(STP_ACTIONS < 1)) {"), "{handler}");
    assert!(
        !handler.contains("actionremaining"),
        "a handler without loops counts at compile time: {handler}"
    );
    assert!(!handler.contains("stp_out_commit"), "it prints nothing: {handler}");
    assert!(c.contains(".return_p = 1, .maxactive_p = 1, .maxactive_val = 7,"));
}

#[test]
fn operands_are_kept_when_a_later_one_changes_them() {
    let mut f = fixture();
    let mut locals = Arena::default();
    let x = f.local(&mut locals, "x", Ty::Long);
    let read = f.expr(Ty::Long, ExprKind::Local(x));
    let change = f.expr(
        Ty::Long,
        ExprKind::Crement { increment: true, prefix: true, place: Box::new(Place::Local(x, f.span)) },
    );
    let sum = |left: &Expr, right: &Expr| ExprKind::Binary {
        op: BinaryOp::Add,
        left: Box::new(left.clone()),
        right: Box::new(right.clone()),
    };
    let store = |f: &Fixture, value| {
        let value = Box::new(f.expr(Ty::Long, value));
        f.stmt(StmtKind::Expr(
            f.expr(Ty::Long, ExprKind::Assign { place: Box::new(Place::Local(x, f.span)), value }),
        ))
    };
    let body = vec![store(&f, sum(&read, &change)), store(&f, sum(&read, &read))];
    f.probe(begin(), locals, body);
    let text = handler(&f.c(), "probe_1");
    assert!(text.contains("t1 = l->l_x;"), "{text}");
    assert!(text.contains("l->l_x = (t1 + l->l_x);"), "{text}");
    assert!(text.contains("l->l_x = (l->l_x + l->l_x);"), "nothing changes the second sum: {text}");
}

#[test]
fn a_division_checks_what_is_not_a_constant() {
    let mut f = fixture();
    let mut locals = Arena::default();
    let x = f.local(&mut locals, "x", Ty::Long);
    let divide = |f: &Fixture, right: Expr| {
        let left = Box::new(f.expr(Ty::Long, ExprKind::Local(x)));
        let mut expr = f.expr(Ty::Long, ExprKind::Binary { op: BinaryOp::Div, left, right: Box::new(right) });
        expr.span.lo = 22;
        expr.span.hi = 23;
        let kind = ExprKind::Assign { place: Box::new(Place::Local(x, f.span)), value: Box::new(expr) };
        f.stmt(StmtKind::Expr(f.expr(Ty::Long, kind)))
    };
    let by_local = f.expr(Ty::Long, ExprKind::Local(x));
    let body = vec![divide(&f, f.number(3)), divide(&f, by_local)];
    f.probe(begin(), locals, body);
    let text = handler(&f.c(), "probe_1");
    assert!(text.contains("l->l_x = stp_div(l->l_x, 3LL);"), "{text}");
    assert_eq!(text.matches("division by 0").count(), 1, "{text}");
    assert!(text.contains("c->last_stmt = \"operator '/' at t.stp:1:23\";"), "{text}");
}

#[test]
fn printf_is_straight_code() {
    let mut f = fixture();
    let pid = f.embedded(" STAP_RETVALUE = current->tgid; ");
    let pid = f.function("pid", &[], Some(Ty::Long), FunctionBody::Embedded(pid));
    let call = f.expr(Ty::Long, ExprKind::Call { function: pid, args: vec![] });
    let pieces = vec![
        Piece::Format { spec: bare(Conversion::String), arg: f.text("a") },
        Piece::Literal(b" ".to_vec()),
        Piece::Format { spec: bare(Conversion::Signed), arg: call },
        Piece::Literal(b"\n".to_vec()),
    ];
    let stmt = f.stmt(StmtKind::Print(Print { to_string: false, pieces }));
    f.probe(begin(), Arena::default(), vec![stmt]);
    let c = f.c();
    let text = handler(&c, "probe_1");
    let order = [
        "function_pid(c, 0);",
        "stp_put_string(",
        "stp_put_literal(",
        "stp_put_signed(",
        "stp_out_commit(c);",
    ];
    let mut rest = text.as_str();
    for what in order {
        let (_, after) =
            rest.split_once(what).unwrap_or_else(|| panic!("{what} is missing in order: {text}"));
        rest = after;
    }
    assert!(c.contains("static __always_inline __maybe_unused void function_pid("));
    assert!(c.contains("#define STAP_RETVALUE (THIS->__retvalue)\n"));
    assert!(c.contains("#line 1 \"t.stp\"\n STAP_RETVALUE = current->tgid; \n#line "));
}

#[test]
fn a_sorted_walk_locks_for_writing_and_has_its_own_order() {
    let mut f = fixture();
    let a = f.global("a", &[Ty::Long, Ty::String], ValueTy::Scalar(Ty::Long));
    let mut locals = Arena::default();
    let keys = [f.local(&mut locals, "k", Ty::Long), f.local(&mut locals, "s", Ty::String)];
    let walk = |f: &Fixture| {
        f.stmt(StmtKind::Foreach(Box::new(Foreach {
            array: a,
            array_span: f.span,
            keys: keys.iter().map(|&local| Bound { local, span: f.span }).collect(),
            value: None,
            slice: vec![],
            sort: Some(Sort { by: SortBy::Key(1), ascending: false }),
            limit: Some(f.number(5)),
            body: vec![],
        })))
    };
    let body = vec![walk(&f), walk(&f)];
    f.probe(begin(), locals, body);
    f.program.probes[0].locks[0].write = false;
    let c = f.c();
    let text = handler(&c, "probe_1");
    assert!(text.contains("map_ls_l_sort(global_a, 0, 1, true);"), "{text}");
    assert!(text.contains("map_ls_l_sort(global_a, 1, 1, true);"), "{text}");
    assert!(text.contains(".write_p = 1"), "{text}");
    assert!(text.contains("c->actionremaining = STP_ACTIONS;"), "{text}");
    assert!(c.contains("global_a = map_ls_l_new(MAXMAPENTRIES, false, 2);"), "{c}");
    assert!(c.contains("#define MAP_KEYS(L, S) L(0) S(1)"));
}

#[test]
fn statistics_are_kept_per_cpu_or_in_their_node() {
    let mut f = fixture();
    let needs = ValueTy::Stat(StatNeeds { variance: Some(3), ..StatNeeds::default() });
    let scalar = f.global("x", &[], ValueTy::Stat(StatNeeds::default()));
    let array = f.global("a", &[Ty::Long], needs);
    let add = |f: &Fixture, place| {
        let kind = ExprKind::Aggregate { place: Box::new(place), value: Box::new(f.number(7)) };
        f.stmt(StmtKind::Expr(f.expr(Ty::Long, kind)))
    };
    let figure = |f: &Fixture, op, global, keys| {
        let kind = ExprKind::Stat { op, shift: 3, of: StatRef { global, keys, span: f.span } };
        let pieces = vec![Piece::Value(f.expr(Ty::Long, kind))];
        f.stmt(StmtKind::Print(Print { to_string: false, pieces }))
    };
    let body = vec![
        add(&f, Place::Global(scalar, f.span)),
        add(&f, Place::Element(array, vec![f.number(1)], f.span)),
        figure(&f, StatOp::Sum, scalar, vec![]),
        figure(&f, StatOp::Variance, array, vec![f.number(1)]),
        f.stmt(StmtKind::DeleteAll(scalar)),
    ];
    f.probe(begin(), Arena::default(), body);
    let c = f.c();
    let text = handler(&c, "probe_1");
    assert!(text.contains("stp_stat_add(raw_cpu_ptr(global_x), t"), "{text}");
    assert!(text.contains(", 3);") && text.contains("stp_stat_add_variance(&t"), "{text}");
    assert_eq!(text.matches("empty aggregate").count(), 1, "a sum of nothing is 0: {text}");
    assert!(c.contains("#define MAP_VALUE_STAT"));
    assert!(c.contains("global_x = alloc_percpu(typeof(*global_x));"));
}

#[test]
fn histograms_stand_with_the_figures() {
    let mut f = fixture();
    let linear = Hist::Linear { low: 1, high: 3, step: 1 };
    let scalar = f.global("x", &[], ValueTy::Stat(StatNeeds { hist: Hist::Log, ..StatNeeds::default() }));
    let array = f.global("a", &[Ty::Long], ValueTy::Stat(StatNeeds { hist: linear, ..StatNeeds::default() }));
    let add = |f: &Fixture, place| {
        let kind = ExprKind::Aggregate { place: Box::new(place), value: Box::new(f.number(7)) };
        f.stmt(StmtKind::Expr(f.expr(Ty::Long, kind)))
    };
    let draw = |f: &Fixture, kind, global, keys| {
        let pieces = vec![Piece::Histogram { kind, of: StatRef { global, keys, span: f.span } }];
        f.stmt(StmtKind::Print(Print { to_string: false, pieces }))
    };
    let body = vec![
        add(&f, Place::Global(scalar, f.span)),
        add(&f, Place::Element(array, vec![f.number(1)], f.span)),
        draw(&f, HistKind::Log, scalar, vec![]),
        draw(&f, HistKind::Linear, array, vec![f.number(1)]),
        f.stmt(StmtKind::DeleteAll(scalar)),
    ];
    f.probe(begin(), Arena::default(), body);
    let c = f.c();
    let text = handler(&c, "probe_1");
    for what in [
        "raw_cpu_ptr(global_x->hist)[stp_hist_log_bucket(t",
        "->hist[stp_hist_linear_bucket(t",
        "stp_hist_sum(c->histogram, global_x->hist, 128);",
        "->hist, (struct stp_hist){ 5, 1LL, 3LL, 1LL });",
        "stp_hist_clear(global_x->hist, 128);",
    ] {
        assert!(text.contains(what), "{what} is missing: {text}");
    }
    assert!(c.contains("#define MAP_BUCKETS 5\n") && c.contains("#define STP_NEED_HISTOGRAM 1"), "{c}");
    assert!(
        c.contains("static struct { struct stp_stat stat; int64_t hist[128]; } __percpu *global_x;"),
        "{c}"
    );
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    let build = || {
        let mut f = fixture();
        for name in ["b", "a", "c"] {
            f.global(name, &[Ty::String], ValueTy::Scalar(Ty::String));
        }
        f.probe(begin(), Arena::default(), vec![]);
        f.c()
    };
    assert_eq!(build(), build());
}
