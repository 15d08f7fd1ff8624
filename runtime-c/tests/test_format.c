// SPDX-License-Identifier: GPL-2.0-or-later
/* Strings, arithmetic and conversions against the C library. */
#define MAXSTRINGLEN 40
#include "host_shim.h"
#include "../pure/arith.h"
#include "../pure/number.h"
#include "../pure/string.h"
#include "../output/format.h"

static void test_strings(void)
{
	char value[MAXSTRINGLEN], source[100];
	size_t used, length, i;
	unsigned long cuts;

	for (used = 0; used < MAXSTRINGLEN; used++) {
		for (length = 0; length < 99; length++) {
			memset(source, 'b', length);
			source[length] = '\0';
			memset(value, 'a', used);
			value[used] = '\0';
			cuts = shim_cuts;
			i = stp_string_append(value, used, source);
			CHECK(i == min(used + length, (size_t)MAXSTRINGLEN - 1), "%zu + %zu = %zu", used, length, i);
			CHECK(strlen(value) == i, "not terminated at %zu", i);
			CHECK(shim_cuts - cuts == (used + length > MAXSTRINGLEN - 1), "cut of %zu + %zu", used, length);
		}
	}
	stp_string_copy(value, value);
	CHECK(strlen(value) == MAXSTRINGLEN - 1, "a copy onto itself changed it");
}

static void test_arithmetic(void)
{
	CHECK(stp_div(INT64_MIN, -1) == INT64_MIN, "wraps");
	CHECK(stp_mod(INT64_MIN, -1) == 0, "no rest");
	CHECK(stp_div(-7, 2) == -3 && stp_mod(-7, 2) == -1, "towards zero");
	CHECK(stp_shl(1, 64) == 1 && stp_shl(1, -1) == INT64_MIN, "counts modulo 64");
	CHECK(stp_shr(-8, 1) == -4 && stp_ushr(-8, 1) == 0x7ffffffffffffffcLL, "signs");
}

/* The C library's idea of the same conversion; `%p` and `%#x` of 0 differ on purpose and are tested apart. */
static void expect(char *dst, size_t size, int64_t value, struct stp_format format)
{
	char spec[32], *at = spec;

	*at++ = '%';
	if (format.flags & STP_FMT_LEFT)
		*at++ = '-';
	if (format.flags & STP_FMT_ZERO)
		*at++ = '0';
	if (format.flags & STP_FMT_PLUS)
		*at++ = '+';
	if (format.flags & STP_FMT_SPACE)
		*at++ = ' ';
	if (format.flags & STP_FMT_ALT)
		*at++ = '#';
	strcpy(at, "*.*l");
	at[4] = format.flags & STP_FMT_SIGNED ? 'd' : format.base == 10 ? 'u' : format.base == 8 ? 'o' :
		format.flags & STP_FMT_UPPER ? 'X' : 'x';
	at[5] = '\0';
	snprintf(dst, size, spec, (int)format.width, (int)format.precision, (long)value);
}

static void check_number(int64_t value, struct stp_format format)
{
	static struct context c;
	struct stp_sink sink;
	char wanted[256];

	expect(wanted, sizeof(wanted), value, format);
	shim_context_init(&c);
	sink = stp_sink_output(&c);
	sink = stp_put_number(sink, value, format);
	stp_sink_done(&sink);
	stp_out_flush(&c, c.out_pos);
	CHECK(!strcmp(c.all, wanted), "value %lld flags %x base %u width %lld precision %lld: '%s', not '%s'",
	      (long long)value, format.flags, format.base, (long long)format.width, (long long)format.precision,
	      c.all, wanted);
}

static void test_numbers(void)
{
	static const unsigned int bases[] = { 8, 10, 16 };
	struct stp_format format;
	int64_t value;
	int round;

	for (round = 0; round < 200000; round++) {
		value = (int64_t)shim_random() >> (shim_random() % 64);
		if (!value)
			value = 1;
		format.flags = shim_random() & 0x7f;
		format.base = bases[shim_random() % 3];
		if (format.base == 10)
			format.flags &= ~(STP_FMT_ALT | STP_FMT_UPPER);
		else
			format.flags &= ~(STP_FMT_SIGNED | STP_FMT_PLUS | STP_FMT_SPACE);
		if (format.base != 16)
			format.flags &= ~STP_FMT_UPPER;
		/* An octal prefix counts as a digit in C; ours is a prefix in all bases. */
		if (format.base == 8)
			format.flags &= ~STP_FMT_ALT;
		format.width = (int64_t)(shim_random() % 80) - 30;
		format.precision = (int64_t)(shim_random() % 40) - 15;
		if (format.precision < 0)
			format.precision = -1;
		check_number(value, format);
	}
}

static void check_text(struct stp_sink sink, struct context *c, const char *wanted)
{
	stp_sink_done(&sink);
	stp_out_flush(c, c->out_pos);
	CHECK(!strcmp(c->all, wanted), "'%s', not '%s'", c->all, wanted);
}

static void test_fields(void)
{
	static const char long_text[] = "0123456789012345678901234567890123456789012345678901234567890123456789-";
	static struct context c;
	struct stp_sink sink;

	shim_context_init(&c);
	sink = stp_sink_output(&c);
	sink = stp_put_field(sink, "abcdef", 6, (struct stp_format){ 0, 10, 5, 3 });
	sink = stp_put_field(sink, "abc", 3, (struct stp_format){ STP_FMT_LEFT, 10, 5, -1 });
	sink = stp_put_byte(sink, '\n', (struct stp_format){ STP_FMT_ALT, 10, 0, -1 });
	sink = stp_put_byte(sink, 0x1b, (struct stp_format){ STP_FMT_ALT, 10, 0, -1 });
	sink = stp_put_number(sink, 0, (struct stp_format){ STP_FMT_ALT, 16, 0, -1 });
	check_text(sink, &c, "  abcabc  \\n\\0330x0");

	/* Longer than a record: it goes on in the next one. */
	shim_context_init(&c);
	sink = stp_sink_output(&c);
	stp_put_string(&sink, long_text);
	stp_put_literal(&sink, long_text, sizeof(long_text) - 1);
	stp_put_signed(&sink, INT64_MIN);
	check_text(sink, &c,
		   "0123456789012345678901234567890123456789012345678901234567890123456789-"
		   "0123456789012345678901234567890123456789012345678901234567890123456789--9223372036854775808");
}

static void test_string_sink(void)
{
	char value[MAXSTRINGLEN + 1];
	struct stp_sink sink;
	unsigned long cuts = shim_cuts;
	int i;

	value[MAXSTRINGLEN] = 'x';
	sink = stp_sink_string(value);
	for (i = 0; i < 12; i++)
		stp_put_signed(&sink, -1234);
	stp_sink_done(&sink);
	CHECK(!strcmp(value, "-1234-1234-1234-1234-1234-1234-1234-123"), "'%s'", value);
	CHECK(value[MAXSTRINGLEN] == 'x', "it wrote beyond the end");
	CHECK(shim_cuts > cuts, "a cut is not counted");
}

int main(void)
{
	test_strings();
	test_arithmetic();
	test_numbers();
	test_fields();
	test_string_sink();
	return 0;
}
