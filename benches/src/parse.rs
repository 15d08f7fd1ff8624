//! Pass 1 of much text: a long script, and the tapset of SystemTap where its package is installed. Its files are given to
//! the two programs; nothing of their contents is shown.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use stap_tests::programs::programs;

use crate::front;
use crate::table::{Budget, Row};
use crate::times::{self, Times};

const ROUNDS: usize = 7;

/// The peer, and its library.
const PEER: &str = "/usr/bin/stap";
const TAPSET: &str = "/usr/share/systemtap/tapset";

/// Lines of the long script.
const LINES: usize = 1000;

/// Measures both programs by turns.
pub fn rows(release: &str) -> Result<Vec<Row>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let script = folder.path().join("long.stp");
    std::fs::write(&script, long_script()).map_err(|error| error.to_string())?;
    let script = script.display().to_string();
    let words = ["-p3", "-r", release, "--disable-cache", &script].map(str::to_owned);
    let mut long = f64::INFINITY;
    for _ in 0..ROUNDS {
        long = long.min(front::measured(&programs().stap, words.clone(), folder.path())?.0);
    }
    let title = format!("passes 1 to 3 of a script of {LINES} lines");
    let mut rows = vec![Row::new(title, long, "ms", Budget::Most(60.0))];
    match Path::new(PEER).is_file() && Path::new(TAPSET).is_dir() {
        true => rows.extend(library(release, folder.path())?),
        false => eprintln!("bench: SystemTap is not installed: its tapset is not parsed"),
    }
    Ok(rows)
}

/// The whole library of the peer, and what is left of that when the index knows it.
fn library(release: &str, data: &Path) -> Result<Vec<Row>, String> {
    let (mut peers, mut cold, mut indexed) = (Times::NONE, Times::NONE, Times::NONE);
    for _ in 0..ROUNDS {
        let mut peer = Command::new(PEER);
        peer.env("SYSTEMTAP_DIR", data.join("peer")).env_remove("SYSTEMTAP_TAPSET").env("LC_ALL", "C");
        peers = peers.least(pass1(&mut peer, release)?);
        // With -W every file is parsed, so that each warning can be an error.
        cold = cold.least(pass1(
            programs().stap().args(["-W", "--disable-cache"]).env("SYSTEMTAP_TAPSET", TAPSET),
            release,
        )?);
        let data = data.join("data");
        let warm =
            || pass1(programs().stap().env("SYSTEMTAP_TAPSET", TAPSET).env("SYSTEMTAP_DIR", &data), release);
        warm()?;
        indexed = indexed.least(warm()?);
    }
    Ok(vec![
        Row::new("the peer's tapset, whole, by the peer: CPU", peers.cpu, "ms", Budget::None),
        Row::new("the same by stap, to the peer: CPU", cold.cpu / peers.cpu, "times", Budget::Most(1.0)),
        Row::new("the same by stap, to the peer: time", cold.real / peers.real, "times", Budget::Most(1.0)),
        Row::new("the same tapset from the index", indexed.real, "ms", Budget::Most(5.0)),
    ])
}

/// The times of pass 1 of a script that needs nothing.
fn pass1(stap: &mut Command, release: &str) -> Result<Times, String> {
    times::of_pass(stap, 1, release, "probe begin {}")
}

/// Functions, arrays, loops and probes that need no debuginfo.
fn long_script() -> String {
    let mut text = String::from("global count, seen, last\n");
    for number in 0..(LINES - 2) / 9 {
        let _ = write!(
            text,
            "function weigh_{number}:long (value:long, name:string) {{\n\
             \x20 sum = 0\n\
             \x20 for (i = 0; i < value % 10; i++) {{ sum += i * {number} + (value >> 2 & 0xff) }}\n\
             \x20 if (name == \"init\" && sum != 0) return sum - strlen(name)\n\
             \x20 else return sum ? sum : value\n\
             }}\n\
             probe timer.ms({}) {{\n\
             \x20 seen[execname(), pid()] <<< weigh_{number}(count++, execname()); last[{number}] = sprintf(\"%s %d\", execname(), tid())\n\
             }}\n",
            number + 10
        );
    }
    text + "probe end { foreach ([name, id] in seen- limit 10) printf(\"%s %d\\n\", name, @count(seen[name, id])) }\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_script_is_as_long_as_it_says() {
        let lines = long_script().lines().count();
        assert!((LINES - 9..=LINES).contains(&lines), "{lines}");
    }
}
