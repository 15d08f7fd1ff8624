//! The automaton with choice that a pattern stands for, after Thompson.

use super::Error;
use super::Source;
use super::ast::{Node, Pattern};
use super::bytes::ByteSet;
use super::limits::{self, Work};

/// A state; `usize` is the next one.
#[derive(Clone, Debug)]
pub enum Step {
    /// Takes a byte.
    Bytes(ByteSet, usize),
    /// Goes on in several ways, the preferred one first.
    Split(Vec<usize>),
    /// Goes on at the beginning of the subject.
    Start(usize),
    /// Goes on at the end of the subject.
    End(usize),
    /// Notes the position.
    Tag(usize, usize),
    /// A match ends here.
    Match,
}

/// The automaton.
pub struct Nfa {
    /// Its states.
    pub steps: Vec<Step>,
    /// The first one.
    pub entry: usize,
    /// Groups, the whole match included.
    pub groups: usize,
    tagged: bool,
    work: Work,
}

/// One way that the automaton may have taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Where it is.
    pub state: usize,
    /// Where its tags are.
    pub tags: Vec<Source>,
    /// Threads of one rank began at one position; earlier ones have lower ranks.
    pub rank: usize,
    /// Of a thread that waits for the end: the states that were reached before it at its position, its own way among
    /// them. It must not come to them again, or a loop would go round once more for nothing. Empty for all others.
    pub before: Vec<bool>,
}

/// What is known of a position.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// It is the beginning.
    pub start: bool,
    /// It is the end.
    pub end: bool,
}

impl Nfa {
    /// The automaton of a pattern, with tags or without.
    pub fn new(pattern: &Pattern, tagged: bool) -> Result<Nfa, Error> {
        let groups = pattern.groups;
        let mut nfa = Nfa { steps: vec![Step::Match], entry: 0, groups, tagged, work: Work::default() };
        nfa.entry = nfa.group(0, &pattern.root, 0)?;
        Ok(nfa)
    }

    /// Tags of a thread that has just begun.
    pub fn no_tags(&self) -> Vec<Source> {
        vec![Source::Unset; if self.tagged { 2 * self.groups } else { 0 }]
    }

    fn push(&mut self, step: Step) -> Result<usize, Error> {
        if self.steps.len() == limits::STATES {
            return Err(limits::too_many_states());
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }

    /// The entry of what matches `node` and goes on at `next`.
    fn node(&mut self, node: &Node, next: usize) -> Result<usize, Error> {
        self.work.add(1)?;
        match node {
            Node::Bytes(set) => self.push(Step::Bytes(*set, next)),
            Node::Start => self.push(Step::Start(next)),
            Node::End => self.push(Step::End(next)),
            Node::Sequence(parts) => parts.iter().rev().try_fold(next, |next, part| self.node(part, next)),
            Node::Choice(parts) => {
                let ways: Result<Vec<_>, _> = parts.iter().map(|part| self.node(part, next)).collect();
                self.push(Step::Split(ways?))
            }
            Node::Group(number, inner) => self.group(*number, inner, next),
            Node::Repeat(inner, least, None) => self.unbounded(inner, *least, next),
            Node::Repeat(inner, least, Some(most)) => {
                let mut tail = next;
                for _ in *least..*most {
                    let body = self.node(inner, tail)?;
                    tail = self.push(Step::Split(vec![body, next]))?;
                }
                self.copies(inner, *least, tail)
            }
        }
    }

    fn copies(&mut self, node: &Node, count: u32, next: usize) -> Result<usize, Error> {
        (0..count).try_fold(next, |next, _| self.node(node, next))
    }

    fn group(&mut self, number: usize, inner: &Node, next: usize) -> Result<usize, Error> {
        if !self.tagged {
            return self.node(inner, next);
        }
        let end = self.push(Step::Tag(2 * number + 1, next))?;
        let body = self.node(inner, end)?;
        self.push(Step::Tag(2 * number, body))
    }

    fn unbounded(&mut self, inner: &Node, least: u32, next: usize) -> Result<usize, Error> {
        let again = self.push(Step::Split(Vec::new()))?;
        let body = self.node(inner, again)?;
        self.steps[again] = Step::Split(vec![body, next]);
        match least {
            // A round that may be empty comes before the choice, so that its groups are set.
            0 if inner.can_be_empty() => self.push(Step::Split(vec![body, next])),
            0 => Ok(again),
            _ => self.copies(inner, least - 1, body),
        }
    }

    /// Adds where a thread can go without a byte, the preferred way first. `seen` has been reached before.
    pub fn closure(&self, thread: Thread, look: Look, seen: &mut [bool], out: &mut Vec<Thread>) {
        let mut waiting = vec![thread];
        while let Some(mut thread) = waiting.pop() {
            if std::mem::replace(&mut seen[thread.state], true) {
                continue;
            }
            match &self.steps[thread.state] {
                Step::Split(ways) => {
                    let ways = ways.iter().rev().map(|&state| Thread { state, ..thread.clone() });
                    waiting.extend(ways);
                }
                Step::Tag(tag, next) => {
                    thread.tags[*tag] = Source::Here;
                    waiting.push(Thread { state: *next, ..thread });
                }
                Step::Start(next) if look.start => waiting.push(Thread { state: *next, ..thread }),
                Step::Start(_) => {}
                Step::End(next) if look.end => waiting.push(Thread { state: *next, ..thread }),
                Step::End(_) => {
                    thread.before = seen.to_vec();
                    thread.before[thread.state] = false;
                    out.push(thread);
                }
                Step::Bytes(..) | Step::Match => out.push(thread),
            }
        }
    }

    /// The sets of bytes that its states take.
    pub fn sets(&self) -> impl Iterator<Item = &ByteSet> {
        self.steps.iter().filter_map(|step| match step {
            Step::Bytes(set, _) => Some(set),
            _ => None,
        })
    }

    /// Where a state goes with a byte.
    pub fn after(&self, state: usize, byte: u8) -> Option<usize> {
        match &self.steps[state] {
            Step::Bytes(set, next) if set.contains(byte) => Some(*next),
            _ => None,
        }
    }

    /// Whether a thread is at the end of a match.
    pub fn matches(&self, thread: &Thread) -> bool {
        matches!(self.steps[thread.state], Step::Match)
    }

    /// The preferred match of those that end here, if the subject does.
    pub fn match_at_end(&self, threads: &[Thread], at_start: bool) -> Option<Thread> {
        let (mut seen, mut out) = (vec![false; self.steps.len()], Vec::new());
        for thread in threads {
            seen.iter_mut().zip(&thread.before).for_each(|(seen, before)| *seen |= before);
            self.closure(thread.clone(), Look { start: at_start, end: true }, &mut seen, &mut out);
        }
        out.into_iter().find(|thread| self.matches(thread))
    }
}
