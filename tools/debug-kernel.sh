#!/bin/sh
# Builds the kernel of `make soak` from Debian's linux-source-6.1 with tests/debug-kernel.config: lock checking, KASAN,
# kmemleak, nothing as a module. Once for each source package and configuration; prints the build tree, which serves as
# headers too. The tree lies in $XDG_CACHE_HOME (or ~/.cache), so that clones share it.
set -eu
cd "$(dirname "$0")/.."
config=$PWD/tests/debug-kernel.config
packages="linux-source-6.1 bc bison flex libelf-dev libssl-dev xz-utils"

install_packages() {
	missing=
	for package in $packages; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	echo "debug-kernel: installing what the build of a kernel needs:$missing" >&2
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	# shellcheck disable=SC2086 # one word a package
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing </dev/null >&2 || {
		echo "debug-kernel: apt-get could not install$missing; only Debian 12 has linux-source-6.1" >&2
		exit 1
	}
}

command -v apt-get >/dev/null || { echo "debug-kernel: needs Debian's linux-source-6.1" >&2; exit 1; }
install_packages
version=$(dpkg-query -W -f '${Version}' linux-source-6.1)
key=$(cksum <"$config" | cut -d' ' -f1)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/stap-rs/debug-kernel
tree=$cache/$version-$key
if [ ! -e "$tree/.complete" ]; then
	echo "debug-kernel: building $tree (some minutes)" >&2
	mkdir -p "$cache"
	exec 9>"$cache/lock"
	flock 9
	if [ ! -e "$tree/.complete" ]; then
		rm -rf "$tree"
		mkdir "$tree"
		tar -C "$tree" --strip-components=1 -xf /usr/src/linux-source-6.1.tar.xz
		make -s -C "$tree" KCONFIG_ALLCONFIG="$config" allnoconfig >&2
		make -s -C "$tree" -j"$(nproc)" bzImage modules >&2
		touch "$tree/.complete"
	fi
fi
echo "$tree"
