// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The session's state and counters, which both temperatures change.
 */
struct stp_session stp_session;

pid_t _stp_target;
u32 _stp_privilege_credentials;
s64 _stp_tz_gmtoff;
char _stp_tz_name[64];

/* What only stapio reads, and what must never be lost: bits, not messages of the pool. */
enum stp_notice { STP_NOTICE_TRANSPORT, STP_NOTICE_START, STP_NOTICE_REQUEST_EXIT, STP_NOTICE_EXIT };

static atomic_t stp_notices;

struct stp_skip_text {
	const char *cause;
	const char *remedy;
};

static const struct stp_skip_text stp_skip_text[STP_SKIP_CAUSES] = {
	[STP_SKIP_REENTRANCY] = { "reentrancy", "-D INTERRUPTIBLE=1 allows for it" },
	[STP_SKIP_LOW_STACK] = { "low stack", "-D MINSTACKSPACE=BYTES asks for less" },
	[STP_SKIP_LOCK_TIMEOUT] = { "lock timeout", "-D MAXTRYLOCK=N waits longer" },
	[STP_SKIP_MISSED_KPROBE] = { "missed kprobe", "probe fewer functions that call each other" },
	[STP_SKIP_MISSED_KRETPROBE] = { "missed kretprobe", "-D KRETACTIVE=N or .maxactive(N) allows for more" },
	[STP_SKIP_UPROBE_REGISTER] = { "uprobe register failure", "-D MAXUPROBES=N allows for more" },
	[STP_SKIP_UPROBE_UNREGISTER] = { "uprobe unregister failure", "-D MAXUPROBES=N allows for more" },
};

/* ctx: any, NMI too; locks: none */
static notrace void stp_notice(enum stp_notice notice)
{
	atomic_or(BIT(notice), &stp_notices);
	stp_control_kick();
}

/* Leaves STARTING or RUNNING for @state; false when the session had left them.  ctx: any, NMI too; locks: none */
static notrace bool stp_session_leave(enum stap_session_state state)
{
	return atomic_cmpxchg(&stp_session.state, STAP_SESSION_RUNNING, state) == STAP_SESSION_RUNNING ||
	       atomic_cmpxchg(&stp_session.state, STAP_SESSION_STARTING, state) == STAP_SESSION_STARTING;
}

/* exit(): no handler but those of end starts from here on.  ctx: any, NMI too; locks: none */
notrace void _stp_exit(void)
{
	if (stp_session_leave(STAP_SESSION_STOPPING))
		stp_notice(STP_NOTICE_REQUEST_EXIT);
}

/* The session ends as failed; error probes run.  ctx: any, NMI too; locks: none */
notrace void stp_session_fail(void)
{
	atomic_set(&stp_session.failed, 1);
	if (stp_session_leave(STAP_SESSION_ERROR))
		stp_notice(STP_NOTICE_REQUEST_EXIT);
}

/* Counts a soft error; one too many ends the session.  ctx: any, NMI too; locks: none */
notrace void stp_count_error(void)
{
	if (atomic_inc_return(&stp_session.error_count) > MAXERRORS)
		stp_session_fail();
}

/* Counts hits that the kernel did not deliver; known only at the end, so they end nothing.  ctx: any; locks: none */
notrace void stp_skip_many(enum stp_skip_cause cause, u64 count)
{
	atomic64_add(count, &stp_session.skipped[cause]);
}

/* Counts one hit whose handler does not run; one too many ends the session.  ctx: any, NMI too; locks: none */
notrace void stp_skip(enum stp_skip_cause cause)
{
	atomic64_inc(&stp_session.skipped[cause]);
#ifndef STAP_SUPPRESS_HANDLER_ERRORS
	/* With interrupts on, a hit over a running handler is in the nature of things. */
	if (INTERRUPTIBLE && cause == STP_SKIP_REENTRANCY)
		return;
	if (atomic_inc_return(&stp_session.skip_limit) != MAXSKIPPED + 1)
		return;
	_stp_error("Skipped too many probes, check MAXSKIPPED or try again with stap -t for more details. (%s: %s)",
		   stp_skip_text[cause].cause, stp_skip_text[cause].remedy);
#endif
}

/* ctx: task; locks: none */
static u64 stp_skipped_total(void)
{
	u64 total = 0;
	int cause;

	for (cause = 0; cause < STP_SKIP_CAUSES; cause++)
		total += atomic64_read(&stp_session.skipped[cause]);
	return total;
}

/* ctx: task; locks: none */
static u64 stp_strings_cut_total(void)
{
	u64 total = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		total += per_cpu(stp_cpu, cpu).strings_cut;
	return total;
}

void stp_report_counters(void)
{
	int errors = atomic_read(&stp_session.error_count);
	u64 skipped = stp_skipped_total();
	u64 cut = stp_strings_cut_total();
	int cause;

	if (errors || skipped)
		_stp_warn("Number of errors: %d, skipped probes: %llu", errors, skipped);
	for (cause = 0; cause < STP_SKIP_CAUSES; cause++) {
		u64 count = atomic64_read(&stp_session.skipped[cause]);

		if (count)
			_stp_warn("Skipped due to %s: %llu", stp_skip_text[cause].cause, count);
	}
	if (cut)
		_stp_warn("%llu string values were cut at %d bytes, -D MAXSTRINGLEN=N keeps more", cut,
			  MAXSTRINGLEN - 1);
}

/* ctx: task; locks: none */
static void stp_session_summary(struct stp_exit_summary *summary)
{
	summary->failed = atomic_read(&stp_session.failed);
	summary->errors = atomic_read(&stp_session.error_count);
	summary->skipped = stp_skipped_total();
	summary->strings_cut = stp_strings_cut_total();
	summary->messages_lost = stp_messages_lost_total();
}
