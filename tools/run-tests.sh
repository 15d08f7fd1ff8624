#!/bin/sh
# tools/run-tests.sh ARGUMENT...: cargo test with these arguments; the last line sums all test programs up.
# A failing program does not keep the others from running.
set -u
cd "$(dirname "$0")/.."
log=target/test.log
mkdir -p target
{
	"${CARGO:-cargo}" test --no-fail-fast "$@" 2>&1
	echo "$?" >$log.status
} | tee $log
status=$(cat $log.status)
awk -v status="$status" '
/^test result: / {
	for (field = 2; field <= NF; field++) {
		if ($field ~ /^passed/)
			passed += $(field - 1)
		if ($field ~ /^failed/)
			failed += $(field - 1)
	}
}
END {
	if (status != 0 && !failed)
		print "cargo test ended with exit code " status ": a test program was not built or did not end by itself"
	print passed + 0 " passed, " failed + 0 " failed"
}' $log
exit "$status"
