/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ftrace callbacks that get the registers of the traced function's arguments: since 5.11, where the architecture
 * has HAVE_DYNAMIC_FTRACE_WITH_ARGS.  STP_HAVE_FTRACE_ARGS says that they are there.
 */
#ifndef STAP_COMPAT_FTRACE_H
#define STAP_COMPAT_FTRACE_H

#include <linux/version.h>

/* 5.18 brought both: many addresses in one call, and return probes whose trampoline suits such a callback (rethook). */
#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && defined(CONFIG_KPROBES_ON_FTRACE) && \
	LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
#define STP_HAVE_FTRACE_ARGS

#include <linux/ftrace.h>

/*
 * The registers of a hit.  Without FTRACE_OPS_FL_SAVE_REGS only the arguments', the stack's and the instruction
 * pointer's are right.
 * ctx: ftrace callback; locks: none
 */
static __always_inline struct pt_regs *stp_ftrace_regs(struct ftrace_regs *fregs)
{
#ifdef arch_ftrace_regs		/* since 6.13 */
	return &arch_ftrace_regs(fregs)->regs;
#else
	return &fregs->regs;
#endif
}
#endif

#endif
