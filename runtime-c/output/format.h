/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conversions of printf. Plain %d, %u, %x and %s have a short way; flags, width and precision take the long one. */
#ifndef STAP_OUTPUT_FORMAT_H
#define STAP_OUTPUT_FORMAT_H

#include "sink.h"

#define STP_FMT_LEFT	0x01	/* - */
#define STP_FMT_ZERO	0x02	/* 0 */
#define STP_FMT_PLUS	0x04	/* + */
#define STP_FMT_SPACE	0x08	/* space */
#define STP_FMT_ALT	0x10	/* # */
#define STP_FMT_SIGNED	0x20	/* the number has a sign */
#define STP_FMT_UPPER	0x40	/* %X */

/* Wider fields are cut to this, so that a width taken from a variable cannot hold the CPU. */
#define STP_FMT_WIDTH_MAX 4096

struct stp_format {
	unsigned int flags;
	unsigned int base;	/* 8, 10 or 16 */
	int64_t width;		/* negative: left-justified */
	int64_t precision;	/* negative: none */
};

/* ctx: handler; locks: none */
static inline struct stp_format stp_format_settle(struct stp_format format)
{
	if (format.width < 0) {
		format.flags |= STP_FMT_LEFT;
		format.width = format.width < -STP_FMT_WIDTH_MAX ? STP_FMT_WIDTH_MAX : -format.width;
	}
	if (format.width > STP_FMT_WIDTH_MAX)
		format.width = STP_FMT_WIDTH_MAX;
	if (format.precision > STP_FMT_WIDTH_MAX)
		format.precision = STP_FMT_WIDTH_MAX;
	return format;
}

/* An address in full, as %p was once; a field that is wider has blanks on the left. ctx: handler; locks: none */
static __maybe_unused struct stp_format stp_format_wide(struct stp_format format)
{
	const int64_t prefix = 2, digits = 2 * sizeof(void *);

	format = stp_format_settle(format);
	if (!format.width)
		format.width = prefix + digits;
	format.precision = format.width > prefix ? format.width - prefix : 0;
	if (!(format.flags & STP_FMT_LEFT) && format.precision > digits)
		format.precision = digits;
	return format;
}

/* Sign or base prefix: at most two bytes. ctx: handler; locks: none */
static inline size_t stp_format_prefix(const struct stp_format *format, bool negative, char *prefix)
{
	if (negative)
		prefix[0] = '-';
	else if ((format->flags & STP_FMT_SIGNED) && (format->flags & STP_FMT_PLUS))
		prefix[0] = '+';
	else if ((format->flags & STP_FMT_SIGNED) && (format->flags & STP_FMT_SPACE))
		prefix[0] = ' ';
	else if ((format->flags & STP_FMT_ALT) && format->base != 10)
		prefix[0] = '0';
	else
		return 0;
	if (prefix[0] != '0' || format->base != 16)
		return 1;
	prefix[1] = format->flags & STP_FMT_UPPER ? 'X' : 'x';
	return 2;
}

/* A number in all its forms. ctx: handler; locks: none */
static noinline __maybe_unused struct stp_sink stp_put_number(struct stp_sink sink, int64_t value,
							      struct stp_format format)
{
	bool negative = (format.flags & STP_FMT_SIGNED) && value < 0;
	char digits[STP_DIGITS_MAX], prefix[2];
	char *first;
	size_t count, signs;
	int64_t zeros, fill;

	format = stp_format_settle(format);
	first = stp_digits_back(digits + sizeof(digits), negative ? 0 - (uint64_t)value : (uint64_t)value, format.base,
				format.flags & STP_FMT_UPPER ? "0123456789ABCDEF" : "0123456789abcdef");
	count = digits + sizeof(digits) - first;
	if (!value && !format.precision)
		count = 0;
	signs = stp_format_prefix(&format, negative, prefix);
	zeros = format.precision > (int64_t)count ? format.precision - (int64_t)count : 0;
	fill = format.width - (int64_t)signs - zeros - (int64_t)count;
	if ((format.flags & STP_FMT_ZERO) && !(format.flags & STP_FMT_LEFT) && format.precision < 0 && fill > 0) {
		zeros = fill;
		fill = 0;
	}
	if (!(format.flags & STP_FMT_LEFT))
		sink = stp_put_fill(sink, ' ', fill);
	sink = stp_put_long(sink, prefix, signs);
	sink = stp_put_fill(sink, '0', zeros);
	sink = stp_put_long(sink, first, count);
	if (format.flags & STP_FMT_LEFT)
		sink = stp_put_fill(sink, ' ', fill);
	return sink;
}

/* Bytes in a field. ctx: handler; locks: none */
static noinline __maybe_unused struct stp_sink stp_put_field(struct stp_sink sink, const char *bytes, size_t count,
							     struct stp_format format)
{
	format = stp_format_settle(format);
	if (format.precision >= 0 && count > (size_t)format.precision)
		count = format.precision;
	if (!(format.flags & STP_FMT_LEFT))
		sink = stp_put_fill(sink, ' ', format.width - (int64_t)count);
	sink = stp_put_long(sink, bytes, count);
	if (format.flags & STP_FMT_LEFT)
		sink = stp_put_fill(sink, ' ', format.width - (int64_t)count);
	return sink;
}

/* One byte in a field; with # a byte that does not print is written as C writes it. ctx: handler; locks: none */
static noinline __maybe_unused struct stp_sink stp_put_byte(struct stp_sink sink, int64_t value,
							    struct stp_format format)
{
	static const char names[] = "\aa\bb\tt\nn\vv\ff\rr\"\"\\\\";
	unsigned char byte = value;
	char text[4] = { byte };
	size_t count = 1, i;

	format.precision = -1;
	if (format.flags & STP_FMT_ALT) {
		for (i = 0; i < sizeof(names) - 1; i += 2) {
			if ((unsigned char)names[i] == byte) {
				text[0] = '\\';
				text[1] = names[i + 1];
				return stp_put_field(sink, text, 2, format);
			}
		}
		if (byte < 0x20 || byte > 0x7e) {
			text[0] = '\\';
			text[1] = '0' + (byte >> 6);
			text[2] = '0' + (byte >> 3 & 7);
			text[3] = '0' + (byte & 7);
			count = 4;
		}
	}
	return stp_put_field(sink, text, count, format);
}

/* %d ctx: handler; locks: none */
static __always_inline void stp_put_signed(struct stp_sink *sink, int64_t value)
{
	if (likely(stp_sink_room(sink, STP_DECIMAL_MAX)))
		sink->pos = stp_decimal_signed(sink->pos, value);
	else
		*sink = stp_put_number(*sink, value, (struct stp_format){ STP_FMT_SIGNED, 10, 0, -1 });
}

/* %u ctx: handler; locks: none */
static __always_inline void stp_put_unsigned(struct stp_sink *sink, int64_t value)
{
	if (likely(stp_sink_room(sink, STP_DECIMAL_MAX)))
		sink->pos = stp_decimal(sink->pos, value);
	else
		*sink = stp_put_number(*sink, value, (struct stp_format){ 0, 10, 0, -1 });
}

/* %1b to %8b: the number's low bytes as they lie in memory. ctx: handler; locks: none */
static __always_inline void stp_put_binary(struct stp_sink *sink, int64_t value, unsigned int bytes)
{
	union {
		uint8_t one;
		uint16_t two;
		uint32_t four;
		int64_t eight;
	} low;

	switch (bytes) {
	case 1:
		low.one = value;
		break;
	case 2:
		low.two = value;
		break;
	case 4:
		low.four = value;
		break;
	default:
		low.eight = value;
		break;
	}
	stp_put_literal(sink, (const char *)&low, bytes);
}

#endif
