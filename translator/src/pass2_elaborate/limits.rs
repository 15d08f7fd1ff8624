//! Embedded C: its magic comments, and who may use it.

use rustc_hash::FxHashSet;

use super::names::{Names, Reported};
use crate::cli::options::Privilege;
use crate::diag::{Code, Diagnostic, Sink};
use crate::ir::program::{EmbeddedC, FunctionId, GlobalId, Pragmas, Program};
use crate::ir::ty::ValueTy;
use crate::ir::visit;
use crate::pass1_parse::ast::{self, FunctionBody};
use crate::source::{FileId, Span, Symbol};

const GURU: &[u8] = b"/* guru */";

/// Whether `text` stands in `code`.
pub fn contains(code: &[u8], text: &[u8]) -> bool {
    code.windows(text.len()).any(|window| window == text)
}

/// Parts of the runtime that a `pragma:` switches on and that modules do not have.
const MISSING: [&str; 2] = ["vma", "lines"];

/// Reads the magic comments. Before version 1.8 all C was written for unmangled arguments.
pub fn pragmas(code: &[u8], compatible: (u32, u32)) -> Pragmas {
    let asks_for = |part: &&str| contains(code, format!("/* pragma:{part} */").as_bytes());
    Pragmas {
        pure: contains(code, b"/* pure */"),
        stable: contains(code, b"/* stable */"),
        unprivileged: contains(code, b"/* unprivileged */"),
        myproc_unprivileged: contains(code, b"/* myproc-unprivileged */"),
        guru: contains(code, GURU),
        unmodified_fnargs: contains(code, b"/* unmodified-fnargs */"),
        string: contains(code, b"/* string */"),
        suffix: contains(code, b"/* pragma:suffix */"),
        tagged_dfa: contains(code, b"/* pragma:tagged_dfa */"),
        unmangled: contains(code, b"/* unmangled */") || compatible < (1, 8),
        bpf: contains(code, b"/* bpf */"),
        symbols: asks_for(&"symbols"),
        unwind: asks_for(&"unwind"),
        missing: MISSING.into_iter().find(asks_for),
    }
}

/// The names after each `/* pragma:WHAT:`.
fn named(code: &[u8], what: &str) -> Vec<Symbol> {
    let text = String::from_utf8_lossy(code);
    let marker = format!("/* pragma:{what}:");
    let after = text.split(marker.as_str()).skip(1);
    after.filter_map(|rest| rest.split_once("*/")).map(|(name, _)| Symbol::new(name.trim())).collect()
}

/// Embedded C with all that its comments say, if `file` may hold any.
pub fn embedded(names: &mut Names<'_>, file: FileId, node: &ast::Embedded) -> Result<EmbeddedC, Reported> {
    if !names.session.sources.file(file).privileged {
        let message = "embedded code in unprivileged script; need stap -g";
        return names.error(Code::Privilege, message, node.span);
    }
    let reads = globals(names, file, node, "read")?;
    let writes = globals(names, file, node, "write")?;
    let (span, code) = (node.span, node.code.clone());
    let pragmas = pragmas(&code, names.session.options.compatible);
    Ok(EmbeddedC { span, pragmas, code, reads, writes, args: Vec::new() })
}

fn globals(
    names: &mut Names<'_>,
    file: FileId,
    node: &ast::Embedded,
    what: &str,
) -> Result<Vec<GlobalId>, Reported> {
    let mut ids = Vec::new();
    for name in named(&node.code, what) {
        match names.global(file, name, node.span) {
            Some(id) => ids.push(id),
            None => {
                let message = format!("unresolved pragma:{what} global {name}");
                return names.error(Code::Unresolved, message, node.span);
            }
        }
    }
    Ok(ids)
}

/// Checks C that stands in a body of script, as a value or a statement.
pub fn check_inner(names: &Names<'_>, code: &EmbeddedC) -> Result<(), Reported> {
    if forbidden(names, &code.pragmas) {
        let message = "embedded expression may not be used when --privilege=stapusr is specified";
        return names.error(Code::Privilege, message, code.span);
    }
    Ok(())
}

/// Checks C that is the body of the function declared at `declared`.
pub fn check_function(names: &Names<'_>, declared: Span, code: &EmbeddedC) -> Result<(), Reported> {
    let pragmas = &code.pragmas;
    if forbidden(names, pragmas) {
        let message = "function may not be used when --privilege=stapusr is specified";
        return names.error(Code::Privilege, message, declared);
    }
    if pragmas.bpf {
        return names.error(Code::Misuse, "function requires bpf runtime", declared);
    }
    if pragmas.stable && !pragmas.pure {
        return names.error(Code::Misuse, "stable function must also be /* pure */", code.span);
    }
    Ok(())
}

/// A stapusr runs only C that says that it is safe in anybody's hands.
fn forbidden(names: &Names<'_>, pragmas: &Pragmas) -> bool {
    let safe = pragmas.unprivileged || pragmas.myproc_unprivileged;
    names.session.options.privilege == Privilege::User && !safe
}

/// Refuses a call, from a script without -g, of functions that only guru mode and the library may call.
pub fn check_call(
    names: &Names<'_>,
    callee: &[FunctionId],
    from: FileId,
    span: Span,
) -> Result<(), Reported> {
    let options = &names.session.options;
    let user = options.privilege == Privilege::User;
    if user || options.guru || names.session.sources.file(from).library {
        return Ok(());
    }
    let is_guru = |id: &FunctionId| {
        let function = names.functions[id.index()].item.and_then(|item| names.catalog.function_at(item));
        matches!(function.map(|f| &f.body), Some(FunctionBody::Embedded(code)) if contains(&code.code, GURU))
    };
    if callee.iter().any(is_guru) {
        return names.error(Code::Privilege, "function may not be used unless -g is specified", span);
    }
    Ok(())
}

/// Statistics are kept per CPU, in a form of our own: C cannot have them.
pub fn check_globals(program: &Program, sink: &Sink) {
    let mut told = FxHashSet::default();
    visit::embedded(program, &mut |code| {
        for &id in code.reads.iter().chain(&code.writes) {
            let global = &program.globals[id];
            if matches!(global.value, ValueTy::Stat(_)) && told.insert(id) {
                let message = "Aggregates not available in embedded-C";
                sink.push(Diagnostic::semantic(Code::Misuse, message, global.span));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_comments_are_exact() {
        let found = pragmas(b" /* pure */ /* unprivileged */ STAP_RETVALUE = 1; ", (5, 6));
        assert!(found.pure && found.unprivileged && !found.guru && !found.unmangled);
        assert!(!pragmas(b"/*pure*/", (5, 6)).pure);
        assert!(pragmas(b"", (1, 7)).unmangled);
    }

    #[test]
    fn named_globals_are_listed() {
        let code = b"/* pragma:read:a */ /* pragma:write:b */ /* pragma:read:c */";
        assert_eq!(named(code, "read"), [Symbol::new("a"), Symbol::new("c")]);
        assert_eq!(named(code, "write"), [Symbol::new("b")]);
    }
}
