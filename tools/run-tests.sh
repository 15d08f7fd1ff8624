#!/bin/sh
# tools/run-tests.sh ARGUMENT...: cargo test with these arguments. The last lines say again what failed and why, for
# who sees only the end of a log, and sum all test programs up.
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
	block = ""
	for (field = 2; field <= NF; field++) {
		if ($field ~ /^passed/)
			passed += $(field - 1)
		if ($field ~ /^failed/)
			failed += $(field - 1)
	}
}
/^test .* \.\.\. FAILED$/ {
	names[++count] = $2
	for (field = 3; field < NF - 1; field++)
		names[count] = names[count] " " $field
}
# Both the harness of Rust and that of the cases show the message of a failed test below its name.
/^---- .* ----$/ {
	block = $0
	gsub(/^---- | ----$| stdout ----$/, "", block)
	lines[block] = 0
	next
}
/^failures:$/ { block = "" }
block != "" && NF && lines[block] < 40 { text[block] = text[block] "    " $0 "\n"; lines[block]++ }
END {
	for (i = 1; i <= count; i++)
		printf "%s:\n%s", names[i], text[names[i]]
	if (status != 0 && !failed)
		print "cargo test ended with exit code " status ": a test program was not built or did not end by itself"
	for (i = 1; i <= count; i++)
		print "FAILED " names[i]
	print passed + 0 " passed, " failed + 0 " failed"
}' $log
exit "$status"
