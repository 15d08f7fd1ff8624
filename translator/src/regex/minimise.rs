//! States that no subject tells apart become one.

use std::collections::BTreeMap;

use super::{DEAD, Machine, START, State};

/// Bigger machines stay as they are: refinement takes a round a state in the worst case.
const MOST: usize = 300;

/// The smallest machine without tags that does the same.
pub fn minimise(machine: Machine) -> Machine {
    if machine.states() > MOST {
        return machine;
    }
    let classes = refine(&machine);
    if classes[usize::from(START)] == classes[usize::from(DEAD)] {
        // Nothing ever matches; the tables want two states all the same.
        return machine;
    }
    merge(&machine, &classes)
}

/// The class of each state, by Moore's refinement: classes part until their members go to the same classes.
fn refine(machine: &Machine) -> Vec<State> {
    let mut known = BTreeMap::new();
    let mut classes: Vec<State> = machine
        .accepts
        .iter()
        .map(|accept| {
            let fresh = known.len() as State;
            *known.entry(*accept).or_insert(fresh)
        })
        .collect();
    let mut count = known.len();
    loop {
        let mut known = BTreeMap::new();
        let rows = machine.next.chunks(machine.classes.count);
        let finer: Vec<State> = rows
            .zip(&classes)
            .map(|(row, &class)| {
                let row: Vec<State> = row.iter().map(|&to| classes[usize::from(to)]).collect();
                let fresh = known.len() as State;
                *known.entry((class, row)).or_insert(fresh)
            })
            .collect();
        classes = finer;
        if known.len() == count {
            return classes;
        }
        count = known.len();
    }
}

/// One state for each class, in the order of their first members, so DEAD and START keep their numbers.
fn merge(machine: &Machine, classes: &[State]) -> Machine {
    let mut firsts: Vec<usize> = Vec::new();
    for state in 0..classes.len() {
        if !firsts.iter().any(|&first| classes[first] == classes[state]) {
            firsts.push(state);
        }
    }
    let number = |state: State| {
        let of = |&first: &usize| classes[first] == classes[usize::from(state)];
        firsts.iter().position(of).map_or(DEAD, |at| at as State)
    };
    let width = machine.classes.count;
    let row = |&state: &usize| machine.next[state * width..(state + 1) * width].iter().map(|&to| number(to));
    Machine {
        classes: machine.classes.clone(),
        next: firsts.iter().flat_map(row).collect(),
        accepts: firsts.iter().map(|&state| machine.accepts[state]).collect(),
        groups: machine.groups,
        tags: None,
    }
}
