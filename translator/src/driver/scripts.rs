//! The user's scripts: the main one, those of -E, and the probe of -T.

use std::path::Path;

use crate::cli::options::Script;
use crate::diag::{Code, Diagnostic, Severity, Sink};
use crate::ir::Program;
use crate::ir::program::Global;
use crate::library::{self, Library};
use crate::pass1_parse::{self, ast};
use crate::session::Session;

/// Offsets in a file are 32 bits wide.
const MAX_BYTES: usize = u32::MAX as usize;

/// Reads and parses all scripts of the session. Errors go to the sink.
pub fn parse(session: &Session<'_>, library: &Library<'_>, sink: &Sink) -> Option<Vec<ast::File>> {
    let inputs = match read_all(session) {
        Ok(inputs) => inputs,
        Err(diagnostic) => {
            sink.push(*diagnostic);
            return None;
        }
    };
    let config = |name: &str| session.target.config.get(name).map(str::to_owned);
    let env = library::environment(session, &config, &session.options.args, session.options.guru, library);
    let files = inputs.into_iter().map(|(name, bytes)| {
        let id = session.sources.add(name, bytes, session.options.guru, false);
        pass1_parse::parse_file(&session.sources, id, &env, sink)
    });
    let files: Vec<_> = files.collect();
    (sink.errors() == 0).then_some(files)
}

/// Parses the probe point of a listing, as a probe that does nothing.
pub fn parse_listing(
    session: &Session<'_>,
    point: &str,
    library: &Library<'_>,
    sink: &Sink,
) -> Option<Vec<ast::File>> {
    let config = |name: &str| session.target.config.get(name).map(str::to_owned);
    let env = library::environment(session, &config, &session.options.args, session.options.guru, library);
    let text = format!("probe {} {{ }}\n", point);
    let id = session.sources.add("<input>", text.into_bytes(), session.options.guru, false);
    let file = pass1_parse::parse_file(&session.sources, id, &env, sink);
    (sink.errors() == 0).then(|| vec![file])
}

/// An argument that no script looks at is likely a mistake. One that reads argc or argv may look at all.
pub fn warn_of_unused_arguments(session: &Session<'_>, files: &[ast::File], program: &Program, sink: &Sink) {
    let mut globals = program.globals.iter().map(|(_, global)| global);
    if globals.any(|global| is_argument(session, global)) {
        return;
    }
    for index in 1..=session.options.args.len() {
        if !files.iter().any(|file| file.used_args.contains(&index)) {
            let text = format!("unused command line option ${index}/@{index}");
            sink.push(Diagnostic::new(Code::Unused, Severity::Warning, text));
        }
    }
}

/// Whether a global is one of the tapset that hold the arguments.
fn is_argument(session: &Session<'_>, global: &Global) -> bool {
    let name = global.name.as_str();
    (name == "argc" || name == "argv" || name.starts_with("argv_"))
        && session.sources.file(global.span.file).library
}

fn read_all(session: &Session<'_>) -> Result<Vec<(String, Vec<u8>)>, Box<Diagnostic>> {
    let options = &session.options;
    let mut inputs = Vec::new();
    if let Some(ms) = options.timeout_ms {
        inputs.push(("<timeout>".to_owned(), format!("probe timer.ms({ms}) {{ exit() }}\n").into_bytes()));
    }
    match &options.script {
        Some(Script::Text(text)) => inputs.push(("<input>".to_owned(), text.clone())),
        Some(Script::Stdin) => inputs.push(("<input>".to_owned(), read_stdin(session)?)),
        Some(Script::File(path)) => inputs.push((path.display().to_string(), read_file(session, path)?)),
        None => {}
    }
    for (index, text) in options.extra_scripts.iter().enumerate() {
        inputs.push((format!("<input{}>", index + 1), text.clone()));
    }
    match inputs.iter().find(|(_, bytes)| bytes.len() > MAX_BYTES) {
        Some((name, _)) => Err(input_error(format!("Input file '{name}' is larger than 4 GiB."))),
        None => Ok(inputs),
    }
}

fn read_stdin(session: &Session<'_>) -> Result<Vec<u8>, Box<Diagnostic>> {
    session
        .host
        .read_stdin()
        .map_err(|error| input_error(format!("Input file '<input>' cannot be read: {error}.")))
}

fn read_file(session: &Session<'_>, path: &Path) -> Result<Vec<u8>, Box<Diagnostic>> {
    let name = path.display();
    let real = session.host.canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if real.starts_with(&session.layout.tapset) {
        let text = format!("usage error: tapset file '{name}' cannot be run directly as a session script.");
        return Err(input_error(text));
    }
    session.host.read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => input_error(format!("Input file '{name}' is missing.")),
        _ => input_error(format!("Input file '{name}' cannot be read: {error}.")),
    })
}

fn input_error(text: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::Input, Severity::Error, text))
}
