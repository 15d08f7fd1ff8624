/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hashes of array keys. Each array has its own seed, so that nobody can choose keys that meet in one chain.
 */
#ifndef STAP_PURE_HASH_H
#define STAP_PURE_HASH_H

/* An odd number with no pattern: 2^64 divided by the golden ratio. */
#define STP_HASH_FACTOR 0x9e3779b97f4a7c15ULL

/* ctx: any; locks: none */
static inline uint64_t stp_hash_long(uint64_t hash, int64_t key)
{
	hash = (hash ^ (uint64_t)key) * STP_HASH_FACTOR;
	return hash ^ (hash >> 32);
}

/* Gives the length as well. ctx: any; locks: none */
static inline uint64_t stp_hash_string(uint64_t hash, const char *key, size_t *length)
{
	const char *at;

	for (at = key; *at; at++)
		hash = (hash ^ (unsigned char)*at) * STP_HASH_FACTOR;
	*length = at - key;
	return hash ^ (hash >> 32);
}

#endif
