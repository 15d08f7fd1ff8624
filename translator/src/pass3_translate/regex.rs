//! Regular expressions: their tables, and the calls that walk them (runtime-c/pure/dfa.h).

use super::body::Body;
use super::names;
use super::writer::Writer;
use crate::ir::expr::Expr;
use crate::ir::program::Program;
use crate::regex::{Finish, Machine, Pattern, Source, Tags};

/// STP_DFA_UNSET, STP_DFA_HERE and STP_DFA_STOP; registers have smaller numbers.
const UNSET: u8 = 255;
const HERE: u8 = 254;
const STOP: u8 = 253;
/// Numbers in a line of a table.
const COLUMNS: usize = 20;

/// What struct stp_match must hold.
#[derive(Clone, Copy, Debug)]
pub struct MatchSizes {
    /// Begin and end of each group of the pattern with the most.
    pub tags: usize,
    /// Registers of the machine with the most.
    pub registers: usize,
}

/// The sizes if some code asks for groups.
pub fn match_sizes(program: &Program) -> Option<MatchSizes> {
    program.wants_groups.then(|| {
        let machines = || program.regexes.iter().map(|regex| &regex.machine);
        let registers = |machine: &Machine| machine.tags.as_ref().map_or(1, |tags| tags.registers);
        MatchSizes {
            tags: 2 * machines().map(|machine| machine.groups).max().unwrap_or(1),
            registers: machines().map(registers).max().unwrap_or(1),
        }
    })
}

/// The tables of every pattern.
pub fn tables(program: &Program) -> Vec<String> {
    program.regexes.iter().enumerate().map(|(index, regex)| table(index, &regex.machine)).collect()
}

impl Body<'_> {
    /// `subject =~ "pattern"`. A match that leaves groups behind happens now, in the script's order.
    pub fn regex(&mut self, positive: bool, subject: &Expr, pattern: &Pattern) -> String {
        let subject = self.string(subject);
        let index = self.unit.program.regexes.iter().position(|regex| regex.pattern == pattern.text);
        // Validation has seen that there is one.
        let machine = names::regex(index.unwrap_or_default());
        let sign = if positive { "" } else { "!" };
        if self.unit.match_sizes.is_some() {
            self.keep_long(&format!("{sign}stp_dfa_find(&{machine}, {subject}, &c->match)"))
        } else {
            format!("((int64_t){sign}stp_dfa_matches(&{machine}, {subject}))")
        }
    }
}

fn table(index: usize, machine: &Machine) -> String {
    let name = names::regex(index);
    let mut out = Writer::default();
    numbers(&mut out, "uint8_t", &format!("{name}_classes"), machine.classes.of);
    numbers(&mut out, "uint16_t", &format!("{name}_next"), machine.next.iter().copied());
    let accepts = machine.accepts.iter().map(|accept| u8::from(accept.now) | u8::from(accept.at_end) << 1);
    numbers(&mut out, "uint8_t", &format!("{name}_accepts"), accepts);
    let tags = machine.tags.as_ref().map(|tags| tag_tables(&mut out, &name, tags, machine.groups));
    out.open(format!("static const struct stp_dfa {name} __maybe_unused = {{"));
    for member in ["classes", "next", "accepts"] {
        out.line(format!(".{member} = {name}_{member},"));
    }
    out.line(format!(".width = {},", machine.classes.count));
    tags.iter().flatten().for_each(|line| out.line(line));
    out.close("};");
    out.finish()
}

/// Writes what a tagged machine has beside the others; gives the members that point there.
fn tag_tables(out: &mut Writer, name: &str, tags: &Tags, groups: usize) -> Vec<String> {
    let (mut moves, mut begins) = (Vec::new(), Vec::new());
    for list in &tags.moves {
        begins.push(moves.len());
        moves.extend(list.iter().map(|step| format!("{{ {}, {} }}", step.to, register(step.from))));
        moves.push(format!("{{ {STOP}, 0 }}"));
    }
    numbers(out, "struct stp_dfa_move", &format!("{name}_moves"), moves);
    numbers(out, "uint16_t", &format!("{name}_on"), tags.on.iter().map(|&list| begins[usize::from(list)]));
    let mut rows: Vec<&Finish> = Vec::new();
    for (member, finishes) in [("now", &tags.now), ("at_end", &tags.at_end)] {
        let of_states: Vec<usize> = finishes.iter().map(|finish| row(&mut rows, finish.as_ref())).collect();
        numbers(out, "uint16_t", &format!("{name}_{member}"), of_states);
    }
    let finish = rows.iter().flat_map(|row| row.iter().map(|&source| register(source)));
    // A pattern that never matches has no row, and C no empty table.
    let finish: Vec<u8> = if rows.is_empty() { vec![UNSET] } else { finish.collect() };
    numbers(out, "uint8_t", &format!("{name}_finish"), finish);
    let start = begins[usize::from(tags.start)];
    let numbers = [format!(".tags.start = {start},"), format!(".tags.count = {},", 2 * groups)];
    let pointers = ["moves", "on", "finish", "now", "at_end"].map(|m| format!(".tags.{m} = {name}_{m},"));
    numbers.into_iter().chain(pointers).collect()
}

/// The number of a row among those so far; a state without one is given any.
fn row<'f>(rows: &mut Vec<&'f Finish>, finish: Option<&'f Finish>) -> usize {
    let Some(finish) = finish else { return 0 };
    rows.iter().position(|&known| known == finish).unwrap_or_else(|| {
        rows.push(finish);
        rows.len() - 1
    })
}

fn register(source: Source) -> u8 {
    match source {
        Source::Unset => UNSET,
        Source::Here => HERE,
        Source::Register(register) => register,
    }
}

fn numbers<T: ToString>(out: &mut Writer, ty: &str, name: &str, values: impl IntoIterator<Item = T>) {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    out.open(format!("static const {ty} {name}[] = {{"));
    for line in values.chunks(COLUMNS) {
        out.line(format!("{},", line.join(", ")));
    }
    out.close("};");
}
