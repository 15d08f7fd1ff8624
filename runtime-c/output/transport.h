/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing records: per-CPU relay channels, stamps and the watermark.
 *
 * Only the handler that holds a CPU's context writes that CPU's channel and its struct stp_cpu.  An interrupt or
 * NMI in between finds the context busy and is skipped before it gets here, so no lock and no locked
 * instruction is needed.
 *
 * The watermark.  A writer
 *	W1 stores pending = a bound below its stamp (the CPU's last stamp), W2 full barrier, W3 takes the stamp,
 *	W4 stores pending = the stamp, W5 writes the record, W6 publishes committed (release) or counts the loss,
 *	W7 stores pending = none (release).
 * A reader
 *	R1 takes the clock as now, R2 full barrier, R3 loads every CPU's pending (acquire); the least of all these
 *	is the watermark.
 * Claim: a record whose stamp s is below the watermark is committed, or counted lost, when R3 is over.
 * Look at what R3 loaded from the record's CPU.  If it was a value from before W1, then R3 came before W1, so
 * R2 before W2, so R1 before W3, and s >= now: not below the watermark.  If it was the value of W1 or W4, it
 * is at most s: again not below.  Otherwise it was that of W7 or later, and W6 is visible by release and acquire.
 * The clock orders R1 and W3 because it is one for all CPUs: see stp_clock_read().
 */
#ifndef STAP_OUTPUT_TRANSPORT_H
#define STAP_OUTPUT_TRANSPORT_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/percpu.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

#include "abi/records.h"

#define STP_PENDING_NONE U64_MAX

/* What a CPU's writer keeps and readers look at. */
struct stp_cpu {
	u64 pending;			/* at most the stamp of the record being written, or STP_PENDING_NONE */
	u64 last_stamp;
	u64 committed;			/* position in the channel, see stp_record_position() in cold/record.c */
	u64 lost_records;
	u64 lost_bytes;
	u64 strings_cut;
	u32 next_seq;
} ____cacheline_aligned_in_smp;

DECLARE_PER_CPU(struct stp_cpu, stp_cpu);

/* Set once, before any handler runs: whether the kernel's raw clock is one for all CPUs. */
extern bool stp_clock_trusted;
extern atomic64_t stp_clock_count;

/*
 * A time that two CPUs agree on: who releases a script lock reads less than who takes it afterwards.
 *
 * The raw clock and not the monotonic one, whose slope NTP changes under its readers; and a count that all CPUs
 * share where the TSC is not known to be the same on all of them.
 *
 * ctx: any, NMI too; locks: none
 */
static __always_inline u64 stp_clock_read(void)
{
	if (likely(stp_clock_trusted))
		return ktime_get_raw_fast_ns();
	return atomic64_inc_return(&stp_clock_count);
}

/*
 * Stamps a record that stp_record_write() will write soon, steps W1 to W4.  The caller still holds the script
 * locks that put its output in order; it may drop them before it writes.
 *
 * ctx: any, NMI too, this CPU's context held; locks: script locks
 */
static __always_inline void stp_record_stamp(struct stp_record *record)
{
	struct stp_cpu *cpu = this_cpu_ptr(&stp_cpu);

	WRITE_ONCE(cpu->pending, cpu->last_stamp);
	smp_mb();		/* W2; pairs with R2 in stp_watermark() */
	record->time = stp_clock_read();
	cpu->last_stamp = record->time;
	WRITE_ONCE(cpu->pending, record->time);
}

/*
 * Writes the stamped record, whose text stands behind its head, steps W5 to W7.
 * ctx: any, NMI too, this CPU's context held; locks: any
 */
void stp_record_write(struct stp_record *record, u32 text_len, bool more);

/* Counts a value that was cut at MAXSTRINGLEN - 1 bytes.  ctx: any, preemption off; locks: none */
static __always_inline void stp_string_cut(void)
{
	this_cpu_inc(stp_cpu.strings_cut);
}

#endif
