//! Time and memory of passes 1 to 3.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use stap_tests::programs::programs;

use crate::table::{Budget, Row};

/// The first word of a run of this program that measures one other program and prints its figures.
pub const MEASURE: &str = "--measure";

const ROUNDS: usize = 20;
const FILES: usize = 1000;

/// Measures hello world as it is, and with a tapset of a thousand more files.
pub fn rows(release: &str) -> Result<Vec<Row>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let tapset = folder.path().join("tapset");
    write_tapset(&tapset).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    for (name, include) in [("as it is", None), ("with a thousand tapset files more", Some(tapset.as_path()))]
    {
        let (milliseconds, megabytes) = least(release, folder.path(), include)?;
        rows.push(Row::new(format!("time, {name}"), milliseconds, "ms", Budget::Most(20.0)));
        rows.push(Row::new(format!("memory, {name}"), megabytes, "MB", Budget::Most(40.0)));
    }
    Ok(rows)
}

fn write_tapset(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for number in 0..FILES {
        let text = format!(
            "function bench_{number}:long (x:long) {{ return x * {number} + strlen(execname()) }}\n\
             probe bench.alias_{number} = kernel.function(\"vfs_read\") {{ name = \"bench\" }}\n"
        );
        fs::write(folder.join(format!("bench_{number}.stp")), text)?;
    }
    Ok(())
}

/// The least time and memory of many runs; the first one fills the index of the tapset.
fn least(release: &str, data: &Path, include: Option<&Path>) -> Result<(f64, f64), String> {
    let mut least = (f64::INFINITY, f64::INFINITY);
    let mut words: Vec<String> = ["-p3", "-r", release, "--disable-cache"].map(str::to_owned).into();
    words.extend(include.into_iter().flat_map(|dir| ["-I".to_owned(), dir.display().to_string()]));
    words.extend(["-e", r#"probe begin { log("hello world") exit() }"#].map(str::to_owned));
    for round in 0..=ROUNDS {
        let (milliseconds, megabytes) = measured(&programs().stap, words.clone(), data)?;
        if round > 0 {
            least = (least.0.min(milliseconds), least.1.min(megabytes));
        }
    }
    Ok(least)
}

/// Milliseconds and megabytes of one run of a program whose data is kept below `data`.
pub fn measured(
    program: &Path,
    words: impl IntoIterator<Item = String>,
    data: &Path,
) -> Result<(f64, f64), String> {
    let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
    command.arg(MEASURE).arg(program).args(words).env("SYSTEMTAP_DIR", data.join("data"));
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match figures[..] {
        [milliseconds, megabytes] => Ok((milliseconds, megabytes)),
        _ => Err(format!("{} failed: {}", program.display(), String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// Runs one program and prints milliseconds and megabytes: only a process without other children can ask for those of
/// its child.
pub fn measure(words: &[String]) -> ExitCode {
    let Some((program, args)) = words.split_first() else { return ExitCode::FAILURE };
    let started = Instant::now();
    let output = Command::new(program).args(args).stdin(Stdio::null()).output();
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    let (Ok(output), Ok(usage)) = (output, getrusage(UsageWho::RUSAGE_CHILDREN)) else {
        return ExitCode::FAILURE;
    };
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        return ExitCode::FAILURE;
    }
    println!("{milliseconds:.3} {:.3}", usage.max_rss() as f64 / 1024.0);
    ExitCode::SUCCESS
}
