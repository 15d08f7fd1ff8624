//! What every pass may look at and none changes: options, target kernel, host, sources.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cli::options::Options;
use crate::host::Host;
use crate::kernel::Target;
use crate::source::SourceMap;

/// Where the parts of the program lie, in the build tree or installed, and where the user's own files go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The tapset library.
    pub tapset: PathBuf,
    /// runtime-c.
    pub runtime: PathBuf,
    /// kmod-templates.
    pub templates: PathBuf,
    /// The staprun program.
    pub staprun: PathBuf,
    /// The stapio program.
    pub stapio: PathBuf,
    /// Cache of generated C, modules, indexes and kernel facts.
    pub cache: PathBuf,
    /// The user's rc file and keys (`~/.systemtap`).
    pub data: PathBuf,
}

/// One run of stap.
pub struct Session<'h> {
    /// Checked options.
    pub options: Options,
    /// The kernel that is probed.
    pub target: Target,
    /// The machine that stap runs on.
    pub host: &'h dyn Host,
    /// All files read, with their places.
    pub sources: SourceMap,
    /// Where the parts of the program lie.
    pub layout: Layout,
    /// This run's own directory for files between the passes; the driver removes it (not with -k).
    pub tmpdir: PathBuf,
}

impl Layout {
    /// Looks around the running executable; the environment may point elsewhere. A user without a home has the cache
    /// and the keys in `homeless`.
    pub fn find(host: &dyn Host, homeless: &Path) -> Result<Layout, String> {
        let exe =
            host.current_exe().map_err(|error| format!("the place of stap itself is unknown: {error}"))?;
        let exe = host.canonicalize(&exe).unwrap_or(exe);
        Finder { exists: &|path| host.stat(path).is_ok(), env: &|name| host.env(name), homeless }.find(&exe)
    }
}

/// The user's own directory: `$SYSTEMTAP_DIR`, or `~/.systemtap`.
pub fn data_dir(env: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let own = || env_path(env, "SYSTEMTAP_DIR");
    own().or_else(|| env_path(env, "HOME").map(|home| home.join(".systemtap")))
}

/// A variable that names an absolute path; others count as not set.
fn env_path(env: &dyn Fn(&str) -> Option<OsString>, name: &str) -> Option<PathBuf> {
    env(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// What the search for the layout asks of the machine.
struct Finder<'a> {
    exists: &'a dyn Fn(&Path) -> bool,
    env: &'a dyn Fn(&str) -> Option<OsString>,
    homeless: &'a Path,
}

impl Finder<'_> {
    fn find(&self, exe: &Path) -> Result<Layout, String> {
        let mut layout = exe.ancestors().skip(1).find_map(|dir| self.around(exe, dir)).ok_or_else(|| {
            format!("no tapset and runtime are found from {}; `make install` puts them there", exe.display())
        })?;
        layout.tapset = self.path("SYSTEMTAP_TAPSET").unwrap_or(layout.tapset);
        layout.runtime = self.path("SYSTEMTAP_RUNTIME").unwrap_or(layout.runtime);
        layout.staprun = self.path("SYSTEMTAP_STAPRUN").unwrap_or(layout.staprun);
        layout.stapio = self.path("SYSTEMTAP_STAPIO").unwrap_or(layout.stapio);
        Ok(layout)
    }

    /// The layout if `dir` is the top of the build tree, or the prefix of an installation, that `exe` is part of.
    fn around(&self, exe: &Path, dir: &Path) -> Option<Layout> {
        let share = dir.join("share/stap-rs");
        if (self.exists)(&share.join("runtime-c")) {
            return Some(self.layout(&share, dir.join("bin/staprun"), dir.join("libexec/systemtap/stapio")));
        }
        if !(self.exists)(&dir.join("runtime-c")) || !(self.exists)(&dir.join("translator")) {
            return None;
        }
        // Test programs lie one folder deeper than staprun.
        let beside = exe
            .ancestors()
            .skip(1)
            .take(2)
            .find(|near| (self.exists)(&near.join("staprun")))
            .or(exe.parent())?;
        Some(self.layout(dir, beside.join("staprun"), beside.join("stapio")))
    }

    fn layout(&self, parts: &Path, staprun: PathBuf, stapio: PathBuf) -> Layout {
        Layout {
            tapset: parts.join("tapset"),
            runtime: parts.join("runtime-c"),
            templates: parts.join("kmod-templates"),
            staprun,
            stapio,
            cache: self.cache(),
            data: data_dir(self.env).unwrap_or_else(|| self.homeless.to_owned()),
        }
    }

    fn cache(&self) -> PathBuf {
        let own = self.path("SYSTEMTAP_DIR").map(|dir| dir.join("cache"));
        let xdg = || self.path("XDG_CACHE_HOME").map(|dir| dir.join("stap-rs"));
        let home = || self.path("HOME").map(|home| home.join(".cache/stap-rs"));
        own.or_else(xdg).or_else(home).unwrap_or_else(|| self.homeless.join("cache"))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        env_path(self.env, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(exe: &str, present: &[&str], env: &[(&str, &str)]) -> Result<Layout, String> {
        let finder = Finder {
            exists: &|path| present.iter().any(|known| Path::new(known) == path),
            env: &|name| env.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)),
            homeless: Path::new("/tmp/stapXX"),
        };
        finder.find(Path::new(exe))
    }

    #[test]
    fn the_build_tree_is_found_from_the_program_and_from_tests() {
        let present = ["/w/runtime-c", "/w/translator", "/w/target/debug/staprun", "/w/staprun/src"];
        for exe in ["/w/target/debug/stap", "/w/target/debug/deps/stap-1234"] {
            let layout = find(exe, &present, &[("HOME", "/h")]).expect("found");
            assert_eq!(layout.tapset, Path::new("/w/tapset"));
            assert_eq!(layout.staprun, Path::new("/w/target/debug/staprun"));
            assert_eq!(layout.cache, Path::new("/h/.cache/stap-rs"));
        }
    }

    #[test]
    fn an_installation_is_found_and_the_environment_wins() {
        let env =
            [("SYSTEMTAP_DIR", "/d"), ("SYSTEMTAP_STAPRUN", "/x/staprun"), ("SYSTEMTAP_TAPSET", "relative")];
        let layout =
            find("/usr/local/bin/stap", &["/usr/local/share/stap-rs/runtime-c"], &env).expect("found");
        assert_eq!(layout.runtime, Path::new("/usr/local/share/stap-rs/runtime-c"));
        assert_eq!(layout.tapset, Path::new("/usr/local/share/stap-rs/tapset"));
        assert_eq!(layout.stapio, Path::new("/usr/local/libexec/systemtap/stapio"));
        assert_eq!(layout.staprun, Path::new("/x/staprun"));
        assert_eq!(layout.cache, Path::new("/d/cache"));
        assert_eq!(layout.data, Path::new("/d"));
    }

    #[test]
    fn a_lonely_program_says_so() {
        assert!(find("/tmp/stap", &[], &[]).expect_err("nothing there").contains("make install"));
    }
}
