//! What to install, in the words of the distribution.

use super::Sysroot;
use crate::host::Host;

/// How packages are installed on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distro {
    /// apt-get
    Debian,
    /// dnf
    RedHat,
    /// zypper
    Suse,
    /// Any other.
    Other,
}

/// The names of one thing in the distributions.
#[derive(Clone, Debug)]
pub struct Package {
    /// In Debian and its kin.
    pub debian: String,
    /// In Fedora, RHEL and their kin.
    pub red_hat: String,
    /// In SUSE.
    pub suse: String,
}

impl Package {
    /// A package that has the same name everywhere.
    pub fn same(name: &str) -> Package {
        Package { debian: name.to_owned(), red_hat: name.to_owned(), suse: name.to_owned() }
    }

    /// The headers that modules of a kernel are built with.
    pub fn headers(release: &str) -> Package {
        Package {
            debian: format!("linux-headers-{release}"),
            red_hat: format!("kernel-devel-{release}"),
            suse: "kernel-devel kernel-default-devel".to_owned(),
        }
    }

    /// The command that installs it on this machine.
    pub fn remedy(&self, host: &dyn Host) -> String {
        self.remedy_in(host, &Sysroot::default())
    }

    /// The command that installs it on the probed machine.
    pub fn remedy_in(&self, host: &dyn Host, root: &Sysroot) -> String {
        match Distro::of(host, root) {
            Distro::Debian => in_root(root, &format!("apt-get install {}", self.debian)),
            Distro::RedHat => in_root(root, &format!("dnf install {}", self.red_hat)),
            Distro::Suse => in_root(root, &format!("zypper install {}", self.suse)),
            Distro::Other => {
                format!(
                    "install your distribution's package (Debian: {}, RHEL: {})",
                    self.debian, self.red_hat
                )
            }
        }
    }
}

/// A command that is to be run where the probed machine's files are.
pub fn in_root(root: &Sysroot, command: &str) -> String {
    match root.is_host() {
        true => command.to_owned(),
        false => format!("chroot {} {command}", root.path().display()),
    }
}

impl Distro {
    /// The distribution of the probed machine, by /etc/os-release.
    pub fn of(host: &dyn Host, root: &Sysroot) -> Distro {
        let files = ["/etc/os-release", "/usr/lib/os-release"];
        let text = files.iter().find_map(|file| host.read(&root.at(file)).ok()).unwrap_or_default();
        Distro::from_os_release(&String::from_utf8_lossy(&text))
    }

    fn from_os_release(text: &str) -> Distro {
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        let names = format!("{} {}", value("ID="), value("ID_LIKE=")).replace(['"', '\''], " ");
        names
            .split_whitespace()
            .find_map(|name| match name {
                "debian" | "ubuntu" => Some(Distro::Debian),
                "rhel" | "fedora" | "centos" | "openEuler" => Some(Distro::RedHat),
                "suse" | "opensuse" | "sles" => Some(Distro::Suse),
                _ => None,
            })
            .unwrap_or(Distro::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::memory::MemoryHost;

    #[test]
    fn the_command_is_the_distributions() {
        let remedy = |text: &str| {
            let host = MemoryHost::new().file("/etc/os-release", text);
            Package::headers("1.2").remedy(&host)
        };
        assert_eq!(remedy("ID=debian\n"), "apt-get install linux-headers-1.2");
        assert_eq!(remedy("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), "apt-get install linux-headers-1.2");
        assert_eq!(remedy("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"), "dnf install kernel-devel-1.2");
        assert!(remedy("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n").starts_with("zypper"));
        assert!(remedy("").contains("linux-headers-1.2"));
    }
}
