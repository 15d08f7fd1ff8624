/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics: what `<<<` gathers. Scalars are kept per CPU and merged when they are read; elements of arrays stand in
 * their node, under the array's lock.
 */
#ifndef STAP_PURE_STAT_H
#define STAP_PURE_STAT_H

struct stp_stat {
	int64_t count;
	int64_t sum;
	int64_t min;
	int64_t max;
	int64_t mean;		/* shifted left, see stp_stat_add_variance() */
	int64_t spread;		/* sum of squared distances from the mean, shifted left twice as far */
};

enum stp_stat_figure { STP_STAT_COUNT, STP_STAT_SUM, STP_STAT_MIN, STP_STAT_MAX, STP_STAT_AVG, STP_STAT_VARIANCE };

/* What some operator of the script asks for beside the count: a constant, so the rest costs nothing. */
enum stp_stat_needs { STP_STAT_NEEDS_SUM = 1, STP_STAT_NEEDS_MIN = 2, STP_STAT_NEEDS_MAX = 4 };

/* ctx: any; locks: the statistic's, or none when this CPU's own */
static __always_inline void stp_stat_add(struct stp_stat *stat, int64_t value, unsigned int needs)
{
	bool first = !stat->count++;

	if ((needs & STP_STAT_NEEDS_MIN) && (first || value < stat->min))
		stat->min = value;
	if ((needs & STP_STAT_NEEDS_MAX) && (first || value > stat->max))
		stat->max = value;
	if (needs & STP_STAT_NEEDS_SUM)
		stat->sum += value;
}

/* Welford's method on integers; `shift` bits keep the fractions. ctx: any; locks: as stp_stat_add() */
static __always_inline void stp_stat_add_variance(struct stp_stat *stat, int64_t value, unsigned int needs,
						  unsigned int shift)
{
	int64_t shifted = (int64_t)((uint64_t)value << shift), delta;

	stp_stat_add(stat, value, needs);
	delta = shifted - stat->mean;
	stat->mean += stp_div(delta, stat->count);
	stat->spread += delta * (shifted - stat->mean);
}

/* Adds what another CPU gathered. ctx: any; locks: the statistic's */
static inline void stp_stat_merge(struct stp_stat *into, const struct stp_stat *from)
{
	int64_t delta = from->mean - into->mean;
	int64_t count = into->count + from->count;

	if (!from->count)
		return;
	if (!into->count) {
		*into = *from;
		return;
	}
	into->spread += from->spread + stp_div(delta * delta * into->count, count) * from->count;
	into->mean += stp_div(delta * from->count, count);
	into->count = count;
	into->sum += from->sum;
	into->min = from->min < into->min ? from->min : into->min;
	into->max = from->max > into->max ? from->max : into->max;
}

/* A figure; those of an empty statistic read 0 here, generated code has refused them. ctx: any; locks: as the reader */
static inline int64_t stp_stat_figure(const struct stp_stat *stat, enum stp_stat_figure figure, unsigned int shift)
{
	switch (figure) {
	case STP_STAT_COUNT:
		return stat->count;
	case STP_STAT_SUM:
		return stat->sum;
	case STP_STAT_MIN:
		return stat->min;
	case STP_STAT_MAX:
		return stat->max;
	case STP_STAT_AVG:
		return stat->count ? stp_div(stat->sum, stat->count) : 0;
	default:
		return stat->count > 1 ? stp_div(stat->spread, stat->count - 1) >> (2 * shift) : 0;
	}
}

#endif
