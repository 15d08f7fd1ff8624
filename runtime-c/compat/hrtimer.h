/* SPDX-License-Identifier: GPL-2.0-or-later */
/* High resolution timers.  6.15 dropped hrtimer_init; 6.13 had brought hrtimer_setup. */
#ifndef STAP_COMPAT_HRTIMER_H
#define STAP_COMPAT_HRTIMER_H

#include <linux/hrtimer.h>
#include <linux/version.h>

/* ctx: task; locks: none */
static inline void stp_hrtimer_setup(struct hrtimer *timer, enum hrtimer_restart (*function)(struct hrtimer *),
				     clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = function;
#endif
}

#endif
