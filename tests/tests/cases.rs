//! Runs the case files. `cargo test -p stap-tests --test cases [FILTER]`

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};
use stap_tests::case::{self, Case, Phase};
use stap_tests::directives::Directives;
use stap_tests::expect;
use stap_tests::guest_cases::{self, Outcomes};
use stap_tests::programs::{kernels, programs, release_of, with_dwarf};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let kernels = kernels();
    if kernels.is_empty() {
        eprintln!("cases: no kernel with headers is installed: run 'make setup'");
        return ExitCode::FAILURE;
    }
    let cases = match case::collect() {
        Ok(cases) => cases,
        Err(message) => {
            eprintln!("cases: {message}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials = Vec::new();
    let dwarf = with_dwarf();
    for release in &kernels {
        let wants = guest_cases::wanted_by(release);
        trials.extend(guest_trials(&cases, Some(release), &arguments, &wants));
    }
    if dwarf.as_ref().is_none_or(|release| !kernels.contains(release)) {
        trials.extend(guest_trials(&cases, dwarf.as_deref(), &arguments, &Directives::wants_dwarf));
    }
    trials.extend(
        cases.iter().filter(|case| case.phase != Phase::Run).flat_map(|case| host_trials(case, &kernels)),
    );
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Passes 1 to 3 look at one kernel, the newest that the case wants; pass 4 at each.
fn host_trials(case: &Case, kernels: &[String]) -> Vec<Trial> {
    if case.directives.wants_dwarf() {
        return vec![dwarf_trial(case)];
    }
    let wanted = kernels.iter().rev().filter(|release| case.directives.wants_kernel(&release_of(release)));
    let count = if case.phase == Phase::Build { kernels.len() } else { 1 };
    wanted
        .take(count)
        .map(|release| {
            let name = match case.phase {
                Phase::Build => format!("{} on {release}", case.name),
                _ => case.name.clone(),
            };
            let (job, release) = (case.clone(), release.clone());
            let ignored = case.lacks_program();
            Trial::test(name, move || Ok(job.judge(job.run_on_host(programs(), &release))?))
                .with_ignored_flag(ignored)
        })
        .collect()
}

/// A case for the kernel whose debuginfo is installed; ignored where none is, which `make setup` tells.
fn dwarf_trial(case: &Case) -> Trial {
    let release = with_dwarf();
    let (job, ignored) = (case.clone(), release.is_none());
    let release = release.unwrap_or_default();
    Trial::test(case.name.clone(), move || Ok(job.judge(job.run_on_host(programs(), &release))?))
        .with_ignored_flag(ignored)
}

/// The cases under run/ of one kernel. The first one asked for runs the whole batch, and the others wait for it. Where
/// the kernel is not installed they are ignored.
fn guest_trials(
    cases: &[Case],
    release: Option<&str>,
    arguments: &Arguments,
    wants: &dyn Fn(&Directives) -> bool,
) -> Vec<Trial> {
    let kernel = release.unwrap_or("a kernel with debuginfo");
    let wanted: Vec<(String, Case)> = cases
        .iter()
        .filter(|case| case.phase == Phase::Run && wants(&case.directives))
        .map(|case| (format!("{} on {kernel}", case.name), case.clone()))
        .filter(|(name, _)| is_asked_for(name, arguments))
        .collect();
    let batch = Arc::new(Batch {
        release: kernel.to_owned(),
        cases: wanted.iter().map(|(_, case)| case.clone()).collect(),
        outcomes: OnceLock::new(),
    });
    wanted
        .into_iter()
        .map(|(name, case)| {
            let (batch, ignored) = (Arc::clone(&batch), release.is_none() || case.lacks_program());
            Trial::test(name, move || batch.outcome(&case)).with_ignored_flag(ignored)
        })
        .collect()
}

/// libtest-mimic filters only after the trials are made, too late to leave a case out of the batch.
fn is_asked_for(name: &str, arguments: &Arguments) -> bool {
    let matches =
        |filter: &String| if arguments.exact { name == filter } else { name.contains(filter.as_str()) };
    arguments.filter.as_ref().is_none_or(matches) && !arguments.skip.iter().any(matches)
}

/// The cases under run/ for one kernel, and what became of them.
struct Batch {
    release: String,
    cases: Vec<Case>,
    outcomes: OnceLock<Outcomes>,
}

impl Batch {
    fn outcome(&self, case: &Case) -> Result<(), Failed> {
        let outcomes = self.outcomes.get_or_init(|| guest_cases::run(&self.release, &self.cases));
        let outcome = outcomes.get(&case.name).cloned().unwrap_or_else(|| Err("did not run".to_owned()));
        let script = std::fs::read_to_string(&case.path).unwrap_or_default();
        let shown = |message| format!("{}:\n{}{message}", case.path.display(), expect::indent(&script));
        Ok(case.judge(outcome).map_err(shown)?)
    }
}
