//! The objects of a session, each read when something is first asked of it.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use object::Object;
use rustc_hash::FxHashMap;

use super::btf::{self, Section};
use super::dwarf::Dwarf;
use super::find::Search;
use super::places::Subject;
use super::types::{Type, TypeId, TypeKind, Types};
use super::{Broken, DebugInfo, Kind, ObjectId};
use crate::cache::Cache;
use crate::cli::options::{Debuginfo, Listing};
use crate::diag::{Code, Diagnostic, Severity};
use crate::ir::program::BuildId;
use crate::kernel::symbols::Symbols;
use crate::kernel::trace_headers::TraceHeaders;
use crate::kernel::{Package, Target, modules, symvers, unpack};
use crate::session::Session;
use crate::source::Symbol;

/// Why nothing is known about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// One line.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Lack {
    /// A reason with its remedy.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Lack {
        Lack { message: message.into(), help: help.into() }
    }

    /// As an error of the session.
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::new(Code::Kernel, Severity::SemanticError, &*self.message).help(&*self.help)
    }
}

/// An object that something is known about.
#[derive(Clone)]
pub struct Known {
    /// Its number in handles.
    pub id: ObjectId,
    /// Its answers.
    pub info: Rc<dyn DebugInfo>,
}

/// Build ids are hashes; the module's table has room for the longest.
const LONGEST_BUILD_ID: usize = 64;

/// All objects of a session.
pub struct Objects<'s> {
    session: &'s Session<'s>,
    told: RefCell<Vec<Diagnostic>>,
    read: RefCell<Vec<Rc<dyn DebugInfo>>>,
    kernel: OnceCell<Result<Known, Lack>>,
    kernel_btf: OnceCell<Result<Rc<Section>, Lack>>,
    /// The kernel's BTF, found and not yet read.
    found_btf: RefCell<Option<Result<btf::find::Found, Lack>>>,
    modules: RefCell<FxHashMap<String, Result<Known, Lack>>>,
    symbols: RefCell<FxHashMap<String, Result<Rc<Symbols>, String>>>,
    trace_headers: OnceCell<TraceHeaders>,
}

impl<'s> Objects<'s> {
    /// Nothing is read yet.
    pub fn new(session: &'s Session<'s>) -> Self {
        Objects {
            session,
            told: RefCell::default(),
            read: RefCell::default(),
            kernel: OnceCell::new(),
            kernel_btf: OnceCell::new(),
            found_btf: RefCell::default(),
            modules: RefCell::default(),
            symbols: RefCell::default(),
            trace_headers: OnceCell::new(),
        }
    }

    /// The session that they are read for.
    pub fn session(&self) -> &'s Session<'s> {
        self.session
    }

    /// Whether debug information is wanted at all; `--debuginfo=none` leaves the symbols.
    pub fn wanted(&self) -> bool {
        self.session.options.debuginfo != Debuginfo::None
    }

    /// Whether the user insists on one source: what it lacks is an error then, even where a symbol would do.
    pub fn insists(&self) -> bool {
        matches!(self.session.options.debuginfo, Debuginfo::Dwarf | Debuginfo::Btf)
    }

    /// Whether the script may do what can crash the kernel (-g).
    pub fn guru(&self) -> bool {
        self.session.options.guru
    }

    /// Keeps a warning about a point that is left out.
    pub fn tell(&self, warning: Diagnostic) {
        self.told.borrow_mut().push(warning);
    }

    /// The warnings since the last call.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        self.told.take()
    }

    /// What DWARF says about `kernel`, or about a module of that name: for what BTF does not know.
    pub fn dwarf(&self, name: &str) -> Result<Known, Lack> {
        let options = &self.session.options;
        if matches!(options.debuginfo, Debuginfo::None | Debuginfo::Btf) || options.btf.is_some() {
            let message = "source lines, labels and calls are in the kernel's DWARF debuginfo alone";
            return Err(Lack::new(message, "leave --debuginfo and --btf out, or use --debuginfo=dwarf"));
        }
        let known = self.object(name);
        match known {
            Ok(known) if known.info.source().kind == Kind::Dwarf => Ok(known),
            // The search says what is missing.
            known if name == "kernel" => {
                let id = btf::find::kernel(self.session).ok().and_then(|found| found.source.build_id);
                self.read_dwarf(Subject::Kernel, id.as_deref()).or_else(|lack| known.and(Err(lack)))
            }
            known => match modules::find(
                self.session.host,
                &self.session.target.root,
                &self.session.target.release,
                name,
            ) {
                Some(file) => self.read_module_dwarf(&file),
                None => known,
            },
        }
    }

    /// What is known about the kernel.
    pub fn kernel(&self) -> Result<Known, Lack> {
        self.kernel.get_or_init(|| self.read_kernel()).clone()
    }

    /// What is known about a module, by the name that the kernel gives it.
    pub fn module(&self, name: &str) -> Result<Known, Lack> {
        self.memoized(name, || self.read_module(name))
    }

    /// What is known about an object that is read once, under a name that no other has.
    pub(super) fn memoized(
        &self,
        name: &str,
        read: impl FnOnce() -> Result<Known, Lack>,
    ) -> Result<Known, Lack> {
        if let Some(known) = self.modules.borrow().get(name) {
            return known.clone();
        }
        let known = read();
        self.modules.borrow_mut().insert(name.to_owned(), known.clone());
        known
    }

    /// What is known about `kernel`, or about a module of that name.
    pub fn object(&self, name: &str) -> Result<Known, Lack> {
        if name == "kernel" { self.kernel() } else { self.module(name) }
    }

    /// Whether points are only listed.
    pub fn listing(&self) -> bool {
        self.session.options.listing.is_some()
    }

    /// Whether the names of points are all that is wanted of them.
    pub fn lists_names(&self) -> bool {
        matches!(self.session.options.listing, Some(Listing::Points { variables: false, .. }))
    }

    /// The symbols of `kernel`, or of a module of that name, from its own file; the error says what was lacking.
    pub fn symbols(&self, name: &str) -> Result<Rc<Symbols>, String> {
        if let Some(known) = self.symbols.borrow().get(name) {
            return known.clone();
        }
        let read = match name {
            "kernel" => Symbols::of_kernel(self.session),
            module => Symbols::of_module(self.session, module),
        };
        let symbols = read.map(Rc::new);
        self.symbols.borrow_mut().insert(name.to_owned(), symbols.clone());
        symbols
    }

    /// The answers of an object that was read.
    pub fn info(&self, id: ObjectId) -> Option<Rc<dyn DebugInfo>> {
        self.read.borrow().get(usize::from(id.0)).cloned()
    }

    /// The name of an object that was read: `kernel`, or a module's.
    pub fn name(&self, id: ObjectId) -> Option<String> {
        if let Some(Ok(known)) = self.kernel.get()
            && known.id == id
        {
            return Some("kernel".to_owned());
        }
        if let Some(Ok(section)) = self.kernel_btf.get()
            && section.id() == id
        {
            return Some("kernel".to_owned());
        }
        let modules = self.modules.borrow();
        let found = modules.iter().find(|(_, known)| known.as_ref().is_ok_and(|known| known.id == id));
        found.map(|(name, _)| modules::called(name))
    }

    /// The definition of a struct or union that is only declared where it was met.
    pub fn definition(&self, kind: TypeKind, name: Symbol) -> Result<Option<TypeId>, Broken> {
        let all = self.read.borrow().clone();
        for info in all {
            if let Some(found) = info.type_named(kind, name.as_str())?
                && !matches!(Types::ty(self, found)?, Type::Declared(..))
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The builds of all that was read, by name. What does not say is left out.
    pub fn build_ids(&self) -> Vec<BuildId> {
        let modules = self.modules.borrow();
        let modules = modules.iter().filter_map(|(name, known)| Some((name, known.as_ref().ok()?)));
        let symbols = self.symbols.borrow();
        let symbols = symbols.iter().filter_map(|(name, read)| Some((name, read.as_ref().ok()?)));
        let mut ids: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
        ids.extend(symbols.filter_map(|(name, read)| Some((&**name, read.build_id.clone()?))));
        ids.extend(
            modules.filter_map(|(name, known)| Some((&**name, known.info.source().build_id.clone()?))),
        );
        let kernel = self.kernel.get().and_then(|known| known.as_ref().ok());
        ids.extend(kernel.and_then(|known| Some(("kernel", known.info.source().build_id.clone()?))));
        ids.retain(|_, id| (1..=LONGEST_BUILD_ID).contains(&id.len()));
        ids.into_iter().map(|(module, id)| BuildId { module: modules::called(module), id }).collect()
    }

    /// A warning when what was read of the kernel is of another build than the kernel that runs under its release.
    pub fn other_build(&self) -> Option<Diagnostic> {
        let Session { host, target, options, .. } = self.session;
        let here = target.release == host.kernel_release() && !options.vm;
        let read = self.build_ids().into_iter().find(|id| id.module == "kernel")?.id;
        let runs = btf::find::running_build_id(*host).filter(|runs| here && *runs != read)?;
        let message = format!(
            "Build-id mismatch [man warning::buildid]: {} is what was read of kernel {}, {} is what runs",
            super::hex(&read),
            target.release,
            super::hex(&runs)
        );
        let diagnostic = Diagnostic::new(Code::Kernel, Severity::Warning, message);
        Some(
            diagnostic.help("boot the kernel that is installed, or give -r the release that shall be probed"),
        )
    }

    /// A warning for each object of `-d` that names nothing of the kernel's.
    pub fn without_symbols(&self) -> Vec<Diagnostic> {
        let Session { host, target, options, .. } = self.session;
        let known = |name: &str| {
            let name = if modules::is_path(name) { name.to_owned() } else { modules::canonical(name) };
            name == "kernel"
                || (!modules::called(&name).is_empty()
                    && modules::find(*host, &target.root, &target.release, &name).is_some())
        };
        let missing = options.symbols_of.iter().filter(|name| !known(name)).map(|name| {
            let message = format!("missing unwind/symbol data for module '{name}'");
            let help = "the kernel and its modules need no -d; symbols of user space are not available yet";
            Diagnostic::new(Code::Kernel, Severity::Warning, message).help(help)
        });
        missing.collect()
    }

    /// Modules on the disk.
    pub fn module_names(&self) -> Vec<String> {
        let Target { root, release, .. } = &self.session.target;
        let all = modules::all(self.session.host, root, release);
        all.into_iter().map(|(name, _)| name).collect()
    }

    /// The command that installs the kernel's headers.
    pub fn headers_remedy(&self) -> String {
        let target = &self.session.target;
        Package::headers(&target.release).remedy_in(self.session.host, &target.root)
    }

    /// The modules of the tracepoints that modules export, by the tracepoints' names.
    pub fn exported_tracepoints(&self) -> BTreeMap<String, String> {
        let dir = self.session.target.build_dir.as_deref();
        let found = dir.map(|dir| symvers::owners(self.session.host, dir, "__tracepoint_"));
        found.and_then(Result::ok).unwrap_or_default()
    }

    /// What the kernel's headers declare as tracepoints; nothing when they are not installed.
    pub fn trace_headers(&self) -> &TraceHeaders {
        self.trace_headers.get_or_init(|| {
            let read = |dir| TraceHeaders::read(self.session.host, &Cache::open(self.session), dir);
            self.session.target.build_dir.as_deref().map(read).unwrap_or_default()
        })
    }

    /// The symbols that `kernel`, or a module, exports.
    pub fn exports(&self, object: &str) -> Result<BTreeSet<String>, Lack> {
        let Some(dir) = &self.session.target.build_dir else {
            let message = "which functions are exported is not known without the kernel's headers";
            return Err(Lack::new(message, self.headers_remedy()));
        };
        symvers::exports(self.session.host, dir, &modules::called(object)).map_err(|error| {
            let message = format!("cannot read Module.symvers in {}: {error}", dir.display());
            Lack::new(message, "reinstall the kernel's headers")
        })
    }

    fn read_kernel(&self) -> Result<Known, Lack> {
        let choice = self.session.options.debuginfo;
        if choice != Debuginfo::Btf && self.session.options.btf.is_none() {
            let found = btf::find::kernel(self.session);
            let id = found.as_ref().ok().and_then(|found| found.source.build_id.clone());
            // Megabytes, which are wanted again where there is no DWARF.
            self.found_btf.replace(Some(found));
            match self.read_dwarf(Subject::Kernel, id.as_deref()) {
                Err(lack) if choice == Debuginfo::Dwarf => return Err(lack),
                Ok(known) => return Ok(known),
                Err(_) => {}
            }
        }
        let section = self.kernel_btf.get_or_init(|| self.read_kernel_btf()).clone()?;
        Ok(Known { id: section.id(), info: section })
    }

    fn read_dwarf(&self, subject: Subject<'_>, build_id: Option<&[u8]>) -> Result<Known, Lack> {
        let Session { host, target, options, layout, .. } = self.session;
        let search = Search {
            host: *host,
            target,
            subject,
            build_id,
            // Without being asked nobody wants to wait for a gigabyte that BTF can do without.
            servers: options.debuginfo == Debuginfo::Dwarf,
        };
        let file = search.run().map_err(|missing| Lack::new(missing.message, missing.helps.join("; ")))?;
        let path = file.path.clone();
        let cache = (!options.disable_cache).then_some(&*layout.cache);
        self.add(|id| {
            let dwarf = Dwarf::new(*host, cache, id, file).map_err(|broken| lack_of(&path, &broken))?;
            Ok(Rc::new(dwarf))
        })
    }

    /// Adds an object that is made for its number.
    pub(super) fn add(
        &self,
        make: impl FnOnce(ObjectId) -> Result<Rc<dyn DebugInfo>, Lack>,
    ) -> Result<Known, Lack> {
        let id = self.next_id()?;
        let info = make(id)?;
        self.read.borrow_mut().push(info.clone());
        Ok(Known { id, info })
    }

    fn read_kernel_btf(&self) -> Result<Rc<Section>, Lack> {
        let id = self.next_id()?;
        let found = self.found_btf.take().unwrap_or_else(|| btf::find::kernel(self.session))?;
        let path = found.source.path.clone();
        let section = Section::kernel(found.source, id, &found.bytes);
        let section = Rc::new(section.map_err(|broken| lack_of(&path, &broken))?);
        self.read.borrow_mut().push(section.clone());
        Ok(section)
    }

    fn read_module(&self, name: &str) -> Result<Known, Lack> {
        let choice = self.session.options.debuginfo;
        if choice != Debuginfo::Btf && self.session.options.btf.is_none() {
            let Target { root, release, .. } = &self.session.target;
            let file = modules::find(self.session.host, root, release, name);
            match file.map(|file| self.read_module_dwarf(&file)) {
                Some(Err(lack)) if choice == Debuginfo::Dwarf => return Err(lack),
                Some(Ok(known)) => return Ok(known),
                _ => {}
            }
        }
        let base = self.kernel_btf.get_or_init(|| self.read_kernel_btf()).clone()?;
        let id = self.next_id()?;
        let found = btf::find::module(self.session, name)?;
        let path = found.source.path.clone();
        let section = Section::module(found.source, id, &found.bytes, base);
        let info: Rc<dyn DebugInfo> = Rc::new(section.map_err(|broken| lack_of(&path, &broken))?);
        self.read.borrow_mut().push(info.clone());
        Ok(Known { id, info })
    }

    fn read_module_dwarf(&self, file: &Path) -> Result<Known, Lack> {
        let packed = self.session.host.read(file).unwrap_or_default();
        let bytes = unpack::unpack(&packed).ok().flatten().unwrap_or(packed);
        let elf = object::File::parse(&*bytes).ok();
        let build_id = elf.as_ref().and_then(|elf| elf.build_id().ok().flatten());
        self.read_dwarf(Subject::Module(&self.session.target.root.name_there(file)), build_id)
    }

    fn next_id(&self) -> Result<ObjectId, Lack> {
        let count = self.read.borrow().len();
        let id = u16::try_from(count).map_err(|_| Lack::new("too many modules", "probe fewer at a time"))?;
        Ok(ObjectId(id))
    }
}

impl Types for Objects<'_> {
    fn ty(&self, id: TypeId) -> Result<Type, Broken> {
        self.info(id.object).ok_or_else(|| Broken(format!("no object {}", id.object.0)))?.ty(id.number)
    }
}

fn lack_of(path: &Path, broken: &Broken) -> Lack {
    Lack::new(format!("{}: {broken}", path.display()), "get a sound file, or use --debuginfo=none")
}
