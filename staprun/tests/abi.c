// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes what the module would write, and checks what stapio and staprun send; see abi.rs.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "messages.h"
#include "records.h"

static int put(__u32 type, const void *payload, size_t size)
{
	fwrite(&type, sizeof(type), 1, stdout);
	fwrite(payload, 1, size, stdout);
	return 0;
}

static int put_message(const char *what)
{
	struct stp_transport transport = { STP_ABI_VERSION, 5, 1ULL << 40 };
	struct stp_start_result started = { .result = -22, .by_ftrace = 3 };
	struct stp_exit_summary exited = {
		.failed = 1, .errors = 2, .skipped = 3ULL << 40, .strings_cut = 4ULL << 40, .messages_lost = 5ULL << 40,
	};

	if (!strcmp(what, "transport"))
		return put(STP_TRANSPORT, &transport, sizeof(transport));
	if (!strcmp(what, "started"))
		return put(STP_START, &started, sizeof(started));
	if (!strcmp(what, "exited"))
		return put(STP_EXIT, &exited, sizeof(exited));
	if (!strcmp(what, "notice"))
		return put(STP_OOB_DATA, "WARNING: x", 10);
	if (!strcmp(what, "system"))
		return put(STP_SYSTEM, "ls", 2);
	if (!strcmp(what, "request_exit"))
		return put(STP_REQUEST_EXIT, "", 0);
	return -1;
}

static int put_record(void)
{
	struct stp_record record = { .time = 1ULL << 40, .seq = 7, .len = 3, .cpu_flags = 4097 | STP_REC_MORE };

	fwrite(&record, sizeof(record), 1, stdout);
	return 0;
}

static int put_numbers(void)
{
	printf("%d %d %d %lu %lu %lu %zu %zu %zu %zu %d %d %d\n", STP_ABI_VERSION, STP_MESSAGE_MAX, STP_SYSTEM_MAX,
	       (unsigned long)STP_IOC_WATERMARK, (unsigned long)STP_IOC_CPU_STATUS, (unsigned long)STP_IOC_GIVE_UP,
	       sizeof(struct stp_cpu_status), offsetof(struct stp_cpu_status, next_seq), offsetof(struct stp_cpu_status, lost_records),
	       offsetof(struct stp_cpu_status, lost_bytes), STP_PR_STAPUSR, STP_PR_STAPSYS, STP_PR_STAPDEV);
	return 0;
}

/* Whether standard input holds exactly this message. */
static int is(__u32 type, const void *payload, size_t size)
{
	char message[STP_MESSAGE_MAX];
	size_t count = fread(message, 1, sizeof(message), stdin);

	return count == sizeof(type) + size && !memcmp(message, &type, sizeof(type)) &&
	       !memcmp(message + sizeof(type), payload, size) ? 0 : 1;
}

static int check_message(const char *what)
{
	struct stp_start_request start = { .target = -5 };
	struct stp_tzinfo zone = { -3600, "CET" };
	struct stp_credentials credentials = { STP_PR_STAPUSR | STP_PR_STAPDEV };
	struct stp_remote_id remote = { 9, "ssh://host" };

	if (!strcmp(what, "start"))
		return is(STP_START, &start, sizeof(start));
	if (!strcmp(what, "exit"))
		return is(STP_EXIT, "", 0);
	if (!strcmp(what, "zone"))
		return is(STP_TZINFO, &zone, sizeof(zone));
	if (!strcmp(what, "credentials"))
		return is(STP_PRIVILEGE_CREDENTIALS, &credentials, sizeof(credentials));
	if (!strcmp(what, "remote"))
		return is(STP_REMOTE_ID, &remote, sizeof(remote));
	return 1;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "numbers"))
		return put_numbers();
	if (!strcmp(what, "record"))
		return put_record();
	return put_message(what) ? check_message(what) : 0;
}
