//! Embedded C: what its macros mean, and where the compiler should say that an error stands.

use super::body::Body;
use super::names;
use super::writer::{Writer, c_string, from_bytes};
use crate::cli::options::Privilege;
use crate::ir::program::{EmbeddedC, Function, FunctionBody, GlobalId, Program};
use crate::ir::stmt::StmtKind;
use crate::ir::ty::{Ty, ValueTy};
use crate::ir::visit::{self, look};
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
    let mut found = false;
    visit::embedded(program, &mut |code| found |= mentions(code, word));
    found
}

/// What code at top level does after a fault: it goes on. See memory/embedded.h.
const GO_ON: &str = "do { } while (0)";

/// A set of macros that stands around some code and is taken back after it.
#[derive(Default)]
struct Macros {
    macros: Vec<(String, String)>,
    /// What the code does after a fault.
    leave: String,
}

impl Macros {
    fn define(&mut self, name: impl Into<String>, meaning: impl Into<String>) {
        self.macros.push((name.into(), meaning.into()));
    }

    fn open(&self, out: &mut Writer) {
        for (name, meaning) in &self.macros {
            out.flush_left(format!("#define {name} {meaning}"));
        }
        redefine("stp_leave", &self.leave, out);
    }

    fn close(&self, out: &mut Writer) {
        for (name, _) in &self.macros {
            let bare = name.split('(').next().unwrap_or(name);
            out.flush_left(format!("#undef {bare}"));
        }
        redefine("stp_leave", GO_ON, out);
    }
}

fn redefine(name: &str, meaning: &str, out: &mut Writer) {
    out.flush_left(format!("#undef {name}"));
    out.flush_left(format!("#define {name} {meaning}"));
}

impl Body<'_> {
    /// The body of an embedded function. It ends at the label `out`.
    pub fn embedded_function(&mut self, function: &Function, code: &EmbeddedC) {
        self.require_own_process(code);
        let mut macros = self.common_macros(code, "out", &self.token_place(function.span));
        macros.define("THIS", "l");
        macros.define("STAP_NEXT", "do { l->__next = 1; goto out; } while (0)");
        macros.define("return", "goto out");
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
        macros.open(&mut self.out);
        self.out.line("{");
        self.located_code(code);
        self.out.line("}");
        macros.close(&mut self.out);
    }

    /// `%{ … %}` as a statement: C statements, or an expression without its semicolon. `return` leaves the block only.
    pub fn embedded_statement(&mut self, code: &EmbeddedC) {
        self.require_own_process(code);
        let label = self.new_label("embedded");
        let mut macros = self.inner_macros(code);
        macros.define("return", format!("goto {label}"));
        macros.open(&mut self.out);
        self.out.line("{");
        self.located_code(code);
        self.out.line(";");
        self.out.line("}");
        macros.close(&mut self.out);
        self.label(&label);
    }

    /// `%{ … %}` as a number.
    pub fn embedded_long(&mut self, code: &EmbeddedC) -> String {
        let result = self.declare("int64_t @");
        self.embedded_value(code, &format!("{result} = (int64_t)({{"));
        result
    }

    /// `%{ … %}` as a string, copied to `dest`.
    pub fn embedded_string(&mut self, code: &EmbeddedC, dest: &str) {
        let result = self.declare("const char *@");
        self.embedded_value(code, &format!("{result} = ({{"));
        self.out.line(format!("stp_string_copy({dest}, {result});"));
    }

    /// A value is a statement expression, so that it may have statements before its last expression.
    fn embedded_value(&mut self, code: &EmbeddedC, before: &str) {
        self.require_own_process(code);
        let macros = self.inner_macros(code);
        macros.open(&mut self.out);
        self.out.line(before);
        self.located_code(code);
        self.out.line("; });");
        macros.close(&mut self.out);
    }

    /// What C for the user's own processes begins with, where others than these may be the current one.
    fn require_own_process(&mut self, code: &EmbeddedC) {
        let asks = code.pragmas.myproc_unprivileged && !code.pragmas.unprivileged;
        if asks && self.unit.input.options.privilege == Privilege::User {
            let message = "not in a process of the user who runs the script";
            self.fail_if("!stp_is_myproc()", message, code.span);
        }
    }

    /// Macros of C inside a body of script; errors go where those of the script's own statements go.
    fn inner_macros(&mut self, code: &EmbeddedC) -> Macros {
        let label = self.error_label().to_owned();
        let mut macros = self.common_macros(code, &label, &self.token_place(code.span));
        // STAP_ARG_x for what the code says it uses of the variables around it.
        if let Some(function) = self.function.map(|id| &self.unit.program.functions[id]) {
            for &id in &code.args {
                let name = format!("STAP_ARG_{}", function.locals[id].name);
                macros.define(name, format!("({})", self.local(id)));
            }
        }
        macros
    }

    fn common_macros(&mut self, code: &EmbeddedC, leave: &str, place: &str) -> Macros {
        let leave = format!("do {{ c->last_stmt = {place}; goto {leave}; }} while (0)");
        let mut macros = Macros { macros: Vec::new(), leave };
        macros.define("CONTEXT", "c");
        macros.define("STAP_PRINTF(...)", "stp_out_printf(c, __VA_ARGS__)");
        macros.define("STAP_ERROR(...)", "do { stp_embedded_error(c, __VA_ARGS__); stp_leave; } while (0)");
        self.global_macros(code, &mut macros);
        macros
    }

    /// STAP_GLOBAL_GET_x and STAP_GLOBAL_SET_x for globals that the code says it uses.
    fn global_macros(&mut self, code: &EmbeddedC, macros: &mut Macros) {
        for &id in code.reads.iter().chain(code.writes.iter().filter(|id| !code.reads.contains(id))) {
            let global = self.global(id);
            let keys = parameters(global.keys.len());
            let value = match global.keys.is_empty() {
                true => names::global(global),
                false => self.global_element(id),
            };
            macros.define(format!("STAP_GLOBAL_GET_{}({})", global.name, keys.join(", ")), value);
        }
        for &id in &code.writes {
            let global = self.global(id);
            let mut parameters = parameters(global.keys.len());
            parameters.push("_v".to_owned());
            let name = format!("STAP_GLOBAL_SET_{}({})", global.name, parameters.join(", "));
            let meaning = match global.keys.is_empty() {
                true => store(global.value, &names::global(global), "(_v)"),
                false => self.global_element_store(id),
            };
            macros.define(name, meaning);
        }
    }

    /// A statement expression that gives what stands under a key.
    fn global_element(&self, id: GlobalId) -> String {
        let global = self.global(id);
        let (map, var) = (names::map_type(global), names::global(global));
        let nothing = if global.value == ValueTy::Scalar(Ty::String) { "(char *)\"\"" } else { "0" };
        format!(
            "({{ {} struct {map}_node *__node = {map}_find({var}, &__key); __node ? __node->value : {nothing}; }})",
            self.global_key(id)
        )
    }

    /// A statement that stores under a key. A new element of an array that wraps may displace the one that the string
    /// was read from, so that one is copied first.
    fn global_element_store(&mut self, id: GlobalId) -> String {
        let global = self.global(id);
        let (map, var) = (names::map_type(global), names::global(global));
        let overflow = c_string(self.overflow_message(id).as_bytes());
        let (value, kept) = match global.value {
            ValueTy::Scalar(Ty::String) if global.wrap => {
                let temp = self.string_temp();
                (format!("stp_string_copy({temp}, (_v));"), temp)
            }
            ValueTy::Scalar(Ty::String) => ("const char *__value = (_v);".to_owned(), "__value".to_owned()),
            _ => ("int64_t __value = (_v);".to_owned(), "__value".to_owned()),
        };
        format!(
            "do {{ {} struct {map}_node *__node; {value} __node = {map}_obtain({var}, &__key); \
             if (unlikely(!__node)) {{ c->last_error = {overflow}; stp_leave; }} {}; }} while (0)",
            self.global_key(id),
            store(global.value, "__node->value", &kept)
        )
    }

    fn global_key(&self, id: GlobalId) -> String {
        let global = self.global(id);
        let parts = parameters(global.keys.len());
        let parts: Vec<String> =
            parts.iter().enumerate().map(|(index, part)| format!(".k{index} = ({part})")).collect();
        format!("struct {}_key __key = {{ {} }};", names::map_type(global), parts.join(", "))
    }

    fn located_code(&mut self, code: &EmbeddedC) {
        self.out.flush_left(located(self.unit.input.sources, code));
        self.out.flush_left("#line STAP_UNIT");
    }
}

/// The macro parameters that stand for keys; no member of a map has such a name.
fn parameters(keys: usize) -> Vec<String> {
    (0..keys).map(|index| format!("_{index}")).collect()
}

fn store(ty: ValueTy, target: &str, value: &str) -> String {
    match ty {
        ValueTy::Scalar(Ty::String) => format!("stp_string_copy({target}, {value})"),
        _ => format!("({target} = {value})"),
    }
}

/// The code with the place of its first line, for the compiler's messages.
pub fn located(sources: &SourceMap, code: &EmbeddedC) -> String {
    let file = sources.file(code.span.file);
    let LineCol { line, .. } = file.line_col(code.span.lo);
    format!("#line {line} {}\n{}", c_string(file.name.as_bytes()), from_bytes(&code.code))
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
