// SPDX-License-Identifier: GPL-2.0
/*
 * Checks that there is no dead end: from every state the connection ends, with the
 * right result, if nothing more goes wrong. In this fair continuation segments arrive
 * in order, applications act when they can, and timers fire when nothing else is left.
 * It is run from each new state until it reaches one that is known to end.
 */
#include "explore.h"

/* Steps of a fair continuation: a transfer, then 30 timeouts if the peer is gone. */
#define STEPS_MAX	1000

static struct set known;	/* states known to end, with the time it takes, ms */

void finish_init(void)
{
	set_free(&known);
}

/* The next action of the fair continuation; ACT_NONE: none is left. */
struct action finish_next(void)
{
	u64 arrival, due = world_deadline(&arrival);
	u8 i;

	for (i = 0; i < 2; i++) {
		if (app_can_read(&W->end[i]))
			return (struct action){ ACT_READ, i };
		if (app_ready(&W->end[i]))
			return (struct action){ ACT_APP, i };
	}
	if (arrival != XTCP_NEVER && arrival <= due) {
		const struct flight *a = W->to[0].flight, *b = W->to[1].flight;

		i = !W->to[0].n || (W->to[1].n && b->sent_at <= a->sent_at);
		return (struct action){ ACT_DELIVER, i };
	}
	for (i = 0; i < 2; i++)
		if (due != XTCP_NEVER && end_deadline(&W->end[i]) == due)
			return (struct action){ ACT_TIMER, i };
	/* The peer has crashed: the application aborts. */
	for (i = 0; i < 2; i++)
		if (W->rough && W->end[i].host.mode == XTCP_HOST_CONN && !W->end[i].closed &&
		    W->end[!i].host.mode != XTCP_HOST_CONN)
			return (struct action){ ACT_ABORT, i };
	return (struct action){ ACT_NONE };
}

static bool ended(const struct end *e)
{
	return end_over(e) || (e->host.mode == XTCP_HOST_LISTEN && W->rough) ||
	       (e->host.mode == XTCP_HOST_CONN && e->tcb.state == XTCP_TIME_WAIT);
}

/*
 * If all ACKs of a FIN are lost until the peer's TIME-WAIT ends, the answer to it is
 * RST. That is correct, provided that each end has received all data.
 */
static bool peer_was_done(const struct end *e)
{
	return e->err == XTCP_ERR_RESET && e->eof && end_peer(e)->eof;
}

static void judge(const struct end *e)
{
	if (W->rough)
		return;
	if (e->err && !peer_was_done(e))
		fail("end %u: ends with error %u", e->id, e->err);
	if (e->rcvd != end_peer(e)->total)
		fail("end %u: ends with %u of %u bytes", e->id, e->rcvd,
		     end_peer(e)->total);
	if (!e->eof && !e->closed)
		fail("end %u: never saw the end of the stream", e->id);
}

/* Have both ends ended? If so, check the result. */
bool finish_end(void)
{
	u32 i;

	if (W->to[0].n || W->to[1].n || !ended(&W->end[0]) || !ended(&W->end[1]))
		return false;
	for (i = 0; i < 2; i++)
		judge(&W->end[i]);
	return true;
}

static bool step(void)
{
	struct action a;

	if (finish_end())
		return false;
	a = finish_next();
	if (!a.kind)
		fail("dead end: nothing is left to happen (states %u %u)",
		     W->end[0].tcb.state, W->end[1].tcb.state);
	act(a);
	return true;
}

/*
 * Run the fair continuation of the current state, whose core hash is @core; changes the
 * current state. Return: ms until the end.
 */
u32 finish_check(u64 core)
{
	struct {
		u64 core;
		u64 at;
	} path[STEPS_MAX];
	u32 n = 0, i, ms;

	while ((ms = set_get(&known, core)) == NO_NODE) {
		if (n == STEPS_MAX)
			fail("no end after %u steps of a fair world", n);
		path[n].core = core;
		path[n++].at = W->now;
		if (!step()) {
			ms = 0;
			break;
		}
		core = canon().core;
	}
	for (i = 0; i < n; i++)
		set_add(&known, path[i].core, ms + (u32)((W->now - path[i].at) / MSEC));
	return n ? ms + (u32)((W->now - path[0].at) / MSEC) : ms;
}

/* Run the fair continuation to its end, for the trace. */
void finish_walk(void)
{
	u32 n = 0;

	while (step())
		if (++n == STEPS_MAX)
			fail("no end after %u steps of a fair world", n);
}
