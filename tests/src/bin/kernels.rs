//! Writes the table of docs/kernels.md: runs all cases under run/ on the installed kernels. `make kernels`

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use stap_tests::case::{self, Case, Phase};
use stap_tests::families;
use stap_tests::guest_cases;
use stap_tests::programs::{release_of, root};

fn main() -> ExitCode {
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("kernels: {message}");
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<(), String> {
    let path = root().join("docs/kernels.md");
    let read = || fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()));
    let cases = case::collect()?;
    for release in kernels() {
        let wants = guest_cases::wanted_by(&release);
        let wanted: Vec<Case> = cases
            .iter()
            .filter(|case| case.phase == Phase::Run && wants(&case.directives) && !case.lacks_program())
            .cloned()
            .collect();
        eprintln!("{release}: {} cases", wanted.len());
        let outcomes = guest_cases::run(&release, &wanted);
        for case in &wanted {
            if let Some(Err(why)) = outcomes.get(&case.name).filter(|_| case.directives.todo.is_none()) {
                eprintln!("{} on {release}: {why}", case.name);
            }
        }
        // After each kernel, so that one which takes the machine down costs no other's column.
        let mut columns = families::read(&read()?)?;
        columns.insert(release_of(&release), families::column(&wanted, &outcomes));
        let page = families::write(&read()?, &columns)?;
        fs::write(&path, page).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Those of `STAP_TEST_KERNELS`, or all that are installed with headers.
fn kernels() -> Vec<String> {
    if let Ok(list) = std::env::var("STAP_TEST_KERNELS") {
        return list.split_whitespace().map(str::to_owned).collect();
    }
    let headers = |release: &String| Path::new("/lib/modules").join(release).join("build/Makefile").is_file();
    stap_vm::installed_releases().into_iter().filter(headers).collect()
}
