//! staprun's command line, and staprun itself.

use std::ffi::OsString;

use super::{failed, target};
use crate::cli::options::Options;
use crate::host::Command;
use crate::pass4_build::BuiltModule;
use crate::session::Session;

/// What staprun is told: options, the module, the values of -G.
pub fn arguments(options: &Options, module: &BuiltModule) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    // The first -v is about the passes alone.
    words.extend((1..options.verbose[4]).map(|_| "-v".into()));
    if options.suppress_warnings {
        words.push("-w".into());
    }
    if let Some(path) = &options.output {
        words.extend(["-o".into(), path.into()]);
    }
    words.extend(target::arguments(options));
    if let Some(mb) = options.buffer_mb {
        words.extend(["-b".into(), mb.to_string().into()]);
    }
    // A name of the user's choice stays, and so does one that a signature covers.
    if options.module_name.is_none() && !module.signed {
        words.push("-R".into());
    }
    words.push(module.path.clone().into());
    words.extend(options.globals.iter().map(|(name, value)| format!("{name}={value}").into()));
    words
}

/// Runs staprun on the user's own terminal.
pub fn run(session: &Session<'_>, arguments: Vec<OsString>) -> Result<i32, Box<crate::diag::Diagnostic>> {
    let staprun = &session.layout.staprun;
    let mut argv = vec![staprun.clone().into_os_string()];
    argv.extend(arguments);
    session.host.run_inherited(&Command { argv, dir: None, env: None }).map_err(|error| {
        let diagnostic = failed(format!("cannot start {}: {error}", staprun.display()));
        Box::new(diagnostic.help("build or install staprun, or point SYSTEMTAP_STAPRUN to it"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(signed: bool) -> BuiltModule {
        BuiltModule {
            path: "/c/stap_1.ko".into(),
            name: "stap_1".into(),
            cached: true,
            signed,
            notes: Vec::new(),
        }
    }

    fn words(options: &Options, signed: bool) -> String {
        let words = arguments(options, &module(signed));
        words.join(std::ffi::OsStr::new(" ")).into_string().expect("text")
    }

    #[test]
    fn the_plain_case() {
        assert_eq!(words(&Options::default(), false), "-R /c/stap_1.ko");
    }

    #[test]
    fn every_option_that_staprun_has() {
        let options = Options {
            verbose: [0, 0, 0, 0, 3],
            suppress_warnings: true,
            output: Some("out file".into()),
            command: Some("ls -l".into()),
            buffer_mb: Some(4),
            globals: vec![("a".into(), "1".into()), ("b".into(), "x y".into())],
            ..Options::default()
        };
        assert_eq!(words(&options, false), "-v -v -w -o out file -c ls -l -b 4 -R /c/stap_1.ko a=1 b=x y");
        let options = Options { verbose: [1; 5], pid: Some(7), ..Options::default() };
        assert_eq!(words(&options, false), "-x 7 -R /c/stap_1.ko");
    }

    #[test]
    fn names_that_must_stay() {
        assert_eq!(words(&Options::default(), true), "/c/stap_1.ko");
        let named = Options { module_name: Some("mine".into()), ..Options::default() };
        assert_eq!(words(&named, false), "/c/stap_1.ko");
    }
}
