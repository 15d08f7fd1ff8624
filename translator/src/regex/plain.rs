//! The automaton without choice and without groups: each state is a set of states of the one with choice.

use std::collections::BTreeMap;

use super::bytes::ByteClasses;
use super::limits::{self, Work};
use super::nfa::{Look, Nfa, Thread};
use super::{Accept, DEAD, Error, Machine, START, State};

/// Makes it. A state in which a match has ended is left by no byte, for nothing more is asked.
pub fn build(nfa: &Nfa) -> Result<Machine, Error> {
    let classes = ByteClasses::new(nfa.sets());
    let mut builder = Builder {
        nfa,
        numbers: BTreeMap::new(),
        sets: vec![Vec::new()],
        accepts: vec![Accept::default()],
        work: Work::default(),
    };
    let first = builder.reach(&[], Look { start: true, end: false });
    // The first state may pass `^`, so it is no other's like, even when it holds the same.
    builder.add(first, true)?;
    let mut next = vec![DEAD; classes.count];
    let mut done = usize::from(START);
    while done < builder.sets.len() {
        for sample in classes.samples() {
            let to = builder.step(done, sample)?;
            next.push(to);
        }
        done += 1;
    }
    Ok(Machine { classes, next, accepts: builder.accepts, groups: nfa.groups, tags: None })
}

struct Builder<'n> {
    nfa: &'n Nfa,
    numbers: BTreeMap<Vec<usize>, State>,
    sets: Vec<Vec<usize>>,
    accepts: Vec<Accept>,
    work: Work,
}

impl Builder<'_> {
    fn thread(&self, state: usize) -> Thread {
        Thread { state, tags: Vec::new(), rank: 0, before: Vec::new() }
    }

    /// What can be reached from these states without a byte; a match may begin anywhere.
    fn reach(&self, from: &[usize], look: Look) -> Vec<usize> {
        let (mut seen, mut out) = (vec![false; self.nfa.steps.len()], Vec::new());
        for &state in from.iter().chain([&self.nfa.entry]) {
            self.nfa.closure(self.thread(state), look, &mut seen, &mut out);
        }
        let mut states: Vec<usize> = out.iter().map(|thread| thread.state).collect();
        states.sort_unstable();
        states
    }

    fn step(&mut self, state: usize, byte: u8) -> Result<State, Error> {
        if self.accepts[state].now {
            return Ok(DEAD);
        }
        self.work.add(self.nfa.steps.len())?;
        let moved: Vec<usize> =
            self.sets[state].iter().filter_map(|&inner| self.nfa.after(inner, byte)).collect();
        let set = self.reach(&moved, Look::default());
        match self.numbers.get(&set) {
            Some(&known) => Ok(known),
            None if set.is_empty() => Ok(DEAD),
            None => self.add(set, false),
        }
    }

    fn add(&mut self, set: Vec<usize>, first: bool) -> Result<State, Error> {
        if self.sets.len() == limits::STATES {
            return Err(limits::too_many_states());
        }
        let threads: Vec<Thread> = set.iter().map(|&state| self.thread(state)).collect();
        let now = threads.iter().any(|thread| self.nfa.matches(thread));
        let at_end = self.nfa.match_at_end(&threads, first).is_some();
        // limits::STATES fits the type.
        let number = self.sets.len() as State;
        if !first {
            self.numbers.insert(set.clone(), number);
        }
        self.sets.push(set);
        self.accepts.push(Accept { now, at_end });
        Ok(number)
    }
}
