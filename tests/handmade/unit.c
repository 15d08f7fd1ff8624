/* What pass 3 writes for
 *   global n; global m
 *   probe kernel.function("vfs_read") { n++ }
 *   probe kernel.function("vfs_write").return { m += n; printf("%d\n", n) }
 *   probe timer.ms(100) { printf("tick\n") }
 *   probe timer.jiffies(25) { ... }
 *   probe begin { println("begin") }  probe end { println("end") }  probe error { println("error") }
 */
#define STP_PRIVILEGE 0x8
#define MAXNESTING 1
#include "stap.h"
#include "pure/pure.h"

struct context {
#include "context/common_context.h"
	union {
		struct probe_1_locals { int64_t __tmp0; } probe_1;
	} probe_locals;
	union {
		struct function_print_locals { int64_t __retvalue; } function_print;
	} locals[MAXNESTING + 1];
};
#include "context/context.h"
#include "output/format.h"

static int64_t global_n;
static struct stp_lock global_n_lock = STP_LOCK_INIT("n");
static int64_t global_m;
static struct stp_lock global_m_lock = STP_LOCK_INIT("m");

static void probe_1(struct context *__restrict__ c)
{
	static const struct stp_probe_lock locks[] = {
		{ .lock = &global_n_lock, .write_p = 1 },
	};
	if (!stp_lock_probe(c, locks, ARRAY_SIZE(locks)))
		return;
	global_n++;
#ifdef HANDMADE_PRINT
	{
		struct stp_sink sink = stp_sink_output(c);

		stp_put_string(&sink, current->comm);
		stp_put_literal(&sink, " ", 1);
		stp_put_signed(&sink, current->tgid);
		stp_put_literal(&sink, " ", 1);
		stp_put_signed(&sink, global_n);
		stp_put_literal(&sink, "\n", 1);
		stp_sink_done(&sink);
	}
	stp_out_commit(c);
#endif
	stp_unlock_probe(c, locks, ARRAY_SIZE(locks));
}

static void probe_2(struct context *__restrict__ c)
{
	static const struct stp_probe_lock locks[] = {
		{ .lock = &global_n_lock, .write_p = 0 },
		{ .lock = &global_m_lock, .write_p = 1 },
	};
	struct stp_sink sink;

	if (!stp_lock_probe(c, locks, ARRAY_SIZE(locks)))
		return;
	global_m++;
	sink = stp_sink_output(c);
	stp_put_literal(&sink, "write ", 6);
	stp_put_signed(&sink, global_m);
	stp_put_literal(&sink, " 01234567890123456789012345678901234567890123456789012345678901234567\n", 70);
	stp_sink_done(&sink);
	stp_out_commit(c);
	stp_unlock_probe(c, locks, ARRAY_SIZE(locks));
}

static void probe_3(struct context *__restrict__ c)
{
	struct stp_sink sink = stp_sink_output(c);

	stp_put_literal(&sink, "tick\n", 5);
	stp_sink_done(&sink);
	stp_out_commit(c);
}

static void probe_4(struct context *__restrict__ c)
{
	struct stp_sink sink = stp_sink_output(c);

	stp_put_literal(&sink, "jiffies\n", 8);
	stp_sink_done(&sink);
	stp_out_commit(c);
}

static void probe_5(struct context *__restrict__ c)
{
	struct stp_sink sink = stp_sink_output(c);

	stp_put_string(&sink, c->probe_point);
	stp_put_literal(&sink, "\n", 1);
	stp_sink_done(&sink);
	stp_out_commit(c);
}

/* More than a buffer holds: several records. */
static void probe_6(struct context *__restrict__ c)
{
	struct stp_sink sink = stp_sink_output(c);
	int i;

	for (i = 0; i < 300; i++)
		stp_put_literal(&sink, "long output of one handler: 0123456789012345678901234567890123456789\n", 69);
	stp_sink_done(&sink);
	stp_out_commit(c);
}

static void probe_7(struct context *__restrict__ c)
{
	static const struct stp_probe_lock locks[] = {
		{ .lock = &global_n_lock, .write_p = 0 },
	};
	struct stp_sink sink;

	if (!stp_lock_probe(c, locks, ARRAY_SIZE(locks)))
		return;
	sink = stp_sink_output(c);
	stp_put_literal(&sink, "end n=", 6);
	stp_put_signed(&sink, global_n);
	stp_put_literal(&sink, "\n", 1);
	stp_sink_done(&sink);
	stp_out_commit(c);
	stp_unlock_probe(c, locks, ARRAY_SIZE(locks));
}

/* A soft error, which MAXERRORS does not allow for. */
static void probe_8(struct context *__restrict__ c)
{
#ifdef HANDMADE_ERROR
	c->last_error = "division by 0";
	c->last_stmt = "operator '/' at <input>:1:1";
#endif
#ifdef HANDMADE_EXIT
	_stp_exit();
#endif
}

/* More messages than the pool holds. */
static void probe_9(struct context *__restrict__ c)
{
#ifdef HANDMADE_MESSAGES
	int i;

	for (i = 0; i < 400; i++)
		_stp_warn("message %d", i);
	for (i = 0; i < 3; i++)
		_stp_system("true");
#endif
}

static struct stap_probe stap_probes[] = {
	STAP_PROBE_INIT(&probe_1, "kernel.function(\"vfs_read\")", "kernel.function(\"vfs_read\")", "<input>:1:7", " from: kernel.function(\"vfs_read\")"),
	STAP_PROBE_INIT(&probe_2, "kernel.function(\"vfs_write\").return", "kernel.function(\"vfs_write\").return", "<input>:1:7", ""),
	STAP_PROBE_INIT(&probe_3, "timer.ms(100)", "timer.ms(100)", "<input>:1:7", ""),
	STAP_PROBE_INIT(&probe_4, "timer.jiffies(25)", "timer.jiffies(25)", "<input>:1:7", ""),
	STAP_PROBE_INIT(&probe_5, "begin", "begin", "<input>:1:7", ""),
	STAP_PROBE_INIT(&probe_6, "begin", "begin", "<input>:1:7", ""),
	STAP_PROBE_INIT(&probe_7, "end", "end", "<input>:1:7", ""),
	STAP_PROBE_INIT(&probe_5, "error", "error", "<input>:1:7", ""),
	STAP_PROBE_INIT(&probe_8, "timer.ms(500)", "timer.ms(500)", "<input>:1:7", ""),
	STAP_PROBE_INIT(&probe_9, "begin", "begin", "<input>:1:7", ""),
};

static struct stap_begin_probe stap_begin_probes[] = {
	{ .type = STAP_BEGIN, .priority = 0, .probe = &stap_probes[4] },
	{ .type = STAP_BEGIN, .priority = 1, .probe = &stap_probes[5] },
	{ .type = STAP_BEGIN, .priority = 2, .probe = &stap_probes[9] },
	{ .type = STAP_END, .priority = 0, .probe = &stap_probes[6] },
	{ .type = STAP_ERROR, .priority = 0, .probe = &stap_probes[7] },
};
#include "probe/begin_end.h"

static struct stap_dwarf_probe stap_dwarf_probes[] = {
	{ .module = "kernel", .symbol_name = "vfs_read", .probe = &stap_probes[0] },
	{ .return_p = 1, .module = "kernel", .symbol_name = "vfs_write", .probe = &stap_probes[1] },
	{ .module = "kernel", .symbol_name = "no_such_function", .probe = &stap_probes[0] },
	{ .module = "kernel", .symbol_name = "no_such_function_either", .optional_p = 1, .probe = &stap_probes[0] },
	{ .module = "dummy", .symbol_name = "dummy_xmit", .probe = &stap_probes[3] },
};
#include "probe/kprobe.h"

static struct stap_hrtimer_probe stap_hrtimer_probes[] = {
	{ .interval_ns = 100000000, .randomize_ns = 1000000, .probe = &stap_probes[2] },
	{ .interval_ns = 500000000, .probe = &stap_probes[8] },
};
#include "probe/timer_hr.h"

static struct stap_timer_probe stap_timer_probes[] = {
	{ .interval = 25, .randomize = 3, .probe = &stap_probes[3] },
};
#include "probe/timer_jiffies.h"

#include "module.h"

int systemtap_module_init(void)
{
	int rc = stp_session_init();

	if (rc)
		return rc;
	stap_begin_run();
	rc = stap_kprobe_register();
	if (rc)
		goto out;
	rc = stap_hrtimer_register();
	if (rc)
		goto out_kprobe;
	rc = stap_timer_register();
	if (rc)
		goto out_hrtimer;
	stp_session_running();
	return 0;
out_hrtimer:
	stap_hrtimer_unregister();
out_kprobe:
	stap_kprobe_unregister();
out:
	stp_session_stop();
	stp_session_wait();
	stp_session_free();
	return rc;
}

void systemtap_module_refresh(const char *module, bool coming)
{
	stap_kprobe_refresh(module, coming);
}

void systemtap_module_exit(void)
{
	stp_session_stop();
	stap_timer_unregister();
	stap_hrtimer_unregister();
	stap_kprobe_unregister();
	stp_session_wait();
	stap_end_run();
	stap_error_run();
	stp_session_report();
	stp_session_free();
}

MODULE_DESCRIPTION("systemtap-generated probe");
MODULE_LICENSE("GPL");
