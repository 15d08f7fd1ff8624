/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session: its state, its counters, and the border between the generated unit and the cold object.
 */
#ifndef STAP_CONTEXT_SESSION_H
#define STAP_CONTEXT_SESSION_H

#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/types.h>

/*
 * UNINITIALIZED -> STARTING -> RUNNING -> STOPPING -> STOPPED
 *                      |          |
 *                      +----------+-> ERROR -> STOPPED
 *
 * Begin probes run in STARTING, end probes in STOPPING, error probes in ERROR, all others in RUNNING.
 * exit() goes to STOPPING at once, so no other handler starts after it.
 */
enum stap_session_state {
	STAP_SESSION_UNINITIALIZED,
	STAP_SESSION_STARTING,
	STAP_SESSION_RUNNING,
	STAP_SESSION_ERROR,
	STAP_SESSION_STOPPING,
	STAP_SESSION_STOPPED,
};

/* Why a handler did not run; stp_skip_cause_text (cold/session.c) has the words. */
enum stp_skip_cause {
	STP_SKIP_REENTRANCY,
	STP_SKIP_LOW_STACK,
	STP_SKIP_LOCK_TIMEOUT,
	STP_SKIP_MISSED_KPROBE,
	STP_SKIP_MISSED_KRETPROBE,
	STP_SKIP_UPROBE_REGISTER,
	STP_SKIP_UPROBE_UNREGISTER,
	STP_SKIP_CAUSES
};

/* Written at start, stop and in rare cases only, so reading the state costs a hit no cache miss. */
struct stp_session {
	atomic_t state;
	atomic_t failed;		/* 1: the session ended by an error */
	atomic_t error_count;		/* soft errors */
	atomic64_t skipped[STP_SKIP_CAUSES];
	atomic_t skip_limit;		/* skips that count for MAXSKIPPED */
	unsigned int by_ftrace;		/* probes that ftrace carries; probe/kprobe_ftrace.h writes it at the start */
};

extern struct stp_session stp_session;

/* The process of -x or -c, 0 without; what target() gives. */
extern pid_t _stp_target;
/* STP_PR_* bits that staprun told, 0 when it told none. */
extern u32 _stp_privilege_credentials;
/* The user who runs the session. */
extern unsigned int _stp_uid;
/* Seconds east of UTC and the zone's name, from staprun. */
extern s64 _stp_tz_gmtoff;
extern char _stp_tz_name[64];

/* ctx: any */
static __always_inline int session_state(void)
{
	return atomic_read(&stp_session.state);
}

/* Whether the current task is the user's own; all are root's.  ctx: any, NMI too; locks: none */
static inline bool stp_is_myproc(void)
{
	return !_stp_uid || uid_eq(current_uid(), KUIDT_INIT(_stp_uid));
}

struct proc_dir_entry;
struct proc_ops;

/* Generated unit, called by the cold object in a task. */
int systemtap_module_init(void);
void systemtap_module_refresh(const char *module, bool coming);
void systemtap_module_exit(void);

/* Cold object.  All of these: ctx: any, NMI too; locks: none. */
void _stp_exit(void);
void stp_session_fail(void);
void stp_skip(enum stp_skip_cause cause);
void stp_skip_many(enum stp_skip_cause cause, u64 count);
void stp_count_error(void);

/*
 * A file in the session's folder, or without @ops a folder in it, of the user who runs the session; NULL when it
 * could not be made.  ctx: task
 */
struct proc_dir_entry *stp_directory_add(const char *path, umode_t mode, const struct proc_ops *ops, void *data);

/* The counters as warnings, at the end.  ctx: task */
void stp_report_counters(void);

#endif
