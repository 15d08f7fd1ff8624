// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regular expressions against the C library's, on random subjects. The harness (tests/tests/pure_runtime.rs) has the
 * translator make dfa_tables.h: patterns[], plain[] and tagged[].
 */
#define MAXSTRINGLEN 24
#include <regex.h>
#include "host_shim.h"
#include "dfa_sizes.h"
#include "../pure/string.h"
#include "../pure/dfa.h"
#include "dfa_tables.h"

#define COUNT (sizeof(patterns) / sizeof(patterns[0]))
#define ROUNDS 3000

/* Bytes that the patterns tell apart. */
static void random_subject(char *subject)
{
	static const char bytes[] = "aaabbbcx01=_ .\n\xff]";
	size_t length = shim_random() % MAXSTRINGLEN, i;

	for (i = 0; i < length; i++)
		subject[i] = bytes[shim_random() % (sizeof(bytes) - 1)];
	subject[length] = '\0';
}

static void check_groups(const char *pattern, const char *subject, const regmatch_t *whole, struct stp_match *match)
{
	char text[MAXSTRINGLEN];
	unsigned int i;

	CHECK(match->at[0] == whole->rm_so && match->at[1] == whole->rm_eo, "%s on '%s': %d to %d, not %d to %d",
	      pattern, subject, match->at[0], match->at[1], whole->rm_so, whole->rm_eo);
	CHECK(!strcmp(match->subject, subject), "%s lost its subject", pattern);
	for (i = 0; i < match->tags / 2; i++) {
		int begin = match->at[2 * i], end = match->at[2 * i + 1];

		CHECK((begin < 0) == (end < 0) && begin <= end, "%s on '%s': group %u", pattern, subject, i);
		CHECK(begin < 0 || (begin >= match->at[0] && end <= match->at[1]), "%s: group %u", pattern, i);
		CHECK(stp_match_group(match, i, text), "%s: no group %u", pattern, i);
		CHECK(begin < 0 ? !*text : !strncmp(text, subject + begin, end - begin), "%s: '%s'", pattern, text);
		CHECK(strlen(text) == (size_t)(end - begin), "%s: group %u is '%s'", pattern, i, text);
	}
	CHECK(!stp_match_group(match, i, text) && !stp_match_group(match, -1, text), "%s: a group too many", pattern);
}

static void check(size_t number, const regex_t *regex, const char *subject, struct stp_match *match)
{
	const char *pattern = patterns[number];
	regmatch_t whole;
	bool wanted = !regexec(regex, subject, 1, &whole, 0);

	CHECK(stp_dfa_matches(plain[number], subject) == wanted, "%s on '%s'", pattern, subject);
	CHECK(stp_dfa_matches(tagged[number], subject) == wanted, "%s on '%s', tagged", pattern, subject);
	CHECK(stp_dfa_find(tagged[number], subject, match) == wanted, "%s on '%s', groups", pattern, subject);
	if (wanted)
		check_groups(pattern, subject, &whole, match);
	else
		CHECK(!match->tags, "%s on '%s' left groups", pattern, subject);
}

int main(void)
{
	/* On the heap, where the sanitizers see each byte beyond. */
	struct stp_match *match = malloc(sizeof(*match));
	char *subject = malloc(MAXSTRINGLEN);
	size_t number, round;

	for (number = 0; number < COUNT; number++) {
		regex_t regex;

		CHECK(!regcomp(&regex, patterns[number], REG_EXTENDED), "%s", patterns[number]);
		for (round = 0; round < ROUNDS; round++) {
			random_subject(subject);
			check(number, &regex, subject, match);
		}
		regfree(&regex);
	}
	free(subject);
	free(match);
	return 0;
}
