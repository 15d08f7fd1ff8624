//! Passes 1 and 2 of the cases beside SystemTap's own, where that is installed: the same verdict and the same types.
//! Known differences stand in tests/peer/differences with their reasons, and must still be differences.

use std::collections::BTreeMap;
use std::{env, fs};

use stap_tests::case::{self, Case, Phase};
use stap_tests::parallel;
use stap_tests::peer::{self, Peer};
use stap_tests::programs::{kernels, programs, root};

/// The peer reads its whole tapset for each script, so only one case in so many is compared; STAP_PEER_WHOLE, which
/// `make soak` sets, compares all.
const SAMPLE: usize = 8;

/// The lines `CASE: REASON`.
fn known() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("tests/peer/differences")).expect("readable");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once(": ").unwrap_or_else(|| panic!("no reason: {line}")));
    pairs.map(|(case, reason)| (case.to_owned(), reason.to_owned())).collect()
}

fn wanted(cases: Vec<Case>) -> Vec<Case> {
    let whole = env::var_os("STAP_PEER_WHOLE").is_some();
    let judged = |case: &Case| case.phase != Phase::Build && (case.phase != Phase::Run || case.ok);
    // By name, so that a new case does not choose others.
    let is_in_sample = |case: &Case| case.name.bytes().map(usize::from).sum::<usize>() % SAMPLE == 0;
    cases.into_iter().filter(|case| judged(case) && (whole || is_in_sample(case))).collect()
}

#[test]
fn the_peer_agrees() {
    let Some(peer) = Peer::find(programs()) else {
        eprintln!("skipped: SystemTap is not installed ('apt-get install systemtap')");
        return;
    };
    let kernels = kernels();
    let release = kernels.first().expect("'make setup' installs a kernel");
    let known = known();
    let cases = case::collect().expect("well-formed");
    let stale = known.keys().filter(|name| !cases.iter().any(|case| case.name == **name));
    let mut wrong: Vec<String> = stale.map(|name| format!("{name}: there is no such case")).collect();
    let compared = parallel::map(&wanted(cases), |case| {
        let Some(peers) = peer.judges(case, release)? else { return Ok(()) };
        let difference = peer::difference(&peer::stap_judges(programs(), case, release)?, &peers);
        match (difference, known.get(&case.name)) {
            (Some(difference), None) => Err(format!("{}: {difference}", case.name)),
            (None, Some(_)) => Err(format!("{}: is no difference any more", case.name)),
            _ => Ok(()),
        }
    });
    wrong.extend(compared.into_iter().filter_map(Result::err));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
