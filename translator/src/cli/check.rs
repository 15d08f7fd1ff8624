//! From words to [`Options`]: values are read, conflicts settled.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::defs::{DEFS, Status};
use super::options::{Color, Debuginfo, Listing, Options, Privilege, Script, Signing};
use super::patterns::{self, Pattern};
use super::raw::{self, Raw};
use super::{Request, UsageError};

/// The version of SystemTap whose language this is.
pub const LANGUAGE_VERSION: (u32, u32) = (5, 6);

/// Reads the words after the program's name.
pub fn request(argv: &[OsString]) -> Result<Request, UsageError> {
    let raw = raw::parse(argv)?;
    if raw.has("help") {
        return Ok(Request::Help);
    }
    if raw.has("version") {
        return Ok(Request::Version);
    }
    refuse_unsupported(&raw)?;
    let mut options = plain_values(&raw)?;
    scripts(&raw, &mut options)?;
    conflicts(&raw, &options)?;
    Ok(Request::Run(Box::new(options)))
}

fn refuse_unsupported(raw: &Raw) -> Result<(), UsageError> {
    for def in DEFS.iter().filter(|def| raw.has(def.id)) {
        let Status::Refused(remedy) = def.status else { continue };
        let text = format!("stap: option '{}' is not supported by stap-rs yet", def.spelling());
        let remedy = if remedy.is_empty() { String::new() } else { format!("; {remedy}") };
        return Err(UsageError::with_hint(text + &remedy));
    }
    only(raw, "arch", &["x86_64"])?;
    only(raw, "debuginfo", &["auto", "dwarf", "btf", "none"])?;
    only(raw, "message-format", &["classic", "json"])?;
    only(raw, "dump-after", &["resolve", "elide", "types", "optimize"])?;
    only(raw, "color", &["", "never", "always", "auto"])?;
    only(raw, "colour", &["", "never", "always", "auto"])?;
    runtime_mode(raw)
}

/// Refuses values of an option other than those that work.
fn only(raw: &Raw, id: &str, allowed: &[&str]) -> Result<(), UsageError> {
    match raw.all(id).iter().find(|value| !allowed.iter().any(|ok| value.as_os_str() == *ok)) {
        None => Ok(()),
        Some(value) => {
            let allowed: Vec<&str> = allowed.iter().copied().filter(|ok| !ok.is_empty()).collect();
            let text = format!(
                "stap: '{}' is not supported for '{id}' (only: {})",
                value.display(),
                allowed.join(", ")
            );
            Err(UsageError::with_hint(text))
        }
    }
}

fn runtime_mode(raw: &Raw) -> Result<(), UsageError> {
    let Some(mode) = raw.last("runtime") else { return Ok(()) };
    match mode.to_str() {
        Some("kernel") => Ok(()),
        Some(mode @ ("dyninst" | "bpf")) => Err(UsageError::plain(format!(
            "ERROR: --runtime={mode} unavailable; this build lacks {} feature",
            if mode == "bpf" { "BPF" } else { "DYNINST" }
        ))),
        _ => {
            Err(UsageError::plain(format!("ERROR: {} is an invalid argument for --runtime", mode.display())))
        }
    }
}

fn plain_values(raw: &Raw) -> Result<Options, UsageError> {
    Ok(Options {
        last_pass: number(raw, "pass", 1..=5, "Invalid pass number (should be 1-5).")?.unwrap_or(5) as u8,
        verbose: verbosity(raw)?,
        include_dirs: raw.all("include").iter().map(PathBuf::from).collect(),
        module_name: module_name(raw)?,
        release: release(raw)?,
        sysroot: sysroot(raw)?,
        runtime_dir: raw.last("runtime-dir").map(PathBuf::from),
        output: raw.last("output").map(PathBuf::from),
        command: raw.last("cmd").map(|cmd| text(cmd, "-c")).transpose()?,
        pid: number(raw, "target", 0..=i32::MAX as u64, "Invalid target process ID number.")?
            .map(|n| n as i32),
        timeout_ms: timeout(raw)?,
        buffer_mb: number(raw, "buffer", 1..=4095, "Invalid buffer size (should be 1-4095).")?
            .map(|n| n as u32),
        defines: safe(raw, "define", patterns::DEFINE, "-D")?
            .into_iter()
            .map(|text| match text.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (text, None),
            })
            .collect(),
        globals: safe(raw, "global", patterns::GLOBAL, "-G")?
            .iter()
            .filter_map(|text| text.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        guru: raw.has("guru"),
        keep_tmpdir: raw.has("keep") || raw.has("tmpdir"),
        unoptimized: raw.has("unoptimized"),
        skip_badvars: raw.has("skip-badvars"),
        color: color(raw),
        suppress_warnings: raw.has("no-warnings"),
        panic_warnings: raw.has("panic-warnings") && !raw.has("no-warnings"),
        timing: raw.has("timing"),
        disable_cache: raw.has("disable-cache"),
        symbols_of: raw.all("object").iter().map(|object| text(object, "-d")).collect::<Result<_, _>>()?,
        wants_symbols: ["object", "all-modules", "ldd"].iter().any(|id| raw.has(id)),
        vm: raw.has("vm"),
        sign: signing(raw)?,
        compatible: compatible(raw)?,
        privilege: privilege(raw)?,
        debuginfo: match raw.last("debuginfo") {
            Some(value) if value == "dwarf" => Debuginfo::Dwarf,
            Some(value) if value == "btf" => Debuginfo::Btf,
            Some(value) if value == "none" => Debuginfo::None,
            _ => Debuginfo::Auto,
        },
        btf: raw.last("btf").map(PathBuf::from),
        tmpdir: raw.last("tmpdir").filter(|dir| !dir.is_empty()).map(PathBuf::from),
        dump_after: raw.last("dump-after").map(|name| text(name, "--dump-after")).transpose()?,
        json_messages: raw.last("message-format").is_some_and(|format| format == "json"),
        no_global_var_display: raw.has("no-global-var-display"),
        ..Options::default()
    })
}

fn text(value: &OsStr, option: &str) -> Result<String, UsageError> {
    value
        .to_str()
        .map(str::to_owned)
        .ok_or_else(|| UsageError::with_hint(format!("stap: the value of '{option}' is no valid text")))
}

fn number(
    raw: &Raw,
    id: &str,
    range: std::ops::RangeInclusive<u64>,
    message: &str,
) -> Result<Option<u64>, UsageError> {
    let mut number = None;
    for value in raw.all(id) {
        let parsed = value.to_str().and_then(|text| text.parse().ok()).filter(|n| range.contains(n));
        number = Some(parsed.ok_or_else(|| UsageError::plain(message))?);
    }
    Ok(number)
}

fn verbosity(raw: &Raw) -> Result<[u8; 5], UsageError> {
    let mut verbose = [raw.count("verbose"); 5];
    for value in raw.all("vp") {
        let bytes = value.as_bytes();
        if bytes.is_empty() || bytes.len() > 5 || !bytes.iter().all(u8::is_ascii_digit) {
            return Err(UsageError::plain("Invalid --vp argument: it takes 1 to 5 digits."));
        }
        for (level, digit) in verbose.iter_mut().zip(bytes) {
            *level = level.saturating_add(digit - b'0');
        }
    }
    Ok(verbose)
}

/// Values that must match a pattern; the text of the error is SystemTap's.
fn safe(raw: &Raw, id: &str, pattern: Pattern, option: &str) -> Result<Vec<String>, UsageError> {
    let check = |value: &OsString| match value.to_str().filter(|text| (pattern.matches)(text)) {
        Some(text) => Ok(text.to_owned()),
        None => Err(UsageError::plain(format!(
            "ERROR: Safety pattern mismatch for {option} parameter ('{}' vs. '{}') rc=1",
            value.display(),
            pattern.text
        ))),
    };
    raw.all(id).iter().map(check).collect()
}

fn module_name(raw: &Raw) -> Result<Option<String>, UsageError> {
    let Some(given) = raw.last("module") else { return Ok(None) };
    let given = text(given, "-m")?;
    let base = given.strip_suffix(".ko").or_else(|| given.strip_suffix(".so")).unwrap_or(&given);
    if !(patterns::MODULE.matches)(base) {
        let pattern = patterns::MODULE.text;
        let text = format!("ERROR: Safety pattern mismatch for -m parameter ('{base}' vs. '{pattern}') rc=1");
        return Err(UsageError::plain(text));
    }
    Ok(Some(base.to_owned()))
}

/// `-r`, or the release of `--vm=RELEASE`, which must be the same if both are given.
fn release(raw: &Raw) -> Result<Option<String>, UsageError> {
    let release = raw.last("release").map(|value| text(value, "-r")).transpose()?;
    let vm = raw.last("vm").filter(|value| !value.is_empty()).map(|value| text(value, "--vm")).transpose()?;
    match (release, vm) {
        (Some(release), Some(vm)) if release != vm => {
            Err(UsageError::with_hint(format!("You can't compile for -r {release} and run in --vm={vm}.")))
        }
        (release, vm) => Ok(release.or(vm)),
    }
}

fn sysroot(raw: &Raw) -> Result<Option<PathBuf>, UsageError> {
    match raw.all("sysroot") {
        [] => Ok(None),
        [one] if one.is_empty() => {
            Err(UsageError::with_hint("Invalid --sysroot argument: it takes a folder."))
        }
        [one] => Ok(Some(one.into())),
        _ => Err(UsageError::plain("ERROR: multiple --sysroot options not supported")),
    }
}

fn timeout(raw: &Raw) -> Result<Option<u64>, UsageError> {
    let Some(value) = raw.last("timeout") else { return Ok(None) };
    let seconds: Option<f64> = value.to_str().and_then(|text| text.parse().ok());
    match seconds.map(|seconds| (seconds * 1000.0).ceil()) {
        Some(ms) if (1.0..=f64::from(u32::MAX)).contains(&ms) => Ok(Some(ms as u64)),
        _ => Err(UsageError::plain("Invalid timeout interval.")),
    }
}

fn signing(raw: &Raw) -> Result<Option<Signing>, UsageError> {
    let Some(value) = raw.last("sign-module") else { return Ok(None) };
    if value.is_empty() {
        return Ok(Some(Signing::OwnKey));
    }
    match text(value, "--sign-module")?.split_once(',') {
        Some((key, cert)) if !key.is_empty() && !cert.is_empty() => {
            Ok(Some(Signing::Pair { key: key.into(), cert: cert.into() }))
        }
        _ => Err(UsageError::with_hint("Invalid --sign-module argument: it takes KEY,CERT.")),
    }
}

fn compatible(raw: &Raw) -> Result<(u32, u32), UsageError> {
    let Some(value) = raw.last("compatible") else { return Ok(LANGUAGE_VERSION) };
    let (major, minor) = LANGUAGE_VERSION;
    let parsed = value.to_str().and_then(|text| {
        let (major, rest) = text.split_once('.').unwrap_or((text, "0"));
        let minor = rest.split('.').next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    match parsed {
        Some(version) if version <= LANGUAGE_VERSION => Ok(version),
        Some(_) => Err(UsageError::plain(format!(
            "ERROR: systemtap version {major}.{minor} cannot be compatible with future version {}",
            value.display()
        ))),
        None => {
            Err(UsageError::with_hint(format!("Invalid version '{}' for --compatible.", value.display())))
        }
    }
}

fn color(raw: &Raw) -> Color {
    match raw.last("colour").or(raw.last("color")).and_then(|when| when.to_str()) {
        None | Some("auto") => Color::Auto,
        Some("never") => Color::Never,
        Some(_) => Color::Always,
    }
}

fn privilege(raw: &Raw) -> Result<Privilege, UsageError> {
    let mut level = raw.has("unprivileged").then_some(Privilege::User);
    for value in raw.all("privilege") {
        let this = match value.to_str() {
            Some("stapusr") => Privilege::User,
            Some("stapsys") => Privilege::System,
            Some("stapdev") => Privilege::Developer,
            _ => {
                return Err(UsageError::plain(format!(
                    "Invalid argument '{}' for --privilege.",
                    value.display()
                )));
            }
        };
        if level.is_some_and(|level| level != this) {
            return Err(UsageError::plain("Privilege level may be set only once."));
        }
        level = Some(this);
    }
    Ok(level.unwrap_or_default())
}

/// The main script or the listing, further scripts, and the script's arguments.
fn scripts(raw: &Raw, options: &mut Options) -> Result<(), UsageError> {
    options.extra_scripts = raw.all("extra").iter().map(|text| text.as_bytes().to_vec()).collect();
    options.listing = listing(raw)?;
    options.json_listing = raw.has("json");
    if options.json_listing && options.listing.is_none() {
        return Err(UsageError::plain("--json goes with -l, -L and the --dump-* switches."));
    }
    let mut words = raw.words.iter();
    let texts = raw.all("script");
    if texts.len() > 1 {
        return Err(UsageError::plain("Only one script can be given on the command line."));
    }
    if let Some(text) = texts.first() {
        if options.listing.is_some() {
            return Err(UsageError::with_hint("Cannot specify a script with -l/-L/--dump-* switches."));
        }
        options.script = Some(Script::Text(text.as_bytes().to_vec()));
    } else if options.listing.is_none() {
        options.script = words.next().map(|word| match word.as_bytes() {
            b"-" => Script::Stdin,
            _ => Script::File(word.into()),
        });
    }
    options.args = words.map(|word| word.as_bytes().to_vec()).collect();
    Ok(())
}

fn listing(raw: &Raw) -> Result<Option<Listing>, UsageError> {
    let (points, with_variables) = (raw.all("list"), raw.all("list-vars"));
    let dumps = [
        ("dump-probe-types", Listing::ProbeTypes),
        ("dump-probe-aliases", Listing::ProbeAliases),
        ("dump-functions", Listing::Functions),
    ];
    let mut dumps: Vec<Listing> =
        dumps.into_iter().filter(|(name, _)| raw.has(name)).map(|(_, listing)| listing).collect();
    if points.len() + with_variables.len() + dumps.len() > 1 {
        return Err(UsageError::plain("ERROR: only one of the -l/-L/--dump-* switches may be specified"));
    }
    let variables = !with_variables.is_empty();
    let Some(point) = points.first().or(with_variables.first()) else { return Ok(dumps.pop()) };
    Ok(Some(Listing::Points { point: text(point, "-l")?, variables }))
}

fn conflicts(raw: &Raw, options: &Options) -> Result<(), UsageError> {
    let privilege = match options.privilege {
        Privilege::User => Some("stapusr"),
        Privilege::System => Some("stapsys"),
        Privilege::Developer => None,
    };
    let refusal = if options.script.is_none() && options.listing.is_none() {
        Some("A script must be specified.".to_owned())
    } else if options.listing.is_some() && raw.has("pass") {
        Some("Cannot specify -p with -l/-L/--dump-* switches.".to_owned())
    } else if options.command.is_some() && options.pid.is_some() {
        Some("You can't specify -c and -x together.".to_owned())
    } else if options.vm && options.sysroot.is_some() {
        Some("You can't specify --vm and --sysroot together.".to_owned())
    } else {
        let group = privilege.filter(|_| options.guru);
        group.map(|group| format!("You can't specify -g and --privilege={group} together."))
    };
    refusal.map_or(Ok(()), |text| Err(UsageError::with_hint(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str]) -> Result<Options, String> {
        match request(&words.iter().map(OsString::from).collect::<Vec<_>>()) {
            Ok(Request::Run(options)) => Ok(*options),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.text),
        }
    }

    fn ok(words: &[&str]) -> Options {
        run(words).unwrap_or_else(|text| panic!("{words:?}: {text}"))
    }

    #[test]
    fn a_usual_command_line() {
        let options = ok(&[
            "-v",
            "--vp",
            "0102",
            "-DMAXSKIPPED=0",
            "-G",
            "a=-1",
            "-T",
            "1.5",
            "x.stp",
            "one",
            "-x",
            "7",
        ]);
        assert_eq!(options.verbose, [1, 2, 1, 3, 1]);
        assert_eq!(options.defines, [("MAXSKIPPED".to_owned(), Some("0".to_owned()))]);
        assert_eq!(options.globals, [("a".to_owned(), "-1".to_owned())]);
        assert_eq!(options.timeout_ms, Some(1500));
        assert_eq!(options.script, Some(Script::File("x.stp".into())));
        assert_eq!((options.args, options.pid), (vec![b"one".to_vec()], Some(7)));
    }

    #[test]
    fn words_are_arguments_when_the_script_is_an_option() {
        let options = ok(&["-e", "probe begin {}", "a", "b"]);
        assert_eq!(options.args, [b"a", b"b"]);
        let options = ok(&["-l", "begin", "a"]);
        assert_eq!((options.script, options.args), (None, vec![b"a".to_vec()]));
        assert_eq!(ok(&["-"]).script, Some(Script::Stdin));
    }

    #[test]
    fn the_virtual_machine_and_the_compiler_agree_on_the_kernel() {
        let options = ok(&["--vm=6.1.0", "-e", "x"]);
        assert_eq!((options.vm, options.release.as_deref()), (true, Some("6.1.0")));
        assert!(run(&["--vm=6.1.0", "-r", "6.12", "-e", "x"]).is_err());
    }

    #[test]
    fn texts_are_those_of_systemtap() {
        let cases: &[(&[&str], &str)] = &[
            (&["-p", "9"], "Invalid pass number (should be 1-5)."),
            (&["-p6", "-p5", "-e", "x"], "Invalid pass number (should be 1-5)."),
            (&["-s", "0"], "Invalid buffer size (should be 1-4095)."),
            (&["-s", "4096"], "Invalid buffer size (should be 1-4095)."),
            (&["-x", "abc"], "Invalid target process ID number."),
            (&["-x", "4294967296"], "Invalid target process ID number."),
            (&["-T", "0"], "Invalid timeout interval."),
            (&["-T", "-1"], "Invalid timeout interval."),
            (&["-T", "nan"], "Invalid timeout interval."),
            (&["--vp", "123456"], "Invalid --vp argument: it takes 1 to 5 digits."),
            (&["-c", "x", "-x", "1", "-e", "x"], "You can't specify -c and -x together."),
            (&["-e", "1", "-e", "2"], "Only one script can be given on the command line."),
            (&[], "A script must be specified."),
            (&["-g", "--unprivileged", "-e", "x"], "You can't specify -g and --privilege=stapusr together."),
            (&["--privilege=stapusr", "--privilege=stapdev"], "Privilege level may be set only once."),
            (
                &["-l", "begin", "-L", "end"],
                "ERROR: only one of the -l/-L/--dump-* switches may be specified",
            ),
            (&["-l", "begin", "-p2"], "Cannot specify -p with -l/-L/--dump-* switches."),
            (&["-l", "begin", "-e", "x"], "Cannot specify a script with -l/-L/--dump-* switches."),
            (
                &["--compatible=9.9"],
                "ERROR: systemtap version 5.6 cannot be compatible with future version 9.9",
            ),
            (&["--runtime=bpf"], "ERROR: --runtime=bpf unavailable; this build lacks BPF feature"),
            (
                &["-m", "a-b"],
                "ERROR: Safety pattern mismatch for -m parameter ('a-b' vs. '^[a-z0-9_]+$') rc=1",
            ),
            (
                &["-D", "9x"],
                "ERROR: Safety pattern mismatch for -D parameter ('9x' vs. '^[a-z_][a-z_0-9]*(=-?[a-z_0-9]+)?$') rc=1",
            ),
        ];
        for (words, text) in cases {
            assert_eq!(run(words).err().as_deref(), Some(*text), "{words:?}");
        }
    }

    #[test]
    fn what_does_not_work_yet_is_refused() {
        for def in DEFS.iter().filter(|def| def.status != Status::Works) {
            let word =
                def.long.map_or_else(|| format!("-{}", def.short.unwrap_or('?')), |long| format!("--{long}"));
            let text = run(&[&word, "1", "-e", "x"]).expect_err(&word);
            assert!(text.contains("not supported by stap-rs yet"), "{word}: {text}");
        }
        assert!(run(&["--debuginfo=stabs", "-e", "x"]).is_err());
        assert!(run(&["-a", "arm64", "-e", "x"]).is_err());
    }

    #[test]
    fn suffixes_of_module_names_are_dropped() {
        assert_eq!(ok(&["-m", "abc.ko", "-e", "x"]).module_name.as_deref(), Some("abc"));
    }
}
