//! Runs machines as the module does: what the tests and the fuzz targets compare with.

use super::{DEAD, Finish, Machine, START, Source};

/// Where the groups of a match are, the whole match first; `None` for a group that took no part.
pub type Groups = Vec<Option<(usize, usize)>>;

/// Whether the subject has a match.
pub fn is_match(machine: &Machine, subject: &[u8]) -> bool {
    let mut state = START;
    for &byte in subject {
        if machine.accepts[usize::from(state)].now || state == DEAD {
            break;
        }
        state = machine.next
            [usize::from(state) * machine.classes.count + usize::from(machine.classes.of[usize::from(byte)])];
    }
    let accept = machine.accepts[usize::from(state)];
    accept.now || accept.at_end
}

/// The match of a tagged machine; a plain one finds none.
pub fn find(machine: &Machine, subject: &[u8]) -> Option<Groups> {
    let tags = machine.tags.as_ref()?;
    let mut registers = vec![usize::MAX; tags.registers];
    let (mut state, mut found) = (START, None);
    let mut moves = tags.start;
    for at in 0..=subject.len() {
        for step in &tags.moves[usize::from(moves)] {
            registers[usize::from(step.to)] = value(step.from, &registers, at).unwrap_or(usize::MAX);
        }
        let index = usize::from(state);
        let ends = if at == subject.len() { &tags.at_end[index] } else { &None };
        if let Some(finish) = ends.as_ref().or(tags.now[index].as_ref()) {
            found = Some(groups(finish, &registers, at));
        }
        let Some(&byte) = subject.get(at) else { break };
        let edge = index * machine.classes.count + usize::from(machine.classes.of[usize::from(byte)]);
        (state, moves) = (machine.next[edge], tags.on[edge]);
        if state == DEAD {
            break;
        }
    }
    found
}

fn value(source: Source, registers: &[usize], here: usize) -> Option<usize> {
    match source {
        Source::Unset => None,
        Source::Register(register) => Some(registers[usize::from(register)]),
        Source::Here => Some(here),
    }
}

fn groups(finish: &Finish, registers: &[usize], here: usize) -> Groups {
    let pair = |tags: &[Source]| Some((value(tags[0], registers, here)?, value(tags[1], registers, here)?));
    finish.chunks(2).map(pair).collect()
}
