//! Files below /proc/systemtap/MODULE: a reader gets what the handler says, a writer's bytes are what it is told.

use super::{Derivation, Family, number, quoted, string, wrong};
use crate::debuginfo::Objects;
use crate::diag::{Code, Diagnostic};
use crate::ir::program::{Point, Probe, ProcfsPoint};
use crate::pass1_parse::ast::Component;

/// `procfs("PATH").umask(N).read.maxsize(N)` and its like.
pub struct Procfs;

/// The file of a point without a path.
const DEFAULT_PATH: &[u8] = b"command";
/// What nobody but the user who runs the script may do.
const DEFAULT_UMASK: u16 = 0o077;
/// Most bytes that each open file can be made to hold.
const MAX_SIZE: i64 = 64 << 20;
/// Longest name in /proc.
const MAX_NAME: usize = 255;
/// Who may read, and who may write, unless the umask takes it away.
const READABLE: u16 = 0o444;
const WRITABLE: u16 = 0o222;

impl Family for Procfs {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "procfs.read",
            "procfs.read.maxsize(number)",
            "procfs.umask(number).read",
            "procfs.umask(number).read.maxsize(number)",
            "procfs.umask(number).write",
            "procfs.write",
            "procfs(string).read",
            "procfs(string).read.maxsize(number)",
            "procfs(string).umask(number).read",
            "procfs(string).umask(number).read.maxsize(number)",
            "procfs(string).umask(number).write",
            "procfs(string).write",
        ]
    }

    fn derive(
        &self,
        components: &[Component],
        _objects: &Objects<'_>,
    ) -> Result<Vec<Derivation>, Diagnostic> {
        let path = string(&components[0]).unwrap_or(DEFAULT_PATH);
        if let Some(problem) = path_problem(path) {
            return Err(wrong(&components[0], problem));
        }
        let mut point = ProcfsPoint { path: path.to_vec(), write: false, umask: DEFAULT_UMASK, size: None };
        for component in &components[1..] {
            match component.name.as_str() {
                "umask" => point.umask = umask(component)?,
                "maxsize" => point.size = Some(size(component)?),
                name => point.write = name == "write",
            }
        }
        if mode_of(&point) == 0 {
            let last = &components[components.len() - 1];
            return Err(wrong(last, "this umask leaves nobody the right to use the file"));
        }
        Ok(Derivation::as_written(Point::Procfs(point), components))
    }
}

/// The permissions that one point gives.
pub fn mode_of(point: &ProcfsPoint) -> u16 {
    (if point.write { WRITABLE } else { READABLE }) & !point.umask
}

/// What is wrong with a path, in the peer's words where it has some.
fn path_problem(path: &[u8]) -> Option<&'static str> {
    if path.first() == Some(&b'/') {
        return Some("procfs path cannot start with a '/'");
    }
    if path.last().is_none_or(|&last| last == b'/') {
        return Some("procfs path cannot end with a '/'");
    }
    for name in path.split(|&byte| byte == b'/') {
        match name {
            b"" => return Some("procfs path component cannot be empty"),
            b"." | b".." => return Some("procfs path cannot be relative (and contain '.' or '..')"),
            _ if name.len() > MAX_NAME => return Some("procfs path component is longer than 255 bytes"),
            _ => {}
        }
    }
    let first = path.split(|&byte| byte == b'/').next().unwrap_or(path);
    let trace =
        first.strip_prefix(b"trace").is_some_and(|cpu| !cpu.is_empty() && cpu.iter().all(u8::is_ascii_digit));
    (trace || first == b".cmd").then_some("procfs path names a file of the session itself")
}

fn umask(component: &Component) -> Result<u16, Diagnostic> {
    match number(component).and_then(|mask| u16::try_from(mask).ok()) {
        Some(mask @ 0..=0o777) => Ok(mask),
        _ => Err(wrong(component, "umask must be between 0 and 0777")),
    }
}

fn size(component: &Component) -> Result<u32, Diagnostic> {
    match number(component) {
        Some(size @ 1..=MAX_SIZE) => Ok(size as u32),
        Some(..=0) => Err(wrong(component, "maxsize must be greater than 0")),
        _ => Err(wrong(component, format!("maxsize must be at most {MAX_SIZE}"))),
    }
}

/// What several probes cannot share: a path has one reader, and is a file or a folder.
pub fn clashes(probes: &[Probe]) -> Vec<Diagnostic> {
    let mut files: Vec<(&Probe, &ProcfsPoint)> = Vec::new();
    let mut errors = Vec::new();
    for probe in probes {
        let Point::Procfs(point) = &probe.point else { continue };
        for (other, before) in &files {
            if let Some(message) = clash(before, point) {
                errors.push(Diagnostic::semantic(Code::ProbePoint, message, probe.span).and_at(other.span));
                break;
            }
        }
        files.push((probe, point));
    }
    errors
}

fn clash(one: &ProcfsPoint, other: &ProcfsPoint) -> Option<String> {
    if one.path == other.path {
        let text = || format!("only one read procfs probe can exist for procfs path {}", quoted(&one.path));
        return (!one.write && !other.write).then(text);
    }
    let below = |folder: &[u8], path: &[u8]| path.strip_prefix(folder).is_some_and(|rest| rest[0] == b'/');
    let (file, path) = match (below(&one.path, &other.path), below(&other.path, &one.path)) {
        (true, _) => (&one.path, &other.path),
        (_, true) => (&other.path, &one.path),
        _ => return None,
    };
    Some(format!("procfs path {} is a file, so {} cannot be", quoted(file), quoted(path)))
}

#[cfg(test)]
mod tests {
    use super::path_problem;

    #[test]
    fn paths_are_relative_and_plain() {
        for good in ["a", "a/b", "...", "trace", "traces0", "a/.cmd", "a b"] {
            assert_eq!(path_problem(good.as_bytes()), None, "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", ".", "../a", "a/./b", "trace0", ".cmd"] {
            assert!(path_problem(bad.as_bytes()).is_some(), "{bad}");
        }
        assert!(path_problem("n".repeat(256).as_bytes()).is_some());
    }
}
