// SPDX-License-Identifier: GPL-2.0
/*
 * Proportional rate reduction: RFC 9937. MSS 1000.
 */
#include "core.h"
#include "harness.h"

/* A recovery with 20 segments in flight and ssthresh 10; each row is an ACK. */
struct prr_step {
	u32 delivered;	/* segments that this ACK newly delivers */
	u32 lost;	/* newly lost */
	bool una;	/* the ACK advances SND.UNA */
	u32 sent;	/* segments sent before it */
	u32 flight;	/* segments in flight after it */
	u32 room;	/* bytes that may be sent then */
};

static void walk(const char *name, const struct prr_step *tab, u32 n)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	u32 i;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.mss = 1000;
	tcb.ssthresh = 10000;
	xtcp_prr_start(&tcb, 20000);
	for (i = 0; i < n; i++) {
		struct xtcp_ack a = {
			.delivered = tab[i].delivered * 1000,
			.lost = tab[i].lost * 1000,
			.una = tab[i].una,
		};

		tcb.prr_out += tab[i].sent * 1000;
		tcb.snd_nxt = tcb.snd_una + tab[i].flight * 1000;
		xtcp_prr_ack(&tcb, &a);
		if (tcb.cwnd != tab[i].flight * 1000 + tab[i].room)
			unit_fail(__FILE__, __LINE__, "%s, ACK %u: cwnd %u, want %u", name,
				  i + 1, tcb.cwnd, tab[i].flight * 1000 + tab[i].room);
	}
}

/* Above ssthresh: one segment for two delivered, the first at once. */
UNIT(prr_proportional)
{
	static const struct prr_step tab[] = {
		{ 1, 1, false, 0, 18, 1000 }, { 1, 0, false, 1, 18, 0 }, { 1, 0, false, 0, 17, 500 },
		{ 1, 0, false, 0, 16, 1000 }, { 2, 0, false, 1, 15, 1000 }, { 3, 0, false, 1, 13, 1500 },
	};

	walk("proportional", tab, ARRAY_SIZE(tab));
}

/* Heavy loss without progress of SND.UNA: one segment for each delivered. */
UNIT(prr_conservative)
{
	static const struct prr_step tab[] = {
		{ 1, 15, false, 0, 4, 1000 }, { 1, 0, false, 1, 4, 1000 }, { 2, 0, false, 1, 3, 2000 },
	};

	walk("conservative", tab, ARRAY_SIZE(tab));
}

/* Regardless of what was sent before, delivered bytes are replaced (RFC 9937, 6.2). */
UNIT(prr_replaces_what_arrives)
{
	static const struct prr_step tab[] = {
		{ 1, 15, true, 0, 4, 1000 }, { 1, 0, true, 1, 4, 2000 }, { 1, 0, true, 2, 5, 2000 },
		{ 1, 2, true, 2, 4, 1000 }, { 2, 0, false, 1, 4, 2000 }, { 0, 1, false, 2, 4, 0 },
	};

	walk("replacing", tab, ARRAY_SIZE(tab));
}

/*
 * The window after one ACK in a recovery that began with 1000 bytes in flight: the ACK
 * delivers @delivered bytes, @out were sent since, @flight are in flight.
 */
static u32 window_after(u32 ssthresh, u32 delivered, u32 out, u32 flight)
{
	struct xtcp_ack a = { .delivered = delivered };
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.mss = 1000;
	tcb.ssthresh = ssthresh;
	xtcp_prr_start(&tcb, 1000);
	tcb.prr_out = out;
	tcb.snd_nxt = tcb.snd_una + flight;
	xtcp_prr_ack(&tcb, &a);
	return tcb.cwnd;
}

/* The window never exceeds XTCP_CWND_MAX. */
UNIT(prr_largest_window)
{
	CHECK_EQ(window_after(XTCP_CWND_MAX / 2, 1000, 0, XTCP_CWND_MAX - 1), XTCP_CWND_MAX);
}

/* With progress and no new loss, one segment more than delivered: slow start. */
UNIT(prr_catches_up)
{
	static const struct prr_step tab[] = {
		{ 1, 15, false, 0, 4, 1000 }, { 1, 0, true, 1, 4, 2000 }, { 2, 0, true, 2, 4, 3000 },
		{ 3, 0, true, 3, 4, 4000 }, { 4, 0, true, 4, 4, 5000 }, { 1, 1, true, 5, 7, 1000 },
	};

	walk("catching up", tab, ARRAY_SIZE(tab));
}

/* Never beyond ssthresh. */
UNIT(prr_bound)
{
	static const struct prr_step tab[] = {
		{ 11, 0, true, 0, 9, 1000 }, { 1, 0, true, 1, 9, 1000 }, { 1, 0, true, 1, 10, 0 },
	};

	walk("bound", tab, ARRAY_SIZE(tab));
}

/* Nothing in flight counts as one byte, to avoid a division by 0. */
UNIT(prr_from_nothing)
{
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_prr_start(&tcb, 0);
	CHECK_EQ(tcb.recover_fs, 1);
}

/* The proportion is rounded up, even for the smallest remainder. */
UNIT(prr_rounds_up)
{
	CHECK_EQ(window_after(1001, 1, 1, 5000), 5001);
}
