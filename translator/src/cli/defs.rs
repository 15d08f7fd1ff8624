//! Every option, once: its names, its value, its help, and whether it works yet.
//!
//! The parser ([`super::raw`]), `--help` and the man page ([`super::docs`]) are made from this table.

/// Whether an option takes a value, and how the help calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// No value.
    None,
    /// A value must follow: `-o FILE`, `--vp ABCDE`.
    Required(&'static str),
    /// A value may be given with `=`: `--vm=RELEASE`.
    Optional(&'static str),
}

/// Whether this version acts on the option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Works,
    /// SystemTap has it, stap-rs refuses it for now; the text says what to do instead, and may be empty.
    Refused(&'static str),
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Def {
    /// Key in [`super::raw::Raw`]; the long name where there is one.
    pub id: &'static str,
    /// `-x`
    pub short: Option<char>,
    /// `--name`
    pub long: Option<&'static str>,
    /// Its value.
    pub value: Value,
    /// What it does, in words that follow the option's name in a list.
    pub help: &'static str,
    /// Whether it works.
    pub status: Status,
}

const fn flag(id: &'static str, short: char, help: &'static str) -> Def {
    Def { id, short: Some(short), long: None, value: Value::None, help, status: Status::Works }
}

const fn value(id: &'static str, short: char, name: &'static str, help: &'static str) -> Def {
    Def { value: Value::Required(name), ..flag(id, short, help) }
}

const fn long(id: &'static str, value: Value, help: &'static str) -> Def {
    Def { id, short: None, long: Some(id), value, help, status: Status::Works }
}

impl Def {
    /// The same option with a long name.
    const fn or(self, name: &'static str) -> Def {
        Def { long: Some(name), ..self }
    }

    /// The same option, refused with a remedy.
    const fn refused(self, remedy: &'static str) -> Def {
        Def { status: Status::Refused(remedy), ..self }
    }

    /// How the option is written, for messages: its long name if it has one.
    pub fn spelling(&self) -> String {
        match (self.long, self.short) {
            (Some(long), _) => format!("--{long}"),
            (None, Some(short)) => format!("-{short}"),
            (None, None) => self.id.to_owned(),
        }
    }
}

use Value::{None as NoValue, Optional, Required};

/// All options, in the order of the help text.
pub const DEFS: &[Def] = &[
    flag("help", 'h', "show this help").or("help"),
    flag("version", 'V', "show the version").or("version"),
    value(
        "pass",
        'p',
        "NUM",
        "stop after pass NUM: 1 parse, 2 elaborate, 3 translate, 4 compile, 5 run (default)",
    ),
    flag("verbose", 'v', "add verbosity to all passes; may be repeated"),
    long("vp", Required("ABCDE"), "add verbosity to each pass, one digit a pass"),
    flag("keep", 'k', "keep the temporary directory"),
    flag("unoptimized", 'u', "do not optimise the script"),
    flag("no-warnings", 'w', "suppress warnings; wins over -W"),
    flag("panic-warnings", 'W', "turn warnings into errors"),
    flag("guru", 'g', "guru mode: the script may hold C code and write to the kernel"),
    value("script", 'e', "SCRIPT", "run this script"),
    value("extra", 'E', "SCRIPT", "run this script too; may be repeated"),
    value("list", 'l', "PROBE", "list matching probe points"),
    value("list-vars", 'L', "PROBE", "list matching probe points and their variables"),
    value("include", 'I', "DIR", "look in DIR for more tapset files; may be repeated"),
    value("define", 'D', "NAME[=VALUE]", "define a macro in the generated C; may be repeated"),
    value("global", 'G', "NAME=VALUE", "set a global variable at the start; may be repeated"),
    value("runtime-dir", 'R', "DIR", "take the runtime from DIR"),
    value("release", 'r', "RELEASE|/DIR", "compile for this kernel release, or for the kernel built in /DIR"),
    long(
        "sysroot",
        Required("DIR"),
        "look for that kernel, its modules and debuginfo below DIR, not below /",
    ),
    value("module", 'm', "NAME", "name the module NAME and keep it in the current directory"),
    value(
        "output",
        'o',
        "FILE",
        "write the script's output to FILE, whose name may hold strftime(3) formats",
    ),
    value("cmd", 'c', "CMD", "start the probes, run CMD, exit when it ends; target() is its process"),
    value("target", 'x', "PID", "set target() to PID"),
    value("timeout", 'T', "SECONDS", "exit after so many seconds; fractions allowed"),
    value("buffer", 's', "MB", "buffer size a CPU in megabytes, 1 to 4095 (default 16)"),
    flag("timing", 't', "report how long each probe took"),
    long("vm", Optional("RELEASE"), "run in a throwaway virtual machine of the target kernel, or of RELEASE"),
    long(
        "sign-module",
        Optional("KEY,CERT"),
        "sign the module, with the user's own key pair (made on first use) or this one",
    ),
    long("disable-cache", NoValue, "neither read nor write the cache"),
    long("tmpdir", Required("DIR"), "put temporary files into DIR and keep them"),
    long("compatible", Required("VERSION"), "behave as that version of SystemTap where the language changed"),
    long("privilege", Required("stapusr|stapsys|stapdev"), "check the script against what that group may do"),
    long("unprivileged", NoValue, "the same as --privilege=stapusr"),
    long("debuginfo", Required("auto|dwarf|btf|none"), "where facts about kernel functions come from"),
    long("btf", Required("FILE"), "take the kernel's functions and types from the BTF in FILE"),
    long("no-global-var-display", NoValue, "do not print globals that were never read at the end"),
    long("message-format", Required("classic|json"), "layout of errors and warnings"),
    long("dump-probe-types", NoValue, "list the points that probes can have"),
    long(
        "dump-probe-aliases",
        NoValue,
        "list the aliases of the tapset; with -v those that begin with _ too",
    ),
    long("dump-functions", NoValue, "list the functions of the tapset with their types; -v as above"),
    long(
        "json",
        NoValue,
        "give -l, -L and the --dump-* switches as JSON, one object a line: probe and variables, probe_type, alias and points, or function, type, parameters and tags",
    ),
    long(
        "dump-after",
        Required("resolve|elide|types|optimize"),
        "print the program after that part of pass 2",
    ),
    long("runtime", Required("kernel"), "run-time mode; only the kernel mode exists"),
    long("color", Optional("never|always|auto"), "colours in messages; on a terminal when not given"),
    long("colour", Optional("never|always|auto"), "the same as --color"),
    value("arch", 'a', "ARCH", "kernel architecture; only x86_64"),
    flag("bulk", 'b', "one output file a CPU").refused("output of all CPUs is merged in order; use -o FILE"),
    value("kbuild", 'B', "NAME=VALUE", "pass an option to Kbuild")
        .refused("-D defines macros of the generated C"),
    long("modinfo", Required("NAME=VALUE"), "add a MODULE_INFO to the module").refused(""),
    flag("prologue", 'P', "search function prologues for probe addresses")
        .or("prologue-searching")
        .refused(""),
    flag("interactive", 'i', "interactive shell")
        .or("interactive")
        .refused("give the script with -e or as a file"),
    flag("flight-recorder", 'F', "flight recorder").refused("use -o FILE"),
    value("switch", 'S', "MB[,N]", "rotate output files").refused("use -o FILE"),
    value(
        "object",
        'd',
        "OBJECT",
        "symbols and stacks of OBJECT: those of the kernel and its modules need no option",
    ),
    flag("coverage", 'q', "tapset coverage database").refused(""),
    long("ldd", NoValue, "symbols and stacks of shared libraries, for objects of user space that -d names"),
    long("all-modules", NoValue, "symbols and stacks of all kernel modules: there without it"),
    long("debug", NoValue, "build the module with debuginfo").refused("use -k to keep the generated C"),
    long("skip-badvars", NoValue, "take 0 for context variables that do not exist or cannot be read"),
    long("suppress-handler-errors", NoValue, "ignore run-time errors").refused("use -DMAXERRORS=NUM"),
    long("suppress-time-limits", NoValue, "no MAXACTION, no overload check")
        .refused("use -DMAXACTION=NUM and -DSTP_NO_OVERLOAD"),
    long("check-version", NoValue, "warn where the language changed between versions").refused(""),
    long("semantic-keep-going", NoValue, "report more than the first errors of pass 2")
        .refused("all errors are reported as it is"),
    long("poison-cache", NoValue, "write the cache, do not read it").refused("use --disable-cache"),
    long("clean-cache", NoValue, "remove old files from the cache").refused("the cache bounds itself"),
    long("dyninst", NoValue, "run in user space by dyninst").refused(""),
    long("bpf", NoValue, "run in the kernel's BPF machine").refused(""),
    long("remote", Required("URL"), "run on another machine")
        .refused("compile with -p4 -r RELEASE and copy the module"),
    long("remote-prefix", NoValue, "prefix remote output with the host").refused(""),
    long("use-server", Optional("SPEC"), "compile on a server")
        .refused("compile with -p4 -r RELEASE and copy the module"),
    long("use-server-on-error", Optional("yes|no"), "compile on a server after an error").refused(""),
    long("use-http-server", Required("SPEC"), "compile on a server").refused(""),
    long("list-servers", Optional("PROPERTIES"), "list compile servers").refused(""),
    long("trust-servers", Optional("SPEC"), "trust compile servers").refused(""),
    long("client-options", NoValue, "options that follow come from a client").refused(""),
    long("download-debuginfo", Optional("yes|no|ask|SECONDS"), "fetch debuginfo").refused(""),
    long("rlimit-as", Required("NUM"), "limit the translator's memory").refused("use ulimit -v"),
    long("rlimit-cpu", Required("NUM"), "limit the translator's CPU time").refused("use ulimit -t"),
    long("rlimit-nproc", Required("NUM"), "limit the translator's processes").refused("use ulimit -u"),
    long("rlimit-stack", Required("NUM"), "limit the translator's stack").refused("use ulimit -s"),
    long("rlimit-fsize", Required("NUM"), "limit the size of files").refused("use ulimit -f"),
    long("sysenv", Required("NAME=VALUE"), "the target's environment").refused(""),
    long("save-uprobes", NoValue, "keep uprobes.ko").refused("the kernel's own uprobes need no module"),
    long("target-namespaces", Required("PID"), "take process ids from PID's namespaces").refused(""),
    long("monitor", Optional("SECONDS"), "show the script's globals on the terminal").refused(""),
    long("example", Required("NAME"), "run an installed example script").refused("give its path"),
    long("language-server", NoValue, "serve an editor").refused(""),
    long("build-as", Required("USER"), "compile as that user").refused(""),
];

/// The definition with this id.
pub fn by_id(id: &str) -> Option<&'static Def> {
    DEFS.iter().find(|def| def.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names = BTreeSet::new();
        for def in DEFS {
            assert!(names.insert(format!("id {}", def.id)), "{} twice", def.id);
            let spellings = [def.short.map(|c| format!("-{c}")), def.long.map(|l| format!("--{l}"))];
            for spelling in spellings.into_iter().flatten() {
                assert!(names.insert(spelling.clone()), "{spelling} twice");
            }
        }
    }

    #[test]
    fn every_option_of_systemtap_is_known() {
        let shorts: String = DEFS.iter().filter_map(|def| def.short).collect();
        for letter in "abcdDeEFgGhiIklLmoprRqPsStTuvVwWxB".chars() {
            assert!(shorts.contains(letter), "-{letter}");
        }
    }
}
