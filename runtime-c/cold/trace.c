// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/systemtap/MODULE/traceN: reading the records of CPU N.
 *
 * Not relay's own read, which takes what is reserved for written.  Everything below `committed` is written, and
 * a sub-buffer is complete, its padding known, once something is committed beyond it.
 */
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat/procfs.h"

/* How far the reader of one CPU has come. */
struct stp_reader {
	struct mutex lock;
	u64 subbuf;			/* counted since the channel was opened */
	size_t offset;
};

static struct stp_reader *stp_readers;

/*
 * The bytes that may be read of the current sub-buffer, in *from; 0 at the end of what is committed.
 * *complete: nothing will be added to this sub-buffer.
 * ctx: task; locks: the reader's
 */
static size_t stp_reader_span(const struct stp_reader *reader, int cpu, const struct rchan_buf *buf,
			      const char **from, bool *complete)
{
	u64 committed = smp_load_acquire(&per_cpu(stp_cpu, cpu).committed);
	u64 start = reader->subbuf << STP_SUBBUF_SHIFT;
	u32 index;
	size_t end;

	*complete = false;
	if (start + reader->offset == committed)
		return 0;
	div_u64_rem(reader->subbuf, stp_channel->n_subbufs, &index);
	/* At exactly the next one's start the sub-buffer may be full, but relay has not counted it as produced. */
	*complete = committed > start + STP_SUBBUF_SIZE;
	end = *complete ? STP_SUBBUF_SIZE - READ_ONCE(buf->padding[index]) : (size_t)(committed - start);
	*from = (const char *)buf->start + ((size_t)index << STP_SUBBUF_SHIFT) + reader->offset;
	return end - reader->offset;
}

/* Gives the sub-buffer that has been read back to the writer.  ctx: task; locks: the reader's */
static void stp_reader_next(struct stp_reader *reader, int cpu)
{
	reader->subbuf++;
	reader->offset = 0;
	smp_mb();		/* The copies are over before the writer may see the room. */
	relay_subbufs_consumed(stp_channel, cpu, 1);
}

/* ctx: task, may sleep; locks: the reader's */
static ssize_t stp_reader_copy(struct stp_reader *reader, int cpu, char __user *to, size_t count)
{
	const struct rchan_buf *buf = *per_cpu_ptr(stp_channel->buf, cpu);
	size_t done = 0;

	/* A CPU that has not been online has no buffer yet. */
	while (buf && done < count) {
		const char *from;
		bool complete;
		size_t span = stp_reader_span(reader, cpu, buf, &from, &complete);
		size_t n = min(span, count - done);

		if (!n && !complete)
			break;
		if (copy_to_user(to + done, from, n))
			return done ?: -EFAULT;
		reader->offset += n;
		done += n;
		if (complete && n == span)
			stp_reader_next(reader, cpu);
	}
	return done;
}

/* ctx: task, may sleep; locks: takes the reader's */
static ssize_t stp_trace_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	int cpu = (long)stp_proc_data(file_inode(file));
	struct stp_reader *reader = &stp_readers[cpu];
	ssize_t rc;

	if (mutex_lock_interruptible(&reader->lock))
		return -EINTR;
	rc = stp_reader_copy(reader, cpu, to, count);
	mutex_unlock(&reader->lock);
	return rc;
}

static const struct proc_ops stp_trace_ops = {
	.proc_read = stp_trace_read,
	.proc_lseek = noop_llseek,
};

/* ctx: task; locks: none */
static int stp_trace_init(void)
{
	unsigned int cpu;

	stp_readers = kcalloc(nr_cpu_ids, sizeof(*stp_readers), GFP_KERNEL);
	if (!stp_readers)
		return -ENOMEM;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		mutex_init(&stp_readers[cpu].lock);
	return 0;
}

/* ctx: task; locks: none; no trace file is open any more */
static void stp_trace_exit(void)
{
	kfree(stp_readers);
}
