//! The commands that Kbuild ran for a module, recorded so that they can be run again without make.
//!
//! Half of a Kbuild run is make finding out what to do, and for one kernel and one compiler that is always the same.
//! Kbuild leaves each command in a `.NAME.cmd` file, and V=1 prints every command that it ran. A recipe is made only if
//! the two agree: when Kbuild ran a command on our objects that no .cmd file tells of (older kernels run objtool so),
//! there is no recipe, and make is used each time.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use crate::host::Host;

/// What stands for the module's name in a recipe.
const MODULE: &str = "@MODULE@";
/// What stands for the run's directory in a recipe.
const DIR: &str = "@DIR@";
/// Compiled along with each module since 6.12, though it is the same for all.
const COMMON: &str = ".module-common.o";

/// Variables of make and of the shell, which belong to the run that was recorded.
const TRANSIENT: [&str; 6] = ["MAKE", "MFLAGS", "PWD", "OLDPWD", "SHLVL", "_="];

/// The commands in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    commands: Vec<String>,
    /// The environment that Kbuild gave to them, as `NAME=VALUE`.
    environment: Vec<String>,
    /// They are run in the run's own directory (6.13 and later), not in the kernel's.
    in_dir: bool,
    /// The object that all modules share.
    common: Option<Vec<u8>>,
}

/// A command and what it makes, as a .cmd file has it.
struct Saved {
    target: String,
    command: String,
}

impl Recipe {
    /// Reads what Kbuild left in `dir`. `None` when it did something that a recipe cannot repeat. Module and directory
    /// must have names of our own making: they are looked for in all commands.
    pub fn record(host: &dyn Host, dir: &Path, module: &str, stdout: &[u8]) -> Option<Recipe> {
        let place = dir.to_str()?;
        let read = |name: &str| {
            let bytes = host.read(&dir.join(format!(".{name}.cmd"))).ok()?;
            Saved::parse(&String::from_utf8(bytes).ok()?)
        };
        let steps: Vec<Saved> = steps(module).iter().map(|name| read(name)).collect::<Option<_>>()?;
        let apart: Vec<Saved> = ["cold.o", COMMON].iter().filter_map(|name| read(name)).collect();
        if !covers(steps.iter().chain(&apart), &String::from_utf8_lossy(stdout), module) {
            return None;
        }
        let in_dir = !steps.first()?.target.starts_with('/');
        let general = |text: &str| text.replace(place, DIR).replace(module, MODULE);
        let commands = steps.iter().map(|saved| general(&saved.command)).collect();
        let variables = String::from_utf8(host.read(&dir.join("stap_environment")).ok()?).ok()?;
        let lasting =
            |text: &&str| text.contains('=') && !TRANSIENT.iter().any(|name| text.starts_with(name));
        let environment = variables.split('\0').filter(lasting).map(general).collect();
        Some(Recipe { commands, environment, in_dir, common: host.read(&dir.join(COMMON)).ok() })
    }

    /// A shell script that builds `module` in `dir`.
    pub fn script(&self, build_dir: &Path, dir: &Path, module: &str) -> Option<String> {
        let dir = dir.to_str()?;
        let place = if self.in_dir { dir } else { build_dir.to_str()? };
        let mut script = format!("set -e\ncd '{place}'\ncp '{dir}/cold.o_shipped' '{dir}/cold.o'\n");
        for command in &self.commands {
            script.push_str(&command.replace(DIR, dir).replace(MODULE, module));
            script.push('\n');
        }
        Some(script)
    }

    /// The environment of the commands.
    pub fn variables(&self, dir: &Path, module: &str) -> Option<Vec<(OsString, OsString)>> {
        let dir = dir.to_str()?;
        let pairs = self.environment.iter().filter_map(|text| text.split_once('='));
        Some(
            pairs
                .map(|(name, value)| (name.into(), value.replace(DIR, dir).replace(MODULE, module).into()))
                .collect(),
        )
    }

    /// Files that the commands want to find: name and contents.
    pub fn files(&self) -> Vec<(&'static str, &[u8])> {
        let mut files: Vec<(&'static str, &[u8])> = vec![(".stap_unit.o.cmd", b"")];
        files.extend(self.common.as_deref().map(|object| (COMMON, object)));
        files
    }

    /// As bytes for the cache: texts end with a zero byte, which neither commands nor variables can hold.
    pub fn to_bytes(&self) -> Vec<u8> {
        let counts = [usize::from(self.in_dir), self.commands.len(), self.environment.len()];
        let mut bytes = counts.map(|count| count.to_string()).join(" ").into_bytes();
        bytes.push(0);
        for text in self.commands.iter().chain(&self.environment) {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0);
        }
        bytes.extend_from_slice(self.common.as_deref().unwrap_or_default());
        bytes
    }

    /// From the cache.
    pub fn from_bytes(bytes: &[u8]) -> Option<Recipe> {
        let mut rest = bytes;
        let mut text = || {
            let end = rest.iter().position(|byte| *byte == 0)?;
            let (text, after) = rest.split_at(end);
            rest = &after[1..];
            std::str::from_utf8(text).ok().map(str::to_owned)
        };
        let head = text()?;
        let counts: Vec<usize> = head.split(' ').map(|word| word.parse().ok()).collect::<Option<_>>()?;
        let [in_dir, commands, environment] = counts[..] else { return None };
        let commands = (0..commands).map(|_| text()).collect::<Option<_>>()?;
        let environment = (0..environment).map(|_| text()).collect::<Option<_>>()?;
        let common = (!rest.is_empty()).then(|| rest.to_vec());
        Some(Recipe { commands, environment, in_dir: in_dir == 1, common })
    }
}

/// What Kbuild makes of an external module, in its order.
fn steps(module: &str) -> [String; 7] {
    [
        format!("{module}.mod"),
        "stap_unit.o".to_owned(),
        format!("{module}.o"),
        "modules.order".to_owned(),
        "Module.symvers".to_owned(),
        format!("{module}.mod.o"),
        format!("{module}.ko"),
    ]
}

impl Saved {
    /// `cmd_TARGET := COMMAND`, since 6.3 `savedcmd_`, with the characters that make would take for its own hidden.
    fn parse(text: &str) -> Option<Saved> {
        let line = text.lines().find(|line| line.starts_with("cmd_") || line.starts_with("savedcmd_"))?;
        let (target, command) = line.split_once(":=")?;
        let target = target.split_once("cmd_")?.1.trim().to_owned();
        let command = command.trim().replace("$(pound)", "#").replace("$$", "$");
        Some(Saved { target, command })
    }
}

/// Whether V=1 shows no work on our objects but that of these commands.
fn covers<'a>(commands: impl Iterator<Item = &'a Saved>, stdout: &str, module: &str) -> bool {
    // sh's echo, which prints the commands, turns \n into a line's end.
    let printed: Vec<String> = commands.map(|saved| saved.command.replace("\\n", "\n")).collect();
    let lines: BTreeSet<String> = printed.iter().flat_map(|text| text.lines()).map(squeeze).collect();
    let ours = [format!("{module}."), "stap_unit.o".to_owned()];
    let work = stdout.lines().map(squeeze).filter(|line| ours.iter().any(|name| line.contains(name)));
    work.into_iter().all(|line| lines.contains(&line) || is_idle(&line))
}

/// Commands that change nothing in a module that exports nothing and carries no BTF.
fn is_idle(line: &str) -> bool {
    const STARTS: [&str; 5] = ["# ", "make ", "if nm ", "if [ ! -f vmlinux ]", "{ echo"];
    const HOLDS: [&str; 3] =
        ["scripts/modules-check.sh", "scripts/check-local-export", "scripts/genksyms/genksyms"];
    let printf_tail = line.ends_with(" 1>&2; true");
    printf_tail
        || STARTS.iter().any(|start| line.starts_with(start))
        || HOLDS.iter().any(|part| line.contains(part))
}

fn squeeze(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::memory::MemoryHost;

    const STDOUT: &str = "make -f scripts/Makefile.build obj=/t\n  printf '%s\n'   stap_unit.o cold.o > /t/stap_a.mod\n\
        gcc  -c -o /t/stap_unit.o\n{ echo ; echo '/t/stap_unit.o: x' ; } >> /t/.x\n  gcc -c -o /t/cold.o\n\
        ld /t/stap_a.o\n echo /t/stap_a.ko\n modpost $x#y\ngcc /t/stap_a.mod.o\nld /t/stap_a.ko\n";

    fn host() -> MemoryHost {
        let commands = [
            ("stap_a.mod", "cmd_/t/stap_a.mod := printf '%s\\n'   stap_unit.o cold.o > /t/stap_a.mod\n"),
            ("stap_unit.o", "cmd_/t/stap_unit.o := gcc -c -o /t/stap_unit.o\n\nsource_/t/stap_unit.o := x\n"),
            ("stap_a.o", "savedcmd_/t/stap_a.o := ld /t/stap_a.o\n"),
            ("modules.order", "cmd_/t/modules.order := echo /t/stap_a.ko\n"),
            ("Module.symvers", "cmd_/t/Module.symvers := modpost $$x$(pound)y\n"),
            ("stap_a.mod.o", "cmd_/t/stap_a.mod.o := gcc /t/stap_a.mod.o\n"),
            ("stap_a.ko", "cmd_/t/stap_a.ko := ld /t/stap_a.ko\n"),
            ("cold.o", "cmd_/t/cold.o := gcc -c -o /t/cold.o\n"),
        ];
        let environment = "SRCARCH=x86\0MAKEFLAGS= -j\0KBUILD_EXTMOD=/t\0PWD=/b\0";
        let host =
            MemoryHost::new().file("/t/.module-common.o", "ELF\0x").file("/t/stap_environment", environment);
        commands.iter().fold(host, |host, (name, text)| host.file(&format!("/t/.{name}.cmd"), text))
    }

    fn record(stdout: &str) -> Option<Recipe> {
        Recipe::record(&host(), Path::new("/t"), "stap_a", stdout.as_bytes())
    }

    #[test]
    fn a_recipe_repeats_the_commands_for_another_module() {
        let recipe = record(STDOUT).expect("recorded");
        let script = recipe.script(Path::new("/b"), Path::new("/u"), "other").expect("text");
        assert!(script.starts_with("set -e\ncd '/b'\n"), "{script}");
        let end = "gcc -c -o /u/stap_unit.o\nld /u/other.o\necho /u/other.ko\nmodpost $x#y\ngcc /u/other.mod.o\n\
                   ld /u/other.ko\n";
        assert!(script.ends_with(end), "{script}");
        let variables = recipe.variables(Path::new("/u"), "other").expect("text");
        let expected = [("SRCARCH", "x86"), ("KBUILD_EXTMOD", "/u")]
            .map(|(n, v)| (OsString::from(n), OsString::from(v)));
        assert_eq!(variables, expected);
        assert_eq!(Recipe::from_bytes(&recipe.to_bytes()), Some(recipe));
        assert_eq!(Recipe::from_bytes(b"0 9 0\0x\0"), None);
    }

    #[test]
    fn work_that_is_not_recorded_makes_a_recipe_impossible() {
        assert_eq!(record(&format!("{STDOUT}./tools/objtool/objtool orc generate /t/stap_unit.o\n")), None);
        assert_eq!(record(&format!("{STDOUT}strip /t/stap_a.ko\n")), None);
        assert!(record(&format!("{STDOUT}/k/scripts/check-local-export /t/stap_unit.o\n")).is_some());
        let host = host();
        host.remove_file(Path::new("/t/.stap_a.ko.cmd")).expect("removed");
        assert_eq!(Recipe::record(&host, Path::new("/t"), "stap_a", STDOUT.as_bytes()), None);
    }
}
