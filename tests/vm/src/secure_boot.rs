//! A guest's own Secure Boot: one key signs the kernel and the modules, and the firmware trusts that key.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Kernel, VmError, tools};

/// Debian's firmware that enforces Secure Boot, and its empty variable store.
const CODE: &str = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd";
const EMPTY_VARS: &str = "/usr/share/OVMF/OVMF_VARS_4M.fd";

/// The owner that the firmware notes beside the key; any GUID does.
const OWNER: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";

/// Firmware, its variables with the key enrolled, and the kernel signed with that key.
#[derive(Clone, Debug)]
pub struct SecureBoot {
    /// The firmware.
    pub code: PathBuf,
    /// The variable store with the key in PK, KEK and db.
    pub vars: PathBuf,
    /// The signed kernel.
    pub image: PathBuf,
    /// The private key (PEM), for modules.
    pub key: PathBuf,
    /// The certificate (PEM), for modules.
    pub cert: PathBuf,
}

impl SecureBoot {
    /// Makes key, variables and signed kernel in a folder, or uses those that are there already. `virt_fw_vars` is the
    /// program of the Python package virt-firmware, which `make setup` puts under target/.
    pub fn prepare(kernel: &Kernel, folder: &Path, virt_fw_vars: &Path) -> Result<SecureBoot, VmError> {
        fs::create_dir_all(folder).map_err(VmError::file(folder))?;
        let made = SecureBoot {
            code: PathBuf::from(CODE),
            vars: folder.join("vars.fd"),
            image: folder.join(format!("vmlinuz-{}.signed", kernel.release)),
            key: folder.join("key.pem"),
            cert: folder.join("cert.pem"),
        };
        if !made.cert.is_file() {
            made.make_key()?;
        }
        if !made.vars.is_file() {
            made.enrol(virt_fw_vars)?;
        }
        if !made.image.is_file() {
            made.sign(&kernel.image)?;
        }
        Ok(made)
    }

    fn make_key(&self) -> Result<(), VmError> {
        let words = "req -new -x509 -newkey rsa:2048 -nodes -days 36500 -subj /CN=stap-rs-tests/ -keyout";
        let mut args: Vec<&OsStr> = words.split(' ').map(OsStr::new).collect();
        args.extend([self.key.as_os_str(), OsStr::new("-out"), self.cert.as_os_str()]);
        tools::output("openssl", "openssl", &args).map(drop)
    }

    fn enrol(&self, virt_fw_vars: &Path) -> Result<(), VmError> {
        let (owner, cert) = (OsStr::new(OWNER), self.cert.as_os_str());
        let mut args = vec![
            OsStr::new("--input"),
            OsStr::new(EMPTY_VARS),
            OsStr::new("--output"),
            self.vars.as_os_str(),
        ];
        for variable in ["--set-pk", "--add-kek", "--add-db"] {
            args.extend([OsStr::new(variable), owner, cert]);
        }
        args.push(OsStr::new("--sb"));
        tools::run(virt_fw_vars, "virt-fw-vars", "virt-firmware (pip), which make setup installs", &args)
            .map(drop)
    }

    fn sign(&self, image: &Path) -> Result<(), VmError> {
        let words = ["--key", "--cert", "--output"].map(OsStr::new);
        let args = [
            words[0],
            self.key.as_os_str(),
            words[1],
            self.cert.as_os_str(),
            words[2],
            self.image.as_os_str(),
            image.as_os_str(),
        ];
        tools::output("sbsign", "sbsigntool (Debian) or sbsigntools (RHEL)", &args).map(drop)
    }
}
