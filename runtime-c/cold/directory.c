// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/systemtap, which all sessions share, and this session's folder in it.
 *
 * The kernel warns, with a stack trace, when a module makes a folder of /proc that is there already, and when it
 * removes one that is not empty.  So the modules must agree on who does it.  A module cannot see another one's
 * lock; but register_filesystem() refuses a name that is taken, without a word, and is the same for all
 * namespaces.  The registered name is the lock.  It is never mounted.
 */
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/stat.h>

#define STP_PROC_PARENT "systemtap"

unsigned int _stp_uid;
module_param(_stp_uid, uint, 0444);
MODULE_PARM_DESC(_stp_uid, "owner of the session's files");
static unsigned int _stp_gid;
module_param(_stp_gid, uint, 0444);
MODULE_PARM_DESC(_stp_gid, "group of the session's files");

static struct proc_dir_entry *stp_directory;

static struct file_system_type stp_directory_lock = {
	.name = "systemtap_directory_lock",
	.owner = THIS_MODULE,
};

/* ctx: task; locks: gives the lock of all sessions, or false after ten seconds */
static bool stp_directory_lock_all(void)
{
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		if (!register_filesystem(&stp_directory_lock))
			return true;
		msleep(10);
	}
	stp_pr_err("another session holds /proc/" STP_PROC_PARENT "\n");
	return false;
}

/* ctx: task; locks: releases the lock of all sessions */
static void stp_directory_unlock_all(void)
{
	unregister_filesystem(&stp_directory_lock);
}

/* How many folders are in /proc/systemtap, -ENOENT when it is not there.  ctx: task; locks: that of all sessions */
static int stp_directory_children(void)
{
	struct path path;
	struct kstat stat;
	int rc = kern_path("/proc/" STP_PROC_PARENT, LOOKUP_DIRECTORY, &path);

	if (rc)
		return rc;
	rc = vfs_getattr(&path, &stat, STATX_NLINK, AT_STATX_SYNC_AS_STAT);
	path_put(&path);
	return rc ?: (int)stat.nlink - 2;
}

/* ctx: task; locks: that of all sessions */
static int stp_directory_make(void)
{
	char name[sizeof(STP_PROC_PARENT) + MODULE_NAME_LEN + 1];
	int children = stp_directory_children();

	if (children == -ENOENT && !proc_mkdir(STP_PROC_PARENT, NULL))
		return -ENOMEM;
	if (children < 0 && children != -ENOENT)
		return children;
	snprintf(name, sizeof(name), STP_PROC_PARENT "/%s", THIS_MODULE->name);
	stp_directory = proc_mkdir_mode(name, 0755, NULL);
	return stp_directory ? 0 : -ENOMEM;
}

/* ctx: task; locks: none */
struct proc_dir_entry *stp_directory_add(const char *path, umode_t mode, const struct proc_ops *ops, void *data)
{
	struct proc_dir_entry *entry = ops ? proc_create_data(path, mode, stp_directory, ops, data) :
					     proc_mkdir_mode(path, 0755, stp_directory);

	if (entry)
		proc_set_user(entry, make_kuid(&init_user_ns, _stp_uid), make_kgid(&init_user_ns, _stp_gid));
	return entry;
}

/* A trace file for every CPU that may ever run, and .cmd last: who opens it finds all the others. */
static int stp_directory_fill(void)
{
	char name[16];
	int cpu;

	for_each_possible_cpu(cpu) {
		snprintf(name, sizeof(name), "trace%d", cpu);
		if (!stp_directory_add(name, 0400, &stp_trace_ops, (void *)(long)cpu))
			return -ENOMEM;
	}
	return stp_directory_add(".cmd", 0600, &stp_control_ops, NULL) ? 0 : -ENOMEM;
}

/* Removes the files, waiting for reads in progress, and the shared folder when it is empty.  ctx: task */
static void stp_directory_exit(void)
{
	proc_remove(stp_directory);
	if (!stp_directory_lock_all())
		return;
	if (stp_directory_children() == 0)
		remove_proc_entry(STP_PROC_PARENT, NULL);
	stp_directory_unlock_all();
}

/* ctx: task; locks: none */
static int stp_directory_init(void)
{
	int rc;

	if (!uid_valid(make_kuid(&init_user_ns, _stp_uid)) || !gid_valid(make_kgid(&init_user_ns, _stp_gid)))
		return -EINVAL;
	if (!stp_directory_lock_all())
		return -EBUSY;
	rc = stp_directory_make();
	stp_directory_unlock_all();
	if (rc) {
		stp_pr_err("cannot make /proc/" STP_PROC_PARENT "/%s: %d\n", THIS_MODULE->name, rc);
		return rc;
	}
	rc = stp_directory_fill();
	if (rc)
		stp_directory_exit();
	return rc;
}
