/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's unwinder, and how long the stack of a task that ends can be read. */
#ifndef STAP_COMPAT_UNWIND_H
#define STAP_COMPAT_UNWIND_H

#include <linux/version.h>

#ifndef CONFIG_X86
#error "backtraces need the unwinder that x86 kernels export"
#endif
#include <asm/unwind.h>

/* 5.18 lets a grace period pass before it takes a stack away, so a handler that has seen the task alive may read it. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
#define STP_STACKS_OUTLIVE_HANDLERS 1
#else
#define STP_STACKS_OUTLIVE_HANDLERS 0
#endif

#endif
