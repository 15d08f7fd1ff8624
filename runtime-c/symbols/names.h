/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of addresses, by the running kernel's own tables: its symbols, those of the modules that are loaded now, of
 * trampolines and of BPF programs.  Nothing is known at build time, so KASLR and modules that come late change nothing.
 */
#ifndef STAP_SYMBOLS_NAMES_H
#define STAP_SYMBOLS_NAMES_H

#include <linux/kallsyms.h>

#include "compat/kprobes.h"

/* Of a string of addresses so many are looked up: that is a longer one than any backtrace. */
#define STP_ADDRESSES_MAX 512

/*
 * Writes "name+0x7/0x2d0 [module]" to c->symbol, or "0x..." when no symbol is known; tells whether one is.
 * The kernel looks its tables up without locks, as it must for an oops.
 * ctx: any, NMI too, @c held; locks: none
 */
static noinline __maybe_unused bool stp_symbol_describe(struct context *c, unsigned long address)
{
	size_t len = sprint_symbol(c->symbol, address);

	if (c->symbol[0] == '0')
		return false;
	if (c->symbol[len - 1] != ']')
		strcpy(c->symbol + len, " [kernel]");
	return true;
}

/* The same, but the name alone.  ctx: any, NMI too, @c held; locks: none */
static __maybe_unused bool stp_symbol_name(struct context *c, unsigned long address)
{
	bool known = stp_symbol_describe(c, address);

	if (known)
		c->symbol[strcspn(c->symbol, "+")] = '\0';
	return known;
}

/* The module of an address, "kernel" for the kernel's own, or NULL.  ctx: any, NMI too, @c held; locks: none */
static __maybe_unused const char *stp_symbol_module(struct context *c, unsigned long address)
{
	char *module;

	if (!stp_symbol_describe(c, address))
		return NULL;
	module = strchr(c->symbol, '[') + 1;
	/* A build id may follow the name. */
	module[strcspn(module, " ]")] = '\0';
	return module;
}

/* The function that a return probe stands on, or 0 in any other.  ctx: any, NMI too, @c held; locks: none */
static __maybe_unused unsigned long stp_returning_from(struct context *c)
{
	struct kretprobe *krp;

	if (c->probe_type != stp_probe_type_kretprobe || !c->ips.krp.pi)
		return 0;
	krp = stp_kretprobe_of(c->ips.krp.pi);
	return krp ? (unsigned long)krp->kp.addr : 0;
}

/* What is probed, at a return the function; 0 where nothing is.  ctx: any, NMI too, @c held; locks: none */
static __maybe_unused unsigned long stp_probed_address(struct context *c)
{
	struct pt_regs *regs = stp_argument_registers(c);

	return stp_returning_from(c) ?: (regs ? instruction_pointer(regs) : 0);
}

/* How much a line tells of an address. */
enum stp_symbol_style {
	STP_SYMBOL_LINE,	/* " 0xffffffff81234567 : name+0x7/0x2d0 [kernel]" */
	STP_SYMBOL_DATA,	/* "name+0x7/0x2d0 [kernel]" */
	STP_SYMBOL_SIMPLE,	/* "name+0x7 [kernel]" */
};

/* Leaves the size of the symbol out.  ctx: any, NMI too, @c held; locks: none */
static void stp_symbol_drop_size(struct context *c)
{
	char *size = strchr(c->symbol, '/');

	if (size)
		memmove(size, size + strcspn(size, " "), strlen(size + strcspn(size, " ")) + 1);
}

/* Prints a line.  ctx: any, NMI too, @c held; locks: none */
static noinline __maybe_unused void stp_symbol_print(struct context *c, unsigned long address)
{
	stp_symbol_describe(c, address);
	stp_out_printf(c, " 0x%016lx : %s\n", address, c->symbol);
}

/* Appends a line to a string value of @used bytes; gives the new length.  ctx: any, NMI too, @c held; locks: none */
static __maybe_unused size_t stp_symbol_append(struct context *c, char *value, size_t used, unsigned long address,
					       enum stp_symbol_style style)
{
	stp_symbol_describe(c, address);
	if (style == STP_SYMBOL_SIMPLE)
		stp_symbol_drop_size(c);
	used = stp_string_append(value, used, c->symbol);
	return stp_string_append(value, used, "\n");
}

/*
 * Takes the first address of a string of hexadecimal ones and moves behind it; false when there is none.
 * ctx: any, NMI too; locks: none
 */
static __maybe_unused bool stp_address_next(const char **text, unsigned long *address)
{
	char *end;

	*text += strspn(*text, " \t\n");
	*address = simple_strtoull(*text, &end, 16);
	if (end == *text)
		return false;
	*text = end;
	return true;
}

/* Prints a line for each address of a string.  ctx: any, NMI too, @c held; locks: none */
static __maybe_unused void stp_addresses_print(struct context *c, const char *text)
{
	unsigned long address;
	int n;

	for (n = 0; n < STP_ADDRESSES_MAX && stp_address_next(&text, &address); n++)
		stp_symbol_print(c, address);
}

/* Makes a string of a line for each address of a string.  ctx: any, NMI too, @c held; locks: none */
static __maybe_unused void stp_addresses_tell(struct context *c, char *value, const char *text,
					      enum stp_symbol_style style)
{
	unsigned long address;
	size_t used = 0;
	int n;

	value[0] = '\0';
	for (n = 0; n < STP_ADDRESSES_MAX && stp_address_next(&text, &address); n++)
		used = stp_symbol_append(c, value, used, address, style);
}

#endif
