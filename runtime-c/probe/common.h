/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entering and leaving a handler, the same for every family.
 *
 * Recursion: a probe on something that a handler calls finds the context busy and is skipped, so it cannot loop.
 * The functions of the runtime that handlers reach are notrace and on the kprobe blacklist all the same, for a
 * probe there could only ever be skipped.
 */
#ifndef STAP_PROBE_COMMON_H
#define STAP_PROBE_COMMON_H

#include <linux/kprobes.h>
#include <linux/preempt.h>
#include <linux/sched/task_stack.h>

#ifdef CONFIG_THREAD_INFO_IN_TASK
#define STP_STACK_RESERVED MINSTACKSPACE
#else
#define STP_STACK_RESERVED (MINSTACKSPACE + sizeof(struct thread_info))
#endif

/* What one hit keeps between enter and leave. */
struct stp_hit {
	unsigned long irq_flags;
	u64 start;
};

/* ctx: any; locks: none */
static __always_inline void stp_hit_mask(struct stp_hit *hit)
{
#if INTERRUPTIBLE
	preempt_disable_notrace();
#else
	raw_local_irq_save(hit->irq_flags);
#endif
}

/* ctx: any; locks: none */
static __always_inline void stp_hit_unmask(struct stp_hit *hit)
{
#if INTERRUPTIBLE
	preempt_enable_notrace();
#else
	raw_local_irq_restore(hit->irq_flags);
#endif
}

/*
 * Whether less than MINSTACKSPACE is left on the task's stack.  On an interrupt's or NMI's own stack the
 * difference is far outside, or wraps, and the answer is no.
 * ctx: any, NMI too; locks: none
 */
static __always_inline bool stp_stack_low(void)
{
	unsigned long left = (unsigned long)__builtin_frame_address(0) - (unsigned long)task_stack_page(current);

	return left < STP_STACK_RESERVED;
}

/* Fills the context for a hit of @p.  ctx: any, NMI too, @c held; locks: none */
static __always_inline void stp_context_prepare(struct context *c, struct stap_probe *p, enum stp_probe_type type,
						struct pt_regs *regs)
{
	c->probe_point = p->pp;
#ifdef STP_NEED_PROBE_NAME
	c->probe_name = p->pn;
#endif
	c->probe_type = type;
	c->kregs = regs;
	c->uregs = NULL;
	c->user_mode_p = 0;
#ifdef STP_NEED_UNWIND
	c->trace_len = -1;
#endif
}

/*
 * The hit's registers, or NULL where the family has none.  At a function's entry only those of the arguments, the
 * stack pointer and the instruction pointer are sure to be right.  Code that names c->kregs instead has them all,
 * and makes each entry dearer (STP_NEED_FULL_REGISTERS).
 * ctx: any, NMI too, @c held; locks: none
 */
static __always_inline struct pt_regs *stp_argument_registers(struct context *c)
{
	return c->kregs;
}

/*
 * The current task's registers in user mode, or NULL: a thread of the kernel has none.
 * ctx: any, NMI too, @c held; locks: none
 */
static __always_inline __maybe_unused struct pt_regs *stp_user_registers(struct context *c)
{
	if (c->uregs)
		return c->uregs;
	if (c->user_mode_p)
		return c->kregs;
	return current->flags & PF_KTHREAD ? NULL : task_pt_regs(current);
}

/*
 * Takes this CPU's context for a hit of @p, or gives NULL: not in @state, or the hit is skipped and counted.
 * With a context, preemption (or interrupts, with INTERRUPTIBLE=0) is off until stp_probe_leave().
 * ctx: any, NMI too; locks: none
 */
static __always_inline struct context *stp_probe_enter(struct stp_hit *hit, struct stap_probe *p,
						       enum stap_session_state state, enum stp_probe_type type,
						       struct pt_regs *regs)
{
	struct context *c;

	stp_hit_mask(hit);
	if (unlikely(session_state() != state))
		goto out;
#ifdef STP_ALIBI
	atomic_inc(&p->alibi);
	goto out;
#endif
	if (unlikely(stp_stack_low())) {
		stp_skip(STP_SKIP_LOW_STACK);
		goto out;
	}
	c = __this_cpu_read(contexts);
	if (unlikely(atomic_read(&c->busy))) {
		stp_skip(STP_SKIP_REENTRANCY);
		goto out;
	}
	/* What interrupts between the test and this store has set busy back to 0 before it returns. */
	atomic_set(&c->busy, 1);
	barrier();
#ifdef STP_NEED_CYCLES
	hit->start = stp_cycles();
#endif
	stp_context_prepare(c, p, type, regs);
	return c;
out:
	stp_hit_unmask(hit);
	return NULL;
}

/* Accounts for the hit and gives the context back.  ctx: any, NMI too, @c held; locks: none */
static __always_inline void stp_probe_leave(struct stp_hit *hit, struct stap_probe *p, struct context *c)
{
#ifdef STP_NEED_CYCLES
	u64 now;
#endif

	stp_out_write(c);
#ifdef STP_NEED_CYCLES
	now = stp_cycles();
#ifdef STP_TIMING
	stp_timing_add(this_cpu_ptr(p->timing), now - hit->start);
#endif
#ifdef STP_OVERLOAD
	stp_overload_add(c, now, now - hit->start);
#endif
#endif
	if (unlikely(c->last_error))
		stp_soft_error(c);
	barrier();
	atomic_set_release(&c->busy, 0);
	stp_hit_unmask(hit);
}

#ifdef STP_NEED_PERF_COUNTERS
/* What @perf gives: see probe/perf.h, which comes after the handlers.  ctx: any, NMI too, @c held; locks: none */
static s64 stp_perf_counter(unsigned int index);
#endif

#endif
