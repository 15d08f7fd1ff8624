/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contexts, one a CPU, and all of the runtime that needs struct context complete.
 */
#ifndef STAP_CONTEXT_CONTEXT_H
#define STAP_CONTEXT_CONTEXT_H

#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>

static DEFINE_PER_CPU(struct context *, contexts);

/* ctx: task; locks: none; no handler runs any more */
static void stp_contexts_free(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		kvfree(per_cpu(contexts, cpu));
		per_cpu(contexts, cpu) = NULL;
	}
}

/* One zeroed context for every possible CPU, on its node.  ctx: task; locks: none */
static int stp_contexts_alloc(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct context *c = kvzalloc_node(sizeof(*c), GFP_KERNEL, cpu_to_node(cpu));

		if (!c) {
			_stp_error("context (size %lu) allocation failed", (unsigned long)sizeof(*c));
			stp_contexts_free();
			return -ENOMEM;
		}
		c->out_pos = c->out.text;
		c->out_end = c->out.text + sizeof(c->out.text);
		per_cpu(contexts, cpu) = c;
	}
	return 0;
}

/* A string that the entry keeps for the return that runs.  ctx: return trampoline, @c held; locks: none */
#define stp_saved_string(c, slot) ((c)->ips.krp.strings + (slot) * MAXSTRINGLEN)

/* Free bytes that stp_out_flush() guarantees. */
#define STP_OUT_ROOM STP_BUFFER_SIZE

/*
 * Writes what stands before @pos as a record that another one of this handler follows; gives the buffer's start.
 * ctx: any, NMI too, @c held; locks: script locks
 */
static noinline notrace __maybe_unused char *stp_out_flush(struct context *c, char *pos)
{
	if (pos != c->out.text) {
		stp_record_stamp(&c->out.head);
		stp_record_write(&c->out.head, pos - c->out.text, true);
	}
	c->out_pos = c->out.text;
	return c->out_pos;
}

/*
 * Ends the handler's output.  The script locks must still be held, for the record is stamped here; it is written
 * when the handler is left, so that nobody waits for a lock meanwhile.
 * ctx: any, NMI too, @c held; locks: script locks
 */
static __always_inline void stp_out_commit(struct context *c)
{
	/* After a flush there is always a last record, an empty one if need be, for the reader waits for it. */
	if (c->out_pos == c->out.text && !(c->out.head.cpu_flags & STP_REC_MORE))
		return;
	stp_record_stamp(&c->out.head);
	c->out_stamped = 1;
}

/* Writes the record that stp_out_commit() stamped.  ctx: any, NMI too, @c held; locks: none */
static __always_inline void stp_out_write(struct context *c)
{
	if (!c->out_stamped)
		return;
	c->out_stamped = 0;
	stp_record_write(&c->out.head, c->out_pos - c->out.text, false);
	c->out_pos = c->out.text;
}

#include "context/locks.h"
#include "context/limits.h"
#include "probe/common.h"
#ifdef STP_CONDITIONS
#include "probe/condition.h"
#else
#define stp_probe_wanted(p) true
#endif

#endif
