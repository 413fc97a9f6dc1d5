// SPDX-License-Identifier: GPL-2.0
/*
 * xtcp_check() accepts a valid TCB and detects each kind of damage. Other tests rely on
 * that.
 */
#include "core.h"
#include "harness.h"

struct sound {
	struct xtcp_params par;
	struct xtcp_tcb tcb;
	struct xtcp_ooo node[3];
};

/* ESTABLISHED, 3000 bytes in flight in two entries, two runs received out of order. */
static void sound(struct sound *s)
{
	struct xtcp_tcb *tcb = &s->tcb;

	memset(s, 0, sizeof(*s));
	xtcp_params_init(&s->par);
	xtcp_tcb_init(tcb, &s->par);
	tcb->state = XTCP_ESTABLISHED;
	tcb->iss = 0xfffffff0;
	tcb->snd_una = tcb->snd_nxt = tcb->iss + 1;
	tcb->mss = 1000;
	tcb->cwnd = 10000;
	tcb->snd_wnd = tcb->max_snd_wnd = 65535;
	xtcp_map_append(tcb, tcb->snd_nxt + 2000, 0, 10);
	xtcp_map_append(tcb, tcb->snd_nxt + 1000, 0, 20);
	tcb->snd_end = tcb->snd_nxt;
	xtcp_dl_set(tcb, XTCP_DL_RTO, 1000);
	tcb->irs = 0xffffff00;
	tcb->rcv_nxt = tcb->rcv_wup = tcb->rcv_read = tcb->irs + 1;
	xtcp_reass_insert(tcb, &s->node[0], tcb->rcv_nxt + 100, tcb->rcv_nxt + 200);
	xtcp_reass_insert(tcb, &s->node[1], tcb->rcv_nxt + 300, tcb->rcv_nxt + 400);
	xtcp_reass_insert(tcb, &s->node[2], tcb->rcv_nxt + 400, tcb->rcv_nxt + 500);
}

#define DAMAGE(what) do {						\
	struct sound s;							\
	struct xtcp_tcb *t = &s.tcb;					\
									\
	sound(&s);							\
	what;								\
	if (!xtcp_check(t))						\
		unit_fail(__FILE__, __LINE__, "not seen: %s", #what);	\
} while (0)

UNIT(check_accepts_a_sound_one)
{
	struct sound s;

	sound(&s);
	if (xtcp_check(&s.tcb))
		unit_fail(__FILE__, __LINE__, "%s", xtcp_check(&s.tcb));
}

UNIT(check_sees_damage_of_the_send_map)
{
	DAMAGE(t->map_head->seq++);
	DAMAGE(t->map_head->end++);
	DAMAGE(t->map_tail->end--);
	DAMAGE(t->map_tail->prev = NULL);
	DAMAGE(t->map_tail = t->map_head);
	DAMAGE(t->map_head->marks |= XTCP_SENT_LOST);
	DAMAGE(t->lost_out++);
	DAMAGE(t->map_lost = t->map_head);
	DAMAGE(t->sacked_out++);
	DAMAGE(t->map_head->marks |= XTCP_SENT_SACKED);
	DAMAGE(t->map_old = t->map_tail);
	DAMAGE(t->map_new = t->map_head);
	DAMAGE(t->map_head->tnext = NULL);
	DAMAGE(t->map_tail->tprev = NULL);
	DAMAGE(t->map_root = NULL);
	DAMAGE(t->map_root = t->map_root->left ? t->map_root->left : t->map_root->right);
	DAMAGE(t->map_root->prio = 0);
	DAMAGE(t->map_nfree++);
	DAMAGE(t->map_head->nrtx = 1);
	DAMAGE(t->map_tail->order = t->departures + 1);
	DAMAGE(t->map_head->delivered = t->delivered + 1);
	DAMAGE(t->map_head->first_at = 11);
	DAMAGE(t->map_head->order += 2);
	DAMAGE(t->snd_nxt++);
	DAMAGE(t->snd_una--);
}

UNIT(check_sees_damage_of_sending)
{
	DAMAGE(t->snd_end--);
	DAMAGE(t->cwnd = 999);
	DAMAGE(t->cwnd = XTCP_CWND_MAX + 1);
	DAMAGE(t->cong = XTCP_CONG_RECOVERY);
	DAMAGE(t->cong = XTCP_CONG_CWR);
	DAMAGE(xtcp_map_lost(t, t->map_head));
	DAMAGE(t->flags |= XTCP_F_FORCE_RTX);
	DAMAGE(t->flags |= XTCP_F_FRTO);
	DAMAGE(t->cong = XTCP_CONG_LOSS; t->flags |= XTCP_F_FRTO_NEW);
	DAMAGE(t->mss = 0);
	DAMAGE(t->max_snd_wnd--);
	DAMAGE(xtcp_dl_clear(t, XTCP_DL_RTO));
	DAMAGE(t->flags |= XTCP_F_FIN_SENT);
	DAMAGE(t->flags |= XTCP_F_FIN_QUEUED);
}

/* The heap order of the treap, reversed. */
static void lift_children(struct xtcp_tcb *tcb)
{
	struct xtcp_node *root = tcb->ooo_root;

	root->prio = 0;
	if (root->left)
		root->left->prio = 1;
	if (root->right)
		root->right->prio = 1;
}

UNIT(check_sees_damage_of_receiving)
{
	DAMAGE(t->ooo_bytes--);
	DAMAGE(t->ooo_runs++);
	DAMAGE(s.node[0].end = s.node[0].seq);
	DAMAGE(s.node[2].seq++);
	DAMAGE(t->rcv_wup++);
	DAMAGE(t->rcv_read++);
	DAMAGE(t->rcv_nxt += 100);
	DAMAGE(lift_children(t));
}

UNIT(check_sees_wrong_states)
{
	DAMAGE(t->state = XTCP_CLOSE_WAIT);
	DAMAGE(t->state = XTCP_FIN_WAIT_1);
	DAMAGE(t->state = XTCP_FIN_WAIT_2);
	DAMAGE(t->state = XTCP_CLOSING);
	DAMAGE(t->state = XTCP_LAST_ACK);
	DAMAGE(t->state = XTCP_TIME_WAIT);
	DAMAGE(t->flags |= XTCP_F_FIN_SEEN; t->rcv_fin = t->rcv_nxt - 1);
}

/* All data in flight is acknowledged. */
static void all_arrived(struct xtcp_tcb *tcb)
{
	xtcp_map_flush(tcb);
	tcb->snd_una = tcb->snd_nxt;
}

UNIT(check_sees_deadlines_without_reason)
{
	DAMAGE(t->dl_armed |= 1U << XTCP_DL_MAX);
	DAMAGE(all_arrived(t));
	DAMAGE(t->snd_wnd = 0);
	DAMAGE(xtcp_dl_set(t, XTCP_DL_PERSIST, 500));
	DAMAGE(xtcp_dl_set(t, XTCP_DL_TLP, 1001));
	DAMAGE(xtcp_dl_set(t, XTCP_DL_TLP, 500); t->flags |= XTCP_F_TLP_OUT);
	DAMAGE(all_arrived(t); t->dl_armed = 0; xtcp_dl_set(t, XTCP_DL_TLP, 500));
	DAMAGE(all_arrived(t); t->dl_armed = 0; xtcp_dl_set(t, XTCP_DL_PERSIST, 500));
	DAMAGE(xtcp_map_mark_all(t, false); xtcp_dl_set(t, XTCP_DL_REO, 500));
	DAMAGE(xtcp_dl_set(t, XTCP_DL_PACE, 500));
	DAMAGE(t->flags |= XTCP_F_PACE_WAIT);
	DAMAGE(xtcp_dl_set(t, XTCP_DL_DELACK, 500));
	DAMAGE(xtcp_dl_set(t, XTCP_DL_KEEP, 500));
	DAMAGE(xtcp_dl_set(t, XTCP_DL_LINGER, 500));
}

/* The latest valid time of each deadline. */
UNIT(check_sees_deadlines_out_of_range)
{
	static const struct {
		enum xtcp_dl dl;
		u64 most;	/* ns from now */
		u64 pacing_max;	/* bytes a second; 0: none */
		u32 user_timeout_ms;
		u8 aborts;
	} tab[] = {
		{ XTCP_DL_RTO, 120001 * XTCP_NSEC_PER_MSEC },
		{ XTCP_DL_REO, XTCP_NSEC_PER_MSEC },
		{ XTCP_DL_DELACK, 200 * XTCP_NSEC_PER_MSEC },
		{ XTCP_DL_KEEP, 7200 * XTCP_NSEC_PER_SEC },
		{ XTCP_DL_PERSIST, 120 * XTCP_NSEC_PER_SEC },
		{ XTCP_DL_TLP, 120001 * XTCP_NSEC_PER_MSEC },
		{ XTCP_DL_LINGER, 60 * XTCP_NSEC_PER_SEC },
		{ XTCP_DL_PACE, 120 * XTCP_NSEC_PER_SEC },
		{ XTCP_DL_PACE, 65535 * XTCP_NSEC_PER_SEC / 100, .pacing_max = 100 },
		{ XTCP_DL_USER, 17 * 120 * XTCP_NSEC_PER_SEC + XTCP_NSEC_PER_MSEC },
		{ XTCP_DL_USER, 7001 * XTCP_NSEC_PER_MSEC, .user_timeout_ms = 7000 },
		{ XTCP_DL_RETRY, 5 * XTCP_NSEC_PER_MSEC },
		{ XTCP_DL_RETRY, 20 * XTCP_NSEC_PER_MSEC, .aborts = 2 },
	};
	u64 now = 1000 * XTCP_NSEC_PER_SEC;
	u32 i, late;

	for (i = 0; i < ARRAY_SIZE(tab); i++)
		for (late = 0; late < 2; late++) {
			struct sound s;

			sound(&s);
			s.tcb.ack_pending = XTCP_ACKP_DELAYED;
			s.tcb.flags |= XTCP_F_KEEPALIVE;
			s.tcb.gso_max = 65535;
			s.tcb.aborts = tab[i].aborts;
			s.tcb.user_timeout_ms = tab[i].user_timeout_ms;
			if (tab[i].pacing_max)
				s.tcb.pacing_max = tab[i].pacing_max;
			if (tab[i].dl == XTCP_DL_PACE)
				s.tcb.flags |= XTCP_F_PACE_WAIT;
			if (tab[i].dl == XTCP_DL_PERSIST || tab[i].dl == XTCP_DL_TLP) {
				s.tcb.snd_wnd = 0;
				s.tcb.dl_armed = 1U << XTCP_DL_PERSIST;
			}
			if (tab[i].dl == XTCP_DL_LINGER) {
				s.tcb.state = XTCP_FIN_WAIT_2;
				s.tcb.flags |= XTCP_F_FIN_QUEUED | XTCP_F_FIN_SENT;
				all_arrived(&s.tcb);
				s.tcb.snd_una = ++s.tcb.snd_nxt;
				s.tcb.dl_armed = 0;
			}
			xtcp_dl_set(&s.tcb, tab[i].dl, now + tab[i].most + late);
			if (!!xtcp_check_at(&s.tcb, now) != late)
				unit_fail(__FILE__, __LINE__, "deadline %u, late %u: %s",
					  tab[i].dl, late, xtcp_check_at(&s.tcb, now));
		}
}

UNIT(check_sees_damage_of_ecn)
{
	DAMAGE(t->ecn = 3);
	DAMAGE(t->ecn_flags = XTCP_ECN_ECHO);
	DAMAGE(t->ecn = XTCP_ECN_ACC; t->ecn_flags = XTCP_ECN_CWR);
	DAMAGE(t->ecn = XTCP_ECN_CLASSIC; t->ecn_due = 1);
	DAMAGE(t->ecn = XTCP_ECN_ACC; t->ce_unsaid = 3);
}
