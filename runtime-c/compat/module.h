/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The read-only data of a module that is loaded: 6.4 gave each kind of a module's memory its own place. */
#ifndef STAP_COMPAT_MODULE_H
#define STAP_COMPAT_MODULE_H

#include <linux/module.h>
#include <linux/version.h>

/* ctx: any; locks: the module does not go */
static inline const u8 *stp_module_rodata(const struct module *mod, size_t *size)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	*size = mod->mem[MOD_RODATA].size;
	return mod->mem[MOD_RODATA].base;
#else
	*size = mod->core_layout.ro_size - mod->core_layout.text_size;
	return (const u8 *)mod->core_layout.base + mod->core_layout.text_size;
#endif
}

#endif
