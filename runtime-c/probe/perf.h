/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf.type().config() in all its forms, and timer.profile.tick.  The unit has declared stap_perf_probes[].
 */
#ifndef STAP_PROBE_PERF_H
#define STAP_PROBE_PERF_H

#include <linux/pid.h>

#include "compat/perf.h"
#include "probe/cpu_event.h"

static struct stap_cpu_event stap_perf_events[ARRAY_SIZE(stap_perf_probes)];

static struct stap_cpu_event_set stap_perf_set = {
	.events = stap_perf_events,
	.count = ARRAY_SIZE(stap_perf_events),
};

/* ctx: any, NMI too; locks: none */
static notrace void enter_perf_probe(struct perf_event *event, struct perf_sample_data *data, struct pt_regs *regs)
{
	enter_cpu_event(event, regs, stp_probe_type_perf);
}
NOKPROBE_SYMBOL(enter_perf_probe);

#ifdef STP_NEED_PERF_COUNTERS
/*
 * What the counter of row @index has counted: on this CPU; or in the target process, whose threads but the first are
 * counted in when they end.  As perf_event_read_local(), which modules cannot call.  In the probes of end and error
 * it is what all CPUs have counted.
 * ctx: any, NMI too, @c held; locks: none
 */
static notrace s64 stp_perf_counter(unsigned int index)
{
	struct stap_cpu_event *se = &stap_perf_events[index];
	struct perf_event *event;
	unsigned long flags;
	s64 value = 0;

	raw_local_irq_save(flags);
	event = se->of_cpu ? READ_ONCE(*this_cpu_ptr(se->of_cpu)) : READ_ONCE(se->of_task);
	if (!se->of_cpu && !se->task) {
		value = se->counted;
	} else if (event) {
		if (READ_ONCE(event->oncpu) == raw_smp_processor_id())
			event->pmu->read(event);
		value = local64_read(&event->count) + atomic64_read(&event->child_count);
	}
	raw_local_irq_restore(flags);
	return value;
}
NOKPROBE_SYMBOL(stp_perf_counter);
#endif

/* Why not from the start: rows say what they need, and attributes have fields that stand in one word.  ctx: task */
static int stap_perf_prepare(const struct stap_perf_probe *spp, struct stap_cpu_event *se)
{
	se->attr.size = sizeof(se->attr);
	se->attr.type = spp->type;
	se->attr.config = spp->config;
	se->attr.freq = spp->frequency != 0;
	if (spp->frequency)
		se->attr.sample_freq = spp->frequency;
	else
		se->attr.sample_period = spp->period;
	se->handler = spp->counter_p ? NULL : enter_perf_probe;
	se->probe = spp->probe;
	se->optional = spp->optional_p;
	if (!spp->target_p)
		return 0;
	stp_perf_inherit(&se->attr);
	rcu_read_lock();
	se->task = get_pid_task(find_vpid(_stp_target), PIDTYPE_PID);
	rcu_read_unlock();
	return se->task ? 0 : -ESRCH;
}

/* ctx: task; locks: takes those of stap_cpu_event_unregister() */
static void stap_perf_unregister(void)
{
	stap_cpu_event_unregister(&stap_perf_set);
}

/* ctx: task; locks: takes those of stap_cpu_event_register() */
static int stap_perf_register(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_perf_probes); i++) {
		int rc = stap_perf_prepare(&stap_perf_probes[i], &stap_perf_events[i]);

		if (!rc)
			continue;
		_stp_error("probe %s registration error [man error::pass5] (rc %d): process %d is not there",
			   stap_perf_probes[i].probe->pp, rc, _stp_target);
		stap_perf_unregister();
		return rc;
	}
	return stap_cpu_event_register(&stap_perf_set);
}

/* ctx: task; locks: takes those of stap_cpu_event_rearm() */
static __maybe_unused void stap_perf_rearm(void)
{
	stap_cpu_event_rearm(&stap_perf_set);
}

#endif
