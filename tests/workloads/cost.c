// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cost COUNT [FILE]: prints the nanoseconds of one read(2) of one byte from /dev/zero, or FILE, averaged over COUNT
 * after a warm-up. In a guest under icount that is the number of instructions.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP 2000

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;
	int fd = open(argc > 2 ? argv[2] : "/dev/zero", O_RDONLY);
	double start;
	char byte;

	if (fd < 0 || count < 1)
		return 1;
	for (long i = 0; i < WARM_UP; i++)
		if (read(fd, &byte, 1) != 1)
			return 1;
	start = now();
	for (long i = 0; i < count; i++)
		if (read(fd, &byte, 1) != 1)
			return 1;
	printf("%.1f\n", (now() - start) / count);
	return 0;
}
