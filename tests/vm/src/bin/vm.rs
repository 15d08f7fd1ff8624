//! `vm [--kernel RELEASE] [--own] [--icount] [--append WORDS] [--put HOST=GUEST] [--timeout SECONDS] COMMAND...`: runs a
//! shell command in a guest and exits with its status, for work by hand on a kernel that may fall over.

use std::process::ExitCode;
use std::time::Duration;

use stap_vm::{Root, Verdict, Vm, VmError, installed_releases};

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("vm: {message}");
            ExitCode::from(125)
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<u8, String> {
    let newest = installed_releases().pop().ok_or("no kernel is installed in /boot")?;
    let mut vm = Vm::new(&newest).map_err(text)?;
    let mut command: Vec<String> = Vec::new();
    while let Some(word) = args.next() {
        let mut value = || args.next().ok_or(format!("{word} needs a value"));
        vm = match word.as_str() {
            "--kernel" => Vm::new(&value()?).map_err(text)?,
            "--own" => vm.root(Root::Own),
            "--icount" => vm.icount(),
            "--append" => vm.kernel_arg(value()?),
            "--timeout" => vm.timeout(Duration::from_secs(value()?.parse().map_err(|_| "not a number")?)),
            "--put" => {
                let pair = value()?;
                let (host, guest) = pair.split_once('=').ok_or("--put wants HOST=GUEST")?;
                vm.file(host, guest)
            }
            _ => {
                command.push(word);
                command.extend(args.by_ref());
                vm
            }
        };
    }
    let result = vm.run_live(&command.join(" ")).map_err(text)?;
    if result.verdict != Verdict::Ok {
        eprintln!("vm: {}; the console ends with:\n{}", result.verdict, result.console_tail(30));
        return Ok(125);
    }
    Ok(result.status.map_or(125, |status| status as u8))
}

fn text(error: VmError) -> String {
    error.to_string()
}
