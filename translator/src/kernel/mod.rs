//! Facts about the kernel that is probed, from the kernel itself.

use std::path::PathBuf;

pub mod config;
pub mod release;
pub mod tree;

pub use config::Config;

/// The kernel that is probed, and where its build tree lies.
#[derive(Clone, Debug)]
pub struct Target {
    /// The release, as uname -r prints it there.
    pub release: String,
    /// Kernel architecture name (`x86_64`).
    pub arch: String,
    /// The build directory that Kbuild is run in; `None` when headers are not installed (passes 1 to 3 work).
    pub build_dir: Option<PathBuf>,
    /// Its .config; empty when there is none.
    pub config: Config,
}
