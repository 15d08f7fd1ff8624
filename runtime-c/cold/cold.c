// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cold object, compiled once for a kernel and a set of options.  One translation unit, for most of what a
 * small file costs to compile is its headers.
 */
#include <linux/module.h>

#include "config.h"
#include "abi/messages.h"
#include "abi/records.h"
#include "context/session.h"
#include "output/messages.h"
#include "output/transport.h"

/* One object serves many modules, so the name is not known when it is compiled. */
#define stp_pr_err(fmt, ...) pr_err("%s: " fmt, THIS_MODULE->name, ##__VA_ARGS__)

#include "cold/messages.c"
#include "cold/session.c"
#include "cold/channel.c"
#include "cold/trace.c"
#include "cold/control.c"
#include "cold/directory.c"
#include "cold/main.c"
