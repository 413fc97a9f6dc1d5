/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The structures that the module's folders share: socket, packet, namespace. What
 * each folder offers the others is in its own header: src/conn/conn.h,
 * src/net/public.h. Nothing in src/core includes this file.
 */
#ifndef XTCP_SOCK_H
#define XTCP_SOCK_H

#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/rculist_nulls.h>
#include <linux/skbuff.h>
#include <linux/timer.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>

#include <uapi/linux/xtcp.h>
#include <xtcp/engine.h>

/*
 * sk_protocol of every XTCP socket. The low byte is what goes into the IP
 * header; as a whole it is not IPPROTO_TCP, so that sk_is_tcp() is false and
 * nothing in the kernel takes one of our sockets for a struct tcp_sock.
 */
#define XTCP_SK_PROTOCOL	0x206

struct xtcp_port;	/* bind bucket, src/net/port.c */

/* What an entry of the look-up tables is part of. */
enum xtcp_kind {
	XTCP_KIND_NONE,		/* in no table */
	XTCP_KIND_SOCK,		/* struct xtcp_sock with a 4-tuple */
	XTCP_KIND_LISTEN,	/* struct xtcp_sock in LISTEN */
	XTCP_KIND_TW,		/* TIME-WAIT record, src/net/timewait.c */
	XTCP_KIND_SUSPENDED,	/* the same, while a SYN may open a connection in its place */
};

/*
 * Membership in a look-up table, src/net/demux.c; chain lock, read under RCU.
 * Whose it is says the kind; where the addresses are, too, for a TIME-WAIT
 * record shares its own with others. The last two fields are a record's, which
 * has no byte to spare.
 */
struct xtcp_entry {
	struct hlist_nulls_node node;
	u32 hash;
	u8 kind;			/* enum xtcp_kind */
	u8 tos;
	u16 dport;			/* network byte order */
};

/* Work put off because a system call owned the socket: bits of deferred. */
enum xtcp_deferred {
	XTCP_DEFER_TIMER,		/* deadlines are due */
	XTCP_DEFER_OUTPUT,		/* after the backlog, see xtcp_handle_actions() */
	XTCP_DEFER_TX,			/* device queue has room again */
	XTCP_DEFER_MTU,			/* ICMP: path MTU shrank */
	XTCP_DEFER_ICMP,		/* ICMP: hard error, see hard_err */
	XTCP_TX_THROTTLED,		/* output waits for the device queue */
	XTCP_TX_RESUMING,		/* tx_resume is scheduled */
};

/* What a connection that has something to send waits for. */
enum xtcp_chrono {
	XTCP_CHRONO_IDLE,		/* nothing: all is acknowledged */
	XTCP_CHRONO_BUSY,		/* network or congestion window */
	XTCP_CHRONO_RWND,		/* the peer's window */
	XTCP_CHRONO_SNDBUF,		/* the writer, who waits for room */
	XTCP_CHRONOS
};

/* Chronos are counted in ticks of 2^16 ns: three days of them in 32 bits. */
#define XTCP_CHRONO_SHIFT	16

/* Of up to 2,680 bytes a slab of 32 KiB holds twelve; of more, eleven. */
struct xtcp_sock {
	struct inet_sock inet;		/* must be first */
	struct xtcp_tcb tcb;		/* socket lock */

	/* the first of them fires at or before xtcp_deadline(), src/conn/timer.c */
	struct timer_list timer;	/* to a jiffy */
	struct hrtimer near;		/* to the microsecond */
	u64 timer_at;			/* ns armed for, XTCP_NEVER */
	u64 near_at;
	unsigned long deferred;		/* enum xtcp_deferred, atomic bits */
	struct tasklet_struct tx_resume; /* goes on sending, src/conn/transmit.c */
	struct xtcp_entry entry;	/* look-up, src/net/demux.c */
	struct xtcp_flow flow;		/* as it was entered there */
	int dif;			/* device we are bound to, 0: any */
	u32 gso_full;			/* bytes a plan may carry by the route */
	u32 pmtu;			/* bytes, of the route as the engine has it, */
	u32 pmtu_hdr;			/* and what of them headers take */
	u32 icmp_mtu;			/* bytes, of the message behind XTCP_DEFER_MTU */
	u8 near_runs;			/* the handler of near is who holds the lock */
	u8 gso_good;			/* full plans sent since gso_max last grew */

	u64 opened_at;			/* ns, of the handshake */

	/* what the sender spent its time on, TCP_INFO; socket lock */
	u8 chrono;			/* enum xtcp_chrono */
	u8 cc_chosen;			/* TCP_CONGESTION was set */
	u8 backlog;			/* a segment of the backlog is being served */
	u8 v6;				/* the path has IPv6 headers */
	u32 chrono_at;			/* ticks, when the present chrono began */
	u32 chrono_ticks[XTCP_CHRONOS - 1]; /* of those that ended, but for idle */

	struct xtcp_port *port;		/* bind bucket we hold, or NULL */
	struct hlist_node port_node;	/* in it; bucket lock */

	/* payload waiting for acknowledgement: sk_write_queue, see src/conn/sendq.c */
	struct sk_buff *send_hint;	/* send-queue skb that holds SND.NXT, or NULL */
	u32 goal_seq;			/* byte at which SO_SNDBUF was last checked */
	u32 map_lent;			/* entries of the send map, embedded ones not */

	/* how far it was when last looked at while memory is short, evict.c alone */
	u32 watch_una;
	u32 watch_nxt;
	u32 stalled_at;			/* ms, since when SND.UNA makes no progress */
	u32 hole_at;			/* ms, and RCV.NXT, with a hole behind it */
	u16 watch;			/* the watch these are of */

	/* reading; socket lock */
	u32 copied;			/* sequence number of the next byte to read */
	u32 urg_seq;			/* of the urgent byte */
	u16 urg_data;			/* byte and XTCP_URG_* */
	u8 eof;				/* FIN delivered to the reader */
	u8 inert;			/* xtcp_done() ran: no hash, no timer */
	u8 destroyed;			/* the socket's own reference is gone */
	u8 reopens;			/* took the place of a TIME-WAIT record */
	u8 fo_connect : 1;		/* TCP_FASTOPEN_CONNECT */
	u8 fo_bare : 1;			/* TCP_FASTOPEN_NO_COOKIE */
	u8 stamped : 1;			/* some write asked for time stamps */
	u8 tell_inq : 1;		/* TCP_INQ */
	u8 repathed : 1;		/* routes are chosen by sk_txhash */
	u8 cc_locked : 1;		/* the route says which algorithm: congctl lock */
	u32 iss_above;			/* whose SND.NXT this was */
	u32 rehashes;			/* paths left after a timeout, TCP_INFO */
	int soft_err;			/* errno of the last soft ICMP error */
	int hard_err;			/* errno behind XTCP_ERR_UNREACH */

	/* options the engine need not know; socket lock */
	u32 notsent_lowat;		/* TCP_NOTSENT_LOWAT, bytes; 0: off */
	u32 defer_accept;		/* TCP_DEFER_ACCEPT, seconds */
	u32 window_clamp;		/* TCP_WINDOW_CLAMP, bytes; 0: none */

	/* Fast Open; socket lock */
	struct xtcp_fo_queue *fo;	/* listener: its own; child: its place in it */
	struct msghdr *fo_msg;		/* of the sendmsg() that opens the connection */

	/* listener; acceptq_lock */
	spinlock_t acceptq_lock;
	u32 source;			/* child: as whom its listener counts it */
	struct list_head acceptq;	/* children established, not accepted */
	struct list_head accept_node;	/* child: link in its listener's queue */
	struct xtcp_listener *listener;	/* what its half-open connections share, listen.c */

};

/* urg_data, beside the byte in its low eight bits. */
#define XTCP_URG_NOTYET	0x0200		/* announced, byte not arrived */
#define XTCP_URG_VALID	0x0100		/* byte there to read */
#define XTCP_URG_READ	0x0400		/* byte taken */

static inline struct xtcp_sock *xtcp_sk(const struct sock *sk)
{
	return (struct xtcp_sock *)sk;
}

/*
 * Per packet, in skb->cb. Out of order it is the engine's node. On
 * sk_receive_queue and sk_write_queue it is the stream range the packet (the
 * send-queue skb) holds; trimming a packet is a change of that range, never a copy.
 */
struct xtcp_skb_cb {
	union {
		struct xtcp_ooo ooo;	/* out of order: the engine's node */
		struct {		/* in either queue of the socket */
			u32 seq;	/* bytes [seq, end) of the stream ... */
			u32 end;
			u32 off;	/* ... begin this far into the packet */
			u32 stamp;	/* send-queue skb: byte to be time-stamped, if any: */
			u8 stamp_flags;	/* SKBTX_*, as it is sent */
			bool stamp_ack;	/* as it is acknowledged */
		} q;
	};
};

#define XTCP_CB(skb)	((struct xtcp_skb_cb *)&(skb)->cb[0])

static inline struct sk_buff *xtcp_ooo_skb(struct xtcp_ooo *node)
{
	return container_of((void *)node, struct sk_buff, cb);
}

/* The clock every engine call gets: read once per hold of the socket lock. */
static inline u64 xtcp_now(void)
{
	return ktime_get_ns();
}

/* ---- per network namespace, src/pernet.c ---- */

/* Knobs the engine need not know, src/ctl/sysctl.c. */
struct xtcp_knobs {
	int rmem[3];			/* bytes, receive buffer: least, first, most */
	int wmem[3];			/* the same, send buffer */
	u32 cc_allowed;			/* bit per congestion control, src/ctl/cong.c */
	u32 max_tw_buckets;		/* TIME-WAIT records */
	u32 max_orphans;		/* connections nobody has open */
	u32 reuse_delay;		/* ms in TIME-WAIT before that */
	u32 pressure_timeout;		/* s without progress while memory is short */
	u8 reuse_tw;			/* connect() may end TIME-WAIT: 1 yes, 2 on loopback */
	u32 notsent_lowat;		/* bytes, where TCP_NOTSENT_LOWAT is not set */
	u32 fastopen;			/* XTCP_FO_KNOB_* */
	u32 fo_blackhole_s;		/* s without Fast Open after it failed; 0: none */
	u32 max_syn_backlog;		/* half-open connections */
	u32 limit_output;		/* bytes of a connection below IP */
	u8 syncookies;			/* 0: never, 1: when there is no room, 2: always */
	bool enabled;			/* socket() answers with a socket */
	bool abort_on_overflow;		/* accept queue full: RST, not silence */
	bool fwmark_accept;		/* who is accepted has the mark of its SYN, */
	bool reflect_tos;		/* and its TOS */
	bool l3mdev_accept;		/* listeners of no device are there for all VRFs */
	bool migrate_req;		/* a listener that closes leaves them to its group */
	bool moderate_rcvbuf;		/* the receive buffer grows by itself */
	bool no_metrics_save;		/* connections leave nothing in the cache, */
	bool no_ssthresh_save;		/* or no threshold */
};

/* fastopen, with the bits of net.ipv4.tcp_fastopen. */
#define XTCP_FO_KNOB_CLIENT		0x001
#define XTCP_FO_KNOB_SERVER		0x002
#define XTCP_FO_KNOB_CLIENT_BARE	0x004	/* data without a cookie */
#define XTCP_FO_KNOB_SERVER_BARE	0x200	/* likewise, taken */
#define XTCP_FO_KNOB_LISTENERS		0x400	/* all, without TCP_FASTOPEN */

struct xtcp_net {
	struct xtcp_params params;
	struct xtcp_knobs knobs;
	/* Words of the machine, as in the kernel's SNMP: no reader sees half of one. */
	unsigned long __percpu *drops;	/* [XTCP_DROP_MAX] discarded segments */
	unsigned long __percpu *mibs;	/* [XTCP_MIB_MAX] */
	atomic_t sockets;		/* hashed sockets: gate of rx */
	atomic_t orphans;		/* sockets that closed before their connection */
	struct xtcp_tables *tables;	/* look-up, src/net/demux.c */
	struct xtcp_reqsk_table *requests;	/* half-open; NULL: no listener yet */
	struct xtcp_tw_table *tw;	/* TIME-WAIT, src/net/timewait.c */
	struct xtcp_metrics *metrics;	/* what ended connections learnt, metrics.c */
	struct xtcp_sysctl *sysctl;	/* the knobs as they were written, ctl/knob.c */
	unsigned long poll_at;	/* jiffies of the last look at net.ipv4, */
	u32 polls;		/* looks in it, */
	unsigned long poll_done;	/* and the jiffy that has seen enough of them */
	struct list_head evict_node;	/* namespaces to look at, evict.c */
	u32 evict_hand;			/* the next chain there */
	seqlock_t fo_lock;
	struct xtcp_fo_keys fo_keys;	/* Fast Open; fo_lock */
	bool fo_keys_own;		/* written: not the kernel's */
	atomic_t fo_off_times;		/* in a row that it was turned off */
	unsigned long fo_off_at;	/* jiffies, the last time */
	struct net *net;
};

extern unsigned int xtcp_net_id;

static inline struct xtcp_net *xtcp_net(const struct net *net)
{
	return net_generic(net, xtcp_net_id);
}

/* By way of what the engine knows, which costs no look-up. */
static inline const struct xtcp_net *xtcp_sk_net(const struct sock *sk)
{
	return container_of(xtcp_sk(sk)->tcb.par, const struct xtcp_net, params);
}

static inline const struct xtcp_knobs *xtcp_knobs(const struct sock *sk)
{
	return &xtcp_sk_net(sk)->knobs;
}

static inline void xtcp_mib_add(const struct xtcp_net *xn, enum xtcp_mib mib,
				unsigned long n)
{
	this_cpu_add(xn->mibs[mib], n);
}

static inline void xtcp_mib_inc(const struct xtcp_net *xn, enum xtcp_mib mib)
{
	this_cpu_inc(xn->mibs[mib]);
}

/* ---- src/ctl/knob.c: knobs nobody has written are the kernel's ---- */

void xtcp_knobs_inherit(struct xtcp_net *xn);
void xtcp_knobs_poll_slow(struct xtcp_net *xn);

/* Before knobs are read on the way of a packet, a timer or a system call. */
static inline void xtcp_knobs_poll(struct xtcp_net *xn)
{
	unsigned long now = jiffies;

	if (READ_ONCE(xn->poll_done) != now)
		xtcp_knobs_poll_slow(xn);
}

static inline void xtcp_knobs_poll_sk(const struct sock *sk)
{
	xtcp_knobs_poll((struct xtcp_net *)xtcp_sk_net(sk));
}

/* ---- src/ctl/cong.c: congestion controls ---- */

#define XTCP_CC_NAME_MAX	16	/* bytes, TCP_CA_NAME_MAX */

const struct xtcp_cc *xtcp_cong_of_key(u32 key);
bool xtcp_cc_may_choose(const struct xtcp_net *xn, const struct xtcp_cc *cc);

#endif /* XTCP_SOCK_H */
