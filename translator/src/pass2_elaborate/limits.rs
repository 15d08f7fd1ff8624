//! Embedded C: its magic comments, and who may use it.

use super::names::{Names, Reported};
use crate::cli::options::Privilege;
use crate::diag::Code;
use crate::ir::program::{EmbeddedC, FunctionId, GlobalId, Pragmas};
use crate::pass1_parse::ast::{self, FunctionBody};
use crate::source::{FileId, Span, Symbol};

/// Whether `text` stands in `code`.
pub fn contains(code: &[u8], text: &[u8]) -> bool {
    code.windows(text.len()).any(|window| window == text)
}

/// Reads the magic comments.
pub fn pragmas(code: &[u8]) -> Pragmas {
    Pragmas {
        pure: contains(code, b"/* pure */"),
        stable: contains(code, b"/* stable */"),
        unprivileged: contains(code, b"/* unprivileged */"),
        myproc_unprivileged: contains(code, b"/* myproc-unprivileged */"),
        guru: contains(code, b"/* guru */"),
        unmodified_fnargs: contains(code, b"/* unmodified-fnargs */"),
        string: contains(code, b"/* string */"),
        suffix: contains(code, b"/* pragma:suffix */"),
        tagged_dfa: contains(code, b"/* pragma:tagged_dfa */"),
        unmangled: contains(code, b"/* unmangled */"),
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
    Ok(EmbeddedC { span, pragmas: pragmas(&code), code, reads, writes, args: Vec::new() })
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
                let message = format!("unresolved global '{name}' in pragma:{what}");
                return names.error(Code::Unresolved, message, node.span);
            }
        }
    }
    Ok(ids)
}

/// Refuses a call that the session's privileges do not allow.
pub fn check_call(
    names: &Names<'_>,
    function: FunctionId,
    caller_is_library: bool,
    span: Span,
) -> Result<(), Reported> {
    let node = names.functions[function.index()].item.and_then(|item| names.catalog.function_at(item));
    let Some(FunctionBody::Embedded(code)) = node.map(|f| &f.body) else {
        return Ok(());
    };
    let options = &names.session.options;
    if options.privilege == Privilege::Developer && (options.guru || caller_is_library) {
        return Ok(());
    }
    let pragmas = pragmas(&code.code);
    if pragmas.guru && !options.guru && !caller_is_library {
        return names.error(Code::Privilege, "function may not be used unless -g is specified", span);
    }
    let allowed = pragmas.unprivileged || pragmas.myproc_unprivileged;
    if options.privilege == Privilege::User && !allowed {
        let message = "function may not be used when --privilege=stapusr is specified";
        return names.error(Code::Privilege, message, span);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_comments_are_exact() {
        let found = pragmas(b" /* pure */ /* unprivileged */ STAP_RETVALUE = 1; ");
        assert!(found.pure && found.unprivileged && !found.guru);
        assert!(!pragmas(b"/*pure*/").pure);
    }

    #[test]
    fn named_globals_are_listed() {
        let code = b"/* pragma:read:a */ /* pragma:write:b */ /* pragma:read:c */";
        assert_eq!(named(code, "read"), [Symbol::new("a"), Symbol::new("c")]);
        assert_eq!(named(code, "write"), [Symbol::new("b")]);
    }
}
