/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session says at its end.  The -t and alibi reports go the way of all output, so they do not depend on
 * a terminal; counters are warnings.
 */
#ifndef STAP_OUTPUT_REPORT_H
#define STAP_OUTPUT_REPORT_H

#if defined(STP_TIMING) || defined(STP_ALIBI)
/* Prints one line as a record of its own.  ctx: task; locks: none; no handler runs any more */
static __printf(1, 2) void stp_report_line(const char *fmt, ...)
{
	struct context *c;
	va_list args;

	preempt_disable();
	c = __this_cpu_read(contexts);
	va_start(args, fmt);
	c->out_pos += vscnprintf(c->out_pos, c->out_end - c->out_pos, fmt, args);
	va_end(args);
	stp_out_commit(c);
	stp_out_write(c);
	preempt_enable();
}
#endif

#ifdef STP_TIMING
#ifdef STP_TIMING_NSECS
#define STP_TIMING_UNIT "nsecs"
#else
#define STP_TIMING_UNIT "cycles"
#endif

/* Adds the hits of one CPU to @sum, squares by the rule for two parts of a sample.  ctx: task; locks: none */
static void stp_timing_merge(struct stp_timing *sum, const struct stp_timing *part)
{
	u64 count = sum->count + part->count;
	s64 delta = part->mean - sum->mean;
	s64 shift;

	if (!part->count)
		return;
	if (!sum->count) {
		*sum = *part;
		return;
	}
	shift = div64_s64(delta * (s64)part->count, count);
	sum->squares += part->squares + delta * shift * (s64)sum->count;
	sum->mean += shift;
	sum->min = min(sum->min, part->min);
	sum->max = max(sum->max, part->max);
	sum->count = count;
}

/* ctx: task; locks: none */
static void stp_report_once(const char *what, const struct stp_timing *timing)
{
	stp_report_line("----- %s report:\n", what);
	if (timing->count)
		stp_report_line("hits: %llu, " STP_TIMING_UNIT ": %llumin/%lldavg/%llumax, variance: %llu\n",
				timing->count, timing->min, timing->mean, timing->max,
				div64_u64(timing->squares, timing->count));
}

/* ctx: task; locks: none */
static void stp_report_timing(const struct stap_probe *p, size_t index)
{
	struct stp_timing sum = {};
	int cpu;

	for_each_possible_cpu(cpu)
		stp_timing_merge(&sum, per_cpu_ptr(p->timing, cpu));
	if (!sum.count)
		return;
	stp_report_line("%s, (%s), hits: %llu, " STP_TIMING_UNIT ": %llumin/%lldavg/%llumax, variance: %llu,%s, "
			"index: %zu\n", p->pp, p->location, sum.count, sum.min, sum.mean, sum.max,
			div64_u64(sum.squares, sum.count), p->derivation, index);
}
#endif

/* ctx: task; locks: none */
static inline void stp_report_hits(struct stap_probe *probes, size_t count)
{
#if defined(STP_TIMING) || defined(STP_ALIBI)
	size_t i;

	stp_report_line("----- probe hit report: \n");
	for (i = 0; i < count; i++) {
#ifdef STP_ALIBI
		int hits = atomic_read(&probes[i].alibi);

		if (hits)
			stp_report_line("%s, (%s), hits: %d,%s, index: %zu\n",
					probes[i].pp, probes[i].location, hits, probes[i].derivation, i);
#else
		stp_report_timing(&probes[i], i);
#endif
	}
#endif
#ifdef STP_TIMING
	stp_report_once("refresh", &stp_timing_refresh);
	stp_report_once("module init", &stp_timing_init);
#endif
}

/* Locks that made handlers wait, the ones that made them give up in any case.  ctx: task; locks: none */
static inline void stp_report_locks(void)
{
	struct stp_lock *lock;

	for (lock = stp_locks_listed; lock; lock = lock->next) {
		int timeouts = atomic_read(&lock->timeouts);

#ifdef STP_TIMING
		stp_report_line("'%s' lock contention occurred %d times\n", lock->name, atomic_read(&lock->contended));
#endif
		if (timeouts)
			_stp_warn("Skipped due to global '%s' lock timeout: %d", lock->name, timeouts);
	}
}

/* ctx: task; locks: none; @probes has its statistics or none at all */
static inline void stp_timing_free_all(struct stap_probe *probes, size_t count)
{
#ifdef STP_TIMING
	size_t i;

	for (i = 0; i < count; i++) {
		free_percpu(probes[i].timing);
		probes[i].timing = NULL;
	}
#endif
}

/* ctx: task; locks: none */
static inline int stp_timing_alloc_all(struct stap_probe *probes, size_t count)
{
#ifdef STP_TIMING
	size_t i;

	for (i = 0; i < count; i++) {
		probes[i].timing = alloc_percpu(struct stp_timing);
		if (!probes[i].timing) {
			_stp_error("probe timing allocation failed");
			stp_timing_free_all(probes, count);
			return -ENOMEM;
		}
	}
#endif
	return 0;
}

#endif
