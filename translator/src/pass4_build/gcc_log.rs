//! What the compiler said, brought to the script's lines.

use crate::diag::{Code, Diagnostic, Severity};
use crate::session::Session;
use crate::source::{OriginId, Span};

/// Errors shown one by one; the rest is in the log.
const SHOWN: usize = 5;

/// A message of the compiler.
#[derive(Debug, PartialEq, Eq)]
struct Message<'a> {
    file: &'a str,
    line: u32,
    text: &'a str,
}

/// The error of a build that failed. Messages about lines that came from a script (by #line) point there.
pub fn error(session: &Session<'_>, code: i32, stderr: &[u8]) -> Diagnostic {
    let text = String::from_utf8_lossy(stderr);
    let errors: Vec<Message<'_>> =
        text.lines().filter_map(|line| parse(line, &["error", "fatal error"])).collect();
    let message = format!("the module does not compile: make exited with status {code}");
    let mut diagnostic = Diagnostic::new(Code::Build, Severity::Error, message);
    for error in errors.iter().take(SHOWN) {
        diagnostic = diagnostic.caused_by(locate(session, error, Severity::Error));
    }
    if errors.is_empty() {
        let tail: Vec<&str> = text.lines().rev().take(SHOWN).collect();
        for line in tail.into_iter().rev() {
            diagnostic = diagnostic.caused_by(Diagnostic::new(Code::Build, Severity::Error, line));
        }
    }
    let log = session.tmpdir.join("build.log");
    match session.options.keep_tmpdir {
        true => diagnostic.help(format!("all messages of the compiler are in {}", log.display())),
        false => diagnostic.help("-k keeps the C text and all messages of the compiler"),
    }
}

/// The compiler's warnings about the user's own C.
pub fn warnings(session: &Session<'_>, stderr: &[u8]) -> Vec<Diagnostic> {
    let text = String::from_utf8_lossy(stderr);
    let all = text.lines().filter_map(|line| parse(line, &["warning"]));
    let located = all.map(|message| locate(session, &message, Severity::Warning));
    located.filter(|diagnostic| diagnostic.token.is_some()).collect()
}

/// `FILE:LINE:COLUMN: error: TEXT`
fn parse<'a>(line: &'a str, kinds: &[&str]) -> Option<Message<'a>> {
    kinds.iter().find_map(|kind| {
        let (place, text) = line.split_once(&format!(": {kind}: "))?;
        let mut parts = place.rsplitn(3, ':');
        let (last, middle) = (parts.next()?, parts.next()?);
        match (middle.parse(), parts.next()) {
            (Ok(line), Some(file)) if last.parse::<u32>().is_ok() => Some(Message { file, line, text }),
            _ => {
                let (file, line) = place.rsplit_once(':')?;
                Some(Message { file, line: line.parse().ok()?, text })
            }
        }
    })
}

fn locate(session: &Session<'_>, message: &Message<'_>, severity: Severity) -> Diagnostic {
    match script_line(session, message) {
        Some(span) => Diagnostic::new(Code::Build, severity, message.text).at(span),
        None => {
            let text = format!("{}:{}: {}", message.file, message.line, message.text);
            Diagnostic::new(Code::Build, severity, text)
        }
    }
}

/// The line's text without its blanks, if the message is about a file of the session.
fn script_line(session: &Session<'_>, message: &Message<'_>) -> Option<Span> {
    let (id, file) = session.sources.find(message.file)?;
    let start = file.line_start(message.line)?;
    let text = file.line_text(message.line);
    let blanks = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let lo = start + blanks as u32;
    let hi = lo + text.trim_ascii().len() as u32;
    Some(Span { file: id, lo, hi, origin: OriginId::NONE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_compiler() {
        let kinds = ["error", "fatal error"];
        let message = parse("/tmp/a b.stp:12:7: error: 'x' undeclared: error: y", &kinds).expect("an error");
        assert_eq!(message, Message { file: "/tmp/a b.stp", line: 12, text: "'x' undeclared: error: y" });
        let message = parse("x.c:3: fatal error: no such file", &kinds).expect("an error");
        assert_eq!((message.file, message.line), ("x.c", 3));
        for other in
            ["x.c:3:1: warning: y", "make: *** [x] Error 1", "ERROR: modpost: \"a\" undefined!", "error: z"]
        {
            assert_eq!(parse(other, &kinds), None, "{other}");
        }
    }
}
