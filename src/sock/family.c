// SPDX-License-Identifier: GPL-2.0
/*
 * How programs create sockets: the address family AF_XTCP, and IPPROTO_XTCP on
 * AF_INET. Both create the same kind of socket. IPv6 is in family6.c.
 */
#include <linux/bpf-cgroup.h>
#include <linux/module.h>
#include <linux/net.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/protocol.h>
#include <net/tcp.h>
#include <xtcp/family.h>

#include "../compat/inet.h"
#include "../compat/proto.h"
#include "../compat/splice.h"
#include "internal.h"

struct proto xtcp_prot = {
	.name			= "XTCP",
	.owner			= THIS_MODULE,
	.close			= xtcp_close_sock,
	.pre_connect		= xtcp_pre_connect,
	.connect		= xtcp_connect_sock,
	.disconnect		= xtcp_disconnect,
	.accept			= xtcp_proto_accept,
	.ioctl			= xtcp_proto_ioctl,
	.init			= xtcp_init_sock,
	.destroy		= xtcp_destroy_sock,
	.shutdown		= xtcp_shutdown_sock,
	.setsockopt		= xtcp_setsockopt,
	.getsockopt		= xtcp_getsockopt,
	.keepalive		= xtcp_keepalive,
	.backlog_rcv		= xtcp_backlog_rcv,
	.release_cb		= xtcp_release_cb,
	.unhash			= xtcp_unhash,
	.rehash			= xtcp_rehash,
	.get_port		= xtcp_get_port,
	.put_port		= xtcp_port_put,
	.stream_memory_free	= xtcp_stream_memory_free,
	.enter_memory_pressure	= xtcp_enter_memory_pressure,
	.leave_memory_pressure	= xtcp_leave_memory_pressure,
	.sockets_allocated	= &xtcp_sockets_allocated,
	.memory_allocated	= &xtcp_memory_allocated,
	.per_cpu_fw_alloc	= &xtcp_memory_per_cpu_fw_alloc,
	.memory_pressure	= &xtcp_memory_pressure,
	.max_header		= L1_CACHE_ALIGN(128 + MAX_HEADER),
	.no_autobind		= true,
	.obj_size		= sizeof(struct xtcp_sock),
};

const struct proto_ops xtcp_stream_ops = {
	.family		= PF_INET,
	.owner		= THIS_MODULE,
	.release	= inet_release,
	.bind		= inet_bind,
	.connect	= inet_stream_connect,
	.socketpair	= sock_no_socketpair,
	.accept		= inet_accept,
	.getname	= inet_getname,
	.poll		= xtcp_poll,
	.ioctl		= inet_ioctl,
	.gettstamp	= sock_gettstamp,
	.listen		= xtcp_listen_sock,
	.shutdown	= inet_shutdown,
	.setsockopt	= sock_common_setsockopt,
	.getsockopt	= sock_common_getsockopt,
	.sendmsg	= xtcp_sendmsg,
	.recvmsg	= xtcp_recvmsg,
	.mmap		= sock_no_mmap,
	.splice_read	= xtcp_splice_read,
	.peek_len	= xtcp_peek_len,
	.sendmsg_locked	= xtcp_sendmsg_locked,
	.set_rcvlowat	= xtcp_set_rcvlowat,
	XTCP_SPLICE_OPS
};

/* What inet_create() does for a protocol of AF_INET. */
static void family_inet_init(struct socket *sock, struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);
	struct net *net = sock_net(sk);

	inet->pmtudisc = READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc) ?
			 IP_PMTUDISC_DONT : IP_PMTUDISC_WANT;
	sock_init_data(sock, sk);
	sk->sk_family = AF_INET;
	sk->sk_protocol = XTCP_SK_PROTOCOL;
	sk->sk_destruct = inet_sock_destruct;
	sk->sk_backlog_rcv = sk->sk_prot->backlog_rcv;
	sk->sk_txrehash = READ_ONCE(net->core.sysctl_txrehash);
	inet->uc_ttl = -1;
	xtcp_inet_set_mc_loop(sk, true);
	inet->mc_ttl = 1;
	xtcp_inet_set_mc_all(sk, true);
}

/* socket(AF_XTCP, SOCK_STREAM, @protocol). */
static int xtcp_create(struct net *net, struct socket *sock, int protocol,
		       int kern)
{
	bool v6 = xtcp_family6_there() && protocol == XTCP_V6;
	struct sock *sk;
	int err;

	if (protocol < 0 || protocol >= IPPROTO_MAX)
		return -EINVAL;
	if (sock->type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (protocol == XTCP_V6 && !v6)
		return -EAFNOSUPPORT;
	if (protocol && protocol != IPPROTO_TCP && !v6)
		return -EPROTONOSUPPORT;

	sock->state = SS_UNCONNECTED;
	sock->ops = v6 ? &xtcp6_stream_ops : &xtcp_stream_ops;
	/*
	 * The family given here selects the lock class. With AF_INET lockdep could
	 * not tell this socket's lock from that of a kernel TCP socket, and they
	 * nest where a port is reserved.
	 */
	sk = sk_alloc(net, AF_XTCP, GFP_KERNEL, v6 ? &xtcp6_prot : &xtcp_prot, kern);
	if (!sk)
		return -ENOMEM;
	family_inet_init(sock, sk);
	if (v6)
		xtcp6_sock_init(sk);

	err = sk->sk_prot->init(sk);
	if (!err && !kern)
		err = BPF_CGROUP_RUN_PROG_INET_SOCK(sk);
	if (err) {
		sk_common_release(sk);
		sock->sk = NULL;
	}
	return err;
}

static const struct net_proto_family xtcp_family = {
	.family	= AF_XTCP,
	.create	= xtcp_create,
	.owner	= THIS_MODULE,
};

static struct inet_protosw xtcp_protosw = {
	.type		= SOCK_STREAM,
	.protocol	= IPPROTO_XTCP,
	.prot		= &xtcp_prot,
	.ops		= &xtcp_stream_ops,
};

/**
 * xtcp_mem_limit - set the thresholds of the memory account
 * @limits: three numbers of pages, used in place: they must stay valid
 *
 * Context: any.
 */
void xtcp_mem_limit(long *limits)
{
	WRITE_ONCE(xtcp_prot.sysctl_mem, limits);
	if (IS_ENABLED(CONFIG_IPV6))
		WRITE_ONCE(xtcp6_prot.sysctl_mem, limits);
}

/**
 * xtcp_family_init - register the protocols and AF_XTCP
 *
 * Last step of loading: from here on programs can create sockets.
 *
 * Context: process, may sleep.
 * Return: 0, -ENOMEM, -EEXIST if another module has the family.
 */
int xtcp_family_init(void)
{
	int err;

	err = xtcp_mem_setup();
	if (err)
		return err;
	xtcp_prot.sysctl_mem = tcp_prot.sysctl_mem;
	/* Bytes a socket may have under pressure: the initial namespace's for all. */
	xtcp_prot.sysctl_wmem = xtcp_pernet(&init_net)->knobs.wmem;
	xtcp_prot.sysctl_rmem = xtcp_pernet(&init_net)->knobs.rmem;
	err = xtcp_sendq_setup();
	if (err)
		goto out_mem;
	if (xtcp_family6_there()) {
		err = xtcp6_family_init();
		if (err)
			goto out_sendq;
	}
	err = proto_register(&xtcp_prot, 1);
	if (err)
		goto out_v6;
	err = sock_register(&xtcp_family);
	if (err)
		goto out_proto;
	inet_register_protosw(&xtcp_protosw);
	return 0;

out_proto:
	proto_unregister(&xtcp_prot);
out_v6:
	if (xtcp_family6_there()) {
		xtcp6_family_close();
		xtcp6_family_exit();
	}
out_sendq:
	xtcp_sendq_teardown();
out_mem:
	xtcp_mem_teardown();
	return err;
}

/**
 * xtcp_family_close - allow no new sockets
 *
 * First step of unloading. No socket is left by then: each one, orphans and sockets
 * with packets in a device queue included, holds a reference to the module until its
 * memory is freed.
 *
 * Context: process, may sleep.
 */
void xtcp_family_close(void)
{
	if (xtcp_family6_there())
		xtcp6_family_close();
	inet_unregister_protosw(&xtcp_protosw);
	sock_unregister(AF_XTCP);
}

/**
 * xtcp_family_exit - free the caches that sockets were allocated from
 *
 * To be called after the last RCU callback that could free a socket.
 *
 * Context: process, may sleep.
 */
void xtcp_family_exit(void)
{
	if (xtcp_family6_there())
		xtcp6_family_exit();
	proto_unregister(&xtcp_prot);
	xtcp_sendq_teardown();
	xtcp_mem_teardown();
}
