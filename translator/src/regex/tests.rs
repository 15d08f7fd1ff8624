//! Machines run by hand, and against the regex-automata crate.

use proptest::prelude::*;
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};

use super::walk::{Groups, find, is_match};
use super::*;

fn plain(pattern: &str) -> Machine {
    Machine::plain(&Pattern::parse(pattern.as_bytes()).expect("well-formed")).expect("small")
}

fn tagged(pattern: &str) -> Machine {
    Machine::tagged(&Pattern::parse(pattern.as_bytes()).expect("well-formed")).expect("small")
}

fn texts(pattern: &str, subject: &str) -> Option<Vec<Option<String>>> {
    let groups = find(&tagged(pattern), subject.as_bytes())?;
    Some(groups.into_iter().map(|group| group.map(|(from, to)| subject[from..to].to_owned())).collect())
}

fn refusal(pattern: &str) -> String {
    match Pattern::parse(pattern.as_bytes()) {
        Err(error) => error.to_string(),
        Ok(pattern) => panic!("{:?} is taken as {:?}", pattern.text, pattern.root),
    }
}

#[test]
fn each_operator_means_what_posix_says() {
    for (pattern, yes, no) in [
        ("a.c", &["abc", "xa\ncx"][..], &["ac", "ab"][..]),
        ("[ab]c", &["ac", "bc"], &["cc"]),
        ("[^ab]c", &["cc", "\nc"], &["ac", "c"]),
        ("[]a]x", &["]x", "ax"], &["bx"]),
        ("[^]a]x", &["bx"], &["]x", "ax"]),
        ("[a-]x", &["-x", "ax"], &["bx"]),
        ("[a\\]x", &["\\x", "ax"], &["x"]),
        ("[[:alpha:][:digit:]_]!", &["a!", "9!", "_!"], &["-!"]),
        ("ab*c", &["ac", "abbbc"], &["adc"]),
        ("ab+c", &["abc", "abbc"], &["ac"]),
        ("ab?c$", &["ac", "abc"], &["abbc"]),
        ("^a{2}$", &["aa"], &["a", "aaa"]),
        ("^a{2,}$", &["aa", "aaaaa"], &["a"]),
        ("^a{1,2}$", &["a", "aa"], &["", "aaa"]),
        ("^a{0}$", &[""], &["a"]),
        ("^(ab|cd)$", &["ab", "cd"], &["abcd"]),
        ("^(?:ab|cd)+$", &["abcd"], &["abc"]),
        ("a\\.c", &["a.c"], &["abc"]),
        ("^$", &[""], &["a"]),
        ("a^b", &[], &["ab", "a^b"]),
        ("a|", &["", "b"], &[]),
        ("()", &[""], &[]),
        ("(^a|b$)", &["ax", "xb"], &["xa", "bx"]),
        ("}]", &["}]"], &["}"]),
        ("", &["", "x"], &[]),
    ] {
        for subject in yes {
            assert!(is_match(&plain(pattern), subject.as_bytes()), "{pattern} on {subject:?}");
            assert!(find(&tagged(pattern), subject.as_bytes()).is_some(), "{pattern} on {subject:?}, tagged");
        }
        for subject in no {
            assert!(!is_match(&plain(pattern), subject.as_bytes()), "{pattern} on {subject:?}");
            assert!(find(&tagged(pattern), subject.as_bytes()).is_none(), "{pattern} on {subject:?}, tagged");
        }
    }
}

#[test]
fn the_leftmost_longest_match_counts() {
    let some = |texts: &[&str]| Some(texts.iter().map(|&text| Some(text.to_owned())).collect::<Vec<_>>());
    assert_eq!(texts("str(ing)", "an example string"), some(&["string", "ing"]));
    assert_eq!(texts("a|ab|abc", "xabcabc"), some(&["abc"]));
    assert_eq!(texts("([a-z]+)=([0-9]+)", "; key=42;b=7"), some(&["key=42", "key", "42"]));
    assert_eq!(texts("(a*)(a|b)*", "aab"), some(&["aab", "aa", "b"]));
    assert_eq!(texts("a|(b)", "a"), Some(vec![Some("a".into()), None]));
    assert_eq!(texts("x", "a"), None);
}

#[test]
fn every_mistake_is_told_with_its_place() {
    for (pattern, message) in [
        ("ab)", "(at position 2): unmatched ')'"),
        ("a(b", "(at position 1): expected ), found end of regex"),
        ("(?:b", "(at position 0): expected ), found end of regex"),
        ("a[b", "(at position 1): unclosed character class"),
        ("a[[:foo:]]", "(at position 2): unknown character class 'foo'"),
        ("[[:alpha]", "(at position 1): unclosed character class '[:'"),
        ("[[.a.]]", "(at position 1): collating elements"),
        ("[z-a]", "(at position 1): Inverted character range z-a"),
        ("*a", "(at position 0): unexpected '*'"),
        ("a|+", "(at position 2): unexpected '+'"),
        ("(?=a)", "(at position 1): unexpected '(?='"),
        ("{2}", "(at position 0): unexpected '{'"),
        ("^*", "(at position 1): postfix closure '*' applied to anchoring operator"),
        ("a$+", "(at position 2): postfix closure '+' applied to anchoring operator"),
        ("a{x}", "(at position 1): expected number after '{'"),
        ("a{2x}", "(at position 1): expected , or } after '{'"),
        ("a{2", "(at position 1): unexpected end of regex after '{'"),
        ("a{3,2}", "(at position 1): the interval's bounds are reversed"),
        ("a{256}", "(at position 2): 256 is too large; at most 255"),
        ("a{99999999999}", "(at position 2): 99999999999 is too large"),
        ("(a)\\1", "(at position 3): back references are not supported"),
        ("\\w", "(at position 0): unknown escape '\\w'"),
        ("a\\", "(at position 1): unexpected end of regex after '\\'"),
        ("a*********", "(at position 9): too many postfix operators"),
    ] {
        let found = refusal(pattern);
        assert!(found.starts_with(&format!("regex compilation error {message}")), "{pattern}: {found}");
    }
    assert!(refusal(&"(".repeat(100_000)).contains("in each other"));
}

#[test]
fn positions_count_bytes() {
    assert_eq!(Pattern::parse(b"\xff\xfe)").map(|_| ()).map_err(|error| error.at), Err(2));
}

#[test]
fn a_pattern_that_is_too_big_is_refused() {
    for text in ["(a{200}){200}", "(a|b)*a(a|b){14}", "(?:(?:(?:(?:){255}){255}){255}){255}"] {
        let pattern = Pattern::parse(text.as_bytes()).expect("well-formed");
        for machine in [Machine::plain(&pattern), Machine::tagged(&pattern)] {
            let message = machine.map(|machine| machine.states()).expect_err(text).to_string();
            assert!(message.contains("needs more than 2000 states"), "{text}: {message}");
        }
    }
}

#[test]
fn machines_are_small() {
    assert_eq!(plain("needle").states(), 8);
    assert_eq!(plain("^(cat|car|can)$").states(), plain("^ca[trn]$").states());
    assert!(tagged("([a-z]+)=([0-9]+)").tags.expect("tagged").registers < 12);
}

/// Patterns that both engines read alike.
fn pattern() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "c", ".", "[ab]", "[^a]", "[[:lower:]]"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["(?:^)", "(?:$)", "(?:)", "()"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        let many = prop::collection::vec(inner.clone(), 1..4);
        let postfix = prop::sample::select(vec!["*", "+", "?", "{2}", "{1,}", "{2,}", "{1,3}", "{0,2}"]);
        prop_oneof![
            3 => many.clone().prop_map(|parts| parts.concat()),
            2 => many.prop_map(|parts| format!("(?:{})", parts.join("|"))),
            2 => inner.clone().prop_map(|inner| format!("({inner})")),
            3 => (inner, postfix).prop_map(|(inner, postfix)| format!("(?:{inner}){postfix}")),
        ]
    })
}

/// The leftmost-longest match after regex-automata: where the leftmost begins, and the longest from there.
fn oracle(pattern: &str, subject: &[u8]) -> Option<Groups> {
    let vm = |kind| {
        PikeVM::builder()
            .syntax(syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(true))
            .configure(PikeVM::config().match_kind(kind))
            .build(pattern)
            .expect("both read it alike")
    };
    let (leftmost, all) = (vm(MatchKind::LeftmostFirst), vm(MatchKind::All));
    let start = leftmost.find_iter(&mut leftmost.create_cache(), subject).next()?.start();
    let mut captures = all.create_captures();
    let input = Input::new(subject).range(start..).anchored(Anchored::Yes);
    all.search(&mut all.create_cache(), &input, &mut captures);
    Some(captures.iter().map(|span| span.map(|span| (span.start, span.end))).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn machines_agree_with_regex_automata(pattern in pattern(), subjects in prop::collection::vec("[abcd]{0,9}", 4)) {
        let parsed = Pattern::parse(pattern.as_bytes()).expect("well-formed");
        // Rare big ones are refused; that is another test's matter.
        let (Ok(plain), Ok(tagged)) = (Machine::plain(&parsed), Machine::tagged(&parsed)) else { return Ok(()) };
        for subject in &subjects {
            let expected = oracle(&pattern, subject.as_bytes());
            prop_assert_eq!(is_match(&plain, subject.as_bytes()), expected.is_some(), "{} on {}", pattern, subject);
            prop_assert_eq!(find(&tagged, subject.as_bytes()), expected, "{} on {}", pattern, subject);
        }
    }

    #[test]
    fn no_bytes_make_the_parser_fail_otherwise(text in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(pattern) = Pattern::parse(&text) {
            let _ = (Machine::plain(&pattern), Machine::tagged(&pattern));
        }
    }

    #[test]
    fn no_operators_make_the_parser_fail_otherwise(text in "[]ab()|*+?{}0-9,.^$\\\\:\\[-]{0,24}") {
        if let Ok(pattern) = Pattern::parse(text.as_bytes()) {
            let _ = (Machine::plain(&pattern), Machine::tagged(&pattern));
        }
    }
}
