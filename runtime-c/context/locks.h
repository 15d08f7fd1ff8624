/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks of script globals: reader/writer trylocks.
 *
 * A handler takes all its locks at its start, in the order of its table, and the translator sorts every table by
 * the same order, so waiting cannot be circular.  Waiting is bounded by one deadline for the whole handler;
 * after it the hit is skipped and counted.  An NMI over a handler of its own CPU never gets here, since it finds
 * the context busy.  There is no spinlock_t nor rwlock_t, which sleep on PREEMPT_RT, and nothing for lockdep.
 */
#ifndef STAP_CONTEXT_LOCKS_H
#define STAP_CONTEXT_LOCKS_H

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/processor.h>

#define STP_LOCK_WRITER INT_MIN

struct stp_lock {
	atomic_t holders;		/* readers, or STP_LOCK_WRITER */
	atomic_t timeouts;
#ifdef STP_TIMING
	atomic_t contended;
#endif
	const char *name;
	struct stp_lock *next;		/* locks that timed out or were contended, for the report */
	atomic_t listed;
};

#define STP_LOCK_INIT(NAME) { .name = (NAME) }

struct stp_probe_lock {
	struct stp_lock *lock;
	bool write_p;
};

/* ctx: any, NMI too; locks: takes @pl->lock when it gives true */
static __always_inline bool stp_lock_try(const struct stp_probe_lock *pl)
{
	int old = 0;

	if (pl->write_p)
		return atomic_try_cmpxchg_acquire(&pl->lock->holders, &old, STP_LOCK_WRITER);
	old = atomic_read(&pl->lock->holders);
	return likely(old >= 0) && atomic_try_cmpxchg_acquire(&pl->lock->holders, &old, old + 1);
}

/* ctx: any, NMI too; locks: releases @pl->lock */
static __always_inline void stp_lock_drop(const struct stp_probe_lock *pl)
{
	if (pl->write_p)
		atomic_set_release(&pl->lock->holders, 0);
	else
		(void)atomic_dec_return_release(&pl->lock->holders);
}

static struct stp_lock *stp_locks_listed;

/* Puts @lock on the list that the report walks, once.  ctx: any, NMI too; locks: none */
static notrace void stp_lock_list(struct stp_lock *lock)
{
	struct stp_lock *head;

	if (atomic_cmpxchg(&lock->listed, 0, 1))
		return;
	do {
		head = READ_ONCE(stp_locks_listed);
		WRITE_ONCE(lock->next, head);
	} while (cmpxchg(&stp_locks_listed, head, lock) != head);
}

/*
 * Waits for @pl; @left is what is left of the handler's deadline, in microseconds.  Gives what is left then, or
 * -1 when it ran out.  By value: a pointer would bring the stack protector into every handler.
 * udelay() need not pause, and without a pause a virtual CPU that waits may keep the holder from running.
 * ctx: any, NMI too; locks: takes @pl->lock when it gives no -1
 */
static noinline notrace int stp_lock_wait(const struct stp_probe_lock *pl, int left)
{
#ifdef STP_TIMING
	atomic_inc(&pl->lock->contended);
	stp_lock_list(pl->lock);
#endif
	while (left > 0) {
		left--;
		cpu_relax();
		udelay(1);
		if (stp_lock_try(pl))
			return left;
	}
	atomic_inc(&pl->lock->timeouts);
	stp_lock_list(pl->lock);
	return -1;
}

/* ctx: any, NMI too; locks: releases the @n of @locks, the last one first */
static __always_inline void stp_unlock_probe(struct context *c, const struct stp_probe_lock *locks, unsigned int n)
{
#pragma GCC unroll 16
	while (n)
		stp_lock_drop(&locks[--n]);
}

/*
 * Takes the @n locks of a constant table if all are free; false: none is held.
 * ctx: any, NMI too, this CPU's context held; locks: takes those of @locks
 */
static inline __maybe_unused bool stp_lock_all_free(struct context *c, const struct stp_probe_lock *locks,
						    unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (stp_lock_try(&locks[i]))
			continue;
		stp_unlock_probe(c, locks, i);
		return false;
	}
	return true;
}

/*
 * Takes the @n locks of a constant table; false: none is held and the hit is counted as skipped.
 * ctx: any, NMI too, this CPU's context held; locks: takes those of @locks
 */
static __always_inline bool stp_lock_probe(struct context *c, const struct stp_probe_lock *locks, unsigned int n)
{
	int left = MAXTRYLOCK * TRYLOCKDELAY;
	unsigned int i;

#pragma GCC unroll 16
	for (i = 0; i < n; i++) {
		if (likely(stp_lock_try(&locks[i])))
			continue;
		left = stp_lock_wait(&locks[i], left);
		if (left >= 0)
			continue;
		stp_unlock_probe(c, locks, i);
		stp_skip(STP_SKIP_LOCK_TIMEOUT);
		return false;
	}
	return true;
}

#endif
