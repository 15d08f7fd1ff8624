#!/bin/sh
# tools/fuzz.sh [-t SECONDS] [TARGET...]: fuzzes the passes, one target after the other (default: all, 600 seconds each).
# Installs what libFuzzer needs in the user's own Rust: a nightly compiler and cargo-fuzz. What a target finds is
# repeated by hand with the command that is printed, and becomes a case under tests/cases once it is mended.
# tools/fuzz.sh keep TARGET: distils what was found so far into translator/fuzz/corpus/TARGET.txt.
set -eu
cd "$(dirname "$0")/.."
fuzz=translator/fuzz
work=${CARGO_TARGET_DIR:-target}/fuzz
seconds=600

say() { echo "fuzz: $*"; }

setup() {
	rustup toolchain list | grep -q '^nightly' || {
		say "installing a nightly compiler: libFuzzer's instrumentation needs one"
		rustup toolchain install nightly --profile minimal
	}
	cargo fuzz --version >/dev/null 2>&1 || {
		say "installing cargo-fuzz: builds and runs the targets"
		cargo install --locked cargo-fuzz
	}
	mkdir -p "$work"
	rustc --edition 2024 -o "$work/corpus" $fuzz/tools/corpus.rs
}

# String literals of the cases: formats, or patterns with a subject below them.
literals() {
	find tests/cases -name '*.stp' -exec cat {} + | grep -oE "$1" | sort -u
}

# Inputs to begin with: the kept ones and the cases.
seed() {
	seeds=$work/$1/seeds
	rm -rf "$seeds"
	mkdir -p "$seeds" "$work/$1/found" "$work/$1/crashes"
	[ ! -f "$fuzz/corpus/$1.txt" ] || "$work/corpus" unpack "$fuzz/corpus/$1.txt" "$seeds"
	case $1 in
	format)
		literals '"[^"]*%[^"]*"' | sed 's/^"//; s/"$//' | split -l 1 -a 4 - "$seeds/literal_"
		;;
	regex)
		literals '[=!]~ "[^"]*"' | sed 's/^.. "//; s/"$//; s/$/\nabc key=42/' | split -l 2 -a 4 - "$seeds/literal_"
		;;
	*)
		find tests/cases -name '*.stp' -size -8k | while read -r case; do
			cp "$case" "$seeds/$(echo "$case" | tr / _)"
		done
		;;
	esac
}

dictionary() {
	if [ "$1" = regex ]; then echo $fuzz/regex.dict; else echo $fuzz/script.dict; fi
}

# The time limit is wall clock, and the machine may be busy. Without a sanitizer: the passes have no unsafe code. A thread of 256 MiB of stack does the work, as in the driver.
fuzz() {
	target=$1
	shift
	cargo +nightly fuzz run --fuzz-dir $fuzz -s none "$target" "$work/$target/found" "$work/$target/seeds" -- \
		-artifact_prefix="$work/$target/crashes/" -dict="$(dictionary "$target")" -max_len=4096 \
		-timeout=120 -rss_limit_mb=3000 "$@"
}

keep() {
	seed "$1"
	rm -rf "$work/$1/kept"
	mkdir -p "$work/$1/kept"
	cargo +nightly fuzz run --fuzz-dir $fuzz -s none "$1" -- -merge=1 -max_len=400 -timeout=120 \
		"$work/$1/kept" "$work/$1/found"
	mkdir -p $fuzz/corpus
	"$work/corpus" pack "$work/$1/kept" "$fuzz/corpus/$1.txt"
	say "$fuzz/corpus/$1.txt has $(wc -l <"$fuzz/corpus/$1.txt") inputs"
}

while getopts t: option; do
	case $option in
	t) seconds=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
setup
if [ "${1-}" = keep ]; then
	keep "$2"
	exit
fi
for target in ${*:-tokens preprocess parse format regex script}; do
	say "$target, $seconds seconds"
	seed "$target"
	nice -n 19 cargo +nightly fuzz build --fuzz-dir $fuzz -s none "$target"
	(fuzz "$target" -max_total_time="$seconds" -print_final_stats=1)
done
