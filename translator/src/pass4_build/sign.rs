//! Signatures that let a module into a kernel with Secure Boot: made by the kernel's own sign-file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::compiler::{environment, find_program};
use crate::cache::{Key, KeyBuilder};
use crate::cli::options::Signing;
use crate::diag::{Code, Diagnostic, Severity};
use crate::host::{Command, Host};
use crate::kernel::{Package, release};
use crate::session::Session;

/// A key pair that can sign.
#[derive(Clone, Debug)]
pub struct Signer {
    key: PathBuf,
    cert: PathBuf,
    /// Signed copies of different pairs are different things.
    pub id: Key,
    /// What to tell the user: how a pair that was just made is enrolled.
    pub note: Option<String>,
}

impl Signer {
    /// The pair that the option names; the user's own is made on first use.
    pub fn find(session: &Session<'_>, signing: &Signing) -> Result<Signer, Box<Diagnostic>> {
        let (key, cert, note) = match signing {
            Signing::Pair { key, cert } => (key.clone(), cert.clone(), None),
            Signing::OwnKey => own_pair(session)?,
        };
        let mut builder = KeyBuilder::new("signer");
        for path in [&key, &cert] {
            let bytes = session.host.read(path).map_err(|error| {
                refused(format!("cannot read {}: {error}", path.display()))
                    .help("--sign-module=KEY,CERT names a PEM key and its certificate")
            })?;
            builder = builder.part("file", bytes);
        }
        Ok(Signer { key, cert, id: builder.finish(), note })
    }

    /// Signs `module` into `signed`.
    pub fn sign(&self, session: &Session<'_>, module: &Path, signed: &Path) -> Result<(), Box<Diagnostic>> {
        let hash = session.target.config.get("CONFIG_MODULE_SIG_HASH").unwrap_or("sha256");
        let tool = sign_file(session)?;
        let argv = [
            tool.as_os_str(),
            hash.as_ref(),
            self.key.as_ref(),
            self.cert.as_ref(),
            module.as_ref(),
            signed.as_ref(),
        ];
        run(session, "sign-file", argv.map(OsString::from).to_vec())
    }
}

/// The kernel's own program, in its build directory or where Debian keeps it.
fn sign_file(session: &Session<'_>) -> Result<PathBuf, Box<Diagnostic>> {
    let target = &session.target;
    let headers = target.headers(session.host)?.join("scripts/sign-file");
    let (major, minor) = release::major_minor(&target.release).unwrap_or_default();
    let kbuild = PathBuf::from(format!("/usr/lib/linux-kbuild-{major}.{minor}/scripts/sign-file"));
    [headers.clone(), kbuild].into_iter().find(|path| session.host.is_file(path)).ok_or_else(|| {
        let message = format!("{}, which signs modules, is missing", headers.display());
        Box::new(refused(message).help(Package::headers(&target.release).remedy(session.host)))
    })
}

/// The user's own pair, with a note when it is new.
fn own_pair(session: &Session<'_>) -> Result<(PathBuf, PathBuf, Option<String>), Box<Diagnostic>> {
    let dir = session.layout.data.join("keys");
    let (key, cert) = (dir.join("signing_key.pem"), dir.join("signing_key.x509"));
    if session.host.is_file(&key) && session.host.is_file(&cert) {
        return Ok((key, cert, None));
    }
    make_pair(session, &dir, &key, &cert)?;
    let note = format!(
        "A key to sign modules with was made: {}\nEnrol its certificate once, then reboot: mokutil --import {}",
        key.display(),
        cert.display()
    );
    Ok((key, cert, Some(note)))
}

/// Made under other names in the run's own directory: a run that is interrupted leaves no half of a pair.
fn make_pair(session: &Session<'_>, dir: &Path, key: &Path, cert: &Path) -> Result<(), Box<Diagnostic>> {
    let host = session.host;
    let failed = |path: &Path| {
        let text = format!("cannot write {}", path.display());
        move |error: std::io::Error| {
            Box::new(refused(format!("{text}: {error}")).help("point SYSTEMTAP_DIR elsewhere"))
        }
    };
    host.create_dir_all(dir).and_then(|()| host.set_mode(dir, 0o700)).map_err(failed(dir))?;
    let openssl = find_program(host, "openssl").ok_or_else(|| no_openssl(host))?;
    let (new_key, new_cert) = (session.tmpdir.join("key.pem"), session.tmpdir.join("cert.x509"));
    let words = "req -new -x509 -newkey rsa:2048 -nodes -sha256 -days 36500 -batch -utf8 -outform DER \
                 -subj /CN=stap-rs\\ module\\ signing\\ key -addext keyUsage=digitalSignature \
                 -addext extendedKeyUsage=codeSigning -addext subjectKeyIdentifier=hash";
    let mut argv = vec![openssl.into_os_string()];
    argv.extend(
        words.replace("\\ ", "\0").split_whitespace().map(|word| OsString::from(word.replace('\0', " "))),
    );
    argv.extend([OsString::from("-keyout"), new_key.clone().into(), "-out".into(), new_cert.clone().into()]);
    run(session, "openssl", argv)?;
    host.set_mode(&new_key, 0o600).map_err(failed(&new_key))?;
    host.copy(&new_key, key).map_err(failed(key))?;
    host.copy(&new_cert, cert).map_err(failed(cert))?;
    host.remove_file(&new_key).map_err(failed(&new_key))
}

fn no_openssl(host: &dyn Host) -> Box<Diagnostic> {
    let remedy = Package::same("openssl").remedy(host);
    Box::new(
        refused("openssl, which makes the key to sign modules with, is not installed".to_owned())
            .help(remedy),
    )
}

fn run(session: &Session<'_>, name: &str, argv: Vec<OsString>) -> Result<(), Box<Diagnostic>> {
    let dir = &session.tmpdir;
    let command = Command { argv, dir: Some(dir.clone()), env: Some(environment(session.host, Some(dir))) };
    let output =
        session.host.run(&command).map_err(|error| refused(format!("cannot run {name}: {error}")))?;
    if output.code == 0 {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let reason = said
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("no reason given")
        .trim()
        .to_owned();
    Err(Box::new(refused(format!("{name} failed with status {}: {reason}", output.code))))
}

fn refused(message: String) -> Diagnostic {
    Diagnostic::new(Code::Sign, Severity::Error, message)
}
