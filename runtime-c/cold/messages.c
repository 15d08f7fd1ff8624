// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pool of control messages.
 *
 * A slot is FREE, then CLAIMED by the writer whose cmpxchg won, then READY, then FREE again by the one reader.
 * The sequence number is taken after the claim.  When message A happened before message B, A was READY before
 * B took its number: so the least number among READY slots, looked for again until the answer stays the same,
 * is never B while A waits.
 */
#include <linux/irq_work.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

enum stp_slot_state { STP_SLOT_FREE, STP_SLOT_CLAIMED, STP_SLOT_READY };

struct stp_slot {
	atomic_t state;
	u32 type;			/* enum stp_message_type */
	u32 len;
	u64 sequence;
	char text[STP_CTL_BUFFER_SIZE];
};

/* What a message is, for the count of those that found no slot. */
enum stp_message_class { STP_CLASS_WARN, STP_CLASS_ERROR, STP_CLASS_SYSTEM, STP_CLASSES };

static const char *const stp_overflow_text[STP_CLASSES] = {
	[STP_CLASS_WARN] = "WARNING: too many pending (warning) messages\n",
	[STP_CLASS_ERROR] = "ERROR: too many pending (error) messages\n",
	[STP_CLASS_SYSTEM] = "WARNING: too many pending (system) messages\n",
};

static struct stp_slot *stp_slots;
static atomic_t stp_slot_hint;
static atomic64_t stp_slot_sequence;
static atomic64_t stp_messages_lost[STP_CLASSES];
/* Bit of a class: its overflow is still to be told. */
static atomic_t stp_overflowed;

/* ctx: irq_work; locks: the wait queue's */
static void stp_messages_wake(struct irq_work *work);

static DECLARE_WAIT_QUEUE_HEAD(stp_control_wait);
static struct irq_work stp_control_work;

static void stp_messages_wake(struct irq_work *work)
{
	wake_up_interruptible(&stp_control_wait);
}

/* Wakes the reader of .cmd, never in the caller's context.  ctx: any, NMI too; locks: none */
static notrace void stp_control_kick(void)
{
	irq_work_queue(&stp_control_work);
}

/* A slot for one message, or NULL when the pool is full.  ctx: any, NMI too; locks: none */
static notrace struct stp_slot *stp_slot_claim(enum stp_message_class class)
{
	unsigned int start = (unsigned int)atomic_read(&stp_slot_hint);
	unsigned int i;

	for (i = 0; i < STP_DEFAULT_BUFFERS; i++) {
		struct stp_slot *slot = &stp_slots[(start + i) % STP_DEFAULT_BUFFERS];

		if (atomic_read(&slot->state) != STP_SLOT_FREE ||
		    atomic_cmpxchg(&slot->state, STP_SLOT_FREE, STP_SLOT_CLAIMED) != STP_SLOT_FREE)
			continue;
		atomic_set(&stp_slot_hint, start + i + 1);
		slot->sequence = atomic64_inc_return(&stp_slot_sequence);
		return slot;
	}
	atomic64_inc(&stp_messages_lost[class]);
	atomic_or(BIT(class), &stp_overflowed);
	return NULL;
}

/* ctx: any, NMI too; locks: none */
static notrace void stp_slot_publish(struct stp_slot *slot, enum stp_message_type type, u32 len)
{
	slot->type = type;
	slot->len = len;
	atomic_set_release(&slot->state, STP_SLOT_READY);
	stp_control_kick();
}

/* Sends "PREFIXtext\n".  ctx: any, NMI too; locks: none */
static __printf(3, 0) notrace void stp_message_text(enum stp_message_class class, const char *prefix,
						    const char *fmt, va_list args)
{
	struct stp_slot *slot = stp_slot_claim(class);
	size_t len;

	if (!slot)
		return;
	len = strlen(prefix);
	memcpy(slot->text, prefix, len);
	len += vscnprintf(slot->text + len, sizeof(slot->text) - 1 - len, fmt, args);
	if (slot->text[len - 1] != '\n')
		slot->text[len++] = '\n';
	stp_slot_publish(slot, STP_OOB_DATA, len);
}

notrace void _stp_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	stp_message_text(STP_CLASS_WARN, "WARNING: ", fmt, args);
	va_end(args);
}

notrace void _stp_softerror(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	stp_message_text(STP_CLASS_ERROR, "ERROR: ", fmt, args);
	va_end(args);
}

notrace void _stp_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	stp_message_text(STP_CLASS_ERROR, "ERROR: ", fmt, args);
	va_end(args);
	stp_session_fail();
}

notrace void _stp_system(const char *command)
{
	struct stp_slot *slot = stp_slot_claim(STP_CLASS_SYSTEM);
	size_t len;

	if (!slot)
		return;
	len = strnlen(command, STP_SYSTEM_MAX - 1);
	memcpy(slot->text, command, len);
	stp_slot_publish(slot, STP_SYSTEM, len);
}

/* The READY slot with the least number, one look.  ctx: task; locks: the reader's mutex */
static struct stp_slot *stp_slot_least(void)
{
	struct stp_slot *least = NULL;
	unsigned int i;

	for (i = 0; i < STP_DEFAULT_BUFFERS; i++) {
		if (atomic_read_acquire(&stp_slots[i].state) == STP_SLOT_READY &&
		    (!least || stp_slots[i].sequence < least->sequence))
			least = &stp_slots[i];
	}
	return least;
}

/* The message whose turn it is, or NULL.  ctx: task; locks: the reader's mutex */
static struct stp_slot *stp_slot_next(void)
{
	struct stp_slot *found = stp_slot_least();
	struct stp_slot *again;

	while (found && (again = stp_slot_least()) != found)
		found = again;
	return found;
}

/* ctx: task; locks: the reader's mutex */
static void stp_slot_free(struct stp_slot *slot)
{
	atomic_set_release(&slot->state, STP_SLOT_FREE);
}

/* ctx: task; locks: none */
static u64 stp_messages_lost_total(void)
{
	u64 total = 0;
	int class;

	for (class = 0; class < STP_CLASSES; class++)
		total += atomic64_read(&stp_messages_lost[class]);
	return total;
}

/* ctx: task; locks: none */
static int stp_messages_init(void)
{
	init_irq_work(&stp_control_work, stp_messages_wake);
	stp_slots = vzalloc(array_size(STP_DEFAULT_BUFFERS, sizeof(*stp_slots)));
	return stp_slots ? 0 : -ENOMEM;
}

/* ctx: task; locks: none; nobody sends any more */
static void stp_messages_exit(void)
{
	irq_work_sync(&stp_control_work);
	vfree(stp_slots);
}
