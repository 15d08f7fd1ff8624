//! Who may use which C.

use super::run;
use crate::cli::options::{Options, Privilege};
use crate::diag::Severity;

fn errors(script: &str, options: Options) -> String {
    run(script, options).messages(Severity::SemanticError)
}

fn of_user(script: &str) -> String {
    errors(script, Options { privilege: Privilege::User, ..Options::default() })
}

#[test]
fn guru_functions_are_for_gurus_and_the_library() {
    let script = "probe begin { dangerous() }";
    assert_eq!(errors(script, Options::default()), "function may not be used unless -g is specified");
    assert_eq!(errors(script, Options { guru: true, ..Options::default() }), "");
    assert_eq!(errors("probe begin { calls_dangerous() }", Options::default()), "");
}

#[test]
fn a_stapusr_runs_only_c_that_says_it_is_safe() {
    let refused = "function may not be used when --privilege=stapusr is specified";
    for name in ["dangerous", "calls_dangerous", "undeclared"] {
        assert_eq!(of_user(&format!("probe begin {{ {name}() }}")), refused, "{name}");
    }
    for name in ["exit", "own_process", "safe_value"] {
        assert_eq!(of_user(&format!("probe begin {{ {name}() exit() }}")), "", "{name}");
    }
}

#[test]
fn values_of_c_are_judged_like_functions() {
    let refused = "embedded expression may not be used when --privilege=stapusr is specified";
    assert_eq!(of_user("probe begin { println(unsafe_value()) }"), refused);
    assert_eq!(errors("probe begin { println(unsafe_value()) }", Options::default()), "");
}

#[test]
fn a_stapsys_runs_the_library() {
    let options = || Options { privilege: Privilege::System, ..Options::default() };
    assert_eq!(errors("probe begin { println(undeclared() + unsafe_value()) }", options()), "");
    assert!(errors("probe begin { dangerous() }", options()).contains("unless -g is specified"));
}
