/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where maps get their memory; a test in user space brings its own. */
#ifndef STAP_PURE_MAP_MEMORY_H
#define STAP_PURE_MAP_MEMORY_H

#include <linux/random.h>
#include <linux/vmalloc.h>

/* Zeroed memory, or NULL. ctx: task; locks: none */
static inline void *stp_map_alloc(size_t count, size_t size)
{
	size_t bytes;

	if (check_mul_overflow(count, size, &bytes))
		return NULL;
	return vzalloc(bytes);
}

/* ctx: task; locks: none */
static inline void stp_map_free(void *memory)
{
	vfree(memory);
}

/* ctx: task; locks: none */
static inline uint64_t stp_map_seed(void)
{
	return get_random_u64();
}

#endif
