/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a handler is held to after it ran: soft errors, its share of the CPU, and the statistics of -t.
 */
#ifndef STAP_CONTEXT_LIMITS_H
#define STAP_CONTEXT_LIMITS_H

#include <linux/kprobes.h>
#include <linux/math64.h>
#include <linux/timex.h>

#if defined(STP_TIMING) || defined(STP_OVERLOAD)
#define STP_NEED_CYCLES
#endif

/* Cycles of this CPU, or nanoseconds with STP_TIMING_NSECS.  ctx: any, NMI too; locks: none */
static __always_inline u64 stp_cycles(void)
{
#ifdef STP_TIMING_NSECS
	return ktime_get_raw_fast_ns();
#else
	return get_cycles();
#endif
}

/* Leads out of the handler as a soft error does, but past every catch, and is not reported: abort(). */
static const char stp_abort[] __maybe_unused = "abort";

/*
 * Notes a call that a soft error leaves, innermost first.  What has no room is left out as a whole.
 * ctx: any, NMI too, @c held; locks: none
 */
static noinline notrace __maybe_unused void stp_called_from(struct context *c, const char *place)
{
	int left = STP_CALLED_FROM_LEN - c->called_from_len;
	int n = snprintf(c->called_from + c->called_from_len, left, " (called from %s)", place);

	if (n < left)
		c->called_from_len += n;
	c->called_from[c->called_from_len] = '\0';
}
NOKPROBE_SYMBOL(stp_called_from);

/* There is no error any more.  ctx: any, NMI too, @c held; locks: none */
static __always_inline void stp_forget_error(struct context *c)
{
	c->last_error = NULL;
	c->last_stmt = NULL;
	c->called_from_len = 0;
	c->called_from[0] = '\0';
}

/* Reports the soft error that ended the handler.  ctx: any, NMI too, @c held; locks: none */
static noinline notrace void stp_soft_error(struct context *c)
{
	if (c->last_error == stp_abort)
		goto out;
#ifdef STAP_SUPPRESS_HANDLER_ERRORS
	atomic_inc(&stp_session.error_count);
#else
	if (c->last_stmt)
		_stp_softerror("%s near %s%s in probe %s", c->last_error, c->last_stmt, c->called_from, c->probe_point);
	else
		_stp_softerror("%s in probe %s", c->last_error, c->probe_point);
	stp_count_error();
#endif
out:
	stp_forget_error(c);
}
NOKPROBE_SYMBOL(stp_soft_error);

#ifdef STP_OVERLOAD
/*
 * An interval is over: did handlers take more than their share of it?  An interval ends with the first hit after
 * STP_OVERLOAD_INTERVAL, which may be late, so the threshold grows with it.
 * ctx: any, NMI too, @c held; locks: none
 */
static noinline notrace void stp_overload_check(struct context *c, u64 now, u64 interval)
{
	u64 limit = STP_OVERLOAD_THRESHOLD;

	if (c->cycles_base && c->cycles_sum > limit) {
		limit = mul_u64_u64_div_u64(limit, interval, STP_OVERLOAD_INTERVAL);
		if (c->cycles_sum > limit)
			_stp_error("probe overhead (%lld cycles) exceeded threshold (%lld cycles) in last %lld cycles",
				   c->cycles_sum, limit, interval);
	}
	c->cycles_base = now;
	c->cycles_sum = 0;
}
NOKPROBE_SYMBOL(stp_overload_check);

/* ctx: any, NMI too, @c held; locks: none */
static __always_inline void stp_overload_add(struct context *c, u64 now, u64 spent)
{
	u64 interval = now - c->cycles_base;

	c->cycles_sum += spent;
	if (unlikely(interval > STP_OVERLOAD_INTERVAL))
		stp_overload_check(c, now, interval);
}
#endif

#ifdef STP_TIMING
/* Cycles of what happens more than once; mean and squares after Welford. */
struct stp_timing {
	u64 count;
	u64 min;
	u64 max;
	s64 mean;
	u64 squares;
};

/* ctx: any, NMI too, @t is the caller's alone; locks: none */
static notrace void stp_timing_add(struct stp_timing *t, u64 spent)
{
	s64 delta = (s64)spent - t->mean;

	if (!t->count || spent < t->min)
		t->min = spent;
	if (spent > t->max)
		t->max = spent;
	t->count++;
	t->mean += div64_s64(delta, t->count);
	t->squares += delta * ((s64)spent - t->mean);
}
NOKPROBE_SYMBOL(stp_timing_add);

/* Of systemtap_module_init() and systemtap_module_refresh(). */
static struct stp_timing stp_timing_init;
static struct stp_timing stp_timing_refresh;
#endif

#endif
