// SPDX-License-Identifier: GPL-2.0-or-later
/* polls COUNT: makes COUNT polls that would wait for three seconds, of a file that is always ready. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
	struct timespec wait = { .tv_sec = 3, .tv_nsec = 5 };
	struct pollfd file = { .fd = open("/dev/zero", O_RDONLY), .events = POLLIN };

	while (count-- > 0)
		if (ppoll(&file, 1, &wait, NULL) != 1)
			return 1;
	return 0;
}
