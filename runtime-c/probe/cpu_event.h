/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event of the kernel's perf subsystem on every CPU, those included that come later: what probe/perf.h and
 * probe/data.h have in common.
 *
 * A CPU that comes gets its events from a work item: the kernel holds the lock of CPU hotplug while it tells of the
 * CPU, and making an event may want that lock.
 */
#ifndef STAP_PROBE_CPU_EVENT_H
#define STAP_PROBE_CPU_EVENT_H

#include <linux/cpuhotplug.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/perf_event.h>
#include <linux/workqueue.h>

/* What the kernel sets for an event that it holds back until the next tick (kernel/events/core.c). */
#define STAP_CPU_EVENT_HELD_BACK (~0ULL)

struct stap_cpu_event {
	struct perf_event_attr attr;
	perf_overflow_handler_t handler;	/* NULL for an event that only counts */
	struct stap_probe *probe;
	bool optional;
	bool absent;				/* there is nothing to be told of */
	struct task_struct *task;		/* NULL: whatever runs on the CPU */
	struct perf_event *of_task;
	struct perf_event *__percpu *of_cpu;	/* NULL on a CPU that has none */
	s64 counted;				/* by events that are released */
	atomic_t held_back;
};

/* The events of a family. */
struct stap_cpu_event_set {
	struct stap_cpu_event *events;
	size_t count;
	struct stap_cpu_event_set *next;
};

/* Guards the list of sets and all that makes and releases events. */
static DEFINE_MUTEX(stap_cpu_event_mutex);
static struct stap_cpu_event_set *stap_cpu_event_sets;
static int stap_cpu_event_state;

/* CPUs that came.  What events they had when they went, the kernel has taken off them for good. */
static cpumask_t stap_cpu_event_new;

/*
 * One hit, of whatever family.  In a switch of tasks it runs under the lock of the CPU's run queue.
 * ctx: any, NMI too; locks: none
 */
static notrace void enter_cpu_event(struct perf_event *event, struct pt_regs *regs, enum stp_probe_type type)
{
	struct stap_cpu_event *se = event->overflow_handler_context;
	struct stap_probe *p = se->probe;
	struct stp_hit hit;
	struct context *c = stp_probe_enter(&hit, p, STAP_SESSION_RUNNING, type, regs);

	if (unlikely(event->hw.interrupts == STAP_CPU_EVENT_HELD_BACK))
		atomic_inc(&se->held_back);
	if (!c)
		return;
	c->user_mode_p = regs && user_mode(regs);
	p->ph(c);
	stp_probe_leave(&hit, p, c);
}
NOKPROBE_SYMBOL(enter_cpu_event);

/* ctx: task; locks: stap_cpu_event_mutex */
static int stap_cpu_event_create(struct stap_cpu_event *se, int cpu)
{
	struct perf_event *event;

	event = perf_event_create_kernel_counter(&se->attr, cpu, se->task, se->handler, se);
	if (IS_ERR(event))
		return PTR_ERR(event);
	if (se->task)
		WRITE_ONCE(se->of_task, event);
	else
		WRITE_ONCE(*per_cpu_ptr(se->of_cpu, cpu), event);
	return 0;
}

/*
 * No handler reads the event any more when the kernel frees it, a grace period later.
 * ctx: task; locks: stap_cpu_event_mutex, or its set is off the list
 */
static void stap_cpu_event_release(struct stap_cpu_event *se, struct perf_event **place)
{
	struct perf_event *event = *place;
	u64 enabled, running;

	if (!event)
		return;
	WRITE_ONCE(*place, NULL);
	se->counted += perf_event_read_value(event, &enabled, &running);
	perf_event_release_kernel(event);
}

/* On every CPU that is there; one that goes meanwhile is no failure.  ctx: task; locks: stap_cpu_event_mutex */
static int stap_cpu_event_create_all(struct stap_cpu_event *se)
{
	int cpu;

	if (se->task)
		return stap_cpu_event_create(se, -1);
	se->of_cpu = alloc_percpu(struct perf_event *);
	if (!se->of_cpu)
		return -ENOMEM;
	for_each_online_cpu(cpu) {
		int rc = stap_cpu_event_create(se, cpu);

		if (rc && cpu_online(cpu))
			return rc;
	}
	return 0;
}

/* Why the kernel takes no such event.  ctx: task; locks: none */
static const char *stap_cpu_event_refusal(const struct stap_cpu_event *se, int rc)
{
	bool watches = se->attr.type == PERF_TYPE_BREAKPOINT;

	switch (rc) {
	case -ENOENT:
	case -ENODEV:
	case -EOPNOTSUPP:
		if (watches)
			return "this machine has no hardware breakpoints";
		if (se->attr.type == PERF_TYPE_SOFTWARE)
			return "the kernel knows no such event";
		return "this machine has no such event; virtual machines often lack those of the hardware";
	case -EINVAL:
		return watches ? "the processor cannot watch that address" : "the kernel knows no such event";
	case -ENOSPC:
		return watches ? "all debug registers are taken" : "all counters are taken";
	case -ESRCH:
		return "the process has ended";
	}
	return "see errno(3)";
}

/* Gives @cpu the event, in the place of one that is dead.  ctx: task; locks: stap_cpu_event_mutex */
static void stap_cpu_event_renew(struct stap_cpu_event *se, int cpu, bool dead)
{
	int rc;

	if (!se->of_cpu)
		return;
	if (dead)
		stap_cpu_event_release(se, per_cpu_ptr(se->of_cpu, cpu));
	if (!cpu_online(cpu) || *per_cpu_ptr(se->of_cpu, cpu))
		return;
	rc = stap_cpu_event_create(se, cpu);
	/* A CPU that has gone again is told of when it comes. */
	if (rc && cpu_online(cpu))
		_stp_warn("probe %s is not on CPU %d (rc %d): %s", se->probe->pp, cpu, rc,
			  stap_cpu_event_refusal(se, rc));
}

/* Gives new CPUs their events.  ctx: task; locks: takes stap_cpu_event_mutex */
static void stap_cpu_event_follow(struct work_struct *work)
{
	struct stap_cpu_event_set *set;
	size_t i;
	int cpu;

	mutex_lock(&stap_cpu_event_mutex);
	for_each_possible_cpu(cpu) {
		bool came = cpumask_test_and_clear_cpu(cpu, &stap_cpu_event_new);

		for (set = stap_cpu_event_sets; set && came; set = set->next)
			for (i = 0; i < set->count; i++)
				stap_cpu_event_renew(&set->events[i], cpu, came);
	}
	mutex_unlock(&stap_cpu_event_mutex);
}

static DECLARE_WORK(stap_cpu_event_work, stap_cpu_event_follow);

/* ctx: task, under the lock of CPU hotplug; locks: none */
static int stap_cpu_event_came(unsigned int cpu)
{
	cpumask_set_cpu(cpu, &stap_cpu_event_new);
	schedule_work(&stap_cpu_event_work);
	return 0;
}

/* ctx: task; locks: none; its set is off the list */
static void stap_cpu_event_release_all(struct stap_cpu_event *se)
{
	int cpu;

	stap_cpu_event_release(se, &se->of_task);
	if (!se->of_cpu)
		return;
	for_each_possible_cpu(cpu)
		stap_cpu_event_release(se, per_cpu_ptr(se->of_cpu, cpu));
}

/* Frees what handlers may have looked at, and tells what the kernel left out.  ctx: task; locks: none */
static void stap_cpu_event_free(struct stap_cpu_event *se)
{
	int held_back = atomic_read(&se->held_back);

	free_percpu(se->of_cpu);
	se->of_cpu = NULL;
	if (se->task)
		put_task_struct(se->task);
	se->task = NULL;
	if (held_back)
		_stp_warn("probe %s was held back %d times until the next tick: it fires more often than "
			  "kernel.perf_event_max_sample_rate allows", se->probe->pp, held_back);
}

/* ctx: task; locks: takes stap_cpu_event_mutex and the lock of CPU hotplug */
static void stap_cpu_event_unregister(struct stap_cpu_event_set *set)
{
	struct stap_cpu_event_set **link = &stap_cpu_event_sets;
	size_t i;

	mutex_lock(&stap_cpu_event_mutex);
	while (*link && *link != set)
		link = &(*link)->next;
	if (*link)
		*link = set->next;
	mutex_unlock(&stap_cpu_event_mutex);
	if (!stap_cpu_event_sets && stap_cpu_event_state > 0) {
		cpuhp_remove_state_nocalls(stap_cpu_event_state);
		stap_cpu_event_state = 0;
		cancel_work_sync(&stap_cpu_event_work);
	}
	for (i = 0; i < set->count; i++)
		stap_cpu_event_release_all(&set->events[i]);
	synchronize_rcu();
	for (i = 0; i < set->count; i++)
		stap_cpu_event_free(&set->events[i]);
}

/*
 * Makes the events of @set.  One that the kernel refuses ends the session, unless its probe is optional: then the
 * session goes on without it.
 * ctx: task; locks: takes stap_cpu_event_mutex and the lock of CPU hotplug
 */
static int stap_cpu_event_register(struct stap_cpu_event_set *set)
{
	size_t i;
	int rc = 0;

	if (!stap_cpu_event_sets)
		rc = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "stap:cpu_event", stap_cpu_event_came, NULL);
	if (rc < 0) {
		_stp_error("the kernel tells no more modules of new CPUs (rc %d)", rc);
		return rc;
	}
	stap_cpu_event_state = rc ?: stap_cpu_event_state;
	rc = 0;
	mutex_lock(&stap_cpu_event_mutex);
	set->next = stap_cpu_event_sets;
	stap_cpu_event_sets = set;
	for (i = 0; i < set->count && !rc; i++) {
		struct stap_cpu_event *se = &set->events[i];

		se->attr.disabled = !stp_probe_wanted(se->probe);
		rc = se->absent ? 0 : stap_cpu_event_create_all(se);
		if (!rc)
			continue;
		if (!se->optional)
			_stp_error("probe %s registration error [man error::pass5] (rc %d): %s", se->probe->pp, rc,
				   stap_cpu_event_refusal(se, rc));
		else
			rc = 0;
	}
	mutex_unlock(&stap_cpu_event_mutex);
	if (rc)
		stap_cpu_event_unregister(set);
	return rc;
}

/* ctx: task; locks: stap_cpu_event_mutex */
static __maybe_unused void stap_cpu_event_switch(struct stap_cpu_event *se)
{
	void (*change)(struct perf_event *event) = se->attr.disabled ? perf_event_disable : perf_event_enable;
	int cpu;

	if (se->of_task)
		change(se->of_task);
	if (!se->of_cpu)
		return;
	for_each_possible_cpu(cpu) {
		struct perf_event *event = *per_cpu_ptr(se->of_cpu, cpu);

		if (event)
			change(event);
	}
}

/* Starts and stops events as their conditions say.  ctx: task; locks: takes stap_cpu_event_mutex */
static __maybe_unused void stap_cpu_event_rearm(struct stap_cpu_event_set *set)
{
	size_t i;

	mutex_lock(&stap_cpu_event_mutex);
	for (i = 0; i < set->count; i++) {
		struct stap_cpu_event *se = &set->events[i];

		if (se->attr.disabled != stp_probe_wanted(se->probe))
			continue;
		/* CPUs that come later start as the others are. */
		se->attr.disabled = !se->attr.disabled;
		stap_cpu_event_switch(se);
	}
	mutex_unlock(&stap_cpu_event_mutex);
}

#endif
