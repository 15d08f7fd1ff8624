//! The state of writing one handler or function: where its text goes, which temporaries it has, where errors lead.
//!
//! Expressions become C text that may be used once and later, as long as nothing in between changes what it reads;
//! whatever must happen before (calls, checks) is written as statements first. That keeps the script's order of
//! evaluation, which C's own operators would not.

use super::conditions::Conditions;
use super::facts::Facts;
use super::layout::{Slot, Storage};
use super::names;
use super::regex::MatchSizes;
use super::writer::{Writer, c_string};
use crate::cli::options::Options;
use crate::ir::expr::Expr;
use crate::ir::program::{FunctionId, Global, GlobalId, LocalId, Program};
use crate::source::{SourceMap, Span, token_text};

/// What translation sees of the session.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// Checked options.
    pub options: &'a Options,
    /// Files, for places in messages.
    pub sources: &'a SourceMap,
    /// The target kernel's release.
    pub release: &'a str,
}

/// What all bodies of a unit share.
pub struct Unit<'a> {
    /// Where the program came from.
    pub input: &'a Input<'a>,
    /// The program.
    pub program: &'a Program,
    /// What its functions do.
    pub facts: &'a Facts,
    /// The conditions of its probes.
    pub conditions: &'a Conditions<'a>,
    /// Members of each function's frame.
    pub function_slots: &'a [Vec<Slot>],
    /// MAXSTRINGLEN as the options have it.
    pub max_string_len: usize,
    /// What the context needs to keep a match's groups, if some code asks for them.
    pub match_sizes: Option<MatchSizes>,
}

/// One body being written.
pub struct Body<'a> {
    /// What it shares with the others.
    pub unit: &'a Unit<'a>,
    /// The function, or `None` in a handler.
    pub function: Option<FunctionId>,
    /// Its locals in the frame.
    pub slots: &'a [Slot],
    /// The text.
    pub out: Writer,
    /// Statements count against MAXACTION one by one or loop by loop, not at compile time.
    pub counts_actions: bool,
    /// Foreach statements that sort, per array, in the whole unit so far.
    pub sort_sites: &'a mut Vec<u32>,
    declarations: Vec<String>,
    next_temp: usize,
    next_label: usize,
    strings_used: usize,
    strings_most: usize,
    catches: Vec<String>,
    loops: Vec<String>,
}

impl<'a> Body<'a> {
    /// A body with nothing written.
    pub fn new(
        unit: &'a Unit<'a>,
        function: Option<FunctionId>,
        slots: &'a [Slot],
        sort_sites: &'a mut Vec<u32>,
    ) -> Self {
        Body {
            unit,
            function,
            slots,
            out: Writer::at_level(1),
            counts_actions: false,
            sort_sites,
            declarations: Vec::new(),
            next_temp: 0,
            next_label: 0,
            strings_used: 0,
            strings_most: 0,
            catches: Vec::new(),
            loops: Vec::new(),
        }
    }

    /// How many string temporaries the frame needs.
    pub fn string_temps(&self) -> usize {
        self.strings_most
    }

    /// A global of the program.
    pub fn global(&self, id: GlobalId) -> &'a Global {
        &self.unit.program.globals[id]
    }

    /// A local as C text.
    pub fn local(&self, id: LocalId) -> String {
        format!("l->{}", self.slots[id.index()].name)
    }

    /// Writes the statements of `write` with the temporaries that they declare, in a block of their own if they
    /// declare any. String temporaries are free again afterwards.
    pub fn scoped(&mut self, write: impl FnOnce(&mut Self)) {
        let level = self.out.level();
        let outer = std::mem::replace(&mut self.out, Writer::at_level(level + 1));
        let outer_declarations = std::mem::take(&mut self.declarations);
        let strings = self.strings_used;
        write(self);
        self.strings_used = strings;
        let declarations = std::mem::replace(&mut self.declarations, outer_declarations);
        let inner = std::mem::replace(&mut self.out, outer);
        if inner.is_empty() {
            return;
        }
        self.out.open("{");
        for declaration in declarations {
            self.out.line(declaration);
        }
        self.out.append(inner);
        self.out.close("}");
    }

    /// Writes into a text of its own, to see whether anything was written.
    pub fn captured<T>(&mut self, write: impl FnOnce(&mut Self) -> T) -> (T, Writer) {
        let level = self.out.level() + 1;
        let outer = std::mem::replace(&mut self.out, Writer::at_level(level));
        let value = write(self);
        (value, std::mem::replace(&mut self.out, outer))
    }

    /// Declares a C variable of the current scope; `declarator` has `@` where its name goes.
    pub fn declare(&mut self, declarator: &str) -> String {
        self.next_temp += 1;
        let name = format!("t{}", self.next_temp);
        // The result of a call may be for nobody.
        self.declarations.push(format!("{} __maybe_unused;", declarator.replace('@', &name)));
        name
    }

    /// Keeps a long in a variable of its own.
    pub fn keep_long(&mut self, value: &str) -> String {
        let name = self.declare("int64_t @");
        self.out.line(format!("{name} = {value};"));
        name
    }

    /// A string temporary of the frame.
    pub fn string_temp(&mut self) -> String {
        let name = format!("l->{}", names::string_temp(self.strings_used));
        self.strings_used += 1;
        self.strings_most = self.strings_most.max(self.strings_used);
        name
    }

    /// Keeps a string in a temporary of the frame.
    pub fn keep_string(&mut self, value: &str) -> String {
        let name = self.string_temp();
        self.out.line(format!("stp_string_copy({name}, {value});"));
        name
    }

    /// Whether what `earlier` gave must be kept before `later` are evaluated.
    pub fn must_keep(&self, earlier: &Expr, later: &[Expr]) -> bool {
        let later: Vec<&Expr> = later.iter().collect();
        self.unit.facts.disturbed(&[earlier], &later)[0]
    }

    /// A label's name that is new in this body.
    pub fn new_label(&mut self, what: &str) -> String {
        self.next_label += 1;
        format!("{what}_{}", self.next_label)
    }

    /// Writes a label. Not all are jumped to.
    pub fn label(&mut self, name: &str) {
        self.out.flush_left(format!("{name}: __maybe_unused;"));
    }

    /// Where soft errors lead.
    pub fn error_label(&self) -> &str {
        self.catches.last().map_or("out", String::as_str)
    }

    /// Whether a `try` is around.
    pub fn in_try(&self) -> bool {
        !self.catches.is_empty()
    }

    /// Errors lead to `label` while `write` writes.
    pub fn catching(&mut self, label: &str, write: impl FnOnce(&mut Self)) {
        self.catches.push(label.to_owned());
        write(self);
        self.catches.pop();
    }

    /// `continue` leads to `label` while `write` writes.
    pub fn looping(&mut self, label: &str, write: impl FnOnce(&mut Self)) {
        self.loops.push(label.to_owned());
        write(self);
        self.loops.pop();
    }

    /// Where `continue` leads.
    pub fn continue_label(&self) -> &str {
        self.loops.last().map_or("out", String::as_str)
    }

    /// Writes a soft error that happens if `condition` holds.
    pub fn fail_if(&mut self, condition: &str, message: &str, span: Span) {
        self.out.open(format!("if (unlikely({condition})) {{"));
        self.out.line(format!("c->last_error = {};", c_string(message.as_bytes())));
        let place = self.token_place(span);
        self.out.line(format!("c->last_stmt = {place};"));
        let label = self.error_label().to_owned();
        self.out.line(format!("goto {label};"));
        self.out.close("}");
    }

    /// Leaves if what was just called has set an error.
    pub fn fail_after_call(&mut self, span: Span) {
        self.out.open("if (unlikely(c->last_error)) {");
        let place = self.token_place(span);
        self.out.line(format!("c->last_stmt = {place};"));
        let label = self.error_label().to_owned();
        self.out.line(format!("goto {label};"));
        self.out.close("}");
    }

    /// `"identifier 'x' at FILE:LINE:COLUMN"` as a C literal.
    pub fn token_place(&self, span: Span) -> String {
        let sources = &self.unit.input.sources;
        let text = sources.text(span);
        let place = format!("{} at {}", token_text::describe(&text), sources.place(span));
        c_string(place.as_bytes())
    }

    /// Takes `cost` from what the handler may still do.
    pub fn take_actions(&mut self, cost: u32, span: Span) {
        if self.counts_actions {
            self.out.line(format!("c->actionremaining -= {cost};"));
            self.fail_if("c->actionremaining < 0", "MAXACTION exceeded", span);
        }
    }

    /// Sets the locals that start at zero.
    pub fn clear_locals(&mut self, from: usize) {
        for slot in &self.slots[from..] {
            match slot.storage {
                Storage::Long => self.out.line(format!("l->{} = 0;", slot.name)),
                Storage::String => self.out.line(format!("l->{}[0] = '\\0';", slot.name)),
                Storage::Reference => {}
            }
        }
    }
}
