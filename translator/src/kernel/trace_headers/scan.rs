//! One header's declarations of tracepoints.

use rustc_hash::FxHashMap;

/// Deepest nesting of a header's own macros.
const MAX_DEPTH: usize = 8;
/// Most tracepoints of one header: what has more is no header of the kernel.
const MAX_EVENTS: usize = 10_000;

/// A tracepoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: String,
    /// What TRACE_SYSTEM was.
    pub system: String,
}

/// A macro of the header: its parameters, and what it stands for.
struct Macro {
    params: Vec<String>,
    body: String,
}

/// Reads a header from its start to its end, without looking at conditions.
pub struct Scanner {
    text: String,
    system: String,
    macros: FxHashMap<String, Macro>,
    events: Vec<Event>,
    /// Calls of the header's own macros that were followed.
    expansions: usize,
}

impl Scanner {
    /// A header, its comments left out and its continued lines joined.
    pub fn new(text: &str) -> Scanner {
        let text = without_comments(text).replace("\\\n", " ");
        let (system, macros) = (String::new(), FxHashMap::default());
        Scanner { text, system, macros, events: Vec::new(), expansions: 0 }
    }

    /// Its tracepoints, those without a subsystem left out.
    pub fn events(mut self) -> Vec<Event> {
        let text = std::mem::take(&mut self.text);
        let mut code = String::new();
        for line in text.lines() {
            match line.trim_start().strip_prefix('#') {
                Some(directive) => {
                    // A call may go on behind a directive, but the subsystem changes between calls only.
                    if directive.contains("TRACE_SYSTEM") {
                        self.calls(&std::mem::take(&mut code), 0);
                    }
                    self.directive(directive.trim_start());
                }
                None => {
                    code.push_str(line);
                    code.push('\n');
                }
            }
        }
        self.calls(&code, 0);
        self.events
    }

    fn directive(&mut self, directive: &str) {
        let Some(define) = directive.strip_prefix("define").filter(|rest| rest.starts_with([' ', '\t']))
        else {
            return;
        };
        let define = define.trim();
        let end = define.find(|c: char| !is_word(c)).unwrap_or(define.len());
        let (name, rest) = define.split_at(end);
        if name == "TRACE_SYSTEM" {
            self.system = rest.trim().to_owned();
        } else if let Some((params, body)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            let params = params.split(',').map(|param| param.trim().to_owned()).collect();
            self.macros.insert(name.to_owned(), Macro { params, body: body.to_owned() });
        }
    }

    /// Follows the calls that stand outside of all others.
    fn calls(&mut self, text: &str, depth: usize) {
        let mut rest = text;
        while let Some(open) = rest.find('(') {
            let before = rest[..open].trim_end();
            let name = &before[before.rfind(|c| !is_word(c)).map_or(0, |at| at + 1)..];
            let (args, after) = arguments(&rest[open + 1..]);
            self.call(name, &args, depth);
            rest = after;
        }
    }

    fn call(&mut self, name: &str, args: &[&str], depth: usize) {
        let arg = |index: usize| args.get(index).map(|arg| pasted(arg)).unwrap_or_default();
        let (class, name) = if name.starts_with("TRACE_EVENT") || name.starts_with("DECLARE_TRACE") {
            (arg(0), arg(0))
        } else if name.starts_with("DEFINE_EVENT") {
            (arg(0), arg(1))
        } else {
            return self.expand(name, args, depth);
        };
        let plain = |text: &str| !text.is_empty() && text.chars().all(is_word);
        if plain(&name) && plain(&class) && !self.system.is_empty() && self.events.len() < MAX_EVENTS {
            self.events.push(Event { name, class, system: self.system.clone() });
        }
    }

    /// A call of one of the header's own macros.
    fn expand(&mut self, name: &str, args: &[&str], depth: usize) {
        let Some(Macro { params, body }) = self.macros.get(name) else { return };
        if depth >= MAX_DEPTH || self.expansions >= MAX_EVENTS {
            return;
        }
        self.expansions += 1;
        let value = |word: &str| {
            let index = params.iter().position(|param| param == word)?;
            args.get(index).map(|arg| arg.trim())
        };
        let mut text = String::new();
        let mut rest = body.as_str();
        while let Some(start) = rest.find(is_word) {
            let end = rest[start..].find(|c| !is_word(c)).map_or(rest.len(), |len| start + len);
            let word = &rest[start..end];
            text.push_str(&rest[..start]);
            text.push_str(value(word).unwrap_or(word));
            rest = &rest[end..];
        }
        text.push_str(rest);
        self.calls(&text, depth + 1);
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A name whose parts `##` joins.
fn pasted(arg: &str) -> String {
    arg.split("##").map(str::trim).collect()
}

/// The arguments of a call, its opening bracket left out, and what follows it; nothing of a call that does not end.
fn arguments(text: &str) -> (Vec<&str>, &str) {
    let (mut args, mut start, mut depth) = (Vec::new(), 0, 0usize);
    let mut quote = None;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (Some(_), b'\\') => drop(bytes.next()),
            (Some(open), _) => quote = (open != byte).then_some(open),
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') if depth == 0 => {
                args.push(&text[start..at]);
                return (args, &text[at + 1..]);
            }
            (None, b')') => depth -= 1,
            (None, b',') if depth == 0 => {
                args.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    (Vec::new(), "")
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("/*").into_iter().chain(rest.find("//")).min() {
        out.push_str(&rest[..at]);
        let block = rest[at..].starts_with("/*");
        let end = if block {
            rest[at + 2..].find("*/").map(|end| at + end + 4)
        } else {
            rest[at..].find('\n').map(|end| at + end)
        };
        out.push(' ');
        rest = end.map_or("", |end| &rest[end..]);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Vec<(String, String, String)> {
        let found = Scanner::new(text).events();
        found.into_iter().map(|event| (event.system, event.class, event.name)).collect()
    }

    fn event(system: &str, class: &str, name: &str) -> (String, String, String) {
        (system.into(), class.into(), name.into())
    }

    #[test]
    fn own_macros_are_followed() {
        let text = "#define TRACE_SYSTEM irq\n\
            #define DEFINE_VECTOR(name) \\\n DEFINE_EVENT_FN(vector, name##_entry, \\\n TP_PROTO(int v)); \\\n\
            DEFINE_EVENT(vector, name ## _exit, TP_PROTO(int v))\n\
            #define TWO(a, b) DEFINE_VECTOR(a); DEFINE_VECTOR(b)\n\
            #define LOOP(x) LOOP(x) TRACE_EVENT(x)\n\
            TWO(local_timer, reboot);\nLOOP(y)\n";
        let found = events(text);
        assert_eq!(found[0], event("irq", "vector", "local_timer_entry"));
        assert_eq!(found[3], event("irq", "vector", "reboot_exit"));
        assert_eq!(found.len(), 4 + MAX_DEPTH);
    }

    #[test]
    fn strings_brackets_and_comments_do_not_disturb() {
        let text = "#define TRACE_SYSTEM a-b\n// TRACE_EVENT(no, x)\n\
            TRACE_EVENT_FN(one, TP_printk(\"),(\\\"%s\", ((x), y)), f); TRACE_EVENT_CONDITION(two, z)\n\
            #undef TRACE_SYSTEM\n#define TRACE_SYSTEM c\nTRACE_EVENT(three, 'x')\nTRACE_EVENT(broken, (";
        let found = events(text);
        assert_eq!(
            found,
            [event("a-b", "one", "one"), event("a-b", "two", "two"), event("c", "three", "three")]
        );
    }

    #[test]
    fn a_header_without_a_subsystem_declares_nothing() {
        assert_eq!(events("TRACE_EVENT(x, y)"), []);
    }
}
