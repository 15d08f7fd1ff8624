/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses that target variables start from.  The unit has declared stap_symbols[]; the kernel fills it in before the
 * first handler runs, and again when a module has come or gone.
 */
#ifndef STAP_SYMBOLS_TABLE_H
#define STAP_SYMBOLS_TABLE_H

#include "symbols/resolve.h"

/* Symbols with the value 0 cannot be told from those that are not there, and need not be. */
#define STAP_SYMBOL_PER_CPU "__per_cpu_start"

/* The address of a symbol; 0, where every access is a fault, while it is not there.  ctx: any, NMI too; locks: none */
#define stp_symbol(index) ((int64_t)READ_ONCE(stap_symbols[index].address))

/* From where a per-CPU variable was linked to this CPU's own.  ctx: any, NMI too, preemption off; locks: none */
static __always_inline __maybe_unused int64_t stp_cpu_offset(void)
{
	return (int64_t)per_cpu_offset(raw_smp_processor_id());
}

/* ctx: task; locks: takes kprobe_mutex */
static void stap_symbols_find(bool first)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_symbols); i++) {
		struct stap_symbol *symbol = &stap_symbols[i];
		bool in_kernel = !strcmp(symbol->module, "kernel");

		if (in_kernel && !first)
			continue;
		WRITE_ONCE(symbol->address, stp_symbol_address(symbol->module, symbol->name));
		if (!symbol->address && in_kernel && strcmp(symbol->name, STAP_SYMBOL_PER_CPU))
			_stp_warn("the kernel has no symbol '%s': what lies there reads as a fault", symbol->name);
	}
}

#endif
