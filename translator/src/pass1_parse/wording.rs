//! What pest expected, in SystemTap's words.

use std::sync::Mutex;

use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};

use super::build::{Rule, StapGrammar};

/// Where and why an item does not parse.
pub struct Failure {
    /// What to tell the user.
    pub message: String,
    /// Offset in the item's text of the token that does not fit, or of the blank before it.
    pub offset: usize,
    /// pest's own limit was met, not the grammar.
    pub too_deep: bool,
}

/// Explains the failure of an item's parse.
pub fn explain(error: &Error<Rule>, text: &str) -> Failure {
    if matches!(error.variant, ErrorVariant::CustomError { .. }) {
        return Failure {
            message: "the script nests too deeply here".to_owned(),
            offset: offset(error),
            too_deep: true,
        };
    }
    Failure {
        message: "expected statement".to_owned(),
        offset: detailed(text).unwrap_or(offset(error)),
        too_deep: false,
    }
}

fn offset(error: &Error<Rule>) -> usize {
    match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    }
}

/// Parses again with pest's record of attempts switched on. The switch is global, so one thread at a time uses it;
/// parses of other threads meanwhile are only slower.
fn detailed(text: &str) -> Option<usize> {
    static SWITCH: Mutex<()> = Mutex::new(());
    let _guard = SWITCH.lock().unwrap_or_else(|e| e.into_inner());
    pest::set_error_detail(true);
    let result = StapGrammar::parse(Rule::item, text);
    pest::set_error_detail(false);
    let attempts = result.err()?.parse_attempts()?;
    Some(attempts.max_position)
}
