/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What embedded C prints and fails with: here only does a format meet the kernel's own vsnprintf. */
#ifndef STAP_OUTPUT_EMBEDDED_H
#define STAP_OUTPUT_EMBEDDED_H

#include <linux/kernel.h>

#include "compat/string.h"

/* A version of the language, to compare with STAP_COMPAT_VERSION: that of --compatible, or our own. */
#define STAP_VERSION(a, b) (((a) << 8) + (b))

/* STAP_PRINTF. What is longer than STP_OUT_ROOM is cut. ctx: handler; locks: none */
static noinline __maybe_unused __printf(2, 3) void stp_out_printf(struct context *c, const char *format, ...)
{
	va_list args;
	int count;

	if (c->out_end - c->out_pos < STP_OUT_ROOM)
		c->out_pos = stp_out_flush(c, c->out_pos);
	va_start(args, format);
	count = vscnprintf(c->out_pos, STP_OUT_ROOM, format, args);
	va_end(args);
	c->out_pos += count;
}

/* STAP_ERROR: the message of a soft error. ctx: handler; locks: none */
static noinline __maybe_unused __printf(2, 3) void stp_embedded_error(struct context *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vscnprintf(c->error_buffer, sizeof(c->error_buffer), format, args);
	va_end(args);
	c->last_error = c->error_buffer;
}

/* A dereference met memory that is not there. ctx: handler; locks: none */
static noinline __maybe_unused void stp_kread_fault(struct context *c, int64_t addr)
{
	stp_embedded_error(c, "kernel read fault at 0x%016llx (addr)", (unsigned long long)addr);
}

/* The same in the current task's memory. ctx: handler; locks: none */
static noinline __maybe_unused void stp_uread_fault(struct context *c, int64_t addr)
{
	stp_embedded_error(c, "user read fault at 0x%016llx (addr)", (unsigned long long)addr);
}

/* A write in guru mode met memory that is not there. ctx: handler; locks: none */
static noinline __maybe_unused void stp_kwrite_fault(struct context *c, int64_t addr)
{
	stp_embedded_error(c, "kernel write fault at 0x%016llx (addr)", (unsigned long long)addr);
}

#endif
