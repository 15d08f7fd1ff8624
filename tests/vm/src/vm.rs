//! What a guest looks like to its caller.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use crate::boot::{self, Limits, VmResult};
use crate::initramfs::{Payload, Plan};
use crate::interrupt::Interrupts;
use crate::kernel::Kernel;
use crate::qemu::{self, Machine};
use crate::stream::Sink;
use crate::{SecureBoot, VmError};

/// What the command sees as its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Root {
    /// [`Root::Host`] where kernel and QEMU have 9p, [`Root::Own`] elsewhere.
    #[default]
    Auto,
    /// The host's root, read-only, with changes kept in the guest's memory.
    Host,
    /// Busybox and what was put in.
    Own,
}

/// A guest that is yet to be started; see the methods for the defaults.
#[derive(Clone, Debug)]
pub struct Vm {
    kernel: Kernel,
    root: Root,
    share: Option<PathBuf>,
    limits: Limits,
    cpus: u32,
    memory_mb: u32,
    kernel_args: Vec<String>,
    icount: bool,
    parallel: bool,
    secure_boot: Option<SecureBoot>,
    modules: Vec<String>,
    payload: Vec<Payload>,
}

impl Vm {
    /// A guest of an installed kernel, or of one in the tree it was built in, with two CPUs, 2 GB of memory and five
    /// minutes to live.
    pub fn new(release_or_tree: &str) -> Result<Vm, VmError> {
        Ok(Vm::of_kernel(Kernel::find(release_or_tree)?))
    }

    /// A guest of any kernel.
    pub fn of_kernel(kernel: Kernel) -> Vm {
        Vm {
            kernel,
            root: Root::Auto,
            share: None,
            limits: Limits { life: Duration::from_secs(300), silence: Duration::MAX },
            cpus: 2,
            memory_mb: 2048,
            kernel_args: Vec::new(),
            icount: false,
            parallel: false,
            secure_boot: None,
            modules: Vec::new(),
            payload: Vec::new(),
        }
    }

    /// Chooses the root.
    pub fn root(mut self, root: Root) -> Vm {
        self.root = root;
        self
    }

    /// Gives the guest a folder of the host to write to, at the same path. The kernel must have 9p.
    pub fn share(mut self, folder: impl Into<PathBuf>) -> Vm {
        self.share = Some(folder.into());
        self
    }

    /// Kills the guest after this time.
    pub fn timeout(mut self, timeout: Duration) -> Vm {
        self.limits.life = timeout;
        self
    }

    /// Kills the guest when it has written nothing for so long.
    pub fn silence(mut self, limit: Duration) -> Vm {
        self.limits.silence = limit;
        self
    }

    /// Number of CPUs.
    pub fn cpus(mut self, cpus: u32) -> Vm {
        self.cpus = cpus;
        self
    }

    /// Memory in MiB.
    pub fn memory_mb(mut self, memory_mb: u32) -> Vm {
        self.memory_mb = memory_mb;
        self
    }

    /// Adds words to the kernel's command line.
    pub fn kernel_arg(mut self, words: impl Into<String>) -> Vm {
        self.kernel_args.push(words.into());
        self
    }

    /// Makes guest time count instructions: one CPU, one nanosecond an instruction, the same in every run.
    pub fn icount(mut self) -> Vm {
        self.icount = true;
        self
    }

    /// Runs the CPUs at the same time whatever QEMU's version. Before QEMU 8.1 they take turns unless this is asked for,
    /// because those versions mistranslate code that another CPU changes: nothing may register or remove a probe on a
    /// function that another CPU is busy with.
    pub fn parallel(mut self) -> Vm {
        self.parallel = true;
        self
    }

    /// Boots through UEFI with Secure Boot on.
    pub fn secure_boot(mut self, secure_boot: SecureBoot) -> Vm {
        self.secure_boot = Some(secure_boot);
        self
    }

    /// Loads a module of the kernel before the command runs.
    pub fn module(mut self, name: impl Into<String>) -> Vm {
        self.modules.push(name.into());
        self
    }

    /// Puts a copy of a host file into the guest; of a program also the libraries it needs.
    pub fn file(mut self, host: impl Into<PathBuf>, guest: impl Into<String>) -> Vm {
        self.payload.push(Payload::Host { guest: guest.into(), file: host.into() });
        self
    }

    /// Makes a host file visible at the same path: under the host's root it is there already.
    pub fn visible(mut self, host: impl Into<PathBuf>) -> Vm {
        self.payload.push(Payload::Visible(host.into()));
        self
    }

    /// Puts a file with these contents into the guest.
    pub fn contents(mut self, guest: impl Into<String>, mode: u32, contents: impl Into<Vec<u8>>) -> Vm {
        self.payload.push(Payload::Bytes { guest: guest.into(), mode, contents: contents.into() });
        self
    }

    /// Runs a shell script (busybox ash) as root and keeps its output.
    pub fn run(&self, script: &str) -> Result<VmResult, VmError> {
        self.boot(script, [Sink::Keep(Vec::new()), Sink::Keep(Vec::new())], None)
    }

    /// Runs a shell script for the user at the terminal: output appears as it comes, and the terminal's interrupts reach
    /// the command in the guest. A third interrupt ends the guest.
    pub fn run_live(&self, script: &str) -> Result<VmResult, VmError> {
        self.run_into(script, Box::new(io::stdout()), Box::new(io::stderr()))
    }

    /// As [`Vm::run_live`], with writers of the caller.
    pub fn run_into(
        &self,
        script: &str,
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
    ) -> Result<VmResult, VmError> {
        let interrupts = Interrupts::catch();
        self.boot(script, [Sink::Live(stdout), Sink::Live(stderr)], interrupts.as_ref())
    }

    fn boot(
        &self,
        script: &str,
        sinks: [Sink; 2],
        interrupts: Option<&Interrupts>,
    ) -> Result<VmResult, VmError> {
        let program = qemu::program()?;
        let host_root = match self.root {
            Root::Host => true,
            Root::Own => false,
            Root::Auto => qemu::has_9p(&program) && self.kernel.has_9p(),
        };
        let share = self.share.as_deref().map(absolute).transpose()?;
        let folder =
            tempfile::Builder::new().prefix("stap-vm-").tempdir().map_err(VmError::file(env::temp_dir()))?;
        let plan = Plan {
            kernel: &self.kernel,
            host_root,
            share: share.as_deref(),
            modules: &self.modules,
            payload: &self.payload,
            command: script,
        };
        let initramfs = folder.path().join("initramfs");
        fs::write(&initramfs, plan.build()?).map_err(VmError::file(&initramfs))?;
        let machine = Machine {
            image: &self.kernel.image,
            initramfs: &initramfs,
            sockets: folder.path(),
            cpus: self.cpus,
            memory_mb: self.memory_mb,
            kernel_args: &self.kernel_args,
            icount: self.icount,
            parallel: !self.icount && (self.parallel || qemu::is_safe_in_parallel(&program)),
            secure_boot: self.secure_boot.as_ref(),
            host_root,
            share: share.as_deref(),
        };
        boot::boot(&program, &machine, self.limits, sinks, interrupts)
    }
}

fn absolute(folder: &Path) -> Result<PathBuf, VmError> {
    fs::canonicalize(folder).map_err(VmError::file(folder))
}

/// Quotes a word for the guest's shell.
pub fn shell_word(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
