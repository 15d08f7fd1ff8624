/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control channel: /proc/systemtap/MODULE/.cmd, one opener at a time.
 *
 * Each read(2) gives one whole message, each write(2) takes one whole message: a u32 type and its payload,
 * host byte order.  staprun/src/messages.rs mirrors this file; a test compares sizes and offsets.
 */
#ifndef STAP_ABI_MESSAGES_H
#define STAP_ABI_MESSAGES_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Raised whenever a structure or the meaning of a message changes; staprun refuses a module of another ABI. */
#define STP_ABI_VERSION 1

/* A whole message, type included, in bytes. */
#define STP_MESSAGE_MAX 8192
/* A command of STP_SYSTEM, NUL included. */
#define STP_SYSTEM_MAX 128

enum stp_message_type {
	STP_START = 0x50,	/* to module: struct stp_start_request; to stapio: struct stp_start_result */
	STP_EXIT,		/* to module: no payload, stop; to stapio: struct stp_exit_summary, all is stopped */
	STP_OOB_DATA,		/* to stapio: text, "WARNING: " or "ERROR: " first, no NUL */
	STP_SYSTEM,		/* to stapio: command for sh -c, no NUL */
	STP_TRANSPORT,		/* to stapio: struct stp_transport, the first message after open */
	STP_CONNECT,		/* unused here, number kept */
	STP_DISCONNECT,		/* unused here, number kept */
	STP_BULK,		/* unused here, number kept */
	STP_READY,		/* unused here, number kept */
	STP_RELOCATION,		/* unused here, number kept */
	STP_BUF_INFO,		/* unused here, number kept */
	STP_SUBBUFS_CONSUMED,	/* unused here, number kept */
	STP_REALTIME_DATA,	/* unused here, number kept */
	STP_REQUEST_EXIT,	/* to stapio: no payload, the script called exit() or failed */
	STP_TZINFO,		/* to module, from staprun: struct stp_tzinfo */
	STP_PRIVILEGE_CREDENTIALS, /* to module, from staprun: struct stp_credentials */
	STP_REMOTE_ID,		/* to module, from staprun: struct stp_remote_id */
	STP_NAMESPACES_PID,	/* unused here, number kept */
	STP_MNT_NS_FDS,		/* unused here, number kept */
};

/* STP_TRANSPORT */
struct stp_transport {
	__u32 abi_version;	/* STP_ABI_VERSION */
	__u32 nr_cpus;		/* trace files are trace0 .. trace(nr_cpus - 1); a CPU that is not possible has none */
	__u64 buffer_bytes;	/* of one CPU */
};

/* STP_START to the module */
struct stp_start_request {
	__s32 target;		/* what target() gives: a process id, or 0 */
	__u32 reserved;
};

/* STP_START to stapio */
struct stp_start_result {
	__s32 result;		/* 0, or -errno: then nothing runs and STP_EXIT follows */
	__u32 by_ftrace;	/* probes at functions that ftrace carries, not kprobes */
};

/* STP_EXIT to stapio: what the session came to */
struct stp_exit_summary {
	__u32 failed;		/* 1: ended by an error, MAXERRORS, MAXSKIPPED or overload */
	__u32 errors;		/* soft errors */
	__u64 skipped;		/* hits whose handler did not run, all causes, missed kprobes included */
	__u64 strings_cut;	/* string values cut at MAXSTRINGLEN - 1 bytes */
	__u64 messages_lost;	/* control messages for which there was no room */
};

struct stp_tzinfo {
	__s64 gmtoff;		/* seconds east of UTC */
	char name[64];
};

struct stp_credentials {
	__u32 mask;		/* STP_PR_* */
};

struct stp_remote_id {
	__s32 id;
	char uri[128];
};

/* Privileges, as in the .stap_privilege section. */
#define STP_PR_STAPUSR 0x2
#define STP_PR_STAPSYS 0x4
#define STP_PR_STAPDEV 0x8

/* ioctls of .cmd */

/*
 * Every record whose time is below the watermark has been written to its CPU's channel when this returns, or
 * counted as lost.  So: take it, read all channels, print what is below it in order of time.
 */
#define STP_IOC_WATERMARK _IOR('s', 1, __u64)

/* Exact state of one CPU's channel. */
struct stp_cpu_status {
	__u32 cpu;		/* in */
	__u32 next_seq;		/* sequence number that its next record will get */
	__u64 lost_records;
	__u64 lost_bytes;
};
#define STP_IOC_CPU_STATUS _IOWR('s', 2, struct stp_cpu_status)

/* A start that is under way registers no more probes.  STP_EXIT must follow, which waits for the start. */
#define STP_IOC_GIVE_UP _IO('s', 3)

#endif
