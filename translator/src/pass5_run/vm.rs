//! --vm: the module runs in a throwaway guest of its kernel, so that a mistake costs nothing and root is not needed.

use std::ffi::OsString;
use std::time::Duration;

use stap_vm::{Verdict, Vm, VmError, VmResult, shell_word};

use crate::diag::{Code, Diagnostic, Severity};
use crate::pass4_build::BuiltModule;
use crate::session::Session;

/// A guest that nobody ends is ended after a day.
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Lines of the guest's console that an error shows.
const CONSOLE_LINES: usize = 20;

/// Runs staprun in a guest of the target's kernel; its output streams come as they are written.
pub fn run(
    session: &Session<'_>,
    module: &BuiltModule,
    arguments: &[OsString],
) -> Result<i32, Box<Diagnostic>> {
    let layout = &session.layout;
    let guest = Vm::new(&session.target.release).map_err(cannot_start)?.timeout(LIFE);
    let guest = guest.visible(&layout.staprun).visible(&layout.stapio).visible(&module.path);
    let guest = match output_dir(session)? {
        Some(dir) => guest.share(dir),
        None => guest,
    };
    let result = guest.run_live(&script(session, arguments)?).map_err(cannot_start)?;
    judge(result)
}

/// The directory of -o FILE: the guest writes there, all else that it writes is gone with it.
fn output_dir(session: &Session<'_>) -> Result<Option<std::path::PathBuf>, Box<Diagnostic>> {
    let Some(file) = &session.options.output else { return Ok(None) };
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    session.host.canonicalize(dir).map(Some).map_err(|error| {
        let message = format!("cannot write to {}: {error}", dir.display());
        Box::new(Diagnostic::new(Code::Run, Severity::Error, message))
    })
}

/// staprun where the user is; a guest without the host's root has no such place.
fn script(session: &Session<'_>, arguments: &[OsString]) -> Result<String, Box<Diagnostic>> {
    let here = session.host.canonicalize(std::path::Path::new(".")).unwrap_or_else(|_| "/".into());
    let staprun = session.layout.staprun.clone().into_os_string();
    let mut words = Vec::new();
    for word in [&staprun].into_iter().chain(arguments) {
        words.push(shell_word(text(word)?));
    }
    Ok(format!("cd {} 2>/dev/null\nexec {}\n", shell_word(text(here.as_os_str())?), words.join(" ")))
}

fn text(word: &std::ffi::OsStr) -> Result<&str, Box<Diagnostic>> {
    word.to_str().ok_or_else(|| {
        let message = format!("{} is no text, which the virtual machine needs", word.display());
        Box::new(Diagnostic::new(Code::Vm, Severity::Error, message))
    })
}

/// The guest's own health counts before the exit code of what ran in it.
fn judge(result: VmResult) -> Result<i32, Box<Diagnostic>> {
    let tail = result.console_tail(CONSOLE_LINES);
    match (result.verdict, result.status) {
        (Verdict::Ok, Some(code)) => Ok(code),
        (Verdict::Interrupted, code) => Ok(code.unwrap_or(0)),
        (verdict, _) => {
            let message = format!("the virtual machine failed: {verdict}");
            let diagnostic = Diagnostic::new(Code::Vm, Severity::Error, message);
            Err(Box::new(diagnostic.help(format!("its console ended with:\n{tail}"))))
        }
    }
}

fn cannot_start(error: VmError) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::Vm, Severity::Error, format!("cannot start a virtual machine: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(verdict: Verdict, status: Option<i32>) -> VmResult {
        let console = "line 1\nBUG: x\n".to_owned();
        VmResult { status, stdout: Vec::new(), stderr: Vec::new(), console, verdict, elapsed: Duration::ZERO }
    }

    #[test]
    fn a_sick_guest_is_an_error_whatever_staprun_says() {
        assert_eq!(judge(result(Verdict::Ok, Some(8))).expect("a code"), 8);
        assert_eq!(judge(result(Verdict::Interrupted, None)).expect("the user's wish"), 0);
        let error = judge(result(Verdict::Kernel("BUG: x".to_owned()), Some(0))).expect_err("a bug");
        assert!(error.message.contains("BUG: x") && error.helps[0].contains("line 1"), "{error:?}");
        assert_eq!(judge(result(Verdict::Died, None)).expect_err("dead").code, Code::Vm);
    }
}
