//! What preprocessing depends on besides the text.

use std::sync::Arc;

use super::token::Token;
use crate::cli::options::Privilege;
use crate::source::{Span, Symbol};

/// The facts that conditions ask for, the arguments of the command line, and the library's macros.
#[derive(Clone, Copy)]
pub struct ParseEnv<'a> {
    /// Release of the probed kernel, as uname -r prints it.
    pub release: &'a str,
    /// Its architecture, by the kernel's name for it.
    pub arch: &'a str,
    /// Its configuration: the value of `CONFIG_x`.
    pub config: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// What `systemtap_v` is (`--compatible`).
    pub compatible: (u32, u32),
    /// The version whose syntax the file has: the same, but our own tapset is always read as what it is.
    pub syntax: (u32, u32),
    /// `--privilege`
    pub privilege: Privilege,
    /// `-g`
    pub guru: bool,
    /// The words after the script.
    pub args: &'a [Vec<u8>],
    /// The macros of `.stpm` files.
    pub macros: &'a (dyn MacroLibrary + Sync),
}

/// Where macros that a file does not define itself are looked up.
pub trait MacroLibrary {
    /// The macro of this name, without its `@`.
    fn find(&self, name: Symbol) -> Option<Arc<Macro>>;
}

/// No library macros at all.
pub struct NoMacros;

impl MacroLibrary for NoMacros {
    fn find(&self, _name: Symbol) -> Option<Arc<Macro>> {
        None
    }
}

/// `@define NAME(params) %( body %)`
#[derive(Debug)]
pub struct Macro {
    /// The name, without `@`.
    pub name: Symbol,
    /// The token of the name.
    pub span: Span,
    /// The parameters; empty when there is no parameter list.
    pub params: Vec<Symbol>,
    /// The tokens, as scanned.
    pub body: Arc<[Token]>,
    /// From a `.stpm` file: its body sees library macros only.
    pub library: bool,
}
