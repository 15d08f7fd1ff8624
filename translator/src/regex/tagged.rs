//! The automaton without choice that knows where groups are, after Laurikari.
//!
//! A state is a list of threads in order of preference. A thread's tags lie in registers; two states that differ only
//! in which registers these are, are one state, and the way there moves the registers.

use std::collections::BTreeMap;

use super::bytes::ByteClasses;
use super::limits::{self, Work};
use super::nfa::{Look, Nfa, Thread};
use super::registers::{SPARE, in_order};
use super::{Accept, DEAD, Error, Finish, Machine, Move, START, Source, State, Tags};

/// Makes it.
pub fn build(nfa: &Nfa) -> Result<Machine, Error> {
    let classes = ByteClasses::new(nfa.sets());
    let nothing = Threads { list: Vec::new(), first: false, matched: false };
    let mut builder = Builder {
        nfa,
        states: vec![nothing.clone()],
        accepts: vec![Accept::default()],
        tags: Tags {
            registers: usize::from(SPARE) + 1,
            moves: vec![Vec::new()],
            now: vec![None],
            at_end: vec![None],
            ..Tags::default()
        },
        known_moves: BTreeMap::from([(Vec::new(), 0)]),
        numbers: BTreeMap::new(),
        total_moves: 0,
        work: Work::default(),
    };
    let first = builder.begin(nothing.list, Look { start: true, end: false }, false);
    builder.tags.start = builder.enter(Threads { first: true, ..first })?.1;
    let mut next = vec![DEAD; classes.count];
    builder.tags.on = vec![0; classes.count];
    let mut done = usize::from(START);
    while done < builder.states.len() {
        for sample in classes.samples() {
            let (to, moves) = builder.step(done, sample)?;
            next.push(to);
            builder.tags.on.push(moves);
        }
        done += 1;
    }
    Ok(Machine { classes, next, accepts: builder.accepts, groups: nfa.groups, tags: Some(builder.tags) })
}

/// The tables keep three numbers for themselves.
const MOST_REGISTERS: u8 = 253;

/// What a state stands for.
#[derive(Clone)]
struct Threads {
    list: Vec<Thread>,
    /// It is the state before the first byte.
    first: bool,
    /// A match was found, so none that begins later counts.
    matched: bool,
}

/// What makes two states alike: registers are numbered as they come.
type Key = (bool, bool, Vec<(usize, usize, Vec<bool>, Vec<Option<usize>>)>);

struct Builder<'n> {
    nfa: &'n Nfa,
    states: Vec<Threads>,
    accepts: Vec<Accept>,
    tags: Tags,
    known_moves: BTreeMap<Vec<(u8, Source)>, u16>,
    numbers: BTreeMap<Key, State>,
    total_moves: usize,
    work: Work,
}

impl Builder<'_> {
    fn step(&mut self, state: usize, byte: u8) -> Result<(State, u16), Error> {
        let from = &self.states[state];
        self.work.add(self.nfa.steps.len() + from.list.len() * 2 * self.nfa.groups)?;
        let moved = from.list.iter().filter_map(|thread| {
            let state = self.nfa.after(thread.state, byte)?;
            Some(Thread { state, ..thread.clone() })
        });
        let threads = self.begin(moved.collect(), Look::default(), from.matched);
        if threads.list.is_empty() { Ok((DEAD, 0)) } else { self.enter(threads) }
    }

    /// Where threads go without a byte, and one more that begins here unless a match was found before.
    fn begin(&self, moved: Vec<Thread>, look: Look, matched: bool) -> Threads {
        let (mut seen, mut list) = (vec![false; self.nfa.steps.len()], Vec::new());
        for thread in moved {
            self.nfa.closure(thread, look, &mut seen, &mut list);
        }
        if !matched {
            let rank = list.last().map_or(0, |last: &Thread| last.rank + 1);
            let thread = Thread { state: self.nfa.entry, tags: self.nfa.no_tags(), rank, before: Vec::new() };
            self.nfa.closure(thread, look, &mut seen, &mut list);
        }
        let found = list.iter().find(|thread| self.nfa.matches(thread)).map(|thread| thread.rank);
        if let Some(rank) = found {
            list.retain(|thread| thread.rank <= rank);
        }
        close_ranks(&mut list);
        Threads { list, first: false, matched: matched || found.is_some() }
    }

    /// The state for these threads, and the moves on the way there.
    fn enter(&mut self, threads: Threads) -> Result<(State, u16), Error> {
        let (key, sources) = signature(&threads);
        if let Some(&known) = self.numbers.get(&key) {
            let (_, targets) = signature(&self.states[usize::from(known)]);
            return Ok((known, self.moves(&targets, &sources)?));
        }
        let targets = self.settle(&sources)?;
        let moves = self.moves(&targets, &sources)?;
        Ok((self.add(key, replaced(threads, &sources, &targets))?, moves))
    }

    /// Registers for the values of a new state: those that they lie in already, a free one for the new position.
    fn settle(&mut self, sources: &[Source]) -> Result<Vec<Source>, Error> {
        let is_free = |register: &u8| !sources.contains(&Source::Register(*register));
        let Some(free) = (SPARE + 1..MOST_REGISTERS).find(is_free) else {
            return Err(limits::too_many_states());
        };
        let targets: Vec<Source> = sources
            .iter()
            .map(|&source| if source == Source::Here { Source::Register(free) } else { source })
            .collect();
        for target in &targets {
            if let Source::Register(register) = *target {
                self.tags.registers = self.tags.registers.max(usize::from(register) + 1);
            }
        }
        Ok(targets)
    }

    fn moves(&mut self, targets: &[Source], sources: &[Source]) -> Result<u16, Error> {
        let pairs = targets.iter().zip(sources).filter_map(|(target, &from)| match *target {
            Source::Register(to) => Some(Move { to, from }),
            Source::Unset | Source::Here => None,
        });
        let moves = in_order(pairs.collect());
        let key: Vec<_> = moves.iter().map(|step| (step.to, step.from)).collect();
        if let Some(&known) = self.known_moves.get(&key) {
            return Ok(known);
        }
        // The tables count moves, and an end for each list, in sixteen bits.
        self.total_moves += moves.len() + 1;
        if self.total_moves >= usize::from(u16::MAX) {
            return Err(limits::too_many_states());
        }
        let number = self.tags.moves.len() as u16;
        self.tags.moves.push(moves);
        self.known_moves.insert(key, number);
        Ok(number)
    }

    fn add(&mut self, key: Key, threads: Threads) -> Result<State, Error> {
        if self.states.len() == limits::STATES {
            return Err(limits::too_many_states());
        }
        let now: Option<Finish> =
            threads.list.iter().find(|thread| self.nfa.matches(thread)).map(|thread| thread.tags.clone());
        let at_end = self.nfa.match_at_end(&threads.list, threads.first).map(|thread| thread.tags);
        self.accepts.push(Accept { now: now.is_some(), at_end: at_end.is_some() });
        self.tags.now.push(now);
        self.tags.at_end.push(at_end);
        // limits::STATES fits the type.
        let number = self.states.len() as State;
        self.numbers.insert(key, number);
        self.states.push(threads);
        Ok(number)
    }
}

/// Only the order of ranks counts.
fn close_ranks(list: &mut [Thread]) {
    let (mut last, mut dense) = (None, 0);
    for thread in list {
        if last.is_some_and(|last| last != thread.rank) {
            dense += 1;
        }
        last = Some(thread.rank);
        thread.rank = dense;
    }
}

/// The key, and the values that the threads hold, each once, in the order of the key's numbers.
fn signature(threads: &Threads) -> (Key, Vec<Source>) {
    let mut values: BTreeMap<Source, usize> = BTreeMap::new();
    let mut order = Vec::new();
    let mut rows = Vec::with_capacity(threads.list.len());
    for thread in &threads.list {
        let tags = thread.tags.iter().map(|&source| {
            (source != Source::Unset).then(|| {
                *values.entry(source).or_insert_with(|| {
                    order.push(source);
                    order.len() - 1
                })
            })
        });
        rows.push((thread.state, thread.rank, thread.before.clone(), tags.collect()));
    }
    ((threads.first, threads.matched, rows), order)
}

/// The threads with their values in registers.
fn replaced(mut threads: Threads, sources: &[Source], targets: &[Source]) -> Threads {
    for thread in &mut threads.list {
        for tag in &mut thread.tags {
            if let Some(at) = sources.iter().position(|source| source == tag) {
                *tag = targets[at];
            }
        }
    }
    threads
}
