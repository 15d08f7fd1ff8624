/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of the kernel's and of modules' symbols, functions and data, exported or not, found at load.
 *
 * The kernel resolves the name of a kprobe before it looks at what lies there, and leaves the address in the
 * structure when it then refuses the probe.  So a kprobe on the symbol's second byte tells where any symbol is: in
 * data, and inside of an instruction, it is refused; where it is not, it is registered disabled, which changes no
 * text, and taken back.  The second byte, because the first of a function may be moved behind an endbr instruction.
 *
 * The other way that is known, calling kallsyms_lookup_name() by an address that a kprobe found, is an indirect
 * call of a function whose endbr the kernel may have sealed, and ends in an oops where IBT is on.
 */
#ifndef STAP_SYMBOLS_RESOLVE_H
#define STAP_SYMBOLS_RESOLVE_H

#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/utsname.h>

/* The address of "symbol" or "module:symbol", or 0.  ctx: task; locks: takes kprobe_mutex */
static unsigned long stp_resolve_raw(const char *name)
{
	struct kprobe *kp = kzalloc(sizeof(*kp), GFP_KERNEL);
	unsigned long address = 0;

	if (!kp)
		return 0;
	kp->symbol_name = name;
	kp->offset = 1;
	kp->flags = KPROBE_FLAG_DISABLED;
	if (!register_kprobe(kp)) {
		address = (unsigned long)kp->addr;
		unregister_kprobe(kp);
	} else if (!IS_ERR_OR_NULL(kp->addr)) {
		address = (unsigned long)kp->addr;
	}
	kfree(kp);
	return address ? address - 1 : 0;
}

/* Whether this kernel tells addresses that way: it must know one that the linker has told.  ctx: task; locks: none */
static bool stp_resolve_works(void)
{
	return stp_resolve_raw("init_uts_ns") == (unsigned long)&init_uts_ns;
}

/*
 * The address of a symbol of @module, "kernel" for the kernel itself; 0 when there is none, the module is not loaded,
 * or the kernel does not tell.  Of several symbols with one name it is the first.  Variables per CPU have none.
 * ctx: task; locks: takes kprobe_mutex
 */
static __maybe_unused unsigned long stp_symbol_address(const char *module, const char *symbol)
{
	unsigned long address;
	char *name;

	if (!stp_resolve_works())
		return 0;
	if (!strcmp(module, "kernel"))
		return stp_resolve_raw(symbol);
	name = kasprintf(GFP_KERNEL, "%s:%s", module, symbol);
	if (!name)
		return 0;
	address = stp_resolve_raw(name);
	kfree(name);
	return address;
}

#endif
