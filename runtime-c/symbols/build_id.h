/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether what runs is what the script was made for: offsets of members and places of code may differ between two
 * builds of one release.  The unit has declared stap_build_ids[], what the translator read of kernel and modules.
 */
#ifndef STAP_SYMBOLS_BUILD_ID_H
#define STAP_SYMBOLS_BUILD_ID_H

#include <linux/elf.h>
#include <linux/rculist.h>
#include <linux/uaccess.h>

#include "compat/module.h"
#include "symbols/resolve.h"

/* Notes of the kernel, and modules in the ring, are a few. */
#define STP_NOTES_MAX (64 << 10)
#define STP_MODULES_MAX 10000

/* The header and name of a build id's note. */
struct stp_build_id_note {
	u32 name_size;
	u32 size;
	u32 type;
	char name[4];
	u8 id[];
};

/* The note at the start of @at, or NULL.  ctx: any; locks: none */
static const struct stp_build_id_note *stp_build_id_note(const u8 *at, const u8 *end)
{
	const struct stp_build_id_note *note = (const void *)at;

	if (end - at < (ptrdiff_t)sizeof(*note) || note->name_size != 4 || note->type != 3)
		return NULL;
	if (memcmp(note->name, "GNU", 4))
		return NULL;
	return note->size <= end - note->id ? note : NULL;
}

/* The first note of a build id in a range, which a note's alignment divides.  ctx: any; locks: the range stays */
static const struct stp_build_id_note *stp_build_id_find(const u8 *at, size_t size)
{
	const u8 *end = at + size;

	for (; at < end; at += 4) {
		const struct stp_build_id_note *note = stp_build_id_note(at, end);

		if (note)
			return note;
	}
	return NULL;
}

/* Whether the running kernel's or module's note, NULL when it has none, tells another id.  ctx: any; locks: none */
static bool stp_build_id_differs(const struct stap_build_id *made_for, const struct stp_build_id_note *note)
{
	return note && (note->size != made_for->size || memcmp(note->id, made_for->id, note->size));
}

/* ctx: task; locks: none */
static const struct stap_build_id *stp_build_id_of(const char *module)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_build_ids); i++) {
		if (!strcmp(stap_build_ids[i].module, module))
			return &stap_build_ids[i];
	}
	return NULL;
}

/* Refuses another build of the kernel.  ctx: task; locks: takes kprobe_mutex */
static int stap_build_id_check(void)
{
#ifndef STP_NO_BUILDID_CHECK
	const struct stap_build_id *made_for = stp_build_id_of("kernel");
	const struct stp_build_id_note *note;
	unsigned long start, stop;

	if (!made_for)
		return 0;
	start = stp_symbol_address("kernel", "__start_notes");
	stop = stp_symbol_address("kernel", "__stop_notes");
	if (!start || stop < start || stop - start > STP_NOTES_MAX)
		return 0;
	note = stp_build_id_find((const u8 *)start, stop - start);
	if (!stp_build_id_differs(made_for, note))
		return 0;
	_stp_error("Build-id mismatch [man warning::buildid]: the script was made for the kernel %*phN, "
		   "the one that runs is %*phN; run stap here again, or use -DSTP_NO_BUILDID_CHECK",
		   (int)made_for->size, made_for->id, min_t(int, note->size, 64), note->id);
	return -EINVAL;
#else
	return 0;
#endif
}

/*
 * The head of the kernel's list of modules.  Its address is believed when this module's own place in the list leads
 * there.
 * ctx: task, RCU read side; locks: takes kprobe_mutex before
 */
static struct list_head *stp_modules_checked(struct list_head *head)
{
	struct list_head *at = THIS_MODULE->list.next;
	int n;

	for (n = 0; head && n < STP_MODULES_MAX; n++, at = READ_ONCE(at->next)) {
		if (at == head)
			return head;
	}
	return NULL;
}

/*
 * Whether a module that is loaded is another build than the script was made for; the first time that is told.  Where
 * the module, or its id, is not found, nothing is said against it.
 * ctx: task; locks: takes kprobe_mutex
 */
static __maybe_unused bool stap_module_is_other(const char *name)
{
	bool other = false;
#ifndef STP_NO_BUILDID_CHECK
	const struct stap_build_id *made_for = stp_build_id_of(name);
	const struct stp_build_id_note *note = NULL;
	struct list_head *head;
	struct module *mod;
	u8 running[64] = { 0 };

	if (!made_for)
		return false;
	head = (struct list_head *)stp_symbol_address("kernel", "modules");
	/* With preemption off no module that is on the list is freed. */
	preempt_disable();
	head = stp_modules_checked(head);
	if (head) {
		list_for_each_entry_rcu(mod, head, list) {
			size_t size;
			const u8 *rodata;

			if (mod->state == MODULE_STATE_UNFORMED || strcmp(mod->name, name))
				continue;
			rodata = stp_module_rodata(mod, &size);
			note = stp_build_id_find(rodata, size);
			break;
		}
	}
	other = stp_build_id_differs(made_for, note);
	if (other)
		memcpy(running, note->id, min_t(size_t, note->size, sizeof(running)));
	preempt_enable();
	if (other)
		_stp_warn("Build-id mismatch [man warning::buildid]: probes in module %s are left out: "
			  "the script was made for %*phN, the one that is loaded is %*phN", name,
			  (int)made_for->size, made_for->id,
			  min_t(int, made_for->size, sizeof(running)), running);
#endif
	return other;
}

#endif
