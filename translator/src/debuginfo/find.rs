//! Finding debuginfo: what lies on the disk, then what a debuginfod server has.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::elf::{DebugFile, Unfit};
use super::places::{Places, Subject};
use crate::diag::{Code, Diagnostic, Severity};
use crate::host::{Command, Host};
use crate::kernel::package::{self, Distro};
use crate::kernel::{Package, Sysroot, Target, unpack};

/// A search for the debuginfo of one object.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// The machine.
    pub host: &'a dyn Host,
    /// The kernel that is probed.
    pub target: &'a Target,
    /// What is wanted.
    pub subject: Subject<'a>,
    /// The build id of what is probed, when it is known.
    pub build_id: Option<&'a [u8]>,
    /// Whether servers are asked for what the disk does not have.
    pub servers: bool,
}

impl Search<'_> {
    /// The debuginfo of that very build, or what to do to get it.
    pub fn run(&self) -> Result<DebugFile, Box<Diagnostic>> {
        let mut rejected = Vec::new();
        let candidates = self.on_disk().into_iter().chain(std::iter::once_with(|| self.fetched()).flatten());
        for path in candidates {
            let Ok(bytes) = self.host.map(&path) else { continue };
            match DebugFile::new(&path, bytes, self.build_id) {
                Ok(file) => return Ok(file),
                Err(why) => rejected.push((path, why)),
            }
        }
        Err(Box::new(self.missing(&rejected)))
    }

    fn on_disk(&self) -> Vec<PathBuf> {
        let places = Places::new(self.host.env("SYSTEMTAP_DEBUGINFO_PATH"));
        let link = self.debug_link();
        let mut paths: Vec<PathBuf> = Vec::new();
        if let (Subject::Kernel, Some(tree)) = (self.subject, &self.target.build_dir) {
            // A tree given to -r is the kernel's own; an installed release's has none, and the look is cheap.
            paths.push(tree.join("vmlinux"));
        }
        let usual = places.candidates(&self.target.release, self.subject, self.build_id, link.as_deref());
        paths.extend(usual.into_iter().map(|path| self.target.root.at(path)));
        paths.retain(|path| self.host.is_file(path));
        paths
    }

    /// The name that a stripped module gives the file with its debuginfo.
    fn debug_link(&self) -> Option<PathBuf> {
        use object::Object;
        let Subject::Module(path) = self.subject else { return None };
        let packed = self.host.read(&self.target.root.at(path)).ok()?;
        let bytes = unpack::unpack(&packed).ok()?.unwrap_or(packed);
        let (name, _) = object::File::parse(&*bytes).ok()?.gnu_debuglink().ok()??;
        // A name, no path: it comes from the file.
        Path::new(OsStr::from_bytes(name)).file_name().map(PathBuf::from)
    }

    /// What debuginfod-find fetched. It is elfutils' own client: it knows the servers' list, time-outs and the cache that
    /// gdb and others share, all of which a plain download would have to do again.
    fn fetched(&self) -> Option<PathBuf> {
        let servers = self.host.env("DEBUGINFOD_URLS").filter(|urls| !urls.is_empty());
        let (Some(id), Some(_), true) = (self.build_id, servers, self.servers) else { return None };
        let argv = ["debuginfod-find", "debuginfo", &super::hex(id)].map(OsString::from).to_vec();
        let output = self.host.run(&Command { argv, ..Command::default() }).ok()?;
        let path = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout);
        (output.code == 0 && !path.is_empty()).then(|| OsStr::from_bytes(path).into())
    }

    fn missing(&self, rejected: &[(PathBuf, Unfit)]) -> Diagnostic {
        let Target { arch, release, build_dir, root, .. } = self.target;
        let tree = build_dir.clone().unwrap_or_else(|| root.at(format!("/lib/modules/{release}/build")));
        let message = format!(
            "missing {arch} kernel/module debuginfo [man warning::debuginfo] under '{}'",
            tree.display()
        );
        let mut diagnostic = Diagnostic::new(Code::Kernel, Severity::Error, message);
        for (path, why) in rejected {
            // Most machines have the stripped file itself among the candidates.
            if *why != Unfit::Stripped {
                diagnostic = diagnostic.help(format!("{} is there, but {why}", path.display()));
            }
        }
        diagnostic = diagnostic.help(remedy(self.host, root, release));
        match self.host.env("DEBUGINFOD_URLS") {
            Some(urls) if !urls.is_empty() => diagnostic.help(
                "no server of DEBUGINFOD_URLS gave it; `debuginfod-find` (package debuginfod, or \
                                 elfutils-debuginfod-client) must be installed to ask them",
            ),
            _ => diagnostic,
        }
    }
}

/// The command that installs a kernel's debuginfo.
pub fn remedy(host: &dyn Host, root: &Sysroot, release: &str) -> String {
    let package = Package {
        debian: format!("linux-image-{release}-dbg"),
        red_hat: format!("kernel-debuginfo-{release}"),
        suse: "kernel-default-debuginfo".to_owned(),
    };
    match Distro::of(host, root) {
        // It switches the repository on that debuginfo is in.
        Distro::RedHat => package::in_root(root, &format!("dnf debuginfo-install kernel-{release}")),
        _ => package.remedy_in(host, root),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debuginfo::tests::fixture;
    use crate::host::Output;
    use crate::host::memory::MemoryHost;

    const ID: &[u8] = &[0xab, 0xcd, 0xef, 0x01];
    const RHEL: &str = "5.14.0-503.el9.x86_64";

    fn search(host: &MemoryHost, release: &str, sysroot: &str) -> Result<PathBuf, Box<Diagnostic>> {
        wanted(host, release, sysroot, Subject::Kernel, Some(ID))
    }

    fn wanted(
        host: &MemoryHost,
        release: &str,
        sysroot: &str,
        subject: Subject<'_>,
        build_id: Option<&[u8]>,
    ) -> Result<PathBuf, Box<Diagnostic>> {
        let root = Sysroot::new(sysroot.into());
        let target =
            Target { release: release.to_owned(), arch: "x86_64".to_owned(), root, ..Target::default() };
        let search = Search { host, target: &target, subject, build_id, servers: true };
        search.run().map(|file| file.path)
    }

    #[test]
    fn kernels_of_both_families_and_below_a_sysroot() {
        let vmlinux = fixture::program(&[]);
        for (release, path) in [
            ("6.1.0-1-amd64", "/usr/lib/debug/boot/vmlinux-6.1.0-1-amd64"),
            ("6.1.0-1-amd64", "/lib/modules/6.1.0-1-amd64/build/vmlinux"),
            (RHEL, "/usr/lib/debug/lib/modules/5.14.0-503.el9.x86_64/vmlinux"),
            (RHEL, "/usr/lib/debug/.build-id/ab/cdef01.debug"),
        ] {
            let host = MemoryHost::new().file(path, &vmlinux);
            assert_eq!(search(&host, release, "/").expect(path), Path::new(path));
            let host = MemoryHost::new().file(&format!("/sys/root{path}"), &vmlinux);
            assert_eq!(
                search(&host, release, "/sys/root").expect(path),
                Path::new("/sys/root").join(&path[1..])
            );
            assert!(search(&host, release, "/").is_err());
        }
    }

    #[test]
    fn another_build_and_a_stripped_file_are_passed_over() {
        let good = "/boot/vmlinux-6.1";
        let host = MemoryHost::new()
            .file("/usr/lib/debug/boot/vmlinux-6.1", fixture::program(&["-Wl,--build-id=0x77"]))
            .file("/lib/modules/6.1/vmlinux", fixture::program(&["-s"]))
            .file("/usr/lib/debug/lib/modules/6.1/vmlinux", "no ELF file")
            .file("/etc/os-release", "ID=debian\n");
        let error = search(&host, "6.1", "/").expect_err("none fits");
        assert!(error.message.starts_with("missing x86_64 kernel/module debuginfo [man warning::debuginfo]"));
        let helps = error.helps.join("\n");
        assert!(helps.contains("its build id is 77, that of the kernel or module is abcdef01"), "{helps}");
        assert!(helps.contains("/usr/lib/debug/lib/modules/6.1/vmlinux is there, but"), "{helps}");
        assert!(!helps.contains("/lib/modules/6.1/vmlinux is there, but it has no debug"), "{helps}");
        assert!(helps.ends_with("apt-get install linux-image-6.1-dbg"), "{helps}");
        let host = host.file(good, fixture::program(&[]));
        assert_eq!(search(&host, "6.1", "/").expect("the last one fits"), Path::new(good));
    }

    #[test]
    fn the_advice_is_the_distributions() {
        let host = MemoryHost::new().file("/etc/os-release", "ID=\"rocky\"\nID_LIKE=\"rhel fedora\"\n");
        let error = search(&host, RHEL, "/").expect_err("nothing there");
        assert_eq!(error.helps, ["dnf debuginfo-install kernel-5.14.0-503.el9.x86_64"]);
        let host = MemoryHost::new().file("/srv/el9/etc/os-release", "ID=rhel\n");
        let error = search(&host, RHEL, "/srv/el9").expect_err("nothing there");
        assert_eq!(error.helps, ["chroot /srv/el9 dnf debuginfo-install kernel-5.14.0-503.el9.x86_64"]);
    }

    #[test]
    fn modules_by_their_path_link_and_compression() {
        let module = Path::new("/lib/modules/6.1/kernel/fs/x.ko.xz");
        let debug = fixture::relocatable(&[]);
        let find = |host: &MemoryHost| wanted(host, "6.1", "/", Subject::Module(module), Some(ID));
        for path in [
            "/usr/lib/debug/lib/modules/6.1/kernel/fs/x.ko",
            "/usr/lib/debug/usr/lib/modules/6.1/kernel/fs/x.ko.debug",
            "/lib/modules/6.1/kernel/fs/x.ko",
        ] {
            let host = MemoryHost::new().file(path, &debug);
            let at_root = Path::new("/usr/lib/modules/6.1/kernel/fs/x.ko.xz");
            let found = match path.contains("debug/usr") {
                true => wanted(&host, "6.1", "/", Subject::Module(at_root), Some(ID)),
                false => find(&host),
            };
            assert_eq!(found.expect(path), Path::new(path));
        }
        let packed = {
            use std::io::Write;
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            writer.write_all(&debug).expect("packed");
            writer.finish().expect("packed")
        };
        let host = MemoryHost::new().file("/usr/lib/debug/lib/modules/6.1/kernel/fs/x.ko.gz", packed);
        assert!(find(&host).is_ok());
    }

    #[test]
    fn a_server_is_asked_for_the_build_when_the_disk_has_none() {
        let host = MemoryHost::new().file("/cache/debuginfo", fixture::program(&[])).program(
            "debuginfod-find",
            |_, command| {
                assert_eq!(command.argv[1..], ["debuginfo", "abcdef01"]);
                Output { code: 0, stdout: b"/cache/debuginfo\n".to_vec(), stderr: Vec::new() }
            },
        );
        assert!(search(&host, "6.1", "/").is_err(), "no servers are set");
        let host = host.variable("DEBUGINFOD_URLS", "https://debuginfod.example");
        assert_eq!(search(&host, "6.1", "/").expect("fetched"), Path::new("/cache/debuginfo"));
        assert!(wanted(&host, "6.1", "/", Subject::Kernel, None).is_err(), "nothing to ask for");
    }
}
