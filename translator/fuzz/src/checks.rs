//! What holds for any input: one function for each fuzz target. A panic, a wait without end and memory without bound
//! are found without being asked for.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use stap::cli::options::Options;
use stap::diag::{Code, Sink};
use stap::host::memory::MemoryHost;
use stap::kernel::{Config, Target};
use stap::library::{Library, environment};
use stap::pass1_parse::format::{self, Part};
use stap::pass1_parse::{NoMacros, ParseEnv, Token, parse_file, parse_text, preprocess, print, scan};
use stap::regex::{Machine, Pattern, walk};
use stap::session::{Layout, Session};
use stap::source::{FileId, SourceMap};
use stap::{pass2_elaborate, pass3_translate};

/// A fuzz target.
pub type Check = fn(&[u8]);

/// All targets, by name.
pub const ALL: [(&str, Check); 6] = [
    ("tokens", tokens),
    ("preprocess", preprocessing),
    ("parse", parse),
    ("format", format),
    ("regex", regex),
    ("script", script),
];

/// The stack that the driver gives the passes.
const STACK: usize = 256 << 20;

fn on_the_drivers_stack(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let ended = thread.expect("a thread starts").join();
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

/// Tokens lie in the text in order, and there is nothing but comments and blanks between them.
pub fn tokens(input: &[u8]) {
    let scanned = |bytes: &[u8]| scan(bytes, FileId(0), (5, 6));
    let mut end = 0;
    for Token { span, .. } in scanned(input) {
        let (lo, hi) = (span.lo as usize, span.hi as usize);
        assert!(end <= lo && lo < hi && hi <= input.len(), "{end} {lo} {hi}");
        assert!(scanned(&input[end..lo]).is_empty(), "a token was passed over");
        end = hi;
    }
    assert!(scanned(&input[end..]).is_empty(), "a token at the end was passed over");
}

/// What is left after preprocessing has its text somewhere; the arguments of the command line are `a 1`.
pub fn preprocessing(input: &[u8]) {
    on_the_drivers_stack(|| {
        let (sources, sink) = (SourceMap::default(), Sink::new());
        let file = sources.add("<input>", input.to_vec(), true, false);
        let args = [b"a".to_vec(), b"1".to_vec()];
        let env = ParseEnv {
            release: "6.1.0-56-amd64",
            arch: "x86_64",
            config: &|_| None,
            compatible: (5, 6),
            syntax: (5, 6),
            privilege: Default::default(),
            guru: true,
            args: &args,
            macros: &NoMacros,
        };
        for token in preprocess(&sources, file, &env, &sink).tokens {
            let text = &sources.file(token.span.file).bytes;
            assert!(token.span.lo < token.span.hi && token.span.hi as usize <= text.len(), "{token:?}");
        }
    });
}

/// What parses is printed as a text that parses and prints alike.
pub fn parse(input: &[u8]) {
    on_the_drivers_stack(|| {
        // A file of macros alone prints as nothing, which is no script.
        if let Some(printed) = reprinted(input).filter(|printed| !printed.is_empty()) {
            let again = reprinted(&printed);
            assert!(
                again.as_ref() == Some(&printed),
                "{:?}\n{:?}",
                lossy(&printed),
                again.map(|a| lossy(&a))
            );
        }
    });
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

fn reprinted(input: &[u8]) -> Option<Vec<u8>> {
    let (sources, sink) = (SourceMap::default(), Sink::new());
    let file = parse_text(&sources, "<input>", input, &sink);
    (sink.errors() == 0).then(|| print::file(&file))
}

/// Each byte of a format is a literal or belongs to a conversion.
pub fn format(input: &[u8]) {
    let Ok(parts) = format::parse(input) else { return };
    let mut literals = 0;
    let mut specs = 0;
    for part in &parts {
        match part {
            Part::Literal(text) => {
                assert!(!text.is_empty());
                literals += text.len();
            }
            Part::Spec(_) => specs += 1,
        }
    }
    let signs = input.iter().filter(|&&byte| byte == b'%').count();
    assert!(specs <= signs && literals + 2 * specs <= input.len(), "{parts:?}");
}

/// A pattern, an end of line, and a subject: both machines agree, and groups lie inside the match.
pub fn regex(input: &[u8]) {
    let mut halves = input.splitn(2, |&byte| byte == b'\n');
    let (pattern, subject) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let subject = subject.split(|&byte| byte == 0).next().unwrap_or_default();
    on_the_drivers_stack(|| {
        let Ok(pattern) = Pattern::parse(pattern) else { return };
        let (Ok(plain), Ok(tagged)) = (Machine::plain(&pattern), Machine::tagged(&pattern)) else { return };
        let found = walk::find(&tagged, subject);
        assert_eq!(walk::is_match(&plain, subject), found.is_some());
        let Some(groups) = found else { return };
        let Some((from, to)) = groups[0] else { panic!("a match without a place") };
        assert!(from <= to && to <= subject.len());
        for (lo, hi) in groups.into_iter().flatten() {
            assert!(from <= lo && lo <= hi && hi <= to, "group {lo}..{hi} of {from}..{to}");
        }
    });
}

/// Passes 1 to 3 of a script with the project's own tapset, on a machine in memory. What goes wrong is the script's
/// mistake: no message says that the translator is at fault.
pub fn script(input: &[u8]) {
    on_the_drivers_stack(|| {
        for guru in [false, true] {
            passes(input, Options { guru, ..Options::default() });
        }
    });
}

fn passes(input: &[u8], options: Options) {
    let session = session(options);
    let sink = Sink::new();
    let library = Library::open(&session, &sink);
    let file = session.sources.add("<input>", input.to_vec(), session.options.guru, false);
    let env = environment(&session, &|_| None, &[], session.options.guru, &library);
    let files = [parse_file(&session.sources, file, &env, &sink)];
    if sink.errors() == 0
        && let Some(program) = pass2_elaborate::elaborate(&session, &files, &library, &sink)
    {
        pass2_elaborate::print(&program, true);
        if let Err(refused) = pass3_translate::translate(&session, &program) {
            sink.push(refused);
        }
    }
    for said in sink.take() {
        assert!(said.code != Code::Internal, "{said:?}");
    }
}

fn session(options: Options) -> Session<'static> {
    let target = Target {
        release: "6.1.0-56-amd64".into(),
        arch: "x86_64".into(),
        build_dir: None,
        config: Config::default(),
        root: Default::default(),
    };
    let layout = Layout {
        tapset: "/tapset".into(),
        runtime: "/runtime".into(),
        templates: "/templates".into(),
        staprun: "/staprun".into(),
        stapio: "/stapio".into(),
        cache: "/cache".into(),
        data: "/data".into(),
    };
    Session { options, target, host: host(), sources: SourceMap::default(), layout, tmpdir: "/tmp/x".into() }
}

/// A machine that has the tapset and nothing else.
fn host() -> &'static MemoryHost {
    static HOST: OnceLock<MemoryHost> = OnceLock::new();
    HOST.get_or_init(|| {
        let tapset = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|dir| dir.join("tapset"));
        let tapset = tapset.filter(|dir| dir.is_dir()).last().expect("the tapset is in the tree");
        let mut host = MemoryHost::new();
        for path in files_below(&tapset) {
            let inside = path.strip_prefix(&tapset).expect("below it");
            let bytes = std::fs::read(&path).expect("readable");
            host = host.file(&format!("/tapset/{}", inside.display()), bytes);
        }
        host
    })
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).expect("readable").flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
