//! The one owner of every identifier in the generated unit.
//!
//! Names of the script get a prefix that neither the kernel nor the runtime uses (`global_`, `function_`, `probe_`,
//! `map_`, `l_`), so that a script may call a variable `current` or `int`. Only arguments of embedded C that asks for
//! unmangled names (`THIS->name`) go bare; those are checked against [`RESERVED`].

use crate::ir::program::{Function, Global, Probe};
use crate::ir::ty::{Ty, ValueTy};
use crate::source::Symbol;

/// What cannot be a member's name: C11 keywords and GNU ones (ISO C11 6.4.1, gcc's manual), and macros of the kernel
/// without arguments that any header may have brought (asm/current.h, linux/kernel.h, arch/x86).
const RESERVED: &[&str] = &[
    "alignas", "alignof", "asm", "auto", "break", "case", "char", "const", "continue", "current", "default",
    "do", "double", "else", "enum", "errno", "extern", "false", "float", "for", "goto", "if", "inline",
    "int", "linux", "long", "register", "restrict", "return", "short", "signed", "sizeof", "static",
    "struct", "switch", "true", "typedef", "typeof", "union", "unix", "unsigned", "void", "volatile",
    "while",
];

/// The variable of a global.
pub fn global(global: &Global) -> String {
    format!("global_{}", global.unique)
}

/// The lock of a global.
pub fn global_lock(global: &Global) -> String {
    format!("global_{}_lock", global.unique)
}

/// A function, and its member in the frame union.
pub fn function(function: &Function) -> String {
    format!("function_{}", function.unique)
}

/// The machine of a regular expression.
pub fn regex(index: usize) -> String {
    format!("regex_{index}")
}

/// A handler, and its member in the union of probe locals.
pub fn probe(probe: &Probe) -> String {
    format!("probe_{}", probe.number)
}

/// A local or parameter as a member of its frame.
pub fn local(name: Symbol) -> String {
    format!("l_{name}")
}

/// A parameter of embedded C with unmangled names.
pub fn unmangled(name: Symbol) -> String {
    let text = name.as_str();
    if RESERVED.binary_search(&text).is_ok() { format!("{text}_") } else { text.to_owned() }
}

/// A string temporary of a frame.
pub fn string_temp(number: usize) -> String {
    format!("__tmp{number}")
}

/// The map type of an array: `map_ls_l` for keys long and string, value long; `x` is a statistic, `x9` one with a
/// histogram of nine buckets.
pub fn map_type(global: &Global) -> String {
    let letters: String = global.keys.iter().map(|&ty| letter(ty)).collect();
    match (global.value, super::histogram::buckets_of(global)) {
        (ValueTy::Scalar(ty), _) => format!("map_{letters}_{}", letter(ty)),
        (ValueTy::Stat(_), 0) => format!("map_{letters}_x"),
        (ValueTy::Stat(_), buckets) => format!("map_{letters}_x{buckets}"),
    }
}

fn letter(ty: Ty) -> char {
    match ty {
        Ty::Long => 'l',
        Ty::String => 's',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_can_be_searched() {
        assert!(RESERVED.is_sorted());
        assert_eq!(unmangled(Symbol::new("current")), "current_");
        assert_eq!(unmangled(Symbol::new("count")), "count");
        assert_eq!(local(Symbol::new("int")), "l_int");
    }
}
