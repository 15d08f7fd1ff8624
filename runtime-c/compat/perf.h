/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Perf events.  5.13 brought events that threads inherit and child processes do not. */
#ifndef STAP_COMPAT_PERF_H
#define STAP_COMPAT_PERF_H

#include <linux/perf_event.h>
#include <linux/version.h>

/* The events of a task go to its threads as well; to its children too where threads cannot be told.  ctx: task */
static inline void stp_perf_inherit(struct perf_event_attr *attr)
{
	attr->inherit = 1;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 13, 0)
	attr->inherit_thread = 1;
#endif
}

#endif
