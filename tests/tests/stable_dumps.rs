//! What passes 1 to 3 print is the same in every process: no hash order, address or clock reaches it.

use std::time::Duration;

use stap_tests::case::{self, Case, Phase};
use stap_tests::programs::{kernels, programs};
use stap_tests::{parallel, process};

/// The passes whose output a case reaches.
fn passes(case: &Case) -> &'static [&'static str] {
    match (case.phase, case.ok) {
        (Phase::Parse, _) => &["-p1"],
        (Phase::Sema, _) | (_, false) => &["-p1", "-p2"],
        _ => &["-p1", "-p2", "-p3"],
    }
}

/// The case's options but for -v and --vp, which would tell times, sizes and the temporary directory.
fn quiet(args: &[String]) -> Vec<&String> {
    let mut args = args.iter();
    let mut kept = Vec::new();
    while let Some(word) = args.next() {
        match word.as_str() {
            "--vp" => {
                args.next();
            }
            word if word.starts_with("-v") || word.starts_with("--vp=") => {}
            _ => kept.push(word),
        }
    }
    kept
}

/// Exit code, dump and messages.
fn dump(case: &Case, pass: &str, release: &str) -> Result<(i32, Vec<u8>, Vec<u8>), String> {
    let mut stap = programs().stap();
    stap.args([pass, "-r", release, "--disable-cache"]).args(quiet(&case.directives.args));
    stap.arg(&case.path).args(&case.directives.script_args);
    let outcome = process::run(&mut stap, Duration::from_secs(120)).map_err(|error| error.to_string())?;
    Ok((outcome.exit, outcome.stdout, outcome.stderr))
}

#[test]
fn two_processes_print_the_same() {
    let release = kernels().pop().expect("'make setup' installs a kernel");
    let cases = case::collect().expect("well-formed");
    let failures = parallel::map(&cases, |case| {
        for pass in passes(case) {
            if dump(case, pass, &release)? != dump(case, pass, &release)? {
                return Err(format!("{} {pass}: two runs differ", case.name));
            }
        }
        Ok(())
    });
    let failures: Vec<String> = failures.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
