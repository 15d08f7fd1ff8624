//! Patterns as trees.

use super::Error;
use super::bytes::ByteSet;

/// A regular expression that follows the syntax.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As the script has it.
    pub text: Vec<u8>,
    /// What it means.
    pub root: Node,
    /// Groups, the whole match included.
    pub groups: usize,
}

impl Pattern {
    /// Reads a pattern.
    pub fn parse(text: &[u8]) -> Result<Pattern, Error> {
        super::parse::parse(text)
    }
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// One byte of a set.
    Bytes(ByteSet),
    /// The beginning of the subject.
    Start,
    /// The end of the subject.
    End,
    /// One after the other; none is the empty string.
    Sequence(Vec<Node>),
    /// One of several, the first that fits.
    Choice(Vec<Node>),
    /// `( )` with its number.
    Group(usize, Box<Node>),
    /// So many times at least, so many at most.
    Repeat(Box<Node>, u32, Option<u32>),
}

impl Node {
    /// Whether it can match the empty string.
    pub fn can_be_empty(&self) -> bool {
        match self {
            Node::Bytes(_) => false,
            Node::Start | Node::End => true,
            Node::Sequence(parts) => parts.iter().all(Node::can_be_empty),
            Node::Choice(parts) => parts.iter().any(Node::can_be_empty),
            Node::Group(_, inner) => inner.can_be_empty(),
            Node::Repeat(inner, least, _) => *least == 0 || inner.can_be_empty(),
        }
    }
}
