//! Probe points as a tree of components: families and aliases hang on its nodes.

use indexmap::IndexMap;
use rustc_hash::FxHashSet;

use super::catalog::{Catalog, ItemRef};
use crate::diag::suggest::similar;
use crate::diag::{Code, Diagnostic};
use crate::pass1_parse::ast::{Component, Item, Literal};
use crate::probes::FAMILIES;
use crate::source::Symbol;

/// The kind of a component's argument; points that differ in it are different points.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum ArgKind {
    None,
    Number,
    String,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Key {
    name: Symbol,
    arg: ArgKind,
}

impl Key {
    fn of(component: &Component) -> Key {
        let arg = match component.arg {
            None => ArgKind::None,
            Some(Literal::Number(_)) => ArgKind::Number,
            Some(Literal::String(_)) => ArgKind::String,
        };
        Key { name: component.name, arg }
    }

    fn text(self) -> String {
        match self.arg {
            ArgKind::None => self.name.to_string(),
            ArgKind::Number => format!("{}(number)", self.name),
            ArgKind::String => format!("{}(string)", self.name),
        }
    }
}

/// What a complete point means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// A family, by its place in the table.
    Family(usize),
    /// An alias.
    Alias(ItemRef),
}

#[derive(Default)]
struct Node {
    children: IndexMap<Key, usize>,
    targets: Vec<Target>,
    /// A family that takes whatever may follow.
    open: Option<usize>,
}

/// A point of the script with its wildcards resolved.
#[derive(Clone, Debug)]
pub struct Match {
    /// What it means.
    pub target: Target,
    /// Its components; those of an alias's suffix included.
    pub components: Vec<Component>,
    /// How many of them name the alias; the others are its suffix.
    pub named: usize,
}

/// The tree.
pub struct PointTree {
    nodes: Vec<Node>,
    /// Files whose aliases hang in the tree: the first so many of the catalogue.
    files: usize,
    asked: FxHashSet<Symbol>,
    /// Components beyond an alias may go to what it stands for.
    suffixes: bool,
}

impl PointTree {
    /// A tree of all families, for the language of version `compatible`.
    pub fn new(compatible: (u32, u32)) -> Self {
        let mut tree = PointTree {
            nodes: vec![Node::default()],
            files: 0,
            asked: FxHashSet::default(),
            suffixes: compatible >= (2, 0),
        };
        for (index, family) in FAMILIES.iter().enumerate() {
            for pattern in family.patterns() {
                tree.add_pattern(pattern, index);
            }
        }
        tree
    }

    fn add_pattern(&mut self, pattern: &str, family: usize) {
        let mut node = 0;
        for part in pattern.split('.') {
            if part == "**" {
                self.nodes[node].open = Some(family);
                break;
            }
            let (name, arg) = match part.split_once('(') {
                None => (part, ArgKind::None),
                Some((name, "number)")) => (name, ArgKind::Number),
                Some((name, _)) => (name, ArgKind::String),
            };
            node = self.child(node, Key { name: Symbol::new(name), arg });
        }
        if self.nodes[node].open.is_none() {
            self.nodes[node].targets.push(Target::Family(family));
        }
    }

    fn child(&mut self, node: usize, key: Key) -> usize {
        if let Some(&child) = self.nodes[node].children.get(&key) {
            return child;
        }
        self.nodes.push(Node::default());
        let child = self.nodes.len() - 1;
        self.nodes[node].children.insert(key, child);
        child
    }

    /// Hangs up the aliases of files that the catalogue has gained, and of the library for this first component.
    fn refresh(&mut self, catalog: &mut Catalog<'_>, first: Symbol) {
        if self.asked.insert(first) {
            catalog.pull_aliases(first.as_str());
        }
        while let Some(file) = catalog.files().get(self.files) {
            for (item, node) in file.items.iter().enumerate() {
                let Item::Alias(alias) = node else { continue };
                for name in &alias.names {
                    let end = name.components.iter().fold(0, |at, c| self.child(at, Key::of(c)));
                    self.nodes[end].targets.push(Target::Alias(ItemRef { file: self.files, item }));
                }
            }
            self.files += 1;
        }
    }

    /// All that a point may mean, in the order of the tree; an error when it means nothing.
    pub fn find(&mut self, catalog: &mut Catalog<'_>, point: &[Component]) -> Result<Vec<Match>, Diagnostic> {
        self.refresh(catalog, point[0].name);
        let wild = point.iter().any(|component| component.name.as_str().contains('*'));
        let suffixes = self.suffixes;
        let mut search = Search { tree: self, found: Vec::new(), suffixes: suffixes && !wild };
        let mut outcome = search.walk(0, &mut point.to_vec(), 0);
        if suffixes && wild && search.found.is_empty() {
            search.suffixes = true;
            outcome = search.walk(0, &mut point.to_vec(), 0);
        }
        let found = search.found;
        match outcome {
            Err(error) if found.is_empty() => Err(self.with_library_names(catalog, point, error)),
            _ => Ok(found),
        }
    }

    /// A first component that matches nothing may resemble an alias of a file that was never pulled in.
    fn with_library_names(&self, catalog: &Catalog<'_>, point: &[Component], error: Miss) -> Diagnostic {
        let mut names: Vec<String> = match error.node {
            Some(node) => self.nodes[node].children.keys().map(|key| key.name.to_string()).collect(),
            None => return error.diagnostic,
        };
        if error.node == Some(0) {
            names.extend(catalog.alias_names());
        }
        let component = &point[error.position.min(point.len() - 1)];
        let near = similar(component.name.as_str(), names.iter().map(String::as_str));
        let mut diagnostic = error.diagnostic;
        diagnostic.message.push_str(&near);
        if let Some(key) = error.node.and_then(|node| self.other_argument(node, component)) {
            diagnostic = diagnostic.help(format!("write {key} here", key = key.text()));
        }
        diagnostic
    }

    /// The same name with another kind of argument.
    fn other_argument(&self, node: usize, component: &Component) -> Option<Key> {
        self.nodes[node].children.keys().copied().find(|key| key.name == component.name)
    }
}

/// Why a branch of the search ended without a match.
struct Miss {
    diagnostic: Diagnostic,
    /// The node whose children were tried, for the list of similar names.
    node: Option<usize>,
    /// Which component failed.
    position: usize,
}

struct Search<'t> {
    tree: &'t PointTree,
    found: Vec<Match>,
    /// Components beyond an alias go to what it stands for; with wildcards only when nothing else matches.
    suffixes: bool,
}

impl Search<'_> {
    /// Matches `point[position..]` below `node`; components before it are resolved.
    fn walk(&mut self, node: usize, point: &mut Vec<Component>, position: usize) -> Result<(), Miss> {
        let here = &self.tree.nodes[node];
        let Some(component) = point.get(position).cloned() else { return self.complete(node, point) };
        if component.name.as_str().contains('*') {
            return self.wildcard(node, point, position);
        }
        match here.children.get(&Key::of(&component)) {
            Some(&child) => self.walk(child, point, position + 1),
            None => self
                .rest(node, point, position)
                .ok_or_else(|| self.miss(node, "probe point mismatch", &component, position)),
        }
    }

    /// The point ends here: what hangs on the node is what it means.
    fn complete(&mut self, node: usize, point: &[Component]) -> Result<(), Miss> {
        let here = &self.tree.nodes[node];
        if here.targets.is_empty() && self.rest(node, point, point.len()).is_none() {
            let follow: String = here.children.keys().map(|key| format!(" {}", key.text())).collect();
            let message = format!("probe point truncated (follow: {follow})");
            let last = point.len() - 1;
            let diagnostic = Diagnostic::semantic(Code::ProbePoint, message, point[last].span);
            return Err(Miss { diagnostic, node: None, position: last });
        }
        self.take_all(node, point, point.len());
        Ok(())
    }

    /// Why `component` leads nowhere from `node`. What follows a complete point is no misspelt part of one.
    fn miss(&self, node: usize, message: &str, component: &Component, position: usize) -> Miss {
        let complete = self.suffixes && !self.tree.nodes[node].targets.is_empty();
        let message = if complete { "invalid suffix for probe" } else { message };
        let diagnostic = Diagnostic::semantic(Code::ProbePoint, message, component.span);
        Miss { diagnostic, node: (!complete).then_some(node), position }
    }

    fn take_all(&mut self, node: usize, point: &[Component], named: usize) {
        for &target in &self.tree.nodes[node].targets {
            self.found.push(Match { target, components: point.to_vec(), named });
        }
    }

    /// Components that no child knows go to what the node's aliases stand for, or to an open family.
    fn rest(&mut self, node: usize, point: &[Component], position: usize) -> Option<()> {
        let here = &self.tree.nodes[node];
        let before = self.found.len();
        if let Some(family) = here.open {
            let target = Target::Family(family);
            self.found.push(Match { target, components: point.to_vec(), named: point.len() });
        }
        let aliases: Vec<Target> = here.targets.clone();
        for target in aliases {
            if self.suffixes && matches!(target, Target::Alias(_)) {
                self.found.push(Match { target, components: point.to_vec(), named: position });
            }
        }
        (self.found.len() > before).then_some(())
    }

    /// Tries every child that a component with `*` fits; what fails below some of them does not matter.
    fn wildcard(&mut self, node: usize, point: &mut Vec<Component>, position: usize) -> Result<(), Miss> {
        let before = self.found.len();
        let pattern = point[position].clone();
        let kind = Key::of(&pattern).arg;
        let children: Vec<(Key, usize)> =
            self.tree.nodes[node].children.iter().map(|(&key, &child)| (key, child)).collect();
        for (key, child) in children {
            if key.arg == kind && glob(pattern.name.as_str(), key.name.as_str()) {
                point[position].name = key.name;
                // A branch without a match is no error under a wildcard.
                let _ = self.walk(child, point, position + 1);
            }
            if let Some(rest) = span_components(pattern.name.as_str(), key.name.as_str())
                && key.arg == ArgKind::None
            {
                point[position].name = key.name;
                point.insert(position + 1, Component { name: rest, ..pattern.clone() });
                let _ = self.walk(child, point, position + 1);
                point.remove(position + 1);
            }
        }
        point[position] = pattern;
        if self.found.len() == before && self.rest(node, point, position).is_none() {
            let message = "probe point mismatch: didn't find any wildcard matches";
            return Err(self.miss(node, message, &point[position], position));
        }
        Ok(())
    }
}

/// What remains of a pattern with `**` for the next component, when the part before it fits this one.
fn span_components(pattern: &str, name: &str) -> Option<Symbol> {
    let at = pattern.find("**")?;
    let fits = glob(&format!("{}*", &pattern[..at]), name);
    fits.then(|| Symbol::new(&pattern[at..]))
}

/// Whether a name fits a pattern with `*`.
pub fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p + 1, n + 1));
            p += 1;
        } else if pattern.get(p) == Some(&name[n]) {
            p += 1;
            n += 1;
        } else if let Some((after_star, next)) = retry {
            p = after_star;
            n = next;
            retry = Some((after_star, next + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&b| b == b'*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn stars_stand_for_any_text() {
        assert!(glob("vfs_*", "vfs_read"));
        assert!(glob("*read*", "pread64"));
        assert!(glob("*", ""));
        assert!(!glob("vfs_*", "fs_read"));
        assert!(!glob("a*b", "abc"));
    }
}
