// SPDX-License-Identifier: GPL-2.0
/*
 * setsockopt and getsockopt at the levels of TCP and IP. The kernel implements
 * SOL_SOCKET; the operations it needs of a protocol are at the end.
 *
 * Numbers, units, ranges and errno are those of tcp(7). Any other option is
 * ENOPROTOOPT: an option that is accepted and does nothing is worse for a program
 * than one that is refused.
 */
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <net/ip.h>

#include "../compat/moved.h"
#include "info.h"
#include "internal.h"

/* Range of TCP_MAXSEG, bytes, as in the kernel's TCP. */
#define MAXSEG_MIN	88
#define MAXSEG_MAX	32767

#define LINGER2_MAX	120	/* s */

/* Seconds between two SYN-ACKs: the first interval, and the longest. */
#define DEFER_FIRST	1
#define DEFER_STEP_MAX	120

/* An option of the engine that is an int in a range. */
struct int_opt {
	int name;		/* TCP_*, XTCP_* */
	int min;		/* range, unit of the option */
	int max;
	u32 scale;		/* units of the engine per unit of the option */
	enum xtcp_opt opt;
};

static const struct int_opt int_opts[] = {
	{ TCP_KEEPIDLE,		1, 32767, 1000, XTCP_SET_KEEPIDLE },
	{ TCP_KEEPINTVL,	1, 32767, 1000, XTCP_SET_KEEPINTVL },
	{ TCP_KEEPCNT,		1, 127, 1, XTCP_SET_KEEPCNT },
	{ TCP_SYNCNT,		1, 127, 1, XTCP_SET_SYNCNT },
	{ TCP_USER_TIMEOUT,	0, INT_MAX, 1, XTCP_SET_USER_TIMEOUT },
	{ XTCP_KEEPIDLE_MS,	XTCP_KEEP_MIN, 32767000, 1, XTCP_SET_KEEPIDLE },
	{ XTCP_KEEPINTVL_MS,	XTCP_KEEP_MIN, 32767000, 1, XTCP_SET_KEEPINTVL },
	{ XTCP_TIMEWAIT_MS,	0, XTCP_TIMEWAIT_MAX, 1, XTCP_SET_TIMEWAIT },
};

static int opt_engine(struct sock *sk, enum xtcp_opt opt, u32 val)
{
	u64 now = xtcp_now();

	xtcp_handle_actions(sk, xtcp_set(&xtcp_sk(sk)->tcb, opt, val, now), now);
	return 0;
}

static int opt_congestion(struct sock *sk, const struct xtcp_cc *cc)
{
	u64 now = xtcp_now();

	xtcp_sk(sk)->cc_chosen = 1;
	xtcp_cc_set(&xtcp_sk(sk)->tcb, cc, now);
	xtcp_handle_actions(sk, XTCP_ACT_OUTPUT, now);
	return 0;
}

static int opt_set_congestion(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	const struct xtcp_cc *cc;
	char name[XTCP_CC_NAME_MAX];
	int err = 0;
	long len;

	if (optlen < 1)
		return -EINVAL;
	len = strncpy_from_sockptr(name, optval,
				   min_t(long, sizeof(name) - 1, optlen));
	if (len < 0)
		return -EFAULT;
	name[len] = 0;

	cc = xtcp_cc_find(name);
	if (!cc)
		return -ENOENT;
	lock_sock(sk);
	if (xsk->cc_locked)
		err = -EPERM;
	else if (cc == xsk->tcb.cc)
		xsk->cc_chosen = 1;
	else if (!xtcp_cc_may_choose(xtcp_sk_net(sk), cc) &&
		 !ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN))
		err = -EPERM;
	else
		err = opt_congestion(sk, cc);
	release_sock(sk);
	return err;
}

static int opt_set_maxseg(struct sock *sk, int val)
{
	if (val && (val < MAXSEG_MIN || val > MAXSEG_MAX))
		return -EINVAL;
	return opt_engine(sk, XTCP_SET_MAXSEG, val);
}

/*
 * TCP_LINGER2, s: negative means no time in FIN-WAIT-2 at all, 0 the time of the
 * namespace (fin_timeout).
 */
static int opt_set_linger2(struct sock *sk, int val)
{
	if (val < 0)
		return opt_engine(sk, XTCP_SET_LINGER2, 0);
	if (!val)
		return opt_engine(sk, XTCP_SET_LINGER2, XTCP_LINGER2_PAR);
	return opt_engine(sk, XTCP_SET_LINGER2, min(val, LINGER2_MAX) * 1000);
}

/* TCP_WINDOW_CLAMP, bytes. 0 turns the clamp off, in CLOSE only. */
static int opt_set_window_clamp(struct sock *sk, int val)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);

	if (!val) {
		if (sk->sk_state != TCP_CLOSE)
			return -EINVAL;
		xsk->window_clamp = 0;
		return 0;
	}
	xsk->window_clamp = max_t(int, val, SOCK_MIN_RCVBUF / 2);
	return 0;
}

/*
 * TCP_DEFER_ACCEPT is rounded up to a number of SYN-ACK retransmissions: 1, 3, 7, ... s,
 * as in the kernel's TCP. Return: seconds.
 */
static u32 defer_accept_round(int seconds)
{
	u32 step = DEFER_FIRST, period = 0, n;

	for (n = 0; seconds > 0 && (n == 0 || (u32)seconds > period) && n < U8_MAX; n++) {
		period += step;
		step = min_t(u32, 2 * step, DEFER_STEP_MAX);
	}
	return period;
}

/* Fast Open: TCP_FASTOPEN is a number of connections, the other options are 0 or 1. */
static int opt_set_fastopen(struct sock *sk, int optname, int val)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 states = TCPF_CLOSE;

	if (val < 0)
		return -EINVAL;
	if (optname != TCP_FASTOPEN && val > 1)
		return -EINVAL;
	if (optname == TCP_FASTOPEN_CONNECT) {
		if (!(READ_ONCE(xtcp_sk_knobs(sk)->fastopen) & XTCP_FO_KNOB_CLIENT))
			return -EOPNOTSUPP;
	} else {
		states |= TCPF_LISTEN;
	}
	if (!((1 << sk->sk_state) & states))
		return -EINVAL;
	switch (optname) {
	case TCP_FASTOPEN:
		return xtcp_fastopen_set_qlen(sk, val);
	case TCP_FASTOPEN_CONNECT:
		xsk->fo_connect = val;
		return 0;
	default:
		xsk->fo_bare = val;
		return 0;
	}
}

/* Bytes of a key; TCP_FASTOPEN_KEY has one or two. */
#define FO_KEY_LEN	16

static int opt_set_fastopen_key(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	struct xtcp_fastopen_keys keys = { .n = optlen / FO_KEY_LEN };
	u8 raw[2 * FO_KEY_LEN];
	u32 i;
	int err;

	if (optlen != FO_KEY_LEN && optlen != sizeof(raw))
		return -EINVAL;
	if (copy_from_sockptr(raw, optval, optlen))
		return -EFAULT;
	for (i = 0; i < keys.n; i++) {
		keys.key[i][0] = get_unaligned_le64(raw + i * FO_KEY_LEN);
		keys.key[i][1] = get_unaligned_le64(raw + i * FO_KEY_LEN + 8);
	}
	lock_sock(sk);
	err = xtcp_fastopen_set_sk_keys(sk, &keys);
	release_sock(sk);
	memzero_explicit(raw, sizeof(raw));
	memzero_explicit(&keys, sizeof(keys));
	return err;
}

static int opt_set_int(struct sock *sk, int optname, int val)
{
	struct xtcp_sock *xsk = xtcp_sk(sk);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(int_opts); i++) {
		const struct int_opt *o = &int_opts[i];

		if (o->name != optname)
			continue;
		if (val < o->min || val > o->max)
			return -EINVAL;
		return opt_engine(sk, o->opt, val * o->scale);
	}
	switch (optname) {
	case TCP_NODELAY:
		return opt_engine(sk, XTCP_SET_NODELAY, !!val);
	case TCP_CORK:
		return opt_engine(sk, XTCP_SET_CORK, !!val);
	case TCP_QUICKACK:
		return opt_engine(sk, XTCP_SET_QUICKACK, !!val);
	case TCP_MAXSEG:
		return opt_set_maxseg(sk, val);
	case TCP_LINGER2:
		return opt_set_linger2(sk, val);
	case TCP_DEFER_ACCEPT:
		xsk->defer_accept = defer_accept_round(val);
		return 0;
	case TCP_INQ:
		if (val < 0 || val > 1)
			return -EINVAL;
		xsk->tell_inq = val;
		return 0;
	case TCP_THIN_DUPACK:
		/* Accepted without effect: RACK does the same for all streams. */
		return val < 0 || val > 1 ? -EINVAL : 0;
	case TCP_FASTOPEN:
	case TCP_FASTOPEN_CONNECT:
	case TCP_FASTOPEN_NO_COOKIE:
		return opt_set_fastopen(sk, optname, val);
	case TCP_WINDOW_CLAMP:
		return opt_set_window_clamp(sk, val);
	case TCP_NOTSENT_LOWAT:
		WRITE_ONCE(xsk->notsent_lowat, val);
		xtcp_write_space(sk);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

/**
 * xtcp_setsockopt - proto.setsockopt
 * @sk: socket
 * @level: SOL_TCP, SOL_IP
 * @optname: TCP_*, IP_*
 * @optval: value
 * @optlen: bytes of it; of an int option more are ignored
 *
 * Context: process, takes the socket lock, may sleep.
 * Return: 0, -EINVAL, -EFAULT, -ENOENT, -ENOMEM, -EOPNOTSUPP, -EPERM, -EPROTO,
 * -ENOPROTOOPT.
 */
int xtcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	int val, err;

	/* The kernel's IP refuses these for its TCP, by is_icsk, which is not set here. */
	if (level == SOL_IP &&
	    (optname == IP_ADD_MEMBERSHIP || optname == IP_DROP_MEMBERSHIP))
		return -EPROTO;
	if (level != SOL_TCP)
		return ip_setsockopt(sk, level, optname, optval, optlen);
	xtcp_knobs_inherit(xtcp_pernet(sock_net(sk)));
	if (optname == TCP_CONGESTION)
		return opt_set_congestion(sk, optval, optlen);
	if (optname == TCP_FASTOPEN_KEY)
		return opt_set_fastopen_key(sk, optval, optlen);
	if (optlen < sizeof(int))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;

	lock_sock(sk);
	err = opt_set_int(sk, optname, val);
	release_sock(sk);
	return err;
}

static int opt_get_maxseg(const struct sock *sk)
{
	const struct xtcp_tcb *tcb = &xtcp_sk(sk)->tcb;

	if ((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN))
		return tcb->user_mss ? tcb->user_mss : 536;
	return tcb->mss;
}

static int opt_get_int(struct sock *sk, int optname, int *val)
{
	const struct xtcp_sock *xsk = xtcp_sk(sk);
	const struct xtcp_tcb *tcb = &xsk->tcb;

	switch (optname) {
	case TCP_NODELAY:
		*val = !!(tcb->flags & XTCP_F_NODELAY);
		break;
	case TCP_CORK:
		*val = !!(tcb->flags & XTCP_F_CORK);
		break;
	case TCP_QUICKACK:
		*val = !(tcb->flags & XTCP_F_PINGPONG);
		break;
	case TCP_MAXSEG:
		*val = opt_get_maxseg(sk);
		break;
	case TCP_KEEPIDLE:
		*val = DIV_ROUND_UP(xtcp_keepalive_idle_ms(tcb), 1000);
		break;
	case TCP_KEEPINTVL:
		*val = DIV_ROUND_UP(xtcp_keepalive_intvl_ms(tcb), 1000);
		break;
	case TCP_KEEPCNT:
		*val = xtcp_keepalive_probes(tcb);
		break;
	case TCP_SYNCNT:
		*val = xtcp_syn_retries(tcb);
		break;
	case TCP_LINGER2:
		*val = tcb->linger2_ms ? (int)(xtcp_linger2_ms(tcb) / 1000) : -1;
		break;
	case TCP_DEFER_ACCEPT:
		*val = xsk->defer_accept;
		break;
	case TCP_INQ:
		*val = xsk->tell_inq;
		break;
	case TCP_THIN_DUPACK:
		*val = 0;
		break;
	case TCP_FASTOPEN:
		*val = xtcp_fastopen_get_qlen(sk);
		break;
	case TCP_FASTOPEN_CONNECT:
		*val = xsk->fo_connect;
		break;
	case TCP_FASTOPEN_NO_COOKIE:
		*val = xsk->fo_bare;
		break;
	case TCP_WINDOW_CLAMP:
		*val = xsk->window_clamp;
		break;
	case TCP_USER_TIMEOUT:
		*val = tcb->user_timeout_ms;
		break;
	case XTCP_KEEPIDLE_MS:
		*val = xtcp_keepalive_idle_ms(tcb);
		break;
	case XTCP_KEEPINTVL_MS:
		*val = xtcp_keepalive_intvl_ms(tcb);
		break;
	case XTCP_TIMEWAIT_MS:
		*val = xtcp_timewait_ms(tcb);
		break;
	case TCP_NOTSENT_LOWAT:
		*val = xsk->notsent_lowat;
		break;
	default:
		return -ENOPROTOOPT;
	}
	return 0;
}

/* Copy at most @len bytes to the program and set *@optlen to their number. */
static int opt_get_done(char __user *optval, int __user *optlen, const void *from,
			int size, int len)
{
	len = min(len, size);
	if (put_user(len, optlen) || copy_to_user(optval, from, len))
		return -EFAULT;
	return 0;
}

static int opt_get_info(struct sock *sk, char __user *optval, int __user *optlen,
			int len)
{
	struct xtcp_tcp_info info;

	lock_sock(sk);
	xtcp_get_info(sk, &info);
	release_sock(sk);
	return opt_get_done(optval, optlen, &info, sizeof(info), len);
}

/* No bytes if the socket has no keys of its own and uses those of the namespace. */
static int opt_get_fastopen_key(struct sock *sk, char __user *optval, int __user *optlen,
				int len)
{
	struct xtcp_fastopen_keys keys;
	u8 raw[2 * FO_KEY_LEN];
	u32 i;
	int err;

	lock_sock(sk);
	xtcp_fastopen_get_sk_keys(sk, &keys);
	release_sock(sk);
	for (i = 0; i < keys.n; i++) {
		put_unaligned_le64(keys.key[i][0], raw + i * FO_KEY_LEN);
		put_unaligned_le64(keys.key[i][1], raw + i * FO_KEY_LEN + 8);
	}
	err = opt_get_done(optval, optlen, raw, keys.n * FO_KEY_LEN, len);
	memzero_explicit(raw, sizeof(raw));
	memzero_explicit(&keys, sizeof(keys));
	return err;
}

static int opt_get_congestion(struct sock *sk, char __user *optval,
			      int __user *optlen, int len)
{
	char name[XTCP_CC_NAME_MAX] = "";

	lock_sock(sk);
	strscpy(name, xtcp_cc_name(xtcp_sk(sk)->tcb.cc), sizeof(name));
	release_sock(sk);
	return opt_get_done(optval, optlen, name, sizeof(name), len);
}

/* TCP_CC_INFO, in the structures of the kernel's algorithms. */
static int opt_get_cc_info(struct sock *sk, char __user *optval, int __user *optlen,
			   int len)
{
	union tcp_cc_info out = {};
	struct xtcp_cc_info in;
	int size = 0;

	lock_sock(sk);
	xtcp_cc_get_info(&xtcp_sk(sk)->tcb, &in);
	release_sock(sk);
	switch (in.kind) {
	case XTCP_CC_INFO_BBR:
		out.bbr.bbr_bw_lo = (u32)in.bw;
		out.bbr.bbr_bw_hi = (u32)(in.bw >> 32);
		out.bbr.bbr_min_rtt = in.min_rtt_us;
		out.bbr.bbr_pacing_gain = in.pacing_gain;
		out.bbr.bbr_cwnd_gain = in.cwnd_gain;
		size = sizeof(out.bbr);
		break;
	case XTCP_CC_INFO_DCTCP:
		out.dctcp.dctcp_enabled = in.ecn;
		if (in.ecn) {
			out.dctcp.dctcp_ce_state = in.ce;
			out.dctcp.dctcp_alpha = in.alpha;
			out.dctcp.dctcp_ab_ecn = in.marked;
			out.dctcp.dctcp_ab_tot = in.total;
		}
		size = sizeof(out.dctcp);
		break;
	default:
		break;
	}
	return opt_get_done(optval, optlen, &out, size, len);
}

/**
 * xtcp_getsockopt - proto.getsockopt
 * @sk: socket
 * @level: SOL_TCP, SOL_IP
 * @optname: TCP_*, IP_*
 * @optval: where the value goes
 * @optlen: bytes of room; set to the bytes written
 *
 * Context: process, takes the socket lock, may sleep.
 * Return: 0, -EINVAL for a negative length, -EFAULT, -ENOPROTOOPT.
 */
int xtcp_getsockopt(struct sock *sk, int level, int optname,
		    char __user *optval, int __user *optlen)
{
	int len, val, err;

	if (level != SOL_TCP)
		return ip_getsockopt(sk, level, optname, optval, optlen);
	xtcp_knobs_inherit(xtcp_pernet(sock_net(sk)));
	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	if (optname == TCP_INFO)
		return opt_get_info(sk, optval, optlen, len);
	/* There is never a ULP: a name of 0 bytes. */
	if (optname == TCP_ULP)
		return opt_get_done(optval, optlen, "", 0, len);
	if (optname == TCP_CONGESTION)
		return opt_get_congestion(sk, optval, optlen, len);
	if (optname == TCP_FASTOPEN_KEY)
		return opt_get_fastopen_key(sk, optval, optlen, len);
	if (optname == TCP_CC_INFO)
		return opt_get_cc_info(sk, optval, optlen, len);

	lock_sock(sk);
	err = opt_get_int(sk, optname, &val);
	release_sock(sk);
	if (err)
		return err;
	return opt_get_done(optval, optlen, &val, sizeof(val), len);
}

/**
 * xtcp_keepalive - proto.keepalive: SO_KEEPALIVE was set
 * @sk: socket
 * @on: 0 or 1
 *
 * Context: process, socket lock.
 */
void xtcp_keepalive(struct sock *sk, int on)
{
	opt_engine(sk, XTCP_SET_KEEPALIVE, !!on);
}

/**
 * xtcp_set_rcvlowat - proto_ops.set_rcvlowat: SO_RCVLOWAT
 * @sk: socket
 * @val: least number of bytes that make the socket readable
 *
 * Half of the receive buffer must hold them: the buffer grows if SO_RCVBUF has not set
 * it, and @val is limited to what it can hold.
 *
 * Context: process, socket lock.
 * Return: 0.
 */
int xtcp_set_rcvlowat(struct sock *sk, int val)
{
	bool locked = sk->sk_userlocks & SOCK_RCVBUF_LOCK;
	int cap = (locked ? sk->sk_rcvbuf : READ_ONCE(xtcp_sk_knobs(sk)->rmem[2])) / 2;

	val = min(val, cap);
	WRITE_ONCE(sk->sk_rcvlowat, val ? val : 1);
	if (!locked && 2 * val > sk->sk_rcvbuf)
		WRITE_ONCE(sk->sk_rcvbuf, 2 * val);
	if (xtcp_inq(sk) >= (u32)sk->sk_rcvlowat)
		sk->sk_data_ready(sk);
	return 0;
}

/**
 * xtcp_peek_len - proto_ops.peek_len
 * @sock: socket
 *
 * Context: any; the socket lock is not required.
 * Return: bytes that can be read now.
 */
int xtcp_peek_len(struct socket *sock)
{
	return xtcp_inq(sock->sk);
}
