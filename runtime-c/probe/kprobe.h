/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Function entries, returns and offsets into functions, by kprobes and kretprobes on symbols.
 * The unit has declared stap_dwarf_probes[].
 */
#ifndef STAP_PROBE_KPROBE_H
#define STAP_PROBE_KPROBE_H

#include "compat/ftrace.h"
#include "compat/kprobes.h"

#ifndef CONFIG_KPROBES
#error "this kernel has no kprobes (CONFIG_KPROBES)"
#endif

/* Calls of one function that may wait for their return at a time, unless .maxactive says otherwise. */
#ifndef KRETACTIVE
#define KRETACTIVE (max(15, 6 * (int)num_possible_cpus()))
#endif

struct stap_dwarf_kprobe {
	union {
		struct kprobe kp;
		struct kretprobe krp;
	} u;
	struct stap_probe *probe;
	struct stap_probe *entry_probe;
	char *symbol;			/* "module:symbol" of a module's function */
	bool return_p;
};

static struct stap_dwarf_kprobe stap_dwarf_kprobes[ARRAY_SIZE(stap_dwarf_probes)];

/* ctx: kprobe, NMI too, preemption off; locks: none */
static notrace int enter_kprobe_probe(struct kprobe *inst, struct pt_regs *regs)
{
	struct stap_dwarf_kprobe *skp = container_of(inst, struct stap_dwarf_kprobe, u.kp);
	struct stap_probe *p = skp->probe;
	struct stp_hit hit;
	struct context *c = stp_probe_enter(&hit, p, STAP_SESSION_RUNNING, stp_probe_type_kprobe, regs);

	if (c) {
		unsigned long kprobes_ip = instruction_pointer(regs);

		/* Handlers see the probed address, whatever the kernel's way to get here has left. */
		instruction_pointer_set(regs, (unsigned long)inst->addr);
		p->ph(c);
		instruction_pointer_set(regs, kprobes_ip);
		stp_probe_leave(&hit, p, c);
	}
	return 0;
}
NOKPROBE_SYMBOL(enter_kprobe_probe);

/* How many numbers the entry keeps; strings follow them.  ctx: any, NMI too; locks: none */
static __always_inline unsigned int stap_kretprobe_longs(const struct stap_dwarf_kprobe *skp)
{
	return stap_dwarf_probes[skp - stap_dwarf_kprobes].saved_longs;
}

/* ctx: kprobe or return trampoline, NMI too, preemption off; locks: none */
static __always_inline int enter_kretprobe_common(struct kretprobe_instance *inst, struct pt_regs *regs, int entry)
{
	struct kretprobe *krp = stp_kretprobe_of(inst);
	struct stap_dwarf_kprobe *skp;
	struct stap_probe *p;
	struct stp_hit hit;
	struct context *c;

	/* The kretprobe is gone when the session ended between a call and its return. */
	if (unlikely(!krp))
		return 0;
	skp = container_of(krp, struct stap_dwarf_kprobe, u.krp);
	p = entry ? skp->entry_probe : skp->probe;
	c = stp_probe_enter(&hit, p, STAP_SESSION_RUNNING,
			    entry ? stp_probe_type_kretprobe_entry : stp_probe_type_kretprobe, regs);
	if (c) {
		unsigned long kprobes_ip = instruction_pointer(regs);

		c->ips.krp.pi = inst;
		c->ips.krp.longs = (int64_t *)inst->data;
		c->ips.krp.strings = (char *)(c->ips.krp.longs + stap_kretprobe_longs(skp));
		/* An entry that ends with an error leaves zeros, not what another call left. */
		if (entry)
			memset(inst->data, 0, krp->data_size);
		instruction_pointer_set(regs, entry ? (unsigned long)krp->kp.addr
						    : stp_kretprobe_return_address(inst));
		p->ph(c);
		instruction_pointer_set(regs, kprobes_ip);
		c->ips.krp.pi = NULL;
		stp_probe_leave(&hit, p, c);
	} else if (entry) {
		/* Without the entry's values the return is not taken: the skipped hit was counted. */
		return 1;
	}
	return 0;
}

/* ctx: return trampoline, preemption off; locks: none */
static notrace int enter_kretprobe_probe(struct kretprobe_instance *inst, struct pt_regs *regs)
{
	return enter_kretprobe_common(inst, regs, 0);
}
NOKPROBE_SYMBOL(enter_kretprobe_probe);

/* ctx: kprobe, preemption off; locks: none */
static notrace int enter_kretprobe_entry_probe(struct kretprobe_instance *inst, struct pt_regs *regs)
{
	return enter_kretprobe_common(inst, regs, 1);
}
NOKPROBE_SYMBOL(enter_kretprobe_entry_probe);

/* ctx: task; locks: none */
static bool stap_kprobe_in_module(const struct stap_dwarf_probe *sdp)
{
	return strcmp(sdp->module, "kernel") != 0;
}

#ifdef STP_HAVE_FTRACE_ARGS
#include "probe/kprobe_ftrace.h"
#endif

/* The registration fills in what the kernel must find zeroed each time.  ctx: task; locks: none */
static int stap_kretprobe_register_one(struct stap_dwarf_probe *sdp, struct stap_dwarf_kprobe *skp)
{
	struct kretprobe *krp = &skp->u.krp;

	krp->maxactive = sdp->maxactive_p ? sdp->maxactive_val : KRETACTIVE;
	krp->handler = enter_kretprobe_probe;
	if (sdp->entry_probe) {
		krp->entry_handler = enter_kretprobe_entry_probe;
		krp->data_size = sdp->saved_longs * sizeof(s64) + sdp->saved_strings * MAXSTRINGLEN;
	}
	return register_kretprobe(krp);
}

/* ctx: task; locks: none */
static int stap_kprobe_register_one(struct stap_dwarf_probe *sdp, struct stap_dwarf_kprobe *skp)
{
	int rc;

	memset(&skp->u, 0, sizeof(skp->u));
	skp->probe = sdp->probe;
	skp->entry_probe = sdp->entry_probe;
	skp->return_p = sdp->return_p;
	if (stap_kprobe_in_module(sdp) && !skp->symbol) {
		skp->symbol = kasprintf(GFP_KERNEL, "%s:%s", sdp->module, sdp->symbol_name);
		if (!skp->symbol)
			return -ENOMEM;
	}
	if (sdp->symbol_name)
		skp->u.kp.symbol_name = skp->symbol ?: sdp->symbol_name;
	else
		skp->u.kp.addr = (kprobe_opcode_t *)sdp->address;
	skp->u.kp.offset = sdp->offset;
	if (!stp_probe_wanted(sdp->probe))
		skp->u.kp.flags = KPROBE_FLAG_DISABLED;
#ifdef STP_HAVE_FTRACE_ARGS
	if (!stap_kprobe_in_module(sdp))
		skp->u.kp.flags = KPROBE_FLAG_DISABLED;
#endif
	if (sdp->return_p) {
		rc = stap_kretprobe_register_one(sdp, skp);
	} else {
		skp->u.kp.pre_handler = enter_kprobe_probe;
		rc = register_kprobe(&skp->u.kp);
	}
	sdp->registered_p = rc == 0;
	return rc;
}

/* There may be thousands.  ctx: task, may sleep; locks: none */
static void stap_kprobe_refused(const struct stap_dwarf_probe *sdp, int rc)
{
	stp_messages_make_room();
	_stp_warn("probe %s (symbol %s) registration error [man warning::pass5] (rc %d)",
		  sdp->probe->pp, sdp->symbol_name ?: "none", rc);
}

/* Whether nobody has asked for the session's end meanwhile; lets others run.  ctx: task, may sleep; locks: none */
static bool stap_kprobe_goes_on(void)
{
	int state = session_state();

	cond_resched();
	return state == STAP_SESSION_STARTING || state == STAP_SESSION_RUNNING;
}

/* Registers one, and says so when that fails, unless its module @may_come later.  ctx: task; locks: none */
static void stap_kprobe_take_up(struct stap_dwarf_probe *sdp, struct stap_dwarf_kprobe *skp, bool may_come)
{
	int rc = stap_kprobe_register_one(sdp, skp);

	if (rc && !sdp->optional_p && (rc != -ENOENT || !may_come))
		stap_kprobe_refused(sdp, rc);
}

/* Whether the probe's own breakpoint is to be there.  ctx: task; locks: none */
static bool stap_kprobe_enabled(const struct stap_dwarf_probe *sdp, const struct stap_dwarf_kprobe *skp)
{
#ifdef STP_HAVE_FTRACE_ARGS
	if (stap_ftrace_carries(sdp, skp))
		return false;
#endif
	return stp_probe_wanted(sdp->probe);
}

/*
 * Arms what is wanted and is not armed, and disarms what is not wanted: as ftrace's callback, or as kprobes.
 * ctx: task; locks: takes the kernel's for kprobes and ftrace
 */
static void stap_kprobe_rearm(void)
{
	size_t i;

#ifdef STP_HAVE_FTRACE_ARGS
	stap_ftrace_rearm();
#endif
	for (i = 0; i < ARRAY_SIZE(stap_dwarf_probes) && stap_kprobe_goes_on(); i++) {
		struct stap_dwarf_probe *sdp = &stap_dwarf_probes[i];
		struct kprobe *kp = &stap_dwarf_kprobes[i].u.kp;
		bool enabled = stap_kprobe_enabled(sdp, &stap_dwarf_kprobes[i]);
		int rc;

		if (!sdp->registered_p || kprobe_gone(kp) || enabled == !kprobe_disabled(kp))
			continue;
		rc = enabled ? enable_kprobe(kp) : disable_kprobe(kp);
		if (rc && !sdp->optional_p)
			stap_kprobe_refused(sdp, rc);
	}
}

/* Whether a module is not the build that its probes were made for.  ctx: task; locks: none */
static bool stap_kprobe_other_build(const char *module)
{
#ifdef STAP_HAVE_BUILD_IDS
	return stap_module_is_other(module);
#else
	return false;
#endif
}

/*
 * Registers all.  One that fails is a warning and the session goes on without it.  One call a probe:
 * register_kprobes() is a loop over register_kprobe() that gives up, and takes back what it did, at the first failure.
 * ctx: task; locks: none
 */
static int stap_kprobe_register(void)
{
	const char *module = "kernel";
	bool other = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_dwarf_probes) && stap_kprobe_goes_on(); i++) {
		struct stap_dwarf_probe *sdp = &stap_dwarf_probes[i];

		/* Those of a module stand together. */
		if (stap_kprobe_in_module(sdp) && strcmp(sdp->module, module)) {
			module = sdp->module;
			other = stap_kprobe_other_build(module);
		}
		if (!other || !stap_kprobe_in_module(sdp))
			stap_kprobe_take_up(sdp, &stap_dwarf_kprobes[i], stap_kprobe_in_module(sdp));
	}
	stap_kprobe_rearm();
	return 0;
}

/* Counts what the kernel could not deliver.  ctx: task; locks: none; @skp is unregistered */
static void stap_kprobe_count_missed(const struct stap_dwarf_probe *sdp, const struct stap_dwarf_kprobe *skp)
{
	unsigned long missed = skp->u.kp.nmissed;
	int missed_returns = sdp->return_p ? skp->u.krp.nmissed : 0;

	stp_skip_many(sdp->return_p ? STP_SKIP_MISSED_KRETPROBE : STP_SKIP_MISSED_KPROBE, missed);
	stp_skip_many(STP_SKIP_MISSED_KRETPROBE, missed_returns);
#ifdef STP_TIMING
	if (missed_returns)
		_stp_warn("Skipped due to missed kretprobe/1 on '%s': %d", sdp->probe->pp, missed_returns);
	if (missed)
		_stp_warn("Skipped due to missed %s on '%s': %lu",
			  sdp->return_p ? "kretprobe/2" : "kprobe", sdp->probe->pp, missed);
#endif
}

/* ctx: task; locks: none */
static void stap_kprobe_unregister_one(struct stap_dwarf_probe *sdp, struct stap_dwarf_kprobe *skp)
{
	if (sdp->return_p)
		unregister_kretprobe(&skp->u.krp);
	else
		unregister_kprobe(&skp->u.kp);
	sdp->registered_p = 0;
	stap_kprobe_count_missed(sdp, skp);
}

/*
 * A module comes, its code is in place and none of it has run: takes up its probes.  Or one goes: gives up those that
 * the kernel has marked as gone, and counts what they missed.
 * ctx: task; locks: none
 */
static void stap_kprobe_refresh(const char *module, bool coming)
{
#ifdef STP_TIMING
	u64 start = stp_cycles();
#endif
	bool asked = false, other = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_dwarf_probes); i++) {
		struct stap_dwarf_probe *sdp = &stap_dwarf_probes[i];
		struct stap_dwarf_kprobe *skp = &stap_dwarf_kprobes[i];

		if (strcmp(sdp->module, module))
			continue;
		if (sdp->registered_p && kprobe_gone(&skp->u.kp))
			stap_kprobe_unregister_one(sdp, skp);
		if (!coming || sdp->registered_p)
			continue;
		if (!asked)
			other = stap_kprobe_other_build(module);
		asked = true;
		if (!other)
			stap_kprobe_take_up(sdp, skp, false);
	}
#ifdef STP_TIMING
	stp_timing_add(&stp_timing_refresh, stp_cycles() - start);
#endif
}

/* All entries or all returns at once, for each call waits for a grace period.  ctx: task; locks: none */
static void stap_kprobe_unregister_kind(void **list, bool returns)
{
	size_t i;
	int n = 0;

	for (i = 0; i < ARRAY_SIZE(stap_dwarf_probes); i++) {
		if (stap_dwarf_probes[i].registered_p && stap_dwarf_probes[i].return_p == returns)
			list[n++] = &stap_dwarf_kprobes[i].u;
	}
	if (!n)
		return;
	if (returns)
		unregister_kretprobes((struct kretprobe **)list, n);
	else
		unregister_kprobes((struct kprobe **)list, n);
}

/* ctx: task; locks: none */
static void stap_kprobe_unregister(void)
{
	static void *list[ARRAY_SIZE(stap_dwarf_probes)];
	size_t i;

#ifdef STP_HAVE_FTRACE_ARGS
	stap_ftrace_unregister();
#endif
	stap_kprobe_unregister_kind(list, false);
	stap_kprobe_unregister_kind(list, true);
	for (i = 0; i < ARRAY_SIZE(stap_dwarf_probes); i++) {
		if (stap_dwarf_probes[i].registered_p)
			stap_kprobe_count_missed(&stap_dwarf_probes[i], &stap_dwarf_kprobes[i]);
		stap_dwarf_probes[i].registered_p = 0;
		kfree(stap_dwarf_kprobes[i].symbol);
		stap_dwarf_kprobes[i].symbol = NULL;
	}
}

#endif
