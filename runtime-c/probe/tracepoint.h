/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracepoints of the kernel and of modules.  The unit has declared stap_tracepoint_probes[], sorted by name, and the
 * probe functions that its rows point to; it makes each with STP_TRACEPOINT_ENTER().
 *
 * A probe function is called with its row and the tracepoint's parameters.  All of them are words of the calling
 * convention, so it is declared as taking words, as many as the handler reads; the translator knows which parameter
 * lies in which word, and that a word's upper part is noise where the parameter is smaller.
 */
#ifndef STAP_PROBE_TRACEPOINT_H
#define STAP_PROBE_TRACEPOINT_H

#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/tracepoint.h>

#ifndef CONFIG_TRACEPOINTS
#error "this kernel has no tracepoints (CONFIG_TRACEPOINTS)"
#endif

/* ctx: any, NMI too, preemption on or off; locks: those of the traced code */
static __always_inline void stap_tracepoint_hit(struct stap_tracepoint_probe *stp, const u64 *words, size_t count)
{
	struct stap_probe *p = stp->probe;
	struct stp_hit hit;
	/* No registers: the tracepoint has saved none, and those of now are the handler's own. */
	struct context *c = stp_probe_enter(&hit, p, STAP_SESSION_RUNNING, stp_probe_type_tracepoint, NULL);
	size_t i;

	if (!c)
		return;
	for (i = 0; i < count; i++)
		c->ips.tracepoint.words[i] = words[i];
	p->ph(c);
	stp_probe_leave(&hit, p, c);
}

/*
 * enter_tracepoint_probe_N() passes on N words; PARAMS are its parameters, "(void *data, u64 w1, ...)", the others
 * their names.
 */
#define STP_TRACEPOINT_ENTER(N, PARAMS, ...) \
	/* ctx: any, NMI too, preemption on or off; locks: those of the traced code */ \
	static notrace void enter_tracepoint_probe_##N PARAMS \
	{ \
		const u64 words[] = { __VA_ARGS__ }; \
\
		stap_tracepoint_hit(data, words, ARRAY_SIZE(words)); \
	} \
	NOKPROBE_SYMBOL(enter_tracepoint_probe_##N)

/* ctx: task; locks: none */
static bool stap_tracepoint_in_module(const struct stap_tracepoint_probe *stp)
{
	return strcmp(stp->module, "kernel") != 0;
}

/* The first row whose name is not before @name.  ctx: task; locks: none */
static size_t stap_tracepoint_first(const char *name)
{
	size_t low = 0, high = ARRAY_SIZE(stap_tracepoint_probes);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(stap_tracepoint_probes[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ctx: task; locks: none */
static void stap_tracepoint_refused(const struct stap_tracepoint_probe *stp, int rc)
{
	if (!stp->optional_p)
		_stp_warn("probe %s (tracepoint %s) registration error [man warning::pass5] (rc %d)",
			  stp->probe->pp, stp->name, rc);
}

/*
 * Takes up the rows of a tracepoint: those of @module, or of the kernel when it is NULL.
 * ctx: task; locks: tracepoint_module_list_mutex for a module's
 */
static void stap_tracepoint_take(struct tracepoint *tp, const char *module)
{
	size_t i;

	for (i = stap_tracepoint_first(tp->name); i < ARRAY_SIZE(stap_tracepoint_probes); i++) {
		struct stap_tracepoint_probe *stp = &stap_tracepoint_probes[i];
		int rc;

		if (strcmp(stp->name, tp->name))
			break;
		if (stp->tp || (*stp->module && strcmp(stp->module, module ?: "kernel")))
			continue;
		rc = tracepoint_probe_register(tp, stp->enter, stp);
		if (rc)
			stap_tracepoint_refused(stp, rc);
		else
			stp->tp = tp;
	}
}

/* ctx: task; locks: none */
static void stap_tracepoint_take_kernel(struct tracepoint *tp, void *unused)
{
	stap_tracepoint_take(tp, NULL);
}

/* ctx: task; locks: as stap_tracepoint_take() */
static void stap_tracepoint_give_up(struct stap_tracepoint_probe *stp)
{
	tracepoint_probe_unregister(stp->tp, stp->enter, stp);
	stp->tp = NULL;
}

/*
 * A module came or goes.  The kernel waits for running probes itself before it frees the module's tracepoints.
 * ctx: task; locks: tracepoint_module_list_mutex, so no two of these calls run at a time
 */
static int stap_tracepoint_module(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *mod = ((struct tp_module *)data)->mod;
	unsigned int i;
	size_t row;

	for (i = 0; i < mod->num_tracepoints; i++) {
		struct tracepoint *tp = tracepoint_ptr_deref(&mod->tracepoints_ptrs[i]);

		if (event == MODULE_STATE_COMING)
			stap_tracepoint_take(tp, mod->name);
		for (row = 0; event == MODULE_STATE_GOING && row < ARRAY_SIZE(stap_tracepoint_probes); row++) {
			if (stap_tracepoint_probes[row].tp == tp)
				stap_tracepoint_give_up(&stap_tracepoint_probes[row]);
		}
	}
	return NOTIFY_OK;
}

static struct notifier_block stap_tracepoint_notifier = { .notifier_call = stap_tracepoint_module };
static bool stap_tracepoint_notified;

/*
 * Registers all.  One that fails is a warning and the session goes on without it; a module that is not there is waited
 * for.  The notifier hears of the modules that are there already, too, and only after the kernel's own are done, so
 * no row is written by two at a time.
 * ctx: task; locks: none
 */
static int stap_tracepoint_register(void)
{
	bool modules = false;
	size_t i;
	int rc = 0;

	for_each_kernel_tracepoint(stap_tracepoint_take_kernel, NULL);
	for (i = 0; i < ARRAY_SIZE(stap_tracepoint_probes); i++) {
		if (stap_tracepoint_in_module(&stap_tracepoint_probes[i]))
			modules = true;
		else if (!stap_tracepoint_probes[i].tp)
			stap_tracepoint_refused(&stap_tracepoint_probes[i], -ENOENT);
	}
	if (modules)
		rc = register_tracepoint_module_notifier(&stap_tracepoint_notifier);
	stap_tracepoint_notified = modules && !rc;
	if (rc)
		_stp_warn("tracepoints of modules cannot be probed (rc %d)", rc);
	return 0;
}

/* No probe function runs any more when it returns.  ctx: task; locks: none */
static void stap_tracepoint_unregister(void)
{
	size_t i;

	if (stap_tracepoint_notified)
		unregister_tracepoint_module_notifier(&stap_tracepoint_notifier);
	stap_tracepoint_notified = false;
	for (i = 0; i < ARRAY_SIZE(stap_tracepoint_probes); i++) {
		if (stap_tracepoint_probes[i].tp)
			stap_tracepoint_give_up(&stap_tracepoint_probes[i]);
	}
	tracepoint_synchronize_unregister();
}

#endif
