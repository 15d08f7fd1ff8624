//! Checked options: what the passes see. Conflicts between options are settled before this is made.

use std::path::PathBuf;

/// Where the script comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// A file.
    File(PathBuf),
    /// `-`
    Stdin,
    /// `-e`
    Text(Vec<u8>),
}

/// `-l` and `-L`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Points that match.
    Points {
        /// The probe point, as text.
        point: String,
        /// `-L`: with variables.
        variables: bool,
    },
    /// `--dump-probe-types`
    ProbeTypes,
    /// `--dump-probe-aliases`
    ProbeAliases,
    /// `--dump-functions`
    Functions,
}

/// `--sign-module[=KEY,CERT]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    /// With the user's own pair in the data directory, made on first use.
    OwnKey,
    /// With this pair.
    Pair {
        /// PEM private key.
        key: PathBuf,
        /// X.509 certificate, PEM or DER.
        cert: PathBuf,
    },
}

/// When messages have colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Color {
    /// Never.
    Never,
    /// Always.
    Always,
    /// On a terminal.
    #[default]
    Auto,
}

/// Privilege of the person who will run the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Privilege {
    /// stapusr
    User,
    /// stapsys
    System,
    /// stapdev
    #[default]
    Developer,
}

/// `--debuginfo`: where facts about functions and types come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Debuginfo {
    /// From the best that there is: DWARF when it is installed, BTF otherwise.
    #[default]
    Auto,
    /// From DWARF alone: an error when it is not installed.
    Dwarf,
    /// From BTF alone.
    Btf,
    /// From nowhere: the kernel's symbols are all.
    None,
}

/// All options of a run that has a script or a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `-p N`: the last pass, 1 to 5.
    pub last_pass: u8,
    /// Verbosity of passes 1 to 5 (`-v`, `--vp`).
    pub verbose: [u8; 5],
    /// The main script; `None` with a listing.
    pub script: Option<Script>,
    /// `-E`: further scripts.
    pub extra_scripts: Vec<Vec<u8>>,
    /// The words after the script: `$1`, `@1`.
    pub args: Vec<Vec<u8>>,
    /// `-l`, `-L`
    pub listing: Option<Listing>,
    /// `--json`: the listing as objects.
    pub json_listing: bool,
    /// `-I`
    pub include_dirs: Vec<PathBuf>,
    /// `-m`
    pub module_name: Option<String>,
    /// `-r`: a release or a build directory.
    pub release: Option<String>,
    /// `--sysroot`
    pub sysroot: Option<PathBuf>,
    /// `-R`: another runtime-c.
    pub runtime_dir: Option<PathBuf>,
    /// `-o`
    pub output: Option<PathBuf>,
    /// `-c`
    pub command: Option<String>,
    /// `-x`
    pub pid: Option<i32>,
    /// `-T`, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// `-s`, in MiB a CPU.
    pub buffer_mb: Option<u32>,
    /// `-D NAME[=VALUE]` in order.
    pub defines: Vec<(String, Option<String>)>,
    /// `-G NAME=VALUE` in order.
    pub globals: Vec<(String, String)>,
    /// `-g`
    pub guru: bool,
    /// `-k`
    pub keep_tmpdir: bool,
    /// `-u`
    pub unoptimized: bool,
    /// `--skip-badvars`: context variables that are not there are 0.
    pub skip_badvars: bool,
    /// `--color`
    pub color: Color,
    /// `-w`
    pub suppress_warnings: bool,
    /// `-W`
    pub panic_warnings: bool,
    /// `-t`
    pub timing: bool,
    /// `--disable-cache`
    pub disable_cache: bool,
    /// `-d`: whose symbols and unwind data shall be there.
    pub symbols_of: Vec<String>,
    /// `-d`, `--all-modules` or `--ldd` was given.
    pub wants_symbols: bool,
    /// `--vm[=RELEASE]`: run in a virtual machine of the target's kernel.
    pub vm: bool,
    /// `--sign-module`
    pub sign: Option<Signing>,
    /// `--compatible`: the language version, as `(5, 6)`.
    pub compatible: (u32, u32),
    /// `--privilege`
    pub privilege: Privilege,
    /// `--debuginfo`
    pub debuginfo: Debuginfo,
    /// `--btf`: the file that the kernel's BTF is in.
    pub btf: Option<PathBuf>,
    /// `--tmpdir`
    pub tmpdir: Option<PathBuf>,
    /// `--dump-after=NAME`: print the tree after an inner pass.
    pub dump_after: Option<String>,
    /// `--message-format=json`
    pub json_messages: bool,
    /// `--no-global-var-display`
    pub no_global_var_display: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            last_pass: 5,
            verbose: [0; 5],
            script: None,
            extra_scripts: Vec::new(),
            args: Vec::new(),
            listing: None,
            json_listing: false,
            include_dirs: Vec::new(),
            module_name: None,
            release: None,
            sysroot: None,
            runtime_dir: None,
            output: None,
            command: None,
            pid: None,
            timeout_ms: None,
            buffer_mb: None,
            defines: Vec::new(),
            globals: Vec::new(),
            guru: false,
            keep_tmpdir: false,
            unoptimized: false,
            skip_badvars: false,
            color: Color::Auto,
            suppress_warnings: false,
            panic_warnings: false,
            timing: false,
            disable_cache: false,
            symbols_of: Vec::new(),
            wants_symbols: false,
            vm: false,
            sign: None,
            compatible: (5, 6),
            privilege: Privilege::Developer,
            debuginfo: Debuginfo::Auto,
            btf: None,
            tmpdir: None,
            dump_after: None,
            json_messages: false,
            no_global_var_display: false,
        }
    }
}

/// MAXSTRINGLEN without a -D option; config.h of the runtime says the same.
const DEFAULT_STRING_LEN: usize = 512;

impl Options {
    /// The number that the last `-D name=NUMBER` gives.
    pub fn defined_number(&self, name: &str) -> Option<u64> {
        let (_, value) = self.defines.iter().rev().find(|(given, _)| given == name)?;
        value.as_deref()?.trim().parse().ok()
    }

    /// The size of string values, the NUL at their end included.
    pub fn max_string_len(&self) -> usize {
        let given = self.defined_number("MAXSTRINGLEN").and_then(|length| usize::try_from(length).ok());
        given.filter(|&length| length > 0).unwrap_or(DEFAULT_STRING_LEN)
    }
}
