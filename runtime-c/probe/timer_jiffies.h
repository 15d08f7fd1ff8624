/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timer.jiffies and timer.hz.  The unit has declared stap_timer_probes[].
 */
#ifndef STAP_PROBE_TIMER_JIFFIES_H
#define STAP_PROBE_TIMER_JIFFIES_H

#include "compat/timer.h"
#include "probe/randomize.h"

struct stap_timer {
	struct timer_list timer;
	struct stap_timer_probe *stp;
	u32 seed;
	bool armed;
};

static struct stap_timer stap_timers[ARRAY_SIZE(stap_timer_probes)];

/* ctx: irq; locks: none */
static unsigned long stap_timer_delay(struct stap_timer *st)
{
	s64 delay = st->stp->interval + stp_randomize(&st->seed, st->stp->randomize);

	return delay > 0 ? delay : 1;
}

/* ctx: softirq; locks: none */
static notrace void enter_timer_probe(struct timer_list *timer)
{
	struct stap_timer *st = container_of(timer, struct stap_timer, timer);
	struct stap_probe *p = st->stp->probe;
	struct stp_hit hit;
	struct context *c = stp_probe_enter(&hit, p, STAP_SESSION_RUNNING, stp_probe_type_timer, get_irq_regs());

	if (c) {
		c->user_mode_p = c->kregs && user_mode(c->kregs);
		p->ph(c);
		stp_probe_leave(&hit, p, c);
	}
	if (session_state() <= STAP_SESSION_RUNNING && READ_ONCE(st->armed))
		mod_timer(timer, jiffies + stap_timer_delay(st));
}
NOKPROBE_SYMBOL(enter_timer_probe);

/* Starts and stops timers as their conditions say.  ctx: task; locks: none */
static void stap_timer_rearm(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_timers); i++) {
		struct stap_timer *st = &stap_timers[i];
		bool armed = st->armed, wanted = stp_probe_wanted(st->stp->probe);

		WRITE_ONCE(st->armed, wanted);
		if (wanted && !armed)
			mod_timer(&st->timer, jiffies + stap_timer_delay(st));
		else if (!wanted && armed)
			stp_timer_delete_sync(&st->timer);
	}
}

/* ctx: task; locks: none */
static int stap_timer_register(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_timers); i++) {
		struct stap_timer *st = &stap_timers[i];

		st->stp = &stap_timer_probes[i];
		st->seed = stp_randomize_seed(i);
		timer_setup(&st->timer, enter_timer_probe, 0);
	}
	stap_timer_rearm();
	return 0;
}

/* ctx: task; locks: none; the session is no longer running, so no timer arms itself again */
static void stap_timer_unregister(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_timers); i++) {
		if (stap_timers[i].stp)
			stp_timer_delete_sync(&stap_timers[i].timer);
	}
}

#endif
