/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buckets of scalar statistics: each CPU counts in its own, readers add them up. */
#ifndef STAP_PURE_HIST_PERCPU_H
#define STAP_PURE_HIST_PERCPU_H

#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/string.h>

/* One bucket of all CPUs together. ctx: any; locks: as stp_stat_sum() */
static inline int64_t stp_hist_bucket(const int64_t __percpu *counts, uint32_t bucket)
{
	int64_t sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(counts, cpu)[bucket];
	return sum;
}

/* All buckets. ctx: any; locks: as stp_stat_sum() */
static noinline __maybe_unused void stp_hist_sum(int64_t *sums, const int64_t __percpu *counts, uint32_t buckets)
{
	uint32_t i;

	for (i = 0; i < buckets; i++)
		sums[i] = stp_hist_bucket(counts, i);
}

/* `delete`. ctx: any; locks: the statistic's, for writing */
static inline void stp_hist_clear(int64_t __percpu *counts, uint32_t buckets)
{
	int cpu;

	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(counts, cpu), 0, buckets * sizeof(*counts));
}

#endif
