/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace records: /proc/systemtap/MODULE/traceN gives the records of CPU N, whole, in order, no padding between
 * them.  staprun/src/records.rs mirrors this file; a test compares sizes and offsets.
 */
#ifndef STAP_ABI_RECORDS_H
#define STAP_ABI_RECORDS_H

#include <linux/types.h>

/*
 * What one run of a handler printed, or a part of it: see STP_REC_MORE.  `len` bytes of output follow.
 *
 * Sequence numbers of a CPU start at 0, grow by one and wrap; a record for which there was no room has used its
 * number, so a gap of n numbers is a loss of exactly n records.
 */
struct stp_record {
	__u64 time;		/* order between CPUs: nanoseconds of the monotonic clock, or a global count */
	__u32 seq;
	__u16 len;
	__u16 cpu_flags;	/* CPU in the low 13 bits */
};

#define STP_REC_CPU 0x1fff
/* The same handler's output goes on in this CPU's next record; nothing may be printed in between. */
#define STP_REC_MORE 0x2000

#endif
