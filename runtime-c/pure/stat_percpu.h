/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scalar statistics: each CPU adds to its own, readers merge them. */
#ifndef STAP_PURE_STAT_PERCPU_H
#define STAP_PURE_STAT_PERCPU_H

#include <linux/cpumask.h>
#include <linux/percpu.h>

/* All CPUs together. ctx: any; locks: the statistic's where handlers still add to it */
static noinline __maybe_unused struct stp_stat stp_stat_sum(const struct stp_stat __percpu *stats)
{
	struct stp_stat sum = {};
	int cpu;

	for_each_possible_cpu(cpu)
		stp_stat_merge(&sum, per_cpu_ptr(stats, cpu));
	return sum;
}

/* `delete`. ctx: any; locks: the statistic's, for writing */
static inline void stp_stat_clear(struct stp_stat __percpu *stats)
{
	int cpu;

	for_each_possible_cpu(cpu)
		*per_cpu_ptr(stats, cpu) = (struct stp_stat){};
}

#endif
