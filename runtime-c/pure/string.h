/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * String values: at most MAXSTRINGLEN - 1 bytes and a NUL, copied by value.
 *
 * Needs MAXSTRINGLEN, size_t, bool, likely() and stp_string_cut(), which counts the values that did not fit.
 */
#ifndef STAP_PURE_STRING_H
#define STAP_PURE_STRING_H

/*
 * Appends to a value of `used` bytes and gives the new length; dst is terminated. src must not lie in dst.
 * ctx: any; locks: none
 */
static inline size_t stp_string_append(char *dst, size_t used, const char *src)
{
	char byte;

	while (used < MAXSTRINGLEN - 1) {
		byte = *src++;
		dst[used] = byte;
		if (!byte)
			return used;
		used++;
	}
	dst[used] = '\0';
	if (*src)
		stp_string_cut();
	return used;
}

/* Copies a value; a copy onto itself is fine. ctx: any; locks: none */
static inline void stp_string_copy(char *dst, const char *src)
{
	stp_string_append(dst, 0, src);
}

#endif
