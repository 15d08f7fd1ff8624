/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Histograms: which bucket a value counts in, and what of the buckets is worth a row in the picture.
 *
 * @hist_log has 128 buckets. Bucket 64 counts zeros, bucket 65 + n what lies from 2^n up to the next power, and
 * bucket 63 - n the same below zero. @hist_linear has bucket 0 for what is too small, then one for each step, then
 * one for what is too large.
 */
#ifndef STAP_PURE_STAT_HIST_H
#define STAP_PURE_STAT_HIST_H

#define STP_HIST_LOG_BUCKETS 128
#define STP_HIST_LOG_ZERO 64

struct stp_hist {
	uint32_t buckets;
	int64_t low;
	int64_t high;
	int64_t step;		/* 0: @hist_log */
};

/* What the picture shows of the buckets. */
struct stp_hist_shape {
	uint32_t first;
	uint32_t last;
	int64_t most;		/* in one bucket */
};

/* ctx: any; locks: none */
static inline uint32_t stp_hist_log_bucket(int64_t value)
{
	if (value > 0)
		return STP_HIST_LOG_BUCKETS - __builtin_clzll(value);
	return value ? __builtin_clzll(0 - (uint64_t)value) : STP_HIST_LOG_ZERO;
}

/* `step` is not 0: the translator has seen to it. ctx: any; locks: none */
static __always_inline uint32_t stp_hist_linear_bucket(int64_t value, int64_t low, int64_t high, int64_t step)
{
	if (value < low)
		return 0;
	if (value > high)
		return ((uint64_t)high - (uint64_t)low) / step + 2;
	return ((uint64_t)value - (uint64_t)low) / step + 1;
}

/* The smallest value, by size, that a bucket counts; the limits where it has none. ctx: any; locks: none */
static inline int64_t stp_hist_label(const struct stp_hist *hist, uint32_t bucket)
{
	if (!hist->step) {
		if (bucket == STP_HIST_LOG_ZERO)
			return 0;
		if (bucket > STP_HIST_LOG_ZERO)
			return 1LL << (bucket - STP_HIST_LOG_ZERO - 1);
		return (int64_t)(0 - (1ULL << (STP_HIST_LOG_ZERO - 1 - bucket)));
	}
	if (bucket == 0)
		return hist->low;
	if (bucket == hist->buckets - 1)
		return hist->high;
	return hist->low + (int64_t)(bucket - 1) * hist->step;
}

/*
 * Empty buckets at either end are shown up to `margin` of them, all when it is negative. Those for what is out of
 * range, and those below zero, are left out while they are empty.
 * ctx: any; locks: the statistic's
 */
static inline struct stp_hist_shape stp_hist_shape(const struct stp_hist *hist, const int64_t *counts, int margin)
{
	struct stp_hist_shape shape = { .first = hist->buckets };
	uint32_t lowest = hist->step ? 1 : STP_HIST_LOG_ZERO, highest = hist->buckets - (hist->step ? 2 : 1), i;

	for (i = 0; i < hist->buckets; i++) {
		if (!counts[i])
			continue;
		if (shape.first > i)
			shape.first = i;
		shape.last = i;
		if (counts[i] > shape.most)
			shape.most = counts[i];
	}
	if (shape.first < lowest)
		lowest = 0;
	if (shape.last > highest)
		highest = shape.last;
	if (margin < 0 || shape.first < lowest + margin)
		shape.first = lowest;
	else
		shape.first -= margin;
	if (margin < 0 || shape.last + margin > highest)
		shape.last = highest;
	else
		shape.last += margin;
	return shape;
}

#endif
