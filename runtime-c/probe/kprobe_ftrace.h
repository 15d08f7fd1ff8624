/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Function entries by an ftrace callback of the module's own, half as dear as by the kprobe that rides ftrace.
 *
 * Each probe keeps its kprobe or kretprobe, registered but disabled.  It resolves the symbol, refuses what the
 * kernel must not have probed, and holds the pool of waiting returns.  Where it says that the address is one of
 * ftrace's, the callback takes the place of the breakpoint: it calls the handler of an entry, and for a return what
 * the kprobe would have called.  All other probes, and all of them when ftrace refuses, are enabled as kprobes.
 * A probe whose condition does not hold keeps its slot, but its address is not among those that ftrace patches.
 *
 * Included by probe/kprobe.h, which has declared stap_dwarf_kprobes[] and enter_kprobe_probe().
 */
#ifndef STAP_PROBE_KPROBE_FTRACE_H
#define STAP_PROBE_KPROBE_FTRACE_H

#include <linux/hash.h>
#include <linux/log2.h>

/* At most half full, so that a search ends soon and always at an empty slot. */
#define STAP_FTRACE_BITS (ilog2(ARRAY_SIZE(stap_dwarf_probes)) + 2)

struct stap_ftrace_slot {
	unsigned long ip;		/* 0: empty */
	struct stap_dwarf_kprobe *skp;
	bool first;			/* of those with that address */
	bool wanted;			/* the first one's: some probe at the address is to be armed */
};

/* Filled before the callback is registered, not changed while it is. */
static struct stap_ftrace_slot stap_ftrace_slots[1 << STAP_FTRACE_BITS];
static bool stap_ftrace_registered;
static bool stap_ftrace_filled;
/* Kprobes carry all. */
static bool stap_ftrace_refused;

/* While this CPU is in the callback: what that calls must not enter it again. */
static DEFINE_PER_CPU(bool, stap_ftrace_inside);

/* ctx: any; locks: none */
static __always_inline unsigned int stap_ftrace_next(unsigned int slot)
{
	return (slot + 1) & (ARRAY_SIZE(stap_ftrace_slots) - 1);
}

/*
 * One hit of one probe.  What a running handler calls gets no return probe, as with kprobes: its return would only be
 * skipped.
 * ctx: ftrace callback, NMI too, preemption off; locks: none
 */
static __always_inline void stap_ftrace_hit(struct stap_dwarf_kprobe *skp, struct pt_regs *regs, bool nested)
{
	if (!skp->return_p) {
		if (unlikely(nested))
			stp_skip(STP_SKIP_REENTRANCY);
		else
			enter_kprobe_probe(&skp->u.kp, regs);
	} else if (unlikely(nested || atomic_read(&__this_cpu_read(contexts)->busy))) {
		stp_skip(STP_SKIP_MISSED_KRETPROBE);
	} else {
		/* The kernel's: it takes an instance and puts the trampoline in the place of the return address. */
		skp->u.krp.kp.pre_handler(&skp->u.krp.kp, regs);
	}
}

/* ctx: ftrace callback, NMI too; locks: none */
static notrace void enter_ftrace_probe(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
				       struct ftrace_regs *fregs)
{
	struct pt_regs *regs = stp_ftrace_regs(fregs);
	unsigned int slot = hash_long(ip, STAP_FTRACE_BITS);
	bool nested;

	preempt_disable_notrace();
	nested = __this_cpu_read(stap_ftrace_inside);
	__this_cpu_write(stap_ftrace_inside, 1);
	barrier();
	/* More than one probe may stand at an address. */
	for (; stap_ftrace_slots[slot].ip; slot = stap_ftrace_next(slot)) {
		if (stap_ftrace_slots[slot].ip == ip)
			stap_ftrace_hit(stap_ftrace_slots[slot].skp, regs, nested);
	}
	barrier();
	__this_cpu_write(stap_ftrace_inside, nested);
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(enter_ftrace_probe);

/*
 * PERMANENT: nobody turns the probes off by /proc/sys/kernel/ftrace_enabled unseen.  No flag asks for ftrace's own
 * guard against recursion, for stap_ftrace_inside is one.
 */
static struct ftrace_ops stap_ftrace_ops = {
	.func = enter_ftrace_probe,
	.flags = FTRACE_OPS_FL_PERMANENT
#ifdef STP_NEED_FULL_REGISTERS
		 | FTRACE_OPS_FL_SAVE_REGS
#endif
};

/* Whether the callback can carry a probe.  ctx: task; locks: none */
static bool stap_ftrace_carries(const struct stap_dwarf_probe *sdp, const struct stap_dwarf_kprobe *skp)
{
	/* Addresses in modules come and go, their probes stay kprobes. */
	return !stap_ftrace_refused && sdp->registered_p && (skp->u.kp.flags & KPROBE_FLAG_FTRACE) &&
	       !stap_kprobe_in_module(sdp);
}

/* The first slot with the address, or an empty one where it may go.  ctx: task; locks: none */
static struct stap_ftrace_slot *stap_ftrace_slot(unsigned long ip)
{
	unsigned int slot = hash_long(ip, STAP_FTRACE_BITS);

	while (stap_ftrace_slots[slot].ip && stap_ftrace_slots[slot].ip != ip)
		slot = stap_ftrace_next(slot);
	return &stap_ftrace_slots[slot];
}

/* ctx: task; locks: none; the callback is not registered */
static void stap_ftrace_insert(struct stap_dwarf_kprobe *skp)
{
	unsigned long ip = (unsigned long)skp->u.kp.addr;
	struct stap_ftrace_slot *first = stap_ftrace_slot(ip);
	unsigned int slot = first - stap_ftrace_slots;

	first->first = true;
	while (stap_ftrace_slots[slot].ip)
		slot = stap_ftrace_next(slot);
	stap_ftrace_slots[slot].ip = ip;
	stap_ftrace_slots[slot].skp = skp;
}

/* Puts all that the callback can carry into the slots.  ctx: task; locks: none; the callback is not registered */
static void stap_ftrace_fill(void)
{
	size_t i;

	memset(stap_ftrace_slots, 0, sizeof(stap_ftrace_slots));
	stp_session.by_ftrace = 0;
	for (i = 0; i < ARRAY_SIZE(stap_dwarf_probes); i++) {
		if (!stap_ftrace_carries(&stap_dwarf_probes[i], &stap_dwarf_kprobes[i]))
			continue;
		stp_session.by_ftrace++;
		stap_ftrace_insert(&stap_dwarf_kprobes[i]);
	}
	stap_ftrace_filled = true;
}

/* Gives the addresses to patch, each once, and their number.  ctx: task; locks: none */
static size_t stap_ftrace_collect(unsigned long *ips)
{
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(stap_ftrace_slots); i++)
		stap_ftrace_slots[i].wanted = false;
	for (i = 0; i < ARRAY_SIZE(stap_dwarf_probes); i++) {
		if (stap_ftrace_carries(&stap_dwarf_probes[i], &stap_dwarf_kprobes[i]) &&
		    stp_probe_wanted(stap_dwarf_probes[i].probe))
			stap_ftrace_slot((unsigned long)stap_dwarf_kprobes[i].u.kp.addr)->wanted = true;
	}
	for (i = 0; i < ARRAY_SIZE(stap_ftrace_slots); i++) {
		if (stap_ftrace_slots[i].first && stap_ftrace_slots[i].wanted)
			ips[n++] = stap_ftrace_slots[i].ip;
	}
	return n;
}

/* No callback runs any more when it returns.  ctx: task; locks: none */
static void stap_ftrace_unregister(void)
{
	if (!stap_ftrace_registered)
		return;
	unregister_ftrace_function(&stap_ftrace_ops);
	ftrace_free_filter(&stap_ftrace_ops);
	stap_ftrace_registered = false;
}

/* Has the callback stand at @n addresses and nowhere else.  ctx: task; locks: takes ftrace's */
static int stap_ftrace_patch(unsigned long *ips, size_t n)
{
	int rc;

	/* No address at all would mean every function. */
	if (!n) {
		stap_ftrace_unregister();
		return 0;
	}
	rc = ftrace_set_filter_ips(&stap_ftrace_ops, ips, n, 0, 1);
	if (!rc && !stap_ftrace_registered)
		rc = register_ftrace_function(&stap_ftrace_ops);
	if (rc && !stap_ftrace_registered)
		ftrace_free_filter(&stap_ftrace_ops);
	if (!rc)
		stap_ftrace_registered = true;
	return rc;
}

/*
 * Has the callback stand where it carries what is wanted.  When ftrace refuses, it carries nothing from then on.
 * ctx: task; locks: takes ftrace's
 */
static void stap_ftrace_rearm(void)
{
	unsigned long *ips;
	int rc = -ENOMEM;

	if (stap_ftrace_refused)
		return;
	if (!stap_ftrace_filled)
		stap_ftrace_fill();
	ips = kvcalloc(ARRAY_SIZE(stap_dwarf_probes), sizeof(*ips), GFP_KERNEL);
	if (ips)
		rc = stap_ftrace_patch(ips, stap_ftrace_collect(ips));
	kvfree(ips);
	if (!rc)
		return;
	stap_ftrace_unregister();
	stap_ftrace_refused = true;
	stp_session.by_ftrace = 0;
	/* The kernel says this of no other failure.  Its kprobes stand still then too. */
	if (rc == -EBUSY)
		_stp_warn("ftrace is switched off: function probes stay silent until 'sysctl kernel.ftrace_enabled=1'");
}

#endif
