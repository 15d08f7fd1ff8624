/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading memory that may not be there.  Handlers dereference no address of the script themselves.
 */
#ifndef STAP_MEMORY_ACCESS_H
#define STAP_MEMORY_ACCESS_H

#include <asm/word-at-a-time.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/*
 * The lowest address of the kernel's half.  Below it lies what is user space or no address at all, and a fault there is
 * looked up in the task's map, or taken for a bug, before it is a fault.
 */
#ifdef CONFIG_X86_64
#define STP_KERNEL_START (~0UL << (pgtable_l5_enabled() ? 56 : 47))
#else
#define STP_KERNEL_START TASK_SIZE_MAX
#endif

/* Whether @size bytes at @addr lie in the kernel's half, without wrapping around.  ctx: any, NMI too; locks: none */
static __always_inline bool stp_in_kernel(unsigned long addr, size_t size)
{
	return addr - STP_KERNEL_START <= -size - STP_KERNEL_START;
}

/*
 * Reads *ptr into *dst; 0 or -EFAULT.  What copy_from_kernel_nofault() does, for 1, 2, 4 or 8 bytes inline: a chain of
 * pointers is read in a handler's every hit.
 */
#define STP_KREAD(bits)									\
	/* 0 or -EFAULT.  ctx: any, NMI too; locks: none */				\
	static __always_inline __maybe_unused int stp_kread_u##bits(void *dst, const void *ptr) \
	{										\
		if (!stp_in_kernel((unsigned long)ptr, bits / 8))			\
			return -EFAULT;							\
		__get_kernel_nofault(dst, ptr, u##bits, fault);				\
		return 0;								\
	fault:										\
		return -EFAULT;								\
	}

STP_KREAD(8)
STP_KREAD(16)
STP_KREAD(32)
STP_KREAD(64)

#define stp_kread(dst, ptr)								\
	(sizeof(*(dst)) == 8 ? stp_kread_u64((dst), (ptr)) :				\
	 sizeof(*(dst)) == 4 ? stp_kread_u32((dst), (ptr)) :				\
	 sizeof(*(dst)) == 2 ? stp_kread_u16((dst), (ptr)) :				\
	 sizeof(*(dst)) == 1 ? stp_kread_u8((dst), (ptr)) :				\
	 copy_from_kernel_nofault((dst), (ptr), sizeof(*(dst))) ? -EFAULT : 0)

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
 * Copies a string of the kernel, at most @max bytes with its NUL; -EFAULT, or the length copied.  Word by word, but
 * byte by byte where a word would cross into a page that may not be there.
 * ctx: any, NMI too; locks: none
 */
static inline __maybe_unused long stp_kread_string(char *dst, const char *addr, size_t max)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	size_t done = 0;

	if (!max)
		return 0;
	while (done + 1 < max) {
		const char *from = addr + done;
		unsigned long word, zeros;

		if (done + sizeof(word) >= max || offset_in_page(from) > PAGE_SIZE - sizeof(word)) {
			if (stp_kread_u8(dst + done, from))
				goto fault;
			if (!dst[done])
				return done;
			done++;
			continue;
		}
		if (stp_kread_u64(&word, from))
			goto fault;
		memcpy(dst + done, &word, sizeof(word));
		if (has_zero(word, &zeros, &constants)) {
			zeros = prep_zero_mask(word, zeros, &constants);
			return done + find_zero(create_zero_mask(zeros));
		}
		done += sizeof(word);
	}
	dst[done] = '\0';
	return done;
fault:
	dst[done] = '\0';
	return -EFAULT;
}

/*
 * The same of the current task's memory, in pieces that do not cross a page, so that what lies before a bad page is
 * still read.
 * ctx: any, NMI too; locks: none
 */
static inline __maybe_unused long stp_uread_string(char *dst, const char __user *addr, size_t max)
{
	size_t done = 0;

	while (done + 1 < max) {
		const char __user *from = addr + done;
		size_t piece = min3(max - 1 - done, (size_t)64, PAGE_SIZE - offset_in_page(from));
		size_t len;

		if (stp_uread_bytes(dst + done, from, piece)) {
			dst[done] = '\0';
			return -EFAULT;
		}
		len = strnlen(dst + done, piece);
		done += len;
		if (len < piece)
			break;
	}
	if (max)
		dst[done] = '\0';
	return done;
}

#endif
