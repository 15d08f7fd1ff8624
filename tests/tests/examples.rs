//! The example scripts of systemtap-doc get as far as docs/compat.md says, and none crashes a pass.

use std::fs;

use stap_tests::programs::{kernels, programs, root};
use stap_tests::{compat, examples, parallel};

/// A template with three dots where the user's probe belongs: SystemTap refuses it at the same place.
const NO_SCRIPT: &str = "security-band-aids/security-bandaid-template.stp";

#[test]
fn no_example_gets_less_far_than_the_table_says() {
    let examples = examples::collect().expect("readable");
    if examples.is_empty() {
        eprintln!("skipped: {}", examples::INSTALL);
        return;
    }
    let release = kernels().pop().expect("'make setup' installs a kernel");
    let page = fs::read_to_string(root().join("docs/compat.md")).expect("'make compat' writes it");
    let table = compat::read(&page).expect("a table");
    let failures = parallel::map(&examples, |example| {
        let row = table.get(&example.name).ok_or_else(|| format!("{}: not in the table", example.name))?;
        let reach = example.reach(programs(), &release, 2)?;
        let wanted = row.pass.min(2).max(u8::from(example.name != NO_SCRIPT));
        if reach.pass < wanted {
            return Err(format!(
                "{}: -p{} instead of -p{wanted}: {}",
                example.name, reach.pass, reach.missing
            ));
        }
        Ok(())
    });
    let failures: Vec<String> = failures.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
