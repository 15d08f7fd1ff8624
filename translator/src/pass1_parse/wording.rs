//! What pest expected, in SystemTap's words.

use std::collections::BTreeSet;
use std::sync::Mutex;

use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};

use super::build::{Rule, StapGrammar, TOP_LEVEL};
use super::codes;

/// Where and why an item does not parse.
pub struct Failure {
    /// What to tell the user.
    pub message: String,
    /// Offset in the item's text of the token that does not fit.
    pub offset: usize,
    /// pest's own limit was met, not the grammar.
    pub too_deep: bool,
}

/// Explains why a text does not parse; `last` says that the file ends with it.
///
/// Parses again with pest's record of attempts switched on. The switch is global, so one thread at a time uses it;
/// parses of other threads meanwhile are only slower.
pub fn explain(rule: Rule, text: &str, last: bool) -> Failure {
    static SWITCH: Mutex<()> = Mutex::new(());
    let result = {
        let _guard = SWITCH.lock().unwrap_or_else(|e| e.into_inner());
        pest::set_error_detail(true);
        let result = StapGrammar::parse(rule, text);
        pest::set_error_detail(false);
        result
    };
    let error = result.err();
    let in_grammar = error.as_ref().filter(|e| !matches!(e.variant, ErrorVariant::CustomError { .. }));
    if let Some(attempts) = in_grammar.and_then(Error::parse_attempts) {
        let expected = attempts.expected_tokens().into_iter().map(|token| readable(token.to_string()));
        let place = Place { text: text.as_bytes(), offset: attempts.max_position, last };
        let message = message(&expected.collect(), &place);
        return Failure { message, offset: place.offset, too_deep: false };
    }
    let offset = error.map_or(0, |error| match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    });
    Failure { message: "the script nests too deeply here".to_owned(), offset, too_deep: true }
}

/// What a text of the grammar stands for: the word of its code, or itself. Of classes only those have a name that tell
/// one place from another.
fn readable(text: String) -> String {
    let word = match text.as_str() {
        "a..f" | "a..b" => "name",
        "A..J" => "statement",
        "A..S" => "keyword",
        "<..@" | "4" => "&&",
        "2" => "+=",
        "6" => "in",
        "K" => "else",
        "L" => "catch",
        "M" => "limit",
        "Q" => "function",
        "R" => "string",
        "S" => "long",
        "h" => "@hist_log",
        "\"" => "\"\"",
        "#" => "%{%}",
        _ => return text,
    };
    word.to_owned()
}

/// Where a parse failed.
struct Place<'t> {
    /// The codes of the item's tokens.
    text: &'t [u8],
    /// The token that does not fit.
    offset: usize,
    /// The file ends with the item.
    last: bool,
}

impl Place<'_> {
    /// The code of the token that does not fit.
    fn found(&self) -> Option<u8> {
        self.text.get(self.offset).copied()
    }

    /// The code before it.
    fn before(&self) -> Option<u8> {
        self.text[..self.offset].last().copied()
    }

    /// The code before the parenthesis that is open here.
    fn opener(&self) -> Option<u8> {
        let mut depth = 0usize;
        let mut codes = self.text[..self.offset].iter().rev();
        while let Some(code) = codes.next() {
            match code {
                b')' => depth += 1,
                b'(' if depth == 0 => return codes.next().copied(),
                b'(' => depth -= 1,
                _ => {}
            }
        }
        None
    }

    fn is_in_print(&self) -> bool {
        self.opener().is_some_and(|code| codes::PRINTS.contains(&code))
    }
}

/// Where an expression starts.
const VALUE: &str = "expected literal string or number";

fn message(expected: &BTreeSet<String>, place: &Place<'_>) -> String {
    let has = |token: &str| expected.contains(token);
    if has("statement") {
        statement(place)
    } else if has("~") || (has("+") || has("(")) && has("\"\"") && !has("&&") {
        VALUE.to_owned()
    } else if has("&&") {
        after_value(expected, place)
    } else if has("{") && has("+=") {
        "expected one of ', { } = +='".to_owned()
    } else if has("=") && has(";") || ends_declaration(expected, place) {
        TOP_LEVEL.to_owned()
    } else if place.last && place.found().is_none() && (has("name") || has(":") || has("(")) {
        "unexpected end-of-file".to_owned()
    } else if has("name") {
        name_message(expected, place)
    } else {
        rest(expected, place)
    }
}

/// Only the end of a declaration or another name could follow; in parentheses a comma means more of what is there.
fn ends_declaration(expected: &BTreeSet<String>, place: &Place<'_>) -> bool {
    let only = |signs: &[&str]| expected.iter().all(|token| signs.contains(&token.as_str()));
    only(&[";"]) || only(&[";", ","]) && place.opener().is_none()
}

/// A statement should stand here. What is no reserved word could only begin an expression.
fn statement(place: &Place<'_>) -> String {
    let other = place.found().is_some_and(|code| code != codes::NOTHING && !codes::is_keyword(code));
    if other { VALUE } else { "expected statement" }.to_owned()
}

/// A name should stand here, or something else.
fn name_message(expected: &BTreeSet<String>, place: &Place<'_>) -> String {
    let has = |token: &str| expected.contains(token);
    if has("*") {
        "expected identifier or '*' or '{'"
    } else if has("@hist_log") || place.before() == Some(codes::IN) {
        "expected identifier or statistical operation"
    } else if has("function") {
        "expected 'function' or identifier"
    } else if has("keyword") {
        "expected identifier or keyword"
    } else {
        "expected identifier"
    }
    .to_owned()
}

/// A value is complete; what must come after it is missing.
fn after_value(expected: &BTreeSet<String>, place: &Place<'_>) -> String {
    let marks: Vec<&str> =
        [")", "]", ",", ":", ";"].into_iter().filter(|mark| expected.contains(*mark)).collect();
    match marks.as_slice() {
        [")", ","] if place.is_in_print() => "expected one of ', )'".to_owned(),
        [] => statement(place),
        [one] => format!("expected '{one}'"),
        several => format!("expected one of '{}'", several.join(" ")),
    }
}

fn rest(expected: &BTreeSet<String>, place: &Place<'_>) -> String {
    let has = |token: &str| expected.contains(token);
    // After a string another one could always follow.
    if has("\"\"") && expected.len() == 1 {
        let of_type = place.opener().is_some_and(|code| codes::TYPED.contains(&code));
        return if of_type { "expected string" } else { "expected literal string" }.to_owned();
    }
    if has("0") {
        let declared = matches!(place.before(), Some(b'-' | b'+' | b':')) && place.opener().is_none();
        return if declared { VALUE } else { "expected number" }.to_owned();
    }
    if has("in") {
        let tuple = place.before() == Some(b']') && place.opener() != Some(codes::FOREACH);
        let list = "unexpected comma-separated expression list";
        return if tuple { list } else { "expected 'in'" }.to_owned();
    }
    for (sign, message) in [
        ("string", "expected 'string' or 'long'"),
        ("]", "expected ',' or ']'"),
        ("}", "expected '}'"),
        ("%{%}", "expected '{'"),
        ("{", "expected '{'"),
        ("(", "expected '('"),
    ] {
        if has(sign) && (sign != "]" || has(",")) {
            return message.to_owned();
        }
    }
    if has(")") && has(",") {
        let message = if place.is_in_print() { "expected one of ', )'" } else { "expected ',' or ')'" };
        return message.to_owned();
    }
    if has("+") {
        let operator = place.found().is_some_and(codes::is_at_operator);
        let what = if operator { "statistical operation" } else { "sort directive" };
        return format!("expected {what}");
    }
    let words = expected.iter().filter(|token| *token != "\"\"");
    let words: Vec<String> = words.map(|token| format!("'{token}'")).collect();
    match words.as_slice() {
        [one] => format!("expected {one}"),
        several => format!("expected one of {}", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::Sink;
    use crate::diag::diagnostic::Saw;
    use crate::pass1_parse::parse_text;
    use crate::source::SourceMap;

    /// The first error of a script, as `MESSAGE | COLUMN` or `MESSAGE | EOF`.
    fn first_error(text: &str) -> String {
        let (sources, sink) = (SourceMap::default(), Sink::new());
        parse_text(&sources, "<input>", text.as_bytes(), &sink);
        let Some(error) = sink.take().into_iter().next() else { return "none".to_owned() };
        let place = match (error.token, error.saw) {
            (Some(token), _) | (None, Some(Saw::Token(token))) => sources.line_col(token).column.to_string(),
            _ => "EOF".to_owned(),
        };
        format!("{} | {place}", error.message)
    }

    /// Each line was compared with what SystemTap says of the same script.
    #[test]
    fn wording_is_the_peers() {
        let cases = [
            ("probe begin { x = }", "expected literal string or number | 19"),
            ("prob begin {}", "expected 'probe', 'global', 'private', 'function', or '%{' | 1"),
            ("probe {}", "expected identifier or '*' or '{' | 8"),
            ("probe begin { if x }", "expected '(' | 18"),
            ("probe begin { if (x {} }", "expected ')' | 21"),
            ("probe begin { x = (1 }", "expected ')' | 22"),
            ("probe begin { f(1 }", "expected one of ') ,' | 19"),
            ("probe begin { a[1 }", "expected one of '] ,' | 19"),
            ("probe begin { ", "expected statement | EOF"),
            ("probe begin", "expected one of ', { } = +=' | EOF"),
            ("probe begin.", "unexpected end-of-file | EOF"),
            ("probe begin. {}", "expected identifier or '*' or '{' | 15"),
            ("function", "unexpected end-of-file | EOF"),
            ("function f(", "unexpected end-of-file | EOF"),
            ("function f(a b) {}", "expected ',' or ')' | 14"),
            ("function f(a:x) {}", "expected 'string' or 'long' | 14"),
            ("function f() ;", "expected '{' | 14"),
            ("function f():0 {}", "specified priority must be > 0 | 14"),
            ("global", "unexpected end-of-file | EOF"),
            ("global 3", "expected identifier | 8"),
            ("global a=b", "expected literal string or number | 10"),
            ("global a[x]", "expected number | 10"),
            ("global a[10]=3", "only scalar globals can be initialized | 13"),
            ("global a b", "expected 'probe', 'global', 'private', 'function', or '%{' | 10"),
            ("global a,a", "duplicate global name | 10"),
            ("probe begin { foreach (a) {} }", "expected 'in' | 25"),
            ("probe begin { foreach (a in) {} }", "expected identifier or statistical operation | 28"),
            ("probe begin { foreach (a+ in b+) {} }", "multiple sort directives | 31"),
            ("probe begin { foreach ([a,b in b) {} }", "expected ',' or ']' | 29"),
            ("probe begin { foreach (a in b @sum) {} }", "expected sort directive | 35"),
            ("probe begin { for (a) {} }", "expected ';' | 21"),
            ("probe begin { for a }", "expected '(' | 19"),
            ("probe begin { while (a }", "expected ')' | 24"),
            ("probe begin { delete }", "expected literal string or number | 22"),
            ("probe begin { a ? b }", "expected ':' | 21"),
            ("probe begin { a . }", "expected literal string or number | 19"),
            ("probe begin { a =~ b }", "expected literal string | 20"),
            ("probe begin { @foo(3) }", "unknown operator @foo | 15"),
            ("probe begin { @cast(a) }", "expected ',' | 22"),
            ("probe begin { @cast(a, b) }", "expected string | 24"),
            ("probe begin { @cast a }", "expected '(' | 21"),
            ("probe begin { @count }", "expected '(' | 22"),
            ("probe begin { @count(a,3) }", "not more than 1 parameter allowed | 23"),
            ("probe begin { @hist_linear(a) }", "expected ',' | 29"),
            ("probe begin { @hist_linear(a,1,b,2) }", "expected number | 32"),
            ("probe begin { @hist_log(a,1) }", "expected ')' | 26"),
            ("probe begin { @hist_log(a) }", "base histogram operator where expression expected | 15"),
            ("probe begin { y = @hist_log(a)->b }", "base histogram operator where expression expected | 19"),
            ("probe begin { print() }", "expected literal string or number | 21"),
            ("probe begin { print }", "expected '(' | 21"),
            ("probe begin { printf(1) }", "expected literal string | 22"),
            ("probe begin { printf(\"%d\" 1) }", "expected one of ', )' | 27"),
            ("probe begin { try {} }", "expected 'catch' | 22"),
            ("probe begin { try {} catch (1) {} }", "expected identifier | 29"),
            ("probe begin { x = 08 }", "number invalid or out of range | 19"),
            ("probe begin { \"abc }", "Could not find matching closing quote | 15"),
            ("probe begin { x = \u{e9} }", "expected literal string or number | 19"),
            ("probe begin { [a,b] }", "unexpected comma-separated expression list | 21"),
            ("probe begin { (a,b) }", "expected ')' | 17"),
            ("probe begin { $x->3 }", "expected identifier or keyword | 19"),
            ("probe begin { $1 }", "command line argument out of range [1-0] | 15"),
            ("probe begin(x) {}", "expected literal string or number | 13"),
            ("probe begin(1 {}", "expected ')' | 15"),
            ("probe a? b {}", "expected one of ', { } = +=' | 10"),
            ("probe a if b {}", "expected '(' | 12"),
            ("probe a? = b {}", "probe point alias name cannot be optional nor sufficient | 7"),
            ("probe a += b {} , {}", "Combined prologue and epilogue cannot be defined with '+=' | 17"),
            ("probe a.{b?,c}.d {}", "'?', '!' or condition must only be specified in suffix | 7"),
            ("probe a.{b,c {}", "expected '}' | 14"),
            ("private probe a {}", "expected 'function' or identifier | 9"),
            ("probe begin { } }", "expected 'probe', 'global', 'private', 'function', or '%{' | 17"),
            ("probe begin { else }", "expected statement | 15"),
            ("probe begin { x = probe }", "expected literal string or number | 19"),
            ("probe begin { return }", "found 'return' not in function context | 15"),
            ("function f(a,a) {}", "duplicate parameter names | 14"),
            ("@define x %( 3 ", "incomplete macro definition - missing '%)' | 9"),
            ("@define x", "expected '%(' or '(' | EOF"),
            (
                "@define x %( 3 %) @define x %( 4 %) probe begin {}",
                "attempt to redefine macro '@x' in the same file | 27",
            ),
            (
                "@define x(a) %( @a %) probe begin { @x }",
                "expected '(' in invocation of macro '@x' taking 1 parameter | 40",
            ),
            (
                "@define x(a) %( @a %) probe begin { @x(1,2) }",
                "too many parameters for macro '@x' (expected 1) | 41",
            ),
            ("@define x(a) %( @a %) probe begin { @x(1 }", "could not find end of macro invocation | 37"),
            ("%( 1 == 1 %? probe begin {}", "incomplete conditional at end of file | 1"),
            ("%( 1 == 1 probe begin {} %)", "expected '%?' marker for conditional | 1"),
            ("%( 1 == \"a\" %? %)", "expected number literal as right value | 9"),
            ("%( kernel_v > 3 %? %)", "expected string literal | 15"),
            ("%( kernel_v > \"5*\" %? %)", "wildcard not allowed with order comparison operators | 13"),
            ("%( arch > \"x\" %? %)", "expected '==' or '!=' | 9"),
            ("%)", "incomplete conditional - missing '%(' | 1"),
            ("%( 1 == 1 && %? %)", "incomplete condition after '%(' | 1"),
            ("", "Input file '<input>' is empty. | EOF"),
        ];
        let differ = cases.iter().filter_map(|(text, expected)| {
            let found = first_error(text);
            (found != *expected).then(|| format!("{text}\n  {found}\n  {expected}"))
        });
        let differ: Vec<String> = differ.collect();
        assert!(differ.is_empty(), "{}", differ.join("\n"));
    }
}
