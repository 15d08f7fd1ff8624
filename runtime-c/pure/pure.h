/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What generated code computes with; included before struct context. */
#ifndef STAP_PURE_PURE_H
#define STAP_PURE_PURE_H

#include <linux/minmax.h>
#include <linux/string.h>

#include "../context/session.h"

/* A value did not fit; the end of the session says how many. ctx: any; locks: none */
static noinline __maybe_unused void stp_string_cut(void)
{
	atomic64_inc(&stp_session.strings_cut);
}

#include "arith.h"
#include "hash.h"
#include "number.h"
#include "sort.h"
#include "string.h"
#include "map_memory.h"

#endif
