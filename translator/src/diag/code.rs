//! Every kind of message, one line each. The doc comment is the manual entry (docs/errors.md).

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal,)+) => {
        /// The kind of a diagnostic. Numbers are stable: they are never given to another meaning.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// All codes, in the order of their numbers.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The stable identifier, such as `P0001`.
            pub fn id(self) -> &'static str { match self { $(Code::$name => $id,)+ } }

            /// The manual entry.
            pub fn doc(self) -> &'static str { match self { $(Code::$name => concat!($($doc),+),)+ } }
        }
    };
}

codes! {
    /// Usage: an option is unknown, lacks its value, or contradicts another one.
    Usage = "U0001",
    /// Pass 1: the script does not follow the grammar.
    Parse = "P0001",
    /// Pass 1: a token is malformed: bytes outside strings and comments that are no text, an unclosed string.
    BadToken = "P0002",
    /// Pass 1: preprocessing failed: a condition, a macro, a command-line argument.
    Preprocess = "P0003",
    /// Pass 1: the script nests deeper than the translator follows.
    TooDeep = "P0004",
    /// Pass 1: the input file is missing, unreadable or empty.
    Input = "P0005",
    /// Pass 1: a library file has an error and is skipped.
    LibraryFile = "P0006",
    /// Pass 2: a name cannot be resolved.
    Unresolved = "S0001",
    /// Pass 2: types do not agree.
    Type = "S0002",
    /// Pass 2: a probe point does not exist, or is incomplete.
    ProbePoint = "S0003",
    /// Pass 2: the construct is known to the language but this version of stap-rs cannot run it.
    NotYet = "S0004",
    /// Pass 2: the construct needs guru mode (-g) or a higher privilege.
    Privilege = "S0005",
    /// Pass 2: a declaration clashes with another one.
    Declaration = "S0006",
    /// Pass 2: a statement or expression is used where it has no meaning.
    Misuse = "S0007",
    /// Passes 1 and 2: a print format is wrong, or its arguments do not fit.
    Format = "S0008",
    /// Pass 2: a regular expression does not follow the syntax, or is too big to compile.
    Regex = "S0009",
    /// Pass 2 warning: something is never read, never written or never reached.
    Unused = "W0001",
    /// Passes 1 and 2 warning: anything else that is worth a look.
    Suspicious = "W0002",
    /// The kernel, its headers or its debuginfo are missing.
    Kernel = "K0001",
    /// Pass 3: an internal error of the translator; please report it.
    Internal = "I0001",
    /// Pass 4: the compiler or Kbuild failed.
    Build = "B0001",
    /// Pass 4: the compiler is missing or is not the kernel's.
    Compiler = "B0002",
    /// Pass 4: signing failed.
    Sign = "B0003",
    /// The cache cannot be used.
    Cache = "C0001",
    /// Pass 5: staprun could not be started or failed.
    Run = "R0001",
    /// Pass 5: the virtual machine could not be started, or the guest failed.
    Vm = "R0002",
}
