/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings.  6.8 dropped strlcpy(), which scripts still use. */
#ifndef STAP_COMPAT_STRING_H
#define STAP_COMPAT_STRING_H

#include <linux/string.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
/* ctx: any, NMI too; locks: none */
static inline __maybe_unused size_t strlcpy(char *dst, const char *src, size_t size)
{
	ssize_t copied = strscpy(dst, src, size);

	return copied < 0 ? strlen(src) : copied;
}
#endif

#endif
