//! The cases under run/ on one kernel: compiled here, then loaded one after another in a guest.

use std::collections::HashMap;

use stap_vm::Vm;

use crate::batch::{self, Run};
use crate::case::Case;
use crate::directives::Directives;
use crate::expect;
use crate::parallel;
use crate::programs::{programs, release_of, with_dwarf};

/// What became of each case, by its name.
pub type Outcomes = HashMap<String, Result<(), String>>;

/// Which cases are for a kernel.
pub fn wanted_by(release: &str) -> impl Fn(&Directives) -> bool + use<> {
    let (name, has_dwarf) = (release_of(release), with_dwarf().as_deref() == Some(release));
    move |directives| directives.wants_kernel(&name) || has_dwarf && directives.wants_dwarf()
}

/// Compiles all and runs those that compile.
pub fn run(release: &str, cases: &[Case]) -> Outcomes {
    let built = parallel::map(cases, |case| compile(release, case));
    let mut outcomes = Outcomes::new();
    let (mut loaded, mut runs) = (Vec::new(), Vec::new());
    for (case, built) in cases.iter().zip(built) {
        match built {
            Ok(run) => {
                loaded.push(case);
                runs.push(run);
            }
            Err(failure) => {
                outcomes.insert(case.name.clone(), Err(failure));
            }
        }
    }
    if runs.is_empty() {
        return outcomes;
    }
    match Vm::new(release) {
        Ok(vm) => {
            for (case, outcome) in loaded.iter().zip(batch::run(&vm, &runs)) {
                let outcome = outcome.and_then(|o| expect::check(&case.directives, case.exit(), &o));
                outcomes.insert(case.name.clone(), outcome);
            }
        }
        Err(error) => {
            outcomes.extend(loaded.iter().map(|case| (case.name.clone(), Err(error.to_string()))));
        }
    }
    outcomes
}

fn compile(release: &str, case: &Case) -> Result<Run, String> {
    let directives = &case.directives;
    let module = programs().module(release, &directives.args, &case.path, &directives.script_args).map_err(
        |outcome| {
            let stderr = expect::indent(&String::from_utf8_lossy(&outcome.stderr));
            format!("stap -p4 failed with exit code {}:\n{stderr}", outcome.exit)
        },
    )?;
    Ok(Run::staprun(programs(), module, directives))
}
