// SPDX-License-Identifier: GPL-2.0
/*
 * TCP Fast Open: RFC 7413. Data in the SYN, for peers that have been here.
 *
 * The cookie is a keyed hash over both addresses, so that a server needs no
 * memory of whom it gave one to, and a client that forges its address has
 * none. It proves what a handshake proves, that packets to this address reach
 * who sent this one, and so the server may act on the data at once.
 *
 * Client: the first SYN carries cookie and data, and whatever goes wrong - a
 * SYN-ACK that acknowledges the SYN alone, a timeout - leads to the handshake
 * as it always was, and the data is sent again behind it.
 *
 * Server: a SYN with a good cookie becomes a connection in SYN-RECEIVED whose
 * data is delivered, and which may send before its SYN is acknowledged.
 */
#include "core.h"

/*
 * RFC 7413 4.2.1 wants data and options in one packet. All the room there is
 * for options is left free: devices on the way may add some.
 */
#define OPTIONS_MAX	(XTCP_HDR_MAX - XTCP_HDR_LEN)

static u64 get_le64(const u8 *p)
{
	u64 v = 0;
	u32 i;

	for (i = 8; i--;)
		v = v << 8 | p[i];
	return v;
}

static bool is_v4(const u32 *addr)
{
	const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, mapped, sizeof(mapped));
}

/**
 * xtcp_cookie_make - the cookie of a client
 * @keys: of the server
 * @i: which of them
 * @flow: as the server sees it; ports do not count
 * @cookie: filled in
 *
 * RFC 7413 4.1.2. SipHash-2-4 of the client's address and ours, as in the
 * kernel's TCP: servers that share a key take each other's cookies, whichever
 * TCP they have (RFC 7413 4.1.2, "server farms").
 */
void xtcp_cookie_make(const struct xtcp_fo_keys *keys, u32 i,
		      const struct xtcp_flow *flow, struct xtcp_cookie *cookie)
{
	const siphash_key_t key = { { keys->key[i][0], keys->key[i][1] } };
	u8 from[32];
	u64 hash;

	if (is_v4(flow->daddr) && is_v4(flow->saddr)) {
		memcpy(from, &flow->daddr[3], 4);
		memcpy(from + 4, &flow->saddr[3], 4);
		hash = siphash_1u64(get_le64(from), &key);
	} else {
		memcpy(from, flow->daddr, 16);
		memcpy(from + 16, flow->saddr, 16);
		hash = siphash_4u64(get_le64(from), get_le64(from + 8),
				    get_le64(from + 16), get_le64(from + 24), &key);
	}
	memset(cookie, 0, sizeof(*cookie));
	cookie->len = XTCP_COOKIE_LEN;
	for (i = 0; i < XTCP_COOKIE_LEN; i++, hash >>= 8)
		cookie->val[i] = (u8)hash;
}

/* In a time that does not tell how much of it is right. */
static bool same_cookie(const struct xtcp_cookie *cookie, const struct xtcp_seg *seg)
{
	u8 diff = 0;
	u32 i;

	if (seg->cookie_len != cookie->len)
		return false;
	for (i = 0; i < cookie->len; i++)
		diff |= seg->cookie[i] ^ cookie->val[i];
	return !diff;
}

/**
 * xtcp_fastopen_syn - a SYN for a listener that does Fast Open
 * @keys: of the listener
 * @bare: data is taken from anybody
 * @flow: whose it is, seen from this end
 * @seg: the SYN
 * @give: the cookie to answer with; of length 0 for none
 *
 * RFC 7413 4.2.2. A good cookie without data is good, too: the server may
 * speak first. Who asks for a cookie gets one, also where none is needed. The
 * answer comes in the kind of option that was used to ask.
 *
 * Return: what it is worth.
 */
enum xtcp_fo_syn xtcp_fastopen_syn(const struct xtcp_fo_keys *keys, bool bare,
				   const struct xtcp_flow *flow,
				   const struct xtcp_seg *seg,
				   struct xtcp_cookie *give)
{
	bool option = seg->opts & XTCP_OPT_FASTOPEN;
	struct xtcp_cookie old;

	memset(give, 0, sizeof(*give));
	if (!option)
		return bare && seg->len ? XTCP_FOSYN_GOOD : XTCP_FOSYN_PLAIN;
	xtcp_cookie_make(keys, 0, flow, give);
	give->exp = seg->cookie_exp;
	if (!seg->cookie_len)
		return bare ? XTCP_FOSYN_GOOD : XTCP_FOSYN_ASKED;
	if (same_cookie(give, seg)) {
		give->len = 0;
		return XTCP_FOSYN_GOOD;
	}
	if (keys->n > 1) {
		xtcp_cookie_make(keys, 1, flow, &old);
		if (same_cookie(&old, seg))
			return XTCP_FOSYN_OLD;
	}
	return bare ? XTCP_FOSYN_GOOD : XTCP_FOSYN_BAD;
}

/**
 * xtcp_cookie_plan - add the option to a SYN-ACK
 * @plan: SYN-ACK, complete; hdr_len grows
 * @cookie: which the plan refers to; of length 0: nothing is added
 *
 * The option of AccECN gives way where not all have room: it may be left out
 * of any packet (RFC 9768 3.2.3.3), and the cookie comes but once.
 */
void xtcp_cookie_plan(struct xtcp_plan *plan, const struct xtcp_cookie *cookie)
{
	if (!cookie->len)
		return;
	plan->opts |= XTCP_OPT_FASTOPEN;
	plan->cookie = cookie;
	if (xtcp_hdr_len(plan) > XTCP_HDR_MAX)
		plan->opts &= ~XTCP_OPT_ACCECN;
	plan->hdr_len = xtcp_hdr_len(plan);
}

/**
 * xtcp_fastopen_accept - make a connection of a SYN
 * @tcb: initialised, in CLOSED
 * @req: half-open connection of that SYN, whose SYN-ACK was not sent
 * @open: as given to xtcp_request_init()
 * @seg: the SYN; its payload is to be delivered
 * @give: cookie for the SYN-ACK, of length 0 for none
 * @now: ns
 *
 * RFC 7413 4.2.2: the connection is in SYN-RECEIVED; it sends its SYN-ACK
 * itself, and may be read and written from now on.
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_fastopen_accept(struct xtcp_tcb *tcb, const struct xtcp_request *req,
			 const struct xtcp_open *open, struct xtcp_seg *seg,
			 const struct xtcp_cookie *give, u64 now)
{
	u32 acts = XTCP_ACT_STATE | XTCP_ACT_OUTPUT;
	u32 len = min_t(u32, seg->len, req->rcv_wnd);

	xtcp_accept_init(tcb, req, open, now);
	tcb->fo = XTCP_FO_CHILD;
	if (give->len) {
		tcb->cookie = *give;
		tcb->fo |= XTCP_FO_GIVEN;
	}
	tcb->ecn_syn = req->ecn_syn;
	/* The window of a SYN is not scaled (RFC 7323, 2.2). */
	tcb->snd_wnd = seg->wnd;
	tcb->max_snd_wnd = seg->wnd;
	tcb->snd_wl1 = seg->seq;
	tcb->snd_wl2 = tcb->iss;
	tcb->cwnd = xtcp_cc_initial_cwnd(tcb);
	tcb->segs_in = seg->nsegs;
	if (!len)
		return acts;
	tcb->data_segs_in = seg->nsegs;
	tcb->last_data_rx_at = now;
	tcb->bytes_received = len;
	tcb->fo |= XTCP_FO_ACKED;
	seg->from = seg->seq + 1;
	seg->to = seg->from + len;
	tcb->rcv_nxt = seg->to;
	tcb->rcv_wnd -= len;
	return acts | XTCP_ACT_DELIVER;
}

/*
 * xtcp_fastopen_again - a SYN for a connection made of one
 *
 * The same one: our SYN-ACK was lost, or is on its way (as in xtcp_request_rx()).
 *
 * Return: whether it was the same, and the SYN-ACK goes out again.
 */
bool xtcp_fastopen_again(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	if (tcb->state != XTCP_SYN_RECEIVED || !xtcp_fo_child(tcb) ||
	    (seg->flags & (XTCP_SYN | XTCP_ACK | XTCP_RST)) != XTCP_SYN ||
	    seg->seq != tcb->irs)
		return false;
	if (tcb->opts & seg->opts & XTCP_OPT_TS)
		tcb->ts_recent = seg->tsval;
	if (tcb->map_head && !(tcb->map_head->marks & XTCP_SENT_LOST))
		xtcp_map_lost(tcb, tcb->map_head);
	return true;
}

/* xtcp_fastopen_connect - what the SYN of an active open is to carry */
void xtcp_fastopen_connect(struct xtcp_tcb *tcb, const struct xtcp_fo_client *fo, bool v6)
{
	u32 mss = fo->mss ? fo->mss : xtcp_default_mss(v6);

	tcb->cookie = fo->cookie;
	tcb->fo = fo->bare ? XTCP_FO_MAY : XTCP_FO_ASK;
	if (fo->cookie.len)
		tcb->fo |= XTCP_FO_MAY;
	if (fo->wait)
		tcb->fo |= XTCP_FO_WAIT;
	if (!(tcb->fo & XTCP_FO_MAY)) {
		tcb->fo_fail = XTCP_FO_FAIL_COOKIE;
		return;
	}
	mss = min_t(u32, mss, tcb->path_mss);
	if (tcb->user_mss)
		mss = min_t(u32, mss, tcb->user_mss);
	tcb->fo_room = (u16)(mss > OPTIONS_MAX ? mss - OPTIONS_MAX : 0);
}

/**
 * xtcp_fastopen_go - the application's first bytes, for the SYN
 * @tcb: connection in SYN-SENT whose SYN was not sent: no XTCP_ACT_OUTPUT of
 *	xtcp_connect() has been served
 * @bytes: how many, 0 for a SYN without; more than fo_room go behind it
 * @now: ns
 *
 * Return: XTCP_ACT_* bits.
 */
u32 xtcp_fastopen_go(struct xtcp_tcb *tcb, u32 bytes, u64 now)
{
	tcb->fo &= ~XTCP_FO_WAIT;
	return xtcp_wrote(tcb, bytes, 0, now);
}

/*
 * xtcp_fastopen_plan - option and data of a SYN, or the option of a SYN-ACK
 *
 * Once: what is repeated is without, since nobody knows which of all this it
 * was that the path did not let through (RFC 7413 4.1.3.1).
 */
void xtcp_fastopen_plan(const struct xtcp_tcb *tcb, struct xtcp_plan *plan)
{
	if (tcb->snd_nxt != tcb->iss)
		return;
	if (tcb->state == XTCP_SYN_RECEIVED) {
		if (tcb->fo & XTCP_FO_GIVEN && tcb->flags & XTCP_F_PASSIVE)
			xtcp_cookie_plan(plan, &tcb->cookie);
		return;
	}
	if (tcb->fo & XTCP_FO_ASK) {
		plan->opts |= XTCP_OPT_FASTOPEN;
		plan->cookie = &tcb->cookie;
	}
	if (tcb->fo & XTCP_FO_MAY) {
		plan->data = tcb->iss + 1;
		plan->len = min_t(u32, tcb->snd_end - plan->data, tcb->fo_room);
		plan->mss = max_t(u16, plan->mss, (u16)plan->len);
	}
}

/* xtcp_fastopen_sent - the first SYN has left, with data or without */
void xtcp_fastopen_sent(struct xtcp_tcb *tcb, const struct xtcp_plan *plan)
{
	if (plan->len)
		tcb->fo |= XTCP_FO_DATA;
}

/*
 * xtcp_fastopen_synack - what became of it; SND.UNA is still ISS
 *
 * RFC 7413 4.1.3.1: a SYN-ACK that comes after a timeout, gives no cookie and
 * takes no data was perhaps caused by the repeated SYN, the first with its data
 * having been dropped. An unasked cookie is not ours.
 */
void xtcp_fastopen_synack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	bool given = tcb->fo & XTCP_FO_ASK && seg->opts & XTCP_OPT_FASTOPEN &&
		     seg->cookie_len;

	tcb->fo &= ~XTCP_FO_WAIT;
	if (given) {
		tcb->fo |= XTCP_FO_GIVEN;
		tcb->cookie.len = seg->cookie_len;
		tcb->cookie.exp = seg->cookie_exp;
		memcpy(tcb->cookie.val, seg->cookie, seg->cookie_len);
	}
	if (!(tcb->fo & XTCP_FO_DATA))
		return;
	if (seg->ack == tcb->snd_nxt) {
		tcb->fo |= XTCP_FO_ACKED;
		return;
	}
	tcb->fo_fail = tcb->retries ? XTCP_FO_FAIL_SYN : XTCP_FO_FAIL_DATA;
	if (tcb->retries && !given)
		tcb->fo |= XTCP_FO_LOST;
}
