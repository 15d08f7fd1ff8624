//! Why the kernel refused a module, in words that say what to do.

use std::fs;

use nix::errno::Errno;

use crate::error::Error;

/// What decides between several meanings of one error number.
#[derive(Clone, Debug, Default)]
pub struct Circumstances {
    /// The module's name.
    pub module: String,
    /// Whether it carries a signature.
    pub signed: bool,
    /// The kernel's lockdown, when there is one.
    pub lockdown: Option<String>,
    /// The kernel insists on signatures.
    pub sig_enforce: bool,
    /// Loading of modules is switched off until the next boot.
    pub modules_disabled: bool,
    /// This process may load modules.
    pub capable: bool,
    /// Who serves the module that has this name now.
    pub server: Option<String>,
}

/// CAP_SYS_MODULE.
const CAPABILITY: u32 = 16;

impl Circumstances {
    /// Looks at the system.
    pub fn look(module: &str, signed: bool, server: Option<String>) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            module: module.to_owned(),
            signed,
            lockdown: lockdown(&read("/sys/kernel/security/lockdown")),
            sig_enforce: read("/sys/module/module/parameters/sig_enforce").trim() == "Y",
            modules_disabled: read("/proc/sys/kernel/modules_disabled").trim() == "1",
            capable: is_capable(&read("/proc/self/status")),
            server,
        }
    }

    /// The error for the user.
    pub fn explain(&self, errno: Errno) -> Error {
        let (why, help) = self.reason(errno);
        let error = Error::refused(format!("Couldn't insert module '{}': {why}", self.module));
        match help {
            Some(help) => error.help(help),
            None => error,
        }
    }

    fn reason(&self, errno: Errno) -> (String, Option<String>) {
        match errno {
            Errno::EPERM => self.not_permitted(),
            Errno::ENOKEY | Errno::EKEYREJECTED => self.bad_signature(),
            Errno::EEXIST => self.taken(),
            Errno::ENOEXEC => (
                "Invalid module format".into(),
                Some(
                    "dmesg says more; build it again for the running kernel, with the kernel's own compiler"
                        .into(),
                ),
            ),
            Errno::ENOENT => (
                "Unknown symbol in module".into(),
                Some("dmesg names it; a module that the script needs may have to be loaded first".into()),
            ),
            Errno::ESRCH => ("Module has wrong symbol version".into(), Some(REBUILD.into())),
            Errno::EINVAL => (
                "Invalid parameters".into(),
                Some("dmesg says more; check the values of the module options".into()),
            ),
            Errno::ENOMEM => (
                "not enough memory".into(),
                Some(
                    "ask for smaller buffers (-b MB; stap: -s MB) or smaller arrays (-DMAXMAPENTRIES)".into(),
                ),
            ),
            other => (other.desc().into(), Some("dmesg may say more".into())),
        }
    }

    fn not_permitted(&self) -> (String, Option<String>) {
        if self.modules_disabled {
            let help = "only a reboot allows it again (kernel.modules_disabled is 1)";
            return ("loading of modules is switched off".into(), Some(help.into()));
        }
        if !self.capable {
            let help = "run it as root; in a container, CAP_SYS_MODULE is needed";
            return ("no permission to load modules".into(), Some(help.into()));
        }
        match &self.lockdown {
            Some(mode) if !self.signed => (
                format!("the kernel is locked down ({mode}) and the module is not signed"),
                Some(SIGN.into()),
            ),
            Some(mode) => (
                format!("the kernel is locked down ({mode}) and does not know the key of the signature"),
                Some(ENROL.into()),
            ),
            None => ("Operation not permitted".into(), Some(self.unknown_reason().into())),
        }
    }

    /// Where securityfs is not mounted, nothing tells of a lockdown.
    fn unknown_reason(&self) -> &'static str {
        if self.signed {
            "a lockdown, SELinux or a container may forbid it; dmesg says more"
        } else {
            "a lockdown (Secure Boot) refuses unsigned modules: \"stap --sign-module\" signs them; SELinux or a \
             container may forbid it too; dmesg says more"
        }
    }

    fn bad_signature(&self) -> (String, Option<String>) {
        if self.signed {
            return ("the kernel does not accept its signature".into(), Some(ENROL.into()));
        }
        let by = if self.sig_enforce { " (module.sig_enforce)" } else { "" };
        (format!("the kernel loads signed modules only{by}, and this one is not signed"), Some(SIGN.into()))
    }

    fn taken(&self) -> (String, Option<String>) {
        let name = &self.module;
        let why = match &self.server {
            Some(server) => format!("a module of this name is loaded already; {server} serves it"),
            None => "a module of this name is loaded already and nobody serves it".into(),
        };
        let help = match (&self.server, self.signed) {
            (None, _) => format!("\"staprun -d {name}\" removes it"),
            (Some(_), true) => {
                "end that session, or build the module with another name (stap -m); a signed module cannot be \
                 renamed"
                    .into()
            }
            (Some(_), false) => "end that session, or load this module under another name with -R".into(),
        };
        (why, Some(help))
    }
}

const REBUILD: &str = "build the module again for the running kernel";
const SIGN: &str = "sign it with \"stap --sign-module\", and enrol the key once: mokutil --import CERTIFICATE, \
                    then reboot and confirm";
const ENROL: &str = "enrol the key that signed it: mokutil --import CERTIFICATE, then reboot and confirm; the \
                     kernel's log (dmesg) says what it found";

/// The mode in brackets, unless it is none.
fn lockdown(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('[')?;
    let (mode, _) = rest.split_once(']')?;
    (mode != "none").then(|| mode.to_owned())
}

fn is_capable(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & (1 << CAPABILITY) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> Circumstances {
        Circumstances { module: "stap_x".into(), capable: true, ..Circumstances::default() }
    }

    fn said(circumstances: &Circumstances, errno: Errno) -> String {
        circumstances.explain(errno).to_string()
    }

    #[test]
    fn eperm_names_its_cause() {
        let plain = said(&root(), Errno::EPERM);
        assert!(plain.contains("Couldn't insert module 'stap_x': Operation not permitted"));
        assert!(plain.contains("Secure Boot") && plain.contains("dmesg"));
        let user = Circumstances { capable: false, ..root() };
        assert!(said(&user, Errno::EPERM).contains("CAP_SYS_MODULE"));
        let locked = Circumstances { lockdown: Some("integrity".into()), ..root() };
        assert!(said(&locked, Errno::EPERM).contains("locked down (integrity) and the module is not signed"));
        assert!(said(&locked, Errno::EPERM).contains("--sign-module"));
        let signed = Circumstances { signed: true, ..locked };
        assert!(said(&signed, Errno::EPERM).contains("does not know the key"));
        let disabled = Circumstances { modules_disabled: true, ..root() };
        assert!(said(&disabled, Errno::EPERM).contains("modules_disabled"));
    }

    #[test]
    fn signatures_lead_to_mokutil() {
        for errno in [Errno::ENOKEY, Errno::EKEYREJECTED] {
            assert!(said(&root(), errno).contains("mokutil"));
            let signed = Circumstances { signed: true, ..root() };
            assert!(said(&signed, errno).contains("does not accept its signature"));
        }
    }

    #[test]
    fn a_taken_name_names_the_session() {
        assert!(said(&root(), Errno::EEXIST).contains("staprun -d stap_x"));
        let served = Circumstances { server: Some("stapio (process 7)".into()), ..root() };
        assert!(said(&served, Errno::EEXIST).contains("stapio (process 7) serves it"));
        let signed = Circumstances { signed: true, ..served };
        assert!(said(&signed, Errno::EEXIST).contains("a signed module cannot be renamed"));
    }

    #[test]
    fn the_known_words_for_the_others() {
        for (errno, words) in [
            (Errno::EINVAL, "Invalid parameters"),
            (Errno::ENOENT, "Unknown symbol in module"),
            (Errno::ESRCH, "Module has wrong symbol version"),
            (Errno::ENOEXEC, "Invalid module format"),
            (Errno::ENOMEM, "not enough memory"),
        ] {
            assert!(said(&root(), errno).contains(&format!("'stap_x': {words}")), "{errno}");
        }
    }

    #[test]
    fn system_files_are_read() {
        assert_eq!(lockdown("none [integrity] confidentiality\n"), Some("integrity".into()));
        assert_eq!(lockdown("[none] integrity confidentiality\n"), None);
        assert_eq!(lockdown(""), None);
        assert!(is_capable("Name:\tx\nCapEff:\t000001ffffffffff\n"));
        assert!(!is_capable("CapEff:\t0000000000000000\n"));
        assert!(!is_capable(""));
    }
}
