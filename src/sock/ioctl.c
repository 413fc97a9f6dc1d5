// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of tcp(7); inet_ioctl() has the others.
 */
#include <linux/sockios.h>
#include <asm/ioctls.h>

#include "../compat/proto.h"
#include "internal.h"

/* Bytes to read now, up to the urgent byte; if that is next, all bytes but it. */
static int ioctl_inq(struct sock *sk)
{
	const struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 inq;

	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV) &&
	    !xtcp_fastopen_is_child(&xsk->tcb))
		return 0;
	inq = xtcp_inq(sk);
	if (xsk->urg_data && !sock_flag(sk, SOCK_URGINLINE)) {
		u32 ahead = xsk->urg_seq - xsk->copied;

		if (ahead < inq)
			inq = ahead ? ahead : inq - 1;
	}
	return inq;
}

/**
 * xtcp_ioctl - proto.ioctl
 * @sk: socket
 * @cmd: SIOCINQ, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK
 * @val: set to bytes, or for SIOCATMARK to 0 or 1
 *
 * Context: process, takes the socket lock, may sleep.
 * Return: 0; -EINVAL on a listener; -ENOIOCTLCMD for any other @cmd.
 */
int xtcp_ioctl(struct sock *sk, int cmd, int *val)
{
	const struct xtcp_sock *xsk = xtcp_sk(sk);
	const struct xtcp_tcb *tcb = &xsk->tcb;
	int n = -EINVAL;

	if (cmd != SIOCINQ && cmd != SIOCOUTQ && cmd != SIOCOUTQNSD &&
	    cmd != SIOCATMARK)
		return -ENOIOCTLCMD;

	lock_sock(sk);
	switch (cmd) {
	case SIOCATMARK:
		n = xsk->urg_data && xsk->urg_seq == xsk->copied;
		break;
	case SIOCINQ:
		if (sk->sk_state == TCP_LISTEN)
			break;
		if (xsk->pull)
			xtcp_shortcut_pull(sk, xtcp_now());
		n = ioctl_inq(sk);
		break;
	case SIOCOUTQ:
		if (sk->sk_state != TCP_LISTEN)
			n = xsk->inert || sk->sk_state == TCP_SYN_SENT ? 0 :
			    tcb->snd_end - seq_min(xtcp_snd_data_una(tcb),
						   tcb->snd_end);
		break;
	case SIOCOUTQNSD:
		if (sk->sk_state != TCP_LISTEN)
			n = xsk->inert || sk->sk_state == TCP_SYN_SENT ? 0 :
			    tcb->snd_end - seq_min(tcb->snd_nxt, tcb->snd_end);
		break;
	}
	release_sock(sk);

	if (n == -EINVAL)
		return -EINVAL;
	*val = n;
	return 0;
}
