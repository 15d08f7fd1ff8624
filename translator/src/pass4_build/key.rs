//! What a module is made of, as one number.
//!
//! The key is made of contents alone, so that the same script, kernel and options give the same name, and so the same
//! bytes, on any machine. The stamp is made of stats, costs nothing, and is checked at each look-up.

use std::path::{Path, PathBuf};

use super::compiler::Compiler;
use crate::cache::{Key, KeyBuilder, Stamp};
use crate::diag::{Code, Diagnostic, Severity};
use crate::host::Host;
use crate::session::Session;

/// Everything besides a script that decides what its module looks like.
#[derive(Clone, Debug)]
pub struct Ingredients {
    /// Kernel, compiler and our own Kbuild file: what decides which commands are run.
    pub commands: Key,
    /// The above, the runtime and the -D options: what decides the cold object.
    pub cold: Key,
    /// The stats of compiler and kernel tools.
    pub stamp: Stamp,
}

impl Ingredients {
    /// Reads what there is to read: the runtime's files, Module.symvers, a few stats.
    pub fn collect(
        session: &Session<'_>,
        build_dir: &Path,
        compiler: &Compiler,
    ) -> Result<Ingredients, Box<Diagnostic>> {
        let symvers = session.host.read(&build_dir.join("Module.symvers")).unwrap_or_default();
        let config = session.host.read(&build_dir.join(".config")).unwrap_or_default();
        let commands = KeyBuilder::new("commands")
            .part("release", &session.target.release)
            .part("build_dir", build_dir.as_os_str().as_encoded_bytes())
            .part("config", config)
            .part("symvers", symvers)
            .part("compiler", &compiler.program)
            .part("kbuild", super::workdir::KBUILD)
            .finish();
        let cold = KeyBuilder::new("cold")
            .part("commands", commands)
            .part("options", super::workdir::options_header(&session.options))
            .part("runtime", runtime_digest(session)?)
            .finish();
        let stamp = stamp(session.host, build_dir, compiler);
        Ok(Ingredients { commands, cold, stamp })
    }

    /// The key of the module that this C text becomes.
    pub fn module_key(&self, session: &Session<'_>, c_source: &[u8]) -> Key {
        KeyBuilder::new("module")
            .part("cold", self.cold)
            .part("name", session.options.module_name.as_deref().unwrap_or_default())
            .part("unit", c_source)
            .finish()
    }
}

/// The key under which pass 3 keeps the C text of a program; `fingerprint` is all that pass 2 found out, as bytes.
pub fn script_key(session: &Session<'_>, fingerprint: &[u8]) -> Key {
    let options = &session.options;
    let defines = super::workdir::options_header(options);
    let flags = [
        options.guru,
        options.unoptimized,
        options.timing,
        options.suppress_warnings,
        options.no_global_var_display,
    ];
    KeyBuilder::new("script")
        .part("release", &session.target.release)
        .part("arch", &session.target.arch)
        .part("flags", flags.map(u8::from))
        .part("privilege", format!("{:?}", options.privilege))
        .part("compatible", format!("{:?}", options.compatible))
        .part("defines", defines)
        .part("program", fingerprint)
        .part("translator", executable(session.host))
        .finish()
}

/// A translator that was built anew may write other C from the same program.
fn executable(host: &dyn Host) -> String {
    let stat = host.current_exe().and_then(|exe| host.stat(&exe));
    stat.map_or_else(|_| String::new(), |stat| format!("{} {}", stat.len, stat.mtime_ns))
}

fn runtime_digest(session: &Session<'_>) -> Result<Key, Box<Diagnostic>> {
    let root = &session.layout.runtime;
    let mut builder = KeyBuilder::new("runtime");
    let mut found = false;
    let mut todo = vec![PathBuf::new()];
    while let Some(dir) = todo.pop() {
        let refuse = |error: std::io::Error| missing_runtime(root, &error.to_string());
        for entry in session.host.list(&root.join(&dir)).map_err(refuse)? {
            let path = dir.join(&entry.name);
            if entry.is_dir {
                todo.push(path);
            } else if matches!(path.extension().and_then(|ext| ext.to_str()), Some("c" | "h")) {
                let bytes = session.host.read(&root.join(&path)).map_err(refuse)?;
                builder = builder.part("path", path.as_os_str().as_encoded_bytes()).part("bytes", bytes);
                found = true;
            }
        }
    }
    if !found {
        return Err(missing_runtime(root, "it holds no C files"));
    }
    Ok(builder.finish())
}

fn missing_runtime(root: &Path, why: &str) -> Box<Diagnostic> {
    let message = format!("cannot use the runtime in {}: {why}", root.display());
    Box::new(
        Diagnostic::new(Code::Build, Severity::Error, message)
            .help("give its folder with -R, or reinstall stap-rs"),
    )
}

fn stamp(host: &dyn Host, build_dir: &Path, compiler: &Compiler) -> Stamp {
    let tools = ["tools/objtool/objtool", "scripts/mod/modpost", "include/generated/autoconf.h", "Makefile"];
    let mut builder = KeyBuilder::new("stamp");
    let linker = super::compiler::find_program(host, "ld").unwrap_or_default();
    let own = [compiler.path.clone(), linker];
    for path in own.into_iter().chain(tools.iter().map(|tool| build_dir.join(tool))) {
        let text =
            host.stat(&path).map_or_else(|_| String::new(), |stat| format!("{} {}", stat.len, stat.mtime_ns));
        builder = builder.part("path", path.as_os_str().as_encoded_bytes()).part("stat", text);
    }
    builder.finish().to_string()
}
