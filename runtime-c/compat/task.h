/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tasks.  5.14 renamed the state, for all who read it without READ_ONCE. */
#ifndef STAP_COMPAT_TASK_H
#define STAP_COMPAT_TASK_H

#include <linux/sched.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
#define STP_TASK_STATE __state
#else
#define STP_TASK_STATE state
#endif

#endif
