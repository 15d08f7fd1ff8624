//! The compiler that the kernel was built with, or the nearest to it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::diag::{Code, Diagnostic, Severity};
use crate::host::{Command, Host};
use crate::kernel::{Config, Package};

/// Where build programs are looked up before the user's own PATH, as in SystemTap.
const SYSTEM_PATH: [&str; 2] = ["/usr/bin", "/bin"];

/// A compiler for modules of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiler {
    /// The name that Kbuild is told.
    pub program: String,
    /// Where it is.
    pub path: PathBuf,
    /// The kernel was built with clang.
    pub llvm: bool,
    /// The kernel's own compiler is not installed and this one stands in for it: what to say once.
    pub substitute: Option<String>,
}

/// What a kernel was built with, by its configuration.
#[derive(Debug, PartialEq, Eq)]
struct Wanted<'a> {
    text: &'a str,
    program: Option<&'a str>,
    major: Option<&'a str>,
    llvm: bool,
}

impl Compiler {
    /// Looks for the kernel's compiler, then for one of the same major version, then for any.
    pub fn find(host: &dyn Host, config: &Config) -> Result<Compiler, Box<Diagnostic>> {
        let wanted = Wanted::of(config);
        let family = if wanted.llvm { "clang" } else { "gcc" };
        let numbered = wanted.major.map(|major| format!("{family}-{major}"));
        let exact = wanted.program.into_iter().map(str::to_owned).chain(numbered);
        let exact = exact.map(|name| (name, false));
        let others = [family.to_owned(), "cc".to_owned()].map(|name| (name, true));
        let others = others.into_iter().filter(|(name, _)| !wanted.llvm || name != "cc");
        for (program, substitute) in exact.chain(others) {
            if let Some(path) = find_program(host, &program) {
                let named = program.contains(|c: char| c.is_ascii_digit());
                let substitute =
                    (substitute || !named).then(|| wanted.text.to_owned()).filter(|text| !text.is_empty());
                return Ok(Compiler { program, path, llvm: wanted.llvm, substitute });
            }
        }
        Err(missing(host, &wanted, family))
    }

    /// A warning if this is not the kernel's compiler. Runs the compiler, but only where its name leaves a doubt.
    pub fn doubt(&self, host: &dyn Host) -> Option<Diagnostic> {
        let wanted = self.substitute.as_deref()?;
        let argv = vec![self.path.clone().into_os_string(), "--version".into()];
        let output = host.run(&Command { argv, dir: None, env: Some(environment(host, None)) }).ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mine = text.lines().next().unwrap_or_default();
        if major_of(mine) == major_of(wanted) {
            return None;
        }
        let message = format!("the kernel was built with \"{wanted}\", the module is built with \"{mine}\"");
        Some(Diagnostic::new(Code::Compiler, Severity::Warning, message))
    }
}

impl<'a> Wanted<'a> {
    fn of(config: &'a Config) -> Self {
        let text = config.get("CONFIG_CC_VERSION_TEXT").unwrap_or_default();
        let llvm = config.is_set("CONFIG_CC_IS_CLANG") || text.contains("clang version");
        // "gcc-12 (Debian 12.2.0-14) 12.2.0" begins with the program; clang's text does not.
        let first = text.split_whitespace().next();
        let program = if llvm { None } else { first.filter(|word| is_program_name(word)) };
        Wanted { text, program, major: major_of(text), llvm }
    }
}

/// Finds a program as Kbuild will find it.
pub fn find_program(host: &dyn Host, name: &str) -> Option<PathBuf> {
    search_path(host).into_iter().map(|dir| dir.join(name)).find(|file| host.is_file(file))
}

/// The environment of build programs: nothing of the user's but PATH, messages in English, temporary files in the
/// run's own directory, so that nothing stays behind when a compiler is killed.
pub fn environment(host: &dyn Host, tmpdir: Option<&Path>) -> Vec<(OsString, OsString)> {
    let path = search_path(host).iter().map(|dir| dir.as_os_str()).collect::<Vec<_>>().join(OsStr::new(":"));
    let mut variables = vec![("PATH".into(), path), ("LC_ALL".into(), "C".into())];
    variables.extend(tmpdir.map(|dir| ("TMPDIR".into(), dir.as_os_str().to_owned())));
    variables
}

/// The folders of programs. Relative ones of the user's are left out: who knows where make stands.
fn search_path(host: &dyn Host) -> Vec<PathBuf> {
    let own = host.env("PATH").unwrap_or_default();
    let own = own.as_bytes().split(|byte| *byte == b':').map(|dir| PathBuf::from(OsStr::from_bytes(dir)));
    SYSTEM_PATH.iter().map(PathBuf::from).chain(own.filter(|dir| dir.is_absolute())).collect()
}

fn is_program_name(word: &str) -> bool {
    word.contains("cc") && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c))
}

/// The first number of the last word that looks like a version: 12 of "gcc-12 (Debian 12.2.0-14) 12.2.0".
fn major_of(text: &str) -> Option<&str> {
    let is_version = |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    let version = match text.split_once("clang version ") {
        Some((_, rest)) => rest.split_whitespace().next(),
        None => text.split_whitespace().rev().find(is_version),
    };
    version?.split('.').next().filter(|major| !major.is_empty())
}

fn missing(host: &dyn Host, wanted: &Wanted<'_>, family: &str) -> Box<Diagnostic> {
    let built = match wanted.text {
        "" => String::new(),
        text => format!("; the kernel was built with \"{text}\""),
    };
    let message = format!("no C compiler is installed{built}");
    let mut package = Package::same(family);
    if let Some(major) = wanted.major {
        package.debian = format!("{family}-{major}");
    }
    Box::new(Diagnostic::new(Code::Compiler, Severity::Error, message).help(package.remedy(host)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Output;
    use crate::host::memory::MemoryHost;

    const DEBIAN: &str = "CONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0\"\n";
    const RHEL: &str = "CONFIG_CC_VERSION_TEXT=\"gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3)\"\n";
    const CLANG: &str =
        "CONFIG_CC_VERSION_TEXT=\"Debian clang version 16.0.6 (27+b1)\"\nCONFIG_CC_IS_CLANG=y\n";

    fn host(programs: &[&str]) -> MemoryHost {
        let host = MemoryHost::new().file("/etc/os-release", "ID=debian\n");
        programs.iter().fold(host, |host, program| host.file(&format!("/usr/bin/{program}"), ""))
    }

    fn found(programs: &[&str], config: &str) -> Compiler {
        Compiler::find(&host(programs), &Config::new(config)).expect("a compiler")
    }

    #[test]
    fn the_kernels_own_compiler_comes_first() {
        assert_eq!(found(&["gcc", "gcc-12"], DEBIAN).program, "gcc-12");
        assert_eq!(found(&["gcc", "gcc-12"], DEBIAN).substitute, None);
        assert_eq!(found(&["gcc", "gcc-11"], RHEL).program, "gcc");
        assert_eq!(found(&["clang", "clang-16", "gcc"], CLANG).program, "clang-16");
        assert!(found(&["clang", "gcc"], CLANG).llvm);
        assert!(found(&["gcc"], DEBIAN).substitute.is_some());
        assert_eq!(found(&["gcc"], "").substitute, None);
    }

    #[test]
    fn a_missing_compiler_names_its_package() {
        let error = Compiler::find(&host(&["clang"]), &Config::new(DEBIAN)).expect_err("none");
        assert_eq!((error.code, &error.helps[0][..]), (Code::Compiler, "apt-get install gcc-12"));
        let error = Compiler::find(&host(&["gcc", "cc"]), &Config::new(CLANG)).expect_err("none");
        assert_eq!(error.helps[0], "apt-get install clang-16");
    }

    #[test]
    fn another_major_version_is_a_warning() {
        let speaks = |text: &'static str| {
            let run = move |_: &MemoryHost, _: &Command| Output { stdout: text.into(), ..Output::default() };
            host(&["gcc"]).program("/usr/bin/gcc", run)
        };
        let compiler = found(&["gcc"], RHEL);
        assert!(compiler.doubt(&speaks("gcc (GCC) 11.5.0 20240719 (Red Hat 11.5.0-2)\n")).is_none());
        let warning = compiler.doubt(&speaks("gcc (GCC) 14.2.1\n")).expect("another one");
        assert!(warning.message.contains("14.2.1") && warning.severity == Severity::Warning);
    }
}
