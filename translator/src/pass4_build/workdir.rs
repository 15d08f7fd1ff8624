//! The files that a module is built from, in the run's own directory. Their names are fixed: what Kbuild ran for one
//! script can then be run again for another.

use std::path::Path;

use crate::cli::options::Options;
use crate::diag::{Code, Diagnostic, Severity};
use crate::session::Session;

/// Kbuild's instructions. `@MODULE@`, `@RUNTIME@` and `@DIR@` are filled in.
///
/// -g0: line tables of the unit help nobody, for its lines are the translator's. The prefix maps keep the places of
/// this run and this installation out of the object files. Warnings about unused things are pointless in generated C,
/// and functions that embedded C declares have no header. The cold object serves modules of all names, so it is
/// compiled under a name of its own. The environment of the commands is kept for a recipe: objtool reads it.
pub const KBUILD: &str = "\
obj-m := @MODULE@.o
@MODULE@-y := stap_unit.o cold.o
ccflags-y := -I@RUNTIME@ -include @DIR@/stap_options.h -g0 -Wno-unused -Wno-missing-prototypes
ccflags-y += -Wno-missing-declarations -ffile-prefix-map=@DIR@/= -ffile-prefix-map=@RUNTIME@/=
$(obj)/cold.o: modname_flags := -DKBUILD_MODNAME='\"stap\"' -D__KBUILD_MODNAME=kmod_stap
$(obj)/stap_unit.o: | $(obj)/stap_environment
$(obj)/stap_environment:
\t@env -0 > $@
";

/// Where the cold object comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cold<'a> {
    /// It is compiled along with the unit.
    Compile,
    /// It was compiled before, for the same kernel and options.
    Ready(&'a [u8]),
}

/// Writes everything that Kbuild needs.
pub fn fill(
    session: &Session<'_>,
    module: &str,
    c_source: &[u8],
    cold: Cold<'_>,
) -> Result<(), Box<Diagnostic>> {
    let dir = &session.tmpdir;
    let write = |name: &str, bytes: &[u8]| {
        session.host.write(&dir.join(name), bytes).map_err(|error| cannot_write(&dir.join(name), &error))
    };
    write("Kbuild", kbuild_file(module, &session.layout.runtime, dir)?.as_bytes())?;
    write("stap_options.h", options_header(&session.options).as_bytes())?;
    write("stap_unit.c", c_source)?;
    match cold {
        Cold::Compile => write("cold.c", b"#include \"cold/cold.c\"\n"),
        Cold::Ready(object) => {
            write("cold.o_shipped", object)?;
            // modpost opens it to look for symbol versions; there are none.
            write(".cold.o.cmd", b"")
        }
    }
}

/// The definitions of -D and of options that work like one, as a header: no shell or make is between them and the
/// compiler.
pub fn options_header(options: &Options) -> String {
    let timing = options.timing.then_some(("STP_TIMING", "1"));
    let own = options.defines.iter().map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or("1")));
    let mut text = String::from("/* The definitions of the command line. */\n");
    for (name, value) in timing.into_iter().chain(own) {
        let bare = name.split('(').next().unwrap_or(name);
        text.push_str(&format!("#undef {bare}\n#define {name} {value}\n"));
    }
    text
}

fn kbuild_file(module: &str, runtime: &Path, dir: &Path) -> Result<String, Box<Diagnostic>> {
    let fill = KBUILD.replace("@MODULE@", module).replace("@RUNTIME@", make_word(runtime)?);
    Ok(fill.replace("@DIR@", make_word(dir)?))
}

/// make(1) splits at blanks and acts on `$`, `#` and others whatever the quoting.
fn make_word(path: &Path) -> Result<&str, Box<Diagnostic>> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-/._+".contains(&byte);
    path.to_str().filter(|text| text.bytes().all(allowed)).ok_or_else(|| {
        let message = format!("the path '{}' has characters that make cannot take", path.display());
        let help = "use a path of letters, digits and -/._+ only";
        Box::new(Diagnostic::new(Code::Build, Severity::Error, message).help(help))
    })
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    let message = format!("cannot write {}: {error}", path.display());
    let help = "free some room there, or set TMPDIR to another directory";
    Box::new(Diagnostic::new(Code::Build, Severity::Error, message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_become_lines_of_a_header() {
        let define = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        let defines =
            vec![define("A", None), define("MAXACTION", Some("5")), define("F(x)", Some("x + \"$(a)\""))];
        let text = options_header(&Options { defines, timing: true, ..Options::default() });
        for line in ["#define A 1\n", "#undef F\n#define F(x) x + \"$(a)\"\n", "#define STP_TIMING 1\n"] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn paths_that_make_would_take_apart_are_refused() {
        assert!(kbuild_file("m", Path::new("/a b"), Path::new("/tmp/x")).is_err());
        let text = kbuild_file("m", Path::new("/opt/rt"), Path::new("/tmp/x")).expect("plain");
        assert!(
            text.contains("m-y := stap_unit.o") && text.contains("-I/opt/rt ") && !text.contains("@DIR@")
        );
    }
}
