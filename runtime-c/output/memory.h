/* SPDX-License-Identifier: GPL-2.0-or-later */
/* %m and %M: memory that may not be there, as it is or in hex. */
#ifndef STAP_OUTPUT_MEMORY_H
#define STAP_OUTPUT_MEMORY_H

#include "format.h"
#include "embedded.h"
#include "../memory/access.h"

/* Bytes that are read at a time: what a piece holds stands on the stack. */
#define STP_MEMORY_PIECE 32

/* Reads a piece that does not cross a page; 0 or -EFAULT. ctx: any, NMI too; locks: none */
static inline int stp_memory_read(char *to, uint64_t addr, size_t count, bool user)
{
	if (user)
		return stp_uread_bytes(to, (const void __user *)(unsigned long)addr, count);
	return copy_from_kernel_nofault(to, (const void *)(unsigned long)addr, count) ? -EFAULT : 0;
}

/* ctx: handler; locks: none */
static inline struct stp_sink stp_put_hex(struct stp_sink sink, const char *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * STP_MEMORY_PIECE];
	size_t i;

	for (i = 0; i < count; i++) {
		text[2 * i] = digits[(unsigned char)bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	return stp_put_long(sink, text, 2 * count);
}

/*
 * Writes `count` bytes of memory. A fault is a soft error; what was written before it is dropped with the statement,
 * as far as it did not fill a record.
 * ctx: handler; locks: none
 */
static inline struct stp_sink stp_put_memory_bytes(struct stp_sink sink, struct context *c, uint64_t addr, size_t count,
						   bool user, bool hex)
{
	char bytes[STP_MEMORY_PIECE];
	size_t part;

	for (; count; count -= part, addr += part) {
		part = min3(count, sizeof(bytes), (size_t)(PAGE_SIZE - offset_in_page(addr)));
		if (stp_memory_read(bytes, addr, part, user)) {
			stp_embedded_error(c, "%s memory dump fault [man error::fault] at 0x%llx",
					   user ? "user" : "kernel", (unsigned long long)addr);
			break;
		}
		sink = hex ? stp_put_hex(sink, bytes, part) : stp_put_long(sink, bytes, part);
	}
	return sink;
}

/* The precision is the number of bytes, 1 when there is none; # reads the task's own memory.
 * ctx: handler; locks: none */
static noinline __maybe_unused struct stp_sink stp_put_memory(struct stp_sink sink, struct context *c, int64_t addr,
							      struct stp_format format, bool hex)
{
	int64_t count = format.precision < 0 ? 1 : format.precision;
	int64_t fill;

	if (count > (int64_t)PAGE_SIZE) {
		stp_embedded_error(c, "%lld is too many bytes for a memory dump", (long long)count);
		return sink;
	}
	format = stp_format_settle(format);
	fill = format.width - (hex ? 2 * count : count);
	if (!(format.flags & STP_FMT_LEFT))
		sink = stp_put_fill(sink, ' ', fill);
	sink = stp_put_memory_bytes(sink, c, addr, count, format.flags & STP_FMT_ALT, hex);
	if (format.flags & STP_FMT_LEFT)
		sink = stp_put_fill(sink, ' ', fill);
	return sink;
}

#endif
