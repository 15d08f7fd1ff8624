//! The table of docs/kernels.md: which families of cases work on which kernel. `make kernels` writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::case::Case;
use crate::guest_cases::Outcomes;

/// What stands before the table, and behind it.
const MARKS: (&str, &str) = ("<!-- made by make kernels -->\n", "<!-- end of what make kernels made -->\n");

/// The cells of one kernel, by family: `12`, or `11 of 12`.
pub type Column = BTreeMap<String, String>;

/// The columns by kernel.
pub type Columns = BTreeMap<String, Column>;

/// `timer` for `run/ok/timer/hz`; what lies in no folder exercises the language.
pub fn family(case: &Case) -> &str {
    match case.name.split('/').collect::<Vec<_>>()[..] {
        [_, _, family, _, ..] => family,
        _ => "language",
    }
}

/// How many cases of each family did what they should.
pub fn column(cases: &[Case], outcomes: &Outcomes) -> Column {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for case in cases {
        let outcome = outcomes.get(&case.name).cloned().unwrap_or_else(|| Err("did not run".to_owned()));
        let (good, all) = counts.entry(family(case)).or_default();
        *all += 1;
        *good += usize::from(case.judge(outcome).is_ok());
    }
    let cell = |(good, all)| if good == all { format!("{all}") } else { format!("{good} of {all}") };
    counts.into_iter().map(|(family, counts)| (family.to_owned(), cell(counts))).collect()
}

/// The columns of a page; kernels that are not run again keep theirs.
pub fn read(page: &str) -> Result<Columns, String> {
    let mut lines = parts(page)?.1.lines().filter(|line| line.starts_with("| "));
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let kernels = lines.next().map(cells).unwrap_or_default();
    let mut columns = Columns::new();
    for row in lines.map(cells) {
        for (kernel, cell) in kernels.iter().zip(&row).skip(1) {
            let column = columns.entry(kernel.clone()).or_default();
            if !cell.is_empty() {
                column.insert(row[0].clone(), cell.clone());
            }
        }
    }
    Ok(columns)
}

/// The page with these columns.
pub fn write(page: &str, columns: &Columns) -> Result<String, String> {
    let (before, _, after) = parts(page)?;
    let mut table = "| cases of |".to_owned();
    columns.keys().for_each(|kernel| table += &format!(" {kernel} |"));
    table += "\n|---|";
    columns.keys().for_each(|_| table += "---|");
    table.push('\n');
    let families: BTreeSet<&String> = columns.values().flat_map(BTreeMap::keys).collect();
    for family in families {
        let _ = write!(table, "| {family} |");
        for column in columns.values() {
            let _ = write!(table, " {} |", column.get(family).map_or("", String::as_str));
        }
        table.push('\n');
    }
    Ok(format!("{before}{}{table}{}{after}", MARKS.0, MARKS.1))
}

/// What stands before the table, the table, and what stands behind it.
fn parts(page: &str) -> Result<(&str, &str, &str), String> {
    let missing = || format!("the page lacks the line {}", MARKS.0.trim_end());
    let (before, rest) = page.split_once(MARKS.0).ok_or_else(missing)?;
    let (table, after) = rest.split_once(MARKS.1).ok_or_else(missing)?;
    Ok((before, table, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_kept_beside_new_ones() {
        let page = format!("# Kernels\n{}{}end\n", MARKS.0, MARKS.1);
        let column = |cells: &[(&str, &str)]| -> Column {
            cells.iter().map(|(family, cell)| ((*family).to_owned(), (*cell).to_owned())).collect()
        };
        let first = Columns::from([("6.1".to_owned(), column(&[("kprobe", "3"), ("timer", "2 of 4")]))]);
        let page = write(&page, &first).expect("marks");
        let mut both = read(&page).expect("a table");
        assert_eq!(both, first);
        both.insert("6.12".to_owned(), column(&[("kprobe", "4")]));
        let page = write(&page, &both).expect("marks");
        assert_eq!(read(&page).expect("a table"), both);
        assert!(page.contains("| timer | 2 of 4 |  |\n") && page.ends_with("end\n"), "{page}");
        assert!(write("no marks", &both).is_err());
    }
}
