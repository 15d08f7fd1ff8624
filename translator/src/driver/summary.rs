//! What -v says of a pass that went well; scripts that read it expect these words.

use super::meter::Meter;
use super::unit::Unit;
use crate::ir::Program;
use crate::pass4_build::BuiltModule;

/// Pass 1.
pub fn parsed(library_scripts: usize, meter: &Meter<'_>) -> String {
    let scripts = counted(library_scripts, "library script");
    format!("parsed user script and {scripts} using {}", meter.memory_and_times())
}

/// Pass 2.
pub fn analyzed(program: &Program, meter: &Meter<'_>) -> String {
    format!("analyzed script: {} using {}", contents(program), meter.memory_and_times())
}

fn contents(program: &Program) -> String {
    format!(
        "{}, {}, {}, {}",
        counted(program.probes.len(), "probe"),
        counted(program.functions.len(), "function"),
        counted(program.embedded.len(), "embed"),
        counted(program.globals.len(), "global"),
    )
}

/// Pass 3.
pub fn translated(unit: &Unit, meter: &Meter<'_>) -> String {
    let path = unit.path.display();
    match unit.cached {
        true => format!("using cached {path}"),
        false => format!("translated to C into \"{path}\" using {}", meter.memory_and_times()),
    }
}

/// Pass 4.
pub fn compiled(module: &BuiltModule, meter: &Meter<'_>) -> String {
    match module.cached {
        true => format!("using cached {}", module.path.display()),
        false => format!("compiled C into \"{}.ko\" {}", module.name, meter.times()),
    }
}

fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_no_plural() {
        assert_eq!(counted(1, "probe"), "1 probe");
        assert_eq!(contents(&Program::default()), "0 probes, 0 functions, 0 embeds, 0 globals");
    }
}
