// SPDX-License-Identifier: GPL-2.0
/*
 * Interpreter of test scripts; the language is described in script.h.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "core.h"
#include "harness.h"
#include "script.h"
#include "script_names.h"

#define MAX_WORDS	24

struct words {
	char *w[MAX_WORDS];
	int n;
};

static u32 lookup(struct rig *rig, const struct name *tab, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(tab[i].name, name))
			return tab[i].val;
	bad_script(rig, name);
	return 0;
}

#define LOOKUP(rig, tab, name)	lookup(rig, tab, ARRAY_SIZE(tab), name)

static const char *word(struct rig *rig, const struct words *w, int i)
{
	if (i >= w->n)
		bad_script(rig, "a word is missing");
	return w->w[i];
}

static u32 number(struct rig *rig, const struct words *w, int i)
{
	return strtoul(word(rig, w, i), NULL, 0);
}

static u64 duration(struct rig *rig, const char *s)
{
	char *unit;
	u64 n = strtoull(s, &unit, 10);

	if (!strcmp(unit, "ns"))
		return n;
	if (!strcmp(unit, "us"))
		return n * XTCP_NSEC_PER_USEC;
	if (!strcmp(unit, "ms"))
		return n * XTCP_NSEC_PER_MSEC;
	if (!strcmp(unit, "s"))
		return n * XTCP_NSEC_PER_SEC;
	bad_script(rig, "time without unit");
	return 0;
}

static u16 flag_bits(struct rig *rig, const char *s)
{
	u16 flags = 0;

	for (; *s; s++) {
		const char *p = strchr(letters, *s);

		if (*s == '-')
			continue;
		if (!p)
			bad_script(rig, "unknown flag");
		flags |= 1u << (p - letters);
	}
	return flags;
}

/* ---- opening ---- */

struct hello {
	bool ts;
	bool sack;
	int ws;		/* peer's window scale, -1: none */
	u32 wnd;	/* window field of its SYN and of its ACK */
	u32 peer;	/* its MSS option; 0: none */
	u32 rtt;	/* duration of the handshake, ms */
};

static void open_options(struct rig *rig, const struct words *w, struct hello *hello)
{
	int i;

	*hello = (struct hello){ .ws = -1, .wnd = 65535, .peer = 1000 };
	for (i = 1; i < w->n; i++) {
		const char *opt = w->w[i];

		if (!strcmp(opt, "v6")) {
			rig->v6 = true;
			continue;
		}
		if (!strcmp(opt, "ts")) {
			hello->ts = true;
			continue;
		}
		if (!strcmp(opt, "sack")) {
			hello->sack = true;
			continue;
		}
		if (open_fastopen(rig, opt))
			continue;
		i++;
		if (!strcmp(opt, "mss"))
			rig->open.path_mss = rig->open.adv_mss = number(rig, w, i);
		else if (!strcmp(opt, "space"))
			rig->open.rcv_space = number(rig, w, i);
		else if (!strcmp(opt, "max"))
			rig->open.rcv_space_max = number(rig, w, i);
		else if (!strcmp(opt, "gso"))
			rig->open.gso_max = number(rig, w, i);
		else if (!strcmp(opt, "fomss"))
			rig->fo.mss = number(rig, w, i);
		else if (!strcmp(opt, "data"))
			rig->early = number(rig, w, i);
		else if (!strcmp(opt, "user"))
			rig->open.user_mss = number(rig, w, i);
		else if (!strcmp(opt, "ws"))
			hello->ws = number(rig, w, i);
		else if (!strcmp(opt, "wnd"))
			hello->wnd = number(rig, w, i);
		else if (!strcmp(opt, "peer"))
			hello->peer = number(rig, w, i);
		else if (!strcmp(opt, "rtt"))
			hello->rtt = number(rig, w, i);
		else if (!open_route(rig, opt, word(rig, w, i)))
			bad_script(rig, opt);
	}
	rig->open.rcv_space_max = max(rig->open.rcv_space_max, rig->open.rcv_space);
}

static u32 peer_clock(const struct rig *rig)
{
	return RIG_TS0 + (u32)((rig->now - rig->start) / XTCP_NSEC_PER_MSEC);
}

static struct xtcp_seg hello_seg(struct rig *rig, const struct hello *h, u16 flags)
{
	struct xtcp_seg seg = {
		.seq = RIG_ISS,
		.ack = flags & XTCP_ACK ? rig->iss + 1 : 0,
		.flags = flags,
		.wnd = h->wnd,
		.nsegs = 1,
		.doff = 40,
	};

	if (h->peer) {
		seg.opts |= XTCP_OPT_MSS;
		seg.mss = h->peer;
	}
	if (h->ws >= 0) {
		seg.opts |= XTCP_OPT_WSCALE;
		seg.wscale = h->ws;
	}
	if (h->sack)
		seg.opts |= XTCP_OPT_SACK_PERM;
	if (h->ts) {
		seg.opts |= XTCP_OPT_TS;
		seg.tsval = peer_clock(rig);
		seg.tsecr = rig->last_tsval;
	}
	return seg;
}

static void want_flags(struct rig *rig, u16 flags)
{
	struct xtcp_plan plan;
	char a[12], b[12];

	if (!rig_peek(rig, &plan)) {
		rig_fail(rig, "handshake: no output, want %s", flag_text(flags, a));
		return;
	}
	if (plan.flags != flags)
		rig_fail(rig, "handshake: %s sent, want %s",
			 flag_text(plan.flags, a), flag_text(flags, b));
	rig_commit(rig, &plan);
}

static void handshake(struct rig *rig, const struct words *w, bool active)
{
	struct hello hello;
	struct xtcp_seg seg;

	open_options(rig, w, &hello);
	rig_open(rig, active);
	if (active)
		want_flags(rig, XTCP_SYN);
	rig->now += hello.rtt * XTCP_NSEC_PER_MSEC;
	seg = hello_seg(rig, &hello, active ? XTCP_SYN | XTCP_ACK : XTCP_SYN);
	rig_rx(rig, &seg);
	rig->ts = hello.ts;
	rig->last_ack = rig->iss + 1;
	rig->last_wnd = hello.wnd;
	if (active) {
		want_flags(rig, XTCP_ACK);
	} else {
		want_flags(rig, XTCP_SYN | XTCP_ACK);
		seg.opts &= XTCP_OPT_TS;
		seg.flags = XTCP_ACK;
		seg.seq = RIG_ISS + 1;
		seg.ack = rig->iss + 1;
		seg.tsecr = rig->last_tsval;
		rig_rx(rig, &seg);
	}
	if (!rig->tcb_live || rig->tcb.state != XTCP_ESTABLISHED)
		rig_fail(rig, "handshake does not end in ESTABLISHED");
}

static void cmd_connect(struct rig *rig, const struct words *w)
{
	struct hello unused;

	open_options(rig, w, &unused);
	rig_open(rig, true);
}

static void cmd_listen(struct rig *rig, const struct words *w)
{
	struct hello unused;

	open_options(rig, w, &unused);
	rig_open(rig, false);
}

static void cmd_established(struct rig *rig, const struct words *w)
{
	handshake(rig, w, true);
}

static void cmd_accepted(struct rig *rig, const struct words *w)
{
	handshake(rig, w, false);
}

/* ---- segments ---- */

static void seq_len(struct rig *rig, const char *s, u32 *seq, u32 *len)
{
	char *plus;

	if (*s == '@')
		*seq = (u32)strtol(s + 1, &plus, 0) - rig->iss;
	else
		*seq = (u32)strtol(s, &plus, 0);
	*len = *plus == '+' ? strtoul(plus + 1, NULL, 0) : 0;
}

static void cmd_in(struct rig *rig, const struct words *w)
{
	struct xtcp_seg seg = { .nsegs = 1, .doff = 20 };
	bool ts = rig->ts;
	int i;

	seg.flags = flag_bits(rig, word(rig, w, 1));
	seq_len(rig, word(rig, w, 2), &seg.seq, &seg.len);
	seg.seq += RIG_ISS;
	if (ts && !(seg.flags & XTCP_RST)) {
		seg.opts |= XTCP_OPT_TS;
		seg.tsval = peer_clock(rig);
		seg.tsecr = rig->last_tsval;
	}
	for (i = 3; i < w->n; i++) {
		const char *f = w->w[i];

		if (!strcmp(f, "ack")) {
			rig->last_ack = rig->iss + number(rig, w, ++i);
		} else if (!strcmp(f, "wnd")) {
			rig->last_wnd = number(rig, w, ++i);
		} else if (!strcmp(f, "mss")) {
			seg.opts |= XTCP_OPT_MSS;
			seg.mss = number(rig, w, ++i);
		} else if (!strcmp(f, "ws")) {
			seg.opts |= XTCP_OPT_WSCALE;
			seg.wscale = number(rig, w, ++i);
		} else if (!strcmp(f, "sackok")) {
			seg.opts |= XTCP_OPT_SACK_PERM;
		} else if (!strcmp(f, "ts")) {
			seg.opts |= XTCP_OPT_TS;
			seg.tsval = number(rig, w, ++i);
			seg.tsecr = number(rig, w, ++i);
		} else if (!strcmp(f, "tsecr")) {
			seg.tsecr = xtcp_ts_offset(&rig->par, &rig->open.flow) +
				    (u32)(rig->start / 1000000) + number(rig, w, ++i);
		} else if (!strcmp(f, "sack")) {
			in_sack(rig, &seg, word(rig, w, ++i));
		} else if (!strcmp(f, "nots")) {
			seg.opts &= ~XTCP_OPT_TS;
		} else if (!strcmp(f, "urg")) {
			seg.urg = number(rig, w, ++i);
		} else if (!strcmp(f, "nsegs")) {
			seg.nsegs = number(rig, w, ++i);
		} else if (!strcmp(f, "ecn")) {
			seg.ecn = number(rig, w, ++i);
		} else if (!strcmp(f, "acc0")) {
			in_accecn(&seg, XTCP_OPT_ACCECN0, word(rig, w, ++i));
		} else if (!strcmp(f, "acc1")) {
			in_accecn(&seg, XTCP_OPT_ACCECN1, word(rig, w, ++i));
		} else if (!strcmp(f, "fo")) {
			in_cookie(rig, &seg, word(rig, w, ++i));
		} else if (!strcmp(f, "foexp")) {
			seg.fo_cookie_exp = 1;
		} else {
			bad_script(rig, f);
		}
	}
	if (seg.opts & XTCP_OPT_TS)
		seg.doff = 32;
	seg.ack = seg.flags & XTCP_ACK ? rig->last_ack : 0;
	seg.wnd = rig->last_wnd;
	rig_rx(rig, &seg);
}

static void want(struct rig *rig, const char *what, u32 got, u32 want)
{
	if (got != want)
		rig_fail(rig, "%s is %d (0x%x), want %d", what, (int)got, got, (int)want);
}

static void out_fields(struct rig *rig, const struct words *w,
		       const struct xtcp_plan *plan)
{
	int i;

	for (i = 3; i < w->n; i++) {
		const char *f = w->w[i];

		if (!strcmp(f, "ack"))
			want(rig, "ack", plan->ack - RIG_ISS, number(rig, w, ++i));
		else if (!strcmp(f, "wnd"))
			want(rig, "wnd", plan->wnd, number(rig, w, ++i));
		else if (!strcmp(f, "mss"))
			want(rig, "mss option",
			     plan->opts & XTCP_OPT_MSS ? plan->opt_mss : 0,
			     number(rig, w, ++i));
		else if (!strcmp(f, "pmss"))
			want(rig, "plan's mss", plan->mss, number(rig, w, ++i));
		else if (!strcmp(f, "ws"))
			want(rig, "wscale option",
			     plan->opts & XTCP_OPT_WSCALE ? plan->wscale : -1,
			     number(rig, w, ++i));
		else if (!strcmp(f, "urg"))
			want(rig, "urg", plan->urg, number(rig, w, ++i));
		else if (!strcmp(f, "ts"))
			want(rig, "ts", !!(plan->opts & XTCP_OPT_TS), 1);
		else if (!strcmp(f, "nots"))
			want(rig, "ts", !!(plan->opts & XTCP_OPT_TS), 0);
		else if (!strcmp(f, "sack"))
			out_sack(rig, plan, word(rig, w, ++i));
		else if (!strcmp(f, "ect"))
			want(rig, "IP's ECN field", plan->ecn, number(rig, w, ++i));
		else if (!strcmp(f, "acc"))
			out_accecn(rig, plan, word(rig, w, ++i));
		else if (!strcmp(f, "fo"))
			out_cookie(rig, plan, word(rig, w, ++i));
		else if (!strcmp(f, "foexp"))
			want(rig, "experimental option", plan->fo_cookie->exp, 1);
		else if (!strcmp(f, "tsecr"))
			want(rig, "tsecr", plan->tsecr, number(rig, w, ++i));
		else if (!strcmp(f, "hdr"))
			want(rig, "hdr_len", plan->hdr_len, number(rig, w, ++i));
		else
			bad_script(rig, f);
	}
}

static void cmd_out(struct rig *rig, const struct words *w)
{
	struct xtcp_plan plan;
	char got[12], wanted[12];
	u32 seq, len;
	u16 flags;

	if (!strcmp(word(rig, w, 1), "no")) {
		if (rig_peek(rig, &plan)) {
			rig_fail(rig, "output %s %d+%u, want none",
				 flag_text(plan.flags, got),
				 (int)(plan.seq - rig->iss), plan.len);
			rig_commit(rig, &plan);
		}
		return;
	}
	flags = flag_bits(rig, w->w[1]);
	seq_len(rig, word(rig, w, 2), &seq, &len);
	if (!rig_peek(rig, &plan)) {
		rig_fail(rig, "no output, want %s %s", w->w[1], w->w[2]);
		return;
	}
	if (plan.flags != flags || plan.seq - rig->iss != seq || plan.len != len)
		rig_fail(rig, "output %s %d+%u ack %d, want %s %d+%u",
			 flag_text(plan.flags, got), (int)(plan.seq - rig->iss),
			 plan.len, (int)(plan.ack - RIG_ISS),
			 flag_text(flags, wanted), (int)seq, len);
	out_fields(rig, w, &plan);
	rig_commit(rig, &plan);
}

static void cmd_abort_tx(struct rig *rig, const struct words *w)
{
	struct xtcp_plan plan;

	if (!rig_peek(rig, &plan) || rig->have_reply) {
		rig_fail(rig, "no output to abort");
		return;
	}
	xtcp_tx_abort(&rig->tcb, &plan, rig->now);
	rig->want_output = false;
	rig->aborted = true;
}

static void cmd_refuse(struct rig *rig, const struct words *w)
{
	const char *what = word(rig, w, 1);

	rig->refuse_acks = !strcmp(what, "all");
	rig->refuse = rig->refuse_acks || !strcmp(what, "data");
	if (!rig->refuse && strcmp(what, "none"))
		bad_script(rig, what);
	if (rig->refuse && rig->want_output)
		rig_refuse(rig);
}

/* ---- the application ---- */

static void cmd_write(struct rig *rig, const struct words *w)
{
	u32 flags = 0;
	int i;

	for (i = 2; i < w->n; i++)
		flags |= !strcmp(w->w[i], "urg") ? XTCP_WROTE_URG : XTCP_WROTE_MORE;
	rig_serve(rig, xtcp_wrote(&rig->tcb, number(rig, w, 1), flags, rig->now));
}

static void cmd_stream(struct rig *rig, const struct words *w)
{
	(!strcmp(w->w[0], "gone") ? rig_gone : rig_came)(rig, number(rig, w, 1));
}

static void cmd_go(struct rig *rig, const struct words *w)
{
	rig_serve(rig, xtcp_fastopen_go(&rig->tcb, number(rig, w, 1), rig->now));
}

static void cmd_read(struct rig *rig, const struct words *w)
{
	u32 n = number(rig, w, 1);

	if (n > rig->unread)
		rig_fail(rig, "only %u bytes to read", rig->unread);
	rig->unread -= n;
	rig_serve(rig, xtcp_read(&rig->tcb, n, rig->rcvbuf > rig->unread ?
				 rig->rcvbuf - rig->unread : 0, rig->now));
}

static void cmd_blocks(struct rig *rig, const struct words *w)
{
	rig_serve(rig, xtcp_read_blocks(&rig->tcb));
}

static void cmd_space(struct rig *rig, const struct words *w)
{
	rig->rcvbuf = number(rig, w, 1);
	rig_serve(rig, 0);
}

static void cmd_shutdown(struct rig *rig, const struct words *w)
{
	rig_serve(rig, xtcp_shutdown(&rig->tcb, rig->now));
}

static void cmd_close(struct rig *rig, const struct words *w)
{
	rig_serve(rig, xtcp_close(&rig->tcb, rig->now));
}

static void cmd_abort(struct rig *rig, const struct words *w)
{
	rig_serve(rig, xtcp_abort(&rig->tcb, rig->now));
}

static void cmd_give_up(struct rig *rig, const struct words *w)
{
	rig_serve(rig, xtcp_give_up(&rig->tcb, rig->now));
}

static void cmd_set(struct rig *rig, const struct words *w)
{
	u32 opt = LOOKUP(rig, set_opts, word(rig, w, 1));

	rig_serve(rig, xtcp_set(&rig->tcb, opt, number(rig, w, 2), rig->now));
}

static void cmd_queue_paces(struct rig *rig, const struct words *w)
{
	xtcp_set_queue_paces(&rig->tcb, number(rig, w, 1));
}

static void cmd_icmp(struct rig *rig, const struct words *w)
{
	u32 kind = LOOKUP(rig, icmps, word(rig, w, 1));

	rig_serve(rig, xtcp_icmp_rx(&rig->tcb, kind, rig->iss + number(rig, w, 2),
				    w->n > 3 ? number(rig, w, 3) : 0, rig->now));
}

static void cmd_par(struct rig *rig, const struct words *w)
{
	const char *name = word(rig, w, 1);
	u32 val = number(rig, w, 2);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(params); i++)
		if (!strcmp(params[i].name, name)) {
			memcpy((char *)&rig->par + params[i].off, &val,
			       params[i].size);
			return;
		}
	bad_script(rig, name);
}

static void cmd_cc(struct rig *rig, const struct words *w)
{
	const struct xtcp_cc *cc = xtcp_cc_find(word(rig, w, 1));

	if (!cc)
		bad_script(rig, w->w[1]);
	else if (rig->tcb_live)
		xtcp_cc_set(&rig->tcb, cc, rig->now);
	else
		rig->par.cc = cc;
}

/* ---- time ---- */

static void cmd_pass(struct rig *rig, const struct words *w)
{
	rig_run_until(rig, rig->now + duration(rig, word(rig, w, 1)));
}

/* The timer is late, as on a busy host. */
static void cmd_late(struct rig *rig, const struct words *w)
{
	rig->now += duration(rig, word(rig, w, 1));
	rig_serve(rig, xtcp_timeout(&rig->tcb, rig->now));
}

static void cmd_due(struct rig *rig, const struct words *w)
{
	u64 wanted = duration(rig, word(rig, w, 1));
	u64 due = xtcp_host_deadline(&rig->host);

	if (due != rig->now + wanted)
		rig_fail(rig, "deadline in %.6f ms, want %.6f",
			 due == XTCP_NEVER ? -1 : (double)(s64)(due - rig->now) / 1e6,
			 wanted / 1e6);
	if (due != XTCP_NEVER)
		rig_run_until(rig, due);
}

static void cmd_no_timer(struct rig *rig, const struct words *w)
{
	u64 due = xtcp_deadline(&rig->tcb);

	if (due != XTCP_NEVER)
		rig_fail(rig, "a deadline in %.3f ms, want none",
			 (double)(s64)(due - rig->now) / 1e6);
}

static void cmd_tw(struct rig *rig, const struct words *w)
{
	struct xtcp_host *host = &rig->host;

	xtcp_tw_init(&host->tw, &rig->tcb, rig->now);
	host->ts_off = rig->tcb.ts_off;
	host->mode = XTCP_HOST_TIME_WAIT;
}

/* ---- checks ---- */

static void cmd_is(struct rig *rig, const struct words *w)
{
	const char *name = word(rig, w, 1);
	size_t i;

	if (!strcmp(name, "state")) {
		u32 state = LOOKUP(rig, states, word(rig, w, 2));

		for (i = 0; i < ARRAY_SIZE(states); i++)
			if (states[i].val == rig->tcb.state && state != states[i].val)
				rig_fail(rig, "state is %s, want %s",
					 states[i].name, w->w[2]);
		return;
	}
	if (!strcmp(name, "got")) {
		want(rig, "bytes delivered", rig->got, number(rig, w, 2));
		return;
	}
	if (!strcmp(name, "err")) {
		want(rig, "err", rig->tcb.err, LOOKUP(rig, errs, word(rig, w, 2)));
		return;
	}
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		u32 val = 0;

		if (strcmp(fields[i].name, name))
			continue;
		memcpy(&val, (char *)&rig->tcb + fields[i].off,
		       min(fields[i].size, sizeof(val)));
		if (fields[i].rel == REL_US)
			val -= rig->iss;
		if (fields[i].rel == REL_PEER)
			val -= RIG_ISS;
		want(rig, name, val, number(rig, w, 2));
		return;
	}
	bad_script(rig, name);
}

static u32 act_bits(struct rig *rig, const struct words *w)
{
	char *save, *p, *s = w->w[1];
	u32 actions = 0;

	for (p = strtok_r(s, "|", &save); p; p = strtok_r(NULL, "|", &save))
		actions |= LOOKUP(rig, act_names, p);
	return actions;
}

static void show_acts(struct rig *rig, const char *what)
{
	char buf[256] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(act_names); i++)
		if (rig->actions & act_names[i].val)
			snprintf(buf + strlen(buf), sizeof(buf) - strlen(buf),
				 " %s", act_names[i].name);
	rig_fail(rig, "action bits are%s; %s", buf, what);
}

static void cmd_acts(struct rig *rig, const struct words *w)
{
	u32 actions = act_bits(rig, w);

	if ((rig->actions & actions) != actions)
		show_acts(rig, "one is missing");
}

static void cmd_noacts(struct rig *rig, const struct words *w)
{
	if (rig->actions & act_bits(rig, w))
		show_acts(rig, "one is too much");
}

static void cmd_drop(struct rig *rig, const struct words *w)
{
	u32 reason = LOOKUP(rig, drops, word(rig, w, 1));

	if (rig->host.mode == XTCP_HOST_CONN && !(rig->actions & XTCP_ACT_DROP))
		rig_fail(rig, "segment was not dropped");
	if (rig->seg.reason != reason)
		rig_fail(rig, "drop reason is %s, want %s",
			 rig->seg.reason < ARRAY_SIZE(drops) ?
			 drops[rig->seg.reason].name : "?", w->w[1]);
}

static void cmd_verdict(struct rig *rig, const struct words *w)
{
	const char *kind = word(rig, w, 1);
	int wanted;

	if (!strcmp(kind, "listen"))
		wanted = LOOKUP(rig, listen_acts, word(rig, w, 2));
	else if (!strcmp(kind, "request"))
		wanted = LOOKUP(rig, request_acts, word(rig, w, 2));
	else
		wanted = LOOKUP(rig, tw_acts, word(rig, w, 2));
	want(rig, "verdict", rig->host.verdict, wanted);
}

static const char * const mib_names[] = {
#define MIB_NAME(id, name) [XTCP_MIB_##id] = name,
	XTCP_MIBS_ENGINE(MIB_NAME)
#undef MIB_NAME
};

/* Exactly these counters have been incremented since the last "mib". */
static void cmd_mib(struct rig *rig, const struct words *w)
{
	u64 seen = xtcp_mib_take(&rig->tcb), wanted = 0;
	int i, n;

	for (n = 1; n < w->n; n++) {
		for (i = 0; i < XTCP_MIB_ENGINE_MAX; i++)
			if (!strcmp(mib_names[i], w->w[n]))
				wanted |= 1ULL << i;
	}
	for (i = 0; i < XTCP_MIB_ENGINE_MAX; i++)
		if ((seen ^ wanted) >> i & 1)
			rig_fail(rig, "%s was %snoted", mib_names[i],
				 seen >> i & 1 ? "" : "not ");
	if (__builtin_popcountll(wanted) != n - 1)
		bad_script(rig, "counter");
}

static const struct command {
	const char *name;
	void (*run)(struct rig *rig, const struct words *w);
	bool looks;	/* only checks: pending output and action bits stay */
} commands[] = {
	{ "par", cmd_par }, { "cc", cmd_cc }, { "connect", cmd_connect }, { "listen", cmd_listen },
	{ "established", cmd_established }, { "accepted", cmd_accepted },
	{ "<", cmd_in }, { ">", cmd_out, true }, { "abort-tx", cmd_abort_tx, true }, { "refuse", cmd_refuse, true },
	{ "write", cmd_write }, { "gone", cmd_stream }, { "came", cmd_stream },
	{ "go", cmd_go }, { "read", cmd_read }, { "blocks", cmd_blocks }, { "space", cmd_space },
	{ "shutdown", cmd_shutdown }, { "close", cmd_close }, { "abort", cmd_abort },
	{ "give-up", cmd_give_up }, { "queue-full", cmd_queue_full, true },
	{ "queue-paces", cmd_queue_paces }, { "set", cmd_set }, { "icmp", cmd_icmp }, { "+", cmd_pass },
	{ "~", cmd_due }, { "late", cmd_late }, { "no-timer", cmd_no_timer, true }, { "tw", cmd_tw },
	{ "=", cmd_is, true }, { "acts", cmd_acts, true },
	{ "noacts", cmd_noacts, true }, { "drop", cmd_drop, true },
	{ "verdict", cmd_verdict, true }, { "mib", cmd_mib, true },
};

static void no_output_left(struct rig *rig)
{
	struct xtcp_plan plan;
	char flags[12];
	int limit = 20;

	if (rig->aborted)
		return;
	while (limit-- && rig_peek(rig, &plan)) {
		rig_fail(rig, "before this: output %s %d+%u ack %d not asked for",
			 flag_text(plan.flags, flags), (int)(plan.seq - rig->iss),
			 plan.len, (int)(plan.ack - RIG_ISS));
		rig_commit(rig, &plan);
	}
}

static void run_line(struct rig *rig, const char *text)
{
	struct words w = { .n = 0 };
	char line[400], *save, *p;
	size_t i;

	snprintf(line, sizeof(line), "%s", text);
	line[strcspn(line, "#")] = 0;
	for (p = strtok_r(line, " \t", &save); p && w.n < MAX_WORDS;
	     p = strtok_r(NULL, " \t", &save))
		w.w[w.n++] = p;
	if (!w.n)
		return;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *cmd = &commands[i];

		if (strcmp(cmd->name, w.w[0]))
			continue;
		if (!cmd->looks) {
			no_output_left(rig);
			rig->actions = 0;
		}
		cmd->run(rig, &w);
		return;
	}
	bad_script(rig, w.w[0]);
}

void script_steps(const struct step *steps, unsigned int n)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	unsigned int i;

	if (!rig)
		exit(2);
	rig_init(rig);
	for (i = 0; i < n; i++) {
		rig->step = &steps[i];
		run_line(rig, steps[i].text);
	}
	no_output_left(rig);
	rig_fini(rig);
	free(rig);
}
