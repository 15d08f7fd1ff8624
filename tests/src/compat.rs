//! docs/compat.md: the table of the example scripts. `make compat` writes it; a test reads it.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::examples::Reach;

/// The scripts by name.
pub type Rows = BTreeMap<String, Reach>;

/// The page.
pub fn page(release: &str, rows: &Rows) -> String {
    let mut page = format!(
        "# The example scripts of SystemTap\n\n\
         How far each of the {} scripts of Debian's systemtap-doc gets, as `make compat` found on {release}.\n\
         `tests/examples/arguments` has the words they are run with. `make test` checks that none gets less far.\n\n",
        rows.len()
    );
    page += "| as far as | scripts |\n|---|---|\n";
    for pass in (0..=4).rev() {
        let count = rows.values().filter(|reach| reach.pass == pass).count();
        let _ = writeln!(page, "| {} | {count} |", label(pass));
    }
    page += "\n## What is missing\n\n| scripts | first message |\n|---|---|\n";
    for (missing, count) in reasons(rows) {
        let _ = writeln!(page, "| {count} | {} |", escaped(missing));
    }
    page += "\n## Each script\n\n| script | as far as | first message |\n|---|---|---|\n";
    for (name, reach) in rows {
        let _ = writeln!(page, "| {name} | {} | {} |", label(reach.pass), escaped(&reach.missing));
    }
    page
}

/// The messages, the most frequent first.
fn reasons(rows: &Rows) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reach in rows.values().filter(|reach| !reach.missing.is_empty()) {
        *counts.entry(&reach.missing).or_default() += 1;
    }
    let mut reasons: Vec<_> = counts.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    reasons
}

/// What a page says of each script.
pub fn read(page: &str) -> Result<Rows, String> {
    let (_, table) = page.split_once("\n## Each script\n").ok_or("the page has no table of scripts")?;
    let mut rows = Rows::new();
    for line in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> =
            line.trim_start_matches("| ").trim_end_matches(" |").splitn(3, " | ").collect();
        let [name, pass, ..] = cells[..] else { return Err(format!("no row of the table: {line}")) };
        let pass = (0..=4).find(|&number| label(number) == pass).ok_or_else(|| format!("no pass: {line}"))?;
        let missing = cells.get(2).copied().unwrap_or_default().replace("\\|", "|");
        rows.insert(name.to_owned(), Reach { pass, missing });
    }
    Ok(rows)
}

fn label(pass: u8) -> String {
    if pass == 0 { "nothing".to_owned() } else { format!("-p{pass}") }
}

fn escaped(message: &str) -> String {
    message.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let reach = |pass, missing: &str| Reach { pass, missing: missing.to_owned() };
        let rows = Rows::from([
            ("a/b.stp".to_owned(), reach(4, "")),
            ("a/c.stp".to_owned(), reach(0, "expected '|'")),
            ("d.stp".to_owned(), reach(1, "unresolved function: identifier 'x'")),
        ]);
        let page = page("6.1", &rows);
        assert_eq!(read(&page).expect("a table"), rows);
        assert!(page.contains("| -p4 | 1 |"), "{page}");
    }
}
