// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/systemtap/MODULE/.cmd: abi/messages.h over read, write, poll and ioctl.
 *
 * Lock order: stp_session_mutex, then stp_control_mutex.
 */
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/poll.h>

#define STP_MESSAGE_OF(NOTICE) BIT(STP_NOTICE_##NOTICE)

/* One START and one end, whoever asks: stapio, or the removal of the module. */
static DEFINE_MUTEX(stp_session_mutex);
/* One reader; it also keeps stp_slot_next() alone. */
static DEFINE_MUTEX(stp_control_mutex);

static atomic_t stp_control_open;
/* The module is going: readers must not wait any more. */
static bool stp_control_closing;
static bool stp_session_started;
static bool stp_session_ended;
static struct stp_start_result stp_start_result;
static struct stp_exit_summary stp_exit_summary;

/* Ends a session once; its summary follows all other messages.  ctx: task; locks: takes stp_session_mutex */
static void stp_session_end(void)
{
	mutex_lock(&stp_session_mutex);
	if (!stp_session_ended) {
		stp_session_ended = true;
		if (stp_session_started)
			systemtap_module_exit();
		stp_session_summary(&stp_exit_summary);
		stp_notice(STP_NOTICE_EXIT);
	}
	mutex_unlock(&stp_session_mutex);
}

/* ctx: task; locks: takes stp_session_mutex */
static int stp_session_start(const struct stp_start_request *request)
{
	int rc = -EBUSY;

	mutex_lock(&stp_session_mutex);
	if (!stp_session_started && !stp_session_ended && !stp_start_result.result) {
		_stp_target = request->target;
		rc = systemtap_module_init();
		stp_start_result.result = rc;
		stp_start_result.by_ftrace = stp_session.by_ftrace;
		stp_session_started = rc == 0;
		stp_notice(STP_NOTICE_START);
	}
	mutex_unlock(&stp_session_mutex);
	if (rc && rc != -EBUSY)
		stp_session_end();
	return rc == -EBUSY ? rc : 0;
}

/* Probes of a module that comes are taken up, of one that goes given up.  ctx: task; locks: takes stp_session_mutex */
static void stp_session_refresh(const char *module, bool coming)
{
	mutex_lock(&stp_session_mutex);
	if (stp_session_started && !stp_session_ended)
		systemtap_module_refresh(module, coming);
	mutex_unlock(&stp_session_mutex);
}

/* What staprun tells before the start, as root and as nobody else.  ctx: task; locks: none */
static int stp_control_setup(u32 type, const void *payload, size_t len)
{
	const struct stp_tzinfo *zone = payload;
	const struct stp_credentials *credentials = payload;

	if (!uid_eq(current_euid(), GLOBAL_ROOT_UID) || READ_ONCE(stp_session_started))
		return -EPERM;
	switch (type) {
	case STP_TZINFO:
		if (len != sizeof(*zone))
			return -EINVAL;
		_stp_tz_gmtoff = zone->gmtoff;
		strscpy(_stp_tz_name, zone->name, sizeof(_stp_tz_name));
		return 0;
	case STP_PRIVILEGE_CREDENTIALS:
		if (len != sizeof(*credentials))
			return -EINVAL;
		_stp_privilege_credentials = credentials->mask;
		return 0;
	case STP_REMOTE_ID:
		return len == sizeof(struct stp_remote_id) ? 0 : -EINVAL;
	}
	return -EINVAL;
}

/* ctx: task; locks: takes stp_session_mutex */
static int stp_control_command(u32 type, const void *payload, size_t len)
{
	switch (type) {
	case STP_START:
		return len == sizeof(struct stp_start_request) ? stp_session_start(payload) : -EINVAL;
	case STP_EXIT:
		stp_session_end();
		return 0;
	default:
		return stp_control_setup(type, payload, len);
	}
}

/* The largest message that stapio and staprun send. */
union stp_control_payload {
	struct stp_start_request start;
	struct stp_tzinfo zone;
	struct stp_credentials credentials;
	struct stp_remote_id remote;
};

/* ctx: task, may sleep; locks: takes stp_session_mutex */
static ssize_t stp_control_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	struct {
		u32 type;
		union stp_control_payload payload;
	} __packed message;
	union stp_control_payload payload;
	int rc;

	if (count < sizeof(message.type) || count > sizeof(message))
		return -EINVAL;
	memset(&message, 0, sizeof(message));
	if (copy_from_user(&message, from, count))
		return -EFAULT;
	memcpy(&payload, &message.payload, sizeof(payload));
	rc = stp_control_command(message.type, &payload, count - sizeof(message.type));
	return rc ?: count;
}

/* Gives one message to user space.  ctx: task, may sleep; locks: stp_control_mutex */
static ssize_t stp_control_put(char __user *to, size_t room, u32 type, const void *payload, size_t len)
{
	if (room < sizeof(type) + len)
		return -EMSGSIZE;
	if (copy_to_user(to, &type, sizeof(type)) || copy_to_user(to + sizeof(type), payload, len))
		return -EFAULT;
	return sizeof(type) + len;
}

/* ctx: task, may sleep; locks: stp_control_mutex */
static ssize_t stp_control_put_notice(char __user *to, size_t room, enum stp_notice notice)
{
	struct stp_transport transport = {
		.abi_version = STP_ABI_VERSION,
		.nr_cpus = nr_cpu_ids,
		.buffer_bytes = (u64)_stp_bufsize << 20,
	};

	switch (notice) {
	case STP_NOTICE_TRANSPORT:
		return stp_control_put(to, room, STP_TRANSPORT, &transport, sizeof(transport));
	case STP_NOTICE_START:
		return stp_control_put(to, room, STP_START, &stp_start_result, sizeof(stp_start_result));
	case STP_NOTICE_REQUEST_EXIT:
		return stp_control_put(to, room, STP_REQUEST_EXIT, NULL, 0);
	case STP_NOTICE_EXIT:
		return stp_control_put(to, room, STP_EXIT, &stp_exit_summary, sizeof(stp_exit_summary));
	}
	return 0;
}

/* Gives @notice if it is there; 0 if it is not.  ctx: task, may sleep; locks: stp_control_mutex */
static ssize_t stp_control_try_notice(char __user *to, size_t room, enum stp_notice notice)
{
	ssize_t rc;

	if (!(atomic_read_acquire(&stp_notices) & BIT(notice)))
		return 0;
	rc = stp_control_put_notice(to, room, notice);
	if (rc > 0)
		atomic_andnot(BIT(notice), &stp_notices);
	return rc;
}

/* ctx: task, may sleep; locks: stp_control_mutex */
static ssize_t stp_control_try_slot(char __user *to, size_t room)
{
	struct stp_slot *slot = stp_slot_next();
	ssize_t rc;

	if (!slot)
		return 0;
	rc = stp_control_put(to, room, slot->type, slot->text, slot->len);
	if (rc > 0)
		stp_slot_free(slot);
	return rc;
}

/* Tells that the pool overflowed, once it has drained.  ctx: task, may sleep; locks: stp_control_mutex */
static ssize_t stp_control_try_overflow(char __user *to, size_t room)
{
	int class;

	for (class = 0; class < STP_CLASSES; class++) {
		const char *text = stp_overflow_text[class];
		ssize_t rc;

		if (!(atomic_read(&stp_overflowed) & BIT(class)))
			continue;
		rc = stp_control_put(to, room, STP_OOB_DATA, text, strlen(text));
		if (rc > 0)
			atomic_andnot(BIT(class), &stp_overflowed);
		return rc;
	}
	return 0;
}

/* The next message in its order, 0 when there is none.  ctx: task, may sleep; locks: stp_control_mutex */
static ssize_t stp_control_next(char __user *to, size_t room)
{
	return stp_control_try_notice(to, room, STP_NOTICE_TRANSPORT) ?:
	       stp_control_try_notice(to, room, STP_NOTICE_START) ?:
	       stp_control_try_slot(to, room) ?:
	       stp_control_try_overflow(to, room) ?:
	       stp_control_try_notice(to, room, STP_NOTICE_REQUEST_EXIT) ?:
	       stp_control_try_notice(to, room, STP_NOTICE_EXIT);
}

/*
 * Waits, a second at most, until a quarter of the pool is free, for a task that has many messages.
 * ctx: task, may sleep; locks: none
 */
void stp_messages_make_room(void)
{
	unsigned int tries, i, used;

	for (tries = 0; tries < 100; tries++) {
		for (i = 0, used = 0; i < STP_DEFAULT_BUFFERS; i++)
			used += atomic_read(&stp_slots[i].state) != STP_SLOT_FREE;
		if (used <= STP_DEFAULT_BUFFERS - STP_DEFAULT_BUFFERS / 4 || !atomic_read(&stp_control_open))
			return;
		msleep(10);
	}
}

/* ctx: task; locks: none */
static bool stp_control_ready(void)
{
	return atomic_read(&stp_notices) || atomic_read(&stp_overflowed) || stp_slot_least() ||
	       READ_ONCE(stp_control_closing);
}

/* ctx: task, may sleep; locks: takes stp_control_mutex */
static ssize_t stp_control_read(struct file *file, char __user *to, size_t room, loff_t *pos)
{
	ssize_t rc;

	for (;;) {
		mutex_lock(&stp_control_mutex);
		rc = stp_control_next(to, room);
		mutex_unlock(&stp_control_mutex);
		if (rc || READ_ONCE(stp_control_closing))
			return rc;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		rc = wait_event_interruptible(stp_control_wait, stp_control_ready());
		if (rc)
			return rc;
	}
}

/* ctx: task; locks: none */
static __poll_t stp_control_poll(struct file *file, struct poll_table_struct *table)
{
	poll_wait(file, &stp_control_wait, table);
	return stp_control_ready() ? EPOLLIN | EPOLLRDNORM : 0;
}

/* ctx: task, may sleep; locks: none */
static long stp_control_cpu_status(struct stp_cpu_status __user *to)
{
	struct stp_cpu_status status;
	const struct stp_cpu *cpu;

	if (copy_from_user(&status, to, sizeof(status)))
		return -EFAULT;
	if (status.cpu >= nr_cpu_ids || !cpu_possible(status.cpu))
		return -ENODEV;
	cpu = per_cpu_ptr(&stp_cpu, status.cpu);
	status.next_seq = READ_ONCE(cpu->next_seq);
	status.lost_records = READ_ONCE(cpu->lost_records);
	status.lost_bytes = READ_ONCE(cpu->lost_bytes);
	return copy_to_user(to, &status, sizeof(status)) ? -EFAULT : 0;
}

/* ctx: task, may sleep; locks: none */
static long stp_control_ioctl(struct file *file, unsigned int request, unsigned long argument)
{
	void __user *to = (void __user *)argument;
	u64 watermark;

	switch (request) {
	case STP_IOC_WATERMARK:
		watermark = stp_watermark();
		return copy_to_user(to, &watermark, sizeof(watermark)) ? -EFAULT : 0;
	case STP_IOC_CPU_STATUS:
		return stp_control_cpu_status(to);
	case STP_IOC_GIVE_UP:
		stp_session_leave(STAP_SESSION_STOPPING);
		return 0;
	}
	return -ENOTTY;
}

/* ctx: task; locks: none */
static int stp_control_opened(struct inode *inode, struct file *file)
{
	if (atomic_cmpxchg(&stp_control_open, 0, 1))
		return -EBUSY;
	stp_notice(STP_NOTICE_TRANSPORT);
	return 0;
}

/* A stapio that dies leaves the session as it is, for staprun -d or another stapio.  ctx: task; locks: none */
static int stp_control_released(struct inode *inode, struct file *file)
{
	atomic_set(&stp_control_open, 0);
	return 0;
}

static const struct proc_ops stp_control_ops = {
	.proc_open = stp_control_opened,
	.proc_read = stp_control_read,
	.proc_write = stp_control_write,
	.proc_poll = stp_control_poll,
	.proc_ioctl = stp_control_ioctl,
#ifdef CONFIG_COMPAT
	.proc_compat_ioctl = stp_control_ioctl,
#endif
	.proc_release = stp_control_released,
	.proc_lseek = noop_llseek,
};

/* Lets a waiting reader go, for removing a file waits for its readers.  ctx: task; locks: none */
static void stp_control_close(void)
{
	WRITE_ONCE(stp_control_closing, true);
	wake_up_interruptible(&stp_control_wait);
}
