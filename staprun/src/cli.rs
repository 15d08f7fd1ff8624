//! The command lines of staprun and stapio.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use lexopt::{Arg, Parser, ValueExt};

use crate::error::{Error, Exit, Result};
use crate::print;

/// What `-V` prints.
pub const VERSION: &str =
    concat!("Systemtap module loader/runner (version 5.6, stap-rs ", env!("CARGO_PKG_VERSION"), ")");

/// What `-h` prints.
pub const USAGE: &str = "\
Usage: staprun [-vwuR] [-b MB] [-c CMD | -x PID] [-o FILE] [-r N:URI] [-T MS] MODULE [NAME=VALUE...]
       staprun -d MODULE | -d '*'

  -v          Say more; may be repeated.
  -w          Suppress the warnings of the script.
  -c CMD      Run CMD; the session ends when it does.  target() is its process id.
  -x PID      What target() gives.  -t PID is the same.
  -o FILE     Write the output to FILE; a % in it is expanded by strftime(3).
  -b MB       Buffer of each CPU, 1 to 4095.
  -T MS       Look for output every MS milliseconds at least.
  -R          Give the module another name, so that it can be loaded several times.
  -r N:URI    Number and address of this host in a remote session.
  -d          Remove a module that was left behind; '*' removes all that are not in use.
  -u, -i      Accepted; nothing needs to be said for user-space probes and input probes.
  -V, -h      Print the version; print this help.

MODULE is a path, or a name to be found in /lib/modules/RELEASE/systemtap.
NAME=VALUE sets a global variable of the script.
";

/// Prints a text that was asked for.
pub fn say(text: &str) -> Exit {
    match print::output_line(text.trim_end()) {
        Ok(()) => Exit::Ok,
        Err(_) => Exit::OutputLost,
    }
}

/// The most module options that staprun takes.
const MODULE_OPTIONS_MAX: usize = 63;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`VERSION`].
    Version,
    /// Print [`USAGE`].
    Help,
    /// Remove one module, or all unused ones.
    Delete(Deletion),
    /// Run a session.
    Run(Run),
}

/// What `-d` removes.
#[derive(Debug, PartialEq, Eq)]
pub struct Deletion {
    /// How many -v.
    pub verbose: u8,
    /// A module's name or path, or `*`.
    pub module: OsString,
}

/// What target() gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// 0.
    None,
    /// The process id of `-x`.
    Pid(i32),
    /// The process that runs the command of `-c`.
    Command(OsString),
}

/// A session's options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// How many -v.
    pub verbose: u8,
    /// -w
    pub no_warnings: bool,
    /// -c or -x
    pub target: Target,
    /// -o
    pub output: Option<OsString>,
    /// -b
    pub buffer_mb: Option<u32>,
    /// -T
    pub interval_ms: Option<u32>,
    /// -R
    pub rename: bool,
    /// -r
    pub remote: Option<(i32, String)>,
    /// The module's name or path.
    pub module: OsString,
    /// NAME=VALUE
    pub parameters: Vec<OsString>,
}

/// Options as they come, before they are held against each other.
#[derive(Default)]
struct Raw {
    verbose: u8,
    delete: bool,
    no_warnings: bool,
    command: Option<OsString>,
    pid: Option<i32>,
    output: Option<OsString>,
    buffer_mb: Option<u32>,
    interval_ms: Option<u32>,
    rename: bool,
    remote: Option<(i32, String)>,
    words: Vec<OsString>,
}

/// Reads a command line; the first argument is the program's name.
pub fn parse(argv: impl IntoIterator<Item = OsString>) -> Result<Command> {
    let mut parser = Parser::from_iter(argv);
    let mut raw = Raw::default();
    while let Some(arg) = parser.next().map_err(bad)? {
        match arg {
            Arg::Short('V') | Arg::Long("version") => return Ok(Command::Version),
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Value(word) => {
                raw.words.push(word);
                raw.words.extend(parser.raw_args().map_err(bad)?);
            }
            Arg::Short(option) => raw.short(option, &mut parser)?,
            Arg::Long(option) => return Err(Error::usage(format!("unknown option \"--{option}\""))),
        }
    }
    raw.check()
}

fn bad(error: lexopt::Error) -> Error {
    Error::usage(error.to_string())
}

impl Raw {
    fn short(&mut self, option: char, parser: &mut Parser) -> Result<()> {
        match option {
            'v' => self.verbose = self.verbose.saturating_add(1),
            'w' => self.no_warnings = true,
            // A script with input probes is known by its file.
            'u' | 'i' => {}
            'R' => self.rename = true,
            'd' => self.delete = true,
            'c' => self.command = Some(parser.value().map_err(bad)?),
            'x' | 't' => self.pid = Some(number(option, parser, 1, i32::MAX)?),
            'o' => self.output = Some(parser.value().map_err(bad)?),
            'b' => self.buffer_mb = Some(number(option, parser, 1, 4095)?.cast_unsigned()),
            'T' => self.interval_ms = Some(number(option, parser, 1, 60_000)?.cast_unsigned()),
            'r' => self.remote = Some(remote(&parser.value().map_err(bad)?)?),
            'A' | 'L' | 'D' | 'S' | 'M' | 'N' | 'C' | 'F' => return Err(not_yet(option)),
            other => return Err(Error::usage(format!("unknown option \"-{other}\""))),
        }
        Ok(())
    }

    fn check(self) -> Result<Command> {
        let mut words = self.words.into_iter();
        let Some(module) = words.next().filter(|module| !module.is_empty()) else {
            return Err(Error::usage("which module? Its name or path is missing"));
        };
        let parameters: Vec<OsString> = words.collect();
        let target = match (self.command, self.pid) {
            (Some(_), Some(_)) => return Err(Error::usage("-c and -x exclude each other")),
            (Some(command), None) => Target::Command(command),
            (None, Some(pid)) => Target::Pid(pid),
            (None, None) => Target::None,
        };
        if self.delete {
            if !parameters.is_empty() || target != Target::None || self.output.is_some() {
                return Err(Error::usage("-d takes one module and nothing else"));
            }
            return Ok(Command::Delete(Deletion { verbose: self.verbose, module }));
        }
        check_parameters(&parameters)?;
        Ok(Command::Run(Run {
            verbose: self.verbose,
            no_warnings: self.no_warnings,
            target,
            output: self.output,
            buffer_mb: self.buffer_mb,
            interval_ms: self.interval_ms,
            rename: self.rename,
            remote: self.remote,
            module,
            parameters,
        }))
    }
}

fn check_parameters(parameters: &[OsString]) -> Result<()> {
    if parameters.len() > MODULE_OPTIONS_MAX {
        return Err(Error::usage(format!("more than {MODULE_OPTIONS_MAX} module options")));
    }
    match parameters.iter().find(|parameter| !is_parameter(parameter)) {
        Some(parameter) => {
            Err(Error::usage(format!("\"{}\" is not NAME=VALUE of a script's variable", parameter.display())))
        }
        None => Ok(()),
    }
}

/// A parameter must stay one word of the kernel's parameter line: a name as in C, not one of the runtime's own,
/// and no quote in the value.
fn is_parameter(parameter: &OsStr) -> bool {
    let bytes = parameter.as_bytes();
    let Some(equals) = bytes.iter().position(|byte| *byte == b'=') else { return false };
    let (name, value) = bytes.split_at(equals);
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    !name.is_empty()
        && !name[0].is_ascii_digit()
        && !name.starts_with(b"_stp_")
        && name.iter().all(word)
        && !value.iter().any(|byte| matches!(byte, b'"' | 0))
}

fn number(option: char, parser: &mut Parser, low: i32, high: i32) -> Result<i32> {
    let value = parser.value().map_err(bad)?;
    match value.parse() {
        Ok(number) if (low..=high).contains(&number) => Ok(number),
        _ => Err(Error::usage(format!(
            "-{option} wants a number from {low} to {high}, not \"{}\"",
            value.display()
        ))),
    }
}

fn remote(value: &OsStr) -> Result<(i32, String)> {
    let parsed = value.to_str().and_then(|text| {
        let (id, uri) = text.split_once(':')?;
        Some((id.parse().ok()?, uri.to_owned()))
    });
    parsed.ok_or_else(|| Error::usage(format!("-r wants NUMBER:URI, not \"{}\"", value.display())))
}

fn not_yet(option: char) -> Error {
    let what = match option {
        'A' | 'L' => "attaching to and detaching from a running module",
        'D' => "running in the background",
        'S' => "switching output files",
        'M' => "monitor mode",
        'N' => "process namespaces",
        'C' => "colouring",
        _ => "passing an open descriptor",
    };
    Error::usage(format!("-{option}: {what} is not supported yet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command> {
        parse(std::iter::once("staprun").chain(line.split_whitespace()).map(OsString::from))
    }

    fn run(line: &str) -> Run {
        match parsed(line).unwrap() {
            Command::Run(run) => run,
            other => panic!("{other:?}"),
        }
    }

    fn refusal(line: &str) -> String {
        parsed(line).unwrap_err().to_string()
    }

    #[test]
    fn a_session_with_all_options() {
        let run = run("-vv -w -u -R -o out -b 8 -T 20 -r 3:ssh://h -x 12 dir/m.ko a=1 b=x");
        assert_eq!((run.verbose, run.no_warnings, run.rename), (2, true, true));
        assert_eq!((run.buffer_mb, run.interval_ms), (Some(8), Some(20)));
        assert_eq!((run.target, run.remote), (Target::Pid(12), Some((3, "ssh://h".into()))));
        assert_eq!((run.output, run.module), (Some("out".into()), "dir/m.ko".into()));
        assert_eq!(run.parameters, ["a=1", "b=x"]);
    }

    #[test]
    fn what_follows_the_module_is_its_own() {
        assert!(refusal("m.ko -v").contains("\"-v\" is not NAME=VALUE"));
        assert_eq!(run("m.ko a=-1").parameters, ["a=-1"]);
    }

    #[test]
    fn parameters_cannot_smuggle_others_in() {
        for bad in ["a", "=1", "1a=1", "a-b=1", "a=\"1", "a.b=1", "_stp_uid=1"] {
            assert!(refusal(&format!("m.ko {bad}")).contains("NAME=VALUE"), "{bad}");
        }
        let many = "a=1 ".repeat(MODULE_OPTIONS_MAX + 1);
        assert!(refusal(&format!("m.ko {many}")).contains("more than 63"));
    }

    #[test]
    fn what_excludes_each_other() {
        assert!(refusal("-c ls -x 1 m.ko").contains("exclude"));
        assert!(refusal("-d m.ko n.ko").contains("-d takes one"));
        assert!(refusal("-d -x 1 m.ko").contains("-d takes one"));
        assert!(refusal("").contains("which module"));
    }

    #[test]
    fn numbers_are_bounded() {
        for bad in ["-b 0", "-b 4096", "-x 0", "-x -1", "-x a", "-T 99999999999"] {
            assert!(refusal(&format!("{bad} m.ko")).contains("wants a number"), "{bad}");
        }
    }

    #[test]
    fn later_options_say_so() {
        for option in ["-A", "-L", "-D", "-S 1", "-M 1", "-N 1", "-F 3"] {
            assert!(refusal(&format!("{option} m.ko")).contains("not supported yet"), "{option}");
        }
        assert!(refusal("-q m.ko").contains("unknown option \"-q\""));
        assert!(refusal("--quick m.ko").contains("unknown option \"--quick\""));
    }

    #[test]
    fn version_and_help_need_no_module() {
        assert_eq!(parsed("-V").unwrap(), Command::Version);
        assert_eq!(parsed("-h").unwrap(), Command::Help);
        assert!(VERSION.starts_with("Systemtap module loader/runner (version 5.6, stap-rs "));
    }
}
