/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stable merge sort of array elements, for foreach. No recursion, no allocation.
 *
 * An item carries a rank, so that most comparisons touch neither keys nor values: for a long the rank decides, for a
 * string it holds the first eight bytes and equal ranks compare the rest.
 */
#ifndef STAP_PURE_SORT_H
#define STAP_PURE_SORT_H

struct stp_sort_item {
	uint64_t rank;
	uint32_t node;
};

/* Whether `second` must stand before `first`, which came earlier. */
typedef bool (*stp_sort_before)(const void *map, int column, bool falling, const struct stp_sort_item *second,
				const struct stp_sort_item *first);

/* ctx: any; locks: none */
static inline uint64_t stp_sort_rank_long(int64_t value, bool falling)
{
	uint64_t rank = (uint64_t)value ^ (1ULL << 63);

	return falling ? ~rank : rank;
}

/* ctx: any; locks: none */
static inline uint64_t stp_sort_rank_string(const char *value, bool falling)
{
	uint64_t rank = 0;
	int i;

	for (i = 0; i < 8 && value[i]; i++)
		rank |= (uint64_t)(unsigned char)value[i] << (56 - 8 * i);
	return falling ? ~rank : rank;
}

/* Merges from[low..mid) and from[mid..high) into to[low..high). ctx: any; locks: the map's, for writing */
static __always_inline void stp_sort_merge(const struct stp_sort_item *from, struct stp_sort_item *to, uint32_t low,
					   uint32_t mid, uint32_t high, stp_sort_before before, const void *map,
					   int column, bool falling)
{
	uint32_t left = low, right = mid, out;

	for (out = low; out < high; out++) {
		if (right >= high)
			to[out] = from[left++];
		else if (left >= mid || before(map, column, falling, &from[right], &from[left]))
			to[out] = from[right++];
		else
			to[out] = from[left++];
	}
}

/* Sorts `count` items; `scratch` has room for as many. ctx: any; locks: the map's, for writing */
static __always_inline void stp_sort(struct stp_sort_item *items, struct stp_sort_item *scratch, uint32_t count,
				     stp_sort_before before, const void *map, int column, bool falling)
{
	struct stp_sort_item *from = items, *to = scratch, *swap;
	uint32_t width, low;

	for (width = 1; width < count; width *= 2) {
		for (low = 0; low < count; low += 2 * width)
			stp_sort_merge(from, to, low, min(low + width, count), min(low + 2 * width, count), before,
				       map, column, falling);
		swap = from;
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(*items));
}

#endif
