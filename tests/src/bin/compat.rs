//! Writes docs/compat.md: takes every example script of systemtap-doc through passes 1 to 4. `make compat`

use std::fs;
use std::process::ExitCode;

use stap_tests::compat::{self, Rows};
use stap_tests::examples::{self, INSTALL};
use stap_tests::parallel;
use stap_tests::programs::{kernels, programs, root};

fn main() -> ExitCode {
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("compat: {message}");
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<(), String> {
    let release = kernels().pop().ok_or("no kernel with headers is installed: run 'make setup'")?;
    let examples = examples::collect()?;
    if examples.is_empty() {
        return Err(INSTALL.to_owned());
    }
    let reached = parallel::map(&examples, |example| {
        let reach = example.reach(programs(), &release, 4)?;
        eprintln!("{}: -p{} {}", example.name, reach.pass, reach.missing);
        Ok::<_, String>((example.name.clone(), reach))
    });
    let rows = reached.into_iter().collect::<Result<Rows, _>>()?;
    let path = root().join("docs/compat.md");
    fs::write(&path, compat::page(&release, &rows)).map_err(|error| format!("{}: {error}", path.display()))
}
