//! Kernel release strings.

use std::cmp::Ordering;

/// The order of strverscmp(3), which conditions on `kernel_v` and `kernel_vr` follow: digits count as numbers, those
/// with a leading zero as fractions, all else byte by byte.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let start = same - a[..same].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (run_a, run_b) = (digits(&a[start..]), digits(&b[start..]));
    if run_a.is_empty() || run_b.is_empty() {
        return a[same..].cmp(&b[same..]);
    }
    let common = &a[start..same];
    if common.first() == Some(&b'0') {
        return compare_fractions(common, run_a, run_b);
    }
    if common.is_empty() && (run_a[0] == b'0' || run_b[0] == b'0') {
        return run_a[0].cmp(&run_b[0]);
    }
    run_a.len().cmp(&run_b.len()).then_with(|| a[same..].cmp(&b[same..]))
}

/// The version before the first `-`: 6.1.0 of 6.1.0-56-amd64. This is `kernel_v` of scripts.
pub fn version(release: &str) -> &str {
    release.split('-').next().unwrap_or(release)
}

/// The first two numbers, for the few questions that only a version answers. `None` for strings of another shape.
pub fn major_minor(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Nothing but zeros in common: the string with more of them, or with further digits, is the smaller one.
fn compare_fractions(common: &[u8], a: &[u8], b: &[u8]) -> Ordering {
    let (rest_a, rest_b) = (&a[common.len()..], &b[common.len()..]);
    if common.iter().all(|byte| *byte == b'0') && (rest_a.is_empty() || rest_b.is_empty()) {
        return rest_b.len().cmp(&rest_a.len());
    }
    rest_a.cmp(rest_b)
}

fn digits(text: &[u8]) -> &[u8] {
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    &text[..len]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_manual_page() {
        let ordered = ["000", "00", "01", "010", "09", "0", "1", "9", "10"];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
            }
        }
    }

    #[test]
    fn releases() {
        let less = [
            ("2.6.9", "2.6.10"),
            ("5.10", "6.1"),
            ("6.1", "6.1.0"),
            ("6.1.0-9-amd64", "6.1.0-56-amd64"),
            ("6.9.0", "6.12.117+deb12-amd64"),
            ("4.18.0-80.el8", "4.18.0-147.5.1.el8_1"),
            ("", "1"),
            ("1a2", "1b1"),
        ];
        for (a, b) in less {
            assert_eq!(compare(a, b), Ordering::Less, "{a} {b}");
            assert_eq!(compare(b, a), Ordering::Greater, "{b} {a}");
            assert_eq!(compare(a, a), Ordering::Equal);
        }
    }

    #[test]
    fn parts() {
        assert_eq!(version("6.1.0-56-amd64"), "6.1.0");
        assert_eq!(version("6.12.117+deb12-amd64"), "6.12.117+deb12");
        assert_eq!(major_minor("6.12.117+deb12-amd64"), Some((6, 12)));
        assert_eq!(major_minor("nonsense"), None);
    }
}
