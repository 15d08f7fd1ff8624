//! Pass 5: the module runs, here or in a throwaway virtual machine.

use crate::diag::{Code, Diagnostic, Severity};
use crate::pass4_build::BuiltModule;
use crate::session::Session;

mod staprun;
mod target;
mod vm;

/// staprun's own codes, which are stap's too: load refused, output lost, run-time error, command failed.
const OF_THE_SESSION: std::ops::RangeInclusive<i32> = 7..=10;
/// What an exit code without a meaning counts as: an error at run time.
const RUNTIME: i32 = 9;

/// Runs the module to the end of its session; gives stap's exit code.
pub fn run(session: &Session<'_>, module: &BuiltModule) -> Result<i32, Box<Diagnostic>> {
    target::check(session)?;
    let arguments = staprun::arguments(&session.options, module);
    let code = match session.options.vm {
        true => vm::run(session, module, &arguments)?,
        false => staprun::run(session, arguments)?,
    };
    exit_code(code)
}

fn exit_code(code: i32) -> Result<i32, Box<Diagnostic>> {
    match code {
        0 => Ok(0),
        code if OF_THE_SESSION.contains(&code) => Ok(code),
        killed if killed > 128 => Err(failed(format!("staprun was killed by signal {}", killed - 128))),
        _ => Ok(RUNTIME),
    }
}

fn failed(message: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::Run, Severity::Error, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_staprun_are_passed_on() {
        for code in [0, 7, 8, 9, 10] {
            assert_eq!(exit_code(code).expect("a code"), code);
        }
        for code in [1, 2, 3, 100] {
            assert_eq!(exit_code(code).expect("a code"), RUNTIME);
        }
        assert!(exit_code(137).expect_err("killed").message.contains("signal 9"));
    }
}
