//! Specifications of functions and lines: `NAME@FILE:LINES`.

use super::{string, wrong};
use crate::debuginfo::{Broken, DebugInfo, FunctionId};
use crate::diag::Diagnostic;
use crate::pass1_parse::ast::Component;
use crate::pass1_parse::glob;
use crate::source::Symbol;

/// `NAME`, `NAME@FILE`, `NAME@FILE:LINES`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionSpec {
    /// The function, or a pattern.
    pub name: String,
    /// The source file, or a pattern, by the end of its path.
    pub file: Option<String>,
    /// The lines in it.
    pub lines: Lines,
}

/// Lines of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lines {
    /// None is given: the function as such.
    Any,
    /// So many below the one that declares the function.
    Relative(u32),
    /// Every line of the function.
    Whole,
    /// These, both ends included.
    Listed(Vec<(u32, u32)>),
}

/// A function that a specification names.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Where it is known.
    pub id: FunctionId,
    /// The source file that declares it; empty when nobody says.
    pub file: Symbol,
    /// Its line there.
    pub line: u32,
    /// The last line before the next function.
    pub last: u32,
}

impl FunctionSpec {
    /// Reads a component's argument.
    pub fn of(component: &Component) -> Result<Self, Diagnostic> {
        let text = String::from_utf8_lossy(string(component).unwrap_or_default()).into_owned();
        parse(&text).ok_or_else(|| wrong(component, format!("malformed specification '{text}'")))
    }

    /// Whether the name is a pattern.
    pub fn is_pattern(&self) -> bool {
        glob::is_pattern(self.name.as_bytes())
    }

    /// Whether a source file is the one that is meant.
    pub fn fits_file(&self, path: &str) -> bool {
        let Some(file) = &self.file else { return true };
        let starts = path.match_indices('/').map(|(at, _)| at + 1);
        let mut ends = std::iter::once(0).chain(starts).map(|start| &path.as_bytes()[start..]);
        ends.any(|end| glob::matches(file.as_bytes(), end))
    }

    fn fits_name(&self, name: &str) -> bool {
        // Padding in front of functions has symbols of its own on some kernels.
        let padding = self.name.starts_with("__pfx_") || !name.starts_with("__pfx_");
        padding && glob::matches(self.name.as_bytes(), name.as_bytes())
    }

    /// The functions that DWARF knows by the name and file, whatever the lines.
    pub fn candidates(&self, info: &dyn DebugInfo) -> Result<Vec<Candidate>, Broken> {
        if self.lines == Lines::Any && !self.is_pattern() {
            return self.namesakes(info);
        }
        let mut found: Vec<Candidate> = Vec::new();
        let mut starts: Vec<(Symbol, u32)> = Vec::new();
        // Equal paths are one string of the index.
        let mut latest: Option<(*const u8, bool)> = None;
        info.each_declared(&mut |name, file, line, id| {
            let known = latest.filter(|(at, _)| *at == file.as_ptr());
            let fits = known.map_or_else(|| self.fits_file(file), |(_, fits)| fits);
            latest = Some((file.as_ptr(), fits));
            if fits && self.lines != Lines::Any {
                starts.push((Symbol::new(file), line));
            }
            if fits && self.fits_name(name) {
                found.push(Candidate {
                    name: name.to_owned(),
                    id,
                    file: Symbol::new(file),
                    line,
                    last: line,
                });
            }
        })?;
        starts.sort_unstable_by_key(|(file, line)| (file.as_str(), *line));
        for candidate in &mut found {
            let key = (candidate.file.as_str(), candidate.line);
            let next = starts.partition_point(|(file, line)| (file.as_str(), *line) <= key);
            let next = starts.get(next).filter(|(file, _)| *file == candidate.file);
            candidate.last = next.map_or(u32::MAX, |(_, line)| line - 1);
        }
        Ok(found)
    }

    /// The functions of exactly the name, which the index has in one place.
    fn namesakes(&self, info: &dyn DebugInfo) -> Result<Vec<Candidate>, Broken> {
        let mut found = Vec::new();
        for id in info.functions_named(&self.name)? {
            let declared = info.outline(id)?.declared;
            let (file, line) = declared.map_or((Symbol::new(""), 0), |at| (at.file, at.line));
            if self.fits_file(file.as_str()) {
                found.push(Candidate { name: self.name.clone(), id, file, line, last: line });
            }
        }
        Ok(found)
    }
}

impl Candidate {
    /// Whether a line lies between this function's first and the next function.
    pub fn spans(&self, line: u32) -> bool {
        (self.line..=self.last).contains(&line)
    }
}

impl Lines {
    /// Whether any of them lies between a function's first line and the next function.
    pub fn touch(&self, candidate: &Candidate) -> bool {
        let touches = |(first, last): &(u32, u32)| *first <= candidate.last && *last >= candidate.line;
        self.of(candidate).iter().any(touches)
    }

    /// The lines that are meant of a function, as ranges.
    pub fn of(&self, candidate: &Candidate) -> Vec<(u32, u32)> {
        match self {
            Lines::Any => vec![(candidate.line, candidate.line)],
            Lines::Relative(offset) => {
                let line = candidate.line.saturating_add(*offset);
                vec![(line, line)]
            }
            Lines::Whole => vec![(candidate.line, candidate.last)],
            Lines::Listed(ranges) => ranges.clone(),
        }
    }
}

fn parse(text: &str) -> Option<FunctionSpec> {
    let (name, place) = match text.split_once('@') {
        Some((name, place)) => (name, Some(place)),
        None => (text, None),
    };
    let (file, lines) = match place {
        None => (None, Lines::Any),
        Some(place) => {
            let (file, lines) = parse_place(place)?;
            (Some(file), lines)
        }
    };
    let sound = !name.is_empty() && !name.contains(':') && file.as_ref().is_none_or(|file| !file.is_empty());
    sound.then(|| FunctionSpec { name: name.to_owned(), file, lines })
}

fn parse_place(place: &str) -> Option<(String, Lines)> {
    if let Some((file, lines)) = place.split_once(':') {
        return Some((file.to_owned(), parse_lines(lines)?));
    }
    match place.rsplit_once('+') {
        Some((file, offset)) if offset.starts_with(|c: char| c.is_ascii_digit()) => {
            Some((file.to_owned(), Lines::Relative(number(offset)?)))
        }
        _ => Some((place.to_owned(), Lines::Any)),
    }
}

fn parse_lines(text: &str) -> Option<Lines> {
    if text == "*" {
        return Some(Lines::Whole);
    }
    if let Some(offset) = text.strip_prefix('+') {
        return number(offset).map(Lines::Relative);
    }
    let range = |part: &str| match part.split_once('-') {
        None => number(part).map(|line| (line, line)),
        Some((first, last)) => Some((number(first)?, number(last)?)).filter(|(first, last)| first <= last),
    };
    text.split(',').map(range).collect::<Option<_>>().map(Lines::Listed)
}

fn number(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Option<Lines> {
        parse(text).map(|spec| spec.lines)
    }

    #[test]
    fn all_forms_of_lines() {
        assert_eq!(lines("f"), Some(Lines::Any));
        assert_eq!(lines("f@a/b.c"), Some(Lines::Any));
        assert_eq!(lines("f@a/b.c:*"), Some(Lines::Whole));
        assert_eq!(lines("f@a/b.c+4"), Some(Lines::Relative(4)));
        assert_eq!(lines("f@a/b.c:+4"), Some(Lines::Relative(4)));
        assert_eq!(lines("f@b.c:7"), Some(Lines::Listed(vec![(7, 7)])));
        assert_eq!(lines("*@*.c:7,9-12"), Some(Lines::Listed(vec![(7, 7), (9, 12)])));
    }

    #[test]
    fn what_is_malformed() {
        for text in
            ["", "@b.c", "f@", "f:7", "f@b.c:", "f@b.c:x", "f@b.c:+x", "f@b.c:9-7", "f@b.c:7,", "f@b.c:4*"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_file_is_given_by_the_end_of_its_path() {
        let fits = |file: &str, path| parse(&format!("f@{file}")).is_some_and(|spec| spec.fits_file(path));
        assert!(fits("fs/open.c", "fs/open.c"));
        assert!(fits("open.c", "fs/open.c"));
        assert!(fits("fs/*.c", "/usr/src/fs/open.c"));
        assert!(!fits("pen.c", "fs/open.c"));
    }
}
