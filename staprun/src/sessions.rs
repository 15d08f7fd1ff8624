//! Modules that are loaded: which are ours, and who serves them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::Uid;

use crate::control;
use crate::name::ModuleName;

/// A module is ours when it has a control file below /proc/systemtap, which only a loaded module of ours makes,
/// and the kernel knows a module of that name.
pub fn is_ours(module: &ModuleName) -> bool {
    is_loaded(module) && control::directory(module.as_str()).join(".cmd").exists()
}

/// Whether the kernel has a module of that name, of whatever kind.
pub fn is_loaded(module: &ModuleName) -> bool {
    Path::new("/sys/module").join(module.as_str()).exists()
}

/// The user who loaded the module.
pub fn owner(module: &ModuleName) -> Option<Uid> {
    let metadata = fs::metadata(control::directory(module.as_str()).join(".cmd")).ok()?;
    Some(Uid::from_raw(metadata.uid()))
}

/// All loaded modules of ours.
pub fn all() -> Vec<ModuleName> {
    let Ok(entries) = fs::read_dir(control::ROOT) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| ModuleName::new(entry.file_name().into_string().ok()?));
    let mut modules: Vec<_> = names.filter(is_ours).collect();
    modules.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    modules
}

/// The process that has the module's control file open, as far as this user can see.
pub fn server(module: &ModuleName) -> Option<String> {
    let control = control::directory(module.as_str()).join(".cmd");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut holders = pids.filter(|pid| has_open(*pid, &control));
    let pid = holders.next()?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(format!("{} (process {pid})", name.trim_end()))
}

fn has_open(pid: u32, path: &Path) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target == path))
}
