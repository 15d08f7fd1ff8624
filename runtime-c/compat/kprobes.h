/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kprobes and kretprobes: 5.11 hid the instance's kretprobe, 5.15 its return address, behind functions. */
#ifndef STAP_COMPAT_KPROBES_H
#define STAP_COMPAT_KPROBES_H

#include <linux/kprobes.h>
#include <linux/version.h>

/* ctx: kretprobe handler; locks: none */
static __always_inline struct kretprobe *stp_kretprobe_of(struct kretprobe_instance *ri)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return get_kretprobe(ri);
#else
	return ri->rp;
#endif
}

/* ctx: kretprobe handler; locks: none */
static __always_inline unsigned long stp_kretprobe_return_address(struct kretprobe_instance *ri)
{
#ifdef CONFIG_KRETPROBE_ON_RETHOOK
	return ri->node.ret_addr;
#else
	return (unsigned long)ri->ret_addr;
#endif
}

#endif
