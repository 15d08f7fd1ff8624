//! The hand-written module in the shape of a generated one: the kernel runtime without the translator.

use std::path::{Path, PathBuf};
use std::process::Command;

use stap_tests::programs::{kernels, root};
use stap_vm::VmResult;

use crate::setting::{guest, number, run, shown};

/// Builds the module into `folder`, with the warnings of W=1 as errors.
fn build(release: &str, folder: &Path, flags: &str) -> PathBuf {
    let output = Command::new(root().join("tests/handmade/build"))
        .args([release, folder.to_str().expect("a path of UTF-8"), flags])
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("warning:"), "{release} {flags}: {said}");
    folder.join("handmade.ko")
}

fn serve(flags: &str, script: &str, check: fn(&str, &VmResult)) {
    for release in kernels() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let module = build(&release, folder.path(), flags);
        let modules = [module.as_path()];
        check(&release, &run(&guest(&release, &modules).parallel(), &modules, script));
    }
}

/// Two CPUs increment one global under its lock and print it.
const RACE: &str = r#"
cat > /tmp/race <<'X'
i=0
while [ $i -lt 1500 ]; do echo x > /dev/null; i=$((i + 1)); done
X
chmod +x /tmp/race
$staprun -o /tmp/out -c "sh -c 'taskset 1 sh /tmp/race & taskset 2 sh /tmp/race & wait'" $m0 2>/tmp/err
echo "status=$?"
echo "writes=$(grep -c '^write ' /tmp/out)"
echo "disorder=$(awk '/^write/ { if ($2 != last + 1) bad++; last = $2 } END { print bad + 0 }' /tmp/out)"
echo "begin=$(grep -c '^begin$' /tmp/out)"
echo "long=$(grep -c '^long output of one handler: 0123456789012345678901234567890123456789$' /tmp/out)"
echo "ticks=$(grep -c '^tick$' /tmp/out)"
echo "end=$(tail -n 1 /tmp/out | grep -c '^end n=[1-9]')"
echo "left=$(ls -d /proc/systemtap 2>/dev/null | wc -l)"
cat /tmp/err >&2
"#;

#[test]
fn handlers_that_a_lock_orders_print_in_that_order() {
    // CPUs are threads of a busy host: a second for a lock whose holder has lost its processor, not a millisecond.
    serve("-DMAXSKIPPED=1000000 -DMAXTRYLOCK=100000", RACE, |release, result| {
        let told = format!("{release}: {}", shown(result));
        assert_eq!(number(result, "status"), 0, "{told}");
        assert!(number(result, "writes") >= 2900, "{told}");
        for (name, expected) in [("disorder", 0), ("begin", 1), ("long", 300), ("end", 1), ("left", 0)] {
            assert_eq!(number(result, name), expected, "{name}, {told}");
        }
        assert!(number(result, "ticks") > 0, "{told}");
        let warned = String::from_utf8_lossy(&result.stderr);
        assert_eq!(
            warned.matches("registration error").count(),
            1,
            "an optional probe fails silently: {told}"
        );
    });
}

#[test]
fn a_soft_error_runs_the_error_probes_and_not_those_of_end() {
    let script = r#"
        $staprun -o /tmp/out $m0 2>/tmp/err
        echo "status=$?"
        echo "error=$(tail -n 1 /tmp/out | grep -c '^error$')"
        echo "end=$(grep -c '^end' /tmp/out)"
        cat /tmp/err >&2
    "#;
    serve("-DHANDMADE_ERROR", script, |release, result| {
        let told = format!("{release}: {}", shown(result));
        assert_eq!(number(result, "status"), 9, "{told}");
        assert_eq!(number(result, "error"), 1, "{told}");
        assert_eq!(number(result, "end"), 0, "{told}");
        let said = String::from_utf8_lossy(&result.stderr);
        let expected = "ERROR: division by 0 near operator '/' at <input>:1:1 in probe timer.ms(500)\n";
        assert!(said.contains(expected), "{told}");
    });
}

#[test]
fn a_module_goes_while_its_files_are_open() {
    let script = r#"
        insmod $m0 _stp_bufsize=1
        exec 3<>/proc/systemtap/handmade/.cmd 4</proc/systemtap/handmade/trace0
        printf 'P\0\0\0\0\0\0\0\0\0\0\0' >&3
        sleep 1
        cat <&3 >/tmp/messages 2>/dev/null &
        sleep 1
        rmmod handmade
        echo "status=$?"
        wait
        echo "left=$(ls -d /proc/systemtap 2>/dev/null | wc -l)"
        exec 3>&- 4<&-
        insmod $m0 _stp_bufsize=5000 2>/dev/null
        echo "refused=$?"
    "#;
    serve("", script, |release, result| {
        let told = format!("{release}: {}", shown(result));
        assert_eq!(number(result, "status"), 0, "{told}");
        assert_eq!(number(result, "left"), 0, "{told}");
        assert_eq!(number(result, "refused"), 22, "a buffer above the limit is EINVAL: {told}");
    });
}
