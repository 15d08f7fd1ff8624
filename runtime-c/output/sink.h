/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the print family writes: the handler's record, or a string value. Generated code keeps a sink in registers:
 * out-of-line functions take and give it by value, so its address is never known outside.
 *
 * Needs struct context with out_pos and out_end, stp_out_flush(), STP_OUT_ROOM.
 */
#ifndef STAP_OUTPUT_SINK_H
#define STAP_OUTPUT_SINK_H

#include "pure/bytes.h"

struct stp_sink {
	char *pos;
	char *end;
	struct context *c;	/* NULL: a string, what does not fit is cut */
};

/* ctx: handler; locks: none */
static __always_inline struct stp_sink stp_sink_output(struct context *c)
{
	return (struct stp_sink){ .pos = c->out_pos, .end = c->out_end, .c = c };
}

/* ctx: any; locks: none */
static __always_inline struct stp_sink stp_sink_string(char *value)
{
	return (struct stp_sink){ .pos = value, .end = value + MAXSTRINGLEN - 1 };
}

/* Ends a statement's output. ctx: handler; locks: none */
static __always_inline void stp_sink_done(struct stp_sink *sink)
{
	if (sink->c)
		sink->c->out_pos = sink->pos;
	else
		*sink->pos = '\0';
}

/*
 * Whether `bytes` (no more than STP_OUT_ROOM) can be written; a record that is full gives room by starting another.
 * ctx: handler; locks: none
 */
static __always_inline bool stp_sink_room(struct stp_sink *sink, size_t bytes)
{
	if (likely((size_t)(sink->end - sink->pos) >= bytes))
		return true;
	if (!sink->c)
		return false;
	sink->pos = stp_out_flush(sink->c, sink->pos);
	sink->end = sink->c->out_end;
	return true;
}

/* Any number of bytes. ctx: handler; locks: none */
static noinline __maybe_unused struct stp_sink stp_put_long(struct stp_sink sink, const char *bytes, size_t count)
{
	size_t part;

	while (count) {
		part = sink.end - sink.pos;
		if (part > count)
			part = count;
		memcpy(sink.pos, bytes, part);
		sink.pos += part;
		bytes += part;
		count -= part;
		if (count && !stp_sink_room(&sink, 1)) {
			stp_string_cut();
			break;
		}
	}
	return sink;
}

/* A piece whose length the compiler knows. ctx: handler; locks: none */
static __always_inline void stp_put_literal(struct stp_sink *sink, const char *bytes, size_t count)
{
	if (count <= 256 && count <= STP_OUT_ROOM && stp_sink_room(sink, count)) {
		memcpy(sink->pos, bytes, count);
		sink->pos += count;
	} else {
		*sink = stp_put_long(*sink, bytes, count);
	}
}

/* A string value. ctx: handler; locks: none */
static __always_inline void stp_put_string(struct stp_sink *sink, const char *value)
{
	char *pos = sink->pos;
	char byte;

	while (likely(pos < sink->end)) {
		byte = *value++;
		if (!byte) {
			sink->pos = pos;
			return;
		}
		*pos++ = byte;
	}
	sink->pos = pos;
	if (*value)
		*sink = stp_put_long(*sink, value, strlen(value));
}

/* ctx: handler; locks: none */
static __always_inline void stp_put_char(struct stp_sink *sink, int64_t value)
{
	if (stp_sink_room(sink, 1))
		*sink->pos++ = value;
	else
		stp_string_cut();
}

/* The same byte many times. ctx: handler; locks: none */
static inline struct stp_sink stp_put_fill(struct stp_sink sink, char byte, int64_t count)
{
	size_t part;

	while (count > 0) {
		if (!stp_sink_room(&sink, 1)) {
			stp_string_cut();
			break;
		}
		part = sink.end - sink.pos;
		if (part > (uint64_t)count)
			part = count;
		stp_bytes_fill(sink.pos, byte, part);
		sink.pos += part;
		count -= part;
	}
	return sink;
}

#endif
