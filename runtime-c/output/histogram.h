/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture of a histogram:
 *
 *	value |-------------------------------------------------- count
 *	    0 |@@@@@@@                                             7
 *
 * A run of empty buckets longer than twice HIST_ELISION is cut to so many at its start and end, and a `~`.
 */
#ifndef STAP_OUTPUT_HISTOGRAM_H
#define STAP_OUTPUT_HISTOGRAM_H

#include "sink.h"

/* A limit's sign and a number. */
#define STP_HIST_LABEL_MAX (STP_DECIMAL_MAX + 1)

struct stp_hist_columns {
	int label;
	int count;
	int64_t scale;		/* of a bar's `@` */
};

/* The text before the bar; gives its length. ctx: handler; locks: none */
static inline size_t stp_hist_label_text(const struct stp_hist *hist, uint32_t bucket, char *text)
{
	char *at = text;

	if (hist->step && bucket == 0)
		*at++ = '<';
	else if (hist->step && bucket == hist->buckets - 1)
		*at++ = '>';
	return stp_decimal_signed(at, stp_hist_label(hist, bucket)) - text;
}

/* ctx: handler; locks: the statistic's */
static inline struct stp_hist_columns stp_hist_measure(const struct stp_hist *hist, const struct stp_hist_shape *shape)
{
	struct stp_hist_columns columns = { .label = sizeof("value") - 1, .scale = 1 };
	char text[STP_HIST_LABEL_MAX];
	uint32_t i;

	for (i = shape->first; i <= shape->last; i++) {
		int length = stp_hist_label_text(hist, i, text);

		if (length > columns.label)
			columns.label = length;
	}
	columns.count = stp_decimal(text, shape->most) - text;
	if (shape->most > HIST_WIDTH)
		columns.scale = (shape->most - 1) / HIST_WIDTH + 1;
	return columns;
}

/* ctx: handler; locks: the statistic's */
static inline struct stp_sink stp_put_hist_row(struct stp_sink sink, const struct stp_hist *hist,
					       const struct stp_hist_columns *columns, uint32_t bucket, int64_t count)
{
	char text[STP_HIST_LABEL_MAX];
	size_t length = stp_hist_label_text(hist, bucket, text);
	int64_t bar = count / columns->scale;

	sink = stp_put_fill(sink, ' ', columns->label - (int64_t)length);
	sink = stp_put_long(sink, text, length);
	stp_put_literal(&sink, " |", 2);
	sink = stp_put_fill(sink, '@', bar);
	length = stp_decimal(text, count) - text;
	sink = stp_put_fill(sink, ' ', HIST_WIDTH - bar + 1 + columns->count - (int64_t)length);
	sink = stp_put_long(sink, text, length);
	stp_put_literal(&sink, "\n", 1);
	return sink;
}

/* How many empty buckets stand together from `first` on. ctx: handler; locks: the statistic's */
static inline uint32_t stp_hist_gap(const int64_t *counts, uint32_t first, uint32_t last)
{
	uint32_t i;

	for (i = first; i <= last && !counts[i]; i++)
		;
	return i - first;
}

/* Rows from `first` up to `end`. ctx: handler; locks: the statistic's */
static inline struct stp_sink stp_put_hist_rows(struct stp_sink sink, const struct stp_hist *hist,
						const struct stp_hist_columns *columns, const int64_t *counts,
						uint32_t first, uint32_t end)
{
	for (; first < end; first++)
		sink = stp_put_hist_row(sink, hist, columns, first, counts[first]);
	return sink;
}

/* A run of empty buckets, whole or cut. ctx: handler; locks: the statistic's */
static inline struct stp_sink stp_put_hist_gap(struct stp_sink sink, const struct stp_hist *hist,
					       const struct stp_hist_columns *columns, const int64_t *counts,
					       uint32_t first, uint32_t gap)
{
	const int64_t keep = HIST_ELISION;

	if (keep < 0 || gap <= 2 * keep)
		return stp_put_hist_rows(sink, hist, columns, counts, first, first + gap);
	sink = stp_put_hist_rows(sink, hist, columns, counts, first, first + keep);
	sink = stp_put_fill(sink, ' ', columns->label + 1);
	stp_put_literal(&sink, "~\n", 2);
	return stp_put_hist_rows(sink, hist, columns, counts, first + gap - keep, first + gap);
}

/* ctx: handler; locks: the statistic's */
static noinline __maybe_unused struct stp_sink stp_put_histogram(struct stp_sink sink, const int64_t *counts,
								 struct stp_hist hist)
{
	struct stp_hist_shape shape = stp_hist_shape(&hist, counts, HIST_ELISION);
	struct stp_hist_columns columns = stp_hist_measure(&hist, &shape);
	uint32_t i, gap;

	sink = stp_put_fill(sink, ' ', columns.label - (int64_t)(sizeof("value") - 1));
	stp_put_literal(&sink, "value |", 7);
	sink = stp_put_fill(sink, '-', HIST_WIDTH);
	stp_put_literal(&sink, " count\n", 7);
	for (i = shape.first; i <= shape.last; i += gap ? gap : 1) {
		gap = stp_hist_gap(counts, i, shape.last);
		if (gap)
			sink = stp_put_hist_gap(sink, &hist, &columns, counts, i, gap);
		else
			sink = stp_put_hist_row(sink, &hist, &columns, i, counts[i]);
	}
	stp_put_literal(&sink, "\n", 1);
	return sink;
}

#endif
