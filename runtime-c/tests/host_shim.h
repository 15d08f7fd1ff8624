/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the pure headers need of the kernel and of the runtime, in user space, so that their tests run under the
 * sanitizers. A test includes this first, MAXSTRINGLEN defined.
 */
#ifndef STAP_TESTS_HOST_SHIM_H
#define STAP_TESTS_HOST_SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define noinline __attribute__((noinline))
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __maybe_unused __attribute__((unused))
#define min(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a < _b ? _a : _b; })

/* Unlike assert, it stays in with NDEBUG and says which values differ. */
#define CHECK(condition, ...)								\
	do {										\
		if (!(condition)) {							\
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);	\
			fprintf(stderr, __VA_ARGS__);					\
			fputc('\n', stderr);						\
			exit(1);							\
		}									\
	} while (0)

static unsigned long shim_cuts;

static inline void stp_string_cut(void)
{
	shim_cuts++;
}

static inline void *stp_map_alloc(size_t count, size_t size)
{
	return calloc(count, size);
}

static inline void stp_map_free(void *memory)
{
	free(memory);
}

static inline uint64_t stp_map_seed(void)
{
	return 0x1234567;
}

/* A small output buffer; what is flushed gathers in `all`. */
#define STP_OUT_ROOM 64

struct context {
	char *out_pos;
	char *out_end;
	char buffer[STP_OUT_ROOM];
	char all[1 << 16];
	size_t length;
};

static inline void shim_context_init(struct context *c)
{
	c->out_pos = c->buffer;
	c->out_end = c->buffer + sizeof(c->buffer);
	c->length = 0;
}

static inline char *stp_out_flush(struct context *c, char *pos)
{
	size_t count = pos - c->buffer;

	CHECK(c->length + count < sizeof(c->all), "the test prints too much");
	memcpy(c->all + c->length, c->buffer, count);
	c->length += count;
	c->all[c->length] = '\0';
	c->out_pos = c->buffer;
	return c->buffer;
}

/* xorshift: the same numbers in each run. */
static inline uint64_t shim_random(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

#endif
