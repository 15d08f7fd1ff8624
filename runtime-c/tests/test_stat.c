// SPDX-License-Identifier: GPL-2.0-or-later
/* Statistics, whole and merged from parts, against doubles. */
#define MAXSTRINGLEN 32
#include "host_shim.h"
#include "../pure/arith.h"
#include "../pure/stat.h"

#define SHIFT 8
#define PARTS 3

#define ALL (STP_STAT_NEEDS_SUM | STP_STAT_NEEDS_MIN | STP_STAT_NEEDS_MAX)

/* What nobody asks for is not kept. */
static void check_needs(void)
{
	struct stp_stat stat = {};

	stp_stat_add(&stat, 5, STP_STAT_NEEDS_MIN);
	stp_stat_add(&stat, 3, STP_STAT_NEEDS_MIN);
	stp_stat_add(&stat, 9, STP_STAT_NEEDS_MIN);
	CHECK(stat.count == 3 && stat.min == 3, "the least of three");
	CHECK(!stat.sum && !stat.max && !stat.mean && !stat.spread, "the rest");
}

static void check(const struct stp_stat *stat, const int64_t *values, int count)
{
	int64_t low = INT64_MAX, high = INT64_MIN, sum = 0;
	double mean, spread = 0, variance;
	int i;

	for (i = 0; i < count; i++) {
		sum += values[i];
		low = min(low, values[i]);
		high = values[i] > high ? values[i] : high;
	}
	mean = (double)sum / count;
	for (i = 0; i < count; i++)
		spread += (values[i] - mean) * (values[i] - mean);
	CHECK(stp_stat_figure(stat, STP_STAT_COUNT, 0) == count, "count");
	CHECK(stp_stat_figure(stat, STP_STAT_SUM, 0) == sum, "sum");
	CHECK(stp_stat_figure(stat, STP_STAT_MIN, 0) == low, "min");
	CHECK(stp_stat_figure(stat, STP_STAT_MAX, 0) == high, "max");
	CHECK(stp_stat_figure(stat, STP_STAT_AVG, 0) == sum / count, "average");
	variance = stp_stat_figure(stat, STP_STAT_VARIANCE, SHIFT);
	CHECK(count < 2 || (variance > spread / (count - 1) * 0.99 - 2 && variance < spread / (count - 1) * 1.01 + 2),
	      "variance %f, not %f", variance, spread / (count - 1));
}

int main(void)
{
	static int64_t values[1000];
	struct stp_stat whole = {}, parts[PARTS] = {}, merged = {};
	int count, i;

	for (count = 1; count <= 1000; count++) {
		values[count - 1] = (int64_t)(shim_random() % 2001) - 700;
		stp_stat_add_variance(&whole, values[count - 1], ALL, SHIFT);
		stp_stat_add_variance(&parts[shim_random() % PARTS], values[count - 1], ALL, SHIFT);
		check(&whole, values, count);
	}
	for (i = 0; i < PARTS; i++)
		stp_stat_merge(&merged, &parts[i]);
	check(&merged, values, 1000);
	check_needs();
	return 0;
}
