/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conditions of probes: while one does not hold, what it guards is not armed and costs nothing.
 *
 * A handler that writes a global of some condition only marks that.  A work item looks every STP_ON_THE_FLY_INTERVAL
 * whether there is a mark, evaluates the conditions, and has the families arm and disarm.  Until then, and for points
 * that cannot be disarmed, the handler itself tests the condition.
 */
#ifndef STAP_PROBE_CONDITION_H
#define STAP_PROBE_CONDITION_H

#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

struct stap_condition {
	/* 1, 0, or -1: a lock is held, ask again. */
	int (*const evaluate)(struct context *c);
	bool holds;
};

/* The unit's: the table, and the call of all families. */
static struct stap_condition stap_conditions[STP_CONDITIONS];
static void stap_conditions_rearm(void);

static int stap_conditions_touched;

/* Held while probes are armed, disarmed, or come and go with a module. */
static DEFINE_MUTEX(stap_conditions_mutex);

/* What errors of a condition name; the hit reports them. */
static struct stap_probe stap_conditions_probe = { .pp = "condition" };

/*
 * The handler wrote a global of a condition.  Its lock is still held: so whoever takes the mark away before that lock
 * is free sees what was written.
 * ctx: any, NMI too; locks: script locks
 */
static __always_inline void stp_conditions_touch(void)
{
	if (!READ_ONCE(stap_conditions_touched))
		WRITE_ONCE(stap_conditions_touched, 1);
}

/* Whether the probe is to be armed.  ctx: task; locks: none */
static bool stp_probe_wanted(const struct stap_probe *p)
{
	return !p->condition || p->condition->holds;
}

/*
 * Evaluates all conditions; gives whether one has changed.  Interrupts are off, for their hits would find the context
 * busy.
 * ctx: task; locks: takes script locks, without waiting
 */
static bool stap_conditions_evaluate(void)
{
	unsigned long irq_flags;
	bool changed = false;
	struct context *c;
	size_t i;

	raw_local_irq_save(irq_flags);
	c = __this_cpu_read(contexts);
	atomic_set(&c->busy, 1);
	barrier();
	stp_context_prepare(c, &stap_conditions_probe, stp_probe_type_none, NULL);
	for (i = 0; i < ARRAY_SIZE(stap_conditions); i++) {
		int holds = stap_conditions[i].evaluate(c);

		stp_forget_error(c);
		if (holds < 0) {
			WRITE_ONCE(stap_conditions_touched, 1);
		} else if (holds != stap_conditions[i].holds) {
			stap_conditions[i].holds = holds;
			changed = true;
		}
	}
	barrier();
	atomic_set_release(&c->busy, 0);
	raw_local_irq_restore(irq_flags);
	return changed;
}

/* ctx: task; locks: takes stap_conditions_mutex */
static void stap_conditions_follow(struct work_struct *work)
{
	unsigned long delay = max_t(unsigned long, nsecs_to_jiffies(STP_ON_THE_FLY_INTERVAL), 1);

	if (xchg(&stap_conditions_touched, 0)) {
		mutex_lock(&stap_conditions_mutex);
		if (stap_conditions_evaluate())
			stap_conditions_rearm();
		mutex_unlock(&stap_conditions_mutex);
		/* A lock was held: that is over soon. */
		if (READ_ONCE(stap_conditions_touched))
			delay = 1;
	}
	if (session_state() <= STAP_SESSION_RUNNING)
		schedule_delayed_work(to_delayed_work(work), delay);
}

static __maybe_unused DECLARE_DELAYED_WORK(stap_conditions_work, stap_conditions_follow);

#endif
