// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * events WHAT COUNT: causes COUNT events of one kind on CPU 0, between two calls of getppid(2).
 *
 * faults      pages are touched for the first time
 * major       pages of perl's program are touched that are not in memory
 * switches    the CPU goes to another process and back
 * migrations  the process goes to another CPU
 * spin        so many milliseconds of the CPU are used
 * stores      4 bytes at 0x10000000 and 4 at 0x10000008 are written, and read as often
 * fills       the kernel writes a byte at 0x10000000
 * limit       as spin, while the kernel allows for 1000 samples a second only
 * hotplug     CPU 1 goes and comes before the first call, then is spun on for so many milliseconds
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void run_on(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static int faults(long count)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, count * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || madvise(memory, count * page, MADV_NOHUGEPAGE))
		return 1;
	while (count-- > 0)
		((volatile char *)memory)[count * page] = 1;
	return 0;
}

/* Nobody runs perl meanwhile, so its pages can be dropped; no page brings the next one. */
static int major(long count)
{
	size_t page = sysconf(_SC_PAGESIZE);
	int fd = open("/usr/bin/perl", O_RDONLY);
	char *memory = mmap(NULL, count * page, PROT_READ, MAP_SHARED, fd, 0);
	int sum = 0;

	if (memory == MAP_FAILED || madvise(memory, count * page, MADV_RANDOM))
		return 1;
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	while (count-- > 0)
		sum += ((volatile char *)memory)[count * page];
	return sum == -1;
}

/* Each of two processes waits for the other. */
static int switches(long count)
{
	int there[2], back[2];
	char byte = 0;
	pid_t child;

	if (pipe(there) || pipe(back))
		return 1;
	child = fork();
	if (!child) {
		close(there[1]);
		while (read(there[0], &byte, 1) == 1)
			if (write(back[1], &byte, 1) != 1)
				break;
		_exit(0);
	}
	while (count-- > 0)
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			return 1;
	close(there[1]);
	return waitpid(child, NULL, 0) != child;
}

static int migrations(long count)
{
	while (count-- > 0)
		run_on((count + 1) % 2);
	return 0;
}

static int spin(long milliseconds)
{
	struct timespec now;
	long end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	end = now.tv_sec * 1000 + now.tv_nsec / 1000000 + milliseconds;
	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < end);
	return 0;
}

static void *at_fixed_address(void)
{
	void *memory = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int fills(long count)
{
	char *byte = at_fixed_address();
	int fd = open("/dev/zero", O_RDONLY);

	while (byte && count-- > 0)
		if (read(fd, byte, 1) != 1)
			return 1;
	return !byte;
}

static int stores(long count)
{
	volatile int *word = at_fixed_address();
	int sum = 0;

	if (!word)
		return 1;
	while (count-- > 0) {
		word[0] = 1;
		word[2] = 1;
		sum += word[0] + word[2];
	}
	return sum < 0;
}

static int set(const char *file, const char *value)
{
	int fd = open(file, O_WRONLY);
	ssize_t written = write(fd, value, strlen(value));

	close(fd);
	return written < 0;
}

static int online(const char *value)
{
	return set("/sys/devices/system/cpu/cpu1/online", value);
}

static int limit(long milliseconds)
{
	const char *file = "/proc/sys/kernel/perf_event_max_sample_rate";

	return set(file, "1000") || spin(milliseconds) || set(file, "100000");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long count = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
	int failed = 1;

	run_on(0);
	if (!strcmp(what, "hotplug")) {
		if (online("0") || online("1"))
			return 1;
		run_on(1);
	}
	getppid();
	if (!strcmp(what, "faults"))
		failed = faults(count);
	else if (!strcmp(what, "major"))
		failed = major(count);
	else if (!strcmp(what, "switches"))
		failed = switches(count);
	else if (!strcmp(what, "migrations"))
		failed = migrations(count);
	else if (!strcmp(what, "spin") || !strcmp(what, "hotplug"))
		failed = spin(count);
	else if (!strcmp(what, "limit"))
		failed = limit(count);
	else if (!strcmp(what, "fills"))
		failed = fills(count);
	else if (!strcmp(what, "stores"))
		failed = stores(count);
	getppid();
	return failed;
}
