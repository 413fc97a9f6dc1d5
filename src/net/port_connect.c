// SPDX-License-Identifier: GPL-2.0
/*
 * Ephemeral ports: the choice of connect(), by RFC 6056. What a port is, and who
 * shares it, is in port.c.
 */
#include <linux/random.h>
#include <net/ip.h>

#include "ip.h"
#include "port.h"

/* Try one port for an active open. Context: port_mutex. */
static int try_port(struct xtcp_net *xn, struct sock *sk, u16 port,
		    struct xtcp_hold **spare)
{
	struct xtcp_tables *t = xn->tables;
	struct xtcp_port *p = xtcp_bucket_find(t, port);
	int err;

	if (p && !p->ephemeral && !xtcp_bucket_empty(p))
		return -EADDRINUSE;
	if (!p || !xtcp_bucket_hold(p, sk)) {
		if (!*spare) {
			struct xtcp_hold *h;

			h = xtcp_hold_new(sk);
			if (IS_ERR(h))
				return PTR_ERR(h);
			h->sk->sk_reuse = SK_NO_REUSE;
			*spare = h;
		}
		err = xtcp_hold_bind(*spare, port, p);
		if (err)
			return err;
		if (!p) {
			p = xtcp_bucket_new(t, port);
			if (!p)
				return -ENOMEM;
		}
		list_add_tail(&(*spare)->node, &p->holds);
		*spare = NULL;
	}
	p->ephemeral = true;

	inet_sk(sk)->inet_sport = htons(port);
	err = xtcp_hash_flow(sk);
	if (!err || xtcp_tw_reuse(sk)) {
		xtcp_bucket_join(t, p, sk);
		return 0;
	}
	inet_sk(sk)->inet_sport = 0;
	spin_lock_bh(&t->port_lock);
	xtcp_bucket_idle(t, p);
	spin_unlock_bh(&t->port_lock);
	return -EADDRINUSE;
}

/*
 * RFC 6056, 3.3.4. With few counters one peer's would move with connections to
 * another, so that whoever asks often enough could tell hosts apart
 * (CVE-2022-32296). One table for all namespaces, each has its key; a count lost
 * between two of them makes no difference.
 */
static u32 perturb[1 << 16];

static u64 place_of(const struct sock *sk, const siphash_key_t *key)
{
	struct xtcp_flow flow;

	xtcp_flow_of_sock(sk, &flow);
	if (xtcp_flow_is6(&flow))
		return xtcp_ip6_place(&flow, key);
	return siphash_2u64((u64)flow.saddr[3] << 32 | flow.daddr[3], flow.dport, key);
}

/**
 * xtcp_port_connect - choose the ephemeral port of an active open
 * @sk: socket with both addresses and the peer's port
 *
 * RFC 6056, 3.3.4: a keyed hash of the addresses says where in the range to
 * begin, a counter picked by another hash moves on, so that ports neither
 * repeat soon towards one peer nor tell one peer about another. A port may
 * serve several connections as long as the 4-tuples differ.
 *
 * Context: process, socket lock, may sleep.
 * Return: 0 with the 4-tuple in the table, or -EADDRNOTAVAIL, -ENOMEM.
 */
int xtcp_port_connect(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	struct xtcp_tables *t = xn->tables;
	struct xtcp_hold *spare = NULL;
	int low, high, i, n, err = -EADDRNOTAVAIL;
	u32 *count, from;
	u64 where;
	u16 port;

	inet_sk_get_local_port_range(sk, &low, &high);
	n = high - low + 1;
	where = place_of(sk, &t->port_key);
	get_random_once(perturb, sizeof(perturb));
	count = &perturb[(where >> 32) % ARRAY_SIZE(perturb)];

	mutex_lock(&t->port_mutex);
	from = XTCP_DEFENCE_OR(port_key, (u32)where + READ_ONCE(*count), 0);
	for (i = 0; i < n; i++) {
		port = low + (from + i) % n;
		if (inet_is_local_reserved_port(sock_net(sk), port))
			continue;
		err = try_port(xn, sk, port, &spare);
		if (err != -EADDRINUSE)
			break;
		cond_resched();
	}
	WRITE_ONCE(*count, READ_ONCE(*count) + i + 1);
	mutex_unlock(&t->port_mutex);
	if (spare)
		xtcp_hold_free(spare);
	return err == -EADDRINUSE ? -EADDRNOTAVAIL : err;
}
