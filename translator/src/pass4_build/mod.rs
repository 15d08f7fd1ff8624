//! Pass 4: C to module.
//!
//! A module is found in the cache, or made from the generated unit and the cold object. The first module for a kernel
//! and a set of options is built by Kbuild, which compiles both at once; the cold object and Kbuild's commands are kept
//! then. Later modules compile the unit alone, by those commands. Kbuild is the fallback whenever anything is missing
//! or fails, so nothing but time depends on the cache.

use std::io;
use std::path::{Path, PathBuf};

use crate::cache::{Cache, Key, Slot, Stamp};
use crate::diag::{Code, Diagnostic, Severity, Sink};
use crate::host::Output;
use crate::session::Session;

mod compiler;
mod gcc_log;
pub mod header;
mod kbuild;
pub mod key;
mod recipe;
mod replay;
mod sign;
mod workdir;

use compiler::Compiler;
use key::Ingredients;
pub use key::script_key;
use recipe::Recipe;
use sign::Signer;
use workdir::Cold;

/// What pass 4 gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltModule {
    /// The .ko.
    pub path: PathBuf,
    /// The module's own name.
    pub name: String,
    /// Nothing had to be built: `Pass 4: using cached …`.
    pub cached: bool,
    /// It carries a signature: renaming it would break that.
    pub signed: bool,
    /// What else the user should know, for standard error.
    pub notes: Vec<String>,
}

/// The C text that pass 3 wrote for this program before, and its place: `Pass 3: using cached …`.
pub fn cached_c(session: &Session<'_>, key: Key) -> Option<(PathBuf, Vec<u8>)> {
    Cache::open(session).get(c_slot(key), &Stamp::new())
}

/// Keeps the C text of a program. A cache that refuses is a warning.
pub fn store_c(session: &Session<'_>, key: Key, c_source: &[u8], sink: &Sink) {
    let cache = Cache::open(session);
    if let Err(error) = cache.put(c_slot(key), &Stamp::new(), c_source) {
        sink.push(cache.warning(&error));
    }
}

/// Builds the module of a C text, or finds it.
pub fn build(session: &Session<'_>, c_source: &[u8], sink: &Sink) -> Result<BuiltModule, Box<Diagnostic>> {
    let build_dir = session.target.headers(session.host)?;
    let compiler = Compiler::find(session.host, &session.target.config)?;
    let ingredients = Ingredients::collect(session, build_dir, &compiler)?;
    let key = ingredients.module_key(session, c_source);
    let name = session.options.module_name.clone().unwrap_or_else(|| format!("stap_{key}"));
    let cache = Cache::open(session);
    let builder = Builder { session, build_dir, compiler, ingredients, cache, sink, name };
    let signer = session.options.sign.as_ref().map(|signing| Signer::find(session, signing)).transpose()?;
    builder.deliver(key, c_source, signer)
}

fn c_slot(key: Key) -> Slot<'static> {
    Slot { prefix: "stap_", key, suffix: ".c" }
}

/// Everything that a build looks at.
struct Builder<'s, 'h> {
    session: &'s Session<'h>,
    build_dir: &'s Path,
    compiler: Compiler,
    ingredients: Ingredients,
    cache: Cache<'h>,
    sink: &'s Sink,
    name: String,
}

/// A finished .ko and where it lies.
struct Ko {
    path: PathBuf,
    bytes: Vec<u8>,
    cached: bool,
}

impl Builder<'_, '_> {
    fn deliver(
        &self,
        key: Key,
        c_source: &[u8],
        signer: Option<Signer>,
    ) -> Result<BuiltModule, Box<Diagnostic>> {
        let ko = match &signer {
            Some(signer) => self.signed(key, c_source, signer)?,
            None => self.plain(key, c_source)?,
        };
        let path = match self.wanted_here(&ko) {
            true => self.copy_here(&ko)?,
            false => ko.path,
        };
        let notes = signer.iter().filter_map(|signer| signer.note.clone()).collect();
        Ok(BuiltModule { path, name: self.name.clone(), cached: ko.cached, signed: signer.is_some(), notes })
    }

    /// A module with a name of the user's choice goes where the user is; so does one that has no other place to stay.
    fn wanted_here(&self, ko: &Ko) -> bool {
        let options = &self.session.options;
        options.module_name.is_some() || (options.last_pass == 4 && ko.path.starts_with(&self.session.tmpdir))
    }

    fn copy_here(&self, ko: &Ko) -> Result<PathBuf, Box<Diagnostic>> {
        let here = self.session.host.canonicalize(Path::new(".")).unwrap_or_else(|_| PathBuf::from("."));
        let path = here.join(format!("{}.ko", self.name));
        self.session.host.write(&path, &ko.bytes).map_err(|error| unusable(&path, &error))?;
        Ok(path)
    }

    fn signed(&self, key: Key, c_source: &[u8], signer: &Signer) -> Result<Ko, Box<Diagnostic>> {
        let suffix = format!("_{}.ko", &signer.id.to_string()[..8]);
        let slot = Slot { prefix: "stap_", key, suffix: &suffix };
        if let Some((path, bytes)) = self.cache.get(slot, &self.ingredients.stamp) {
            return Ok(Ko { path, bytes, cached: true });
        }
        let plain = self.plain(key, c_source)?;
        let path = self.session.tmpdir.join(format!("{}.signed.ko", self.name));
        signer.sign(self.session, &plain.path, &path)?;
        self.store(slot, path, false)
    }

    fn plain(&self, key: Key, c_source: &[u8]) -> Result<Ko, Box<Diagnostic>> {
        let slot = Slot { prefix: "stap_", key, suffix: ".ko" };
        if let Some((path, bytes)) = self.cache.get(slot, &self.ingredients.stamp) {
            return Ok(Ko { path, bytes, cached: true });
        }
        if let Some(warning) = self.compiler.doubt(self.session.host) {
            self.sink.push(warning);
        }
        let output = self.make(c_source)?;
        for warning in gcc_log::warnings(self.session, &output.stderr) {
            self.sink.push(warning);
        }
        self.store(slot, self.session.tmpdir.join(format!("{}.ko", self.name)), false)
    }

    /// Puts a file of the run's directory into the cache; it stays where it is if the cache takes nothing.
    fn store(&self, slot: Slot<'_>, made: PathBuf, cached: bool) -> Result<Ko, Box<Diagnostic>> {
        let bytes = self.session.host.read(&made).map_err(|error| unusable(&made, &error))?;
        let path = self.keep(slot, &bytes).unwrap_or(made);
        Ok(Ko { path, bytes, cached })
    }

    fn keep(&self, slot: Slot<'_>, bytes: &[u8]) -> Option<PathBuf> {
        self.cache.put(slot, &self.ingredients.stamp, bytes).unwrap_or_else(|error| {
            self.sink.push(self.cache.warning(&error));
            None
        })
    }

    /// Leaves NAME.ko in the run's directory.
    fn make(&self, c_source: &[u8]) -> Result<Output, Box<Diagnostic>> {
        let (session, dir) = (self.session, &self.session.tmpdir);
        let cold = self.cache.get(self.cold_slot(), &self.ingredients.stamp).map(|(_, bytes)| bytes);
        let recipe = self.cache.get(self.recipe_slot(), &self.ingredients.stamp);
        let recipe = recipe.and_then(|(_, bytes)| Recipe::from_bytes(&bytes));
        workdir::fill(session, &self.name, c_source, cold.as_deref().map_or(Cold::Compile, Cold::Ready))?;
        if let (Some(_), Some(recipe), false) = (&cold, &recipe, exports(c_source))
            && let Some(output) = replay::run(session.host, recipe, self.build_dir, dir, &self.name)
        {
            return Ok(output);
        }
        let output = kbuild::make(session.host, self.build_dir, dir, &self.compiler, "modules")?;
        self.log(&output);
        if output.code != 0 {
            return Err(Box::new(gcc_log::error(session, output.code, &output.stderr)));
        }
        self.learn(&output, cold.is_none(), recipe.is_none());
        Ok(output)
    }

    /// Keeps what the next build can use of this one.
    fn learn(&self, output: &Output, cold: bool, recipe: bool) {
        let (host, dir) = (self.session.host, &self.session.tmpdir);
        if cold && let Ok(object) = host.read(&dir.join("cold.o")) {
            self.keep(self.cold_slot(), &object);
        }
        let options = &self.session.options;
        let own_names = options.module_name.is_none() && options.tmpdir.is_none();
        if recipe
            && own_names
            && let Some(recipe) = Recipe::record(host, dir, &self.name, &output.stdout)
        {
            self.keep(self.recipe_slot(), &recipe.to_bytes());
        }
    }

    fn log(&self, output: &Output) {
        if self.session.options.keep_tmpdir {
            let text = [&output.stdout[..], &output.stderr].concat();
            // The log is for reading; a build does not fail for want of it.
            let _ = self.session.host.write(&self.session.tmpdir.join("build.log"), &text);
        }
    }

    fn cold_slot(&self) -> Slot<'static> {
        Slot { prefix: "cold_", key: self.ingredients.cold, suffix: ".o" }
    }

    fn recipe_slot(&self) -> Slot<'static> {
        Slot { prefix: "recipe_", key: self.ingredients.commands, suffix: ".txt" }
    }
}

/// Exported symbols need steps that a recipe leaves out.
fn exports(c_source: &[u8]) -> bool {
    c_source.windows(13).any(|window| window == b"EXPORT_SYMBOL")
}

fn unusable(path: &Path, error: &io::Error) -> Box<Diagnostic> {
    let message = format!("cannot use {}: {error}", path.display());
    Box::new(Diagnostic::new(Code::Build, Severity::Error, message))
}
