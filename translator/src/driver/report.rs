//! Diagnostics on their way to the user: layout, repetition, -w and -W, exit codes.

use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::path::Path;

use rustc_hash::FxHashSet;

use crate::cli::options::{Color, Options};
use crate::diag::render_classic::Renderer;
use crate::diag::{Code, Diagnostic, Palette, Severity, Sink, render_json};
use crate::host::Host;
use crate::library::Library;
use crate::library::search::Tally;
use crate::source::SourceMap;

/// What the passes are called when they fail.
const NAMES: [&str; 5] = ["parse", "analysis", "translation", "compilation", "run"];

/// What a run shows of its diagnostics.
pub struct Report<'a> {
    options: &'a Options,
    sources: &'a SourceMap,
    classic: Renderer,
    seen: RefCell<FxHashSet<Vec<u8>>>,
    warned: Cell<bool>,
    repeated_errors: Cell<usize>,
    repeated_warnings: Cell<usize>,
}

impl<'a> Report<'a> {
    /// A report that has shown nothing.
    pub fn new(host: &dyn Host, options: &'a Options, sources: &'a SourceMap) -> Self {
        Report {
            options,
            sources,
            classic: Renderer::coloured(palette(host, options.color)),
            seen: RefCell::default(),
            warned: Cell::new(false),
            repeated_errors: Cell::new(0),
            repeated_warnings: Cell::new(0),
        }
    }

    /// Shows all that passes left in the sink. `Some(exit code)` when the pass failed: by an error, or by any
    /// warning so far under -W.
    pub fn flush(&self, sink: &Sink) -> Option<i32> {
        let mut failure = None;
        let mut parse_errors = 0;
        for diagnostic in sink.take() {
            if diagnostic.severity.is_error() {
                failure = failure.or(Some(exit_code(diagnostic.code)));
            }
            parse_errors += usize::from(diagnostic.severity == Severity::ParseError);
            self.show(&diagnostic);
        }
        if parse_errors > 0 && !self.options.json_messages && !self.silent(false) {
            eprintln!("{parse_errors} parse error{}.", if parse_errors == 1 { "" } else { "s" });
        }
        failure.or_else(|| (self.options.panic_warnings && self.warned.get()).then_some(1))
    }

    /// Shows one diagnostic, unless options silence it or it was shown before.
    pub fn show(&self, diagnostic: &Diagnostic) {
        let warning = diagnostic.severity == Severity::Warning;
        if self.silent(warning) {
            return;
        }
        self.warned.set(self.warned.get() | warning);
        if !self.seen.borrow_mut().insert(self.key(diagnostic)) && self.leaves_out_similar() {
            let counter = if warning { &self.repeated_warnings } else { &self.repeated_errors };
            counter.set(counter.get() + 1);
            return;
        }
        print(&self.render(diagnostic));
    }

    /// What makes two diagnostics similar. A clash of types is known by where the first type came from, which is what
    /// has to be mended; any other diagnostic by its words and place.
    fn key(&self, diagnostic: &Diagnostic) -> Vec<u8> {
        let mut known = diagnostic.clone();
        if diagnostic.code == Code::Type && !diagnostic.causes.is_empty() {
            known.token = None;
        }
        // A renderer of its own names the file in full, whatever was printed before.
        Renderer::default().render(self.sources, &known)
    }

    /// Objects are read by programs, which lose nothing.
    fn leaves_out_similar(&self) -> bool {
        self.options.verbose[0] == 0 && !self.options.json_messages
    }

    /// A listing shows what matches, not why something else does not.
    fn silent(&self, warning: bool) -> bool {
        let listing = self.options.listing.is_some() && self.options.verbose[1] < 2;
        listing || (warning && self.options.suppress_warnings)
    }

    fn render(&self, diagnostic: &Diagnostic) -> Vec<u8> {
        match self.options.json_messages {
            true => render_json::render(self.sources, diagnostic).into_bytes(),
            false => self.classic.render(self.sources, diagnostic),
        }
    }

    /// Says that a pass failed. Who reads objects has the exit code.
    pub fn failed(&self, pass: u8) {
        if !self.options.json_messages {
            let name = NAMES[usize::from(pass) - 1];
            eprintln!("Pass {pass}: {name} failed.  [man error::pass{pass}]");
        }
    }

    /// Says how much was left out.
    pub fn close(&self) {
        if self.options.json_messages {
            return;
        }
        let counts = [(self.repeated_errors.get(), "error"), (self.repeated_warnings.get(), "warning")];
        for (count, kind) in counts.into_iter().filter(|(count, _)| *count > 0) {
            eprintln!("Number of similar {kind} messages suppressed: {count}.");
        }
        if counts.iter().any(|(count, _)| *count > 0) {
            eprintln!("Rerun with -v to see them.");
        }
    }
}

/// Where tapset files were looked for, and how many each directory gave.
pub fn searched(library: &Library<'_>) {
    let line = |what: &str, dir: &Path, tally: &Tally| {
        if tally.found > 0 {
            let (dir, found, processed) = (dir.display(), tally.found, tally.processed);
            eprintln!("{what}: \"{dir}\", found: {found}, processed: {processed}");
        }
    };
    library.searched().iter().for_each(|one| line("Searched for library macro files", &one.dir, &one.macros));
    library.searched().iter().for_each(|one| line("Searched", &one.dir, &one.scripts));
}

/// What comes of -d, --all-modules and --ldd.
pub fn symbols_are_there() {
    eprintln!(
        "Symbols and stacks of the kernel and all its modules come from the running kernel; nothing is added."
    );
}

/// The colours that option and environment ask for.
fn palette(host: &dyn Host, color: Color) -> Palette {
    let dumb = || host.env("TERM").is_none_or(|term| term == "dumb");
    let coloured = match color {
        Color::Never => false,
        Color::Always => true,
        Color::Auto => std::io::stderr().is_terminal() && !dumb(),
    };
    if !coloured {
        return Palette::default();
    }
    match host.env("SYSTEMTAP_COLORS") {
        Some(own) => Palette::parse(&own.to_string_lossy()),
        None => Palette::parse(Palette::USUAL),
    }
}

/// Diagnostics are bytes: scripts may hold any.
fn print(text: &[u8]) {
    use std::io::Write;
    // Nobody can be told that standard error is closed.
    let _ = std::io::stderr().write_all(text);
}

/// The exit code that a kind of error ends stap with.
pub fn exit_code(code: Code) -> i32 {
    match code {
        Code::Usage => 2,
        Code::Kernel | Code::Compiler => 3,
        Code::Internal | Code::Build | Code::Cache => 5,
        Code::Sign => 6,
        Code::Run | Code::Vm => 7,
        Code::Parse
        | Code::BadToken
        | Code::Preprocess
        | Code::TooDeep
        | Code::Input
        | Code::LibraryFile
        | Code::Unresolved
        | Code::Type
        | Code::ProbePoint
        | Code::NotYet
        | Code::Privilege
        | Code::Declaration
        | Code::Misuse
        | Code::Format
        | Code::Regex
        | Code::Unused
        | Code::Suspicious => 1,
    }
}
