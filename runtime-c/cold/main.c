// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading and unloading.  Loading only lays the channels; the session starts with STP_START.
 */
#include <linux/notifier.h>

/* Probes in modules come and go with them.  ctx: task; locks: the notifier chain's; takes stp_session_mutex */
static int stp_module_event(struct notifier_block *block, unsigned long event, void *data)
{
	if (data != THIS_MODULE && (event == MODULE_STATE_COMING || event == MODULE_STATE_GOING))
		stp_session_refresh(((struct module *)data)->name, event == MODULE_STATE_COMING);
	return NOTIFY_DONE;
}

static struct notifier_block stp_module_block = {
	.notifier_call = stp_module_event,
	/* After kprobes' own notifier, which marks the probes of a module that goes. */
	.priority = -1,
};

/* ctx: task; locks: none */
static int __init stp_init(void)
{
	int rc = stp_messages_init();

	if (rc)
		return rc;
	rc = stp_channel_init();
	if (rc)
		goto messages;
	rc = stp_trace_init();
	if (rc)
		goto channel;
	rc = register_module_notifier(&stp_module_block);
	if (rc)
		goto trace;
	rc = stp_directory_init();
	if (rc)
		goto notifier;
	return 0;
notifier:
	unregister_module_notifier(&stp_module_block);
trace:
	stp_trace_exit();
channel:
	stp_channel_exit();
messages:
	stp_messages_exit();
	return rc;
}

/* The session first, so that no handler runs; then the files, so that no reader is left; then what they used. */
static void __exit stp_exit(void)
{
	stp_session_end();
	stp_control_close();
	stp_directory_exit();
	unregister_module_notifier(&stp_module_block);
	stp_trace_exit();
	stp_channel_exit();
	stp_messages_exit();
}

module_init(stp_init);
module_exit(stp_exit);
