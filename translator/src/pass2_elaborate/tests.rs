//! Tests of the whole pass: script text in, -p2 text or messages out.

mod embedded;
mod names;
mod optimiser;
mod points;
mod prints;
mod typing;

use std::sync::Arc;

use super::catalog::Declarations;
use super::{elaborate, list, print};
use crate::cli::options::{Listing, Options};
use crate::diag::{Diagnostic, Severity, Sink};
use crate::host::memory::MemoryHost;
use crate::ir::Program;
use crate::kernel::{Config, Target};
use crate::pass1_parse::ast::{File, Item};
use crate::pass1_parse::{NoMacros, ParseEnv, parse_file};
use crate::session::{Layout, Session};
use crate::source::{SourceMap, Symbol};

/// A tapset in one file per text.
const LIBRARY: &[&str] = &[
    "function exit() %{ /* unprivileged */ _stp_exit(); %}",
    "function error(msg:string) %{ /* unprivileged */ %}",
    "function pid:long() %{ /* pure */ /* unprivileged */ %}",
    "function execname:string() %{ /* pure */ %}",
    "function dangerous() %{ /* guru */ %}
     function calls_dangerous() { dangerous() }
     function undeclared:long() %{ STAP_RETVALUE = 1; %}
     function own_process:long() %{ /* myproc-unprivileged */ STAP_RETVALUE = 1; %}
     function safe_value() { return %{ /* unprivileged */ 1 %} }
     function unsafe_value() { return %{ 1 %} }",
    "global lib_count = 3
     private global hidden
     function counted() { hidden++; return lib_count + hidden }",
    "probe vfs.read = kernel.function(\"vfs_read\") { name = \"read\"; argstr = sprintf(\"%d\", pid()) }
     probe vfs.read.return = kernel.function(\"vfs_read\").return { name = \"read\"; retval = $return }
     probe vfs.write = kernel.function(\"vfs_write\") { name = \"write\" }",
    "global opened
     probe begin { opened = 1 }
     function is_open() { return opened }",
];

/// The library of the tests.
struct Texts(Vec<Arc<File>>);

impl Texts {
    fn with(&self, declares: impl Fn(&Item) -> bool) -> Vec<Arc<File>> {
        self.0.iter().filter(|file| file.items.iter().any(&declares)).cloned().collect()
    }
}

impl Declarations for Texts {
    fn function(&self, name: Symbol) -> Vec<Arc<File>> {
        self.with(
            |item| matches!(item, Item::Function(function) if function.name == name && !function.private),
        )
    }

    fn global(&self, name: Symbol) -> Option<Arc<File>> {
        let found =
            self.with(|item| matches!(item, Item::Global(global) if global.name == name && !global.private));
        found.into_iter().next()
    }

    fn aliases(&self, first: &str) -> Vec<Arc<File>> {
        let fits = |name: Symbol| super::points::glob(first, name.as_str());
        self.with(|item| matches!(item, Item::Alias(alias) if fits(alias.names[0].components[0].name)))
    }

    fn function_names(&self) -> Vec<String> {
        vec!["exit".into(), "error".into(), "pid".into()]
    }

    fn alias_names(&self) -> Vec<String> {
        vec!["vfs".into()]
    }
}

/// What came of a script.
struct Outcome {
    program: Option<Program>,
    said: Vec<Diagnostic>,
    listed: Vec<String>,
}

impl Outcome {
    /// All messages of a severity, causes after what they caused.
    fn messages(&self, severity: Severity) -> String {
        fn lines(one: &Diagnostic, out: &mut Vec<String>) {
            out.push(one.message.clone());
            one.causes.iter().for_each(|cause| lines(cause, out));
        }
        let mut out = Vec::new();
        self.said.iter().filter(|one| one.severity == severity).for_each(|one| lines(one, &mut out));
        out.join("\n")
    }
}

fn run(script: &str, options: Options) -> Outcome {
    std::thread::scope(|scope| {
        let run = || run_here(script, options);
        let thread =
            std::thread::Builder::new().stack_size(crate::pass1_parse::STACK_BYTES).spawn_scoped(scope, run);
        thread.expect("a thread").join().expect("no panic")
    })
}

fn run_here(script: &str, options: Options) -> Outcome {
    let host = MemoryHost::new();
    let session = session(&host, options);
    let sink = Sink::new();
    let library = LIBRARY.iter().zip(0..).map(|(text, i)| {
        Arc::new(parse(&session, &format!("/tapset/{i}.stp"), text.as_bytes(), true, &sink))
    });
    let library = Texts(library.collect());
    let file = parse(&session, "<input>", script.as_bytes(), false, &sink);
    let files = std::slice::from_ref(&file);
    let program = match session.options.listing {
        None => elaborate(&session, files, &library, &sink),
        Some(_) => None,
    };
    let listed = match &session.options.listing {
        None => Vec::new(),
        Some(Listing::Points { variables, .. }) => {
            let lines = list(&session, files, &library, &sink, *variables);
            lines.iter().map(|line| line.text()).collect()
        }
        Some(_) => Vec::new(),
    };
    Outcome { program, said: sink.take(), listed }
}

fn session<'h>(host: &'h MemoryHost, options: Options) -> Session<'h> {
    let target = Target {
        release: "6.1.0-56-amd64".into(),
        arch: "x86_64".into(),
        build_dir: None,
        config: Config::default(),
        root: Default::default(),
    };
    let layout = Layout {
        tapset: "/tapset".into(),
        runtime: "/runtime".into(),
        templates: "/templates".into(),
        staprun: "/staprun".into(),
        stapio: "/stapio".into(),
        cache: "/cache".into(),
        data: "/data".into(),
    };
    Session { options, target, host, sources: SourceMap::default(), layout, tmpdir: "/tmp/x".into() }
}

fn parse(session: &Session<'_>, name: &str, text: &[u8], library: bool, sink: &Sink) -> File {
    let privileged = library || session.options.guru;
    let file = session.sources.add(name, text.to_vec(), privileged, library);
    let env = ParseEnv {
        release: &session.target.release,
        arch: &session.target.arch,
        config: &|_| None,
        compatible: (5, 6),
        syntax: (5, 6),
        privilege: session.options.privilege,
        guru: privileged,
        args: &[],
        macros: &NoMacros,
    };
    parse_file(&session.sources, file, &env, sink)
}

/// The program of a script that is right.
fn program(script: &str) -> Program {
    let outcome = run(script, Options::default());
    let errors = outcome.messages(Severity::SemanticError);
    outcome.program.unwrap_or_else(|| panic!("{script}\n{errors}\n{:?}", outcome.said))
}

/// Its -p2 text.
fn p2(script: &str) -> String {
    print(&program(script), false)
}

/// Its -p2 text with bodies.
fn p2v(script: &str) -> String {
    print(&program(script), true)
}

/// The errors of a script that is wrong.
fn refused(script: &str) -> String {
    let outcome = run(script, Options::default());
    assert!(outcome.program.is_none(), "accepted: {script}");
    outcome.messages(Severity::SemanticError)
}

/// The warnings of a script.
fn warned(script: &str) -> String {
    run(script, Options::default()).messages(Severity::Warning)
}
