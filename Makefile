# stap-rs. `make help` lists the targets; each may be the first one in a fresh clone.

PREFIX  ?= /usr/local
DESTDIR ?=
CARGO   ?= cargo
# The newest installed kernel that can be booted and compiled for.
KERNEL  ?= $(shell tools/newest-kernel.sh)

RELEASE   := target/release
bindir    := $(DESTDIR)$(PREFIX)/bin
libexec   := $(DESTDIR)$(PREFIX)/libexec/systemtap
share     := $(DESTDIR)$(PREFIX)/share/stap-rs
man       := $(DESTDIR)$(PREFIX)/share/man
C_SOURCES := $(shell git ls-files 'runtime-c/*.c' 'runtime-c/*.h' 'tests/workloads/*.c')

.DELETE_ON_ERROR:
.PHONY: help setup setup-demo build demo test check check-c bench compat kernels soak fuzz debug-kernel workloads install uninstall

## help: this list (the default target)
help:
	@sed -n 's/^## //p' Makefile

## setup: install what building, running and testing need (apt-get or dnf, through sudo if not root)
setup:
	@tools/setup.sh test

setup-demo:
	@tools/setup.sh demo

## build: build stap, staprun and stapio into target/release; target/release/stap runs from there
build:
	$(CARGO) build --release -p stap -p staprun

## demo: set up, build, and run both scripts of the introduction in a virtual machine
demo: setup-demo build
	$(RELEASE)/stap -v --vm=$(KERNEL) -e 'probe begin { log("hello world") exit() }'
	$(RELEASE)/stap -v --vm=$(KERNEL) -e 'probe syscall.read {printf("hello i am digoal.\n"); exit()}'

## test: set up, check the style, run all tests on all installed kernels
test: setup check workloads
	@CARGO="$(CARGO)" tools/run-tests.sh --workspace

## check: clippy with warnings denied, rustfmt, and the style of the C code
check: check-c
	$(CARGO) clippy -q --workspace --all-targets -- -D warnings
	$(CARGO) fmt --all --check

check-c:
	@tools/check-c.sh $(C_SOURCES)

## workloads: build the programs that the tests probe
workloads:
	@$(MAKE) -s -C tests/workloads

## bench: print each budget beside what is measured here
bench: setup build workloads
	$(CARGO) run -q --release -p stap-bench

## compat: write docs/compat.md, how far each example script of systemtap-doc gets
compat: build
	$(CARGO) run -q --release -p stap-tests --bin compat

## kernels: run the cases on every installed kernel and write the table of docs/kernels.md
kernels: build workloads
	$(CARGO) run -q --release -p stap-tests --bin kernels

## fuzz: fuzz the passes, ten minutes a target; installs a nightly compiler and cargo-fuzz for this user
fuzz:
	@tools/fuzz.sh

## soak: the cases and special tests on the real-time kernel and on one with lock and memory checking
soak: setup workloads
	tools/setup.sh soak
	@CARGO="$(CARGO)" STAP_PEER_WHOLE=1 STAP_SOAK=1 STAP_TEST_KERNELS="$$(tools/soak-kernels.sh)" tools/run-tests.sh -p stap-tests

## debug-kernel: build a 6.1 kernel with lockdep, KASAN and kmemleak, once; prints where it is
debug-kernel:
	@tools/debug-kernel.sh

## install: install under PREFIX (/usr/local); as root also the groups and the set-uid bit of staprun
install: build
	install -d $(bindir) $(libexec) $(share) $(man)
	install -m 755 $(RELEASE)/stap $(bindir)/stap
	install -m 755 $(RELEASE)/staprun $(bindir)/staprun
	install -m 755 $(RELEASE)/stapio $(libexec)/stapio
	for part in tapset runtime-c kmod-templates; do rm -rf $(share)/$$part && cp -R $$part $(share)/; done
	chmod -R u=rwX,go=rX $(share)
	for page in docs/man/*.[1-8]; do \
		[ -e "$$page" ] || continue; section=$${page##*.}; \
		install -D -m 644 "$$page" "$(man)/man$$section/$${page##*/}"; \
	done
	@tools/install-privileges.sh "$(DESTDIR)" "$(bindir)/staprun"

## uninstall: remove what install put under PREFIX; groups stay
uninstall:
	rm -f $(bindir)/stap $(bindir)/staprun $(libexec)/stapio
	rm -rf $(share)
	-rmdir $(libexec) 2>/dev/null
	for page in docs/man/*.[1-8]; do rm -f "$(man)/man$${page##*.}/$${page##*/}"; done
