// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners: from the ACK that ends a handshake to accept().
 */
#include <linux/slab.h>
#include <net/busy_poll.h>
#include <net/tcp_states.h>
#include <xtcp/family.h>

#include "ip.h"

/**
 * xtcp_listen_start - allocate what a socket needs to listen
 * @sk: bound socket
 *
 * Context: process, socket lock. Return: 0 or -ENOMEM.
 */
int xtcp_listen_start(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_pernet(sock_net(sk));
	struct xtcp_listener *l;

	if (xtcp_reqsk_make(xn, READ_ONCE(sk->sk_max_ack_backlog)))
		return -ENOMEM;
	l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	if (!l)
		return -ENOMEM;
	l->sk = sk;
	l->xn = xn;
	l->sport = (__force u16)htons(inet_sk(sk)->inet_num);
	/* Pairs with xtcp_listen_segment(). */
	smp_store_release(&xtcp_sk(sk)->listener, l);
	return 0;
}

static bool acceptq_add(struct sock *sk, struct sock *child);

/*
 * Move an unaccepted child to another listener of the SO_REUSEPORT group (migrate_req).
 * Return: false when there is none, or its accept queue is full.
 */
static bool child_migrate(const struct sock *sk, struct sock *child)
{
	struct sock *target;
	bool done = false;

	if (!sk->sk_reuseport || !READ_ONCE(xtcp_sk_knobs(sk)->migrate_req))
		return false;
	rcu_read_lock();
	target = xtcp_reuseport_migrate_target(sk, &xtcp_sk(child)->flow);
	if (target && refcount_inc_not_zero(&target->sk_refcnt)) {
		done = !sk_acceptq_is_full(target) && acceptq_add(target, child);
		if (done)
			target->sk_data_ready(target);
		sock_put(target);
	}
	rcu_read_unlock();
	xtcp_mib_inc(xtcp_sk_net(sk), done ? XTCP_MIB_MIGRATE_SUCCESS :
					     XTCP_MIB_MIGRATE_FAILURE);
	return done;
}

/**
 * xtcp_listen_stop - end the half-open and unaccepted connections of a listener
 * @sk: socket, no longer in the table of listeners
 *
 * Half-open connections are dropped silently, as the kernel's TCP does: a RST answers the
 * peer's next ACK or data. Unaccepted children are reset. Both move to another listener
 * of the SO_REUSEPORT group instead if migrate_req is set.
 *
 * Context: process, socket lock, may sleep.
 */
void xtcp_listen_stop(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct xtcp_listener *l = xsk->listener;
	struct xtcp_sock *child;
	LIST_HEAD(unaccepted);

	if (!l)
		return;
	xtcp_reqsk_stop(l);

	spin_lock_bh(&xsk->acceptq_lock);
	WRITE_ONCE(xsk->listener, NULL);
	list_splice_init(&xsk->acceptq, &unaccepted);
	WRITE_ONCE(sk->sk_ack_backlog, 0);
	spin_unlock_bh(&xsk->acceptq_lock);
	xtcp_port_unlisten(sk);

	while (!list_empty(&unaccepted)) {
		child = list_first_entry(&unaccepted, struct xtcp_sock, acceptq);
		list_del_init(&child->acceptq);
		if (child_migrate(sk, &child->inet.sk))
			continue;
		sock_hold(&child->inet.sk);
		xtcp_child_abort(&child->inet.sk);
		sock_put(&child->inet.sk);
	}
	kfree_rcu(l, rcu);
}

/**
 * xtcp_acceptq_pop - take the oldest connection out of the accept queue
 * @sk: listener
 *
 * Context: process, socket lock.
 * Return: child, whose reference is the caller's now, or NULL.
 */
struct sock *xtcp_acceptq_pop(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk), *child;

	spin_lock_bh(&xsk->acceptq_lock);
	child = list_first_entry_or_null(&xsk->acceptq, struct xtcp_sock, acceptq);
	if (child) {
		list_del_init(&child->acceptq);
		sk_acceptq_removed(sk);
		xtcp_source_release(&xsk->listener->places, child->source);
	}
	spin_unlock_bh(&xsk->acceptq_lock);
	return child ? &child->inet.sk : NULL;
}

/**
 * xtcp_acceptq_reject - check whether a source may have a place in the accept queue
 * @l: listener
 * @who: source, from xtcp_source_of()
 *
 * Context: any. Return: XTCP_DROP_NONE when it may, or why it may not.
 */
enum xtcp_drop_reason xtcp_acceptq_reject(const struct xtcp_listener *l, u64 who)
{
	u32 taken = READ_ONCE(l->sk->sk_ack_backlog);
	u32 most = READ_ONCE(l->sk->sk_max_ack_backlog) + 1;

	if (taken >= most)
		return XTCP_DROP_LISTEN_OVERFLOW;
	if (XTCP_DEFENCE(accept_source, READ_ONCE(l->xn->params.syn_source_rate) &&
			 !xtcp_source_place(&l->places, who >> 32, taken, most - taken)))
		return XTCP_DROP_ACCEPT_SOURCE;
	return XTCP_DROP_NONE;
}

/* The source of a connection, as the SYN and accept queue sketches count it. */
static u64 child_source(const struct xtcp_net *xn, const struct xtcp_flow *flow)
{
	return xtcp_source_of(&xn->requests->sources, &xn->params, flow->daddr);
}

/* What the SYN determines of the socket it becomes. */
struct child_params {
	struct xtcp_flow flow;
	u64 who;			/* xtcp_source_of() */
	int l3mdev_oif;			/* xtcp_ip_l3mdev_oif() */
	u32 mark;			/* xtcp_accept_mark() */
	u8 tos;				/* without the ECN bits */
};

/* Set addresses, ports, mark, device and TOS of a child. */
static void child_set_addresses(struct sock *child, const struct sock *listener,
				const struct child_params *params)
{
	const struct xtcp_flow *flow = &params->flow;
	struct inet_sock *inet = inet_sk(child);

	xtcp_sk(child)->v6 = xtcp_flow_is6(flow);
	inet->inet_daddr = xtcp_flow_v4(flow->daddr);
	inet->inet_rcv_saddr = xtcp_flow_v4(flow->saddr);
	inet->inet_saddr = xtcp_flow_v4(flow->saddr);
	inet->inet_sport = (__force __be16)flow->sport;
	inet->inet_dport = (__force __be16)flow->dport;
	inet->inet_num = ntohs(inet->inet_sport);
	child->sk_mark = params->mark;
	child->sk_bound_dev_if = xtcp_ip_oif(listener, params->l3mdev_oif);
	child->sk_gso_type = SKB_GSO_TCPV4;
	if (xtcp_family6(child))
		xtcp_ip6_child(child, listener, flow);
	if (!READ_ONCE(xtcp_sk_knobs(child)->reflect_tos))
		return;
	if (xtcp_flow_is6(flow))
		inet6_sk(child)->tclass = params->tos;
	else
		inet->tos = params->tos;
}

/* End a child that is locked and in no accept queue. */
static void child_drop(struct sock *child)
{
	__acquire(&child->sk_lock.slock);	/* by xtcp_conn_child() */
	bh_unlock_sock(child);
	xtcp_child_abort(child);
	sock_put(child);
}

/*
 * Make the socket of a passive open: addresses, route, port, entry in the look-up table.
 * @open: filled in. Return: child, locked; or NULL with @why set.
 */
static struct sock *child_new(struct xtcp_listener *l, const struct child_params *params,
			      struct xtcp_open *open, enum xtcp_drop_reason *why)
{
	struct sock *sk = l->sk, *child;

	*why = xtcp_acceptq_reject(l, params->who);
	if (*why)
		return NULL;
	*why = XTCP_DROP_NO_MEMORY;
	child = xtcp_conn_child(sk);
	if (!child)
		return NULL;
	child_set_addresses(child, sk, params);
	xtcp_sk(child)->source = params->who >> 32;
	if (xtcp_ip_sock_route(child)) {
		*why = XTCP_DROP_BAD_ADDRESS;
		child_drop(child);
		return NULL;
	}
	if (!xtcp_sock_is6(child))
		sk_set_txhash(child);
	xtcp_port_inherit(child, sk);
	/* The 4-tuple is taken if a socket bound to this port connects to this peer. */
	if (xtcp_hash_flow(child)) {
		*why = XTCP_DROP_REQUEST;
		child_drop(child);
		return NULL;
	}
	xtcp_tw_resume(l->xn, &params->flow, xtcp_sk(child)->entry.hash, params->l3mdev_oif, false);
	xtcp_open_fill(child, open);
	xtcp_mib_inc(l->xn, XTCP_MIB_PASSIVE_OPENS);
	return child;
}

/**
 * xtcp_listen_child - make a socket when the handshake is complete
 * @l: listener
 * @rsk: half-open connection, or what a SYN cookie says of it
 * @why: set when there is no child
 * @now: ns
 *
 * The bucket's lock makes sure that of two segments one makes the child and the other
 * finds it. On failure the half-open connection stays; the next segment tries again.
 *
 * Context: bucket's lock, RCU read lock, bottom halves off.
 * Return: child, locked, with a reference for the caller, in the look-up table but in
 * no accept queue yet; or NULL.
 */
struct sock *xtcp_listen_child(struct xtcp_listener *l, const struct xtcp_reqsk *rsk,
			       enum xtcp_drop_reason *why, u64 now)
{
	struct child_params params = {
		.l3mdev_oif = xtcp_reqsk_dif(rsk),
		.mark = rsk->mark,
		.tos = rsk->tos,
	};
	struct xtcp_open open;
	struct sock *child;

	xtcp_reqsk_flow(rsk, &params.flow);
	params.who = child_source(l->xn, &params.flow);
	child = child_new(l, &params, &open, why);
	if (!child)
		return NULL;
	xtcp_accept(&xtcp_sk(child)->tcb, &rsk->req, &open, now);
	xtcp_set_state(child);
	xtcp_source_completed(&l->xn->requests->sources, &l->xn->params, params.who, now);
	return child;
}

/**
 * xtcp_listen_syn - make a socket of a SYN: Fast Open
 * @l: listener
 * @rx: the packet
 * @skb: the SYN, TCP header at its data; the header is pulled on success
 * @seg: the same SYN; seg->reason is set when there is no child
 * @give: cookie for the SYN-ACK
 * @actions: set to the engine's actions, for xtcp_listen_accept_syn()
 *
 * Context: as xtcp_listen_child(). Return: as xtcp_listen_child().
 */
struct sock *xtcp_listen_syn(struct xtcp_listener *l, const struct xtcp_rx_ctx *rx,
			     struct sk_buff *skb, struct xtcp_seg *seg,
			     const struct xtcp_fastopen_cookie *give, u32 *actions)
{
	const struct child_params params = {
		.flow = rx->flow,
		.who = child_source(l->xn, &rx->flow),
		.l3mdev_oif = xtcp_ip_l3mdev_oif(rx),
		.mark = xtcp_accept_mark(rx, l->sk),
		.tos = rx->tos,
	};
	struct xtcp_request req;
	struct xtcp_open open;
	struct sock *child;

	child = child_new(l, &params, &open, &seg->reason);
	if (!child)
		return NULL;
	seg->reason = XTCP_DROP_NONE;
	__skb_pull(skb, seg->doff);
	/*
	 * No room for the payload: the SYN-ACK does not acknowledge it, the peer repeats
	 * it.
	 */
	if (seg->len && !xtcp_rcv_admit(child, skb))
		seg->len = 0;
	open.reopens = rx->reopens;
	open.iss_above = rx->iss_above;
	xtcp_request_init(&req, &l->xn->params, &open, seg, rx->now);
	*actions = xtcp_fastopen_accept(&xtcp_sk(child)->tcb, &req, &open, seg, give, rx->now);
	xtcp_mib_inc(l->xn, XTCP_MIB_FO_PASSIVE);
	return child;
}

/* Append to the accept queue. Return: false when the listener has closed. */
static bool acceptq_add(struct sock *sk, struct sock *child)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	bool listens;

	spin_lock_bh(&xsk->acceptq_lock);
	listens = xsk->listener;
	if (listens) {
		list_add_tail(&xtcp_sk(child)->acceptq, &xsk->acceptq);
		sk_acceptq_added(sk);
		xtcp_source_hold(&xsk->listener->places, xtcp_sk(child)->source);
	}
	spin_unlock_bh(&xsk->acceptq_lock);
	return listens;
}

/* Queue @child or, if the listener has closed, abort it. Unlocks and puts @child. */
static void child_queue(struct sock *sk, struct sock *child)
{
	bool queued = acceptq_add(sk, child);

	__acquire(&child->sk_lock.slock);	/* by xtcp_conn_child() */
	bh_unlock_sock(child);
	if (queued)
		sk->sk_data_ready(sk);
	else
		xtcp_child_abort(child);
	sock_put(child);
}

/**
 * xtcp_listen_accept - process the segment that completed a handshake, queue the child
 * @sk: listener
 * @child: from xtcp_listen_child(); unlocked and put
 * @skb: verified segment, TCP header at its data; taken over
 * @now: ns
 *
 * The child processes the segment before it is queued, so that accept() returns an
 * established socket with its first data.
 *
 * Context: RCU read lock, bottom halves off.
 */
void xtcp_listen_accept(struct sock *sk, struct sock *child, struct sk_buff *skb,
			u64 now)
{
	xtcp_input_locked(child, skb, now);
	child_queue(sk, child);
}

/**
 * xtcp_listen_accept_syn - carry out the actions of a Fast Open SYN, queue the child
 * @sk: listener
 * @child: from xtcp_listen_syn(); unlocked and put
 * @skb: the SYN, TCP header pulled; taken over
 * @seg: the same SYN
 * @actions: from xtcp_listen_syn(), the engine's
 * @now: ns
 *
 * Context: RCU read lock, bottom halves off.
 */
void xtcp_listen_accept_syn(struct sock *sk, struct sock *child, struct sk_buff *skb,
			    struct xtcp_seg *seg, u32 actions, u64 now)
{
	sk_mark_napi_id(child, skb);
	sk_incoming_cpu_update(child);
	sock_rps_save_rxhash(child, skb);
	xtcp_handle_rx_actions(child, actions, skb, seg, now);
	child_queue(sk, child);
}
