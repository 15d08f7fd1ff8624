//! Scripts below `PATH/` of the tapset name programs without their directory: it is where the script lies.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::pass1_parse::ast::{File, Item, Literal, ProbePoint};

/// Puts `dir` before the relative names of `process("NAME")`.
pub fn name_in_full(file: &mut File, dir: &Path) {
    for item in &mut file.items {
        let points = match item {
            Item::Probe(probe) => &mut probe.points,
            Item::Alias(alias) => &mut alias.points,
            Item::Global(_) | Item::Function(_) | Item::Embedded(_) => continue,
        };
        points.iter_mut().for_each(|point| name_point(point, dir));
    }
}

fn name_point(point: &mut ProbePoint, dir: &Path) {
    // NOTE(indexing): a point has at least one component.
    let first = &mut point.components[0];
    if first.name.as_str() == "process"
        && let Some(Literal::String(program)) = &mut first.arg
        && !program.starts_with(b"/")
    {
        *program = [dir.as_os_str().as_bytes(), b"/", program.as_slice()].concat();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sink;
    use crate::pass1_parse::{parse_text, print};
    use crate::source::SourceMap;

    #[test]
    fn relative_names_get_the_directory() {
        let script = br#"probe a = process("sh").begin, process("/x").end, process.end, begin { }"#;
        let mut file = parse_text(&SourceMap::default(), "t", script, &Sink::new());
        name_in_full(&mut file, Path::new("/usr/bin"));
        let shown = String::from_utf8(print::dump([("t", &file)])).expect("text");
        assert!(
            shown.contains(r#"process("/usr/bin/sh").begin, process("/x").end, process.end, begin"#),
            "{shown}"
        );
    }
}
