// SPDX-License-Identifier: GPL-2.0
/*
 * The application's calls and options: RFC 9293 3.9.1, RFC 5681 4.1. How
 * TCP_CORK, TCP_NODELAY and urgent data affect output is in scripts/output.txt and
 * scripts/small.txt.
 */
#include "core.h"
#include "harness.h"

/* A connection with nothing in flight. */
static void quiet(struct xtcp_tcb *tcb, const struct xtcp_params *par)
{
	xtcp_tcb_init(tcb, par);
	tcb->state = XTCP_ESTABLISHED;
	tcb->snd_end = tcb->snd_una = tcb->snd_nxt = 1;
	tcb->snd_wnd = tcb->max_snd_wnd = 65535;
	tcb->mss = tcb->rcv_mss = 1000;
	tcb->rcv_nxt = tcb->rcv_read = 50000;
	tcb->gso_max = 65535;
}

#define ROW(name, val, f, want) { XTCP_SET_##name, val, offsetof(struct xtcp_tcb, f), \
				  sizeof(((struct xtcp_tcb *)0)->f), want }

/* An option changes its own fields and no others. */
UNIT(app_options_are_apart)
{
	static const struct {
		enum xtcp_opt opt;
		u32 val;
		size_t off;
		size_t size;
		u32 want;
	} rows[] = {
		ROW(NODELAY, 1, flags, XTCP_F_NODELAY),
		ROW(CORK, 1, flags, XTCP_F_CORK),
		ROW(QUICKACK, 0, flags, XTCP_F_PINGPONG),
		ROW(QUICKACK, 1, flags, XTCP_F_QUICKACK),
		ROW(KEEPIDLE, 5000, keep_idle_ms, 5000),
		ROW(KEEPINTVL, 5000, keep_intvl_ms, 5000),
		ROW(KEEPCNT, 5, keep_probes, 5),
		ROW(SYNCNT, 5, syn_retries, 5),
		ROW(USER_TIMEOUT, 5000, user_timeout_ms, 5000),
		ROW(LINGER2, 5000, linger2_ms, 5000),
		ROW(MAXSEG, 30000, user_mss, 30000),
		ROW(GSO_MAX, 5000, gso_max, 5000),
		ROW(PATH_MSS, 1000, path_mss, 1000),
	};
	struct xtcp_tcb tcb, want;
	struct xtcp_params par;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		quiet(&tcb, &par);
		/* No option changes what follows from the MSS. */
		tcb.peer_mss = tcb.mss = tcb.cwnd = 1000;
		tcb.path_mss = 2000;
		if (rows[i].opt == XTCP_SET_QUICKACK && rows[i].val)
			tcb.flags = XTCP_F_PINGPONG;
		want = tcb;
		memcpy((char *)&want + rows[i].off, &rows[i].want, rows[i].size);
		CHECK_EQ(xtcp_set(&tcb, rows[i].opt, rows[i].val, 1), 0);
		if (memcmp(&tcb, &want, sizeof(tcb)))
			unit_fail(__FILE__, __LINE__, "row %u changed something else", i);
	}
}

/* Keepalive sets a deadline; clearing TCP_CORK ends MSG_MORE. */
UNIT(app_options_flags)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	quiet(&tcb, &par);
	xtcp_set(&tcb, XTCP_SET_KEEPALIVE, 1, 1);
	CHECK_EQ(tcb.flags, XTCP_F_KEEPALIVE);
	CHECK_EQ(tcb.dl_armed, 1U << XTCP_DL_KEEP);
	tcb.flags = XTCP_F_MORE;
	xtcp_set(&tcb, XTCP_SET_CORK, 1, 1);
	CHECK_EQ(tcb.flags, XTCP_F_CORK | XTCP_F_MORE);
	xtcp_set(&tcb, XTCP_SET_CORK, 0, 1);
	CHECK_EQ(tcb.flags, 0);
}

/* When a read sends a window update or an ACK: MUST-39, SHLD-19. */
UNIT(app_read_and_the_window)
{
	static const struct {
		const char *what;
		u32 left;	/* bytes of window the peer still has */
		u32 space;	/* bytes free in the receive buffer */
		u32 unacked;	/* bytes received since the last ACK */
		u8 pending;
		bool told;
		u8 wscale;
	} rows[] = {
		{ "half was left", 1000, 2000, 0, 0, true },
		{ "more than half was left", 1001, 2001, 0, 0, false },
		{ "less than a segment would be gained", 999, 1998, 0, 0, true },
		{ "a window of nothing stays one", 0, 0, 0, 0, false },
		{ "from nothing", 0, 5000, 0, 0, true },
		{ "rounded up to twice as much", 64, 40, 0, 0, true, 7 },
		{ "rounded up to less", 65, 40, 0, 0, false, 7 },
		{ "more than a segment waits for its ACK", 60000, 60000, 1001,
		  XTCP_ACKP_DELAYED, true },
		{ "a segment waits", 60000, 60000, 1000, XTCP_ACKP_DELAYED, false },
		{ "nothing waits", 60000, 60000, 5000, 0, false },
		{ "due already", 60000, 60000, 0, XTCP_ACKP_NOW, true },
	};
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		quiet(&tcb, &par);
		tcb.rcv_wup = tcb.rcv_nxt - rows[i].unacked;
		tcb.rcv_wnd = rows[i].left + rows[i].unacked;
		tcb.ack_pending = rows[i].pending;
		tcb.rcv_wscale = rows[i].wscale;
		CHECK_ROW(rows[i].what, xtcp_read(&tcb, 0, rows[i].space, 1),
			  rows[i].told ? XTCP_ACT_OUTPUT : 0);
	}
}

static u32 restarts;

static void note_event(struct xtcp_tcb *tcb, enum xtcp_cc_event ev, u64 now)
{
	restarts += ev == XTCP_CC_RESTART;
}

/* The congestion control is told about an idle time, regardless of the knob. */
UNIT(app_idle_is_an_event)
{
	struct xtcp_cc spy = xtcp_cc_reno;
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	spy.event = note_event;
	xtcp_params_init(&par);
	par.idle_restart = false;
	quiet(&tcb, &par);
	xtcp_cc_set(&tcb, &spy, 1);
	tcb.rto_us = 200000;
	tcb.last_data_tx_at = XTCP_NSEC_PER_SEC;
	restarts = 0;
	xtcp_wrote(&tcb, 10, 0, XTCP_NSEC_PER_SEC + 200 * XTCP_NSEC_PER_MSEC);
	CHECK_EQ(restarts, 0);
	xtcp_wrote(&tcb, 10, 0, XTCP_NSEC_PER_SEC + 200 * XTCP_NSEC_PER_MSEC + 1);
	CHECK_EQ(restarts, 1);
}
