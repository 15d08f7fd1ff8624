/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the generated systemtap_module_init() and _exit() call.  The unit includes this after stap_probes[].
 */
#ifndef STAP_MODULE_H
#define STAP_MODULE_H

#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/utsname.h>

#include "abi/messages.h"
#include "output/report.h"

#ifndef STP_PRIVILEGE
#define STP_PRIVILEGE STP_PR_STAPDEV
#endif

/* What the kernel's log calls the script. */
#ifndef STAP_SCRIPT_NAME
#define STAP_SCRIPT_NAME "<input>"
#endif

/* What staprun reads of the file before it loads it. */
static const u32 _stp_privilege __used __section(".stap_privilege") = STP_PRIVILEGE;

/* ctx: task; locks: none */
static const char *stp_privilege_text(u32 mask)
{
	if (mask & STP_PR_STAPDEV)
		return "stapdev";
	if (mask & STP_PR_STAPSYS)
		return "stapsys";
	return mask & STP_PR_STAPUSR ? "stapusr" : "unknown";
}

/* The script was translated for one kernel: types and offsets of another may differ.  ctx: task; locks: none */
static int stp_check_release(void)
{
#if defined(STAP_SESSION_RELEASE) && !defined(STP_NO_VERREL_CHECK)
	const char *release = init_utsname()->release;

	if (strcmp(release, STAP_SESSION_RELEASE)) {
		_stp_error("module release mismatch (%s vs %s)", release, STAP_SESSION_RELEASE);
		return -EINVAL;
	}
#endif
	return 0;
}

/* Root needs no credentials; staprun tells those of any other user.  ctx: task; locks: none */
static int stp_check_privilege(void)
{
	u32 credentials = _stp_privilege_credentials ?: STP_PRIVILEGE;

	if ((credentials & STP_PRIVILEGE) == STP_PRIVILEGE)
		return 0;
	_stp_error("Your privilege credentials (%s) are insufficient to run this module (%s required).",
		   stp_privilege_text(credentials), stp_privilege_text(STP_PRIVILEGE));
	return -EPERM;
}

#ifdef STP_TIMING
static u64 stp_session_init_start;
#endif

/* Checks, contexts, statistics; on success the session is STARTING.  ctx: task; locks: none */
static int stp_session_init(void)
{
	int rc;

#ifdef STP_TIMING
	stp_session_init_start = stp_cycles();
#endif
	rc = stp_check_release() ?: stp_check_privilege();
	if (rc)
		return rc;
	rc = stp_contexts_alloc();
	if (rc)
		return rc;
	rc = stp_timing_alloc_all(stap_probes, ARRAY_SIZE(stap_probes));
	if (rc) {
		stp_contexts_free();
		return rc;
	}
	printk(KERN_DEBUG "%s (%s): systemtap: 5.6/stap-rs, memory: %zuctx kb, probes: %zu\n", THIS_MODULE->name,
	       STAP_SCRIPT_NAME, num_possible_cpus() * sizeof(struct context) >> 10, ARRAY_SIZE(stap_probes));
	atomic_set(&stp_session.state, STAP_SESSION_STARTING);
	return 0;
}

/* ctx: task; locks: none; no handler runs any more */
static void stp_session_free(void)
{
	stp_timing_free_all(stap_probes, ARRAY_SIZE(stap_probes));
	stp_contexts_free();
}

/* ctx: task; locks: none */
static void stp_session_running(void)
{
	atomic_cmpxchg(&stp_session.state, STAP_SESSION_STARTING, STAP_SESSION_RUNNING);
#ifdef STP_TIMING
	stp_timing_add(&stp_timing_init, stp_cycles() - stp_session_init_start);
#endif
}

/* From here on no handler but those of end and error starts.  ctx: task; locks: none */
static void stp_session_stop(void)
{
	atomic_cmpxchg(&stp_session.state, STAP_SESSION_STARTING, STAP_SESSION_STOPPING);
	atomic_cmpxchg(&stp_session.state, STAP_SESSION_RUNNING, STAP_SESSION_STOPPING);
}

/* ctx: task; locks: none */
static struct context *stp_context_busy(int *cpu)
{
	for_each_possible_cpu(*cpu) {
		struct context *c = per_cpu(contexts, *cpu);

		if (c && atomic_read_acquire(&c->busy))
			return c;
	}
	return NULL;
}

/*
 * Waits for the handlers that still run.  They run with preemption off, so a grace period is enough in all
 * but broken cases; those get ten seconds and a line each second that says which probe it is.
 * ctx: task; locks: none
 */
static void stp_session_wait(void)
{
	struct context *c;
	int tries;
	int cpu;

	synchronize_rcu();
	for (tries = 0; tries < 1000; tries++) {
		c = stp_context_busy(&cpu);
		if (!c)
			return;
		if (tries % 100 == 99)
			pr_err("%s: context[%d] stuck: %s\n", THIS_MODULE->name, cpu, c->probe_point ?: "?");
		msleep(10);
	}
	pr_err("%s: overriding stuck context to allow module shutdown.\n", THIS_MODULE->name);
}

/* The session's last words.  ctx: task; locks: none; no handler runs any more */
static void stp_session_report(void)
{
	stp_report_hits(stap_probes, ARRAY_SIZE(stap_probes));
	stp_report_locks();
	stp_report_counters();
	atomic_set(&stp_session.state, STAP_SESSION_STOPPED);
}

#endif
