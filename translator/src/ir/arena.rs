//! Typed handles into vectors: entities refer to each other by number, never by pointer.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// Index of a `T` in its [`Arena`].
pub struct Handle<T>(u32, PhantomData<fn() -> T>);

impl<T> Handle<T> {
    /// The position in the arena, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Handle<T> {}
impl<T> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Handle<T> {}
impl<T> PartialOrd for Handle<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Handle<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> std::hash::Hash for Handle<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Owner of all `T` of a program, in the order in which they were added.
#[derive(Clone, Debug)]
pub struct Arena<T>(Vec<T>);

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena(Vec::new())
    }
}

impl<T> Arena<T> {
    /// Adds an item.
    pub fn push(&mut self, item: T) -> Handle<T> {
        self.0.push(item);
        Handle(self.0.len() as u32 - 1, PhantomData)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All items with their handles, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Handle<T>, &T)> {
        self.0.iter().enumerate().map(|(i, item)| (Handle(i as u32, PhantomData), item))
    }

    /// Keeps the items that `keep` names, in their order. The answer gives each old handle's new one.
    pub fn retain(&mut self, mut keep: impl FnMut(Handle<T>) -> bool) -> Renumbering<T> {
        let mut next = 0;
        let mut renumbering = Vec::with_capacity(self.0.len());
        for handle in self.handles() {
            let kept = keep(handle);
            renumbering.push(kept.then_some(Handle(next, PhantomData)));
            next += u32::from(kept);
        }
        let mut old = renumbering.iter();
        self.0.retain(|_| old.next().is_some_and(Option::is_some));
        Renumbering(renumbering)
    }

    /// All items, to be changed in place.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut()
    }

    /// All handles, in order.
    pub fn handles(&self) -> impl Iterator<Item = Handle<T>> + use<T> {
        (0..self.0.len() as u32).map(|i| Handle(i, PhantomData))
    }
}

/// What [`Arena::retain`] made of each handle.
#[derive(Clone, Debug)]
pub struct Renumbering<T>(Vec<Option<Handle<T>>>);

impl<T> Renumbering<T> {
    /// The new handle of an item that was kept.
    pub fn get(&self, old: Handle<T>) -> Option<Handle<T>> {
        self.0.get(old.index()).copied().flatten()
    }

    /// Drops from a side table what was dropped from the arena.
    pub fn filter<U>(&self, table: &mut Vec<U>) {
        let mut kept = self.0.iter();
        table.retain(|_| kept.next().is_some_and(Option::is_some));
    }
}

impl<T> Index<Handle<T>> for Arena<T> {
    type Output = T;
    fn index(&self, handle: Handle<T>) -> &T {
        &self.0[handle.0 as usize]
    }
}

impl<T> IndexMut<Handle<T>> for Arena<T> {
    fn index_mut(&mut self, handle: Handle<T>) -> &mut T {
        &mut self.0[handle.0 as usize]
    }
}
