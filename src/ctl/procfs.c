// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/xtcp and xtcp6, in the format of /proc/net/tcp and tcp6, so that ss
 * and netstat read them: PROC_NET_TCP=/proc/net/xtcp ss -4ta.
 *
 * Each position of the file is one chain of a table, printed as a whole under RCU,
 * or a bucket of half-open connections, printed under its lock. A socket that moves
 * while the file is read is shown once, twice or not at all, as with the kernel's
 * files.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/tcp_states.h>
#include <xtcp/family.h>

#include "../compat/sock.h"
#include "../net/net.h"
#include "ctl.h"

#define LISTEN_CHAINS	(1u << XTCP_LISTEN_BITS)

/* Timer column of /proc/net/tcp. */
enum { TIMER_NONE, TIMER_RTO, TIMER_KEEP, TIMER_TW, TIMER_PROBE };

/* The columns that all kinds of entries share. */
struct line {
	const struct xtcp_flow *flow;
	int state;		/* TCP_* */
	u32 tx_queue;		/* bytes */
	u32 rx_queue;		/* bytes; listener: connections to accept */
	int timer;		/* TIMER_* */
	u64 when;		/* ns, when it expires */
	u32 retrans;
	uid_t uid;
	u32 probes;
	unsigned long inode;
	int refs;
	const void *ptr;
};

/* State of one open file. */
struct iter {
	struct seq_net_private p;
	bool family6;		/* xtcp6: IPv6 sockets, v4-mapped peers included */
	u32 sl;			/* number of the next line */
	u64 place;		/* chain or bucket to print, see proc_seek() */
};

static struct xtcp_net *proc_iter_net(struct seq_file *seq)
{
	return xtcp_pernet(seq_file_net(seq));
}

static void proc_put_addr(struct seq_file *seq, const u32 addr[4], u16 port)
{
	const struct iter *it = seq->private;

	if (it->family6)
		seq_printf(seq, " %08X%08X%08X", addr[0], addr[1], addr[2]);
	else
		seq_putc(seq, ' ');
	seq_printf(seq, "%08X:%04X", addr[3], ntohs((__force __be16)port));
}

/* The kernel pads IPv4 lines to this width and does not pad IPv6 lines. */
#define WIDTH	149

static void proc_begin_line(struct seq_file *seq)
{
	const struct iter *it = seq->private;

	seq_setwidth(seq, it->family6 ? 0 : WIDTH);
}

static void proc_put_line(struct seq_file *seq, const struct line *l)
{
	struct iter *it = seq->private;
	u64 now = xtcp_now();
	unsigned long left = 0;

	if (l->timer && l->when != XTCP_NEVER && l->when > now)
		left = div_u64(l->when - now, NSEC_PER_SEC / USER_HZ);
	proc_begin_line(seq);
	seq_printf(seq, "%4u:", it->sl++);
	proc_put_addr(seq, l->flow->saddr, l->flow->sport);
	proc_put_addr(seq, l->flow->daddr, l->flow->dport);
	seq_printf(seq, " %02X %08X:%08X %02X:%08lX %08X %5u %8u %lu %d %pK",
		   l->state, l->tx_queue, l->rx_queue, l->timer, left,
		   l->retrans, l->uid, l->probes, l->inode, l->refs, l->ptr);
}

static void proc_line_of_sock(struct seq_file *seq, struct sock *sk, struct line *l)
{
	l->state = READ_ONCE(sk->sk_state);
	l->uid = from_kuid_munged(seq_user_ns(seq), sock_i_uid(sk));
	l->inode = sock_i_ino(sk);
	l->refs = refcount_read(&sk->sk_refcnt);
	l->ptr = sk;
}

static void proc_put_conn(struct seq_file *seq, struct sock *sk)
{
	static const u8 timers[XTCP_DL_MAX] = {
		[XTCP_DL_RTO] = TIMER_RTO, [XTCP_DL_PERSIST] = TIMER_PROBE,
		[XTCP_DL_KEEP] = TIMER_KEEP, [XTCP_DL_LINGER] = TIMER_TW,
	};
	struct xtcp_sock *xsk = xtcp_sk(sk);
	const struct xtcp_tcb *tcb = &xsk->tcb;
	struct line l = { .flow = &xsk->flow, .when = XTCP_NEVER };
	int i;

	proc_line_of_sock(seq, sk, &l);
	l.tx_queue = max_t(s32, READ_ONCE(tcb->snd_end) - READ_ONCE(tcb->snd_una), 0);
	l.rx_queue = max_t(s32, READ_ONCE(tcb->rcv_nxt) - READ_ONCE(xsk->copied), 0);
	l.retrans = READ_ONCE(tcb->retries);
	l.probes = READ_ONCE(tcb->probes);
	for (i = 0; i < XTCP_DL_MAX; i++) {
		if (timers[i] && (READ_ONCE(tcb->dl_armed) & BIT(i)) &&
		    READ_ONCE(tcb->dl[i]) < l.when) {
			l.when = tcb->dl[i];
			l.timer = timers[i];
		}
	}
	proc_put_line(seq, &l);
	seq_printf(seq, " %lu %lu %u %u %d",
		   (unsigned long)usecs_to_jiffies(READ_ONCE(tcb->rto_us)),
		   (unsigned long)usecs_to_jiffies(READ_ONCE(tcb->ato_us)),
		   (u32)READ_ONCE(tcb->quickack) * 2 +
		   (READ_ONCE(tcb->flags) & XTCP_F_PINGPONG ? 1 : 0),
		   READ_ONCE(tcb->cwnd) / max_t(u32, READ_ONCE(tcb->mss), 1),
		   READ_ONCE(tcb->ssthresh) >= 0x7fffffff ? -1 :
		   (int)(READ_ONCE(tcb->ssthresh) / max_t(u32, READ_ONCE(tcb->mss), 1)));
	seq_pad(seq, '\n');
}

static void proc_put_listener(struct seq_file *seq, struct sock *sk)
{
	struct line l = { .flow = &xtcp_sk(sk)->flow };

	proc_line_of_sock(seq, sk, &l);
	l.state = TCP_LISTEN;
	l.rx_queue = READ_ONCE(sk->sk_ack_backlog);
	proc_put_line(seq, &l);
	seq_puts(seq, " 100 0 0 10 0");
	seq_pad(seq, '\n');
}

static void proc_put_tw(struct seq_file *seq, const struct xtcp_tw_rec *rec)
{
	bool waits = rec->tw.flags & XTCP_TW_F_FIN_WAIT_2;
	struct xtcp_flow flow;
	struct line l = {
		.flow = &flow,
		.state = waits ? TCP_FIN_WAIT2 : TCP_TIME_WAIT,
		.timer = TIMER_TW,
		.when = xtcp_tw_deadline(&rec->tw, xtcp_now()),
		.refs = 1,
		.ptr = rec,
	};

	xtcp_tw_flow(rec, &flow);
	proc_put_line(seq, &l);
	seq_pad(seq, '\n');
}

static void proc_put_reqsk(struct seq_file *seq, const struct xtcp_reqsk *rsk)
{
	struct xtcp_flow flow;
	struct line l = {
		.flow = &flow,
		.state = TCP_SYN_RECV,
		.timer = TIMER_RTO,
		.when = xtcp_request_deadline(&rsk->req, xtcp_now()),
		.retrans = rsk->req.retries,
		.uid = from_kuid_munged(seq_user_ns(seq),
					sock_i_uid(rsk->listener->sk)),
		.refs = 1,
		.ptr = rsk,
	};

	xtcp_reqsk_flow(rsk, &flow);
	proc_put_line(seq, &l);
	seq_pad(seq, '\n');
}

/* Does the entry belong in this file? A record keeps the family of its socket. */
static bool proc_has_entry(struct seq_file *seq, const struct xtcp_entry *e, u8 kind)
{
	const struct iter *it = seq->private;
	bool family6;

	if (kind == XTCP_KIND_TW)
		family6 = container_of(e, struct xtcp_tw_rec, e)->addr->key.family6;
	else
		family6 = xtcp_family6(xtcp_entry_sk(e));
	return family6 == it->family6;
}

static void proc_put_entry(struct seq_file *seq, struct xtcp_entry *e)
{
	u8 kind = READ_ONCE(e->kind);

	if (kind == XTCP_KIND_NONE || !proc_has_entry(seq, e, kind))
		return;
	switch (kind) {
	case XTCP_KIND_SOCK:
		proc_put_conn(seq, xtcp_entry_sk(e));
		break;
	case XTCP_KIND_LISTEN:
		proc_put_listener(seq, xtcp_entry_sk(e));
		break;
	case XTCP_KIND_TW:
		proc_put_tw(seq, container_of(e, struct xtcp_tw_rec, e));
		break;
	}
}

/* The chain of listeners or connections at place @i, or NULL past the last one. */
static struct hlist_nulls_head *proc_chain_place(const struct xtcp_net *xn, u64 i)
{
	struct xtcp_tables *t = xn->tables;

	if (i < LISTEN_CHAINS)
		return &t->listen[i];
	return i - LISTEN_CHAINS <= t->mask ? &t->chains[i - LISTEN_CHAINS] : NULL;
}

/* The bucket of half-open connections at place @i, or NULL past the last one. */
static struct xtcp_reqsk_bucket *proc_request_place(const struct xtcp_net *xn, u64 i)
{
	return xtcp_reqsk_bucket_at(xn, i - LISTEN_CHAINS - xn->tables->mask - 1);
}

/*
 * Advance *@pos to the first place that is not empty and set it->place. Places are
 * the chains of listeners, then the chains of the connection table, then the buckets
 * of half-open connections. Return: the iterator, or NULL at the end.
 */
static void *proc_seek(struct seq_file *seq, loff_t *pos)
{
	const struct xtcp_net *xn = proc_iter_net(seq);
	const struct hlist_nulls_head *chain;
	const struct xtcp_reqsk_bucket *bucket;
	struct iter *it = seq->private;
	bool used;
	u64 i;

	for (;; ++*pos) {
		i = *pos - 1;
		it->place = i;
		chain = proc_chain_place(xn, i);
		if (chain) {
			used = !hlist_nulls_empty(chain);
		} else {
			bucket = proc_request_place(xn, i);
			if (!bucket)
				return NULL;
			used = READ_ONCE(bucket->first);
		}
		if (used)
			return it;
	}
}

static void *proc_start(struct seq_file *seq, loff_t *pos)
	__acquires(RCU)
{
	struct iter *it = seq->private;

	it->family6 = pde_data(file_inode(seq->file));
	rcu_read_lock();
	if (*pos == 0) {
		it->sl = 0;
		return SEQ_START_TOKEN;
	}
	return proc_seek(seq, pos);
}

static void *proc_next(struct seq_file *seq, void *v, loff_t *pos)
{
	++*pos;
	return proc_seek(seq, pos);
}

static void proc_stop(struct seq_file *seq, void *v)
	__releases(RCU)
{
	rcu_read_unlock();
}

static void proc_put_chain(struct seq_file *seq, struct hlist_nulls_head *head)
{
	struct hlist_nulls_node *node;
	struct xtcp_entry *e;

	hlist_nulls_for_each_entry_rcu(e, node, head, node)
		proc_put_entry(seq, e);
}

static void proc_put_place(struct seq_file *seq, u64 i)
{
	const struct iter *it = seq->private;
	struct xtcp_net *xn = proc_iter_net(seq);
	struct hlist_nulls_head *chain = proc_chain_place(xn, i);
	struct xtcp_reqsk_bucket *bucket;
	const struct xtcp_reqsk *rsk;

	if (chain) {
		proc_put_chain(seq, chain);
		return;
	}
	bucket = proc_request_place(xn, i);
	if (!bucket)
		return;
	spin_lock_bh(&bucket->lock);
	for (rsk = bucket->first; rsk; rsk = rsk->next)
		if (xtcp_family6(rsk->listener->sk) == it->family6)
			proc_put_reqsk(seq, rsk);
	spin_unlock_bh(&bucket->lock);
}

static int proc_show(struct seq_file *seq, void *v)
{
	struct iter *it = seq->private;
	u32 sl = it->sl;

	if (v == SEQ_START_TOKEN) {
		proc_begin_line(seq);
		seq_puts(seq, it->family6 ?
			 "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode" :
			 "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode");
		seq_pad(seq, '\n');
		return 0;
	}
	proc_put_place(seq, it->place);
	/* The buffer is too small: seq_file repeats the call with a larger one. */
	if (seq_has_overflowed(seq))
		it->sl = sl;
	return 0;
}

static const struct seq_operations xtcp_seq_ops = {
	.start = proc_start,
	.next = proc_next,
	.stop = proc_stop,
	.show = proc_show,
};

/* Private data of xtcp6, any pointer but NULL; xtcp has NULL. */
#define FAMILY6	((void *)&xtcp_seq_ops)

/**
 * xtcp_proc_init - create xtcp, xtcp6 and xtcp_stat in /proc/net
 * @net: namespace
 *
 * Does nothing in a kernel without /proc.
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int xtcp_proc_init(struct net *net)
{
	if (!IS_ENABLED(CONFIG_PROC_FS))
		return 0;
	if (!proc_create_net("xtcp", 0444, net->proc_net, &xtcp_seq_ops,
			     sizeof(struct iter)))
		return -ENOMEM;
	if (xtcp_family6_there() &&
	    !proc_create_net_data("xtcp6", 0444, net->proc_net, &xtcp_seq_ops,
				  sizeof(struct iter), FAMILY6))
		goto no_v6;
	if (!proc_create_net_single("xtcp_stat", 0444, net->proc_net, xtcp_stat_show,
				    NULL))
		goto no_stat;
	return 0;

no_stat:
	if (xtcp_family6_there())
		remove_proc_entry("xtcp6", net->proc_net);
no_v6:
	remove_proc_entry("xtcp", net->proc_net);
	return -ENOMEM;
}

/**
 * xtcp_proc_exit - remove the files
 * @net: namespace
 *
 * Context: process, may sleep.
 */
void xtcp_proc_exit(struct net *net)
{
	remove_proc_entry("xtcp_stat", net->proc_net);
	if (xtcp_family6_there())
		remove_proc_entry("xtcp6", net->proc_net);
	remove_proc_entry("xtcp", net->proc_net);
}
