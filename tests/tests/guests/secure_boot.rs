//! A kernel that trusts one key: the transport works under lockdown, and an unsigned module is refused in words that
//! help.

use stap_tests::programs::{kernels, programs};
use stap_vm::{Kernel, SecureBoot};

use crate::setting::{guest, has_line, module, run, shown, virt_fw_vars};

const COUNT: &str = r#"
global n
probe begin { println("ready") }
probe kprobe.function("vfs_read") { if (execname() == "reads") n++ }
probe end { printf("%d reads\n", n) }
"#;

#[test]
fn only_the_signed_module_runs_under_secure_boot() {
    let kernels = kernels();
    let release = kernels.first().expect("a kernel is installed");
    let kernel = Kernel::find(release).expect("installed");
    let folder = programs().scratch.join("secure-boot");
    let secure_boot = SecureBoot::prepare(&kernel, &folder, &virt_fw_vars())
        .unwrap_or_else(|error| panic!("{error} ('make setup' installs what this needs)"));
    let unsigned = module(release, &[], COUNT);
    let sign = format!("--sign-module={},{}", secure_boot.key.display(), secure_boot.cert.display());
    let signed = module(release, &[&sign], COUNT);
    let modules = [unsigned.as_path(), signed.as_path()];
    let vm = guest(release, &modules).secure_boot(secure_boot);
    let script = r#"
        cat /sys/kernel/security/lockdown
        $staprun $m0 >/tmp/unsigned 2>&1; echo "unsigned: $?"
        cat /tmp/unsigned >&2
        $staprun -c "$reads 500" $m1; echo "signed: $?"
        $staprun $m1 >/tmp/first 2>&1 &
        wait_for /tmp/first ready
        $staprun $m1 2>/tmp/second; echo "taken: $?"
        cat /tmp/second >&2
        kill -TERM $!; wait
    "#;
    let result = run(&vm, &modules, script);
    assert!(has_line(&result, "none [integrity] confidentiality"), "{}", shown(&result));
    assert!(has_line(&result, "unsigned: 7"), "{}", shown(&result));
    assert!(has_line(&result, "500 reads") && has_line(&result, "signed: 0"), "{}", shown(&result));
    assert!(has_line(&result, "taken: 7"), "{}", shown(&result));
    let stderr = String::from_utf8_lossy(&result.stderr);
    for words in ["is not signed", "--sign-module", "a module of this name is loaded already"] {
        assert!(stderr.contains(words), "{words}: {}", shown(&result));
    }
}
