#!/bin/sh
# tools/check-c.sh FILE...: the parts of the kernel's coding style that a script can judge.
# .clang-format is there for editors, but cannot align comments and macros as the kernel does.
set -eu
[ $# != 0 ] || exit 0
exec awk '
function complain(what) { print FILENAME ":" FNR ": " what; bad = 1 }
FNR == 1 && !/SPDX-License-Identifier/ { complain("the first line must be the SPDX line") }
/[ \t]$/ { complain("blanks at the end of the line") }
/^        / || /^\t* +\t/ { complain("indent with tabs") }
FNR > 1 && /^[^"]*[^":]\/\/ / { complain("comments are /* */") }
/^[^"*]*[^[:alnum:]_"](if|for|while|switch)\(/ { complain("a blank goes after the keyword") }
/^[ \t]*(if|for|while|switch|else).*[^ ]\{$/ { complain("a blank goes before the brace") }
/^(static |int |void |long |u?int[0-9]+_t |bool |notrace )[^;="]*\)[ \t]*\{$/ { complain("the brace of a function stands on its own line") }
{
	line = $0
	while ((tab = index(line, "\t")) > 0)
		line = substr(line, 1, tab - 1) substr("        ", 1 + (tab - 1) % 8) substr(line, tab + 1)
	if (length(line) > 120)
		complain("longer than 120 columns")
}
END { exit bad }
' "$@"
