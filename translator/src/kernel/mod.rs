//! Facts about the kernel that is probed, from the kernel itself.

use std::path::{Path, PathBuf};

use crate::diag::{Code, Diagnostic, Severity};
use crate::host::Host;

pub mod config;
pub mod image;
pub mod modules;
pub mod package;
pub mod release;
pub mod symbols;
pub mod symvers;
pub mod sysroot;
pub mod trace_headers;
pub mod tree;
pub mod unpack;

pub use config::Config;
pub use package::Package;
pub use sysroot::Sysroot;

/// The kernel that is probed, and where its build tree lies.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// The release, as uname -r prints it there.
    pub release: String,
    /// Kernel architecture name (`x86_64`).
    pub arch: String,
    /// The build directory that Kbuild is run in; `None` when headers are not installed (passes 1 to 3 work).
    pub build_dir: Option<PathBuf>,
    /// Its .config; empty when there is none.
    pub config: Config,
    /// Where its files lie.
    pub root: Sysroot,
}

impl Target {
    /// Finds the kernel that `-r` names, a release below `root` or a build directory anywhere. Without `-r` it is the
    /// running kernel, or the only one below a `--sysroot`.
    pub fn find(host: &dyn Host, root: Sysroot, release: Option<&str>) -> Result<Target, Box<Diagnostic>> {
        match release {
            None if root.is_host() => Ok(Target::of_release(host, root, host.kernel_release())),
            None => match &tree::installed(host, &root)[..] {
                [only] => Ok(Target::of_release(host, root, only.clone())),
                _ => {
                    let message = format!("which kernel of {} is meant?", root.path().display());
                    let diagnostic = Diagnostic::new(Code::Kernel, Severity::Error, message);
                    Err(Box::new(diagnostic.help(installed_line(host, &root))))
                }
            },
            Some(dir) if dir.starts_with('/') => Target::of_directory(host, root, Path::new(dir)),
            Some(release) => {
                let known = (root.is_host() && release == host.kernel_release())
                    || host.is_dir(&root.at("/lib/modules").join(release));
                let target = Target::of_release(host, root, release.to_owned());
                if !is_release(release) || (!known && target.build_dir.is_none()) {
                    return Err(Box::new(unknown_release(host, &target.root, release)));
                }
                Ok(target)
            }
        }
    }

    /// The kernel of a guest that nobody chose: the running one, or the newest with image and headers when the running
    /// one has no headers, as in a container.
    pub fn for_guest(host: &dyn Host) -> Target {
        let of_release = |release| Target::of_release(host, Sysroot::default(), release);
        let running = of_release(host.kernel_release());
        if running.build_dir.is_some() {
            return running;
        }
        let boots = |release: &String| {
            let images = [format!("/boot/vmlinuz-{release}"), format!("/lib/modules/{release}/vmlinuz")];
            images.iter().any(|image| host.stat(Path::new(image)).is_ok())
        };
        let newest = tree::installed(host, &running.root).into_iter().rfind(boots);
        newest.map_or(running, of_release)
    }

    /// The directory to build modules in, or how to install it.
    pub fn headers(&self, host: &dyn Host) -> Result<&Path, Box<Diagnostic>> {
        self.build_dir.as_deref().ok_or_else(|| {
            let message = format!("the headers of kernel {} are not installed", self.release);
            let diagnostic = Diagnostic::new(Code::Kernel, Severity::Error, message);
            let diagnostic = diagnostic.help(Package::headers(&self.release).remedy_in(host, &self.root));
            Box::new(diagnostic.help(installed_line(host, &self.root)))
        })
    }

    /// Whether it is the kernel that runs here.
    pub fn is_running(&self, host: &dyn Host) -> bool {
        self.root.is_host() && self.release == host.kernel_release()
    }

    fn of_release(host: &dyn Host, root: Sysroot, release: String) -> Target {
        let build_dir = tree::find(host, &root, &release);
        Target::new(host, root, release, build_dir)
    }

    fn of_directory(host: &dyn Host, root: Sysroot, dir: &Path) -> Result<Target, Box<Diagnostic>> {
        let refuse = |why: &str| {
            let message = format!("{} is not the build directory of a kernel: {why}", dir.display());
            Diagnostic::new(Code::Kernel, Severity::Error, message)
        };
        if !tree::is_build_dir(host, dir) {
            let help = "give -r a configured and built kernel tree, or a release: -r 6.1.0-56-amd64";
            return Err(Box::new(refuse("no .config and Makefile in it").help(help)));
        }
        let release = tree::release_of(host, dir).ok_or_else(|| {
            refuse("include/config/kernel.release is missing").help("build the kernel there first")
        })?;
        Ok(Target::new(host, root, release, Some(dir.to_owned())))
    }

    fn new(host: &dyn Host, root: Sysroot, release: String, build_dir: Option<PathBuf>) -> Target {
        let own = build_dir.as_ref().map(|dir| dir.join(".config"));
        let boot = root.at(format!("/boot/config-{release}"));
        let text = own.into_iter().chain([boot]).find_map(|path| host.read(&path).ok()).unwrap_or_default();
        let config = Config::new(&String::from_utf8_lossy(&text));
        Target { arch: architecture(host, &config), release, build_dir, config, root }
    }
}

/// Releases come into paths: no separators, nothing hidden.
fn is_release(text: &str) -> bool {
    !text.starts_with('.') && !text.is_empty() && !text.contains(['/', '\0'])
}

fn unknown_release(host: &dyn Host, root: &Sysroot, release: &str) -> Diagnostic {
    let message = format!("kernel {release:?} is not installed, nor are its headers");
    let diagnostic = Diagnostic::new(Code::Kernel, Severity::Error, message).help(installed_line(host, root));
    match is_release(release) {
        true => diagnostic.help(Package::headers(release).remedy_in(host, root)),
        false => diagnostic,
    }
}

fn installed_line(host: &dyn Host, root: &Sysroot) -> String {
    let place = match root.is_host() {
        true => "on this machine".to_owned(),
        false => format!("below {}", root.path().display()),
    };
    match &tree::installed(host, root)[..] {
        [] => format!("no kernel {place} has its headers installed"),
        releases => format!("kernels with headers {place}: {} (choose one with -r)", releases.join(", ")),
    }
}

/// The kernel's own name of the architecture, from the configuration where there is one: -r may name a kernel of
/// another machine.
fn architecture(host: &dyn Host, config: &Config) -> String {
    const BY_OPTION: [(&str, &str); 6] = [
        ("CONFIG_X86_64", "x86_64"),
        ("CONFIG_X86_32", "i386"),
        ("CONFIG_ARM64", "arm64"),
        ("CONFIG_S390", "s390"),
        ("CONFIG_PPC", "powerpc"),
        ("CONFIG_RISCV", "riscv"),
    ];
    if let Some((_, name)) = BY_OPTION.iter().find(|(option, _)| config.is_set(option)) {
        return (*name).to_owned();
    }
    let machine = host.machine();
    match machine.as_str() {
        "i486" | "i586" | "i686" => "i386".to_owned(),
        "aarch64" => "arm64".to_owned(),
        "s390x" => "s390".to_owned(),
        "ppc" | "ppc64" | "ppc64le" => "powerpc".to_owned(),
        "riscv64" => "riscv".to_owned(),
        _ => machine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::memory::MemoryHost;

    fn with_headers(host: MemoryHost, dir: &str, release: &str) -> MemoryHost {
        host.file(&format!("{dir}/.config"), "CONFIG_X86_64=y\nCONFIG_HZ=250\n")
            .file(&format!("{dir}/Makefile"), "")
            .file(&format!("{dir}/include/config/kernel.release"), format!("{release}\n"))
    }

    fn machine() -> MemoryHost {
        let host = MemoryHost::new().running("5.5-none").file("/etc/os-release", "ID=debian\n");
        let host = with_headers(host, "/lib/modules/6.1.0-2-amd64/build", "6.1.0-2-amd64");
        with_headers(host, "/usr/src/kernels/6.12.0-1.el10", "6.12.0-1.el10")
    }

    #[test]
    fn releases_directories_and_the_running_kernel() {
        let host = machine();
        let target = Target::find(&host, Sysroot::default(), Some("6.12.0-1.el10")).expect("found");
        assert_eq!(target.build_dir.as_deref(), Some(Path::new("/usr/src/kernels/6.12.0-1.el10")));
        assert_eq!(target.config.get("CONFIG_HZ"), Some("250"));
        assert_eq!(target.arch, "x86_64");
        let target =
            Target::find(&host, Sysroot::default(), Some("/lib/modules/6.1.0-2-amd64/build")).expect("found");
        assert_eq!(target.release, "6.1.0-2-amd64");
        let target = Target::find(&host, Sysroot::default(), None)
            .expect("the running kernel needs no headers before pass 4");
        let error = target.headers(&host).expect_err("no headers");
        assert_eq!(error.code, Code::Kernel);
        assert_eq!(error.helps[0], "apt-get install linux-headers-5.5-none");
        assert!(error.helps[1].contains("6.1.0-2-amd64, 6.12.0-1.el10"), "{:?}", error.helps);
    }

    #[test]
    fn a_guest_has_a_kernel_that_boots() {
        assert_eq!(Target::for_guest(&machine()).release, "5.5-none");
        let host = machine().file("/boot/vmlinuz-6.1.0-2-amd64", "");
        assert_eq!(Target::for_guest(&host).release, "6.1.0-2-amd64");
        let host = host.file("/lib/modules/6.12.0-1.el10/vmlinuz", "");
        assert_eq!(Target::for_guest(&host).release, "6.12.0-1.el10");
        assert_eq!(Target::for_guest(&host.running("6.1.0-2-amd64")).release, "6.1.0-2-amd64");
    }

    #[test]
    fn unknown_kernels_are_refused_with_what_there_is() {
        let host = machine();
        for release in ["9.9", "", "..", "../../etc", "a/b"] {
            let error = Target::find(&host, Sysroot::default(), Some(release)).expect_err(release);
            assert_eq!(error.code, Code::Kernel);
            assert!(error.helps[0].contains("6.1.0-2-amd64"), "{release}: {:?}", error.helps);
        }
        let error = Target::find(&host, Sysroot::default(), Some("/etc")).expect_err("no tree");
        assert!(error.message.contains("/etc is not the build directory"));
        let error =
            Target::find(&MemoryHost::new(), Sysroot::default(), Some("9.9")).expect_err("nothing at all");
        assert!(error.helps[0].contains("no kernel on this machine"));
    }
}
