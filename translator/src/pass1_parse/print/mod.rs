//! The tree as text: what `-p1` prints. Every operand is in parentheses, and the text parses to the same tree.
//!
//! The shape is SystemTap's: embedded C first, then globals, aliases, probes and functions. Where its own text loses
//! something (`private`, types, priorities, numbers above 2^63) this one keeps it.

mod expr;
mod stmt;
#[cfg(test)]
mod tests;

use super::ast::{
    Alias, Component, File, Function, FunctionBody, Global, Item, Literal, Probe, ProbePoint, TypeName,
};
use super::literal;

/// Text that grows.
#[derive(Default)]
struct Printer {
    out: Vec<u8>,
}

/// Files by name, as `-p1` prints them.
pub fn dump<'a>(files: impl IntoIterator<Item = (&'a str, &'a File)>) -> Vec<u8> {
    let mut out = b"# parse tree dump\n".to_vec();
    for (name, tree) in files {
        out.extend(format!("# file {name}\n").bytes());
        out.extend(file(tree));
        out.push(b'\n');
    }
    out
}

/// One file.
pub fn file(file: &File) -> Vec<u8> {
    let mut printer = Printer::default();
    // NOTE(order): stable, so items of a kind keep their order.
    let mut items: Vec<&Item> = file.items.iter().collect();
    items.sort_by_key(|item| rank(item));
    items.into_iter().for_each(|item| printer.item(item));
    printer.out
}

/// What stands before the braces of a probe or alias: the points, after the names when it is an alias.
pub fn head(item: &Item) -> String {
    let mut printer = Printer::default();
    match item {
        Item::Alias(alias) => printer.alias_head(alias),
        Item::Probe(probe) => printer.list(&probe.points, ",", Printer::point),
        Item::Embedded(_) | Item::Global(_) | Item::Function(_) => {}
    }
    String::from_utf8_lossy(&printer.out).into_owned()
}

fn rank(item: &Item) -> u8 {
    match item {
        Item::Embedded(_) => 0,
        Item::Global(_) => 1,
        Item::Alias(_) => 2,
        Item::Probe(_) => 3,
        Item::Function(_) => 4,
    }
}

impl Printer {
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn string(&mut self, bytes: &[u8]) {
        literal::quote(bytes, &mut self.out);
    }

    fn list<T>(&mut self, items: &[T], separator: &str, mut print: impl FnMut(&mut Self, &T)) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.text(separator);
            }
            print(self, item);
        }
    }

    fn code(&mut self, code: &[u8]) {
        self.text("%{");
        self.out.extend_from_slice(code);
        self.text("%}");
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Embedded(embedded) => {
                self.code(&embedded.code);
                self.text("\n");
            }
            Item::Global(global) => self.global(global),
            Item::Alias(alias) => self.alias(alias),
            Item::Probe(probe) => self.probe(probe),
            Item::Function(function) => self.function(function),
        }
    }

    fn global(&mut self, global: &Global) {
        self.text(if global.private { "private global " } else { "global " });
        self.text(global.name.as_str());
        if global.wrap {
            self.text("%");
        }
        if let Some(size) = global.size {
            self.text(&format!("[{size}]"));
        }
        if let Some(init) = &global.init {
            self.text(" = ");
            self.literal(init);
        }
        self.text("\n");
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Number(number) => self.text(&number.to_string()),
            Literal::String(bytes) => self.string(bytes),
        }
    }

    fn alias_head(&mut self, alias: &Alias) {
        self.list(&alias.names, " = ", Self::point);
        self.text(if alias.prologue.is_none() { " += " } else { " = " });
        self.list(&alias.points, ", ", Self::point);
    }

    fn alias(&mut self, alias: &Alias) {
        self.text("probe ");
        self.alias_head(alias);
        match (&alias.prologue, &alias.epilogue) {
            (Some(first), Some(second)) => {
                self.block(first);
                self.text(", ");
                self.block(second);
            }
            (one, other) => one.iter().chain(other).for_each(|block| self.block(block)),
        }
        self.text("\n");
    }

    fn probe(&mut self, probe: &Probe) {
        self.text("probe ");
        self.list(&probe.points, ",", Self::point);
        self.block(&probe.body);
        self.text("\n");
    }

    fn point(&mut self, point: &ProbePoint) {
        self.list(&point.components, ".", Self::component);
        if point.sufficient {
            self.text("!");
        } else if point.optional {
            self.text("?");
        }
        if let Some(condition) = &point.condition {
            self.text(" if (");
            self.expr(condition);
            self.text(")");
        }
    }

    fn component(&mut self, component: &Component) {
        self.text(component.name.as_str());
        if let Some(arg) = &component.arg {
            self.text("(");
            self.literal(arg);
            self.text(")");
        }
    }

    fn function(&mut self, function: &Function) {
        self.text(if function.private { "private function " } else { "function " });
        self.text(function.name.as_str());
        self.ty(function.ret);
        self.text(" (");
        self.list(&function.params, ", ", |printer, param| {
            printer.text(param.name.as_str());
            printer.ty(param.ty);
        });
        self.text(")");
        if let Some(priority) = function.priority {
            self.text(&format!(":{priority}"));
        }
        self.text("\n");
        match &function.body {
            FunctionBody::Script(block) => self.block(block),
            FunctionBody::Embedded(embedded) => self.code(&embedded.code),
        }
        self.text("\n");
    }

    fn ty(&mut self, ty: Option<TypeName>) {
        match ty {
            Some(TypeName::Long) => self.text(":long"),
            Some(TypeName::String) => self.text(":string"),
            None => {}
        }
    }
}
