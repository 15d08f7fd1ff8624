//! What a sorted foreach does beside the C library, both over the same 10,000 strings.

use std::path::Path;
use std::process::{Command, Output};

use stap_tests::programs::root;

use crate::table::{Budget, Row};

/// Compiles the comparison and runs it.
pub fn rows() -> Result<Vec<Row>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let program = folder.path().join("sort");
    let source = root().join("runtime-c/tests/bench_sort.c");
    let mut compiler = Command::new("gcc");
    compiler.args(["-std=gnu11", "-O2", "-fwrapv", "-I"]).arg(root().join("runtime-c"));
    done(compiler.arg(source).arg("-o").arg(&program), "gcc")?;
    let printed =
        String::from_utf8_lossy(&done(&mut Command::new(&program), name(&program))?.stdout).into_owned();
    let (ours, theirs) = times(&printed).ok_or(format!("no times in {printed:?}"))?;
    Ok(vec![
        Row::new("qsort of the C library", theirs, "ms", Budget::None),
        Row::new("the runtime's sort, to qsort", ours / theirs, "x", Budget::Most(2.0)),
    ])
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn done(command: &mut Command, what: &str) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{what} cannot be run: {error}"))?;
    match output.status.success() {
        true => Ok(output),
        false => Err(format!("{what} failed: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// The figures of `ours 1.23 ms, qsort 4.56 ms`.
fn times(text: &str) -> Option<(f64, f64)> {
    let mut figures = text.split_whitespace().filter_map(|word| word.parse().ok());
    Some((figures.next()?, figures.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_among_words() {
        assert_eq!(times("ours 1.23 ms, qsort 4.56 ms\n"), Some((1.23, 4.56)));
        assert_eq!(times("ours"), None);
    }
}
