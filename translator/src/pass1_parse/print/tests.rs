//! print and parse are inverse, over the whole tree.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::diag::Sink;
use crate::pass1_parse::ast::*;
use crate::pass1_parse::{parse_text, print};
use crate::source::{FileId, OriginId, SourceMap, Span, Symbol};

const NOWHERE: Span = Span { file: FileId(0), lo: 0, hi: 0, origin: OriginId::NONE };

fn parse(text: &[u8]) -> File {
    let (sources, sink) = (SourceMap::default(), Sink::new());
    let file = parse_text(&sources, "<input>", text, &sink);
    let errors = sink.take();
    assert!(errors.is_empty(), "{}\n{errors:?}", String::from_utf8_lossy(text));
    file
}

/// The tree as text, without places.
fn shape(file: &File) -> String {
    let text = format!("{:?}", file.items);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("Span {") {
        out.push_str(before);
        rest = after.split_once(") }").map_or("", |(_, rest)| rest);
    }
    out + rest
}

fn check(file: &File) {
    let text = print::file(file);
    let again = parse(&text);
    assert_eq!(shape(file), shape(&again), "{}", String::from_utf8_lossy(&text));
}

fn symbol() -> BoxedStrategy<Symbol> {
    "v[a-z0-9_]{0,3}".prop_map(|name| Symbol::new(&name)).boxed()
}

/// A printf format: conversions and any text without one.
fn format() -> impl Strategy<Value = Vec<u8>> {
    let text = bytes().prop_map(|text| text.into_iter().filter(|&byte| byte != b'%').collect());
    let piece = prop_oneof![text, Just(b"%-08.*lld".to_vec()), Just(b"%s".to_vec()), Just(b"%%".to_vec())];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn bytes() -> BoxedStrategy<Vec<u8>> {
    vec(1u8.., 0..6).boxed()
}

fn code() -> BoxedStrategy<Embedded> {
    "[ a-z;]{0,6}".prop_map(|code| Embedded { span: NOWHERE, code: code.into_bytes() }).boxed()
}

fn literal() -> BoxedStrategy<Literal> {
    prop_oneof![any::<i64>().prop_map(Literal::Number), bytes().prop_map(Literal::String)].boxed()
}

fn at(kind: ExprKind) -> Expr {
    Expr { span: NOWHERE, kind }
}

fn binary_op() -> BoxedStrategy<BinaryOp> {
    use BinaryOp::*;
    proptest::sample::select(vec![Add, Sub, Mul, Div, Mod, And, Or, Xor, Shl, Shr, Ushr]).boxed()
}

/// Of the compound assignments, `>>>=` does not exist.
fn assign_op() -> BoxedStrategy<AssignOp> {
    let compound = binary_op().prop_filter("no such operator", |op| *op != BinaryOp::Ushr);
    prop_oneof![
        Just(AssignOp::Set),
        Just(AssignOp::Concat),
        Just(AssignOp::Aggregate),
        compound.prop_map(AssignOp::Binary)
    ]
    .boxed()
}

fn stat_op() -> BoxedStrategy<StatOp> {
    use StatOp::*;
    proptest::sample::select(vec![Count, Sum, Min, Max, Avg, Variance]).boxed()
}

fn leaf() -> BoxedStrategy<ExprKind> {
    prop_oneof![
        any::<i64>().prop_map(ExprKind::Number),
        bytes().prop_map(ExprKind::String),
        symbol().prop_map(ExprKind::Name),
        "[$]{1,2}[a-z]{1,3}".prop_map(|name| ExprKind::Target(Symbol::new(&name))),
        (bytes(), option::of(bytes())).prop_map(|(name, module)| ExprKind::AtVar { name, module }),
        bytes().prop_map(ExprKind::Perf),
        bytes().prop_map(ExprKind::Const),
        bytes().prop_map(ExprKind::Enum),
        code().prop_map(ExprKind::Embedded),
    ]
    .boxed()
}

fn indexes(expr: &BoxedStrategy<Expr>) -> BoxedStrategy<Vec<Option<Expr>>> {
    vec(option::of(expr.clone()), 1..3).boxed()
}

fn histogram(expr: &BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    let log = expr.clone().prop_map(|arg| (HistKind::Log, arg, Vec::new()));
    let linear =
        (expr.clone(), vec(any::<i64>(), 3)).prop_map(|(arg, params)| (HistKind::Linear, arg, params));
    prop_oneof![log, linear]
        .prop_map(|(kind, arg, params)| at(ExprKind::Hist { kind, arg: Box::new(arg), params }))
        .boxed()
}

fn print_call(expr: &BoxedStrategy<Expr>) -> BoxedStrategy<ExprKind> {
    let args = |least| vec(expr.clone(), least..3);
    let value = prop_oneof![3 => expr.clone(), 1 => histogram(expr)];
    let made = |(kind, newline, to_string, literal, args): (_, _, _, Option<Vec<u8>>, _)| {
        let literal = literal.map(|bytes| (NOWHERE, bytes));
        ExprKind::Print(Box::new(Print { kind, newline, to_string, literal, args }))
    };
    prop_oneof![
        (Just(PrintKind::Print), any::<bool>(), any::<bool>(), Just(None), vec(value, 1)).prop_map(made),
        (Just(PrintKind::Print), any::<bool>(), any::<bool>(), Just(None), args(1)).prop_map(made),
        (Just(PrintKind::Print), Just(true), any::<bool>(), Just(None), args(0)).prop_map(made),
        (Just(PrintKind::Printd), any::<bool>(), any::<bool>(), bytes().prop_map(Some), args(2))
            .prop_map(made),
        (Just(PrintKind::Printf), Just(false), any::<bool>(), format().prop_map(Some), args(0))
            .prop_map(made),
        (Just(PrintKind::Char), Just(false), Just(false), Just(None), vec(expr.clone(), 1)).prop_map(made),
    ]
    .boxed()
}

fn access(expr: &BoxedStrategy<Expr>) -> BoxedStrategy<Access> {
    let member = prop_oneof![Just(Symbol::new("next")), symbol()];
    prop_oneof![
        member.prop_map(|name| Access::Member(NOWHERE, name)),
        expr.clone().prop_map(|index| Access::Index(NOWHERE, Box::new(index))),
        (1u8..3).prop_map(|dollars| Access::Pretty(NOWHERE, dollars)),
    ]
    .boxed()
}

fn operators(inner: &BoxedStrategy<Expr>) -> BoxedStrategy<ExprKind> {
    use CompareOp::*;
    let one = || inner.clone().prop_map(Box::new);
    let compare = proptest::sample::select(vec![Lt, Gt, Le, Ge, Eq, Ne]);
    let unary =
        proptest::sample::select(vec![UnaryOp::Plus, UnaryOp::Minus, UnaryOp::Not, UnaryOp::Complement]);
    let first = inner.clone().prop_filter("would be flat", |e| !matches!(e.kind, ExprKind::Concat(_)));
    prop_oneof![
        (binary_op(), one(), one()).prop_map(|(op, left, right)| ExprKind::Binary { op, left, right }),
        (compare, one(), one()).prop_map(|(op, left, right)| ExprKind::Compare { op, left, right }),
        (unary, one()).prop_map(|(op, arg)| ExprKind::Unary { op, arg }),
        (any::<bool>(), any::<bool>(), one()).prop_map(|(increment, prefix, arg)| ExprKind::Crement {
            increment,
            prefix,
            arg
        }),
        (one(), one()).prop_map(|(a, b)| ExprKind::LogicalAnd(a, b)),
        (one(), one()).prop_map(|(a, b)| ExprKind::LogicalOr(a, b)),
        (one(), one(), one()).prop_map(|(cond, then, otherwise)| ExprKind::Ternary { cond, then, otherwise }),
        (assign_op(), one(), one()).prop_map(|(op, target, value)| ExprKind::Assign { op, target, value }),
        (any::<bool>(), one(), bytes()).prop_map(|(positive, left, pattern)| {
            ExprKind::Regex { positive, left, pattern, pattern_span: NOWHERE }
        }),
        (first, vec(inner.clone(), 1..3))
            .prop_map(|(first, rest)| { ExprKind::Concat([first].into_iter().chain(rest).collect()) }),
        (indexes(inner), symbol()).prop_map(|(indexes, array)| ExprKind::In {
            indexes,
            array,
            array_span: NOWHERE
        }),
    ]
    .boxed()
}

fn at_operators(inner: &BoxedStrategy<Expr>) -> BoxedStrategy<ExprKind> {
    let one = || inner.clone().prop_map(Box::new);
    let plain = (stat_op(), one()).prop_map(|(op, arg)| ExprKind::Stat { op, arg, param: None });
    let shifted = (one(), any::<i64>()).prop_map(|(arg, shift)| ExprKind::Stat {
        op: StatOp::Variance,
        arg,
        param: Some(shift),
    });
    let module = option::of(bytes());
    prop_oneof![
        plain,
        shifted,
        (one(), bytes(), module.clone()).prop_map(|(arg, ty, module)| ExprKind::Cast { arg, ty, module }),
        (one(), bytes(), module).prop_map(|(arg, ty, module)| ExprKind::EnumName {
            arg,
            ty: Some(ty),
            module
        }),
        one().prop_map(|arg| ExprKind::EnumName { arg, ty: None, module: None }),
        one().prop_map(ExprKind::Defined),
        symbol().prop_map(ExprKind::ProbeWrite),
        one().prop_map(ExprKind::Entry),
        (any::<bool>(), one()).prop_map(|(kernel, number)| ExprKind::Register { kernel, number }),
        (any::<bool>(), one(), one()).prop_map(|(kernel, size, addr)| ExprKind::RawDeref {
            kernel,
            size,
            addr
        }),
    ]
    .boxed()
}

fn expr() -> BoxedStrategy<Expr> {
    leaf()
        .prop_map(at)
        .prop_recursive(4, 24, 3, |inner| {
            let inner = inner.boxed();
            let named = symbol().prop_map(|name| at(ExprKind::Name(name)));
            let base = prop_oneof![3 => named, 1 => histogram(&inner)];
            let kinds = prop_oneof![
                4 => operators(&inner),
                2 => at_operators(&inner),
                1 => print_call(&inner),
                1 => (symbol(), vec(inner.clone(), 0..3)).prop_map(|(name, args)| ExprKind::Call { name, args }),
                1 => (base, indexes(&inner))
                    .prop_map(|(base, indexes)| ExprKind::Index { base: Box::new(base), indexes }),
                1 => inner.clone().prop_map(|arg| ExprKind::AddressOf(Box::new(arg))),
                2 => (inner.clone(), vec(access(&inner), 1..4))
                    .prop_map(|(base, path)| ExprKind::Deref { base: Box::new(base), path }),
            ];
            kinds.prop_map(at)
        })
        .boxed()
}

fn foreach(body: BoxedStrategy<Stmt>) -> BoxedStrategy<StmtKind> {
    let name = || symbol().prop_map(|name| (NOWHERE, name));
    let base = prop_oneof![
        3 => symbol().prop_map(|name| ForeachBase::Array(NOWHERE, name)),
        1 => histogram(&expr()).prop_map(ForeachBase::Histogram),
    ];
    let by = prop_oneof![(0usize..2).prop_map(SortBy::Key), option::of(stat_op()).prop_map(SortBy::Value),];
    let sort = option::of((by, any::<bool>()));
    let clauses = (option::of(indexes(&expr())), sort, option::of(expr()));
    (option::of(name()), vec(name(), 2), base, clauses, body)
        .prop_map(|(value, keys, base, (slice, sort, limit), body)| {
            let sort = sort.map(|(by, ascending)| Sort { span: NOWHERE, by, ascending });
            StmtKind::Foreach(Box::new(Foreach { value, keys, base, slice, sort, limit, body }))
        })
        .boxed()
}

fn statement(in_function: bool) -> BoxedStrategy<Stmt> {
    let stmt = |kind| Stmt { span: NOWHERE, kind };
    // Embedded C alone is a statement of its own kind.
    let value = || expr().prop_filter("a statement", |e| !matches!(e.kind, ExprKind::Embedded(_)));
    let mut leaves = vec![
        Just(StmtKind::Null).boxed(),
        value().prop_map(StmtKind::Expr).boxed(),
        expr().prop_map(StmtKind::Delete).boxed(),
        Just(StmtKind::Next).boxed(),
        Just(StmtKind::Break).boxed(),
        Just(StmtKind::Continue).boxed(),
        code().prop_map(StmtKind::Embedded).boxed(),
    ];
    if in_function {
        leaves.push(option::of(expr()).prop_map(StmtKind::Return).boxed());
    }
    proptest::strategy::Union::new(leaves)
        .prop_map(stmt)
        .prop_recursive(3, 12, 3, move |inner| {
            let inner = inner.boxed();
            let block = vec(inner.clone(), 0..3).prop_map(|stmts| Block { span: NOWHERE, stmts });
            let then = block.clone().prop_map(move |block| Box::new(stmt(StmtKind::Block(block))));
            let one = || inner.clone().prop_map(Box::new);
            let clause = || option::of(expr());
            let catch = option::of(symbol().prop_map(|name| (NOWHERE, name)));
            let kinds =
                prop_oneof![
                    block.clone().prop_map(StmtKind::Block),
                    (expr(), one()).prop_map(|(cond, then)| StmtKind::If { cond, then, otherwise: None }),
                    // What has an else is a block, lest the else be taken for that of an if inside.
                    (expr(), then, one()).prop_map(|(cond, then, other)| StmtKind::If {
                        cond,
                        then,
                        otherwise: Some(other)
                    }),
                    (expr(), one()).prop_map(|(cond, body)| StmtKind::While { cond, body }),
                    (clause(), clause(), clause(), one())
                        .prop_map(|(init, cond, next, body)| StmtKind::For { init, cond, next, body }),
                    foreach(inner.clone()),
                    (block.clone(), catch, block).prop_map(|(body, catch_var, handler)| StmtKind::Try {
                        body,
                        catch_var,
                        handler
                    }),
                ];
            kinds.prop_map(stmt)
        })
        .boxed()
}

fn block(in_function: bool) -> BoxedStrategy<Block> {
    vec(statement(in_function), 0..3).prop_map(|stmts| Block { span: NOWHERE, stmts }).boxed()
}

fn point(may_fail: bool) -> BoxedStrategy<ProbePoint> {
    let first = prop_oneof!["[a-z]{2}[*]{0,2}", Just("*".to_owned()), Just("a*b**c".to_owned())];
    let further = prop_oneof!["[x-z][*]?", Just("return".to_owned()), Just("function".to_owned())];
    let component = |name: BoxedStrategy<String>| {
        let name = name.prop_filter("reserved", |n| !["if", "in"].contains(&n.as_str()));
        (name, option::of(literal())).prop_map(|(name, arg)| Component {
            span: NOWHERE,
            name: Symbol::new(&name),
            arg,
        })
    };
    let suffix = if may_fail { (0u8..3, option::of(expr())).boxed() } else { Just((0, None)).boxed() };
    (component(first.boxed()), vec(component(further.boxed()), 0..3), suffix)
        .prop_map(|(first, rest, (suffix, condition))| ProbePoint {
            span: NOWHERE,
            components: [first].into_iter().chain(rest).collect(),
            optional: suffix == 1,
            sufficient: suffix == 2,
            condition: condition.map(Box::new),
        })
        .boxed()
}

/// The name of an alias: components that take neither arguments nor stars.
fn alias_name() -> BoxedStrategy<ProbePoint> {
    point(false)
        .prop_map(|mut point| {
            for component in &mut point.components {
                let plain = component.name.as_str().replace('*', "q");
                (component.name, component.arg) = (Symbol::new(&plain), None);
            }
            point
        })
        .boxed()
}

fn alias() -> BoxedStrategy<Item> {
    let bodies = prop_oneof![
        block(false).prop_map(|first| (Some(first), None)),
        block(false).prop_map(|second| (None, Some(second))),
        (block(false), block(false)).prop_map(|(first, second)| (Some(first), Some(second))),
    ];
    (vec(alias_name(), 1..3), vec(point(true), 1..3), bodies)
        .prop_map(|(names, points, (prologue, epilogue))| {
            Item::Alias(Alias { span: NOWHERE, names, points, prologue, epilogue })
        })
        .boxed()
}

fn global() -> BoxedStrategy<Item> {
    let array = (option::of(1u32..1000), any::<bool>()).prop_map(|(size, wrap)| (None, size, wrap));
    let scalar = literal().prop_map(|init| (Some(init), None, false));
    (any::<bool>(), prop_oneof![array, scalar], "g[a-z0-9]{8}")
        .prop_map(|(private, (init, size, wrap), name)| {
            Item::Global(Global { span: NOWHERE, name: Symbol::new(&name), private, init, size, wrap })
        })
        .boxed()
}

fn function() -> BoxedStrategy<Item> {
    let ty = || option::of(proptest::sample::select(vec![TypeName::Long, TypeName::String]));
    let body =
        prop_oneof![block(true).prop_map(FunctionBody::Script), code().prop_map(FunctionBody::Embedded)];
    (any::<bool>(), symbol(), ty(), vec(ty(), 0..3), option::of(1u64..99), body)
        .prop_map(|(private, name, ret, types, priority, body)| {
            let param = |(at, ty)| Param { span: NOWHERE, name: Symbol::new(&format!("p{at}")), ty };
            let params = types.into_iter().enumerate().map(param).collect();
            Item::Function(Function { span: NOWHERE, name, private, ret, params, priority, body })
        })
        .boxed()
}

/// One item of each kind, in the order in which they are printed.
fn file() -> BoxedStrategy<File> {
    let probe = (vec(point(true), 1..3), block(false))
        .prop_map(|(points, body)| Item::Probe(Probe { span: NOWHERE, points, body }));
    (code().prop_map(Item::Embedded), global(), alias(), probe, function())
        .prop_map(|(a, b, c, d, e)| File { id: FileId(0), items: vec![a, b, c, d, e], used_args: Vec::new() })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_printed_parses_to_the_same_tree(file in file()) {
        check(&file);
    }
}

#[test]
fn the_shape_is_the_peers() {
    let text = "probe begin { x = 1 + 2 * 3 - -4; if (x in arr || [1,2] in arr) {} else next
        foreach (v = [a,b-] in arr[*,2] limit 3) print(a) }
        global arr
        function h:string(a:long, b):3 { return a }";
    let expected = "global arr
probe begin{
(x) = (((1) + ((2) * (3))) - (-(4)));
if (([x] in arr) || ([1, 2] in arr)) {
}
else next
;
foreach (v = [a, b-] in arr[*, 2] limit 3) print(a);
}
function h:string (a:long, b):3
{
return a;
}
";
    assert_eq!(String::from_utf8_lossy(&print::file(&parse(text.as_bytes()))), expected);
}
