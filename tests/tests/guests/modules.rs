//! Probes in a module that is not the kernel's own: named by its path, taken up whenever it comes, given up when it goes,
//! and left out when another build of it comes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stap_tests::programs::kernels;
use stap_vm::VmResult;

use crate::setting::{guest, module, number, run, shown};

/// A module whose function is called by a write to its parameter. The builds differ in one constant.
const SOURCE: &str = r#"
#include <linux/module.h>

static noinline int probed_work(int n)
{
	return n + STEP;
}

static int probed_set(const char *text, const struct kernel_param *param)
{
	return probed_work(text[0] - '0') < 0 ? -EINVAL : 0;
}

static const struct kernel_param_ops probed_ops = { .set = probed_set };

module_param_cb(work, &probed_ops, NULL, 0200);
MODULE_DESCRIPTION("called by a test");
MODULE_LICENSE("GPL");
"#;

/// Builds the module into a folder of its own.
fn build(release: &str, folder: &Path, step: u32) -> PathBuf {
    let folder = folder.join(format!("step{step}"));
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("probed.c"), SOURCE).expect("the source is written");
    let kbuild = format!("obj-m := probed.o\nccflags-y := -DSTEP={step}\n");
    fs::write(folder.join("Kbuild"), kbuild).expect("the Kbuild file is written");
    let headers = match release.starts_with('/') {
        true => PathBuf::from(release),
        false => PathBuf::from(format!("/lib/modules/{release}/build")),
    };
    let output = Command::new("make")
        .args(["-s", "-C"])
        .arg(headers)
        .arg(format!("M={}", folder.display()))
        .arg("modules")
        .output()
        .expect("make runs");
    assert!(output.status.success(), "{release}: {}", String::from_utf8_lossy(&output.stderr));
    folder.join("probed.ko")
}

/// Probes are there once a timer fires, which begin does not wait for. Runs `commands` with `$m0` the probes in the module `$m1`, and `$m2` another build of that.
fn serve(release: &str, commands: &str) -> VmResult {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [made_for, other] = [1, 2].map(|step| build(release, folder.path(), step));
    let script = format!(
        "global entries, returns, by_name, told\n\
         probe timer.ms(1) {{ if (!told++) println(\"ready\") }}\n\
         probe module(\"{path}\").function(\"probed_*\") {{ if (ppfunc() == \"probed_work\") entries += int_arg(1) }}\n\
         probe module(\"{path}\").function(\"probed_work\").return {{ returns++ }}\n\
         probe kprobe.module(\"probed\").function(\"probed_work\") {{ by_name++ }}\n\
         probe end {{ printf(\"entries=%d\\nreturns=%d\\nby_name=%d\\n\", entries, returns, by_name) }}\n",
        path = made_for.display()
    );
    let probes = module(release, &[], &script);
    let modules = [probes.as_path(), made_for.as_path(), other.as_path()];
    let head = "call() { for n in $*; do echo $n >/sys/module/probed/parameters/work; done; }\n";
    let tail = "kill -TERM $session; wait $session; cat /tmp/out; cat /tmp/err >&2\n";
    let begin = "$staprun $m0 >/tmp/out 2>/tmp/err &\nsession=$!\nwait_for /tmp/out ready\n";
    let commands = commands.replace("BEGIN", begin);
    run(&guest(release, &modules), &modules, &format!("{head}{commands}\n{tail}"))
}

#[test]
fn probes_follow_their_module_and_no_other_build_of_it() {
    for release in kernels() {
        let result = serve(
            &release,
            "insmod $m1; call 1\nBEGIN\ncall 1 1 1; rmmod probed\ninsmod $m1; call 2 2; rmmod probed\n\
             insmod $m2; call 5; rmmod probed\ninsmod $m1; call 1; rmmod probed",
        );
        let told = format!("{release}: {}", shown(&result));
        let counts = ["entries", "returns", "by_name"].map(|name| number(&result, name));
        assert_eq!(counts, [8, 6, 6], "{told}");
        let stderr = String::from_utf8_lossy(&result.stderr);
        let warnings: Vec<_> = stderr.lines().filter(|line| line.contains("Build-id mismatch")).collect();
        assert_eq!(warnings.len(), 1, "{told}");
        assert!(
            warnings[0].contains("[man warning::buildid]: probes in module probed are left out"),
            "{told}"
        );
    }
}

#[test]
fn a_module_that_goes_while_its_function_is_called_takes_its_probes_along() {
    for release in kernels() {
        let result = serve(
            &release,
            "BEGIN\n\
             (while [ ! -e /tmp/enough ]; do call 1; done) 2>/dev/null &\n\
             for i in 1 2 3 4 5 6 7 8 9 10 11 12; do insmod $m1; call 1; rmmod probed; done\n\
             touch /tmp/enough",
        );
        let told = format!("{release}: {}", shown(&result));
        let [entries, returns] = ["entries", "returns"].map(|name| number(&result, name));
        assert!(entries >= 12 && returns == entries, "{told}");
    }
}
