/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matching of regular expressions, compiled to tables by the translator (translator/src/regex): one step a byte of
 * the subject, which has at most MAXSTRINGLEN - 1 of them.
 *
 * A unit whose script asks for groups defines STP_MATCH_TAGS and STP_MATCH_REGISTERS, the most that any of its
 * patterns needs; its patterns then have the tables of `tags`. Needs MAXSTRINGLEN and string.h.
 */
#ifndef STAP_PURE_DFA_H
#define STAP_PURE_DFA_H

/* The state that no match leaves, and the one before the first byte. */
#define STP_DFA_DEAD 0
#define STP_DFA_START 1

/* stp_dfa.accepts: a match ends in the state, whatever follows, or if the subject ends. */
#define STP_DFA_NOW 1
#define STP_DFA_AT_END 2

/* Numbers that stand for no register: no position, the position just reached; the end of a list of moves. */
#define STP_DFA_UNSET 255
#define STP_DFA_HERE 254
#define STP_DFA_STOP 253

/* regs[to] = regs[from] */
struct stp_dfa_move {
	uint8_t to;
	uint8_t from;
};

struct stp_dfa_tags {
	const struct stp_dfa_move *moves;	/* lists, each with STP_DFA_STOP at its end */
	const uint16_t *on;		/* for each transition, where its list begins */
	uint16_t start;			/* the list on the way to STP_DFA_START */
	uint16_t count;			/* begin and end of each group */
	const uint8_t *finish;		/* rows of `count` registers */
	const uint16_t *now;		/* for each state with STP_DFA_NOW, its row */
	const uint16_t *at_end;		/* for each state with STP_DFA_AT_END, its row */
};

struct stp_dfa {
	const uint8_t *classes;		/* of each byte */
	const uint16_t *next;		/* a row of `width` for each state */
	const uint8_t *accepts;		/* of each state */
	unsigned int width;
	struct stp_dfa_tags tags;
};

/* Whether there is a match; it stops at the first byte that decides.  ctx: any; locks: none */
static noinline __maybe_unused bool stp_dfa_matches(const struct stp_dfa *dfa, const char *subject)
{
	unsigned int state = STP_DFA_START, at;

	for (at = 0; at < MAXSTRINGLEN; at++) {
		if (dfa->accepts[state] & STP_DFA_NOW)
			return true;
		if (state == STP_DFA_DEAD)
			return false;
		if (!subject[at])
			break;
		state = dfa->next[state * dfa->width + dfa->classes[(uint8_t)subject[at]]];
	}
	return dfa->accepts[state] & STP_DFA_AT_END;
}

#ifdef STP_MATCH_TAGS
/* The latest match of a handler, for matched() and its like. */
struct stp_match {
	unsigned int tags;		/* begin and end of each group; 0: the latest match failed, or there was none */
	int at[STP_MATCH_TAGS];		/* positions in `subject`, -1 for a group that took no part */
	int registers[STP_MATCH_REGISTERS];
	char subject[MAXSTRINGLEN];
};

/* Puts the positions of a match where @match keeps them.  ctx: any, @match is the caller's alone; locks: none */
static inline void stp_dfa_finish(const struct stp_dfa_tags *tags, unsigned int row, int here, struct stp_match *match)
{
	const uint8_t *finish = tags->finish + row * tags->count;
	unsigned int i;

	for (i = 0; i < tags->count; i++) {
		switch (finish[i]) {
		case STP_DFA_UNSET:
			match->at[i] = -1;
			break;
		case STP_DFA_HERE:
			match->at[i] = here;
			break;
		default:
			match->at[i] = match->registers[finish[i]];
		}
	}
	match->tags = tags->count;
}

/*
 * Whether there is a match; where its groups are goes to @match, with a copy of the subject, for the script may change
 * its own before it asks.  A failed match leaves no groups.
 * ctx: any, @match is the caller's alone; locks: none
 */
static noinline __maybe_unused bool stp_dfa_find(const struct stp_dfa *dfa, const char *subject,
						 struct stp_match *match)
{
	const struct stp_dfa_tags *tags = &dfa->tags;
	unsigned int state = STP_DFA_START, list = tags->start, edge;
	const struct stp_dfa_move *move;
	int at;

	match->tags = 0;
	for (at = 0; at < MAXSTRINGLEN && state != STP_DFA_DEAD; at++) {
		for (move = tags->moves + list; move->to != STP_DFA_STOP; move++)
			match->registers[move->to] =
				move->from == STP_DFA_HERE ? at : match->registers[move->from];
		if (!subject[at]) {
			if (dfa->accepts[state] & STP_DFA_AT_END)
				stp_dfa_finish(tags, tags->at_end[state], at, match);
			break;
		}
		if (dfa->accepts[state] & STP_DFA_NOW)
			stp_dfa_finish(tags, tags->now[state], at, match);
		edge = state * dfa->width + dfa->classes[(uint8_t)subject[at]];
		state = dfa->next[edge];
		list = tags->on[edge];
	}
	if (!match->tags)
		return false;
	stp_string_copy(match->subject, subject);
	return true;
}

/*
 * Copies group @n of the latest match, "" if it took no part.  False: there is no such group.
 * ctx: any, @match is the caller's alone; locks: none
 */
static noinline __maybe_unused bool stp_match_group(const struct stp_match *match, int64_t n, char *to)
{
	int begin, length = 0;

	*to = '\0';
	if (n < 0 || n >= match->tags / 2)
		return false;
	begin = match->at[2 * n];
	if (begin >= 0) {
		length = match->at[2 * n + 1] - begin;
		memcpy(to, match->subject + begin, length);
	}
	to[length] = '\0';
	return true;
}
#endif

#endif
