//! Type variables, tied together by union and find.

use std::fmt;

use crate::ir::ty::Ty;
use crate::source::Span;

/// What a value can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A long or a string.
    Scalar(Ty),
    /// A statistic.
    Stats,
}

/// A long.
pub const LONG: Kind = Kind::Scalar(Ty::Long);
/// A string.
pub const STRING: Kind = Kind::Scalar(Ty::String);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Scalar(ty) => ty.fmt(f),
            Kind::Stats => f.write_str("stats"),
        }
    }
}

/// A type variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Var(u32);

/// The type of an expression: known at once, or that of a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Term {
    /// Known.
    Known(Kind),
    /// That of a variable.
    Var(Var),
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    parent: u32,
    kind: Option<Kind>,
    /// Where the kind was first inferred; where the variable stands until then.
    place: Span,
    /// A declaration says so, no use.
    declared: bool,
}

/// All variables.
#[derive(Default, Debug)]
pub struct Vars {
    entries: Vec<Entry>,
}

/// Two types that do not agree: what was known, and where it became so.
#[derive(Clone, Copy, Debug)]
pub struct Clash {
    /// The type found first.
    pub first: Kind,
    /// Where.
    pub place: Span,
    /// The other type.
    pub second: Kind,
    /// A declaration gave the first one.
    pub declared: bool,
}

impl Vars {
    /// A variable of its own that stands at `place`.
    pub fn fresh(&mut self, place: Span) -> Var {
        let id = self.entries.len() as u32;
        self.entries.push(Entry { parent: id, kind: None, place, declared: false });
        Var(id)
    }

    /// Its type, when something said so.
    pub fn kind(&self, var: Var) -> Option<Kind> {
        self.entries[self.root(var) as usize].kind
    }

    /// Says that a variable has a type because its declaration at `place` says so.
    pub fn declare(&mut self, var: Var, kind: Kind, place: Span) {
        if self.know(var, kind, place).is_none() {
            let root = self.root(var);
            self.entries[root as usize].declared = true;
        }
    }

    /// Says that a variable has a type because of what stands at `place`.
    pub fn know(&mut self, var: Var, kind: Kind, place: Span) -> Option<Clash> {
        let root = self.compress(var);
        let entry = &mut self.entries[root as usize];
        match entry.kind {
            None => {
                entry.kind = Some(kind);
                entry.place = place;
                None
            }
            Some(first) if first == kind => None,
            Some(first) => Some(Clash { first, place: entry.place, second: kind, declared: entry.declared }),
        }
    }

    /// Says that two variables have one type.
    pub fn tie(&mut self, a: Var, b: Var) -> Option<Clash> {
        let (a, b) = (self.compress(a), self.compress(b));
        if a == b {
            return None;
        }
        let (first, second) = (self.entries[a as usize], self.entries[b as usize]);
        match (first.kind, second.kind) {
            (Some(x), Some(y)) if x != y => {
                Some(Clash { first: x, place: first.place, second: y, declared: first.declared })
            }
            (Some(_), _) => {
                self.entries[b as usize].parent = a;
                None
            }
            (None, _) => {
                self.entries[a as usize].parent = b;
                None
            }
        }
    }

    fn root(&self, var: Var) -> u32 {
        let mut id = var.0;
        while self.entries[id as usize].parent != id {
            id = self.entries[id as usize].parent;
        }
        id
    }

    fn compress(&mut self, var: Var) -> u32 {
        let root = self.root(var);
        let mut id = var.0;
        while id != root {
            id = std::mem::replace(&mut self.entries[id as usize].parent, root);
        }
        root
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, OriginId};

    fn at(lo: u32) -> Span {
        Span { file: FileId(0), lo, hi: lo, origin: OriginId::NONE }
    }

    #[test]
    fn tied_variables_share_their_type() {
        let mut vars = Vars::default();
        let (a, b, c) = (vars.fresh(at(0)), vars.fresh(at(1)), vars.fresh(at(2)));
        assert!(vars.tie(a, b).is_none() && vars.tie(b, c).is_none());
        assert!(vars.know(c, STRING, at(3)).is_none());
        assert_eq!(vars.kind(a), Some(STRING));
    }

    #[test]
    fn a_clash_tells_where_the_first_type_came_from() {
        let mut vars = Vars::default();
        let (a, b) = (vars.fresh(at(0)), vars.fresh(at(1)));
        vars.know(a, LONG, at(7));
        vars.know(b, STRING, at(8));
        let clash = vars.tie(a, b).map(|clash| (clash.first, clash.place.lo, clash.second));
        assert_eq!(clash, Some((LONG, 7, STRING)));
    }
}
