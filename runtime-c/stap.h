/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first include of a generated unit: all of the hot runtime that does not need struct context.
 * "context/context.h", which the unit includes after it has declared struct context, brings the rest.
 */
#ifndef STAP_STAP_H
#define STAP_STAP_H

#include <linux/atomic.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/version.h>

#include "config.h"
#include "abi/records.h"
#include "context/session.h"
#include "output/messages.h"
#include "output/transport.h"
#include "memory/access.h"
#include "probe/tables.h"

typedef char string_t[MAXSTRINGLEN];

#endif
