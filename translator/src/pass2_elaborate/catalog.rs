//! What the scripts and the library files pulled in so far declare, and the door to the rest of the library.

use std::ops::Deref;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::library::Library;
use crate::pass1_parse::ast::{self, File, Item};
use crate::source::{FileId, Symbol};

/// The library as elaboration needs it: each answer is the whole file that declares the name.
pub trait Declarations {
    /// Files with a public function of that name.
    fn function(&self, name: Symbol) -> Vec<Arc<File>>;
    /// The file with a public global of that name.
    fn global(&self, name: Symbol) -> Option<Arc<File>>;
    /// Files with an alias whose first component matches, `*` standing for anything.
    fn aliases(&self, first: &str) -> Vec<Arc<File>>;
    /// Names of all functions, for "similar" lists.
    fn function_names(&self) -> Vec<String>;
    /// First components of all aliases, for "similar" lists.
    fn alias_names(&self) -> Vec<String>;
}

impl Declarations for Library<'_> {
    fn function(&self, name: Symbol) -> Vec<Arc<File>> {
        self.function(name)
    }

    fn global(&self, name: Symbol) -> Option<Arc<File>> {
        self.global(name)
    }

    fn aliases(&self, first: &str) -> Vec<Arc<File>> {
        self.aliases(first)
    }

    fn function_names(&self) -> Vec<String> {
        self.function_names()
    }

    fn alias_names(&self) -> Vec<String> {
        self.alias_names()
    }
}

/// A file that takes part, the user's or the library's.
#[derive(Clone)]
pub enum FileRef<'a> {
    /// Parsed by the driver.
    User(&'a File),
    /// Pulled in on demand.
    Library(Arc<File>),
}

impl Deref for FileRef<'_> {
    type Target = File;
    fn deref(&self) -> &File {
        match self {
            FileRef::User(file) => file,
            FileRef::Library(file) => file,
        }
    }
}

/// An item by its file's and its own position.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ItemRef {
    /// Position of the file in the catalogue.
    pub file: usize,
    /// Position of the item in its file.
    pub item: usize,
}

/// Declarations by name.
pub struct Catalog<'a> {
    library: &'a dyn Declarations,
    files: Vec<FileRef<'a>>,
    known: FxHashSet<FileId>,
    used: Vec<usize>,
    is_used: Vec<bool>,
    functions: FxHashMap<(Option<FileId>, Symbol), Vec<ItemRef>>,
    globals: FxHashMap<(Option<FileId>, Symbol), ItemRef>,
    clashes: Vec<(ItemRef, ItemRef)>,
}

impl<'a> Catalog<'a> {
    /// Starts with the user's scripts.
    pub fn new(scripts: &'a [File], library: &'a dyn Declarations) -> Self {
        let mut catalog = Catalog {
            library,
            files: Vec::new(),
            known: FxHashSet::default(),
            used: Vec::new(),
            is_used: Vec::new(),
            functions: FxHashMap::default(),
            globals: FxHashMap::default(),
            clashes: Vec::new(),
        };
        for file in scripts {
            catalog.add(FileRef::User(file));
        }
        (0..scripts.len()).for_each(|file| catalog.use_file(file));
        catalog
    }

    /// All files so far; positions never change.
    pub fn files(&self) -> &[FileRef<'a>] {
        &self.files
    }

    /// A file by position, cheap to keep.
    pub fn file(&self, index: usize) -> FileRef<'a> {
        self.files[index].clone()
    }

    /// A file takes part from now on, with its probes and its embedded C.
    pub fn use_file(&mut self, index: usize) {
        if !std::mem::replace(&mut self.is_used[index], true) {
            self.used.push(index);
        }
    }

    /// Files that take part, by the order in which they came in.
    pub fn used_file(&self, position: usize) -> Option<usize> {
        self.used.get(position).copied()
    }

    /// Pairs of globals of one name, the later one first; taken out.
    pub fn take_clashes(&mut self) -> Vec<(ItemRef, ItemRef)> {
        std::mem::take(&mut self.clashes)
    }

    /// Whether a file belongs to the library.
    pub fn is_library(&self, index: usize) -> bool {
        matches!(self.files[index], FileRef::Library(_))
    }

    /// Candidates for a call from `file`, private ones of that file first; in order of declaration.
    pub fn functions(&mut self, file: FileId, name: Symbol) -> Vec<ItemRef> {
        for scope in [Some(file), None] {
            if let Some(found) = self.functions.get(&(scope, name)) {
                return found.clone();
            }
        }
        for file in self.library.function(name) {
            self.add(FileRef::Library(file));
        }
        self.functions.get(&(None, name)).cloned().unwrap_or_default()
    }

    /// The global that `name` means in `file`, and whether it is private to it.
    pub fn global(&mut self, file: FileId, name: Symbol) -> Option<ItemRef> {
        for scope in [Some(file), None] {
            if let Some(&found) = self.globals.get(&(scope, name)) {
                return Some(found);
            }
        }
        let found = self.library.global(name)?;
        self.add(FileRef::Library(found));
        self.globals.get(&(None, name)).copied()
    }

    /// Pulls in the library files that have aliases whose first component matches.
    pub fn pull_aliases(&mut self, first: &str) {
        for file in self.library.aliases(first) {
            self.add(FileRef::Library(file));
        }
    }

    /// Names of all functions known anywhere, sorted.
    pub fn function_names(&self) -> Vec<String> {
        let mut names = self.library.function_names();
        names.extend(self.functions.keys().map(|(_, name)| name.to_string()));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// First components of the library's aliases.
    pub fn alias_names(&self) -> Vec<String> {
        self.library.alias_names()
    }

    fn add(&mut self, file: FileRef<'a>) {
        if !self.known.insert(file.id) {
            return;
        }
        let index = self.files.len();
        for (item, node) in file.items.iter().enumerate() {
            self.declare(file.id, node, ItemRef { file: index, item });
        }
        self.files.push(file);
        self.is_used.push(false);
    }

    fn declare(&mut self, file: FileId, node: &Item, place: ItemRef) {
        match node {
            Item::Function(function) => {
                let scope = function.private.then_some(file);
                self.functions.entry((scope, function.name)).or_default().push(place);
            }
            Item::Global(global) => {
                let scope = global.private.then_some(file);
                if let Some(&first) = self.globals.get(&(scope, global.name)) {
                    self.clashes.push((place, first));
                } else {
                    self.globals.insert((scope, global.name), place);
                }
            }
            Item::Probe(_) | Item::Alias(_) | Item::Embedded(_) => {}
        }
    }

    /// The global that `place` declares.
    pub fn global_at(&self, place: ItemRef) -> Option<&ast::Global> {
        match self.files[place.file].items.get(place.item) {
            Some(Item::Global(global)) => Some(global),
            _ => None,
        }
    }

    /// The function that `place` declares.
    pub fn function_at(&self, place: ItemRef) -> Option<&ast::Function> {
        match self.files[place.file].items.get(place.item) {
            Some(Item::Function(function)) => Some(function),
            _ => None,
        }
    }
}
