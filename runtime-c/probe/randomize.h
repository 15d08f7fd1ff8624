/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spreading of timers.  Not the kernel's random numbers, whose locks sleep on PREEMPT_RT.
 */
#ifndef STAP_PROBE_RANDOMIZE_H
#define STAP_PROBE_RANDOMIZE_H

#include <linux/hash.h>
#include <linux/math64.h>
#include <linux/timekeeping.h>

/* Never 0, where the generator would stay.  ctx: task; locks: none */
static inline u32 stp_randomize_seed(size_t index)
{
	return hash_64(ktime_get_raw_fast_ns() + index, 32) | 1;
}

/* A number of -range .. range.  ctx: any; locks: none */
static inline s64 stp_randomize(u32 *seed, u64 range)
{
	u32 x = *seed;

	if (!range)
		return 0;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*seed = x;
	return (s64)mul_u64_u32_shr(2 * range + 1, x, 32) - (s64)range;
}

#endif
