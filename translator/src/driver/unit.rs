//! Pass 3 with its cache: the same program gives the same C.

use std::path::PathBuf;

use crate::cache::Key;
use crate::diag::{Code, Diagnostic, Severity, Sink};
use crate::ir::Program;
use crate::pass3_translate;
use crate::pass4_build;
use crate::session::Session;

/// The generated C file.
pub struct Unit {
    /// Where it lies, for people to read.
    pub path: PathBuf,
    /// What it holds.
    pub text: Vec<u8>,
    /// It was there before.
    pub cached: bool,
}

/// Translates a program, or finds what was made of it before.
pub fn translate(session: &Session<'_>, program: &Program, sink: &Sink) -> Result<Unit, Box<Diagnostic>> {
    let key = pass4_build::script_key(session, &fingerprint(session, program));
    if let Some((path, text)) = pass4_build::cached_c(session, key) {
        return Ok(Unit { path, text, cached: true });
    }
    let text = pass3_translate::translate(session, program)?;
    pass4_build::store_c(session, key, &text, sink);
    let path = session.tmpdir.join(format!("{}_src.c", file_name(session, key)));
    session.host.write(&path, &text).map_err(|error| {
        let message = format!("cannot write {}: {error}", path.display());
        Diagnostic::new(Code::Build, Severity::Error, message)
    })?;
    Ok(Unit { path, text, cached: false })
}

fn file_name(session: &Session<'_>, key: Key) -> String {
    session.options.module_name.clone().unwrap_or_else(|| format!("stap_{key}"))
}

/// All that translation looks at: the program, and the files that its places are in.
fn fingerprint(session: &Session<'_>, program: &Program) -> Vec<u8> {
    let mut bytes = format!("{program:?}").into_bytes();
    for file in session.sources.files() {
        bytes.extend_from_slice(file.name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&file.bytes);
        bytes.push(0);
    }
    bytes
}
