// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reads COUNT [PROCESSES]: each process makes exactly COUNT read(2) calls of one byte from
 * /dev/zero, each on a CPU of its own as far as there are enough.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int make_reads(long count, long cpu)
{
	/* On the stack: a page of the program may not be in memory yet when a probe looks at the name. */
	char path[] = "/dev/zero";
	int fd = open(path, O_RDONLY);
	cpu_set_t cpus;
	char byte;

	/* sysconf() would read a file, and that read would be counted. */
	sched_getaffinity(0, sizeof(cpus), &cpus);
	cpu %= CPU_COUNT(&cpus);
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	while (fd >= 0 && count-- > 0)
		if (read(fd, &byte, 1) != 1)
			return 1;
	return fd < 0;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
	long processes = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
	int failed = 0, status;

	if (processes == 1)
		return make_reads(count, 0);
	for (long i = 0; i < processes; i++)
		if (fork() == 0)
			_exit(make_reads(count, i));
	while (wait(&status) > 0)
		failed |= status != 0;
	return failed;
}
