/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The common members of struct context: the generated unit includes this inside the structure, so there is no
 * guard.  The first members are what entering and leaving a handler touch, in two cache lines.
 */
	/* 1 while a handler runs.  Only its own CPU writes it, so plain stores do. */
	atomic_t busy;
	int probe_type;			/* enum stp_probe_type */
	const char *probe_point;
#ifdef STP_NEED_PROBE_NAME
	const char *probe_name;
#endif
	const char *last_error;		/* set: the handler ended with this soft error; NULL on entry */
	const char *last_stmt;		/* "identifier 'x' at FILE:LINE:COLUMN", or NULL */
	struct pt_regs *kregs;		/* of the hit, NULL where the family has none */
	struct pt_regs *uregs;
	int actionremaining;
	int user_mode_p;		/* kregs is a frame of user mode */
	char *out_pos;			/* next free byte of out.text */
	char *out_end;
	int out_stamped;		/* a record waits to be written when the handler is left */
#ifdef STP_OVERLOAD
	u64 cycles_base;		/* start of the interval that is being measured */
	u64 cycles_sum;			/* spent in handlers since then */
#endif
	union {
		struct {
			struct kretprobe_instance *pi;
			int64_t *longs;	/* what the entry keeps for its return */
			char *strings;	/* likewise, MAXSTRINGLEN bytes each */
		} krp;
		struct {
			struct stp_procfs_text *text;	/* what a reader gets */
			const char *written;
			s64 number;		/* of the write, which several probes see */
		} procfs;
		struct {
			struct sk_buff *skb;
			const struct nf_hook_state *state;
			int verdict;
		} netfilter;
		struct {
			u64 words[STP_TRACEPOINT_WORDS];	/* what the tracepoint passed */
		} tracepoint;
	} ips;
#ifdef STP_NEED_SYMBOLS
	char symbol[KSYM_SYMBOL_LEN + sizeof(" [kernel]")];	/* what symbols/names.h says of an address */
#endif
#ifdef STP_NEED_UNWIND
	int trace_len;			/* frames in trace, -1 when the hit's stack was not walked yet */
	unsigned long trace[MAXBACKTRACE];
#endif
#ifdef STP_NEED_HISTOGRAM
	/* The buckets of all CPUs, added up for a picture. */
	int64_t histogram[STP_MAX_BUCKETS > 128 ? STP_MAX_BUCKETS : 128];
#endif
	string_t error_buffer;		/* where last_error is built when it is no constant */
	int called_from_len;
	char called_from[STP_CALLED_FROM_LEN];	/* the calls that last_error passed on its way out */
#ifdef STP_MATCH_TAGS
	struct stp_match match;		/* the handler's latest match of a regular expression */
#endif
	/* The record's head and its bytes together, so that one copy moves both. */
	struct {
		struct stp_record head;
		char text[STP_BUFFER_SIZE];
	} out;
