//! The programs under test and the kernels they are tested on.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, fs, io};

use crate::expect::Outcome;
use crate::process;

/// The CPUs of a guest are threads of a busy host: one that loses its processor while it holds a lock of the script is
/// waited for, for a second instead of a millisecond, or the other one's hit would be skipped.
const PATIENCE: &str = "-DMAXTRYLOCK=100000";

/// A compiler takes seconds, and on a loaded machine many.
const COMPILE_LIMIT: Duration = Duration::from_secs(300);

/// The programs, freshly built.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The translator.
    pub stap: PathBuf,
    /// The loader.
    pub staprun: PathBuf,
    /// The reader that staprun starts.
    pub stapio: PathBuf,
    /// Programs of tests/workloads.
    pub workloads: PathBuf,
    /// stap's cache and other files of the tests, kept between runs.
    pub scratch: PathBuf,
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// Builds the programs in the profile of the running test and finds them.
pub fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| Programs::build().unwrap_or_else(|message| panic!("{message}")))
}

impl Programs {
    fn build() -> Result<Programs, String> {
        let exe = env::current_exe().map_err(|error| error.to_string())?;
        let folder = exe
            .ancestors()
            .find(|folder| folder.file_name() == Some(OsStr::new("debug")) || folder.ends_with("release"))
            .ok_or("the test program does not lie under target/debug or target/release")?;
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.current_dir(root()).args(["build", "--quiet", "--package=stap", "--package=staprun", "--bins"]);
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        checked(cargo.status(), "cargo build")?;
        let mut make = Command::new("make");
        checked(make.args(["--silent", "--directory"]).arg(root().join("tests/workloads")).status(), "make")?;
        let target = folder.parent().unwrap_or(folder);
        let scratch = target.join("tests");
        fs::create_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
        Ok(Programs {
            stap: folder.join("stap"),
            staprun: folder.join("staprun"),
            stapio: folder.join("stapio"),
            workloads: target.join("workloads"),
            scratch,
        })
    }

    /// stap with a cache of the tests' own and without the user's settings.
    pub fn stap(&self) -> Command {
        let mut command = Command::new(&self.stap);
        command.env("SYSTEMTAP_DIR", self.scratch.join("stap-data")).env_remove("SYSTEMTAP_TAPSET");
        command.env("LC_ALL", "C.UTF-8").current_dir(&self.scratch);
        command
    }

    /// Compiles a script for a kernel and gives the module.
    pub fn module(
        &self,
        release: &str,
        args: &[String],
        script: &Path,
        words: &[String],
    ) -> Result<PathBuf, Outcome> {
        let mut command = self.stap();
        command.args(["-p4", "-r", release, PATIENCE]).args(args).arg(script).args(words);
        let mut outcome = process::run(&mut command, COMPILE_LIMIT).unwrap_or_else(|error| Outcome {
            exit: 127,
            stdout: Vec::new(),
            stderr: error.to_string().into_bytes(),
        });
        let printed = String::from_utf8_lossy(&outcome.stdout).into_owned();
        let module =
            printed.lines().rev().map(Path::new).find(|path| path.extension() == Some(OsStr::new("ko")));
        match module {
            Some(module) if outcome.exit == 0 => Ok(self.scratch.join(module)),
            None if outcome.exit == 0 => {
                outcome.stderr.extend_from_slice(b"(the harness found no .ko in standard output)\n");
                Err(outcome)
            }
            _ => Err(outcome),
        }
    }
}

fn checked(status: io::Result<std::process::ExitStatus>, what: &str) -> Result<(), String> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{what} failed: {status}")),
        Err(error) => Err(format!("{what} cannot be run: {error}")),
    }
}

/// The kernels to test on: the newest of each base version that is installed with headers, or those that the variable
/// `STAP_TEST_KERNELS` lists, which may be build trees. Real-time and cloud kernels take part only when listed.
pub fn kernels() -> Vec<String> {
    if let Ok(list) = env::var("STAP_TEST_KERNELS") {
        return list.split_whitespace().map(str::to_owned).collect();
    }
    let mut newest: Vec<String> = Vec::new();
    for release in stap_vm::installed_releases() {
        let headers = Path::new("/lib/modules").join(&release).join("build/Makefile");
        if headers.is_file() && !release.contains("-rt-") && !release.contains("-cloud-") {
            newest.retain(|other| base(other) != base(&release));
            newest.push(release);
        }
    }
    newest
}

/// The newest kernel that is installed with headers and DWARF. It is a cloud kernel, whose debuginfo is the smallest.
pub fn with_dwarf() -> Option<String> {
    let installed = |release: &String| {
        let debuginfo = Path::new("/usr/lib/debug/boot").join(format!("vmlinux-{release}"));
        debuginfo.is_file() && Path::new("/lib/modules").join(release).join("build/Makefile").is_file()
    };
    stap_vm::installed_releases().into_iter().rfind(installed)
}

/// `6.1` of `6.1.0-56-amd64`.
fn base(release: &str) -> Vec<&str> {
    release.splitn(3, '.').take(2).collect()
}

/// What `uname -r` says on a kernel of that list.
pub fn release_of(kernel: &str) -> String {
    stap_vm::Kernel::find(kernel).map_or_else(|_| kernel.to_owned(), |kernel| kernel.release)
}
