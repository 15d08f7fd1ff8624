// SPDX-License-Identifier: GPL-2.0-or-later
/* Histograms: the bucket of each value against its label, and pictures as the documents show them. */
#define MAXSTRINGLEN 40
#ifndef HIST_ELISION
#define HIST_ELISION 2
#endif
#define HIST_WIDTH 50
#include "host_shim.h"
#include "../pure/number.h"
#include "../pure/string.h"
#include "../pure/stat_hist.h"
#include "../output/format.h"
#include "../output/histogram.h"

static const struct stp_hist log_hist = { STP_HIST_LOG_BUCKETS, 0, 0, 0 };

static void check_log(int64_t value)
{
	uint32_t bucket = stp_hist_log_bucket(value);
	int64_t label;

	CHECK(bucket < STP_HIST_LOG_BUCKETS, "%lld in %u", (long long)value, bucket);
	label = stp_hist_label(&log_hist, bucket);
	if (value >= 0)
		CHECK(label <= value && (!value || value / 2 < label), "%lld in %lld", (long long)value,
		      (long long)label);
	else
		CHECK(label >= value && value / 2 > label - 1, "%lld in %lld", (long long)value, (long long)label);
}

static void test_log(void)
{
	int64_t value;
	int bit;

	for (value = -5000; value < 5000; value++)
		check_log(value);
	for (bit = 0; bit < 62; bit++) {
		check_log((1LL << bit) + 1);
		check_log((1LL << bit) - 1);
		check_log(-(1LL << bit) - 1);
		check_log(1 - (1LL << bit));
	}
	check_log(INT64_MAX);
	CHECK(!stp_hist_log_bucket(INT64_MIN) && stp_hist_label(&log_hist, 0) == INT64_MIN, "the smallest number");
	CHECK(stp_hist_log_bucket(0) == 64, "zero");
	CHECK(stp_hist_log_bucket(1) == 65 && stp_hist_log_bucket(-1) == 63, "around zero");
}

static void test_linear(void)
{
	static const int64_t limits[][3] = { { 0, 100, 7 }, { -50, 50, 10 }, { 1, 3, 1 }, { -9, -2, 3 } };
	int64_t value;
	unsigned int i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int64_t low = limits[i][0], high = limits[i][1], step = limits[i][2];
		struct stp_hist hist = { (high - low) / step + 3, low, high, step };

		for (value = low - 20; value < high + 20; value++) {
			uint32_t bucket = stp_hist_linear_bucket(value, low, high, step);
			int64_t label = stp_hist_label(&hist, bucket);

			if (value < low)
				CHECK(bucket == 0, "%lld is too small", (long long)value);
			else if (value > high)
				CHECK(bucket == hist.buckets - 1, "%lld is too large", (long long)value);
			else
				CHECK(label <= value && value < label + step, "%lld", (long long)value);
		}
	}
	CHECK(stp_hist_linear_bucket(INT64_MAX, INT64_MIN, INT64_MAX, 1LL << 62) == 4, "the whole range");
}

static void expect_picture(const int64_t *counts, struct stp_hist hist, const char *picture)
{
	static struct context c;
	struct stp_sink sink;

	shim_context_init(&c);
	sink = stp_put_histogram(stp_sink_output(&c), counts, hist);
	stp_out_flush(&c, sink.pos);
	CHECK(strcmp(c.all, picture) == 0, "drawn:\n%s\nnot:\n%s", c.all, picture);
}

#define BAR10 "@@@@@@@@@@"
#define GAP10 "          "
#define GAP40 GAP10 GAP10 GAP10 GAP10
#define HEAD "value |--------------------------------------------------"

static void test_log_pictures(void)
{
	int64_t counts[STP_HIST_LOG_BUCKETS] = {};

	counts[65] = 9;
	counts[66] = 46;
	counts[69] = 2;
	expect_picture(counts, log_hist,
		       HEAD " count\n"
		       "    0 |" GAP40 GAP10 "  0\n"
		       "    1 |@@@@@@@@@" GAP40 "   9\n"
		       "    2 |" BAR10 BAR10 BAR10 BAR10 "@@@@@@     46\n"
		       "    4 |" GAP40 GAP10 "  0\n"
		       "    8 |" GAP40 GAP10 "  0\n"
		       "   16 |@@" GAP40 GAP10 "2\n"
		       "   32 |" GAP40 GAP10 "  0\n"
		       "   64 |" GAP40 GAP10 "  0\n\n");
	memset(counts, 0, sizeof(counts));
	counts[STP_HIST_LOG_ZERO - 1 - 10] = 1082;
	counts[STP_HIST_LOG_ZERO] = 21;
	expect_picture(counts, log_hist,
		       HEAD " count\n"
		       "-4096 |" GAP40 GAP10 "    0\n"
		       "-2048 |" GAP40 GAP10 "    0\n"
		       "-1024 |" BAR10 BAR10 BAR10 BAR10 "@@@@@@@@@  1082\n"
		       " -512 |" GAP40 GAP10 "    0\n"
		       " -256 |" GAP40 GAP10 "    0\n"
		       "      ~\n"
		       "   -2 |" GAP40 GAP10 "    0\n"
		       "   -1 |" GAP40 GAP10 "    0\n"
		       "    0 |" GAP40 GAP10 "   21\n"
		       "    1 |" GAP40 GAP10 "    0\n"
		       "    2 |" GAP40 GAP10 "    0\n\n");
}

static void test_linear_pictures(void)
{
	int64_t counts[54] = { [1] = 1650, [2] = 8, [8] = 1 };
	int64_t outside[5] = { 1, 0, 1, 0, 3 };

	/* The language reference shows this one. */
	expect_picture(counts, (struct stp_hist){ 54, 0, 10240, 200 },
		       HEAD " count\n"
		       "    0 |" BAR10 BAR10 BAR10 BAR10 BAR10 " 1650\n"
		       "  200 |" GAP40 GAP10 "    8\n"
		       "  400 |" GAP40 GAP10 "    0\n"
		       "  600 |" GAP40 GAP10 "    0\n"
		       "      ~\n"
		       " 1000 |" GAP40 GAP10 "    0\n"
		       " 1200 |" GAP40 GAP10 "    0\n"
		       " 1400 |" GAP40 GAP10 "    1\n"
		       " 1600 |" GAP40 GAP10 "    0\n"
		       " 1800 |" GAP40 GAP10 "    0\n\n");
	expect_picture(outside, (struct stp_hist){ 5, 10000, 10002, 1 },
		       " " HEAD " count\n"
		       "<10000 |@" GAP40 "          1\n"
		       " 10000 |" GAP40 GAP10 " 0\n"
		       " 10001 |@" GAP40 "          1\n"
		       " 10002 |" GAP40 GAP10 " 0\n"
		       ">10002 |@@@" GAP40 "        3\n\n");
}

int main(void)
{
	test_log();
	test_linear();
	test_log_pictures();
	test_linear_pictures();
	return 0;
}
