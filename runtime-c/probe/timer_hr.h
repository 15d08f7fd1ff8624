/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timer.s, .ms, .us and .ns.  The unit has declared stap_hrtimer_probes[].
 */
#ifndef STAP_PROBE_TIMER_HR_H
#define STAP_PROBE_TIMER_HR_H

#include <asm/irq_regs.h>

#include "compat/hrtimer.h"
#include "probe/randomize.h"

/* The least time between the end of a handler and the next: an interval below it would be all that the CPU does. */
#define STP_HRTIMER_MIN_GAP_NS 10000

struct stap_hrtimer {
	struct hrtimer timer;
	struct stap_hrtimer_probe *shp;
	u32 seed;
	bool armed;
};

static struct stap_hrtimer stap_hrtimers[ARRAY_SIZE(stap_hrtimer_probes)];

/* ctx: any; locks: none */
static s64 stap_hrtimer_delay(struct stap_hrtimer *sh)
{
	s64 delay = sh->shp->interval_ns + stp_randomize(&sh->seed, sh->shp->randomize_ns);

	return max_t(s64, delay, 1);
}

/*
 * The next time is an interval after this one, so intervals do not drift; missed ones are left out, so a handler
 * slower than its interval cannot pile up hits, and the gap keeps it from filling the CPU.
 * ctx: hard irq; locks: none
 */
static void stap_hrtimer_forward(struct stap_hrtimer *sh)
{
	ktime_t next = ktime_add_ns(hrtimer_get_expires(&sh->timer), stap_hrtimer_delay(sh));
	ktime_t earliest = ktime_add_ns(hrtimer_cb_get_time(&sh->timer), STP_HRTIMER_MIN_GAP_NS);

	if (ktime_before(next, earliest)) {
		ktime_t fresh = ktime_add_ns(earliest, sh->shp->interval_ns);

		next = sh->shp->interval_ns > STP_HRTIMER_MIN_GAP_NS ? fresh : earliest;
	}
	hrtimer_set_expires(&sh->timer, next);
}

/* ctx: hard irq; locks: none */
static notrace enum hrtimer_restart enter_hrtimer_probe(struct hrtimer *timer)
{
	struct stap_hrtimer *sh = container_of(timer, struct stap_hrtimer, timer);
	struct stap_probe *p = sh->shp->probe;
	struct stp_hit hit;
	struct context *c = stp_probe_enter(&hit, p, STAP_SESSION_RUNNING, stp_probe_type_hrtimer, get_irq_regs());

	if (c) {
		c->user_mode_p = c->kregs && user_mode(c->kregs);
		p->ph(c);
		stp_probe_leave(&hit, p, c);
	}
	if (session_state() > STAP_SESSION_RUNNING)
		return HRTIMER_NORESTART;
	stap_hrtimer_forward(sh);
	return HRTIMER_RESTART;
}
NOKPROBE_SYMBOL(enter_hrtimer_probe);

/* Starts and stops timers as their conditions say; each first fires one interval from now.  ctx: task; locks: none */
static void stap_hrtimer_rearm(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_hrtimers); i++) {
		struct stap_hrtimer *sh = &stap_hrtimers[i];
		bool wanted = stp_probe_wanted(sh->shp->probe);

		if (wanted && !sh->armed)
			hrtimer_start(&sh->timer, ns_to_ktime(stap_hrtimer_delay(sh)), HRTIMER_MODE_REL_HARD);
		else if (!wanted && sh->armed)
			hrtimer_cancel(&sh->timer);
		sh->armed = wanted;
	}
}

/* ctx: task; locks: none */
static int stap_hrtimer_register(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_hrtimers); i++) {
		struct stap_hrtimer *sh = &stap_hrtimers[i];

		sh->shp = &stap_hrtimer_probes[i];
		sh->seed = stp_randomize_seed(i);
		/* Hard: in interrupt context on PREEMPT_RT as well, as everywhere else. */
		stp_hrtimer_setup(&sh->timer, enter_hrtimer_probe, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	}
	stap_hrtimer_rearm();
	return 0;
}

/* ctx: task; locks: none */
static void stap_hrtimer_unregister(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_hrtimers); i++) {
		if (stap_hrtimers[i].shp)
			hrtimer_cancel(&stap_hrtimers[i].timer);
	}
}

#endif
