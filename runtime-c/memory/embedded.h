/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing memory in embedded C, under the names that the language reference and older tapsets use.
 *
 * A fault is a soft error.  In the body of a function or statement it leaves the code at once, through stp_leave, which
 * the translator redefines there.  In functions at top level, which have no context at hand, the read gives 0, the
 * code goes on, and the handler fails when it comes back.
 */
#ifndef STAP_MEMORY_EMBEDDED_H
#define STAP_MEMORY_EMBEDDED_H

#include <linux/uaccess.h>

#define stp_leave do { } while (0)

/* What faults jumped to before they left by themselves. */
#define CATCH_DEREF_FAULT() do { } while (0)

/* Makes a fault the soft error of the handler on this CPU, if one runs.  ctx: any, NMI too; locks: none */
static noinline __maybe_unused void stp_fault(const char *deed, unsigned long addr)
{
	struct context *c = raw_cpu_read(contexts);

	if (!c || !atomic_read(&c->busy))
		return;
	snprintf(c->error_buffer, sizeof(c->error_buffer), "%s fault [man error::fault] at 0x%lx", deed, addr);
	c->last_error = c->error_buffer;
}

/* 1, 2, 4 or 8 bytes as a number without sign; 0 or -EFAULT.  ctx: any, NMI too; locks: none */
static inline int stp_load(u64 *value, unsigned long addr, size_t size, bool user)
{
	union {
		u8 u8;
		u16 u16;
		u32 u32;
		u64 u64;
	} raw = { 0 };
	int rc = -EFAULT;

	if (size == 1 || size == 2 || size == 4 || size == 8)
		rc = user ? stp_uread_bytes(&raw, (const void __user *)addr, size)
			  : copy_from_kernel_nofault(&raw, (const void *)addr, size);
	*value = size == 1 ? raw.u8 : size == 2 ? raw.u16 : size == 4 ? raw.u32 : raw.u64;
	return rc ? -EFAULT : 0;
}

/*
 * Reading first keeps away from what is no address of the kernel: a fault there is taken for a bug, not looked up.
 * ctx: any, NMI too; locks: none
 */
static inline int stp_kwrite(unsigned long addr, u64 value, size_t size)
{
	u8 b = value;
	u16 w = value;
	u32 l = value;
	u64 old;

	if (stp_load(&old, addr, size, false))
		return -EFAULT;
	pagefault_disable();
	switch (size) {
	case 1:
		__put_kernel_nofault((u8 *)addr, &b, u8, fault);
		break;
	case 2:
		__put_kernel_nofault((u16 *)addr, &w, u16, fault);
		break;
	case 4:
		__put_kernel_nofault((u32 *)addr, &l, u32, fault);
		break;
	case 8:
		__put_kernel_nofault((u64 *)addr, &value, u64, fault);
		break;
	default:
		goto fault;
	}
	pagefault_enable();
	return 0;
fault:
	pagefault_enable();
	return -EFAULT;
}

/* ctx: any, NMI too; locks: none */
static inline int stp_store(unsigned long addr, u64 value, size_t size, bool user)
{
	u8 b = value;
	u16 w = value;
	u32 l = value;
	const void *from = size == 1 ? (void *)&b : size == 2 ? (void *)&w : size == 4 ? (void *)&l : (void *)&value;

	if (!user)
		return stp_kwrite(addr, value, size);
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return -EFAULT;
	return copy_to_user_nofault((void __user *)addr, from, size) ? -EFAULT : 0;
}

#define stp_checked(failed, deed, addr) do {						\
	if (unlikely(failed)) {								\
		stp_fault(deed, (unsigned long)(addr));					\
		stp_leave;								\
	}										\
} while (0)

/* An expression of array type decays to a pointer, which makes the types differ. */
#define stp_is_array(lvalue) (!__builtin_types_compatible_p(typeof(lvalue), typeof(({ lvalue; }))))

/* The value of *ptr; of an array its address, as in C. */
#define stp_read_as(ptr, read) __builtin_choose_expr(stp_is_array(*(ptr)), *(ptr), ({	\
	union { typeof(*(ptr)) value; char bytes[sizeof(*(ptr))]; } __read = { .bytes = { 0 } };	\
	stp_checked(read(__read.bytes, (ptr), sizeof(__read)), "read", ptr);		\
	__read.value; }))

#define kread(ptr) stp_read_as(ptr, copy_from_kernel_nofault)
#define stp_user_bytes(dst, ptr, size) stp_uread_bytes(dst, (const void __user *)(unsigned long)(ptr), size)
#define uread(ptr) stp_read_as(ptr, stp_user_bytes)

#define stp_write_as(ptr, value, user) do {						\
	unsigned long __to = (unsigned long)(ptr);					\
	typeof(*(ptr)) __new = (value);							\
											\
	stp_checked(stp_store(__to, (u64)__new, sizeof(__new), user), "write", __to);	\
} while (0)
#define kwrite(ptr, value) stp_write_as(ptr, value, false)
#define uwrite(ptr, value) stp_write_as(ptr, value, true)

#define stp_deref(size, addr, user) ({							\
	u64 __loaded;									\
	unsigned long __from = (unsigned long)(addr);					\
											\
	stp_checked(stp_load(&__loaded, __from, (size), user), "read", __from);		\
	(int64_t)__loaded; })
#define kderef(size, addr) stp_deref(size, addr, false)
#define uderef(size, addr) stp_deref(size, addr, true)

#define stp_store_deref(size, addr, value, user) do {					\
	unsigned long __to = (unsigned long)(addr);					\
											\
	stp_checked(stp_store(__to, (u64)(value), (size), user), "write", __to);	\
} while (0)
#define store_kderef(size, addr, value) stp_store_deref(size, addr, value, false)
#define store_uderef(size, addr, value) stp_store_deref(size, addr, value, true)

#define kderef_string(dst, addr, maxbytes) do {						\
	unsigned long __from = (unsigned long)(addr);					\
											\
	stp_checked(stp_kread_string((dst), (const void *)__from, (maxbytes)) < 0, "read", __from);	\
} while (0)
#define uderef_string(dst, addr, maxbytes) do {						\
	unsigned long __from = (unsigned long)(addr);					\
											\
	stp_checked(stp_uread_string((dst), (const void __user *)__from, (maxbytes)) < 0, "read", __from);	\
} while (0)
#define kderef_buffer(dst, addr, numbytes) do {						\
	unsigned long __from = (unsigned long)(addr);					\
											\
	stp_checked(copy_from_kernel_nofault((dst), (const void *)__from, (numbytes)), "read", __from);	\
} while (0)
#define uderef_buffer(dst, addr, numbytes) do {						\
	unsigned long __from = (unsigned long)(addr);					\
											\
	stp_checked(stp_user_bytes((dst), __from, (numbytes)), "read", __from);		\
} while (0)

/* The names of the time when there was one address space to speak of. */
#define deref(size, addr) kderef(size, addr)
#define store_deref(size, addr, value) store_kderef(size, addr, value)
#define deref_string(dst, addr, maxbytes) kderef_string(dst, addr, maxbytes)

#endif
