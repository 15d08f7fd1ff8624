/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables that the translator fills: struct stap_probe for every probe, then one table a family.  What the
 * kernel needs beside (struct kprobe, struct hrtimer ...) stands in an array of its own in the family's header.
 */
#ifndef STAP_PROBE_TABLES_H
#define STAP_PROBE_TABLES_H

#include <linux/atomic.h>
#include <linux/types.h>

struct context;
struct stp_timing;
struct stap_condition;

struct stap_probe {
	void (*const ph)(struct context *c);
	const char *const pp;
#ifdef STP_CONDITIONS
	struct stap_condition *const condition;	/* or NULL */
#endif
#ifdef STP_NEED_PROBE_NAME
	const char *const pn;
#endif
#if defined(STP_TIMING) || defined(STP_ALIBI)
	const char *const location;
	const char *const derivation;
#endif
#ifdef STP_ALIBI
	atomic_t alibi;
#endif
#ifdef STP_TIMING
	struct stp_timing __percpu *timing;
#endif
};

#ifdef STP_NEED_PROBE_NAME
#define STAP_PROBE_INIT_NAME(PN) .pn = (PN),
#else
#define STAP_PROBE_INIT_NAME(PN)
#endif
#if defined(STP_TIMING) || defined(STP_ALIBI)
#define STAP_PROBE_INIT_TIMING(L, D) .location = (L), .derivation = (D),
#else
#define STAP_PROBE_INIT_TIMING(L, D)
#endif
/* Handler, probe point, name as the script has it, its place, " from: ..." of the aliases between. */
#define STAP_PROBE_INIT(PH, PP, PN, L, D) \
	{ .ph = (PH), .pp = (PP), STAP_PROBE_INIT_NAME(PN) STAP_PROBE_INIT_TIMING(L, D) }
/* The same with a condition, while which does not hold the probe is not armed. */
#define STAP_PROBE_INIT_IF(PH, PP, PN, L, D, C) \
	{ .ph = (PH), .pp = (PP), .condition = (C), STAP_PROBE_INIT_NAME(PN) STAP_PROBE_INIT_TIMING(L, D) }

/* A symbol whose address is found at load: see symbols/table.h */
struct stap_symbol {
	const char *const module;	/* "kernel", or the name of a module */
	const char *const name;
	unsigned long address;
};

/* What the translator read of an object: see symbols/build_id.h */
struct stap_build_id {
	const char *const module;	/* "kernel", or the name of a module */
	unsigned int size;		/* of id */
	const u8 id[64];
};

/* What c->probe_type says of the running handler. */
enum stp_probe_type {
	stp_probe_type_none,
	stp_probe_type_begin,
	stp_probe_type_end,
	stp_probe_type_error,
	stp_probe_type_timer,
	stp_probe_type_hrtimer,
	stp_probe_type_kprobe,
	stp_probe_type_kretprobe,
	stp_probe_type_kretprobe_entry,
	stp_probe_type_perf,
	stp_probe_type_data,
	stp_probe_type_procfs,
	stp_probe_type_netfilter,
	stp_probe_type_tracepoint,
};

/* begin, end, error: sorted by the translator, lowest priority number first. */
enum stap_begin_type { STAP_BEGIN, STAP_END, STAP_ERROR };

struct stap_begin_probe {
	enum stap_begin_type type;
	s64 priority;
	struct stap_probe *const probe;
};

/* timer.jiffies, timer.hz and timers too long for a hrtimer; the interval is at least 1. */
struct stap_timer_probe {
	unsigned long interval;		/* jiffies */
	unsigned long randomize;	/* jiffies more or less, less than interval */
	struct stap_probe *const probe;
};

/* timer.s, .ms, .us, .ns */
struct stap_hrtimer_probe {
	s64 interval_ns;		/* at least 1 */
	s64 randomize_ns;		/* more or less, less than the interval */
	struct stap_probe *const probe;
};

/* kernel.function, module.function and kprobe.function, by symbol */
struct stap_dwarf_probe {
	unsigned int return_p:1;
	unsigned int maxactive_p:1;
	unsigned int optional_p:1;
	unsigned int registered_p:1;	/* kept by probe/kprobe.h */
	unsigned short maxactive_val;
	unsigned short saved_longs;	/* of entry_probe, for the return to read */
	unsigned short saved_strings;
	const char *const module;	/* "kernel", or the name of a module */
	const char *const symbol_name;	/* NULL: address says where */
	unsigned int offset;
	unsigned long address;
	struct stap_probe *const probe;
	struct stap_probe *const entry_probe;	/* or NULL */
};

/* perf.type().config(), timer.profile.tick */
struct stap_perf_probe {
	unsigned int type;
	u64 config;
	u64 period;			/* events between two hits; 0: counts only */
	u64 frequency;			/* hits a second, 0: by period */
	unsigned int counter_p:1;	/* no handler: @perf reads it */
	unsigned int target_p:1;	/* only in the process of -c or -x */
	unsigned int optional_p:1;
	struct stap_probe *const probe;
};

/* kernel.data().write and .rw */
struct stap_data_probe {
	const char *const symbol_name;	/* or NULL */
	unsigned long address;
	unsigned int length;		/* bytes, as the processor has it */
	unsigned int reads_p:1;		/* reads as well as writes */
	unsigned int optional_p:1;
	struct stap_probe *const probe;
};

/* A file that procfs probes have made, or a folder for such files; folders come before what is in them. */
struct stap_procfs_file {
	const char *const path;
	umode_t mode;			/* 0 for a folder */
	size_t size;			/* most bytes that a reader gets */
	struct stap_probe *const read;	/* or NULL */
	struct stap_probe *const *const writes;	/* NULL after the last; or NULL */
};

/* netfilter.hook().pf() */
struct stap_netfilter_probe {
	int pf;
	int hook;
	int priority;
	unsigned int optional_p:1;
	struct stap_probe *const probe;
};

struct tracepoint;

/* Words of a tracepoint's call that handlers can read, the probe's own datum not counted. */
#define STP_TRACEPOINT_WORDS 15

/* kernel.trace, kernel.tracepoint and module.tracepoint; sorted by name */
struct stap_tracepoint_probe {
	const char *const name;
	const char *const module;	/* "kernel", the name of a module, or "" for any of them */
	void *const enter;		/* what the tracepoint calls, with this row as its datum */
	struct stap_probe *const probe;
	struct tracepoint *tp;		/* kept by probe/tracepoint.h: registered there */
	unsigned int optional_p:1;
};

#endif
