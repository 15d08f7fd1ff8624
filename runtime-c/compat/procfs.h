/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of /proc.  5.17 renamed PDE_DATA. */
#ifndef STAP_COMPAT_PROCFS_H
#define STAP_COMPAT_PROCFS_H

#include <linux/proc_fs.h>
#include <linux/version.h>

/* ctx: task; locks: none */
static inline void *stp_proc_data(const struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 17, 0)
	return pde_data(inode);
#else
	return PDE_DATA(inode);
#endif
}

#endif
