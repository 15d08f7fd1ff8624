//! From a path that the user gave to bytes that nobody can change any more.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, openat};
use nix::libc;
use nix::sys::stat::Mode;
use nix::unistd::{Uid, seteuid};

use crate::error::{Error, Result};
use crate::privilege::Privilege;
use crate::self_check::Identity;

/// No generated module comes near this.
const SIZE_MAX: u64 = 256 << 20;
/// Write permission of the group or of all.
const OTHERS_WRITE: u32 = 0o022;

/// A module's bytes, read once from a file that was checked after it was opened.
pub struct OpenedModule {
    /// Where it came from; for messages only, never opened again.
    pub path: PathBuf,
    /// The whole file.
    pub bytes: Vec<u8>,
}

impl OpenedModule {
    /// Opens, checks and reads.  `release` is the running kernel's.
    pub fn read(module: &OsStr, release: &str, privilege: Privilege, user: &Identity) -> Result<Self> {
        let blessed = Path::new("/lib/modules").join(release).join("systemtap");
        let (path, file) = match privilege {
            Privilege::Any => open_any(module, &blessed, user)?,
            Privilege::Blessed => open_blessed(module, &blessed, Uid::from_raw(0))?,
        };
        let bytes = read_all(&path, file)?;
        Ok(Self { path, bytes })
    }
}

/// For those who may load anything: with the user's own rights, so that nobody reads files through staprun.
fn open_any(module: &OsStr, blessed: &Path, user: &Identity) -> Result<(PathBuf, File)> {
    let given = Path::new(module);
    let candidates = if module.as_encoded_bytes().contains(&b'/') {
        vec![given.to_owned()]
    } else {
        vec![given.to_owned(), blessed.join(with_extension(given))]
    };
    let drop_rights = |uid| {
        seteuid(uid).map_err(|error| Error::refused(format!("cannot change the effective user: {error}")))
    };
    drop_rights(user.user)?;
    let opened = first_that_opens(&candidates);
    drop_rights(user.effective)?;
    opened.map_err(|error| not_found(module, blessed, &error))
}

fn first_that_opens(candidates: &[PathBuf]) -> std::io::Result<(PathBuf, File)> {
    let mut error = std::io::Error::from_raw_os_error(libc::ENOENT);
    for path in candidates {
        // A FIFO or a device must not keep us waiting; what it is is checked next.
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
        match File::options().read(true).custom_flags(flags).open(path) {
            Ok(file) => return Ok((path.clone(), file)),
            Err(other) if other.kind() == std::io::ErrorKind::NotFound => {}
            Err(other) => error = other,
        }
    }
    Err(error)
}

/// For members of stapusr: a file directly in the blessed folder, both of them root's.  Everything is checked on
/// descriptors, so that nothing can be swapped between check and use.
fn open_blessed(module: &OsStr, blessed: &Path, root: Uid) -> Result<(PathBuf, File)> {
    let given = Path::new(module);
    let outside = || {
        Error::refused(format!("Unable to verify the signature for the module {}.", given.display()))
            .help(format!("members of stapusr may load the modules in {} only", blessed.display()))
    };
    let name = given.file_name().ok_or_else(outside)?;
    let parent = given.parent().unwrap_or(Path::new(""));
    if parent != Path::new("") && parent != blessed {
        return Err(outside());
    }
    let name = with_extension(Path::new(name));
    let path = blessed.join(&name);
    let folder = File::options()
        .read(true)
        .custom_flags(libc::O_DIRECTORY | libc::O_CLOEXEC)
        .open(blessed)
        .map_err(|error| not_found(module, blessed, &error))?;
    check_owner(blessed, &folder, root)?;
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let file = openat(&folder, &name, flags, Mode::empty())
        .map_err(|error| not_found(module, blessed, &error.into()))?;
    let file = File::from(file);
    check_owner(&path, &file, root)?;
    Ok((path, file))
}

fn with_extension(name: &Path) -> PathBuf {
    if name.extension().is_some_and(|extension| extension == "ko") {
        name.to_owned()
    } else {
        let mut name = name.as_os_str().to_owned();
        name.push(".ko");
        name.into()
    }
}

fn check_owner(path: &Path, file: &File, root: Uid) -> Result<()> {
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    if metadata.uid() != root.as_raw() {
        return Err(Error::refused(format!("{} does not belong to root", path.display())));
    }
    if metadata.mode() & OTHERS_WRITE != 0 {
        return Err(Error::refused(format!("{} can be written by others than root", path.display()))
            .help("chmod go-w on it, after making sure of what it holds"));
    }
    Ok(())
}

fn read_all(path: &Path, file: File) -> Result<Vec<u8>> {
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(Error::refused(format!("{} is not a regular file", path.display())));
    }
    let too_large = || Error::refused(format!("{} is larger than {SIZE_MAX} bytes", path.display()));
    if metadata.len() > SIZE_MAX {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // The file may grow while it is read.
    let read = file.take(SIZE_MAX + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if read as u64 > SIZE_MAX { Err(too_large()) } else { Ok(bytes) }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::refused(format!("cannot read {}: {error}", path.display()))
}

fn not_found(module: &OsStr, blessed: &Path, error: &std::io::Error) -> Error {
    let refused = Error::refused(format!("cannot open module \"{}\": {error}", module.display()));
    if error.kind() == std::io::ErrorKind::NotFound && !module.as_encoded_bytes().contains(&b'/') {
        return refused.help(format!("it is neither here nor in {}", blessed.display()));
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn own() -> Uid {
        Uid::current()
    }

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(dir.path().join("m.ko"), b"module").unwrap();
        std::fs::set_permissions(dir.path().join("m.ko"), std::fs::Permissions::from_mode(0o644)).unwrap();
        dir
    }

    fn refusal(module: impl AsRef<OsStr>, dir: &Path) -> String {
        open_blessed(module.as_ref(), dir, own()).err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn a_blessed_module_opens_by_name_and_by_path() {
        let dir = folder();
        for module in [OsStr::new("m"), OsStr::new("m.ko"), dir.path().join("m.ko").as_os_str()] {
            let (path, file) = open_blessed(module, dir.path(), own()).unwrap();
            assert_eq!(path, dir.path().join("m.ko"));
            assert_eq!(read_all(&path, file).unwrap(), b"module");
        }
    }

    #[test]
    fn nothing_outside_the_blessed_folder_opens() {
        let dir = folder();
        let link = dir.path().join("link.ko");
        symlink("/etc/passwd", &link).unwrap();
        for module in ["/tmp/m.ko", "../m.ko", "x/../m.ko", "./x/m.ko", ".."] {
            assert!(refusal(module, dir.path()).contains("Unable to verify the signature"), "{module}");
        }
        assert!(refusal("link", dir.path()).contains("cannot open"));
        assert!(refusal("absent", dir.path()).contains("neither here nor in"));
    }

    #[test]
    fn owners_and_modes_are_checked() {
        let dir = folder();
        let other = Uid::from_raw(own().as_raw() + 1);
        let error = open_blessed(OsStr::new("m"), dir.path(), other).unwrap_err();
        assert!(error.to_string().contains("does not belong to root"));
        let writable = std::fs::Permissions::from_mode(0o664);
        std::fs::set_permissions(dir.path().join("m.ko"), writable).unwrap();
        assert!(refusal("m", dir.path()).contains("can be written by others"));
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(refusal("m", dir.path()).contains("can be written by others"));
    }

    #[test]
    fn only_regular_files_are_read() {
        let dir = folder();
        let fifo = dir.path().join("fifo.ko");
        nix::unistd::mkfifo(&fifo, Mode::S_IRUSR).unwrap();
        for path in [fifo.as_path(), dir.path(), Path::new("/dev/zero")] {
            let module = OpenedModule::read(path.as_os_str(), "none", Privilege::Any, &Identity::current());
            let error = module.err().unwrap().to_string();
            assert!(error.contains("is not a regular file"), "{error}");
        }
    }

    #[test]
    fn a_huge_file_is_not_read() {
        let dir = folder();
        let path = dir.path().join("huge.ko");
        File::create(&path).unwrap().set_len(SIZE_MAX + 1).unwrap();
        let file = File::open(&path).unwrap();
        assert!(read_all(&path, file).unwrap_err().to_string().contains("larger than"));
    }
}
