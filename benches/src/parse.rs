//! Pass 1 of much text: a long script, and the tapset of SystemTap where its package is installed. Its files are given to
//! the two programs; nothing of their contents is shown.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use stap_tests::programs::programs;

use crate::front;
use crate::table::{Budget, Row};

const ROUNDS: usize = 7;

/// The peer, and its library.
const PEER: &str = "/usr/bin/stap";
const TAPSET: &str = "/usr/share/systemtap/tapset";

/// Lines of the long script.
const LINES: usize = 1000;

/// What `-v` tells of a pass.
#[derive(Clone, Copy)]
struct Times {
    cpu: f64,
    real: f64,
}

impl Times {
    const NONE: Times = Times { cpu: f64::INFINITY, real: f64::INFINITY };

    fn least(self, other: Times) -> Times {
        Times { cpu: self.cpu.min(other.cpu), real: self.real.min(other.real) }
    }
}

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

/// The times of pass 1 of a script that needs nothing, out of `in Uusr/Ssys/Rreal ms.`
fn pass1(stap: &mut Command, release: &str) -> Result<Times, String> {
    let output = stap
        .args(["-v", "-p1", "-r", release, "-e", "probe begin {}"])
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| line.starts_with("Pass 1: parsed"));
    let times = line.and_then(|line| line.rsplit_once(" in ")).map(|(_, times)| times);
    let number = |unit: &str| -> Option<f64> {
        let word = times?.split(['/', ' ']).find_map(|word| word.strip_suffix(unit))?;
        word.parse().ok()
    };
    match (number("usr"), number("sys"), number("real")) {
        (Some(user), Some(system), Some(real)) => Ok(Times { cpu: user + system, real }),
        _ => Err(format!("{:?} -p1 told no times", stap.get_program())),
    }
}

/// Functions, arrays, loops and probes that need no debuginfo.
fn long_script() -> String {
    let mut text = String::from("global count, seen, last\n");
    for number in 0..(LINES - 1) / 9 {
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
