//! Values as text: `$x$`, `$x$$`, `$$parms` and its like.

use super::lower::Spot;
use super::pieces::register;
use super::{Found, Held, Value, number, sound, told};
use crate::debuginfo::types::{Array, Encoding, Found as Place, Member, Record, Type, TypeId, peel};
use crate::debuginfo::{Role, Site};
use crate::ir::arena::Arena;
use crate::ir::expr::{Conversion, FormatSpec, Piece, Print};
use crate::ir::program::{Constant, FunctionId, Local};
use crate::ir::stmt::{Stmt, StmtKind};
use crate::ir::ty::Ty;
use crate::ir::{Expr, ExprKind};
use crate::pass1_parse::ast;
use crate::pass2_elaborate::resolve::{Resolver, make};
use crate::source::{Span, Symbol};

/// Most values that one text shows; what is left shows as dots.
const MAX_FIELDS: usize = 32;

/// Deepest nesting that `$$` follows.
const MAX_DEPTH: usize = 10;

/// Pieces under construction.
struct Text {
    pieces: Vec<Piece>,
    fields: usize,
    deep: bool,
    span: Span,
}

impl Text {
    fn say(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Literal(bytes)) => bytes.extend_from_slice(text.as_bytes()),
            _ => self.pieces.push(Piece::Literal(text.as_bytes().to_vec())),
        }
    }

    fn format(&mut self, conversion: Conversion, alternate: bool, arg: Expr) {
        self.fields += 1;
        let spec = FormatSpec { alternate, ..FormatSpec::plain(conversion) };
        self.pieces.push(Piece::Format { spec, arg });
    }

    fn full(&self) -> bool {
        self.fields >= MAX_FIELDS
    }
}

impl Resolver<'_, '_> {
    /// `$$vars`, `$$parms`, `$$locals`, `$$return`, with dollars behind them when values shall be spelt out.
    pub(super) fn all_variables(&mut self, name: Symbol, dollars: u8, span: Span) -> Found<Expr> {
        if let Some(known) = self.tracepoint_text(name) {
            self.carried = None;
            return Ok(make(span, ExprKind::Constant(Constant::String(known.as_str().as_bytes().to_vec()))));
        }
        let mut text = Text { pieces: Vec::new(), fields: 0, deep: false, span };
        for (name, value) in self.named_values(name, span)? {
            if !text.pieces.is_empty() {
                text.say(" ");
            }
            text.say(&format!("{name}="));
            match value {
                Err(_) => text.say("?"),
                Ok(value) if dollars > 0 => match self.pretty(value, dollars, span) {
                    Ok(shown) => text.format(Conversion::String, false, shown),
                    Err(_) => text.say("?"),
                },
                Ok(value) => self.plain(value, &mut text)?,
            }
        }
        self.carried = None;
        Ok(string(text.pieces, span))
    }

    /// Whether `$$name` has a meaning here.
    pub(super) fn all_names(&mut self, node: &ast::Expr) -> Found<()> {
        match &node.kind {
            ast::ExprKind::Target(name) if self.tracepoint_text(*name).is_some() => Ok(()),
            ast::ExprKind::Target(name) => self.named_values(*name, node.span).map(drop),
            _ => told("no variables", node.span),
        }
    }

    /// `$$name` and `$$system` at a tracepoint.
    fn tracepoint_text(&self, name: Symbol) -> Option<Symbol> {
        let (scope, _) = self.function_here()?;
        match (scope.site, name.as_str()) {
            (Site::Tracepoint(point), "$$name") => Some(point.name),
            (Site::Tracepoint(point), "$$system") => Some(point.system),
            _ => None,
        }
    }

    fn named_values(&mut self, name: Symbol, span: Span) -> Found<Vec<(Symbol, Found<Value>)>> {
        let Some((scope, info)) = self.function_here() else {
            return Err(super::Fail::Told(Box::new(self.no_variables(name, span))));
        };
        if matches!((name.as_str(), scope.site), ("$$locals" | "$$return", Site::Tracepoint(_))) {
            let message = format!("a tracepoint has no {name}, only $$vars, $$parms, $$name and $$system");
            return told(message, span);
        }
        let wanted: &[Role] = match name.as_str() {
            "$$vars" => &[Role::Parameter, Role::Local],
            "$$parms" => &[Role::Parameter],
            "$$locals" => &[Role::Local],
            "$$return" => {
                let result = self.result_here(span)?;
                return Ok(result.into_iter().map(|value| (Symbol::new("return"), Ok(value))).collect());
            }
            _ => return told(format!("unknown target variable {name}"), span),
        };
        let variables = sound(self.names.objects.variables(&*info, scope.function, scope.site), span)?;
        let mut found: Vec<(Symbol, Found<Value>)> = Vec::new();
        for variable in variables.iter().filter(|variable| wanted.contains(&variable.role)) {
            let value = self.located(variable, Spot { object: scope.object, span });
            // An inner variable hides an outer one of its name.
            match found.iter_mut().find(|(name, _)| *name == variable.name) {
                Some(hidden) => hidden.1 = value,
                None => found.push((variable.name, value)),
            }
        }
        Ok(found)
    }

    /// A value as `%#x`, a struct or an array as such.
    fn plain(&mut self, value: Value, text: &mut Text) -> Found<()> {
        let (_, ty) = sound(peel(&self.names.objects, value.ty), text.span)?;
        match ty {
            Type::Record(_) => text.say("{...}"),
            Type::Array(_) => text.say("[...]"),
            _ => match self.number_of(value, text.span) {
                Ok(number) => text.format(Conversion::Hex, true, number),
                Err(_) => text.say("?"),
            },
        }
        Ok(())
    }

    /// A value spelt out. A function does it, which says ERROR when memory cannot be read.
    pub(super) fn pretty(&mut self, value: Value, dollars: u8, span: Span) -> Found<Expr> {
        let value = self.shown(value, span)?;
        let mut params = Arena::default();
        let mut args = Vec::new();
        let mut param = |expr: Expr| {
            let name = Symbol::new(&format!("value{}", args.len()));
            args.push(expr);
            let local = params.push(Local { name, ty: Ty::Long, span });
            make(span, ExprKind::Local(local))
        };
        let held = match value.held {
            Held::Computed(expr) => Held::Computed(param(expr)),
            Held::Memory(expr) => Held::Memory(param(expr)),
            Held::PointerTo(expr) => Held::PointerTo(param(expr)),
            Held::Bits(expr, bytes, shift, width) => Held::Bits(param(expr), bytes, shift, width),
            Held::Register(number) => Held::Computed(param(register(number, span))),
            Held::Pieces(pieces) => Held::Pieces(pieces.map(&mut param, span)),
        };
        let mut text = Text { pieces: Vec::new(), fields: 0, deep: dollars > 1, span };
        self.spell_out(Value { ty: value.ty, held }, &mut text, 0)?;
        let function = self.showing(params, text.pieces, span);
        Ok(make(span, ExprKind::Call { function, args }))
    }

    /// A pointer to a struct shows the struct.
    fn shown(&mut self, value: Value, span: Span) -> Found<Value> {
        let (_, ty) = sound(peel(&self.names.objects, value.ty), span)?;
        match (value.held, ty) {
            (Held::PointerTo(address), _) => Ok(Value { ty: value.ty, held: Held::Memory(address) }),
            (held, Type::Pointer(target)) => {
                let (_, pointed) = sound(peel(&self.names.objects, target), span)?;
                let value = Value { ty: value.ty, held };
                if !matches!(pointed, Type::Record(_)) {
                    return Ok(value);
                }
                Ok(Value { ty: target, held: Held::Memory(self.number_of(value, span)?) })
            }
            (held, _) => Ok(Value { ty: value.ty, held }),
        }
    }

    /// `try { return sprintf(pieces) } catch { return "ERROR" }`
    fn showing(&mut self, locals: Arena<Local>, pieces: Vec<Piece>, span: Span) -> FunctionId {
        let returns = |value: Expr| vec![Stmt { span, kind: StmtKind::Return(Some(value)) }];
        let failed = make(span, ExprKind::Constant(Constant::String(b"ERROR".to_vec())));
        let kind =
            StmtKind::Try { body: returns(string(pieces, span)), catch_var: None, handler: returns(failed) };
        self.names.own_function("pretty", locals, vec![Stmt { span, kind }], span)
    }

    fn spell_out(&mut self, value: Value, text: &mut Text, depth: usize) -> Found<()> {
        let span = text.span;
        let (_, ty) = sound(peel(&self.names.objects, value.ty), span)?;
        match ty {
            Type::Record(record) => self.spell_record(&record, value.held, text, depth),
            Type::Array(array) => self.spell_array(array, value, text, depth),
            Type::Pointer(target) => {
                let number = self.number_of(value, span)?;
                if self.is_character(target, span)? {
                    return self.quoted(number, text);
                }
                text.format(Conversion::Pointer, false, number);
                Ok(())
            }
            ty => {
                let conversion = match ty {
                    Type::Int(int) if int.encoding == Encoding::Character => {
                        let number = self.number_of(value, span)?;
                        text.say("'");
                        text.format(Conversion::Char, true, number);
                        text.say("'");
                        return Ok(());
                    }
                    Type::Int(int) if !int.signed && int.encoding == Encoding::Number => Conversion::Unsigned,
                    Type::Function(_) | Type::Float(..) => Conversion::Pointer,
                    _ => Conversion::Signed,
                };
                match self.number_of(value, span) {
                    Ok(number) => text.format(conversion, false, number),
                    Err(_) => text.say("?"),
                }
                Ok(())
            }
        }
    }

    fn spell_record(&mut self, record: &Record, held: Held, text: &mut Text, depth: usize) -> Found<()> {
        text.say("{");
        for (index, member) in record.members.iter().enumerate() {
            if index > 0 {
                text.say(", ");
            }
            if text.full() {
                text.say("...");
                break;
            }
            self.spell_member(member, &held, text, depth)?;
        }
        text.say("}");
        Ok(())
    }

    fn spell_member(&mut self, member: &Member, held: &Held, text: &mut Text, depth: usize) -> Found<()> {
        let span = text.span;
        if let Some(name) = member.name {
            text.say(&format!(".{name}="));
        }
        let place = Place { ty: member.ty, bit_offset: member.bit_offset, bit_size: member.bit_size };
        let (_, ty) = sound(peel(&self.names.objects, member.ty), span)?;
        let inner = matches!(ty, Type::Record(_) | Type::Array(_)) && member.name.is_some();
        if (inner && !text.deep && !self.is_text(&ty, span)?) || depth >= MAX_DEPTH {
            text.say(if matches!(ty, Type::Array(_)) { "[...]" } else { "{...}" });
            return Ok(());
        }
        let value = self.portion(held.clone(), place, span)?;
        self.spell_out(value, text, depth + 1)
    }

    /// The first element stands for all.
    fn spell_array(&mut self, array: Array, value: Value, text: &mut Text, depth: usize) -> Found<()> {
        let span = text.span;
        if self.is_character(array.element, span)? {
            let address = self.number_of(value, span)?;
            return self.quoted(address, text);
        }
        text.say("[");
        if array.count.is_some() && depth < MAX_DEPTH {
            let first = self.element(value, number(0, span), span)?;
            self.spell_out(first, text, depth + 1)?;
        }
        text.say(if array.count.is_some_and(|count| count > 1) { ", ...]" } else { "]" });
        Ok(())
    }

    fn is_text(&self, ty: &Type, span: Span) -> Found<bool> {
        match ty {
            Type::Array(array) => self.is_character(array.element, span),
            _ => Ok(false),
        }
    }

    fn is_character(&self, id: TypeId, span: Span) -> Found<bool> {
        let (_, ty) = sound(peel(&self.names.objects, id), span)?;
        Ok(matches!(ty, Type::Int(int) if int.encoding == Encoding::Character))
    }

    /// The string at an address, in quotes. One of user space, which are the positive ones, is shown as it is: the memory
    /// of a task may be on the disk.
    fn quoted(&mut self, address: Expr, text: &mut Text) -> Found<()> {
        let span = text.span;
        let name = Symbol::new("kernel_string_quoted");
        let function = self.names.function(self.file, name, 1, None, span)?;
        let call = make(span, ExprKind::Call { function, args: vec![address.clone()] });
        let (left, right) = (Box::new(address.clone()), Box::new(number(0, span)));
        let user = make(span, ExprKind::Compare { op: ast::CompareOp::Gt, left, right });
        let spec = FormatSpec::plain(Conversion::Pointer);
        let pointer = string(vec![Piece::Format { spec, arg: address }], span);
        let (cond, then, otherwise) = (Box::new(user), Box::new(pointer), Box::new(call));
        text.format(Conversion::String, false, make(span, ExprKind::Ternary { cond, then, otherwise }));
        Ok(())
    }
}

fn string(pieces: Vec<Piece>, span: Span) -> Expr {
    make(span, ExprKind::Print(Box::new(Print { to_string: true, pieces })))
}
