//! Names that resemble a misspelt one.

/// At most this many names are offered, as SystemTap does.
const LIMIT: usize = 5;

/// The candidates nearest to `name`, nearest first, as ` (similar: a, b)`; empty when there is none.
pub fn similar<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    // What is spelt right and yet unknown stands in a file that was skipped.
    let others = candidates.into_iter().filter(|candidate| *candidate != name);
    let mut ranked: Vec<(usize, &str)> =
        others.map(|candidate| (distance(name, candidate), candidate)).collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.truncate(LIMIT);
    if ranked.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = ranked.into_iter().map(|(_, candidate)| candidate).collect();
    format!(" (similar: {})", names.join(", "))
}

/// The same for names of the kernel's functions, as ` (similar functions: a, b)`.
pub fn similar_functions<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let found = similar(name, candidates);
    let kind = if found.contains(", ") { "similar functions" } else { "similar function" };
    found.replacen("similar", kind, 1)
}

/// Levenshtein's distance of two names in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, cb) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names_come_first() {
        assert_eq!(similar("exti", ["log", "exit", "exists"]), " (similar: exit, exists, log)");
    }

    #[test]
    fn no_candidate_no_text() {
        assert_eq!(similar("x", []), "");
    }

    #[test]
    fn a_name_does_not_resemble_itself() {
        assert_eq!(similar("a", ["a", "b"]), " (similar: b)");
    }

    #[test]
    fn at_most_five() {
        assert_eq!(similar("a", ["b", "c", "d", "e", "f", "g"]), " (similar: b, c, d, e, f)");
    }
}
