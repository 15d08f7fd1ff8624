// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arming WHERE NAME [NOT]: tells when a probe is armed, and in how many milliseconds at most.
 *
 * getppid(2) is what the script counts to switch its condition.  The probe is looked for in WHERE: 'ftrace', among the
 * functions that ftrace patches; 'kprobes', on the list of kprobes, not [DISABLED]; 'timers', among the running ones.
 * NAME is the function, or the timer's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 20000

static const char *file(const char *where)
{
	if (!strcmp(where, "ftrace"))
		return "/sys/kernel/tracing/enabled_functions";
	return strcmp(where, "kprobes") ? "/proc/timer_list" : "/sys/kernel/debug/kprobes/list";
}

static int armed(const char *where, const char *name)
{
	FILE *list = fopen(file(where), "r");
	char line[1024];
	int found = 0;

	if (!list)
		return -1;
	while (fgets(line, sizeof(line), list))
		if (strstr(line, name) && !strstr(line, "[DISABLED]"))
			found = 1;
	fclose(list);
	return found;
}

static long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the probe is in that state; tells whether it came to be. */
static void await(const char *where, const char *name, int state)
{
	long start = milliseconds();

	while (armed(where, name) != state && milliseconds() < start + PATIENCE)
		usleep(5000);
	printf("%s\n", armed(where, name) != state ? "never" : state ? "armed" : "disarmed");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 1;
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	if (armed(argv[1], argv[2]) < 0) {
		perror(file(argv[1]));
		return 1;
	}
	await(argv[1], argv[2], 0);
	getppid();
	await(argv[1], argv[2], 1);
	getppid();
	await(argv[1], argv[2], 0);
	getppid();
	await(argv[1], argv[2], 1);
	return 0;
}
