/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying and filling a few dozen bytes, eight at a time.  The kernel's memcpy() and memset() use string
 * instructions, which cost more to start than such a length to move, and much more under emulation.
 *
 * Needs size_t and uint64_t.
 */
#ifndef STAP_PURE_BYTES_H
#define STAP_PURE_BYTES_H

/* The two must not overlap. ctx: any; locks: none */
static __always_inline void stp_bytes_copy(char *to, const char *from, size_t count)
{
	uint64_t word;

	for (; count >= sizeof(word); count -= sizeof(word)) {
		__builtin_memcpy(&word, from, sizeof(word));
		__builtin_memcpy(to, &word, sizeof(word));
		to += sizeof(word);
		from += sizeof(word);
	}
	while (count--)
		*to++ = *from++;
}

/* ctx: any; locks: none */
static __always_inline void stp_bytes_fill(char *to, char byte, size_t count)
{
	uint64_t word = 0x0101010101010101ULL * (unsigned char)byte;

	for (; count >= sizeof(word); count -= sizeof(word)) {
		__builtin_memcpy(to, &word, sizeof(word));
		to += sizeof(word);
	}
	while (count--)
		*to++ = byte;
}

#endif
