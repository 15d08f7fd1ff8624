//! Embedded C: what its macros mean, and where the compiler should say that an error stands.

use super::body::Body;
use super::names;
use super::writer::{Writer, c_string, from_bytes};
use crate::ir::expr::ExprKind;
use crate::ir::program::{EmbeddedC, Function, FunctionBody, GlobalId, Program};
use crate::ir::stmt::{Block, StmtKind};
use crate::ir::ty::{Ty, ValueTy};
use crate::ir::visit::look;
use crate::source::SourceMap;
use crate::source::map::LineCol;

/// Whether a function may hand over to its next candidate.
pub fn says_next(function: &Function) -> bool {
    match &function.body {
        FunctionBody::Script(block) => {
            let mut found = false;
            look::all_stmts(block, &mut |stmt| found |= matches!(stmt.kind, StmtKind::Next));
            found
        }
        FunctionBody::Embedded(code) => mentions(code, "STAP_NEXT"),
    }
}

/// Whether the code has this word in it.
pub fn mentions(code: &EmbeddedC, word: &str) -> bool {
    code.code.windows(word.len()).any(|at| at == word.as_bytes())
}

/// Whether any of the program's C code has this word in it.
pub fn mentioned(program: &Program, word: &str) -> bool {
    let in_function = |function: &Function| match &function.body {
        FunctionBody::Script(block) => mentioned_in(block, word),
        FunctionBody::Embedded(code) => mentions(code, word),
    };
    program.embedded.iter().any(|code| mentions(code, word))
        || program.probes.iter().any(|probe| mentioned_in(&probe.body, word))
        || program.functions.iter().any(|(_, function)| in_function(function))
}

fn mentioned_in(block: &Block, word: &str) -> bool {
    let (mut in_stmt, mut in_expr) = (false, false);
    look::all_stmts(block, &mut |stmt| {
        in_stmt |= matches!(&stmt.kind, StmtKind::Embedded(code) if mentions(code, word));
    });
    look::all_exprs(block, &mut |expr| {
        in_expr |= matches!(&expr.kind, ExprKind::Embedded(code) if mentions(code, word));
    });
    in_stmt || in_expr
}

/// A set of macros that stands around some code and is taken back after it.
struct Macros(Vec<(String, String)>);

impl Macros {
    fn define(&mut self, name: impl Into<String>, meaning: impl Into<String>) {
        self.0.push((name.into(), meaning.into()));
    }

    fn open(&self, out: &mut Writer) {
        for (name, meaning) in &self.0 {
            out.flush_left(format!("#define {name} {meaning}"));
        }
    }

    fn close(&self, out: &mut Writer) {
        for (name, _) in &self.0 {
            let bare = name.split('(').next().unwrap_or(name);
            out.flush_left(format!("#undef {bare}"));
        }
    }
}

impl Body<'_> {
    /// The body of an embedded function. It ends at the label `out`.
    pub fn embedded_function(&mut self, function: &Function, code: &EmbeddedC) {
        let mut macros = self.common_macros(code, "out", &self.token_place(function.span));
        for (slot, local) in self.slots.iter().zip(function.locals.iter().map(|(_, local)| local)) {
            macros.define(format!("STAP_ARG_{}", local.name), format!("(THIS->{})", slot.name));
        }
        match function.ret {
            Some(Ty::Long) => {
                macros.define("STAP_RETVALUE", "(THIS->__retvalue)");
                macros.define("STAP_RETURN(v)", "do { STAP_RETVALUE = (int64_t)(v); goto out; } while (0)");
            }
            Some(Ty::String) => {
                macros.define("STAP_RETVALUE", "(THIS->__retvalue)");
                macros.define(
                    "STAP_RETURN(v)",
                    "do { stp_string_copy(STAP_RETVALUE, (v)); goto out; } while (0)",
                );
            }
            None => macros.define("STAP_RETURN(...)", "goto out"),
        }
        self.raw(code, &macros);
    }

    /// `%{ … %}` as a statement; `return` leaves the block only.
    pub fn embedded_statement(&mut self, code: &EmbeddedC) {
        let label = self.new_label("embedded");
        let place = self.token_place(code.span);
        let error = self.error_label().to_owned();
        let mut macros = self.common_macros(code, &label, &place);
        macros.0.retain(|(name, _)| !name.starts_with("STAP_ERROR"));
        macros.define("STAP_ERROR(...)", error_macro(&place, &error));
        self.argument_macros(code, &mut macros);
        self.raw(code, &macros);
        self.label(&label);
        self.out.line("if (unlikely(c->last_error))");
        self.out.line(format!("\tgoto {error};"));
    }

    /// `%{ … %}` as a number.
    pub fn embedded_long(&mut self, code: &EmbeddedC) -> String {
        let result = self.declare("int64_t @");
        self.embedded_value(code, &format!("{result} = (int64_t)("), ");");
        result
    }

    /// `%{ … %}` as a string, copied to `dest`.
    pub fn embedded_string(&mut self, code: &EmbeddedC, dest: &str) {
        self.embedded_value(code, &format!("stp_string_copy({dest}, ("), "));");
    }

    fn embedded_value(&mut self, code: &EmbeddedC, before: &str, after: &str) {
        let mut macros = Macros(vec![("CONTEXT".to_owned(), "c".to_owned())]);
        self.argument_macros(code, &mut macros);
        self.global_macros(code, &mut macros);
        macros.open(&mut self.out);
        self.out.line(before);
        self.located_code(code);
        self.out.line(after);
        macros.close(&mut self.out);
    }

    fn common_macros(&self, code: &EmbeddedC, leave: &str, place: &str) -> Macros {
        let mut macros = Macros(Vec::new());
        macros.define("CONTEXT", "c");
        macros.define("THIS", "l");
        macros.define("STAP_PRINTF(...)", "stp_out_printf(c, __VA_ARGS__)");
        macros.define("STAP_ERROR(...)", error_macro(place, leave));
        macros.define("STAP_NEXT", format!("do {{ l->__next = 1; goto {leave}; }} while (0)"));
        macros.define("return", format!("goto {leave}"));
        self.global_macros(code, &mut macros);
        macros
    }

    /// STAP_ARG_x for what C inside a body says it uses of the variables around it.
    fn argument_macros(&self, code: &EmbeddedC, macros: &mut Macros) {
        let Some(function) = self.function.map(|id| &self.unit.program.functions[id]) else { return };
        for &id in &code.args {
            macros.define(format!("STAP_ARG_{}", function.locals[id].name), format!("({})", self.local(id)));
        }
    }

    /// STAP_GLOBAL_GET_x and STAP_GLOBAL_SET_x for scalars that the code says it uses.
    fn global_macros(&self, code: &EmbeddedC, macros: &mut Macros) {
        let scalar = |id: GlobalId| match (self.global(id).keys.is_empty(), self.global(id).value) {
            (true, ValueTy::Scalar(ty)) => Some(ty),
            _ => None,
        };
        for &id in code.reads.iter().chain(code.writes.iter().filter(|id| !code.reads.contains(id))) {
            if scalar(id).is_some() {
                let global = self.global(id);
                macros.define(format!("STAP_GLOBAL_GET_{}()", global.name), names::global(global));
            }
        }
        for &id in &code.writes {
            let global = self.global(id);
            let var = names::global(global);
            let name = format!("STAP_GLOBAL_SET_{}(v)", global.name);
            match scalar(id) {
                Some(Ty::Long) => macros.define(name, format!("({var} = (v))")),
                Some(Ty::String) => macros.define(name, format!("stp_string_copy({var}, (v))")),
                None => {}
            }
        }
    }

    fn raw(&mut self, code: &EmbeddedC, macros: &Macros) {
        macros.open(&mut self.out);
        self.out.line("{");
        self.located_code(code);
        self.out.line("}");
        macros.close(&mut self.out);
    }

    fn located_code(&mut self, code: &EmbeddedC) {
        self.out.flush_left(located(self.unit.input.sources, code));
        self.out.flush_left("#line STAP_UNIT");
    }
}

/// The code with the place of its first line, for the compiler's messages.
pub fn located(sources: &SourceMap, code: &EmbeddedC) -> String {
    let file = sources.file(code.span.file);
    let LineCol { line, .. } = file.line_col(code.span.lo);
    format!("#line {line} {}\n{}", c_string(file.name.as_bytes()), from_bytes(&code.code))
}

fn error_macro(place: &str, leave: &str) -> String {
    format!("do {{ stp_embedded_error(c, __VA_ARGS__); c->last_stmt = {place}; goto {leave}; }} while (0)")
}

/// Declarations of what a function's frame holds beside its locals.
pub fn result_members(function: &Function) -> Vec<String> {
    let mut members = Vec::new();
    match function.ret {
        Some(Ty::Long) => members.push("int64_t __retvalue;".to_owned()),
        Some(Ty::String) => members.push("char *__retvalue;".to_owned()),
        None => {}
    }
    if says_next(function) {
        members.push("int __next;".to_owned());
    }
    members
}
