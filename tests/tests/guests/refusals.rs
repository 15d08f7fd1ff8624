//! What staprun refuses, and in which words.

use stap_tests::programs::kernels;

use crate::setting::{guest, has_line, module, run, shown};

const HELLO: &str = r#"probe begin { println("hello") exit() }"#;

#[test]
fn a_module_of_another_kernel_is_refused() {
    let kernels = kernels();
    let [older, newer] =
        [kernels.first(), kernels.last()].map(|release| release.expect("a kernel is installed"));
    if older == newer {
        return;
    }
    let foreign = module(older, &[], HELLO);
    let modules = [foreign.as_path()];
    let result = run(&guest(newer, &modules), &modules, r#"$staprun $m0; echo "status $?""#);
    let stderr = String::from_utf8_lossy(&result.stderr);
    assert!(stderr.contains("module release mismatch"), "{stderr}");
    assert!(has_line(&result, "status 7"), "{}", shown(&result));
}

#[test]
fn a_normal_user_is_refused() {
    for release in kernels() {
        let module = module(&release, &[], HELLO);
        let modules = [module.as_path()];
        // As installed: set-uid root. The person who calls it is in no group that may.
        let script = r#"
            mkdir -p /opt/bin && cp "$staprun" "${staprun%/*}/stapio" "$m0" /opt/bin/ && chmod 4755 /opt/bin/staprun
            /usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups /opt/bin/staprun "/opt/bin/${m0##*/}"
            echo "set-uid: $?"
            chmod 755 /opt/bin/staprun
            /usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups /opt/bin/staprun "/opt/bin/${m0##*/}"
            echo "plain: $?"
        "#;
        let result = run(&guest(&release, &modules), &modules, script);
        let stderr = String::from_utf8_lossy(&result.stderr);
        assert!(stderr.contains("You are trying to run systemtap as a normal user."), "{release}: {stderr}");
        assert!(stderr.contains("\"stapusr\""), "{release}: {stderr}");
        assert!(!has_line(&result, "hello"), "{release}: {}", shown(&result));
        assert!(!has_line(&result, "set-uid: 0"), "{release}: {}", shown(&result));
        assert!(!has_line(&result, "plain: 0"), "{release}: {}", shown(&result));
    }
}

#[test]
fn a_truncated_module_is_refused() {
    for release in kernels() {
        let module = module(&release, &[], HELLO);
        let modules = [module.as_path()];
        let script = r#"
            head -c 3000 "$m0" >/tmp/short.ko
            $staprun /tmp/short.ko; echo "short: $?"
            $staprun /tmp/none.ko; echo "none: $?"
        "#;
        let result = run(&guest(&release, &modules), &modules, script);
        assert!(!has_line(&result, "short: 0") && !has_line(&result, "none: 0"), "{}", shown(&result));
        assert!(!result.stderr.is_empty());
    }
}
