//! argv as given: which options, which values, in order; nothing checked.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, value_parser};

use super::UsageError;
use super::defs::{DEFS, Def, Value};

/// What stands on the command line.
#[derive(Clone, Debug, Default)]
pub struct Raw {
    values: BTreeMap<&'static str, Vec<OsString>>,
    counts: BTreeMap<&'static str, u8>,
    /// Words that are neither options nor their values.
    pub words: Vec<OsString>,
}

impl Raw {
    /// All values of an option, in order; an optional value left out is the empty string.
    pub fn all(&self, id: &str) -> &[OsString] {
        self.values.get(id).map_or(&[], Vec::as_slice)
    }

    /// The last value of an option.
    pub fn last(&self, id: &str) -> Option<&OsString> {
        self.all(id).last()
    }

    /// How often a flag stands there.
    pub fn count(&self, id: &str) -> u8 {
        self.counts.get(id).copied().unwrap_or(0)
    }

    /// Whether a flag or option stands there at all.
    pub fn has(&self, id: &str) -> bool {
        self.count(id) > 0 || !self.all(id).is_empty()
    }
}

fn arg(def: &'static Def) -> Arg {
    let mut arg = Arg::new(def.id);
    if let Some(short) = def.short {
        arg = arg.short(short);
    }
    if let Some(long) = def.long {
        arg = arg.long(long);
    }
    let valued = || value_parser!(OsString);
    match def.value {
        Value::None => arg.action(ArgAction::Count),
        Value::Required(_) => {
            arg.action(ArgAction::Append).num_args(1).allow_hyphen_values(true).value_parser(valued())
        }
        Value::Optional(_) => arg
            .action(ArgAction::Append)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("")
            .value_parser(valued()),
    }
}

fn command() -> Command {
    Command::new("stap")
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .infer_long_args(true)
        .args(DEFS.iter().map(arg))
        .arg(Arg::new("words").num_args(0..).value_parser(value_parser!(OsString)))
}

/// Splits the words after the program's name.
///
/// As with SystemTap, options may stand before and after the script; `--` ends them, for script arguments that look
/// like options.
pub fn parse(argv: &[OsString]) -> Result<Raw, UsageError> {
    let mut matches = command().try_get_matches_from(argv).map_err(|error| wording(&error))?;
    let mut raw = Raw::default();
    for def in DEFS {
        if def.value == Value::None {
            raw.counts.insert(def.id, matches.get_count(def.id));
        } else if let Some(values) = matches.remove_many::<OsString>(def.id) {
            raw.values.insert(def.id, values.collect());
        }
    }
    raw.words = matches.remove_many::<OsString>("words").map(Iterator::collect).unwrap_or_default();
    Ok(raw)
}

/// The words of getopt(3), which users know, for what clap found.
fn wording(error: &clap::Error) -> UsageError {
    let option = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(text)) => {
            text.split([' ', '=', '[']).next().unwrap_or_default().trim_end_matches("...").to_owned()
        }
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let short = option.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    let text = match (error.kind(), short) {
        (ErrorKind::UnknownArgument, Some(letters)) => format!("stap: invalid option -- '{letters}'"),
        (ErrorKind::UnknownArgument, None) => format!("stap: unrecognized option '{option}'"),
        (ErrorKind::TooManyValues, _) => format!("stap: option '{option}' doesn't allow an argument"),
        (_, Some(letters)) => format!("stap: option requires an argument -- '{letters}'"),
        (_, None) => format!("stap: option '{option}' requires an argument"),
    };
    let text = match suggestion(error) {
        Some(similar) => format!("{text} (similar: {similar})"),
        None => text,
    };
    UsageError::with_hint(text)
}

fn suggestion(error: &clap::Error) -> Option<String> {
    match error.get(ContextKind::SuggestedArg)? {
        ContextValue::String(text) => text.split([' ', '=', '[']).next().map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Raw, UsageError> {
        parse(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn options_stand_before_and_after_the_script() {
        let raw = parse_words(&["-vv", "x.stp", "a", "-v", "-c", "ls -l", "--", "-v", "b"]).expect("valid");
        assert_eq!(raw.count("verbose"), 3);
        assert_eq!(raw.last("cmd").expect("given"), "ls -l");
        assert_eq!(raw.words, ["x.stp", "a", "-v", "b"]);
    }

    #[test]
    fn short_options_take_glued_values_and_values_that_look_like_options() {
        let raw = parse_words(&["-p4", "-D", "-x", "-e", ""]).expect("valid");
        assert_eq!(raw.last("pass").expect("given"), "4");
        assert_eq!(raw.last("define").expect("given"), "-x");
        assert_eq!(raw.last("script").expect("given"), "");
    }

    #[test]
    fn optional_values_come_with_an_equals_sign_only() {
        let raw = parse_words(&["--vm", "6.1", "--sign-module=a,b"]).expect("valid");
        assert_eq!(raw.last("vm").expect("given"), "");
        assert_eq!(raw.last("sign-module").expect("given"), "a,b");
        assert_eq!(raw.words, ["6.1"]);
    }

    #[test]
    fn errors_read_as_getopt_words_them() {
        let text = |words: &[&str]| parse_words(words).expect_err("wrong").text;
        assert_eq!(text(&["--bogus"]), "stap: unrecognized option '--bogus'");
        assert_eq!(text(&["-Z"]), "stap: invalid option -- 'Z'");
        assert_eq!(text(&["-e"]), "stap: option requires an argument -- 'e'");
        assert_eq!(text(&["--tmpdir"]), "stap: option '--tmpdir' requires an argument");
        assert_eq!(text(&["--unprivileged=1"]), "stap: option '--unprivileged' doesn't allow an argument");
        assert_eq!(
            text(&["--disable-cach0"]),
            "stap: unrecognized option '--disable-cach0' (similar: --disable-cache)"
        );
    }
}
