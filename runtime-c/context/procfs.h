/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * $value of procfs probes: what a reader gets.
 */
#ifndef STAP_CONTEXT_PROCFS_H
#define STAP_CONTEXT_PROCFS_H

#include <linux/minmax.h>
#include <linux/string.h>

/* One for each open file that was read. */
struct stp_procfs_text {
	size_t size;			/* of bytes[] */
	size_t len;			/* how many are the text */
	bool cut;			/* there were more */
	char bytes[];
};

/* $value .= @text  ctx: task, @c held; locks: script locks */
static notrace __maybe_unused void stp_procfs_append(struct context *c, const char *text)
{
	struct stp_procfs_text *t = c->ips.procfs.text;
	size_t len = strlen(text);
	size_t taken = min(len, t->size - t->len);

	memcpy(t->bytes + t->len, text, taken);
	t->len += taken;
	t->cut |= taken < len;
}

/* $value = @text  ctx: task, @c held; locks: script locks */
static notrace __maybe_unused void stp_procfs_set(struct context *c, const char *text)
{
	c->ips.procfs.text->len = 0;
	c->ips.procfs.text->cut = false;
	stp_procfs_append(c, text);
}

#endif
