/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel timers.  6.15 dropped the name del_timer_sync; 6.2 had brought timer_delete_sync. */
#ifndef STAP_COMPAT_TIMER_H
#define STAP_COMPAT_TIMER_H

#include <asm/irq_regs.h>
#include <linux/timer.h>
#include <linux/version.h>

/* ctx: task; locks: none */
static inline void stp_timer_delete_sync(struct timer_list *timer)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	timer_delete_sync(timer);
#else
	del_timer_sync(timer);
#endif
}

#endif
