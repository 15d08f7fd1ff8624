// SPDX-License-Identifier: GPL-2.0-or-later
/* Random operations on maps against a plain list, and sorting against qsort. */
#define MAXSTRINGLEN 32
#include "host_shim.h"
#include "../pure/hash.h"
#include "../pure/string.h"
#include "../pure/sort.h"

#define MAP_NAME map_ls_l
#define MAP_KEYS(L, S) L(0) S(1)
#define MAP_VALUE_LONG
#include "../pure/map_tmpl.h"

#define MAP_NAME map_s_s
#define MAP_KEYS(L, S) S(0)
#define MAP_VALUE_STRING
#include "../pure/map_tmpl.h"

#define LIMIT 37

struct row {
	int64_t number;
	char text[MAXSTRINGLEN];
	int64_t value;
};

/* The model: rows in the order in which they came. */
static struct row rows[LIMIT];
static unsigned int row_count;

static int model_find(const struct map_ls_l_key *key)
{
	unsigned int i;

	for (i = 0; i < row_count; i++) {
		if (rows[i].number == key->k0 && !strcmp(rows[i].text, key->k1))
			return i;
	}
	return -1;
}

static void model_remove(unsigned int at)
{
	row_count--;
	memmove(&rows[at], &rows[at + 1], (row_count - at) * sizeof(rows[0]));
}

static bool model_store(const struct map_ls_l_key *key, int64_t value, bool wrap)
{
	int at = model_find(key);

	if (at < 0) {
		if (row_count == LIMIT && !wrap)
			return false;
		if (row_count == LIMIT)
			model_remove(0);
		at = row_count++;
		rows[at].number = key->k0;
		strcpy(rows[at].text, key->k1);
	}
	rows[at].value = value;
	return true;
}

static void check_same(const struct map_ls_l *map)
{
	unsigned int i = 0;
	uint32_t at;

	CHECK(map->count == row_count, "%u rows, not %u", map->count, row_count);
	for (at = map->oldest; at; at = map->nodes[at].newer, i++) {
		const struct map_ls_l_node *node = &map->nodes[at];

		CHECK(i < row_count && node->k0 == rows[i].number && !strcmp(node->k1, rows[i].text) &&
		      node->value == rows[i].value, "row %u differs", i);
	}
	CHECK(i == row_count, "the list has %u rows, not %u", i, row_count);
}

static void random_step(struct map_ls_l *map, bool wrap)
{
	char text[8];
	struct map_ls_l_key key = { .k0 = shim_random() % 9, .k1 = text };
	int64_t value = shim_random();
	struct map_ls_l_node *node;
	int at;

	snprintf(text, sizeof(text), "k%u", (unsigned int)(shim_random() % 9));
	switch (shim_random() % 40) {
	case 0 ... 19:
		node = map_ls_l_obtain(map, &key);
		CHECK(!node == !model_store(&key, value, wrap), "overflow differs");
		if (node)
			node->value = value;
		break;
	case 20 ... 29:
		map_ls_l_remove(map, &key);
		at = model_find(&key);
		if (at >= 0)
			model_remove(at);
		break;
	case 30 ... 38:
		node = map_ls_l_find(map, &key);
		at = model_find(&key);
		CHECK(!node == (at < 0) && (!node || node->value == rows[at].value), "lookup differs");
		break;
	default:
		if (shim_random() % 50 == 0) {
			map_ls_l_clear(map);
			row_count = 0;
		}
	}
}

static void test_against_model(bool wrap)
{
	struct map_ls_l *map = map_ls_l_new(LIMIT, wrap, 0);
	int round;

	CHECK(map, "no memory");
	row_count = 0;
	for (round = 0; round < 60000; round++) {
		random_step(map, wrap);
		if (round % 16 == 0)
			check_same(map);
	}
	check_same(map);
	map_ls_l_free(map);
}

static void fill_strings(struct map_s_s *map, unsigned int count)
{
	struct map_s_s_key key;
	char text[MAXSTRINGLEN];

	while (map->count < count) {
		snprintf(text, sizeof(text), "prefix-%04u-%u", (unsigned int)(shim_random() % 5000),
			 (unsigned int)(shim_random() % 10));
		key.k0 = text;
		snprintf(map_s_s_obtain(map, &key)->value, MAXSTRINGLEN, "%c", (int)('a' + shim_random() % 26));
	}
}

static void check_order(struct map_s_s *map, uint32_t site, int column, bool falling)
{
	const struct stp_sort_item *items = map_s_s_sort(map, site, column, falling);
	uint32_t i;

	for (i = 1; i < map->count; i++) {
		const struct map_s_s_node *one = &map->nodes[items[i - 1].node], *two = &map->nodes[items[i].node];
		int order = column < 0 ? strcmp(one->value, two->value) : strcmp(one->k0, two->k0);

		CHECK(falling ? order >= 0 : order <= 0, "'%s' before '%s'", one->k0, two->k0);
		CHECK(order || items[i - 1].node < items[i].node, "equal values changed places");
	}
}

static void test_sort(void)
{
	static const unsigned int counts[] = { 0, 1, 2, 3, 64, 65, 1000 };
	unsigned int i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct map_s_s *map = map_s_s_new(1000, false, 2);

		CHECK(map, "no memory");
		fill_strings(map, counts[i]);
		check_order(map, 0, 0, false);
		check_order(map, 1, 0, true);
		check_order(map, 0, -1, false);
		check_order(map, 1, -1, true);
		map_s_s_free(map);
	}
}

static void test_sort_longs(void)
{
	struct map_ls_l *map = map_ls_l_new(500, true, 1);
	struct map_ls_l_key key = { .k1 = "" };
	const struct stp_sort_item *items;
	uint32_t i;

	for (i = 0; i < 800; i++) {
		key.k0 = (int64_t)shim_random();
		map_ls_l_obtain(map, &key)->value = (int64_t)(shim_random() % 11) - 5;
	}
	items = map_ls_l_sort(map, 0, -1, true);
	for (i = 1; i < map->count; i++)
		CHECK(map->nodes[items[i - 1].node].value >= map->nodes[items[i].node].value, "values rise");
	items = map_ls_l_sort(map, 0, 0, false);
	for (i = 1; i < map->count; i++)
		CHECK(map->nodes[items[i - 1].node].k0 <= map->nodes[items[i].node].k0, "keys fall");
	map_ls_l_free(map);
}

int main(void)
{
	test_against_model(false);
	test_against_model(true);
	test_sort();
	test_sort_longs();
	return 0;
}
