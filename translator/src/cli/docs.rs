//! The help text and the manual page, from [`super::defs`]; the list of message codes, from [`Code`].

use std::fmt::Write;

use super::check::LANGUAGE_VERSION;
use super::defs::{DEFS, Def, Status, Value};
use crate::diag::Code;

const USAGE: &str = "\
Usage: stap [options] FILE [ARGUMENTS]         Run script in FILE.
   or: stap [options] - [ARGUMENTS]            Run script on standard input.
   or: stap [options] -e SCRIPT [ARGUMENTS]    Run given script.
   or: stap [options] -l PROBE                 List matching probes.
   or: stap [options] -L PROBE                 List matching probes and their variables.
";

const HELP_END: &str = "
   --         end of options; what follows are the script's arguments

Options are also read from $SYSTEMTAP_DIR/rc (default ~/.systemtap/rc).
Exit codes: 0 success; 1 the script has an error, or -l found nothing; 2 usage; 3 kernel, headers or compiler
missing; 5 translation or compilation failed; 6 signing; 7 the module was refused; 8 output was lost;
9 run-time error; 10 the command of -c failed.
";

/// What `-V` prints.
pub fn version() -> String {
    let (major, minor) = LANGUAGE_VERSION;
    format!(
        "Systemtap translator/driver (version {major}.{minor}, stap-rs {})\n\
         Licence: GPL-2.0-or-later. This is free software; see the source for copying conditions.\n\
         Written in Rust from scratch; no code of SystemTap is in it.\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// What `-h` prints.
pub fn help() -> String {
    let mut text = version();
    text.push('\n');
    text.push_str(USAGE);
    text.push_str("\nOptions:\n");
    for def in DEFS.iter().filter(|def| def.status == Status::Works) {
        let names = names(def).join(", ");
        if names.len() <= 20 {
            let _ = writeln!(text, "   {names:<20}  {}", def.help);
        } else {
            let _ = writeln!(text, "   {names}\n   {:<20}  {}", "", def.help);
        }
    }
    text.push_str(HELP_END);
    text.push_str("\nOptions of SystemTap that stap-rs knows and refuses for now:\n  ");
    let mut column = 2;
    for def in DEFS.iter().filter(|def| def.status != Status::Works) {
        let spelling = def.spelling();
        if column + spelling.len() > 100 {
            text.push_str("\n  ");
            column = 2;
        }
        column += spelling.len() + 1;
        let _ = write!(text, " {spelling}");
    }
    text.push('\n');
    text
}

/// `-x PID`, `--vm[=RELEASE]`: each name with its value.
fn names(def: &Def) -> Vec<String> {
    let short = def.short.map(|short| match def.value {
        Value::None => format!("-{short}"),
        Value::Required(value) | Value::Optional(value) => format!("-{short} {value}"),
    });
    let long = def.long.map(|long| match def.value {
        Value::None => format!("--{long}"),
        Value::Required(value) => format!("--{long}={value}"),
        Value::Optional(value) => format!("--{long}[={value}]"),
    });
    short.into_iter().chain(long).collect()
}

fn roff(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace("'", "\\(aq")
}

fn man_options(page: &mut String, works: bool) {
    for def in DEFS.iter().filter(|def| (def.status == Status::Works) == works) {
        let names: Vec<String> = names(def).iter().map(|name| format!("\\fB{}\\fR", roff(name))).collect();
        let mut help = def.help.to_owned();
        if let Status::Refused(remedy) = def.status
            && !remedy.is_empty()
        {
            let _ = write!(help, " (instead: {remedy})");
        }
        let _ = write!(page, ".TP\n{}\n{}.\n", names.join(", "), roff(&capitalised(&help)));
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The manual page stap(1), kept in docs/man/stap.1.
pub fn man_page() -> String {
    let mut page = String::from(
        ".\\\" Made from translator/src/cli/defs.rs; `cargo test -p stap` says how to renew it.\n\
         .TH STAP 1 \"\" \"stap\\-rs\" \"User Commands\"\n\
         .SH NAME\nstap \\- run a SystemTap script in the Linux kernel\n.SH SYNOPSIS\n.nf\n",
    );
    for line in USAGE.lines() {
        let synopsis = line.trim_start_matches("Usage:").trim_start().trim_start_matches("or:").trim();
        let synopsis = synopsis.split("   ").next().unwrap_or(synopsis);
        let _ = writeln!(page, "{}", roff(synopsis));
    }
    page.push_str(MAN_DESCRIPTION);
    man_options(&mut page, true);
    page.push_str(
        ".SH OPTIONS KNOWN AND REFUSED\nThese options of SystemTap end stap with one message and exit code 2.\n",
    );
    man_options(&mut page, false);
    page.push_str(MAN_END);
    page
}

const MAN_DESCRIPTION: &str = "\
.fi
.SH DESCRIPTION
stap takes a script through five passes: it parses it, elaborates it (names, types, probe points), translates it to C,
compiles the C to a kernel module, and runs the module by \\fBstaprun\\fR(8), whose output it shows until the script
calls exit() or the user interrupts it.
.PP
The language is that of SystemTap 5.6. Nothing needs kernel debuginfo; compiling needs the kernel's headers and the
compiler that the kernel was built with.
.PP
Options may stand before or after the script. A word \\fB\\-\\-\\fR ends the options: what follows are the script\\(aqs
arguments, $1 and @1, $2 and @2, and so on.
.SH OPTIONS
";

const MAN_END: &str = "\
.SH FILES
.TP
$SYSTEMTAP_DIR/rc, ~/.systemtap/rc
Options that are read before those of the command line.
.TP
$XDG_CACHE_HOME/stap\\-rs, $SYSTEMTAP_DIR/cache
Cache of generated C, modules and facts about kernels.
.SH ENVIRONMENT
.TP
SYSTEMTAP_DIR
Directory of the user\\(aqs rc file, keys and cache.
.TP
SYSTEMTAP_TAPSET, SYSTEMTAP_RUNTIME, SYSTEMTAP_STAPRUN, SYSTEMTAP_STAPIO
Other places of the tapset, of the runtime, of staprun and of stapio.
.TP
SYSTEMTAP_RELEASE
The kernel release, as \\fB\\-r\\fR.
.TP
XDG_DATA_DIRS
Each directory adds its systemtap/tapset to the tapset path.
.TP
TMPDIR
Where temporary files go.
.SH EXIT STATUS
.nf
0   success; also when the run was interrupted
1   the script has an error, or \\-l found nothing
2   wrong usage
3   the kernel, its headers or its compiler are missing
5   translation or compilation failed
6   signing failed
7   the kernel or staprun refused the module
8   output was lost
9   the script ended by an error
10  the command of \\-c failed
.fi
.SH SEE ALSO
.BR staprun (8)
";

/// docs/errors.md: what each code means.
pub fn errors_page() -> String {
    let mut page = String::from(
        "# Messages\n\nEvery message of stap has a code, which `--message-format=json` shows and which never changes its \
         meaning.\nMade from translator/src/diag/code.rs.\n\n| code | meaning |\n|---|---|\n",
    );
    for code in Code::ALL {
        let _ = writeln!(page, "| {} | {} |", code.id(), code.doc().trim().replace('|', "\\|"));
    }
    page
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::host::Host;
    use crate::host::os::OsHost;

    /// The page in docs/ is what `made` says. `STAP_BLESS=1 cargo test -p stap up_to_date` renews it.
    fn check_page(name: &str, made: &str) {
        let path = PathBuf::from(format!("{}/../docs/{name}", env!("CARGO_MANIFEST_DIR")));
        if OsHost.env("STAP_BLESS").is_some() {
            OsHost.write(&path, made.as_bytes()).expect("docs/ is writable");
        }
        let kept = OsHost.read(&path).expect("the page is there");
        assert!(kept == made.as_bytes(), "docs/{name} is stale: STAP_BLESS=1 cargo test -p stap up_to_date");
    }

    #[test]
    fn man_page_is_up_to_date() {
        check_page("man/stap.1", &man_page());
    }

    #[test]
    fn errors_page_is_up_to_date() {
        check_page("errors.md", &errors_page());
    }

    #[test]
    fn help_names_every_option() {
        let help = help();
        for def in DEFS {
            assert!(help.contains(&def.spelling()), "{}", def.id);
        }
    }

    #[test]
    fn version_starts_as_scripts_expect() {
        assert!(version().starts_with("Systemtap translator/driver (version 5.6, stap-rs "));
    }
}
