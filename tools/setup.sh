#!/bin/sh
# tools/setup.sh [demo|test|soak]: installs what building, running and testing stap-rs needs, by apt-get or dnf, as root or
# through sudo. Quick and silent when all is there. Never installs Rust.
set -eu
cd "$(dirname "$0")/.."
scope=${1:-test}

say() { echo "setup: $*"; }
die() { echo "setup: $*" >&2; exit 1; }

check_rust() {
	want=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
	have=$(cargo --version 2>/dev/null | cut -d' ' -f2) || true
	[ -n "$have" ] || die "cargo is missing: install Rust $want or newer from https://rustup.rs and put ~/.cargo/bin on PATH"
	oldest=$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n 1)
	[ "$oldest" = "$want" ] || die "cargo $have is older than $want: run 'rustup update stable'"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "not root and no sudo: run this as root: $*"
	fi
}

# Lines of "package: why". Kernels come last: their scripts run for a while.
debian_packages() {
	cat <<-L
	gcc: compiles kernel modules
	make: runs the kernel's build system
	qemu-system-x86: runs kernels in virtual machines
	busybox-static: first process of the virtual machines
	kmod: lists the modules of a kernel
	xz-utils: unpacks kernels and modules
	zstd: unpacks kernels and modules
	lz4: unpacks kernels
	bzip2: unpacks kernels
	openssl: makes keys for signing
	linux-image-amd64: a kernel to probe
	linux-headers-amd64: its headers
	L
	[ "$scope" != demo ] || return 0
	cat <<-L
	cpio: reads back what the tests pack
	ovmf: firmware with Secure Boot
	sbsigntool: signs a kernel for Secure Boot
	python3-venv: holds virt-firmware, which enrols the key
	systemtap-doc: example scripts that must parse
	libc6-dev: headers and static library of the test programs
	linux-image-6.12-amd64: the newer kernel to probe
	linux-headers-6.12-amd64: its headers
	L
	[ "$scope" = soak ] || return 0
	cat <<-L
	linux-image-rt-amd64: the real-time kernel to probe
	linux-headers-rt-amd64: its headers
	L
}

redhat_packages() {
	cat <<-L
	gcc: compiles kernel modules
	make: runs the kernel's build system
	qemu-kvm: runs kernels in virtual machines
	busybox: first process of the virtual machines
	kmod: lists the modules of a kernel
	xz: unpacks kernels and modules
	zstd: unpacks kernels and modules
	lz4: unpacks kernels
	bzip2: unpacks kernels
	openssl: makes keys for signing
	elfutils-libelf-devel: the kernel's build tools use it
	kernel-core: a kernel to probe
	kernel-devel: its headers
	L
	[ "$scope" != demo ] || return 0
	cat <<-L
	cpio: reads back what the tests pack
	edk2-ovmf: firmware with Secure Boot
	sbsigntools: signs a kernel for Secure Boot
	python3: holds virt-firmware, which enrols the key
	glibc-static: static library of the test programs
	L
}

# Keeps the lines whose package is not installed, and says why each is wanted.
missing() {
	while IFS= read -r line; do
		package=${line%%:*}
		if ! installed "$package"; then
			say "$package is missing:${line#*:}" >&2
			echo "$package"
		fi
	done
}

with_apt() {
	installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
	wanted=$(debian_packages | missing)
	[ -n "$wanted" ] || return 0
	as_root apt-get update -q || die "apt-get update failed: check the network and /etc/apt/sources.list"
	available=
	for package in $wanted; do
		if apt-cache show "$package" >/dev/null 2>&1; then
			available="$available $package"
		else
			say "this distribution has no $package; what needs it is skipped"
		fi
	done
	[ -n "$available" ] || return 0
	# shellcheck disable=SC2086 # one word a package
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $available </dev/null ||
		die "apt-get could not install:$available; run it by hand to see why"
}

with_dnf() {
	installed() { rpm -q --quiet "$1"; }
	wanted=$(redhat_packages | missing)
	for package in $wanted; do
		as_root dnf install -q -y "$package" </dev/null || case $package in
			busybox | sbsigntools) say "$package lies in EPEL: 'dnf install epel-release' makes it available" ;;
			*) die "dnf could not install $package; run 'dnf install $package' to see why" ;;
		esac
	done
}

# virt-fw-vars enrols the test key in the firmware's variables; it is no Debian 12 package.
virt_firmware() {
	venv=target/venv
	[ -x $venv/bin/virt-fw-vars ] && return 0
	say "virt-firmware is missing: enrols the test key for Secure Boot (into $venv)"
	python3 -m venv $venv && $venv/bin/pip install -q --disable-pip-version-check virt-firmware </dev/null ||
		die "pip could not install virt-firmware: check the network (https://pypi.org) or a proxy in pip's configuration"
}

check_rust
if command -v apt-get >/dev/null; then
	with_apt
elif command -v dnf >/dev/null; then
	with_dnf
else
	die "neither apt-get nor dnf here: install by hand what debian_packages in tools/setup.sh lists"
fi
[ "$scope" = demo ] || virt_firmware
