#!/bin/sh
# The kernels of `make soak`: the newest real-time one that has headers, and the debug kernel's build tree.
set -eu
cd "$(dirname "$0")"
for folder in /lib/modules/*-rt-*; do
	[ -e "$folder/build/Makefile" ] && echo "${folder##*/}"
done | sort -V | tail -n 1
./debug-kernel.sh
