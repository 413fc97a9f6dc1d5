// SPDX-License-Identifier: GPL-2.0
/*
 * Urgent data, RFC 6093. The urgent pointer marks the byte after the urgent one; it
 * may arrive before that byte. There is at most one urgent byte at a time, the
 * out-of-band byte of tcp(7).
 */
#include "internal.h"

/**
 * xtcp_urg_fetch - read the announced byte if it has arrived
 * @sk: socket
 *
 * Context: any, socket lock.
 * Return: whether it has arrived just now.
 */
bool xtcp_urg_fetch(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	struct sk_buff *skb;
	u32 off;
	u8 byte;

	if (xsk->urg_data != XTCP_URG_NOTYET)
		return false;
	skb = xtcp_recvq_newest(sk, xsk->urg_seq, &off);
	if (!skb || skb_copy_bits(skb, off, &byte, 1))
		return false;
	WRITE_ONCE(xsk->urg_data, XTCP_URG_VALID | byte);
	return true;
}

/**
 * xtcp_urg_announce - the urgent pointer has moved: send SIGURG
 * @sk: socket
 *
 * Context: any, socket lock.
 */
void xtcp_urg_announce(struct sock *sk)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 seq = xsk->tcb.rcv_up - 1;

	if (seq_lt(seq, xsk->copied))
		return;
	if (XTCP_DEFENCE(urg_again, xsk->urg_data && seq_le(seq, xsk->urg_seq)))
		return;

	sk_send_sigurg(sk);
	WRITE_ONCE(xsk->urg_data, XTCP_URG_NOTYET);
	WRITE_ONCE(xsk->urg_seq, seq);
}

/**
 * xtcp_recv_urg - recv(MSG_OOB)
 * @sk: socket
 * @msg: where the byte goes
 * @len: bytes of room in it
 * @flags: MSG_PEEK, MSG_TRUNC
 *
 * Never waits: the byte may arrive long after its announcement.
 *
 * Context: process, socket lock.
 * Return: 1; 0 at the end of the stream or without room; -EINVAL if there is no urgent
 * data or the byte was read; -EAGAIN if the byte has not arrived; -ENOTCONN; -EFAULT.
 */
int xtcp_recv_urg(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (sock_flag(sk, SOCK_URGINLINE) || !xsk->urg_data ||
	    xsk->urg_data == XTCP_URG_READ)
		return -EINVAL;
	if (sk->sk_state == TCP_CLOSE && !sock_flag(sk, SOCK_DONE))
		return -ENOTCONN;

	if (xsk->urg_data & XTCP_URG_VALID) {
		u8 byte = xsk->urg_data;

		if (!(flags & MSG_PEEK))
			WRITE_ONCE(xsk->urg_data, XTCP_URG_READ);
		msg->msg_flags |= MSG_OOB;
		if (!len) {
			msg->msg_flags |= MSG_TRUNC;
			return 0;
		}
		if (!(flags & MSG_TRUNC) && memcpy_to_msg(msg, &byte, 1))
			return -EFAULT;
		return 1;
	}
	if (sk->sk_state == TCP_CLOSE || (sk->sk_shutdown & RCV_SHUTDOWN))
		return 0;
	return -EAGAIN;
}
