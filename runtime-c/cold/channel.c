// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The per-CPU relay channels, without files of relay's own; output/transport.h has the rules of writing.
 */
#include <linux/mm.h>
#include <linux/relay.h>

#include "pure/bytes.h"

#ifdef CONFIG_X86
#include <asm/cpufeature.h>
#include <asm/tsc.h>
#endif

/* A record never crosses a sub-buffer, so the largest record must fit well. */
#define STP_SUBBUF_SHIFT 18
#define STP_SUBBUF_SIZE (1UL << STP_SUBBUF_SHIFT)
#define STP_BUFSIZE_DEFAULT 16
#define STP_BUFSIZE_MAX 4095

static_assert(STP_BUFFER_SIZE + sizeof(struct stp_record) < STP_SUBBUF_SIZE / 2);

static unsigned int _stp_bufsize;
module_param(_stp_bufsize, uint, 0444);
MODULE_PARM_DESC(_stp_bufsize, "trace buffer of each CPU in MB, 0 for the default of 16");

DEFINE_PER_CPU(struct stp_cpu, stp_cpu);
bool stp_clock_trusted;
atomic64_t stp_clock_count = ATOMIC64_INIT(0);

static struct rchan *stp_channel;

/* Whether the raw clock is one for all CPUs, finer than the time a lock takes to change hands.  ctx: task */
static bool stp_clock_is_global(void)
{
#ifdef CONFIG_X86
	return boot_cpu_has(X86_FEATURE_CONSTANT_TSC) && !check_tsc_unstable();
#else
	return false;
#endif
}

/* The end of what @buf holds, in bytes since the channel was opened.  ctx: any, the writer; locks: none */
static __always_inline u64 stp_channel_position(const struct rchan_buf *buf)
{
	return ((u64)buf->subbufs_produced << STP_SUBBUF_SHIFT) + buf->offset;
}

/* Copies the record into the channel, or counts the loss.  ctx: any, NMI too, context held; locks: script locks */
static __always_inline void stp_record_store(struct stp_cpu *cpu, const struct stp_record *record, size_t size)
{
	void *slot = relay_reserve(stp_channel, size);

	if (unlikely(!slot)) {
		WRITE_ONCE(cpu->lost_records, cpu->lost_records + 1);
		WRITE_ONCE(cpu->lost_bytes, cpu->lost_bytes + record->len);
		return;
	}
	stp_bytes_copy(slot, (const char *)record, size);
	smp_store_release(&cpu->committed, stp_channel_position(*this_cpu_ptr(stp_channel->buf)));
}

notrace void stp_record_write(struct stp_record *record, u32 text_len, bool more)
{
	struct stp_cpu *cpu = this_cpu_ptr(&stp_cpu);

	record->seq = cpu->next_seq;
	WRITE_ONCE(cpu->next_seq, record->seq + 1);
	record->len = text_len;
	record->cpu_flags = smp_processor_id() | (more ? STP_REC_MORE : 0);
	stp_record_store(cpu, record, sizeof(*record) + text_len);
	smp_store_release(&cpu->pending, STP_PENDING_NONE);
}

/* The time below which all is written: the argument is in output/transport.h.  ctx: task; locks: none */
static u64 stp_watermark(void)
{
	u64 watermark = stp_clock_read();
	int cpu;

	smp_mb();		/* R2; pairs with W2 in stp_record_stamp() */
	for_each_possible_cpu(cpu) {
		u64 pending = smp_load_acquire(&per_cpu(stp_cpu, cpu).pending);

		watermark = min(watermark, pending);
	}
	return watermark;
}

/* No overwriting: a full buffer refuses.  ctx: any, the writer; locks: none */
static notrace int stp_subbuf_start(struct rchan_buf *buf, void *subbuf, void *prev_subbuf, size_t prev_padding)
{
	return !relay_buf_full(buf);
}

/*
 * Without a base name relay keeps nothing of what this gives, but takes NULL for a failure.
 * ctx: task, or CPU hotplug; locks: relay's mutex
 */
static struct dentry *stp_create_buf_file(const char *filename, struct dentry *parent, umode_t mode,
					  struct rchan_buf *buf, int *is_global)
{
	return (struct dentry *)buf;
}

/* ctx: task; locks: relay's mutex */
static int stp_remove_buf_file(struct dentry *dentry)
{
	return 0;
}

static struct rchan_callbacks stp_channel_callbacks = {
	.subbuf_start = stp_subbuf_start,
	.create_buf_file = stp_create_buf_file,
	.remove_buf_file = stp_remove_buf_file,
};

/* Checked before relay asks for the pages, which would first kill processes to get them.  ctx: task; locks: none */
static bool stp_channel_fits(void)
{
	u64 wanted = ((u64)_stp_bufsize << 20) * num_online_cpus();

	return wanted < (u64)si_mem_available() << PAGE_SHIFT;
}

/* ctx: task; locks: none */
static int stp_channel_init(void)
{
	size_t subbufs;
	int cpu;

	if (!_stp_bufsize)
		_stp_bufsize = STP_BUFSIZE_DEFAULT;
	if (_stp_bufsize > STP_BUFSIZE_MAX) {
		stp_pr_err("the trace buffer (-s) must be 1 to %d MB a CPU, not %u\n", STP_BUFSIZE_MAX, _stp_bufsize);
		return -EINVAL;
	}
	for_each_possible_cpu(cpu)
		per_cpu(stp_cpu, cpu).pending = STP_PENDING_NONE;
	stp_clock_trusted = stp_clock_is_global();

	subbufs = ((size_t)_stp_bufsize << 20) >> STP_SUBBUF_SHIFT;
	if (stp_channel_fits())
		stp_channel = relay_open(NULL, NULL, STP_SUBBUF_SIZE, subbufs, &stp_channel_callbacks, NULL);
	if (stp_channel)
		return 0;
	stp_pr_err("no memory for trace buffers of %u MB a CPU, -s takes a smaller size\n", _stp_bufsize);
	return -ENOMEM;
}

/* ctx: task; locks: none; no handler runs and no trace file is open any more */
static void stp_channel_exit(void)
{
	relay_close(stp_channel);
}
