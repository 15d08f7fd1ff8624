//! The case files and what each wants.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::directives::Directives;
use crate::expect::{self, Outcome};
use crate::process;
use crate::programs::{Programs, root};

/// What a case exercises: the name of its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Pass 1.
    Parse,
    /// Passes 1 and 2.
    Sema,
    /// Passes 1 to 3, twice, with equal bytes.
    Translate,
    /// Passes 1 to 4.
    Build,
    /// All five, in a guest.
    Run,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Phase; 5] = [Phase::Parse, Phase::Sema, Phase::Translate, Phase::Build, Phase::Run];

    /// The folder.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Parse => "parse",
            Phase::Sema => "sema",
            Phase::Translate => "translate",
            Phase::Build => "build",
            Phase::Run => "run",
        }
    }

    /// The option that stops stap after the phase.
    fn option(self) -> &'static str {
        match self {
            Phase::Parse => "-p1",
            Phase::Sema => "-p2",
            Phase::Translate => "-p3",
            Phase::Build | Phase::Run => "-p4",
        }
    }
}

/// One script with its directives.
#[derive(Clone, Debug)]
pub struct Case {
    /// `run/ok/hello`
    pub name: String,
    /// The script.
    pub path: PathBuf,
    /// The folder it lies in.
    pub phase: Phase,
    /// Whether it lies in `ok/`.
    pub ok: bool,
    /// What its comments say.
    pub directives: Directives,
}

impl Case {
    /// The exit code when the case names none.
    pub fn exit(&self) -> i32 {
        if self.ok { 0 } else { 1 }
    }

    /// Whether this machine lacks a program that the case needs.
    pub fn lacks_program(&self) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found =
            |program: &String| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
        !self.directives.requires.iter().all(found)
    }

    /// Runs a case of passes 1 to 4.
    pub fn run_on_host(&self, programs: &Programs, release: &str) -> Result<(), String> {
        let first = self.stap(programs, release)?;
        expect::check(&self.directives, self.exit(), &first)?;
        if self.phase == Phase::Translate
            && first.exit == 0
            && self.stap(programs, release)?.stdout != first.stdout
        {
            return Err("two translations of the same script differ".to_owned());
        }
        Ok(())
    }

    /// Turns the outcome round for a todo case, which must fail until it is done.
    pub fn judge(&self, outcome: Result<(), String>) -> Result<(), String> {
        match (&self.directives.todo, outcome) {
            (None, outcome) => outcome,
            (Some(_), Err(_)) => Ok(()),
            (Some(reason), Ok(())) => {
                Err(format!("passes although it is marked todo({reason}): remove the mark"))
            }
        }
    }

    fn stap(&self, programs: &Programs, release: &str) -> Result<Outcome, String> {
        let mut command: Command = programs.stap();
        command.args(["-r", release]).args(&self.directives.args);
        // A listing has its point instead of a script, and no last pass.
        if !self
            .directives
            .args
            .iter()
            .any(|arg| arg == "-l" || arg == "-L" || arg.starts_with("--dump-p") || arg == "--dump-functions")
        {
            command.args([OsStr::new(self.phase.option()), self.path.as_os_str()]);
        }
        command.args(&self.directives.script_args);
        process::run(&mut command, self.directives.limit())
            .map_err(|error| format!("{}: {error}", programs.stap.display()))
    }
}

/// All cases of all phases, sorted by name.
pub fn collect() -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for phase in Phase::ALL {
        for (folder, ok) in [("ok", true), ("ko", false)] {
            let folder = root().join("tests/cases").join(phase.name()).join(folder);
            walk(&folder, &mut |path| {
                let script = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
                let directives =
                    Directives::parse(&script).map_err(|error| format!("{}: {error}", path.display()))?;
                cases.push(Case { name: name(path), path: path.to_owned(), phase, ok, directives });
                Ok(())
            })?;
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

/// The path below tests/cases without its ending.
fn name(path: &Path) -> String {
    let below = path.strip_prefix(root().join("tests/cases")).unwrap_or(path);
    below.with_extension("").to_string_lossy().into_owned()
}

/// Visits the scripts under a folder, which may be missing while it is empty.
pub fn walk(folder: &Path, visit: &mut dyn FnMut(&Path) -> Result<(), String>) -> Result<(), String> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, visit)?;
        } else if path.extension() == Some(OsStr::new("stp")) {
            visit(&path)?;
        }
    }
    Ok(())
}
