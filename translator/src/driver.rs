//! The list of the passes.

use std::ffi::OsString;
use std::io::Write;

use crate::cli::options::{Listing, Options};
use crate::cli::{Request, UsageError, check, docs, rc};
use crate::diag::{Code, Diagnostic, Severity, Sink};
use crate::host::Host;
use crate::host::os::OsHost;
use crate::ir::Program;
use crate::kernel::{Sysroot, Target};
use crate::library::Library;
use crate::pass1_parse::ast;
use crate::pass2_elaborate::dump;
use crate::pass2_elaborate::listed::Listed;
use crate::pass4_build::BuiltModule;
use crate::session::{self, Layout, Session};
use crate::source::SourceMap;
use crate::{pass1_parse, pass2_elaborate, pass4_build, pass5_run};

mod crash;
mod interrupt;
mod meter;
mod report;
mod scratch;
mod scripts;
mod summary;
mod unit;

use interrupt::Interrupts;
use meter::Meter;
use report::Report;
use scratch::Scratch;

/// What ends a run early: its exit code. The reason has been told.
struct Stop(i32);

/// Runs stap with the words after its name; gives the exit code.
pub fn run(argv: &[OsString]) -> i32 {
    let host = OsHost;
    match request(&host, argv) {
        Ok(Request::Help) => print_text(&docs::help()),
        Ok(Request::Version) => print_text(&docs::version()),
        Ok(Request::Run(options)) => on_a_deep_stack(&host, &options),
        Err(error) => {
            eprintln!("{}", error.text);
            if error.hint {
                eprintln!("Try '--help' for more information. [man stap]");
            }
            report::exit_code(Code::Usage)
        }
    }
}

/// The options of the rc file stand before those of the command line.
fn request(host: &dyn Host, argv: &[OsString]) -> Result<Request, UsageError> {
    let mut words = Vec::new();
    let path = session::data_dir(&|name| host.env(name)).map(|dir| dir.join("rc"));
    if let Some(path) = path
        && let Ok(bytes) = host.read(&path)
    {
        let text = String::from_utf8_lossy(&bytes);
        let env = |name: &str| host.env(name).map(|value| value.to_string_lossy().into_owned());
        let own = rc::words(&text, &env)
            .map_err(|error| UsageError::plain(format!("ERROR: {}: {error}", path.display())))?;
        words.extend(own.into_iter().map(OsString::from));
    }
    words.extend_from_slice(argv);
    check::request(&words)
}

fn print_text(text: &str) -> i32 {
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> i32 {
    // A reader that went away has seen enough.
    let _ = std::io::stdout().write_all(bytes);
    0
}

fn on_a_deep_stack(host: &OsHost, options: &Options) -> i32 {
    let interrupts =
        Interrupts::take().map_err(|error| eprintln!("WARNING: signals are not caught: {error}")).ok();
    crash::keep_quiet();
    let code = std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(pass1_parse::STACK_BYTES);
        worker.spawn_scoped(scope, || start(host, options, interrupts)).map(|thread| thread.join())
    });
    match code {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => {
            crash::tell();
            report::exit_code(Code::Internal)
        }
        Err(error) => {
            eprintln!(
                "ERROR: cannot start a thread with a stack of {} MiB: {error}",
                pass1_parse::STACK_BYTES >> 20
            );
            report::exit_code(Code::Internal)
        }
    }
}

/// Sets the session up and takes it through its passes.
fn start(host: &OsHost, options: &Options, interrupts: Option<Interrupts>) -> i32 {
    if options.verbose[0] > 1 {
        eprint!("{}", docs::version());
    }
    let sources = SourceMap::default();
    let report = Report::new(host, options, &sources);
    let failed = |diagnostic: Box<Diagnostic>| {
        report.show(&diagnostic);
        report::exit_code(diagnostic.code)
    };
    let scratch = match Scratch::create(host, options) {
        Ok(scratch) => scratch,
        Err(diagnostic) => return failed(diagnostic),
    };
    let session = match set_up(host, options, &scratch) {
        Ok(session) => session,
        Err(diagnostic) => return failed(diagnostic),
    };
    let run = Run {
        session: &session,
        sink: Sink::new(),
        report: Report::new(host, &session.options, &session.sources),
    };
    let code = match run.passes(interrupts) {
        Ok(code) | Err(Stop(code)) => code,
    };
    run.report.close();
    code
}

fn set_up<'h>(
    host: &'h OsHost,
    options: &Options,
    scratch: &Scratch,
) -> Result<Session<'h>, Box<Diagnostic>> {
    let mut options = options.clone();
    let release = options.release.clone().or_else(|| host.env("SYSTEMTAP_RELEASE")?.into_string().ok());
    let target = match &release {
        None if options.vm => Target::for_guest(host),
        release => Target::find(host, sysroot(host, &options)?, release.as_deref())?,
    };
    cut_module_name(&mut options);
    let mut layout = Layout::find(host, scratch.path())
        .map_err(|text| Box::new(Diagnostic::new(Code::Usage, Severity::Error, text)))?;
    if let Some(dir) = &options.runtime_dir {
        layout.runtime = host.canonicalize(dir).unwrap_or_else(|_| dir.clone());
    }
    if !target.is_running(host) && !options.vm && options.last_pass == 5 && options.listing.is_none() {
        eprintln!("WARNING: kernel release/architecture mismatch with host forces last-pass 4.");
        options.last_pass = 4;
    }
    if options.verbose[0] > 1 {
        eprintln!("Session arch: {} release: {}", target.arch, target.release);
        if let Some(dir) = &target.build_dir {
            eprintln!("Build tree: \"{}\"", dir.display());
        }
    }
    let tmpdir = scratch.path().to_owned();
    Ok(Session { options, target, host, sources: SourceMap::default(), layout, tmpdir })
}

/// The folder of --sysroot, links on the way followed, so that what leads out of it is told.
fn sysroot(host: &dyn Host, options: &Options) -> Result<Sysroot, Box<Diagnostic>> {
    let Some(dir) = &options.sysroot else { return Ok(Sysroot::default()) };
    match host.canonicalize(dir) {
        Ok(dir) if host.is_dir(&dir) => Ok(Sysroot::new(dir)),
        _ => {
            let message = format!("--sysroot {} is no folder", dir.display());
            Err(Box::new(Diagnostic::new(Code::Usage, Severity::Error, message)))
        }
    }
}

/// Longest module name that leaves room for what staprun appends.
const MODULE_NAME_MAX: usize = 55;

fn cut_module_name(options: &mut Options) {
    if let Some(name) = options.module_name.as_mut().filter(|name| name.len() > MODULE_NAME_MAX) {
        // NOTE(truncate): only ASCII passes the pattern of -m.
        name.truncate(MODULE_NAME_MAX);
        eprintln!("Truncating module name to '{name}'");
    }
}

/// One run through the passes.
struct Run<'s> {
    session: &'s Session<'s>,
    sink: Sink,
    report: Report<'s>,
}

impl Run<'_> {
    /// Each pass takes what the one before it gave.
    fn passes(&self, interrupts: Option<Interrupts>) -> Result<i32, Stop> {
        let session = self.session;
        if let Some(listing) = &session.options.listing {
            return self.list(listing, &Library::open(session, &self.sink));
        }
        let (library, files) =
            self.pass(1, |_| self.parse(), |(library, _), meter| summary::parsed(library.len(), meter))?;
        if self.ends_after(1) {
            return Ok(print_bytes(&self.tree(&files)));
        }
        let program = self.pass(2, |sink| self.elaborate(&files, &library, sink), summary::analyzed)?;
        if self.ends_after(2) {
            return Ok(print_text(&pass2_elaborate::print(&program, session.options.verbose[1] > 0)));
        }
        let unit =
            self.pass(3, |sink| told(sink, unit::translate(session, &program, sink)), summary::translated)?;
        if self.ends_after(3) {
            return Ok(print_bytes(&unit.text));
        }
        let module = self.pass(
            4,
            |sink| told(sink, pass4_build::build(session, &unit.text, sink)),
            summary::compiled,
        )?;
        for note in &module.notes {
            eprintln!("{note}");
        }
        if self.ends_after(4) {
            return Ok(print_text(&format!("{}\n", module.path.display())));
        }
        let _kept = self.leave_signals(interrupts);
        self.run_module(&module)
    }

    /// Pass 1: what the library has, and the user's scripts.
    fn parse(&self) -> Option<(Library<'_>, Vec<ast::File>)> {
        let session = self.session;
        let library = Library::open(session, &self.sink);
        if session.options.verbose[0] > 1 {
            report::searched(&library);
        }
        if session.options.verbose[0] > 0 && session.options.wants_symbols {
            report::symbols_are_there();
        }
        if session.options.panic_warnings {
            library.read_all();
        }
        let files = scripts::parse(session, &library, &self.sink)?;
        Some((library, files))
    }

    /// Pass 5 ends with an exit code of its own, and with that of the session.
    fn run_module(&self, module: &BuiltModule) -> Result<i32, Stop> {
        if self.session.options.verbose[4] > 0 {
            eprintln!("Pass 5: starting run.");
        }
        let code = self.pass(
            5,
            |sink| told(sink, pass5_run::run(self.session, module)),
            |_, meter| format!("run completed {}", meter.times()),
        )?;
        if code != 0 {
            self.report.failed(5);
        }
        Ok(code)
    }

    /// In pass 5 signals are the business of staprun, or of the virtual machine.
    fn leave_signals(&self, interrupts: Option<Interrupts>) -> Option<Interrupts> {
        let interrupts = interrupts?;
        if self.session.options.vm {
            interrupts.end();
            return None;
        }
        interrupts.leave_to_staprun();
        Some(interrupts)
    }

    /// The trees of the user's scripts, as -p1 prints them.
    fn tree(&self, files: &[ast::File]) -> Vec<u8> {
        let named: Vec<_> = files.iter().map(|file| (self.session.sources.file(file.id), file)).collect();
        pass1_parse::print::dump(named.iter().map(|(source, file)| (source.name.as_str(), *file)))
    }

    /// Pass 2, with a look at its inner passes for --dump-after.
    fn elaborate(&self, files: &[ast::File], library: &Library<'_>, sink: &Sink) -> Option<Program> {
        let wanted = self.session.options.dump_after.as_deref();
        let mut observe = |name: &str, program: &Program| {
            if wanted == Some(name) {
                print_text(&pass2_elaborate::print(program, true));
            }
        };
        let program = pass2_elaborate::elaborate_observed(self.session, files, library, sink, &mut observe)?;
        scripts::warn_of_unused_arguments(self.session, files, &program, sink);
        Some(program)
    }

    /// `-l`, `-L` and the dumps: the exit code says whether anything matched.
    fn list(&self, listing: &Listing, library: &Library<'_>) -> Result<i32, Stop> {
        let lines = self.listed(listing, library);
        let failure = self.report.flush(&self.sink);
        for line in &lines {
            let text = if self.session.options.json_listing { line.json() } else { line.text() };
            print_text(&format!("{text}\n"));
        }
        Ok(if lines.is_empty() { failure.unwrap_or(1) } else { 0 })
    }

    fn listed(&self, listing: &Listing, library: &Library<'_>) -> Vec<Listed> {
        let session = self.session;
        match listing {
            Listing::ProbeTypes => dump::probe_types(session),
            Listing::ProbeAliases => dump::probe_aliases(session, &library.trees()),
            Listing::Functions => dump::functions(session, &library.trees(), library),
            Listing::Points { point, variables } => {
                let files = scripts::parse_listing(session, point, library, &self.sink);
                let list =
                    |files: Vec<_>| pass2_elaborate::list(session, &files, library, &self.sink, *variables);
                files.map(list).unwrap_or_default()
            }
        }
    }

    /// Does the work of a pass: shows its diagnostics, and with -v what it took.
    fn pass<T>(
        &self,
        number: u8,
        work: impl FnOnce(&Sink) -> Option<T>,
        summary: impl FnOnce(&T, &Meter<'_>) -> String,
    ) -> Result<T, Stop> {
        crash::entered(number);
        let meter = Meter::start(self.session.host);
        let value = work(&self.sink);
        let failure = self.report.flush(&self.sink);
        match (value, failure) {
            (Some(value), None) => {
                if self.session.options.verbose[usize::from(number) - 1] > 0 {
                    eprintln!("Pass {number}: {}", summary(&value, &meter));
                }
                Ok(value)
            }
            (_, failure) => {
                self.report.failed(number);
                Err(Stop(failure.unwrap_or(report::exit_code(Code::Internal))))
            }
        }
    }

    fn ends_after(&self, number: u8) -> bool {
        self.session.options.last_pass == number
    }
}

/// The value; an error goes to the sink.
fn told<T>(sink: &Sink, result: Result<T, Box<Diagnostic>>) -> Option<T> {
    result.map_err(|diagnostic| sink.push(*diagnostic)).ok()
}
