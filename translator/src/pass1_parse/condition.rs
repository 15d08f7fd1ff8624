//! The condition of `%( L OP R && … %?`.

use std::cmp::Ordering;

use super::expand::Expander;
use super::glob;
use super::literal;
use super::report::error_at;
use super::token::{Token, TokenKind};
use crate::cli::options::Privilege;
use crate::diag::{Code, Diagnostic};

/// Reads a condition up to its `%?` and says whether it holds. `&&` binds tighter than `||`, no parentheses; all
/// comparisons are evaluated, so that an error in one never hides.
pub fn read(stream: &mut Expander<'_>, open: Token) -> Result<bool, Diagnostic> {
    let mut any = false;
    let mut all = true;
    loop {
        all &= comparison(stream, open)?;
        let joint = stream.next();
        match joint.map(|t| (t.kind, stream.texts.get(t.span))) {
            Some((TokenKind::CondThen, _)) => return Ok(any | all),
            Some((_, b"&&")) => {}
            Some((_, b"||")) => {
                any |= all;
                all = true;
            }
            _ => return Err(error("expected '%?' marker for conditional", open)),
        }
    }
}

fn error(message: &str, at: Token) -> Diagnostic {
    error_at(Code::Preprocess, message, at.span)
}

/// An operator of comparison.
struct Operator {
    token: Token,
    text: Vec<u8>,
}

impl Operator {
    fn holds(&self, order: Ordering) -> bool {
        match self.text.as_slice() {
            b"<" => order.is_lt(),
            b"<=" => order.is_le(),
            b">" => order.is_gt(),
            b">=" => order.is_ge(),
            b"!=" => order.is_ne(),
            _ => order.is_eq(),
        }
    }

    fn is_equality(&self) -> bool {
        matches!(self.text.as_slice(), b"==" | b"!=")
    }

    /// Compares by pattern, which only `==` and `!=` can.
    fn matches(&self, pattern: &[u8], text: &[u8]) -> Result<bool, Diagnostic> {
        if !self.is_equality() {
            return Err(error("expected '==' or '!='", self.token));
        }
        Ok(glob::matches(pattern, text) == (self.text == b"=="))
    }
}

fn comparison(stream: &mut Expander<'_>, open: Token) -> Result<bool, Diagnostic> {
    let Some(left) = operand(stream) else { return Err(error("incomplete condition after '%('", open)) };
    let (Some(op), Some(right)) = (operand(stream), operand(stream)) else {
        return Err(if left.kind == TokenKind::CondThen {
            error("incomplete condition after '%('", open)
        } else {
            error(UNKNOWN_LEFT, left)
        });
    };
    let literal = |token: Token| matches!(token.kind, TokenKind::String | TokenKind::Number);
    if left.kind != TokenKind::Ident && !(literal(left) && literal(right)) {
        return Err(error(UNKNOWN_LEFT, left));
    }
    let text = stream.texts.get(op.span).to_vec();
    if !matches!(text.as_slice(), b"<" | b"<=" | b">" | b">=" | b"==" | b"!=") {
        return Err(error("expected comparison operator", op));
    }
    let op = Operator { token: op, text };
    match left.kind {
        TokenKind::String => strings(stream, left, &op, right),
        TokenKind::Number => {
            let right = number(stream, right, "expected number literal as right value")?;
            let left = number(stream, left, "number invalid or out of range")?;
            Ok(op.holds(left.cmp(&right)))
        }
        _ => fact(stream, left, &op, right),
    }
}

/// SystemTap's own three lines.
const UNKNOWN_LEFT: &str = "expected 'arch', 'kernel_v', 'kernel_vr', 'systemtap_v',\n             \
    'runtime', 'systemtap_privilege', 'CONFIG_...', or\n             \
    comparison between strings or integers";

/// The next token of a comparison. `%)` ends the conditional, so it stays in the stream.
fn operand(stream: &mut Expander<'_>) -> Option<Token> {
    let token = stream.next()?;
    if token.kind == TokenKind::CondClose {
        stream.push_back(token);
        return None;
    }
    Some(token)
}

fn strings(stream: &mut Expander<'_>, left: Token, op: &Operator, right: Token) -> Result<bool, Diagnostic> {
    let right = string(stream, right, "expected string literal as right value")?;
    let left = string(stream, left, "expected string literal")?;
    Ok(op.holds(left.cmp(&right)))
}

fn string(stream: &mut Expander<'_>, token: Token, message: &str) -> Result<Vec<u8>, Diagnostic> {
    if token.kind != TokenKind::String {
        return Err(error(message, token));
    }
    let hex = stream.env.syntax >= (2, 3);
    Ok(literal::string(stream.texts.get(token.span), hex))
}

fn number(stream: &mut Expander<'_>, token: Token, message: &str) -> Result<i64, Diagnostic> {
    let value =
        (token.kind == TokenKind::Number).then(|| literal::number(stream.texts.get(token.span))).flatten();
    value.ok_or_else(|| error(message, token))
}

/// A comparison whose left side names a fact of the session.
fn fact(stream: &mut Expander<'_>, left: Token, op: &Operator, right: Token) -> Result<bool, Diagnostic> {
    let env = stream.env;
    let name = stream.texts.word(left.span).to_owned();
    match name.as_str() {
        "kernel_v" => version(stream, env.release.split('-').next().unwrap_or_default(), op, right),
        "kernel_vr" => version(stream, env.release, op, right),
        "systemtap_v" => {
            let own = format!("{}.{}", env.compatible.0, env.compatible.1);
            version(stream, &own, op, right)
        }
        "systemtap_privilege" => {
            let wanted = string(stream, right, "expected string literal")?;
            if !op.is_equality() {
                return Err(error("expected '==' or '!='", op.token));
            }
            Ok(op.holds(privilege(env.privilege).as_bytes().cmp(&wanted)))
        }
        "guru_mode" => {
            let wanted = number(stream, right, "expected number")?;
            if !op.is_equality() {
                return Err(error("expected '==' or '!='", op.token));
            }
            Ok(op.holds(i64::from(env.guru).cmp(&wanted)))
        }
        "arch" => {
            let pattern = string(stream, right, "expected string literal")?;
            op.matches(&pattern, env.arch.as_bytes())
        }
        "runtime" => {
            let pattern = string(stream, right, "expected string literal")?;
            op.matches(&pattern, b"kernel")
        }
        _ if name.starts_with("CONFIG_") => config(stream, left, op, right),
        _ => Err(error(UNKNOWN_LEFT, left)),
    }
}

fn privilege(privilege: Privilege) -> &'static str {
    match privilege {
        Privilege::User => "stapusr",
        Privilege::System => "stapsys",
        Privilege::Developer => "stapdev",
    }
}

fn version(stream: &mut Expander<'_>, own: &str, op: &Operator, right: Token) -> Result<bool, Diagnostic> {
    let wanted = string(stream, right, "expected string literal")?;
    if !glob::is_pattern(&wanted) {
        return Ok(op.holds(compare_versions(own.as_bytes(), &wanted)));
    }
    if !op.is_equality() {
        return Err(error("wildcard not allowed with order comparison operators", op.token));
    }
    op.matches(&wanted, own.as_bytes())
}

/// `CONFIG_X` against a pattern, a number or another `CONFIG_Y`; what is not set is the empty string.
fn config(stream: &mut Expander<'_>, left: Token, op: &Operator, right: Token) -> Result<bool, Diagnostic> {
    let look_up = stream.env.config;
    let own = look_up(stream.texts.word(left.span)).unwrap_or_default();
    // What is not set compares as 0.
    let number_of = |text: &str| if text.is_empty() { Some(0) } else { literal::number(text.as_bytes()) };
    match right.kind {
        TokenKind::String => {
            let pattern = string(stream, right, "expected string literal")?;
            op.matches(&pattern, own.as_bytes())
        }
        TokenKind::Number => {
            let wanted = number(stream, right, "number invalid or out of range")?;
            match number_of(&own) {
                Some(own) => Ok(op.holds(own.cmp(&wanted))),
                None => Err(error("Config option value not a number", left)),
            }
        }
        TokenKind::Ident if stream.texts.get(right.span).starts_with(b"CONFIG_") => {
            let other = look_up(stream.texts.word(right.span)).unwrap_or_default();
            let numbers = literal::number(own.as_bytes()).zip(literal::number(other.as_bytes()));
            Ok(op.holds(numbers.map_or_else(|| own.cmp(&other), |(own, other)| own.cmp(&other))))
        }
        _ => Err(error("expected string, number literal or other CONFIG_... as right side operand", right)),
    }
}

/// Compares as strverscmp(3) does, digits by their value.
pub fn compare_versions(left: &[u8], right: &[u8]) -> Ordering {
    let (mut l, mut r) = (0, 0);
    while l < left.len() && r < right.len() {
        if left[l].is_ascii_digit() && right[r].is_ascii_digit() {
            let (a, b) = (digits(&left[l..]), digits(&right[r..]));
            let order = a.1.len().cmp(&b.1.len()).then_with(|| a.1.cmp(b.1)).then_with(|| b.0.cmp(&a.0));
            if order.is_ne() {
                return order;
            }
            (l, r) = (l + a.0, r + b.0);
        } else if left[l] != right[r] {
            return left[l].cmp(&right[r]);
        } else {
            (l, r) = (l + 1, r + 1);
        }
    }
    (left.len() - l).cmp(&(right.len() - r))
}

/// The length of the digits at the start of `text`, and those that count: none of the leading zeros.
fn digits(text: &[u8]) -> (usize, &[u8]) {
    let len = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let zeros = text[..len].iter().take_while(|&&b| b == b'0').count();
    (len, &text[zeros..len])
}

#[cfg(test)]
mod tests {
    use super::compare_versions;
    use std::cmp::Ordering::{Equal, Greater, Less};

    #[test]
    fn versions_compare_by_number() {
        for (left, right, order) in [
            ("2.6.9", "2.6.18", Less),
            ("6.1.0-56-amd64", "6.1.0-56-amd64", Equal),
            ("6.12", "6.1", Greater),
            ("6.1", "6.1.1", Less),
            ("5.6", "10", Less),
            ("4.18.0-rc1", "4.18.0", Greater),
        ] {
            assert_eq!(compare_versions(left.as_bytes(), right.as_bytes()), order, "{left} {right}");
        }
    }
}
