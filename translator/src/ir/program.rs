//! The program: globals, functions, probes, embedded C.

// Every type and variant has its sentence; fields that repeat it in other words would say nothing.
#![allow(missing_docs)]

use super::arena::{Arena, Handle};
use super::stmt::Block;
use super::ty::{Ty, ValueTy};
use crate::regex::Machine;
use crate::source::{Span, Symbol};

/// Handle of a [`Global`].
pub type GlobalId = Handle<Global>;
/// Handle of a [`Function`].
pub type FunctionId = Handle<Function>;
/// Handle of a [`Local`] in its function or probe.
pub type LocalId = Handle<Local>;

/// A whole script, typed, with all that it uses of the tapset.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Globals, in the order in which messages and dumps list them.
    pub globals: Arena<Global>,
    /// Functions; only those that some probe reaches.
    pub functions: Arena<Function>,
    /// Probes in order of registration within their families.
    pub probes: Vec<Probe>,
    /// The machine of each pattern that some body matches with; all are tagged or none is.
    pub regexes: Vec<Regex>,
    /// Some embedded C asks for the groups of the latest match.
    pub wants_groups: bool,
    /// Symbols whose addresses the kernel tells when the module is loaded; no two are the same.
    pub symbols: Vec<LinkSymbol>,
    /// The builds of the kernel and of modules that it was made for.
    pub build_ids: Vec<BuildId>,
    /// Top-level embedded C, in order.
    pub embedded: Vec<EmbeddedC>,
    /// Longest chain of calls that can be active at once, for MAXNESTING; recursive programs add ten.
    pub call_depth: u32,
    /// Whether some function can call itself.
    pub recursive: bool,
}

/// A symbol of the kernel or of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSymbol {
    /// `kernel`, or a module's name.
    pub module: String,
    /// Its name there.
    pub name: String,
}

/// A build of the kernel or of a module, of which something was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildId {
    /// `kernel`, or a module's name.
    pub module: String,
    /// What its build id note says, at most 64 bytes.
    pub id: Vec<u8>,
}

/// A regular expression, compiled.
#[derive(Clone, Debug)]
pub struct Regex {
    /// The pattern's text, which no other has.
    pub pattern: Vec<u8>,
    /// What runs.
    pub machine: Machine,
}

/// A global variable.
#[derive(Clone, Debug)]
pub struct Global {
    /// The name in the script; unique unless private to a file.
    pub name: Symbol,
    /// A name that is unique in the program and a C identifier: `NAME`, or mangled for private ones.
    pub unique: Symbol,
    /// The declaration.
    pub span: Span,
    /// Key types of an array; empty for a scalar.
    pub keys: Vec<Ty>,
    /// What it holds.
    pub value: ValueTy,
    /// Initial value of a scalar.
    pub init: Option<Constant>,
    /// Elements of an array; `None` for MAXMAPENTRIES.
    pub size: Option<u32>,
    /// The oldest element gives way when the array is full.
    pub wrap: bool,
    /// `-G name=value` may set it: a non-private scalar of a script or tapset.
    pub module_param: bool,
    /// Some handler or function writes it while probes run.
    pub written: bool,
}

/// A constant scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constant {
    /// A number.
    Long(i64),
    /// Bytes of a string.
    String(Vec<u8>),
}

/// A local variable, zero or empty at the start.
#[derive(Clone, Debug)]
pub struct Local {
    /// The name in the script; a number for a local of the translator's own, which no script can name.
    pub name: Symbol,
    /// Its type.
    pub ty: Ty,
    /// The first use.
    pub span: Span,
}

impl Local {
    /// Whether the translator made it, so that messages and dumps leave it out.
    pub fn is_hidden(&self) -> bool {
        self.name.as_str().starts_with(|c: char| c.is_ascii_digit())
    }
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name in the script.
    pub name: Symbol,
    /// A name that is unique in the program and a C identifier: overloads and private functions are told apart.
    pub unique: Symbol,
    /// The declaration's name token.
    pub span: Span,
    /// Parameters first, then other locals.
    pub locals: Arena<Local>,
    /// How many of `locals` are parameters.
    pub params: usize,
    /// The result, or `None` for a function that returns nothing.
    pub ret: Option<Ty>,
    /// What it does.
    pub body: FunctionBody,
    /// Candidates of the same name and arity to try when this one says `next`, in order.
    pub next: Option<FunctionId>,
}

/// What a function does.
#[derive(Clone, Debug)]
pub enum FunctionBody {
    /// Script statements.
    Script(Block),
    /// C from the tapset or a guru script.
    Embedded(EmbeddedC),
}

/// C text that goes into the module as it is.
#[derive(Clone, Debug)]
pub struct EmbeddedC {
    /// The `%{ … %}` token.
    pub span: Span,
    /// The bytes between the braces.
    pub code: Vec<u8>,
    /// The magic comments that stand in it.
    pub pragmas: Pragmas,
    /// Globals that `/* pragma:read:g */` and `/* pragma:write:g */` name.
    pub reads: Vec<GlobalId>,
    /// See `reads`.
    pub writes: Vec<GlobalId>,
    /// Variables of the function around it that `STAP_ARG_…` names; none when the C is a function's whole body.
    pub args: Vec<LocalId>,
}

/// Magic comments of embedded C.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pragmas {
    /// No side effect: may be elided.
    pub pure: bool,
    /// The same all through a handler.
    pub stable: bool,
    /// Usable at --privilege=stapusr.
    pub unprivileged: bool,
    /// Usable at --privilege=stapusr on the user's own processes.
    pub myproc_unprivileged: bool,
    /// Callers must be guru.
    pub guru: bool,
    /// String arguments are not written to.
    pub unmodified_fnargs: bool,
    /// Expression of type string.
    pub string: bool,
    /// Goes to the end of the C file.
    pub suffix: bool,
    /// Asks for the groups of regular expressions.
    pub tagged_dfa: bool,
    /// Arguments as `THIS->name`.
    pub unmangled: bool,
    /// Made for the bpf runtime.
    pub bpf: bool,
    /// Asks for names of addresses of the kernel.
    pub symbols: bool,
    /// Asks for the stack of the kernel.
    pub unwind: bool,
    /// The first part of the runtime that it asks for and that is not there: `vma`, `lines`.
    pub missing: Option<&'static str>,
}

/// A derived probe: one point, one handler.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The handler's number in C names (`probe_NUMBER`).
    pub number: u32,
    /// Where it fires.
    pub point: Point,
    /// The derived point as `pp()` gives it.
    pub pp: String,
    /// The point as the user wrote it, as `pn()` gives it.
    pub pn: String,
    /// `FILE:LINE:COLUMN` of the user's probe, for the -t report.
    pub location: String,
    /// ` from: A from: B`, for the -t report.
    pub derivation: String,
    /// ` <- A = B <- A`: the aliases and the probe as they are written, for -p2.
    pub lineage: String,
    /// The token of the user's probe point.
    pub span: Span,
    /// Registration may fail silently (`?`).
    pub optional: bool,
    /// Its locals.
    pub locals: Arena<Local>,
    /// Its handler, alias prologues and epilogues included.
    pub body: Block,
    /// Globals to lock, in the order of their handles.
    pub locks: Vec<Lock>,
    /// `if (…)` of the point: a long over globals.
    pub condition: Option<super::expr::Expr>,
}

/// A lock that a handler takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The global.
    pub global: GlobalId,
    /// For writing; for reading otherwise.
    pub write: bool,
}

/// Where a derived probe fires. One variant per family; later families add theirs.
#[derive(Clone, Debug, PartialEq)]
pub enum Point {
    /// `begin(N)`
    Begin { priority: i64 },
    /// `end(N)`
    End { priority: i64 },
    /// `error(N)`
    Error { priority: i64 },
    /// `never`: type-checked, never emitted.
    Never,
    /// `timer.jiffies(N).randomize(M)`, `timer.hz(N)`
    TimerJiffies { interval: TimerJiffies, randomize: u64 },
    /// `timer.s/ms/us/ns(N).randomize(M)`: nanoseconds.
    TimerHr { interval_ns: u64, randomize_ns: u64 },
    /// `kernel.function`, `kprobe.function`, `module().function` by symbol.
    Kprobe(KprobePoint),
    /// `perf.type().config()`, `timer.profile.tick`
    Perf(PerfPoint),
    /// `kernel.data()`
    Data(DataPoint),
    /// `procfs("PATH").read`, `.write`
    Procfs(ProcfsPoint),
    /// `netfilter.hook("H").pf("P").priority("N")`
    Netfilter(NetfilterPoint),
    /// `kernel.trace`, `kernel.tracepoint`, `module().tracepoint`.
    Tracepoint(TracepointPoint),
    /// What a return probe keeps of its function's entry: `@entry`. The return probe names the same pair.
    KprobeEntry { pair: u32 },
}

/// An event of the perf subsystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerfPoint {
    /// `perf_event_attr.type`
    pub kind: u32,
    /// `perf_event_attr.config`
    pub config: u64,
    /// When the handler runs.
    pub sampling: Sampling,
    /// Only what the target process does.
    pub of_target: bool,
    /// `.counter(NAME)`: no handler runs, `@perf(NAME)` reads what was counted.
    pub counter: Option<Symbol>,
}

/// How often an event is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Once in so many; 0: never.
    Period(u64),
    /// So many times a second.
    Hz(u64),
    /// As often as the kernel's tick.
    Tick,
}

/// What a debug register watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataPoint {
    /// Where.
    pub place: DataPlace,
    /// Bytes: 1, 2, 4 or 8.
    pub length: u8,
    /// Reads as well as writes.
    pub reads: bool,
}

/// Where watched data lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataPlace {
    /// A symbol, resolved in the kernel at load.
    Symbol(String),
    /// An address.
    Address(u64),
}

/// An interval of a jiffies timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerJiffies {
    /// So many jiffies.
    Jiffies(u64),
    /// So many times a second.
    Hz(u64),
}

/// A tracepoint, which the kernel finds by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracepointPoint {
    /// `kernel`, or the name of a module; empty when any may have it, or the kernel.
    pub module: String,
    /// Its name.
    pub name: String,
}

/// A kprobe or kretprobe by symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KprobePoint {
    /// `kernel`, or a module's name.
    pub module: String,
    /// The symbol, resolved in the kernel at load; empty for an address of the running kernel.
    pub symbol: String,
    /// Offset from the symbol in bytes, or the address.
    pub offset: u64,
    /// Fires at the function's return.
    pub is_return: bool,
    /// `.maxactive(N)`
    pub maxactive: Option<u32>,
    /// What a return probe finds kept of the entry.
    pub saves: Option<Saves>,
}

/// A file below /proc/systemtap/MODULE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcfsPoint {
    /// Its path there.
    pub path: Vec<u8>,
    /// Fires at what is written to it, not at what is read of it.
    pub write: bool,
    /// The bits that its mode lacks.
    pub umask: u16,
    /// Most bytes that a reader gets; `None` for STP_PROCFS_BUFSIZE.
    pub size: Option<u32>,
}

/// A hook that packets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetfilterPoint {
    /// The protocol family in C.
    pub family: String,
    /// The hook's number in C.
    pub hook: String,
    /// The priority in C.
    pub priority: String,
}

/// Values that an entry keeps for its return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saves {
    /// The number that the entry's probe has too.
    pub pair: u32,
    /// How many numbers.
    pub longs: u16,
    /// How many strings.
    pub strings: u16,
}

impl Point {
    /// The number that a return probe shares with the probe of its function's entry.
    pub fn pair(&self) -> Option<u32> {
        match self {
            Point::Kprobe(point) => point.saves.map(|saves| saves.pair),
            Point::KprobeEntry { pair } => Some(*pair),
            _ => None,
        }
    }
}
