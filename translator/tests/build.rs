//! Pass 4 against the kernels whose headers are installed, with a unit written by hand.

#![allow(clippy::disallowed_methods, reason = "the test looks at what pass 4 left on the real machine")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use stap::cli::options::{Options, Signing};
use stap::diag::{Code, Severity, Sink};
use stap::host::os::OsHost;
use stap::kernel::{Sysroot, Target, tree};
use stap::pass4_build::{self, BuiltModule};
use stap::session::{Layout, Session};
use stap::source::SourceMap;

/// Where a racing child finds the cache that it shares.
const RACE: &str = "STAP_TEST_RACE_CACHE";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn unit() -> Vec<u8> {
    fs::read(root().join("tests/handmade/unit.c")).expect("the unit written by hand")
}

/// Another unit that compiles as well: another script, as far as pass 4 is concerned.
fn variant(text: &str) -> Vec<u8> {
    [&unit()[..], format!("static const char variant[] __attribute__((used)) = \"{text}\";\n").as_bytes()]
        .concat()
}

fn releases() -> Vec<String> {
    let releases = tree::installed(&OsHost, &Sysroot::default());
    assert!(!releases.is_empty(), "no kernel headers are installed; `make test` installs them");
    releases
}

/// A machine's worth of directories, and runs of stap on it.
struct Bench {
    dir: tempfile::TempDir,
    release: String,
}

struct Run {
    result: Result<BuiltModule, Box<stap::diag::Diagnostic>>,
    warnings: Vec<Code>,
    tmpdir: tempfile::TempDir,
    text: String,
}

impl Run {
    fn module(&self) -> &BuiltModule {
        self.result.as_ref().unwrap_or_else(|error| panic!("{error:?}"))
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.module().path).expect("the module")
    }

    /// Only Kbuild itself writes this file.
    fn through_kbuild(&self) -> bool {
        self.tmpdir.path().join(".modules.order.cmd").exists()
    }
}

impl Bench {
    fn new(release: &str) -> Bench {
        Bench { dir: tempfile::tempdir().expect("a directory"), release: release.to_owned() }
    }

    fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    fn run(&self, c_source: &[u8], options: Options) -> Run {
        self.run_with_cache(c_source, options, self.cache())
    }

    fn run_with_cache(&self, c_source: &[u8], options: Options, cache: PathBuf) -> Run {
        let tmpdir = tempfile::Builder::new().prefix("stap").tempdir().expect("a directory");
        let layout = Layout {
            tapset: root().join("tapset"),
            runtime: root().join("runtime-c"),
            templates: root().join("kmod-templates"),
            staprun: "/nowhere/staprun".into(),
            stapio: "/nowhere/stapio".into(),
            cache,
            data: self.dir.path().join("data"),
        };
        let target =
            Target::find(&OsHost, Sysroot::default(), Some(&self.release)).expect("an installed kernel");
        let session = Session {
            options,
            target,
            host: &OsHost,
            sources: SourceMap::default(),
            layout,
            tmpdir: tmpdir.path().to_owned(),
        };
        session.sources.add("script.stp", b"probe begin {\n  %{ oops; %}\n}\n".to_vec(), true, false);
        let sink = Sink::new();
        let result = pass4_build::build(&session, c_source, &sink);
        let warnings = sink.take();
        assert!(warnings.iter().all(|warning| warning.severity == Severity::Warning), "{warnings:?}");
        let text = result.as_ref().err().map(|error| format!("{error:?}")).unwrap_or_default();
        Run { result, warnings: warnings.iter().map(|warning| warning.code).collect(), tmpdir, text }
    }

    /// Files of the cache whose names start so.
    fn cached(&self, prefix: &str) -> Vec<PathBuf> {
        let dirs = fs::read_dir(self.cache()).expect("the cache").flatten().filter(|dir| dir.path().is_dir());
        let files = dirs.flat_map(|dir| fs::read_dir(dir.path()).expect("its folders").flatten());
        let named = files.map(|file| file.path());
        named
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
            .collect()
    }
}

fn uncached() -> Options {
    Options { disable_cache: true, ..Options::default() }
}

#[test]
fn replayed_commands_give_the_bytes_of_kbuild() {
    for release in releases() {
        let bench = Bench::new(&release);
        let first = bench.run(&unit(), Options::default());
        assert!(!first.module().cached && first.through_kbuild(), "{release}: nothing was cached");
        let replayed = bench.run(&variant("a"), Options::default());
        assert!(!replayed.through_kbuild(), "{release}: the commands of the first build are run again");
        assert_eq!(replayed.warnings, [], "{release}");
        let full = bench.run(&variant("a"), uncached());
        assert!(full.through_kbuild(), "{release}");
        assert!(replayed.bytes() == full.bytes(), "{release}: a replay must not change a byte");
        for path in bench.cached("recipe_").into_iter().chain(bench.cached("stap_")) {
            fs::remove_file(path).expect("removed");
        }
        let shipped = bench.run(&variant("a"), Options::default());
        assert!(shipped.through_kbuild(), "{release}");
        assert!(shipped.bytes() == full.bytes(), "{release}: nor must a cold object from the cache");
    }
}

#[test]
fn the_same_script_is_not_built_again() {
    let bench = Bench::new(&releases()[0]);
    let first = bench.run(&unit(), Options::default());
    let again = bench.run(&unit(), Options::default());
    assert!(again.module().cached);
    assert_eq!(again.module().path, first.module().path);
    assert_eq!(
        fs::read_dir(again.tmpdir.path()).expect("the directory").count(),
        0,
        "no compiler had to run"
    );
    let other = Options { defines: vec![("MAXACTION".into(), Some("7".into()))], ..Options::default() };
    let other = bench.run(&unit(), other);
    assert!(!other.module().cached && other.module().name != first.module().name);
}

#[test]
fn cut_off_entries_are_noticed_and_made_again() {
    let bench = Bench::new(&releases()[0]);
    let first = bench.run(&unit(), Options::default());
    let whole = first.bytes();
    for prefix in ["stap_", "cold_", "recipe_"] {
        for path in bench.cached(prefix).into_iter().filter(|path| !path.to_string_lossy().ends_with(".sum"))
        {
            let bytes = fs::read(&path).expect("cached");
            fs::write(&path, &bytes[..bytes.len() / 2]).expect("cut off");
        }
    }
    let again = bench.run(&unit(), Options::default());
    assert!(!again.module().cached && again.bytes() == whole);
}

#[test]
fn a_recipe_that_fails_leaves_the_work_to_kbuild() {
    let bench = Bench::new(&releases()[0]);
    bench.run(&unit(), Options::default());
    let recipes = bench.cached("recipe_");
    let [recipe] = &recipes
        .iter()
        .filter(|path| path.extension().is_some_and(|ext| ext == "txt"))
        .collect::<Vec<_>>()[..]
    else {
        panic!("one recipe and its sum: {recipes:?}");
    };
    spoil(recipe);
    let run = bench.run(&variant("c"), Options::default());
    assert!(
        run.through_kbuild() && run.tmpdir.path().join("replay.sh").exists(),
        "the replay was tried first"
    );
    assert!(run.bytes() == bench.run(&variant("c"), uncached()).bytes());
}

/// Makes a recipe call a program that is not there; the cache still finds it whole.
fn spoil(recipe: &Path) {
    let bytes = fs::read(recipe).expect("the recipe");
    let at = bytes.windows(7).position(|window| window == b"modpost").expect("a step of every recipe");
    let bytes = [&bytes[..at], b"no-such", &bytes[at + 7..]].concat();
    fs::write(recipe, &bytes).expect("written");
    let sum = recipe.with_extension("txt.sum");
    let line = fs::read_to_string(&sum).expect("its sum");
    let stamp = line.split_once(' ').expect("hash and stamp").1;
    fs::write(&sum, format!("{} {stamp}", blake3_of(&bytes))).expect("written");
}

#[test]
fn two_processes_share_a_cache() {
    let release = &releases()[0];
    if let Some(cache) = std::env::var_os(RACE) {
        let run = Bench::new(release).run_with_cache(&unit(), Options::default(), cache.into());
        assert_eq!(run.warnings, []);
        println!("built {}", blake3_of(&run.bytes()));
        return;
    }
    let bench = Bench::new(release);
    let exe = std::env::current_exe().expect("this test");
    let spawn = || {
        let mut command = Command::new(&exe);
        command.args(["--exact", "two_processes_share_a_cache", "--nocapture"]).env(RACE, bench.cache());
        command.stdout(std::process::Stdio::piped()).spawn().expect("started")
    };
    let outputs = [spawn(), spawn()].map(|child| child.wait_with_output().expect("ended"));
    let alone = bench.run(&unit(), uncached());
    let expected = format!("built {}", blake3_of(&alone.bytes()));
    for output in outputs {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains(&expected), "{text}");
    }
    assert!(bench.run(&unit(), Options::default()).module().cached);
}

fn blake3_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[test]
fn a_cache_that_takes_nothing_is_a_warning() {
    let bench = Bench::new(&releases()[0]);
    let blocked = bench.dir.path().join("blocked");
    fs::write(&blocked, b"a file where the cache should be").expect("written");
    let run = bench.run_with_cache(&unit(), Options::default(), blocked);
    assert!(run.module().path.starts_with(run.tmpdir.path()));
    assert!(!run.warnings.is_empty() && run.warnings.iter().all(|code| *code == Code::Cache));
}

#[test]
fn an_error_of_the_compiler_points_into_the_script() {
    let bench = Bench::new(&releases()[0]);
    let source =
        [&unit()[..], b"#line 2 \"script.stp\"\nint oops(void) { return no_such_thing; }\n"].concat();
    let run = bench.run(&source, Options::default());
    let error = run.result.as_ref().expect_err("it does not compile");
    assert_eq!(error.code, Code::Build);
    let cause = error.causes.first().expect("what the compiler said");
    assert!(cause.message.contains("no_such_thing"), "{}", run.text);
    assert!(cause.token.is_some(), "{}", run.text);
}

#[test]
fn modules_are_signed_by_a_key_of_ones_own() {
    let bench = Bench::new(&releases()[0]);
    let signing = || Options { sign: Some(Signing::OwnKey), ..Options::default() };
    let first = bench.run(&unit(), signing());
    assert!(first.module().signed && first.bytes().ends_with(b"~Module signature appended~\n"));
    assert!(first.module().notes[0].contains("mokutil --import"), "{:?}", first.module().notes);
    let key = bench.dir.path().join("data/keys/signing_key.pem");
    assert_eq!(fs::metadata(&key).expect("the key").permissions().mode() & 0o777, 0o600);
    let again = bench.run(&unit(), signing());
    assert!(again.module().cached && again.module().notes.is_empty());
    let plain = bench.run(&unit(), Options::default());
    assert!(plain.module().cached && !plain.bytes().ends_with(b"appended~\n"));
    fs::write(&key, b"no key").expect("spoilt");
    let error = bench.run(&variant("b"), signing()).result.expect_err("sign-file fails");
    assert_eq!(error.code, Code::Sign);
}

#[test]
fn a_module_with_a_name_of_ones_own_goes_where_the_user_is() {
    let bench = Bench::new(&releases()[0]);
    // A name that is also a word of Kbuild's commands must not spoil what later builds replay.
    let named = Options { module_name: Some("objtool".into()), ..Options::default() };
    let run = bench.run(&unit(), named);
    let here = std::env::current_dir().expect("here").join("objtool.ko");
    assert_eq!((&run.module().path, &run.module().name[..]), (&here, "objtool"));
    assert!(!run.bytes().is_empty());
    fs::remove_file(&here).expect("removed");
    let later = bench.run(&variant("d"), Options::default());
    assert!(later.bytes() == bench.run(&variant("d"), uncached()).bytes());
}
