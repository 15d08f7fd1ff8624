//! Building a module by a recipe instead of make.

use std::path::Path;

use super::compiler::environment;
use super::recipe::Recipe;
use crate::host::{Command, Host, Output};

/// Runs the commands on the files in `dir`. `None` when that did not give a module, for whatever reason: Kbuild is
/// asked then, and it is Kbuild's messages that the user sees.
pub fn run(host: &dyn Host, recipe: &Recipe, build_dir: &Path, dir: &Path, module: &str) -> Option<Output> {
    let script = recipe.script(build_dir, dir, module)?;
    for (name, bytes) in recipe.files() {
        host.write(&dir.join(name), bytes).ok()?;
    }
    // Kept as a file so that -k shows what was run.
    let path = dir.join("replay.sh");
    host.write(&path, script.as_bytes()).ok()?;
    let argv = vec!["/bin/sh".into(), path.into_os_string()];
    let mut env: Vec<_> = recipe.variables(dir, module)?;
    env.extend(environment(host, Some(dir)));
    let command = Command { argv, dir: Some(dir.to_owned()), env: Some(env) };
    let output = host.run(&command).ok()?;
    (output.code == 0 && host.is_file(&dir.join(format!("{module}.ko")))).then_some(output)
}
