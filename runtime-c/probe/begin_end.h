/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe begin, end and error.  The unit has declared stap_begin_probes[], sorted by type and priority.
 */
#ifndef STAP_PROBE_BEGIN_END_H
#define STAP_PROBE_BEGIN_END_H

/* ctx: task; locks: none */
static void enter_be_probe(struct stap_begin_probe *sbp, enum stap_session_state state, enum stp_probe_type type)
{
	struct stp_hit hit;
	struct context *c = stp_probe_enter(&hit, sbp->probe, state, type, NULL);

	if (!c)
		return;
	sbp->probe->ph(c);
	stp_probe_leave(&hit, sbp->probe, c);
}

/* Runs all of one type; each looks at the state again, for the one before may have ended the session. */
static void stap_be_run(enum stap_begin_type which, enum stap_session_state state, enum stp_probe_type type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stap_begin_probes); i++) {
		if (stap_begin_probes[i].type == which)
			enter_be_probe(&stap_begin_probes[i], state, type);
	}
}

/* ctx: task; locks: none */
static inline void stap_begin_run(void)
{
	stap_be_run(STAP_BEGIN, STAP_SESSION_STARTING, stp_probe_type_begin);
}

/* ctx: task; locks: none */
static inline void stap_end_run(void)
{
	stap_be_run(STAP_END, STAP_SESSION_STOPPING, stp_probe_type_end);
}

/* ctx: task; locks: none */
static inline void stap_error_run(void)
{
	stap_be_run(STAP_ERROR, STAP_SESSION_ERROR, stp_probe_type_error);
}

#endif
