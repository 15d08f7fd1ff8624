#!/bin/sh
# tools/check-c.sh FILE...: each C file begins with its licence line and follows .clang-format.
set -eu
status=0
for file in "$@"; do
	head -n 1 "$file" | grep -q 'SPDX-License-Identifier' && continue
	echo "$file:1: the first line must be the SPDX line"
	status=1
done
[ $# = 0 ] || clang-format --dry-run --Werror "$@" || status=1
exit $status
