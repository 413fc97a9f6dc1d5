// SPDX-License-Identifier: GPL-2.0
/*
 * IPv6 sockets: XTCP_V6 of AF_XTCP, and IPPROTO_XTCP on AF_INET6. Like the kernel's
 * they also speak IPv4, with v4-mapped addresses (::ffff:a.b.c.d), unless IPV6_V6ONLY
 * is set.
 *
 * The system calls first reach the kernel's inet6_bind() and so on. Such a socket has a
 * struct ipv6_pinfo in addition, behind its struct xtcp_sock.
 */
#include <linux/module.h>
#include <net/inet_common.h>
#include <net/protocol.h>
#include <net/transp_v6.h>
#include <xtcp/family.h>

#include "../compat/bpf.h"
#include "../compat/inet.h"
#include "../compat/proto.h"
#include "../compat/splice.h"
#include "internal.h"

#if IS_ENABLED(CONFIG_IPV6)

struct proto xtcp6_prot;

const struct proto_ops xtcp6_stream_ops = {
	.family		= PF_INET6,
	.owner		= THIS_MODULE,
	.release	= inet6_release,
	.bind		= inet6_bind,
	.connect	= inet_stream_connect,
	.socketpair	= sock_no_socketpair,
	.accept		= inet_accept,
	.getname	= inet6_getname,
	.poll		= xtcp_poll,
	.ioctl		= inet6_ioctl,
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
#ifdef CONFIG_COMPAT
	.compat_ioctl	= inet6_compat_ioctl,
#endif
	.set_rcvlowat	= xtcp_set_rcvlowat,
	XTCP_SPLICE_OPS
};

/**
 * xtcp6_sock_init - do what inet6_create() does for a protocol of AF_INET6
 * @sk: socket of xtcp6_prot, initialised as an IPv4 socket
 *
 * Context: process; nothing else knows the socket.
 */
void xtcp6_sock_init(struct sock *sk)
{
	struct ipv6_pinfo *np = xtcp6_pinfo(sk);
	struct net *net = sock_net(sk);

	sk->sk_family = AF_INET6;
	sk->sk_destruct = inet6_sock_destruct;
	sk->sk_ipv6only = net->ipv6.sysctl.bindv6only;
	inet_sk(sk)->pinet6 = np;
	np->hop_limit = -1;
	np->mcast_hops = IPV6_DEFAULT_MCASTHOPS;
	xtcp_inet_set_mc6_loop(sk, true);
	xtcp_inet_set_mc6_all(sk, true);
	np->pmtudisc = IPV6_PMTUDISC_WANT;
	xtcp_inet_set_repflow(sk, net->ipv6.sysctl.flowlabel_reflect &
				  FLOWLABEL_REFLECT_ESTABLISHED);
}

/**
 * xtcp6_sock_blank - clear the peer of a disconnected socket
 * @sk: IPv6 socket
 *
 * Context: process, socket lock.
 */
void xtcp6_sock_blank(struct sock *sk)
{
	memset(&sk->sk_v6_daddr, 0, sizeof(sk->sk_v6_daddr));
	xtcp_sk(sk)->v6 = 0;
}

/*
 * IPV6_ADDRFORM: turn an IPv6 socket into an IPv4 socket. Its packets are IPv4 already,
 * so only the operations change. Its struct ipv6_pinfo stays and is freed with it.
 */
static int ipv6_addrform(struct sock *sk, int family)
{
	struct ipv6_pinfo *np = xtcp6_pinfo(sk);

	/* Another thread has done it already. */
	if (!xtcp_family6(sk))
		return -ENOPROTOOPT;
	if (family != AF_INET)
		return -EINVAL;
	if (sk->sk_state != TCP_ESTABLISHED)
		return -ENOTCONN;
	if (ipv6_only_sock(sk) || !ipv6_addr_v4mapped(&sk->sk_v6_daddr))
		return -EADDRNOTAVAIL;
	/* It would never leave its groups: inet_release() does not know IPv6 groups. */
	if (rcu_access_pointer(np->ipv6_mc_list) || np->ipv6_ac_list)
		return -EBUSY;
	np->rxopt.all = 0;
	WRITE_ONCE(sk->sk_prot, &xtcp_prot);
	WRITE_ONCE(sk->sk_socket->ops, &xtcp_stream_ops);
	WRITE_ONCE(sk->sk_family, AF_INET);
	return 0;
}

static int xtcp6_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
			    unsigned int optlen)
{
	int val, err;

	if (level == SOL_TCP || level == SOL_IP)
		return xtcp_setsockopt(sk, level, optname, optval, optlen);
	if (level == SOL_IPV6 &&
	    (optname == IPV6_ADD_MEMBERSHIP || optname == IPV6_DROP_MEMBERSHIP))
		return optlen < sizeof(struct ipv6_mreq) ? -EINVAL : -EPROTO;
	if (level != SOL_IPV6 || optname != IPV6_ADDRFORM)
		return ipv6_setsockopt(sk, level, optname, optval, optlen);
	if (optlen < sizeof(int))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	lock_sock(sk);
	err = ipv6_addrform(sk, val);
	release_sock(sk);
	return err;
}

static int xtcp6_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
			    int __user *optlen)
{
	int len, val;

	if (level == SOL_TCP)
		return xtcp_getsockopt(sk, level, optname, optval, optlen);
	if (level != SOL_IPV6 || optname != IPV6_ADDRFORM)
		return ipv6_getsockopt(sk, level, optname, optval, optlen);
	if (get_user(len, optlen))
		return -EFAULT;
	if (sk->sk_state != TCP_ESTABLISHED)
		return -ENOTCONN;
	val = READ_ONCE(sk->sk_family);
	len = min_t(unsigned int, len, sizeof(val));
	if (put_user(len, optlen) || copy_to_user(optval, &val, len))
		return -EFAULT;
	return 0;
}

static int xtcp6_pre_connect(struct sock *sk, struct sockaddr_unsized *uaddr, int addr_len)
{
	/* A BPF program may read that many bytes. */
	if (addr_len < SIN6_LEN_RFC2133)
		return -EINVAL;
	return xtcp_bpf_connect6(sk, uaddr, addr_len);
}

static struct inet_protosw xtcp6_protosw = {
	.type		= SOCK_STREAM,
	.protocol	= IPPROTO_XTCP,
	.prot		= &xtcp6_prot,
	.ops		= &xtcp6_stream_ops,
};

/**
 * xtcp6_family_init - register the protocol of IPv6 sockets
 *
 * Copies xtcp_prot, so it must run before proto_register() has changed that.
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int xtcp6_family_init(void)
{
	int err;

	BUILD_BUG_ON(offsetofend(struct xtcp6_sock, inet6) != sizeof(struct xtcp6_sock));
	xtcp6_prot = xtcp_prot;
	strscpy(xtcp6_prot.name, "XTCPv6", sizeof(xtcp6_prot.name));
	xtcp6_prot.pre_connect = xtcp6_pre_connect;
	xtcp6_prot.setsockopt = xtcp6_setsockopt;
	xtcp6_prot.getsockopt = xtcp6_getsockopt;
	xtcp6_prot.obj_size = sizeof(struct xtcp6_sock);
	xtcp_proto_pinfo(&xtcp6_prot, offsetof(struct xtcp6_sock, inet6));

	err = proto_register(&xtcp6_prot, 1);
	if (err)
		return err;
	err = inet6_register_protosw(&xtcp6_protosw);
	if (err)
		proto_unregister(&xtcp6_prot);
	return err;
}

/**
 * xtcp6_family_close - allow no new IPv6 sockets
 *
 * Context: process, may sleep.
 */
void xtcp6_family_close(void)
{
	inet6_unregister_protosw(&xtcp6_protosw);
}

/**
 * xtcp6_family_exit - free the cache that IPv6 sockets were allocated from
 *
 * Context: process, may sleep.
 */
void xtcp6_family_exit(void)
{
	proto_unregister(&xtcp6_prot);
}

#endif
