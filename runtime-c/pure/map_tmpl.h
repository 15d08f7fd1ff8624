/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An array of the script, specialised by the types of its keys and value. Included once for each signature; the
 * includer defines
 *	MAP_NAME		the name of the type, as map_ls_l
 *	MAP_KEYS(L, S)		L(i) for a long key, S(i) for a string key, in order, i from 0
 *	MAP_VALUE_LONG		or MAP_VALUE_STRING, MAP_VALUE_STAT: what stands under a key
 *	MAP_BUCKETS		of a statistic with a histogram: how many it has
 * All of them are undefined at the end of this file.
 *
 * All memory is allocated when the module starts. Nodes are numbered from 1; number 0 ends each list. Nodes keep the
 * order in which they came. A walk that meets a removed node goes wrong but never leaves the map's own memory.
 */
#define MAP__(name, part) name ## _ ## part
#define MAP_(name, part) MAP__(name, part)
#define MAP(part) MAP_(MAP_NAME, part)

#define MAP_FIELD_L(i) int64_t k ## i;
#define MAP_FIELD_S(i) char k ## i[MAXSTRINGLEN];
#define MAP_REF_L(i) int64_t k ## i;
#define MAP_REF_S(i) const char *k ## i; size_t length ## i;

/* A key to look for: strings by reference; their lengths are filled in by hashing. */
struct MAP(key) {
	MAP_KEYS(MAP_REF_L, MAP_REF_S)
};

struct MAP(node) {
	uint32_t chain;		/* next in its bucket */
	uint32_t older;
	uint32_t newer;		/* also links the free nodes */
	uint32_t hash;
#ifdef MAP_VALUE_LONG
	int64_t value;
#elif defined(MAP_VALUE_STAT)
	struct stp_stat value;
#ifdef MAP_BUCKETS
	int64_t hist[MAP_BUCKETS];
#endif
#else
	char value[MAXSTRINGLEN];
#endif
	MAP_KEYS(MAP_FIELD_L, MAP_FIELD_S)
};

struct MAP_NAME {
	uint32_t count;
	uint32_t limit;
	uint32_t fresh;		/* nodes that were in use since the last clear */
	uint32_t free;
	uint32_t oldest;
	uint32_t newest;
	uint32_t mask;		/* buckets - 1 */
	bool wrap;
	uint64_t seed;
	uint32_t *buckets;
	struct MAP(node) *nodes;
	uint32_t sites;
	struct stp_sort_item *orders;	/* `sites` times `limit`, and as many again as scratch */
};

/* ctx: task; locks: none */
static inline void MAP(free)(struct MAP_NAME *map)
{
	if (!map)
		return;
	stp_map_free(map->orders);
	stp_map_free(map->nodes);
	stp_map_free(map->buckets);
	stp_map_free(map);
}

/*
 * A map of `limit` elements whose orders are asked for by `sites` foreach statements; NULL when memory is short.
 * ctx: task; locks: none
 */
static inline struct MAP_NAME *MAP(new)(uint32_t limit, bool wrap, uint32_t sites)
{
	struct MAP_NAME *map = stp_map_alloc(1, sizeof(*map));
	uint32_t buckets = 1;

	if (!map)
		return NULL;
	while (buckets < limit && buckets < (1U << 30))
		buckets *= 2;
	map->limit = limit;
	map->mask = buckets - 1;
	map->wrap = wrap;
	map->sites = sites;
	map->seed = stp_map_seed();
	map->buckets = stp_map_alloc(buckets, sizeof(*map->buckets));
	map->nodes = stp_map_alloc((size_t)limit + 1, sizeof(*map->nodes));
	if (sites)
		map->orders = stp_map_alloc(((size_t)sites + 1) * limit, sizeof(*map->orders));
	if (!map->buckets || !map->nodes || (sites && !map->orders)) {
		MAP(free)(map);
		return NULL;
	}
	return map;
}

#define MAP_HASH_L(i) hash = stp_hash_long(hash, key->k ## i);
#define MAP_HASH_S(i) hash = stp_hash_string(hash, key->k ## i, &key->length ## i);

/* Comes before all that compares the key. ctx: any; locks: none */
static inline uint32_t MAP(hash)(const struct MAP_NAME *map, struct MAP(key) *key)
{
	uint64_t hash = map->seed;

	MAP_KEYS(MAP_HASH_L, MAP_HASH_S)
	return (uint32_t)hash;
}

#define MAP_SAME_L(i) && node->k ## i == key->k ## i
/* The NUL is compared too. memcmp() takes eight bytes at a time, strcmp() one. */
#define MAP_SAME_S(i) && memcmp(node->k ## i, key->k ## i, min(key->length ## i + 1, (size_t)MAXSTRINGLEN)) == 0

/* The node's number, or 0. A chain holds no more than the map. ctx: any; locks: the map's */
static inline uint32_t MAP(lookup)(const struct MAP_NAME *map, const struct MAP(key) *key, uint32_t hash)
{
	uint32_t at;

	for (at = map->buckets[hash & map->mask]; at; at = map->nodes[at].chain) {
		const struct MAP(node) *node = &map->nodes[at];

		if (node->hash == hash MAP_KEYS(MAP_SAME_L, MAP_SAME_S))
			return at;
	}
	return 0;
}

/* The element under a key, or NULL. ctx: any; locks: the map's */
static inline struct MAP(node) *MAP(find)(const struct MAP_NAME *map, struct MAP(key) *key)
{
	uint32_t at = MAP(lookup)(map, key, MAP(hash)(map, key));

	return at ? &map->nodes[at] : NULL;
}

/* Takes a node out of all lists and gives it back. ctx: any; locks: the map's, for writing */
static inline void MAP(unlink)(struct MAP_NAME *map, uint32_t at)
{
	struct MAP(node) *node = &map->nodes[at];
	uint32_t *link = &map->buckets[node->hash & map->mask];

	while (*link && *link != at)
		link = &map->nodes[*link].chain;
	if (!*link)
		return;
	*link = node->chain;
	if (node->older)
		map->nodes[node->older].newer = node->newer;
	else
		map->oldest = node->newer;
	if (node->newer)
		map->nodes[node->newer].older = node->older;
	else
		map->newest = node->older;
	node->newer = map->free;
	map->free = at;
	map->count--;
}

/* A node that is in no list, or 0. A map that wraps gives up its oldest. ctx: any; locks: the map's, for writing */
static inline uint32_t MAP(take)(struct MAP_NAME *map)
{
	uint32_t at;

	if (map->count >= map->limit) {
		if (!map->wrap || !map->oldest)
			return 0;
		MAP(unlink)(map, map->oldest);
	}
	at = map->free;
	if (!at)
		return ++map->fresh;
	map->free = map->nodes[at].newer;
	return at;
}

#define MAP_STORE_L(i) node->k ## i = key->k ## i;
#define MAP_STORE_S(i) stp_string_copy(node->k ## i, key->k ## i);

/* Adds an element, 0 or empty; NULL when the map is full. ctx: any; locks: the map's, for writing */
static noinline struct MAP(node) *MAP(add)(struct MAP_NAME *map, const struct MAP(key) *key, uint32_t hash)
{
	uint32_t at = MAP(take)(map);
	struct MAP(node) *node;

	if (!at)
		return NULL;
	node = &map->nodes[at];
	MAP_KEYS(MAP_STORE_L, MAP_STORE_S)
#ifdef MAP_VALUE_LONG
	node->value = 0;
#elif defined(MAP_VALUE_STAT)
	memset(&node->value, 0, sizeof(node->value));
#ifdef MAP_BUCKETS
	memset(node->hist, 0, sizeof(node->hist));
#endif
#else
	node->value[0] = '\0';
#endif
	node->hash = hash;
	node->chain = map->buckets[hash & map->mask];
	map->buckets[hash & map->mask] = at;
	node->newer = 0;
	node->older = map->newest;
	if (map->newest)
		map->nodes[map->newest].newer = at;
	else
		map->oldest = at;
	map->newest = at;
	map->count++;
	return node;
}

/* The element under a key, added when it is not there; NULL when full. ctx: any; locks: the map's, for writing */
static inline struct MAP(node) *MAP(obtain)(struct MAP_NAME *map, struct MAP(key) *key)
{
	uint32_t hash = MAP(hash)(map, key);
	uint32_t at = MAP(lookup)(map, key, hash);

	return likely(at) ? &map->nodes[at] : MAP(add)(map, key, hash);
}

/* ctx: any; locks: the map's, for writing */
static inline void MAP(remove)(struct MAP_NAME *map, struct MAP(key) *key)
{
	uint32_t at = MAP(lookup)(map, key, MAP(hash)(map, key));

	if (at)
		MAP(unlink)(map, at);
}

/* ctx: any; locks: the map's, for writing */
static inline void MAP(clear)(struct MAP_NAME *map)
{
	memset(map->buckets, 0, ((size_t)map->mask + 1) * sizeof(*map->buckets));
	map->count = 0;
	map->fresh = 0;
	map->free = 0;
	map->oldest = 0;
	map->newest = 0;
}

#define MAP_RANK_L(i) case i: return stp_sort_rank_long(node->k ## i, falling);
#define MAP_RANK_S(i) case i: return stp_sort_rank_string(node->k ## i, falling);

/*
 * Columns are the key parts, -1 for the value and, of a statistic, -2 - figure.
 * ctx: any; locks: the map's
 */
static inline uint64_t MAP(rank)(const struct MAP_NAME *map, uint32_t at, int column, bool falling)
{
	const struct MAP(node) *node = &map->nodes[at];

	switch (column) {
	MAP_KEYS(MAP_RANK_L, MAP_RANK_S)
	}
#ifdef MAP_VALUE_LONG
	return stp_sort_rank_long(node->value, falling);
#elif defined(MAP_VALUE_STAT)
	if (column == -1)
		return stp_sort_rank_long(node->value.count, falling);
	return stp_sort_rank_long(stp_stat_figure(&node->value, -2 - column, 0), falling);
#else
	return stp_sort_rank_string(node->value, falling);
#endif
}

#define MAP_REST_L(i) case i: return 0;
#define MAP_REST_S(i) case i: return strcmp(one->k ## i, two->k ## i);

/* Compares what the ranks leave open. ctx: any; locks: the map's */
static inline int MAP(compare)(const struct MAP_NAME *map, uint32_t first, uint32_t second, int column)
{
	const struct MAP(node) *one __maybe_unused = &map->nodes[first];
	const struct MAP(node) *two __maybe_unused = &map->nodes[second];

	switch (column) {
	MAP_KEYS(MAP_REST_L, MAP_REST_S)
	}
#ifndef MAP_VALUE_STRING
	return 0;
#else
	return strcmp(one->value, two->value);
#endif
}

/* ctx: any; locks: the map's */
static inline bool MAP(before)(const void *map, int column, bool falling, const struct stp_sort_item *second,
			       const struct stp_sort_item *first)
{
	int order;

	if (second->rank != first->rank)
		return second->rank < first->rank;
	order = MAP(compare)(map, second->node, first->node, column);
	return falling ? order > 0 : order < 0;
}

/* Sorts for one foreach statement; the result stands until it sorts again. ctx: any; locks: the map's, for writing */
static noinline __maybe_unused const struct stp_sort_item *MAP(sort)(struct MAP_NAME *map, uint32_t site, int column,
								     bool falling)
{
	struct stp_sort_item *items = map->orders + (size_t)site * map->limit;
	struct stp_sort_item *scratch = map->orders + (size_t)map->sites * map->limit;
	uint32_t count = 0, at;

	for (at = map->oldest; at && count < map->limit; at = map->nodes[at].newer) {
		items[count].rank = MAP(rank)(map, at, column, falling);
		items[count].node = at;
		count++;
	}
	stp_sort(items, scratch, count, MAP(before), map, column, falling);
	return items;
}

#undef MAP_FIELD_L
#undef MAP_FIELD_S
#undef MAP_REF_L
#undef MAP_REF_S
#undef MAP_HASH_L
#undef MAP_HASH_S
#undef MAP_SAME_L
#undef MAP_SAME_S
#undef MAP_STORE_L
#undef MAP_STORE_S
#undef MAP_RANK_L
#undef MAP_RANK_S
#undef MAP_REST_L
#undef MAP_REST_S
#undef MAP
#undef MAP_
#undef MAP__
#undef MAP_NAME
#undef MAP_KEYS
#undef MAP_BUCKETS
#undef MAP_VALUE_LONG
#undef MAP_VALUE_STAT
#undef MAP_VALUE_STRING
