// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * calls COUNT: makes each call of make_calls() COUNT times as a 64-bit program and COUNT times as a 32-bit program
 * would, by int $0x80. Pointers have 32 bits there: the program is linked to addresses below 4 GB, and what it passes
 * lies in its static data.
 */
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPEN_FLAGS (02 | 0100 | 02000000) /* O_RDWR, O_CREAT, O_CLOEXEC */
#define OPEN_MODE 0640
#define STATUS 3

enum call { OPEN, OPENAT, READ, WRITE, CLOSE, EXECVE, CLONE, CLONE3, EXIT };

static const int native_number[] = {
	[OPEN] = SYS_open, [OPENAT] = SYS_openat, [READ] = SYS_read, [WRITE] = SYS_write, [CLOSE] = SYS_close,
	[EXECVE] = SYS_execve, [CLONE] = SYS_clone, [CLONE3] = SYS_clone3, [EXIT] = SYS_exit,
};

static const int compat_number[] = {
	[OPEN] = 5, [OPENAT] = 295, [READ] = 3, [WRITE] = 4, [CLOSE] = 6,
	[EXECVE] = 11, [CLONE] = 120, [CLONE3] = 435, [EXIT] = 1,
};

/* Written before they are used, so that they are in memory when a probe reads them. */
static char zero[16], missing[16], self[16], name[16], byte[2];
static union {
	uint64_t native[2];
	uint32_t compat[2];
} words;
static struct clone_args clone_args;
static int compat;

static long int80(long number, long a, long b, long c, long d)
{
	long result;

	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(0L)
		     : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int)result;
}

static long call(enum call which, long a, long b, long c, long d)
{
	if (compat)
		return int80(compat_number[which], a, b, c, d);
	return syscall(native_number[which], a, b, c, d, 0);
}

static void prepare(int as_compat)
{
	compat = as_compat;
	strcpy(zero, "/dev/zero");
	strcpy(missing, "/no/such/file");
	strcpy(self, "/proc/self/exe");
	strcpy(name, "calls");
	strcpy(byte, "x");
	clone_args.exit_signal = SIGCHLD;
	if (compat)
		words.compat[0] = (uintptr_t)name;
	else
		words.native[0] = (uintptr_t)name;
}

/* The child ends by exit, which libc would not use. */
static int make_child(enum call which)
{
	int status;
	long pid;

	if (which == CLONE3)
		pid = call(CLONE3, (long)&clone_args, CLONE_ARGS_SIZE_VER0, 0, 0);
	else
		pid = call(CLONE, SIGCHLD, 0, 0, 0);
	if (pid == 0)
		call(EXIT, STATUS, 0, 0, 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return !WIFEXITED(status) || WEXITSTATUS(status) != STATUS;
}

/* The program again, without arguments.  No fork(), which would make a call of its own. */
static int make_exec(void)
{
	int status;
	long pid = call(CLONE, SIGCHLD, 0, 0, 0);

	if (pid == 0) {
		call(EXECVE, (long)self, (long)&words, 0, 0);
		_exit(1);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

static int make_file_calls(void)
{
	long fd = call(OPEN, (long)zero, OPEN_FLAGS, OPEN_MODE, 0);
	long other = call(OPENAT, -100, (long)zero, OPEN_FLAGS, OPEN_MODE);
	int failed = fd < 0 || other < 0;

	call(OPEN, (long)missing, 0, 0, 0);
	failed |= call(READ, fd, (long)&byte[1], 1, 0) != 1;
	failed |= call(WRITE, fd, (long)byte, 1, 0) != 1;
	failed |= call(CLOSE, other, 0, 0, 0) != 0;
	return failed | (call(CLOSE, fd, 0, 0, 0) != 0);
}

static int make_calls(long count)
{
	int failed = 0;

	while (count-- > 0)
		failed |= make_file_calls() | make_child(CLONE) | make_child(CLONE3) | make_exec();
	return failed;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	int failed;

	prepare(0);
	failed = make_calls(count);
	prepare(1);
	return failed | make_calls(count);
}
