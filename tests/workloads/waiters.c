// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * waiters COUNT: COUNT processes wait in pause(2), all at the same time; then they are killed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether the process is inside of pause(2), and not merely on its way there. */
static int is_waiting(pid_t pid)
{
	char path[64], text[128] = "";
	FILE *file;
	long number;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	return sscanf(text, "%ld", &number) == 1 && number == SYS_pause;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
	pid_t *children = calloc(count, sizeof(*children));

	if (!children)
		return 1;
	for (long i = 0; i < count; i++) {
		children[i] = fork();
		if (children[i] < 0)
			return 1;
		if (children[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
			_exit(1);
		}
	}
	for (long i = 0; i < count; i++)
		while (!is_waiting(children[i]))
			usleep(10000);
	for (long i = 0; i < count; i++)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	free(children);
	return 0;
}
