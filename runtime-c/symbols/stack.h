/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's stack, walked by the kernel's own unwinder (ORC or frame pointers), which needs no tables of ours and
 * is made for NMIs.
 *
 * A hit with registers is walked from those, so the first frame is the probed instruction and not a part of the way
 * from there to the handler; return addresses that return probes have replaced are shown as they were.  Without
 * registers (timers, tracepoints, begin) the walk starts here, and the frames of this module are left out.
 */
#ifndef STAP_SYMBOLS_STACK_H
#define STAP_SYMBOLS_STACK_H

#include <linux/pid.h>
#include <linux/sched/task_stack.h>

#include "compat/unwind.h"
#include "symbols/names.h"

/* Frames of the runtime and of a script's functions that may lie above those that are asked for. */
#define STP_OWN_FRAMES_MAX 64

/* Walks on from @state; gives the number of frames.  ctx: any, NMI too; locks: none */
static int stp_unwind_from(struct unwind_state *state, unsigned long *trace, int n, int max, bool own)
{
	int skipped = 0;

	for (; n < max && !unwind_done(state); unwind_next_frame(state)) {
		unsigned long address = unwind_get_return_address(state);

		if (!address)
			break;
		own = own && within_module(address, THIS_MODULE);
		if (!own)
			trace[n++] = address;
		else if (++skipped > STP_OWN_FRAMES_MAX)
			break;
	}
	return n;
}

/* The hit's kernel stack into c->trace, once; gives the number of frames.  ctx: any, NMI too, @c held; locks: none */
static noinline __maybe_unused int stp_unwind(struct context *c)
{
	struct pt_regs *regs = stp_argument_registers(c);
	struct unwind_state state;
	int n = 0;

	if (c->trace_len >= 0)
		return c->trace_len;
	c->trace_len = 0;
	/* What interrupted user mode has no stack in the kernel. */
	if (regs && user_mode(regs))
		return 0;
	if (regs)
		c->trace[n++] = instruction_pointer(regs);
	unwind_start(&state, current, regs, NULL);
	c->trace_len = stp_unwind_from(&state, c->trace, n, MAXBACKTRACE, !regs);
	return c->trace_len;
}

/* The frame at a depth, 0 is what was hit; 0 when there is none.  ctx: any, NMI too, @c held; locks: none */
static __maybe_unused unsigned long stp_stack_frame(struct context *c, s64 depth)
{
	return depth >= 0 && depth < stp_unwind(c) ? c->trace[depth] : 0;
}

/* Appends addresses to a string value as "0x1 0x2".  ctx: any, NMI too; locks: none */
static __maybe_unused void stp_trace_tell(char *value, const unsigned long *trace, int n)
{
	char text[24];
	size_t used = 0;
	int i;

	value[0] = '\0';
	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), i ? " 0x%lx" : "0x%lx", trace[i]);
		used = stp_string_append(value, used, text);
	}
}

/* print_backtrace().  ctx: any, NMI too, @c held; locks: none */
static noinline __maybe_unused void stp_backtrace_print(struct context *c)
{
	unsigned long from = stp_returning_from(c);
	int n = stp_unwind(c);
	int i;

	if (from) {
		stp_out_printf(c, "Returning from: ");
		stp_symbol_print(c, from);
		if (n)
			stp_out_printf(c, "Returning to  : ");
	}
	for (i = 0; i < n; i++)
		stp_symbol_print(c, c->trace[i]);
}

/* sprint_backtrace().  ctx: any, NMI too, @c held; locks: none */
static noinline __maybe_unused void stp_backtrace_tell(struct context *c, char *value)
{
	int n = stp_unwind(c);
	size_t used = 0;
	int i;

	value[0] = '\0';
	for (i = 0; i < n; i++)
		used = stp_symbol_append(c, value, used, c->trace[i], STP_SYMBOL_SIMPLE);
}

/*
 * The task of an address that may be any number: the one that a thread id leads to, if that is the same.  The handler
 * has preemption off, so no task that is found so goes away under it.
 * ctx: any, NMI too; locks: none
 */
static __maybe_unused struct task_struct *stp_task_checked(s64 address)
{
	struct task_struct *task = (struct task_struct *)(uintptr_t)address;
	pid_t pid;

	if (task == current)
		return task;
	if (stp_kread(&pid, &task->pid))
		return NULL;
	return pid_task(find_pid_ns(pid, &init_pid_ns), PIDTYPE_PID) == task ? task : NULL;
}

/* The stack of a task that does not run elsewhere.  ctx: any, NMI too, @c held; locks: none */
static noinline __maybe_unused int stp_unwind_task(struct context *c, struct task_struct *task)
{
	struct unwind_state state;

	if (task != current && (!STP_STACKS_OUTLIVE_HANDLERS || !task_stack_page(task)))
		return 0;
	/* The trace of the hit itself must be walked anew when it is asked for. */
	c->trace_len = -1;
	unwind_start(&state, task, NULL, NULL);
	return stp_unwind_from(&state, c->trace, 0, MAXBACKTRACE, task == current);
}

/* Where the stack ended when the probe was hit.  ctx: any, NMI too, @c held; locks: none */
static __maybe_unused unsigned long stp_stack_pointer(struct context *c)
{
	struct pt_regs *regs = stp_argument_registers(c);

	return regs && !user_mode(regs) ? kernel_stack_pointer(regs) : (unsigned long)__builtin_frame_address(0);
}

#endif
