//! SystemTap itself, as a black box, where it is installed: the same script is judged by it and by stap.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::case::{Case, Phase};
use crate::expect::Outcome;
use crate::process;
use crate::programs::Programs;

/// Where distributions install it. Its version is that of the package: 4.8 in Debian 12.
const STAP: &str = "/usr/bin/stap";

/// A verdict takes seconds, on a busy machine as well.
const LIMIT: Duration = Duration::from_secs(120);

/// What process::run gives for a program that it stopped; above are those that a signal ended.
const HUNG: i32 = 124;

/// What one of the two says of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The last pass that the script goes through, of 2.
    pub pass: u8,
    /// The globals and functions that -p2 lists, each with its line; overloads are apart by the number of parameters.
    pub types: BTreeMap<String, String>,
}

/// The installed peer.
pub struct Peer {
    data: PathBuf,
}

impl Peer {
    /// The peer, if it is installed.
    pub fn find(programs: &Programs) -> Option<Peer> {
        Path::new(STAP).is_file().then(|| Peer { data: programs.scratch.join("peer-data") })
    }

    /// What the peer says of a case; nothing where it crashes, hangs, lacks the debuginfo that a probe point wants, or
    /// is asked for BTF, which it does not read.
    pub fn judges(&self, case: &Case, release: &str) -> Result<Option<Verdict>, String> {
        let is_ours = |arg: &String| arg.starts_with("--debuginfo") || arg.starts_with("--btf");
        if case.directives.args.iter().any(is_ours) {
            return Ok(None);
        }
        let mut stap = Command::new(STAP);
        stap.env("SYSTEMTAP_DIR", &self.data).env_remove("SYSTEMTAP_TAPSET").env("LC_ALL", "C");
        let outcome = run(&mut stap, case, release)?;
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        if outcome.exit >= HUNG || stderr.contains("semantic error: no match") {
            return Ok(None);
        }
        verdict(case, &outcome).map(Some)
    }
}

/// What stap says of a case.
pub fn stap_judges(programs: &Programs, case: &Case, release: &str) -> Result<Verdict, String> {
    verdict(case, &run(&mut programs.stap(), case, release)?)
}

/// How the two differ; none where they agree. Types count for names that both list: which are elided is a matter of
/// the optimiser.
pub fn difference(ours: &Verdict, peers: &Verdict) -> Option<String> {
    if ours.pass != peers.pass {
        return Some(format!("stap reaches -p{}, the peer -p{}", ours.pass, peers.pass));
    }
    let differing: Vec<String> = ours
        .types
        .iter()
        .filter_map(|(name, line)| Some((line, peers.types.get(name)?)))
        .filter(|(line, other)| line != other)
        .map(|(line, other)| format!("stap says '{line}', the peer '{other}'"))
        .collect();
    (!differing.is_empty()).then(|| differing.join("; "))
}

fn last_pass(case: &Case) -> u8 {
    if case.phase == Phase::Parse { 1 } else { 2 }
}

fn run(stap: &mut Command, case: &Case, release: &str) -> Result<Outcome, String> {
    // Under -W the peer counts the warning that this machine lacks symbol tables as an error.
    let args = case.directives.args.iter().filter(|arg| *arg != "-W");
    stap.arg(format!("-p{}", last_pass(case))).args(["-r", release]).args(args);
    stap.arg(&case.path).args(&case.directives.script_args);
    process::run(stap, LIMIT).map_err(|error| error.to_string())
}

fn verdict(case: &Case, outcome: &Outcome) -> Result<Verdict, String> {
    let stderr = String::from_utf8_lossy(&outcome.stderr);
    let pass = match outcome.exit {
        0 => last_pass(case),
        _ if stderr.contains("Pass 2: ") => 1,
        1..=3 => 0,
        code => return Err(format!("{}: ended with {code}:\n{stderr}", case.name)),
    };
    let types = if pass == 2 { types(&String::from_utf8_lossy(&outcome.stdout)) } else { BTreeMap::new() };
    Ok(Verdict { pass, types })
}

/// The lines `NAME:TYPE …` of the lists of globals and functions.
fn types(dump: &str) -> BTreeMap<String, String> {
    let mut types = BTreeMap::new();
    let mut wanted = "";
    for line in dump.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            wanted = if ["globals", "functions"].contains(&title) { title } else { "" };
        } else if !wanted.is_empty()
            && let Some((name, _)) = line.split_once(':')
        {
            let name = name.split('[').next().unwrap_or(name);
            let commas = line.matches(',').count();
            types.insert(format!("{wanted} {name} {commas}"), line.trim_end().to_owned());
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_globals_and_functions() {
        let dump = "# globals\nb[10]:long [string, long]\n# functions\nf:string (x:string)\n# probes\nbegin /* <- begin */\n  # locals\n  x:long\n";
        let found: Vec<_> = types(dump).into_iter().collect();
        let pair = |name: &str, line: &str| (name.to_owned(), line.to_owned());
        assert_eq!(
            found,
            [pair("functions f 0", "f:string (x:string)"), pair("globals b 1", "b[10]:long [string, long]")]
        );
    }

    #[test]
    fn only_what_both_list_can_differ() {
        let verdict = |pass, dump: &str| Verdict { pass, types: types(dump) };
        let ours = verdict(2, "# globals\na:long\nb:string\n");
        assert_eq!(difference(&ours, &verdict(2, "# globals\na:long\n")), None);
        assert!(difference(&ours, &verdict(2, "# globals\na:string\n")).is_some());
        assert!(difference(&ours, &verdict(1, "")).is_some());
    }
}
