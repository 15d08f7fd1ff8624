//! What every pass may look at and none changes: options, target kernel, host, sources.

use std::path::PathBuf;

use crate::cli::options::Options;
use crate::host::Host;
use crate::kernel::Target;
use crate::source::SourceMap;

/// Where the parts of the program lie, in the build tree or installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The tapset library.
    pub tapset: PathBuf,
    /// runtime-c.
    pub runtime: PathBuf,
    /// kmod-templates.
    pub templates: PathBuf,
    /// The staprun program.
    pub staprun: PathBuf,
    /// The stapio program.
    pub stapio: PathBuf,
    /// Cache of generated C, modules, indexes and kernel facts.
    pub cache: PathBuf,
}

/// One run of stap.
pub struct Session<'h> {
    /// Checked options.
    pub options: Options,
    /// The kernel that is probed.
    pub target: Target,
    /// The machine that stap runs on.
    pub host: &'h dyn Host,
    /// All files read, with their places.
    pub sources: SourceMap,
    /// Where the parts of the program lie.
    pub layout: Layout,
}
