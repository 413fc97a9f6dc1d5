// SPDX-License-Identifier: GPL-2.0
/*
 * Prints a path: actions, segments and states.
 */
#include <stdarg.h>
#include <stdio.h>

#include "explore.h"

static const char *const state_name[] = {
	[XTCP_ESTABLISHED]	= "ESTABLISHED",
	[XTCP_SYN_SENT]		= "SYN-SENT",
	[XTCP_SYN_RECEIVED]	= "SYN-RECEIVED",
	[XTCP_FIN_WAIT_1]	= "FIN-WAIT-1",
	[XTCP_FIN_WAIT_2]	= "FIN-WAIT-2",
	[XTCP_TIME_WAIT]	= "TIME-WAIT",
	[XTCP_CLOSED]		= "CLOSED",
	[XTCP_CLOSE_WAIT]	= "CLOSE-WAIT",
	[XTCP_LAST_ACK]		= "LAST-ACK",
	[XTCP_LISTEN]		= "LISTEN",
	[XTCP_CLOSING]		= "CLOSING",
};

static const char *const mode_name[] = {
	[XTCP_HOST_LISTEN]	= "LISTEN",
	[XTCP_HOST_HALF_OPEN]	= "half-open",
	[XTCP_HOST_TIME_WAIT]	= "TIME-WAIT record",
	[XTCP_HOST_CLOSED]	= "gone",
};

void trace(const char *fmt, ...)
{
	va_list ap;

	printf("#   %10.6f ", (double)(W->now - 1000 * SEC) / SEC);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

/* Print @f for end @to, with sequence numbers relative to the ISS of each end. */
void trace_seg(u32 to, const char *what, const struct flight *f)
{
	static const char letters[] = "FSRPAUECN";
	const struct xtcp_seg *seg = &f->seg;
	char flags[10], *p = flags;
	u32 i;

	if (!run.trace)
		return;
	for (i = 0; letters[i]; i++)
		if (seg->flags & 1 << i)
			*p++ = letters[i];
	*p = 0;
	printf("#   %10.6f %u %s %s %d+%u", (double)(W->now - 1000 * SEC) / SEC,
	       what[0] == '-' ? !to : to, what, flags,
	       (s32)(seg->seq - W->end[!to].iss), seg->len);
	if (seg->flags & XTCP_ACK)
		printf(" ack %d", (s32)(seg->ack - W->end[to].iss));
	printf(" wnd %u", seg->wnd);
	if (seg->ecn)
		printf(" ecn %u", seg->ecn);
	if (seg->opts & XTCP_OPT_TS)
		printf(" ts %u/%u", seg->tsval - W->end[!to].ts_off,
		       seg->tsecr ? seg->tsecr - W->end[to].ts_off : 0);
	for (i = 0; i < seg->nsack; i++)
		printf(" sack %d-%d", (s32)(seg->sack[i].start - W->end[to].iss),
		       (s32)(seg->sack[i].end - W->end[to].iss));
	printf("\n");
}

void trace_end(const struct end *e)
{
	const struct xtcp_tcb *t = &e->tcb;
	u32 i;

	if (e->host.mode != XTCP_HOST_CONN) {
		printf("# end %u: %s, error %u; read %u of %u\n", e->id,
		       e->down ? "vanished" : mode_name[e->host.mode], e->err, e->rd, e->rcvd);
		return;
	}
	printf("# end %u: %s flags 0x%x cong %u; written %u acked %u received %u read %u\n",
	       e->id, state_name[t->state], t->flags, t->cong, e->wr, e->acked,
	       e->rcvd, e->rd);
	printf("#   snd una %u nxt %u end %u wnd %u cwnd %u ssthresh %u lost %u\n",
	       t->snd_una - t->iss, t->snd_nxt - t->iss, t->snd_end - t->iss,
	       t->snd_wnd, t->cwnd, t->ssthresh, t->lost_out);
	printf("#   rcv nxt %u wup %u wnd %u space %u held %u; retries %u backoff %u ack_pending %u\n",
	       t->rcv_nxt - t->irs, t->rcv_wup - t->irs, t->rcv_wnd, t->rcv_space,
	       t->ooo_bytes, t->retries, t->backoff, t->ack_pending);
	for (i = 0; i < XTCP_DL_MAX; i++)
		if (t->dl_armed & BIT(i))
			printf("#   deadline %u in %.3f ms\n", i,
			       (double)(s64)(t->dl[i] - end_now(e)) / MSEC);
}

static int walk(const char *path)
{
	struct action a;
	char name[16];

	while (*path) {
		path = action_parse(path, &a);
		if (!path) {
			printf("# no such action\n");
			return 2;
		}
		action_name(a, name, sizeof(name));
		printf("# %s\n", name);
		act(a);
	}
	trace_end(&W->end[0]);
	trace_end(&W->end[1]);
	printf("# from here nothing goes wrong\n");
	finish_walk();
	printf("# both ends are done\n");
	return 0;
}

/*
 * Run a path of @cfg from the first state, then the fair continuation (finish.c).
 * Return: exit status, 0 if no check fails.
 */
int replay(const struct world_cfg *cfg, u32 level, const char *path)
{
	volatile int rc = 1;
	u32 i;

	run.trace = true;
	if (!sigsetjmp(run.failed, 0)) {
		world_init(cfg, level);
		rc = walk(path);
	} else {
		printf("#   %s\n", run.why);
		for (i = 0; i < 2; i++)
			trace_end(&W->end[i]);
	}
	run.trace = false;
	return rc;
}
