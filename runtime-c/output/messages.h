/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to stapio beside the script's output.  They go through the pool of cold/messages.c: no lock, no
 * allocation, no wake-up in the caller, so any context may send them, NMI included.
 */
#ifndef STAP_OUTPUT_MESSAGES_H
#define STAP_OUTPUT_MESSAGES_H

#include <linux/compiler_attributes.h>

/* "WARNING: ..."; a newline is added where the text has none. */
__printf(1, 2) void _stp_warn(const char *fmt, ...);
/* "ERROR: ..."; the session goes to ERROR and ends. */
__printf(1, 2) void _stp_error(const char *fmt, ...);
/* "ERROR: ..."; the session goes on, the caller counts against MAXERRORS. */
__printf(1, 2) void _stp_softerror(const char *fmt, ...);
/* For a task that has many messages: waits a little for stapio to read some. */
void stp_messages_make_room(void);
/* A command for stapio to run with sh -c; cut at STP_SYSTEM_MAX - 1 bytes. */
void _stp_system(const char *command);

#endif
