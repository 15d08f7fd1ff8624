//! One C file, compiled as a module's would be, for what its debug information tells.

use std::path::Path;

use super::compiler::Compiler;
use super::kbuild;
use crate::diag::{Code, Diagnostic, Severity};
use crate::session::Session;

/// -w: what is compiled is the kernel's own header in a way that its authors did not think of.
const KBUILD: &str = "obj-m := stap_header.o\nccflags-y := -g -gdwarf-4 -w\n";

/// The object file of a C source that includes a header of the session's kernel.
pub fn compile(session: &Session<'_>, source: &str) -> Result<Vec<u8>, Box<Diagnostic>> {
    let host = session.host;
    let build_dir = session.target.headers(host)?;
    let compiler = Compiler::find(host, &session.target.config)?;
    let dir = session.tmpdir.join("header");
    let put = |name: &str, text: &str| host.write(&dir.join(name), text.as_bytes());
    let written = host.create_dir_all(&dir).and_then(|()| put("Kbuild", KBUILD));
    written.and_then(|()| put("stap_header.c", source)).map_err(|error| failed(&dir, &error.to_string()))?;
    let output = kbuild::make(host, build_dir, &dir, &compiler, "stap_header.o")?;
    if output.code != 0 {
        let text = String::from_utf8_lossy(&output.stderr);
        let error = text.lines().find(|line| line.contains("error:")).or_else(|| text.lines().next());
        return Err(failed(&dir, error.unwrap_or("make failed")));
    }
    host.read(&dir.join("stap_header.o")).map_err(|error| failed(&dir, &error.to_string()))
}

fn failed(dir: &Path, why: &str) -> Box<Diagnostic> {
    let message = format!("cannot compile {}: {why}", dir.join("stap_header.c").display());
    Box::new(Diagnostic::new(Code::Build, Severity::Error, message))
}
