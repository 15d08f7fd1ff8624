//! The tapset: which file declares what, and each file parsed when it is needed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::ThreadId;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::cli::check::LANGUAGE_VERSION;
use crate::diag::{Code, Diagnostic, Severity, Sink};
use crate::pass1_parse::{self, Macro, MacroLibrary, ParseEnv, ast};
use crate::session::Session;
use crate::source::{FileId, Symbol};

pub mod declared;
pub mod index;
mod programs;
pub mod search;

use declared::Kind;
use index::Index;
use search::{Found, Searched, is_macros};

type Macros = FxHashMap<Symbol, Arc<Macro>>;

/// The library of a session.
pub struct Library<'s> {
    session: &'s Session<'s>,
    sink: &'s Sink,
    index: Index,
    files: Vec<File>,
    searched: Vec<Searched>,
    /// Files whose macros are being read, and by whom: one that asks for its own macro must not wait for itself.
    open: Mutex<Vec<(ThreadId, usize)>>,
}

/// A file of the library.
struct File {
    path: PathBuf,
    /// Of our own tapset, which `--compatible` does not gate.
    own: bool,
    /// The directory of the programs that it is about.
    programs: Option<PathBuf>,
    source: OnceLock<Option<FileId>>,
    tree: OnceLock<Option<Arc<ast::File>>>,
    macros: OnceLock<Macros>,
}

impl<'s> Library<'s> {
    /// Finds all files of the tapset path; reads none of them that the cache knows.
    pub fn open(session: &'s Session<'s>, sink: &'s Sink) -> Self {
        warn_of_unreadable(session, sink);
        let roots = search::roots(session);
        let found = search::files(session.host, &roots, &session.target.release, &session.target.arch);
        let cache = (!session.options.disable_cache).then(|| session.layout.cache.join("tapset.index"));
        let index = Index::build(session.host, &found.files, cache.as_deref());
        let files = found.files.into_iter().map(File::new).collect();
        Library { session, sink, index, files, searched: found.searched, open: Mutex::default() }
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// The directories that hold them.
    pub fn searched(&self) -> &[Searched] {
        &self.searched
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Reads every file, so that each one with errors is reported and not only those that the script needs.
    ///
    /// Scripts are parsed on all CPUs; what they are numbered by and what is said of them stays in their order.
    pub fn read_all(&self) {
        let of_kind = |macros: bool| {
            (0..self.files.len()).filter(move |&position| is_macros(&self.files[position].path) == macros)
        };
        for position in of_kind(true) {
            self.macros(position);
        }
        let scripts: Vec<(&File, FileId)> = of_kind(false)
            .map(|position| &self.files[position])
            .filter(|file| file.tree.get().is_none())
            .filter_map(|file| Some((file, self.source(file)?)))
            .collect();
        let parse = || scripts.par_iter().map(|&(file, id)| self.parse(file, id)).collect();
        let parsed: Vec<_> =
            match rayon::ThreadPoolBuilder::new().stack_size(pass1_parse::STACK_BYTES).build() {
                Ok(pool) => pool.install(parse),
                Err(_) => scripts.iter().map(|&(file, id)| self.parse(file, id)).collect(),
            };
        for ((file, _), (tree, errors)) in scripts.into_iter().zip(parsed) {
            file.tree.get_or_init(|| self.without_errors(file, tree, errors));
        }
    }

    /// The trees of all files that have no errors.
    pub fn trees(&self) -> Vec<Arc<ast::File>> {
        let scripts = (0..self.files.len()).filter(|&position| !is_macros(&self.files[position].path));
        scripts.filter_map(|position| self.tree(position)).collect()
    }

    /// Files with a public function of that name.
    pub fn function(&self, name: Symbol) -> Vec<Arc<ast::File>> {
        self.declaring(Kind::Function, name.as_str())
    }

    /// The file with a public global of that name.
    pub fn global(&self, name: Symbol) -> Option<Arc<ast::File>> {
        self.declaring(Kind::Global, name.as_str()).into_iter().next()
    }

    /// Files with an alias whose first component matches, `*` standing for anything.
    pub fn aliases(&self, first: &str) -> Vec<Arc<ast::File>> {
        let names = self
            .index
            .names(Kind::Alias)
            .filter(|name| pass1_parse::glob::matches(first.as_bytes(), name.as_bytes()));
        let mut positions: Vec<usize> =
            names.flat_map(|name| self.index.files(Kind::Alias, name).iter().copied()).collect();
        positions.sort_unstable();
        positions.dedup();
        positions.into_iter().filter_map(|position| self.tree(position)).collect()
    }

    /// Names of all functions, sorted.
    pub fn function_names(&self) -> Vec<String> {
        self.index.names(Kind::Function).map(str::to_owned).collect()
    }

    /// First components of all aliases, sorted.
    pub fn alias_names(&self) -> Vec<String> {
        self.index.names(Kind::Alias).map(str::to_owned).collect()
    }

    fn declaring(&self, kind: Kind, name: &str) -> Vec<Arc<ast::File>> {
        self.index.files(kind, name).iter().filter_map(|&position| self.tree(position)).collect()
    }

    /// Parses a file once. One with errors is skipped, which is a warning.
    fn tree(&self, position: usize) -> Option<Arc<ast::File>> {
        let file = &self.files[position];
        let tree = file.tree.get_or_init(|| {
            let (tree, errors) = self.parse(file, self.source(file)?);
            self.without_errors(file, tree, errors)
        });
        tree.clone()
    }

    fn parse(&self, file: &File, id: FileId) -> (ast::File, Sink) {
        let errors = Sink::new();
        let config = |name: &str| self.session.target.config.get(name).map(str::to_owned);
        let env = self.environment(file, &config);
        let mut tree = pass1_parse::parse_file(&self.session.sources, id, &env, &errors);
        if let Some(dir) = &file.programs {
            programs::name_in_full(&mut tree, dir);
        }
        (tree, errors)
    }

    fn without_errors(&self, file: &File, tree: ast::File, errors: Sink) -> Option<Arc<ast::File>> {
        if errors.errors() == 0 {
            return Some(Arc::new(tree));
        }
        self.skip(file, errors.take());
        None
    }

    fn environment<'e>(
        &'e self,
        file: &File,
        config: &'e (dyn Fn(&str) -> Option<String> + Sync),
    ) -> ParseEnv<'e> {
        let env = environment(self.session, config, &self.session.options.args, true, self);
        if file.own { ParseEnv { syntax: LANGUAGE_VERSION, ..env } } else { env }
    }

    fn source(&self, file: &File) -> Option<FileId> {
        *file.source.get_or_init(|| match self.session.host.read(&file.path) {
            Ok(bytes) => Some(self.session.sources.add(file.path.display().to_string(), bytes, true, true)),
            Err(error) => {
                let text = format!("tapset \"{}\" cannot be read: {error}", file.path.display());
                self.sink.push(Diagnostic::new(Code::LibraryFile, Severity::Warning, text));
                None
            }
        })
    }

    fn skip(&self, file: &File, causes: Vec<Diagnostic>) {
        // SystemTap ends the one with a full stop and the other without.
        let (kind, stop) = if is_macros(&file.path) { ("macro tapset", ".") } else { ("tapset", "") };
        let text = format!("{kind} \"{}\" has errors, and will be skipped{stop}", file.path.display());
        let warning = Diagnostic::new(Code::LibraryFile, Severity::Warning, text);
        self.sink.push(causes.into_iter().fold(warning, Diagnostic::caused_by));
    }

    fn macros(&self, position: usize) -> Option<&Macros> {
        let file = &self.files[position];
        if let Some(macros) = file.macros.get() {
            return Some(macros);
        }
        let reader = (std::thread::current().id(), position);
        {
            let mut open = self.open.lock().unwrap_or_else(|e| e.into_inner());
            if open.contains(&reader) {
                return None;
            }
            open.push(reader);
        }
        let macros = self.read_macros(file);
        self.open.lock().unwrap_or_else(|e| e.into_inner()).retain(|other| *other != reader);
        Some(file.macros.get_or_init(|| macros))
    }

    fn read_macros(&self, file: &File) -> Macros {
        let Some(id) = self.source(file) else { return Macros::default() };
        let errors = Sink::new();
        let config = |name: &str| self.session.target.config.get(name).map(str::to_owned);
        let env = self.environment(file, &config);
        let macros = pass1_parse::parse_macros(&self.session.sources, id, &env, &errors);
        if errors.errors() > 0 {
            self.skip(file, errors.take());
        }
        macros
    }
}

impl File {
    fn new(Found { path, own, programs, .. }: Found) -> Self {
        File { path, own, programs, source: OnceLock::new(), tree: OnceLock::new(), macros: OnceLock::new() }
    }
}

impl MacroLibrary for Library<'_> {
    fn find(&self, name: Symbol) -> Option<Arc<Macro>> {
        let positions = self.index.files(Kind::Macro, name.as_str());
        let of_library = |&&position: &&usize| is_macros(&self.files[position].path);
        positions.iter().filter(of_library).find_map(|&position| self.macros(position)?.get(&name).cloned())
    }
}

/// What preprocessing of the session's files depends on.
pub fn environment<'e>(
    session: &'e Session<'_>,
    config: &'e (dyn Fn(&str) -> Option<String> + Sync),
    args: &'e [Vec<u8>],
    guru: bool,
    macros: &'e (dyn MacroLibrary + Sync),
) -> ParseEnv<'e> {
    ParseEnv {
        release: &session.target.release,
        arch: &session.target.arch,
        config,
        compatible: session.options.compatible,
        syntax: session.options.compatible,
        privilege: session.options.privilege,
        guru,
        args,
        macros,
    }
}
/// A directory that the user names is meant to be there; those of the default path need not be.
fn warn_of_unreadable(session: &Session<'_>, sink: &Sink) {
    for dir in &session.options.include_dirs {
        if let Err(error) = session.host.list(dir) {
            let message = format!("tapset directory \"{}\" of -I cannot be read: {error}", dir.display());
            sink.push(Diagnostic::new(Code::LibraryFile, Severity::Warning, message));
        }
    }
}
