//! One JSON object a line, for editors and scripts.

use std::fmt::Write;

use super::diagnostic::{Diagnostic, Saw, Severity};
use crate::source::map::OriginKind;
use crate::source::{SourceMap, Span};

/// The whole diagnostic, its causes inside it, and a newline.
pub fn render(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    let mut text = String::new();
    object(sources, diagnostic, &mut text);
    text.push('\n');
    text
}

fn object(sources: &SourceMap, diagnostic: &Diagnostic, out: &mut String) {
    let severity = match diagnostic.severity {
        Severity::ParseError => "parse error",
        Severity::SemanticError => "semantic error",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let _ = write!(out, "{{\"code\":\"{}\",\"severity\":\"{severity}\",\"message\":", diagnostic.code.id());
    string(&diagnostic.message, out);
    for (key, span) in [("at", diagnostic.token), ("and_at", diagnostic.second), ("saw", saw(diagnostic))] {
        if let Some(span) = span {
            let _ = write!(out, ",\"{key}\":");
            place(sources, span, out);
        }
    }
    list("helps", &diagnostic.helps, out, |help, out| string(help, out));
    list("causes", &diagnostic.causes, out, |cause, out| object(sources, cause, out));
    out.push('}');
}

fn saw(diagnostic: &Diagnostic) -> Option<Span> {
    match diagnostic.saw {
        Some(Saw::Token(span)) => Some(span),
        _ => None,
    }
}

/// A key with an array, left out when it would be empty.
fn list<T>(key: &str, items: &[T], out: &mut String, write_item: impl Fn(&T, &mut String)) {
    if items.is_empty() {
        return;
    }
    let _ = write!(out, ",\"{key}\":[");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_item(item, out);
    }
    out.push(']');
}

/// A token, and the expansions that it came from.
fn place(sources: &SourceMap, span: Span, out: &mut String) {
    let span = sources.shown(span);
    let start = sources.line_col(span);
    out.push_str("{\"file\":");
    string(&sources.file(span.file).name, out);
    let length = span.hi.saturating_sub(span.lo);
    let _ = write!(out, ",\"line\":{},\"column\":{},\"length\":{length}", start.line, start.column);
    if let Some(origin) = sources.origin(span.origin) {
        let kind = match origin.kind {
            OriginKind::Macro | OriginKind::Argument => "macro",
            OriginKind::Synthesised => "synthesised",
        };
        let _ = write!(out, ",\"origin\":{{\"kind\":\"{kind}\",\"at\":");
        place(sources, origin.at, out);
        out.push('}');
    }
    out.push('}');
}

/// A string with its quotes.
pub fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;
    use crate::source::OriginId;

    #[test]
    fn an_error_with_all_its_parts() {
        let sources = SourceMap::default();
        let file = sources.add("a\"b.stp", b"probe x {\n y }".to_vec(), false, false);
        let inner = Span { file, lo: 6, hi: 7, origin: OriginId::NONE };
        let origin = sources.add_origin(OriginKind::Macro, inner);
        let diagnostic =
            Diagnostic::semantic(Code::Unresolved, "what\tis 'y'?", Span { lo: 11, hi: 12, origin, ..inner })
                .help("nothing")
                .caused_by(Diagnostic::new(Code::Type, Severity::Warning, "inner"));
        assert_eq!(
            render(&sources, &diagnostic),
            "{\"code\":\"S0001\",\"severity\":\"semantic error\",\"message\":\"what\\u0009is 'y'?\",\"at\":{\"file\":\
             \"a\\\"b.stp\",\"line\":2,\"column\":2,\"length\":1,\"origin\":{\"kind\":\"macro\",\"at\":{\"file\":\
             \"a\\\"b.stp\",\"line\":1,\"column\":7,\"length\":1}}},\"helps\":[\"nothing\"],\"causes\":[{\"code\":\
             \"S0002\",\"severity\":\"warning\",\"message\":\"inner\"}]}\n"
        );
    }
}
