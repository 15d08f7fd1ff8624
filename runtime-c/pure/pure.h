/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What generated code computes with. Comes after stap.h, whose stp_string_cut() counts cut values. */
#ifndef STAP_PURE_PURE_H
#define STAP_PURE_PURE_H

#include <linux/minmax.h>
#include <linux/string.h>

#include "arith.h"
#include "hash.h"
#include "number.h"
#include "sort.h"
#include "string.h"
#include "dfa.h"
#include "map_memory.h"
#include "stat.h"
#include "stat_percpu.h"
#include "stat_hist.h"
#include "hist_percpu.h"

#endif
