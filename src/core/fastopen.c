// SPDX-License-Identifier: GPL-2.0
/*
 * TCP Fast Open: RFC 7413. Data in the SYN, for peers that have been connected
 * before.
 *
 * The cookie is a keyed hash over both addresses, so the server need not remember
 * to whom it gave one, and a client that forges its address has none. It proves
 * what a handshake proves, that packets to this address reach the sender of this
 * one; so the server may act on the data at once.
 *
 * Client: the first SYN carries cookie and data. Whatever goes wrong (a SYN-ACK
 * that acknowledges the SYN alone, a timeout) leads to the usual handshake, and
 * the data is resent after it.
 *
 * Server: a SYN with a valid cookie becomes a connection in SYN-RECEIVED whose
 * data is delivered, and which may send before its SYN is acknowledged.
 */
#include "core.h"

/*
 * RFC 7413 4.2.1: data and options have to fit into one packet. Leave room for
 * the most options possible, since devices on the path may add some.
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

/*
 * SipHash-2-4 of the client's address and ours, as in Linux: servers that share a key
 * accept each other's cookies, whichever TCP they use (RFC 7413 4.1.2, "server
 * farms").
 */
void xtcp_fastopen_make_cookie(const struct xtcp_fastopen_keys *keys, u32 i,
			       const struct xtcp_flow *flow,
			       struct xtcp_fastopen_cookie *cookie)
{
	const siphash_key_t key = { { keys->key[i][0], keys->key[i][1] } };
	u8 from[32];
	u64 hash;

	if (xtcp_flow_is_v4(flow)) {
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
	cookie->len = XTCP_FASTOPEN_COOKIE_LEN;
	for (i = 0; i < XTCP_FASTOPEN_COOKIE_LEN; i++, hash >>= 8)
		cookie->val[i] = (u8)hash;
}

/* Compare cookies in constant time. */
static bool fastopen_same_cookie(const struct xtcp_fastopen_cookie *cookie,
				 const struct xtcp_seg *seg)
{
	u8 diff = 0;
	u32 i;

	if (seg->fo_cookie_len != cookie->len)
		return false;
	for (i = 0; i < cookie->len; i++)
		diff |= seg->fo_cookie[i] ^ cookie->val[i];
	return !diff;
}

/*
 * A valid cookie without data is accepted too: the server may send first. A client
 * that asks for a cookie gets one, even if none is needed. The answer has the kind of
 * option that was used to ask.
 */
enum xtcp_fastopen_verdict xtcp_fastopen_check_syn(const struct xtcp_fastopen_keys *keys,
						   bool bare,
						   const struct xtcp_flow *flow,
						   const struct xtcp_seg *seg,
						   struct xtcp_fastopen_cookie *give)
{
	bool option = seg->opts & XTCP_OPT_FASTOPEN;
	struct xtcp_fastopen_cookie old;

	memset(give, 0, sizeof(*give));
	if (!option)
		return bare && seg->len ? XTCP_FASTOPEN_GOOD : XTCP_FASTOPEN_PLAIN;
	xtcp_fastopen_make_cookie(keys, 0, flow, give);
	give->exp = seg->fo_cookie_exp;
	if (!seg->fo_cookie_len)
		return bare ? XTCP_FASTOPEN_GOOD : XTCP_FASTOPEN_ASKED;
	if (fastopen_same_cookie(give, seg)) {
		give->len = 0;
		return XTCP_FASTOPEN_GOOD;
	}
	if (keys->n > 1) {
		xtcp_fastopen_make_cookie(keys, 1, flow, &old);
		if (fastopen_same_cookie(&old, seg))
			return XTCP_FASTOPEN_OLD;
	}
	return bare ? XTCP_FASTOPEN_GOOD : XTCP_FASTOPEN_BAD;
}

/*
 * If there is not enough room the AccECN option is left out: any packet may lack it
 * (RFC 9768 3.2.3.3), while the cookie is sent only once.
 */
void xtcp_fastopen_plan_cookie(struct xtcp_plan *plan,
			       const struct xtcp_fastopen_cookie *cookie)
{
	if (!cookie->len)
		return;
	plan->opts |= XTCP_OPT_FASTOPEN;
	plan->fo_cookie = cookie;
	if (xtcp_hdr_len(plan) > XTCP_HDR_MAX)
		plan->opts &= ~XTCP_OPT_ACCECN;
	plan->hdr_len = xtcp_hdr_len(plan);
}

u32 xtcp_fastopen_accept(struct xtcp_tcb *tcb, const struct xtcp_request *req,
			 const struct xtcp_open *open, struct xtcp_seg *seg,
			 const struct xtcp_fastopen_cookie *give, u64 now)
{
	u32 actions = XTCP_ACT_STATE | XTCP_ACT_OUTPUT;
	u32 len = min_t(u32, seg->len, req->rcv_wnd);

	xtcp_accept_init(tcb, req, open, now);
	tcb->fo = XTCP_FO_CHILD;
	if (give->len) {
		tcb->fo_cookie = *give;
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
		return actions;
	tcb->data_segs_in = seg->nsegs;
	tcb->last_data_rx_at = now;
	tcb->bytes_received = len;
	tcb->fo |= XTCP_FO_ACKED;
	seg->from = seg->seq + 1;
	seg->to = seg->from + len;
	tcb->rcv_nxt = seg->to;
	tcb->rcv_wnd -= len;
	return actions | XTCP_ACT_DELIVER;
}

/*
 * xtcp_fastopen_again - a SYN arrived for a connection made from a SYN
 *
 * If it is the same SYN, our SYN-ACK was lost or is still on its way (as in
 * xtcp_request_rx()).
 *
 * Return: whether it is the same; the SYN-ACK is then resent.
 */
bool xtcp_fastopen_again(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	if (tcb->state != XTCP_SYN_RECEIVED || !xtcp_fastopen_is_child(tcb) ||
	    (seg->flags & (XTCP_SYN | XTCP_ACK | XTCP_RST)) != XTCP_SYN ||
	    seg->seq != tcb->irs)
		return false;
	if (tcb->opts & seg->opts & XTCP_OPT_TS)
		tcb->ts_recent = seg->tsval;
	if (tcb->map_head && !(tcb->map_head->marks & XTCP_SENT_LOST))
		xtcp_map_lost(tcb, tcb->map_head);
	return true;
}

/* xtcp_fastopen_connect - choose what the SYN of an active open carries */
void xtcp_fastopen_connect(struct xtcp_tcb *tcb, const struct xtcp_fastopen_client *fo,
			   bool v6)
{
	u32 mss = fo->mss ? fo->mss : xtcp_default_mss(v6);

	tcb->fo_cookie = fo->cookie;
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

u32 xtcp_fastopen_go(struct xtcp_tcb *tcb, u32 bytes, u64 now)
{
	tcb->fo &= ~XTCP_FO_WAIT;
	return xtcp_wrote(tcb, bytes, 0, now);
}

/*
 * xtcp_fastopen_plan - add option and data to a SYN, or the option to a SYN-ACK
 *
 * First transmission only. We cannot tell which part the path dropped, so
 * retransmissions carry neither the option nor data (RFC 7413 4.1.3.1).
 */
void xtcp_fastopen_plan(const struct xtcp_tcb *tcb, struct xtcp_plan *plan)
{
	if (tcb->snd_nxt != tcb->iss)
		return;
	if (tcb->state == XTCP_SYN_RECEIVED) {
		if (tcb->fo & XTCP_FO_GIVEN && tcb->flags & XTCP_F_PASSIVE)
			xtcp_fastopen_plan_cookie(plan, &tcb->fo_cookie);
		return;
	}
	if (tcb->fo & XTCP_FO_ASK) {
		plan->opts |= XTCP_OPT_FASTOPEN;
		plan->fo_cookie = &tcb->fo_cookie;
	}
	if (tcb->fo & XTCP_FO_MAY) {
		plan->data = tcb->iss + 1;
		plan->len = min_t(u32, tcb->snd_end - plan->data, tcb->fo_room);
		plan->mss = max_t(u16, plan->mss, (u16)plan->len);
	}
}

/* xtcp_fastopen_sent - the first SYN was sent, with or without data */
void xtcp_fastopen_sent(struct xtcp_tcb *tcb, const struct xtcp_plan *plan)
{
	if (plan->len)
		tcb->fo |= XTCP_FO_DATA;
}

/*
 * xtcp_fastopen_synack - process the answer to our SYN; SND.UNA is still ISS
 *
 * RFC 7413 4.1.3.1: if a SYN-ACK comes after a timeout, brings no cookie and does
 * not acknowledge data, it may answer the repeated SYN, because the path dropped
 * the first one with its data. A cookie that was not asked for is ignored.
 */
void xtcp_fastopen_synack(struct xtcp_tcb *tcb, const struct xtcp_seg *seg)
{
	bool given = tcb->fo & XTCP_FO_ASK && seg->opts & XTCP_OPT_FASTOPEN &&
		     seg->fo_cookie_len;

	tcb->fo &= ~XTCP_FO_WAIT;
	if (given) {
		tcb->fo |= XTCP_FO_GIVEN;
		tcb->fo_cookie.len = seg->fo_cookie_len;
		tcb->fo_cookie.exp = seg->fo_cookie_exp;
		memcpy(tcb->fo_cookie.val, seg->fo_cookie, seg->fo_cookie_len);
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
