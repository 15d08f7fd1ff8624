/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading memory that may not be there.  Handlers dereference no address of the script themselves.
 */
#ifndef STAP_MEMORY_ACCESS_H
#define STAP_MEMORY_ACCESS_H

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* Reads *ptr into *dst; 0 or -EFAULT.  ctx: any, NMI too; locks: none */
#define stp_kread(dst, ptr) \
	(copy_from_kernel_nofault((dst), (ptr), sizeof(*(dst))) ? -EFAULT : 0)

/*
 * Writes a value of guru mode to kernel memory: copy_to_kernel_nofault() is not exported.  An address of user space
 * is a fault.
 */
#define STP_KWRITE(bits)								\
	/* 0 or -EFAULT.  ctx: any, NMI too; locks: none */				\
	static __always_inline __maybe_unused int stp_kwrite_u##bits(u##bits *ptr, u##bits value)	\
	{										\
		if ((unsigned long)ptr < TASK_SIZE_MAX)					\
			return -EFAULT;							\
		pagefault_disable();							\
		__put_kernel_nofault(ptr, &value, u##bits, fault);			\
		pagefault_enable();							\
		return 0;								\
	fault:										\
		pagefault_enable();							\
		return -EFAULT;								\
	}

STP_KWRITE(8)
STP_KWRITE(16)
STP_KWRITE(32)
STP_KWRITE(64)

/*
 * Reads *ptr of the current task's memory into *dst without sleeping: a page that is not present is a fault.
 * copy_from_user_nofault() refuses where the task's own memory is not in place: kernel threads, a borrowed mm.
 * Gives 0 or -EFAULT.  ctx: any, NMI too; locks: none
 */
#define stp_uread(dst, ptr) \
	stp_uread_bytes((dst), (const void __user *)(unsigned long)(ptr), sizeof(*(dst)))

/* ctx: any, NMI too; locks: none */
static inline int stp_uread_bytes(void *dst, const void __user *addr, size_t n)
{
	return copy_from_user_nofault(dst, addr, n) ? -EFAULT : 0;
}

/*
 * Copies a string, at most @max bytes with its NUL; -EFAULT, or the length copied.  In pieces that do not cross a page,
 * so that what lies before a bad page is still read.
 */
#define STP_READ_STRING(name, space, read)						\
	/* ctx: any, NMI too; locks: none */						\
	static inline long name(char *dst, const void space *addr, size_t max)		\
	{										\
		size_t done = 0;							\
											\
		while (done + 1 < max) {						\
			const char space *from = (const char space *)addr + done;	\
			size_t piece = min3(max - 1 - done, (size_t)64,			\
					    PAGE_SIZE - offset_in_page(from));		\
			size_t len;							\
											\
			if (read(dst + done, from, piece)) {				\
				dst[done] = '\0';					\
				return -EFAULT;						\
			}								\
			len = strnlen(dst + done, piece);				\
			done += len;							\
			if (len < piece)						\
				break;							\
		}									\
		if (max)								\
			dst[done] = '\0';						\
		return done;								\
	}

/* The kernel's strings, and those of the current task. */
STP_READ_STRING(stp_kread_string,, copy_from_kernel_nofault)
STP_READ_STRING(stp_uread_string, __user, stp_uread_bytes)

#endif
