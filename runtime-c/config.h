/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every tunable that -D may set: its default, its unit and its range.
 *
 * Both temperatures include this file, so a value is the same in the unit and in the cold object.  A value out
 * of range stops the build here, with the name that the user typed, and not in the middle of a session.
 */
#ifndef STAP_CONFIG_H
#define STAP_CONFIG_H

#include <linux/types.h>

/* Bytes of a string value, NUL included. */
#ifndef MAXSTRINGLEN
#if BITS_PER_LONG == 64
#define MAXSTRINGLEN 512
#else
#define MAXSTRINGLEN 256
#endif
#endif
#if MAXSTRINGLEN < 32 || MAXSTRINGLEN > 65536
#error "MAXSTRINGLEN must be between 32 and 65536 bytes"
#endif

/* Bytes that a reader of a procfs file gets at most, unless .maxsize(N) says otherwise. */
#ifndef STP_PROCFS_BUFSIZE
#define STP_PROCFS_BUFSIZE MAXSTRINGLEN
#endif
#if STP_PROCFS_BUFSIZE < 1 || STP_PROCFS_BUFSIZE > 67108864
#error "STP_PROCFS_BUFSIZE must be between 1 and 67108864 bytes"
#endif

/* 1: interrupts stay on in handlers.  0: they are off, and a hit over a running handler counts for MAXSKIPPED. */
#ifndef INTERRUPTIBLE
#define INTERRUPTIBLE 1
#endif

/* Statements of one run of a handler. */
#ifndef MAXACTION
#define MAXACTION 1000
#endif
#if MAXACTION < 1 || MAXACTION > 100000000
#error "MAXACTION must be between 1 and 100000000 statements"
#endif
#ifndef MAXACTION_INTERRUPTIBLE
#define MAXACTION_INTERRUPTIBLE (MAXACTION * 10)
#endif
#if MAXACTION_INTERRUPTIBLE < 1 || MAXACTION_INTERRUPTIBLE > 1000000000
#error "MAXACTION_INTERRUPTIBLE must be between 1 and 1000000000 statements"
#endif
#if INTERRUPTIBLE
#define STP_ACTIONS MAXACTION_INTERRUPTIBLE
#else
#define STP_ACTIONS MAXACTION
#endif

/* Calls within calls; the translator knows the script's need and sets it in the unit. */
#ifndef MAXNESTING
#define MAXNESTING 1
#endif
#if MAXNESTING < 0 || MAXNESTING > 1000
#error "MAXNESTING must be between 0 and 1000 calls"
#endif

/* Waiting for locks of globals: at most MAXTRYLOCK times TRYLOCKDELAY microseconds for a whole handler. */
#ifndef MAXTRYLOCK
#define MAXTRYLOCK 100
#endif
#if MAXTRYLOCK < 1 || MAXTRYLOCK > 100000
#error "MAXTRYLOCK must be between 1 and 100000 tries"
#endif
#ifndef TRYLOCKDELAY
#define TRYLOCKDELAY 10
#endif
#if TRYLOCKDELAY < 1 || TRYLOCKDELAY > 1000
#error "TRYLOCKDELAY must be between 1 and 1000 microseconds"
#endif
#if MAXTRYLOCK * TRYLOCKDELAY > 1000000
#error "MAXTRYLOCK times TRYLOCKDELAY must be at most 1000000 microseconds"
#endif

/* Nanoseconds between two looks whether a global of a probe's condition was written. */
#ifndef STP_ON_THE_FLY_INTERVAL
#define STP_ON_THE_FLY_INTERVAL (100 * 1000 * 1000)
#endif
#if STP_ON_THE_FLY_INTERVAL < 1000000
#error "STP_ON_THE_FLY_INTERVAL must be at least 1000000 nanoseconds"
#endif

/* Rows of an array that declares no size, and a shift of its hash table's size. */
#ifndef MAXMAPENTRIES
#define MAXMAPENTRIES 2048
#endif
#if MAXMAPENTRIES < 1 || MAXMAPENTRIES > 268435456
#error "MAXMAPENTRIES must be between 1 and 268435456 rows"
#endif
#ifndef MAPHASHBIAS
#define MAPHASHBIAS 0
#endif
#if MAPHASHBIAS < -9999 || MAPHASHBIAS > 9999
#error "MAPHASHBIAS must be between -9999 and 9999"
#endif

/* Histograms: buckets of one, columns of its longest bar, empty rows that are kept at each end of a run of them. */
#ifndef STP_MAX_BUCKETS
#define STP_MAX_BUCKETS 128
#endif
#if STP_MAX_BUCKETS < 3 || STP_MAX_BUCKETS > 3000
#error "STP_MAX_BUCKETS must be between 3 and 3000 buckets"
#endif
#ifndef HIST_WIDTH
#define HIST_WIDTH 50
#endif
#if HIST_WIDTH < 1 || HIST_WIDTH > 1000
#error "HIST_WIDTH must be between 1 and 1000 columns"
#endif
#ifndef HIST_ELISION
#define HIST_ELISION 2
#endif
#if HIST_ELISION > 3000
#error "HIST_ELISION must be at most 3000 rows"
#endif

/* Frames of a stack that is walked. */
#ifndef MAXBACKTRACE
#define MAXBACKTRACE 20
#endif
#if MAXBACKTRACE < 1 || MAXBACKTRACE > 512
#error "MAXBACKTRACE must be between 1 and 512 frames"
#endif

/* Soft errors and skipped hits that a session survives. */
#ifndef MAXERRORS
#define MAXERRORS 0
#endif
#if MAXERRORS < 0
#error "MAXERRORS must not be negative"
#endif
#ifndef MAXSKIPPED
#define MAXSKIPPED 100
#endif
#if MAXSKIPPED < 0
#error "MAXSKIPPED must not be negative"
#endif

/* Bytes that must be left on the task's stack. */
#ifndef MINSTACKSPACE
#define MINSTACKSPACE 1024
#endif
#if MINSTACKSPACE < 0 || MINSTACKSPACE > 1048576
#error "MINSTACKSPACE must be between 0 and 1048576 bytes"
#endif

/* KRETACTIVE: its default counts CPUs at run time, see probe/kprobe.h. */
#ifdef KRETACTIVE
#if KRETACTIVE < 1
#error "KRETACTIVE must be at least 1"
#endif
#endif

/* Share of a CPU that handlers may take, in cycles of an interval; see probe/limits.h. */
#if defined(STP_NO_OVERLOAD) || defined(STAP_NO_OVERLOAD) || defined(STAP_SUPPRESS_TIME_LIMITS)
#undef STP_OVERLOAD
#elif !defined(STP_OVERLOAD)
#define STP_OVERLOAD
#endif
#ifndef STP_OVERLOAD_INTERVAL
#define STP_OVERLOAD_INTERVAL 1000000000LL
#endif
#ifndef STP_OVERLOAD_THRESHOLD
#define STP_OVERLOAD_THRESHOLD 500000000LL
#endif
#if STP_OVERLOAD_INTERVAL < 1000 || STP_OVERLOAD_THRESHOLD < 1
#error "STP_OVERLOAD_INTERVAL must be at least 1000 cycles and STP_OVERLOAD_THRESHOLD at least 1"
#endif

/* Bytes for the calls that a soft error names. */
#ifndef STP_CALLED_FROM_LEN
#define STP_CALLED_FROM_LEN 400
#endif

/* Bytes of output that a context collects before it writes a record. */
#ifndef STP_BUFFER_SIZE
#define STP_BUFFER_SIZE 8192
#endif
#if STP_BUFFER_SIZE < 2048 || STP_BUFFER_SIZE > 65535
#error "STP_BUFFER_SIZE must be between 2048 and 65535 bytes"
#endif

/* Control messages that may wait for stapio, and the bytes of one. */
#ifndef STP_DEFAULT_BUFFERS
#define STP_DEFAULT_BUFFERS 256
#endif
#if STP_DEFAULT_BUFFERS < 16 || STP_DEFAULT_BUFFERS > 65536
#error "STP_DEFAULT_BUFFERS must be between 16 and 65536 messages"
#endif
#ifndef STP_CTL_BUFFER_SIZE
#define STP_CTL_BUFFER_SIZE 384
#endif
#if STP_CTL_BUFFER_SIZE < 192 || STP_CTL_BUFFER_SIZE > 8188
#error "STP_CTL_BUFFER_SIZE must be between 192 and 8188 bytes"
#endif

#endif
