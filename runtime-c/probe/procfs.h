/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfs().read and .write.  The unit has declared stap_procfs_files[].
 *
 * A handler runs with preemption off and must not fault, so bytes go to and from user space before and after it.
 * A reader's text is made when it reads at the file's start, and kept with the open file: what it reads on in pieces
 * is one text, and two readers do not meet.
 *
 * Removing an entry waits for the calls in progress and releases the files that are still open, which give EIO from
 * then on; so a reader may keep its file for longer than the module lives.
 */
#ifndef STAP_PROBE_PROCFS_H
#define STAP_PROBE_PROCFS_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/uaccess.h>

#include "compat/procfs.h"

/* A file that is open. */
struct stap_procfs_open {
	const struct stap_procfs_file *file;
	struct mutex mutex;		/* of those that share the open file */
	struct stp_procfs_text *text;	/* NULL before the first read */
};

static struct proc_dir_entry *stap_procfs_entries[ARRAY_SIZE(stap_procfs_files)];
/* Files of which a reader missed the end and the user was told so. */
static atomic_t stap_procfs_cut[ARRAY_SIZE(stap_procfs_files)];
static atomic64_t stap_procfs_writes;

/* Why a handler did not run, to whoever made the call.  ctx: task; locks: none */
static int stap_procfs_not_run(void)
{
	if (session_state() != STAP_SESSION_RUNNING)
		return -EIO;
#ifdef STP_ALIBI
	return 0;
#else
	return -EAGAIN;
#endif
}

/* Runs a handler; 0, or the caller's error.  ctx: task; locks: none */
static int stap_procfs_run(struct stap_probe *p, struct stp_procfs_text *text, const char *written, s64 number)
{
	struct stp_hit hit;
	struct context *c = stp_probe_enter(&hit, p, STAP_SESSION_RUNNING, stp_probe_type_procfs, NULL);
	bool failed;

	if (!c)
		return stap_procfs_not_run();
	c->ips.procfs.text = text;
	c->ips.procfs.written = written;
	c->ips.procfs.number = number;
	p->ph(c);
	failed = c->last_error;
	stp_probe_leave(&hit, p, c);
	return failed ? -EINVAL : 0;
}

/* ctx: task, may sleep; locks: none */
static int stap_procfs_opened(struct inode *inode, struct file *file)
{
	const struct stap_procfs_file *spf = stp_proc_data(inode);
	struct stap_procfs_open *open;

	/* Modes do not bind root. */
	if ((file->f_mode & FMODE_READ && !spf->read) || (file->f_mode & FMODE_WRITE && !spf->writes))
		return -EACCES;
	open = kzalloc(sizeof(*open), GFP_KERNEL_ACCOUNT);
	if (!open)
		return -ENOMEM;
	open->file = spf;
	mutex_init(&open->mutex);
	file->private_data = open;
	return 0;
}

/* ctx: task, may sleep; locks: none */
static int stap_procfs_released(struct inode *inode, struct file *file)
{
	struct stap_procfs_open *open = file->private_data;

	kvfree(open->text);
	kfree(open);
	return 0;
}

/* ctx: task; locks: @open->mutex */
static void stap_procfs_tell_cut(const struct stap_procfs_open *open)
{
	if (open->text->cut && !atomic_xchg(&stap_procfs_cut[open->file - stap_procfs_files], 1))
		_stp_warn("procfs(\"%s\"): the text was cut at %zu bytes, .maxsize(N) keeps more", open->file->path,
			  open->text->size);
}

/* Makes the text that is read from here on.  ctx: task, may sleep; locks: @open->mutex */
static int stap_procfs_fill(struct stap_procfs_open *open)
{
	size_t size = open->file->size;
	int rc;

	if (!open->text) {
		open->text = kvmalloc(struct_size(open->text, bytes, size), GFP_KERNEL_ACCOUNT);
		if (!open->text)
			return -ENOMEM;
		open->text->size = size;
	}
	open->text->len = 0;
	open->text->cut = false;
	rc = stap_procfs_run(open->file->read, open->text, NULL, 0);
	stap_procfs_tell_cut(open);
	return rc;
}

/* ctx: task, may sleep; locks: takes the open file's mutex */
static ssize_t stap_procfs_read(struct file *file, char __user *to, size_t room, loff_t *pos)
{
	struct stap_procfs_open *open = file->private_data;
	ssize_t rc = 0;

	if (!room)
		return 0;
	if (mutex_lock_interruptible(&open->mutex))
		return -ERESTARTSYS;
	if (!*pos || !open->text)
		rc = stap_procfs_fill(open);
	if (!rc)
		rc = simple_read_from_buffer(to, room, pos, open->text->bytes, open->text->len);
	mutex_unlock(&open->mutex);
	return rc;
}

/* A string's worth of bytes is a hit; the writer writes on with what is left.  ctx: task, may sleep; locks: none */
static ssize_t stap_procfs_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	const struct stap_procfs_open *open = file->private_data;
	size_t len = min_t(size_t, count, MAXSTRINGLEN - 1);
	struct stap_probe *const *p;
	s64 number = atomic64_inc_return(&stap_procfs_writes);
	char *text;
	int rc = 0;

	if (!count)
		return 0;
	text = memdup_user_nul(from, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	for (p = open->file->writes; *p && !rc; p++)
		rc = stap_procfs_run(*p, NULL, text, number);
	kfree(text);
	return rc ?: len;
}

static const struct proc_ops stap_procfs_ops = {
	.proc_open = stap_procfs_opened,
	.proc_read = stap_procfs_read,
	.proc_write = stap_procfs_write,
	.proc_release = stap_procfs_released,
	.proc_lseek = default_llseek,
};

/* Waits for calls in progress.  ctx: task, may sleep; locks: none */
static void stap_procfs_unregister(void)
{
	size_t i = ARRAY_SIZE(stap_procfs_entries);

	while (i--) {
		proc_remove(stap_procfs_entries[i]);
		stap_procfs_entries[i] = NULL;
	}
}

/* ctx: task, may sleep; locks: none */
static int stap_procfs_register(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_procfs_files); i++) {
		struct stap_procfs_file *spf = &stap_procfs_files[i];

		stap_procfs_entries[i] = stp_directory_add(spf->path, spf->mode, spf->mode ? &stap_procfs_ops : NULL,
							   spf);
		if (!stap_procfs_entries[i]) {
			_stp_error("cannot make /proc/systemtap/%s/%s", THIS_MODULE->name, spf->path);
			stap_procfs_unregister();
			return -ENOMEM;
		}
	}
	return 0;
}

#endif
