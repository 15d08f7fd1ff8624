//! One run of the kernel's own build system.

use std::ffi::OsString;
use std::path::Path;

use super::compiler::{Compiler, environment, find_program};
use crate::diag::{Code, Diagnostic, Severity};
use crate::host::{Command, Host, Output};
use crate::kernel::Package;

/// Settings that override the kernel's configuration: debug information of a module that lives for minutes is
/// nothing but time spent.
const OVERRIDES: [&str; 2] = ["CONFIG_DEBUG_INFO=", "CONFIG_DEBUG_INFO_BTF_MODULES="];

/// Builds `goal`, `modules` or an object file, of what the files in `dir` describe. The commands are printed to the output, see
/// [`super::recipe`].
pub fn make(
    host: &dyn Host,
    build_dir: &Path,
    dir: &Path,
    compiler: &Compiler,
    goal: &str,
) -> Result<Output, Box<Diagnostic>> {
    let make = find_program(host, "make").ok_or_else(|| no_make(host))?;
    let mut argv: Vec<OsString> = vec![make.into_os_string(), "-C".into(), build_dir.into()];
    argv.push(assignment("M", dir));
    argv.extend(["-j2", "V=1", "--no-print-directory"].map(OsString::from));
    argv.extend(OVERRIDES.map(OsString::from));
    argv.push(if compiler.llvm { llvm(compiler) } else { assignment("CC", Path::new(&compiler.program)) });
    argv.push(goal.into());
    let command = Command { argv, dir: Some(dir.to_owned()), env: Some(environment(host, Some(dir))) };
    host.run(&command).map_err(|error| {
        let message = format!("cannot run make: {error}");
        Box::new(Diagnostic::new(Code::Build, Severity::Error, message))
    })
}

fn assignment(name: &str, value: &Path) -> OsString {
    let mut word = OsString::from(name);
    word.push("=");
    word.push(value);
    word
}

/// `LLVM=-16` asks for clang-16, ld.lld-16 and so on; `LLVM=1` for the programs without a number.
fn llvm(compiler: &Compiler) -> OsString {
    let number = compiler.program.strip_prefix("clang").filter(|rest| !rest.is_empty());
    format!("LLVM={}", number.unwrap_or("1")).into()
}

fn no_make(host: &dyn Host) -> Box<Diagnostic> {
    let message = "make, which builds kernel modules, is not installed";
    Box::new(
        Diagnostic::new(Code::Compiler, Severity::Error, message).help(Package::same("make").remedy(host)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::memory::MemoryHost;

    fn compiler(program: &str, llvm: bool) -> Compiler {
        Compiler { program: program.to_owned(), path: "/usr/bin/x".into(), llvm, substitute: None }
    }

    #[test]
    fn the_command_line_and_its_environment() {
        let host = MemoryHost::new()
            .file("/usr/bin/make", "")
            .variable("PATH", "/opt/bin:relative")
            .variable("CFLAGS", "-O0")
            .program("/usr/bin/make", |_, _| Output::default());
        for compiler in [compiler("gcc-12", false), compiler("clang-16", true)] {
            make(&host, Path::new("/b"), Path::new("/t"), &compiler, "modules").expect("runs");
        }
        let commands = host.commands();
        let words =
            |n: usize| commands[n].argv.join(OsString::from(" ").as_os_str()).into_string().expect("text");
        assert!(words(0).starts_with("/usr/bin/make -C /b M=/t -j2"), "{}", words(0));
        assert!(words(0).contains("CONFIG_DEBUG_INFO= ") && words(0).ends_with("CC=gcc-12 modules"));
        assert!(words(1).ends_with("LLVM=-16 modules"), "{}", words(1));
        let env = commands[0].env.as_ref().expect("a clean environment");
        let names: Vec<_> = env.iter().map(|(name, _)| name.to_str().expect("text")).collect();
        assert_eq!(names, ["PATH", "LC_ALL", "TMPDIR"]);
        assert_eq!(env[0].1, "/usr/bin:/bin:/opt/bin");
    }

    #[test]
    fn without_make() {
        let host = MemoryHost::new().file("/etc/os-release", "ID=fedora\n");
        let error = make(&host, Path::new("/b"), Path::new("/t"), &compiler("gcc", false), "modules")
            .expect_err("no make");
        assert_eq!((error.code, &error.helps[0][..]), (Code::Compiler, "dnf install make"));
    }
}
