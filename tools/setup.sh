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

# Nothing is asked: without a terminal, sudo must need no password.
check_root() {
	[ "$(id -u)" != 0 ] || return 0
	command -v sudo >/dev/null || die "not root, and there is no sudo: run 'tools/setup.sh $scope' as root, then go on as you"
	{ [ -t 0 ] && [ "${CI-}" != true ]; } || sudo -n true 2>/dev/null ||
		die "sudo wants a password and there is no terminal: run 'sudo tools/setup.sh $scope' in one, then go on here"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# Lines of "package: why". Kernels come last: their scripts run for a while.
debian_packages() {
	cat <<-L
	gcc: compiles kernel modules and links programs
	libc6-dev: what every program is linked with
	make: runs the kernel's build system
	qemu-system-x86: runs kernels in virtual machines
	busybox-static: first process of the virtual machines
	kmod: lists the modules of a kernel
	xz-utils: unpacks kernels and modules
	zstd: unpacks kernels and modules
	lz4: unpacks kernels
	bzip2: unpacks kernels
	openssl: makes keys for signing
	linux-image-$flavour: a kernel to probe
	linux-headers-$flavour: its headers
	L
	[ "$scope" != demo ] || return 0
	cat <<-L
	cpio: reads back what the tests pack
	ovmf: firmware with Secure Boot
	sbsigntool: signs a kernel for Secure Boot
	python3-venv: holds virt-firmware, which enrols the key
	systemtap-doc: example scripts that must parse
	linux-image-6.12-amd64: the newer kernel to probe
	linux-headers-6.12-amd64: its headers
	linux-image-cloud-amd64: the kernel to probe by DWARF, whose debuginfo is the smallest
	linux-headers-cloud-amd64: its headers
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

# A package that demo wants is wanted by all; the others are named after one distribution's version and may be absent.
with_apt() {
	installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
	flavour=amd64
	! grep -q '^ID=ubuntu' /etc/os-release || flavour=generic
	updated=
	apt_install "$(debian_packages | missing)"
	[ "$scope" = demo ] || apt_install "$(debian_debuginfo | missing)"
}

# Installs the packages of a list of names, one a line.
apt_install() {
	wanted=$1
	[ -n "$wanted" ] || return 0
	check_root
	say "asking apt-get for what is missing"
	[ -n "$updated" ] || as_root apt-get update -qq </dev/null ||
		die "apt-get update failed: check the network and /etc/apt/sources.list"
	updated=yes
	needed=$(scope=demo debian_packages | cut -d: -f1)
	available=
	for package in $wanted; do
		if apt-cache show "$package" >/dev/null 2>&1; then
			available="$available $package"
		elif echo "$needed" | grep -qx "$package"; then
			die "apt-get knows no $package: check the network and /etc/apt/sources.list"
		else
			say "this distribution has no $package; what needs it is skipped"
		fi
	done
	[ -n "$available" ] || return 0
	# shellcheck disable=SC2086 # one word a package
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
		-o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold $available </dev/null ||
		die "apt-get could not install:$available; run it by hand to see why"
}

# The package linux-image-cloud-amd64-dbg can be ahead of the image, whose signed build follows days later; debuginfo of
# another build is of no use.
debian_debuginfo() {
	image=$(dpkg-query -W -f '${Depends}' linux-image-cloud-amd64 2>/dev/null | sed 's/[ ,].*//')
	[ -z "$image" ] || echo "$image-dbg: debuginfo of the cloud kernel (283 MB to fetch, 1.8 GB on disk)"
}

# RHEL and its kin keep a few packages in repositories that are off at first; Fedora has all in one.
with_dnf() {
	installed() { rpm -q --quiet "$1"; }
	wanted=$(redhat_packages | missing)
	[ -n "$wanted" ] || return 0
	check_root
	say "asking dnf for what is missing"
	for package in $wanted; do
		dnf_install "$package" && continue
		case $package in
			busybox) dnf_install epel-release && dnf_install busybox || die "busybox is in no repository here: put a static one on PATH" ;;
			sbsigntools) say "no sbsigntools here (EPEL has it); Secure Boot is not tested" ;;
			glibc-static) dnf_install --enablerepo=crb glibc-static || say "no glibc-static here; its programs are not tested" ;;
			*) die "dnf could not install $package: check the network, then run 'dnf install $package' to see why" ;;
		esac
	done
}

dnf_install() { as_root dnf install -q -y "$@" </dev/null; }

# virt-fw-vars enrols the test key in the firmware's variables; it is no Debian 12 package.
virt_firmware() {
	venv=target/venv
	[ -x $venv/bin/virt-fw-vars ] && return 0
	say "virt-firmware is missing: enrols the test key for Secure Boot (into $venv)"
	python3 -m venv $venv && $venv/bin/pip install -q --disable-pip-version-check virt-firmware </dev/null ||
		die "pip could not install virt-firmware: check the network (https://pypi.org) or a proxy in pip's configuration"
	# Root may have been asked for the packages alone; the build is somebody else's.
	[ "$(id -u)" != 0 ] || chown --reference=. target
	[ "$(id -u)" != 0 ] || chown -R --reference=. $venv
}

if command -v apt-get >/dev/null; then
	with_apt
elif command -v dnf >/dev/null; then
	with_dnf
else
	die "neither apt-get nor dnf here: install by hand what debian_packages in tools/setup.sh lists"
fi
[ -n "$(tools/newest-kernel.sh)" ] ||
	die "no installed kernel has headers of the same release: upgrade the kernel and its headers with apt-get or dnf"
[ "$scope" = demo ] || virt_firmware
check_rust
