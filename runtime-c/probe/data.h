/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.data(): the processor's debug registers watch addresses.  The unit has declared stap_data_probes[].
 */
#ifndef STAP_PROBE_DATA_H
#define STAP_PROBE_DATA_H

#include <linux/hw_breakpoint.h>

#include "probe/cpu_event.h"
#include "symbols/resolve.h"

static struct stap_cpu_event stap_data_events[ARRAY_SIZE(stap_data_probes)];

static struct stap_cpu_event_set stap_data_set = {
	.events = stap_data_events,
	.count = ARRAY_SIZE(stap_data_events),
};

/* The access is done.  ctx: debug exception, as an NMI; locks: none */
static notrace void enter_data_probe(struct perf_event *event, struct perf_sample_data *data, struct pt_regs *regs)
{
	enter_cpu_event(event, regs, stp_probe_type_data);
}
NOKPROBE_SYMBOL(enter_data_probe);

/* ctx: task; locks: takes kprobe_mutex */
static int stap_data_prepare(const struct stap_data_probe *sdp, struct stap_cpu_event *se)
{
	unsigned long address = sdp->address;

	if (sdp->symbol_name)
		address = stp_symbol_address("kernel", sdp->symbol_name);
	hw_breakpoint_init(&se->attr);
	se->attr.bp_addr = address;
	se->attr.bp_len = sdp->length;
	se->attr.bp_type = sdp->reads_p ? HW_BREAKPOINT_RW : HW_BREAKPOINT_W;
	se->handler = enter_data_probe;
	se->probe = sdp->probe;
	se->optional = sdp->optional_p;
	se->absent = !address;
	return address ? 0 : -ENOENT;
}

/* ctx: task; locks: takes those of stap_cpu_event_register() */
static int stap_data_register(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_data_probes); i++) {
		const struct stap_data_probe *sdp = &stap_data_probes[i];
		int rc = stap_data_prepare(sdp, &stap_data_events[i]);

		if (!rc || sdp->optional_p)
			continue;
		_stp_error("probe %s registration error [man error::pass5] (rc %d): this kernel has no symbol %s",
			   sdp->probe->pp, rc, sdp->symbol_name);
		return rc;
	}
	return stap_cpu_event_register(&stap_data_set);
}

/* ctx: task; locks: takes those of stap_cpu_event_unregister() */
static void stap_data_unregister(void)
{
	stap_cpu_event_unregister(&stap_data_set);
}

/* ctx: task; locks: takes those of stap_cpu_event_rearm() */
static __maybe_unused void stap_data_rearm(void)
{
	stap_cpu_event_rearm(&stap_data_set);
}

#endif
