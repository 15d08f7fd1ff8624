//! SystemTap's wording and layout.
//!
//! Users and scripts match on it, to the blanks. Helps are ours and follow SystemTap's own lines.

use std::cell::Cell;

use super::code::Code;
use super::diagnostic::{Diagnostic, Saw, Severity};
use super::palette::{Palette, Part};
use crate::source::map::OriginKind;
use crate::source::{FileId, SourceMap, Span, token_text};

/// Bytes of a line that are shown on either side of the place; generated scripts may be one line.
const MOST_SHOWN: usize = 1000;

/// Links of a chain of expansions that are shown; a macro that never ends has hundreds.
const MOST_LINKS: usize = 10;

/// Renders the diagnostics of one run, which leave out the name of a file that was named just before.
#[derive(Default, Debug)]
pub struct Renderer {
    last_file: Cell<Option<FileId>>,
    palette: Palette,
}

/// How a severity lays its lines out.
struct Layout {
    /// Blanks before `source:`, and before the caret in addition to the width of `source: `.
    align: usize,
    /// Full places in every token.
    full_places: bool,
}

const PARSE: Layout = Layout { align: 5, full_places: true };
const SEMANTIC: Layout = Layout { align: 8, full_places: false };
const WARNING: Layout = Layout { align: 1, full_places: false };

impl Renderer {
    /// A renderer that paints in these colours.
    pub fn coloured(palette: Palette) -> Self {
        Renderer { palette, ..Renderer::default() }
    }

    /// All lines of a diagnostic and of its causes.
    pub fn render(&self, sources: &SourceMap, diagnostic: &Diagnostic) -> Vec<u8> {
        let page = Page { sources, last_file: &self.last_file, palette: &self.palette };
        let mut out = Vec::new();
        page.diagnostic(diagnostic, &mut out);
        out
    }
}

struct Page<'a> {
    sources: &'a SourceMap,
    last_file: &'a Cell<Option<FileId>>,
    palette: &'a Palette,
}

impl Page<'_> {
    fn diagnostic(&self, diagnostic: &Diagnostic, out: &mut Vec<u8>) {
        match diagnostic.severity {
            Severity::ParseError => self.parse_error(diagnostic, out),
            Severity::SemanticError => {
                self.located((Part::Error, "semantic error:"), diagnostic, &SEMANTIC, out)
            }
            Severity::Warning => self.located((Part::Warning, "WARNING:"), diagnostic, &WARNING, out),
            Severity::Note => self.note(diagnostic, out),
            Severity::Error => {
                // SystemTap says these without a prefix.
                let word = if diagnostic.code == Code::Input { "" } else { "ERROR:" };
                self.located((Part::Error, word), diagnostic, &SEMANTIC, out);
            }
        }
        for help in &diagnostic.helps {
            out.extend_from_slice(format!("        help: {help}\n").as_bytes());
        }
        if matches!(diagnostic.severity, Severity::ParseError | Severity::SemanticError) {
            out.push(b'\n');
        }
        for cause in &diagnostic.causes {
            self.diagnostic(cause, out);
        }
    }

    fn parse_error(&self, diagnostic: &Diagnostic, out: &mut Vec<u8>) {
        self.palette.paint(Part::Error, b"parse error:", out);
        out.extend_from_slice(format!(" {}\n", diagnostic.message).as_bytes());
        match (&diagnostic.saw, diagnostic.token) {
            (Some(Saw::Eof(name)), _) => {
                out.extend_from_slice(format!("        saw: {name} EOF\n").as_bytes())
            }
            (Some(Saw::Token(span)), _) => self.token_line("        saw: ", *span, &PARSE, out),
            (None, Some(span)) => self.token_line("         at: ", span, &PARSE, out),
            (None, None) => {}
        }
    }

    /// One line: the place is told, its text is not shown.
    fn note(&self, diagnostic: &Diagnostic, out: &mut Vec<u8>) {
        out.extend_from_slice(diagnostic.message.as_bytes());
        if let Some(span) = diagnostic.token {
            out.push(b' ');
            self.token(span, &PARSE, out);
        }
        out.push(b'\n');
    }

    fn located(&self, word: (Part, &str), diagnostic: &Diagnostic, layout: &Layout, out: &mut Vec<u8>) {
        if !word.1.is_empty() {
            self.palette.paint(word.0, word.1.as_bytes(), out);
            out.push(b' ');
        }
        out.extend_from_slice(diagnostic.message.as_bytes());
        match diagnostic.token {
            Some(span) => self.token_line(": ", span, layout, out),
            None => out.push(b'\n'),
        }
        if let Some(span) = diagnostic.second {
            self.token_line("", span, layout, out);
        }
    }

    /// The token, its source line with a caret, and where it was expanded from.
    fn token_line(&self, prefix: &str, span: Span, layout: &Layout, out: &mut Vec<u8>) {
        out.extend_from_slice(prefix.as_bytes());
        self.token(span, layout, out);
        out.push(b'\n');
        let shown = self.sources.shown(span);
        self.source_line(shown, layout, out);
        self.chain(shown, layout, out);
    }

    /// The expansions that a token came from, inner ones first, each named in full.
    fn chain(&self, mut span: Span, layout: &Layout, out: &mut Vec<u8>) {
        let layout = Layout { full_places: true, ..*layout };
        for _ in 0..MOST_LINKS {
            let Some(origin) = self.sources.origin(span.origin) else { return };
            let how = match origin.kind {
                OriginKind::Synthesised => "\tin synthesized code from: ",
                OriginKind::Macro | OriginKind::Argument => "\tin expansion of macro: ",
            };
            out.extend_from_slice(how.as_bytes());
            self.token(origin.at, &layout, out);
            out.push(b'\n');
            span = self.sources.shown(origin.at);
            self.source_line(span, &layout, out);
        }
        let more = self.sources.links(span.origin);
        if more > 0 {
            out.extend_from_slice(format!("\tin {more} more expansions\n").as_bytes());
        }
    }

    fn token(&self, span: Span, layout: &Layout, out: &mut Vec<u8>) {
        let text = self.sources.text(span);
        out.extend_from_slice(token_text::describe(&text).as_bytes());
        let span = self.sources.shown(span);
        let repeated = self.last_file.replace(Some(span.file)) == Some(span.file) && !layout.full_places;
        let place = self.sources.line_col(span);
        let name = if repeated { String::new() } else { self.sources.file(span.file).name.clone() };
        out.extend_from_slice(b" at ");
        let place = format!("{name}:{}:{}", place.line, place.column);
        self.palette.paint(Part::Source, place.as_bytes(), out);
    }

    fn source_line(&self, span: Span, layout: &Layout, out: &mut Vec<u8>) {
        let file = self.sources.file(span.file);
        let place = file.line_col(span.lo);
        let (line, column) = window(file.line_text(place.line), place.column as usize - 1);
        out.resize(out.len() + layout.align, b' ');
        out.extend_from_slice(b"source: ");
        let column = column.min(line.len());
        let end = line.len().min(column + (span.hi - span.lo) as usize);
        out.extend_from_slice(&line[..column]);
        self.palette.paint(Part::Token, &line[column..end], out);
        out.extend_from_slice(&line[end..]);
        out.push(b'\n');
        out.resize(out.len() + layout.align + b"source: ".len(), b' ');
        out.extend(line[..column].iter().map(|&byte| if byte == b'\t' { b'\t' } else { b' ' }));
        self.palette.paint(Part::Caret, b"^", out);
        out.push(b'\n');
    }
}

/// The part of a line around a column, and the column in it.
fn window(line: &[u8], column: usize) -> (&[u8], usize) {
    let from = column.saturating_sub(MOST_SHOWN);
    let to = line.len().min(column + MOST_SHOWN);
    (&line[from.min(to)..to], column - from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::OriginId;

    fn text(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
        String::from_utf8(Renderer::default().render(sources, diagnostic)).expect("text")
    }

    fn span(file: FileId, lo: u32, hi: u32) -> Span {
        Span { file, lo, hi, origin: OriginId::NONE }
    }

    #[test]
    fn parse_errors() {
        let sources = SourceMap::default();
        let file = sources.add("<input>", b"probe begin { x = }\n\tx = \"a".to_vec(), false, false);
        let error = Diagnostic::new(Code::Parse, Severity::ParseError, "expected literal string or number");
        let saw = error.clone().saw(Saw::Token(span(file, 18, 19)));
        let expected = "parse error: expected literal string or number\n        saw: operator '}' at <input>:1:19\n     \
                        source: probe begin { x = }\n                               ^\n\n";
        assert_eq!(text(&sources, &saw), expected);
        let eof = error.clone().saw(Saw::Eof("<input>".to_owned()));
        assert_eq!(
            text(&sources, &eof),
            "parse error: expected literal string or number\n        saw: <input> EOF\n\n"
        );
        let junk = error.at(span(file, 25, 27));
        assert!(
            text(&sources, &junk).contains("         at: junk '' at <input>:2:6\n     source: \tx = \"a\n")
        );
        assert!(text(&sources, &junk).ends_with("\n             \t    ^\n\n"), "tabs are kept");
    }

    #[test]
    fn a_semantic_error_names_a_file_once() {
        let sources = SourceMap::default();
        let file = sources.add("<input>", b"probe foo.bar { }".to_vec(), false, false);
        let cause = Diagnostic::semantic(Code::ProbePoint, "probe point mismatch", span(file, 6, 9))
            .help("try begin");
        let error = Diagnostic::semantic(Code::ProbePoint, "while resolving probe point", span(file, 6, 9))
            .caused_by(cause);
        let expected = "semantic error: while resolving probe point: identifier 'foo' at <input>:1:7\n        source: \
                        probe foo.bar { }\n                      ^\n\nsemantic error: probe point mismatch: \
                        identifier 'foo' at :1:7\n        source: probe foo.bar { }\n                      ^\n        \
                        help: try begin\n\n";
        assert_eq!(text(&sources, &error), expected);
    }

    #[test]
    fn of_a_very_long_line_the_part_around_the_place_shows() {
        let sources = SourceMap::default();
        let mut script = vec![b'('; 5000];
        script[3000] = b'x';
        let file = sources.add("long", script, false, false);
        let out = text(&sources, &Diagnostic::semantic(Code::Type, "wrong", span(file, 3000, 3001)));
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[0], "semantic error: wrong: identifier 'x' at long:1:3001");
        assert_eq!(lines[1].len(), "        source: ".len() + 2 * MOST_SHOWN);
        assert_eq!(lines[2].find('^'), lines[1].find('x'));
    }

    #[test]
    fn warnings_stand_one_blank_in() {
        let sources = SourceMap::default();
        let file = sources.add("<input>", b"probe begin { x = 1 }".to_vec(), false, false);
        let warning = Diagnostic::warning(Code::Unused, "Eliding assignment to 'x'", span(file, 16, 17));
        let expected = "WARNING: Eliding assignment to 'x': operator '=' at <input>:1:17\n source: probe begin { x = 1 }\n                         ^\n";
        assert_eq!(text(&sources, &warning), expected);
    }

    #[test]
    fn macros_show_where_they_were_used() {
        let sources = SourceMap::default();
        let file = sources.add("m.stp", b"@b \"x\"".to_vec(), false, false);
        let origin = sources.add_origin(OriginKind::Macro, span(file, 0, 2));
        let error = Diagnostic::semantic(Code::Type, "wrong", Span { origin, ..span(file, 3, 6) });
        let out = text(&sources, &error);
        assert!(out.contains("wrong: string 'x' at m.stp:1:4\n"), "{out}");
        assert!(
            out.contains("\tin expansion of macro: operator '@b' at m.stp:1:1\n        source: @b \"x\"\n"),
            "{out}"
        );
    }
}
