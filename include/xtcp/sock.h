/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The structures that the module's folders share: socket, packet, namespace. What
 * each folder offers the others is in its own header: src/conn/conn.h,
 * src/net/public.h. Nothing in src/core includes this file.
 *
 * "Socket lock" below is lock_sock(), or bh_lock_sock() while no system call owns the
 * socket; ns, ms and us are on the clock of xtcp_now().
 */
#ifndef XTCP_SOCK_H
#define XTCP_SOCK_H

#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/rculist_nulls.h>
#include <linux/skbuff.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>

#include <uapi/linux/xtcp.h>
#include <xtcp/engine.h>

/*
 * sk_protocol of every XTCP socket. The low byte is what goes into the IP
 * header; as a whole it is not IPPROTO_TCP, so that sk_is_tcp() is false and
 * no kernel code casts one of our sockets to struct tcp_sock.
 */
#define XTCP_SK_PROTOCOL	0x206

struct xtcp_port;	/* bind bucket, src/net/port.c */

/* Which structure contains an entry of the look-up tables. */
enum xtcp_kind {
	XTCP_KIND_NONE,		/* in no table */
	XTCP_KIND_SOCK,		/* struct xtcp_sock with a 4-tuple */
	XTCP_KIND_LISTEN,	/* struct xtcp_sock in LISTEN */
	XTCP_KIND_TW,		/* TIME-WAIT record, src/net/timewait.c */
	XTCP_KIND_SUSPENDED,	/* the same, while a SYN may replace it by a connection */
};

/*
 * Membership in a look-up table, src/net/demux.c. Written under the chain lock, read
 * under RCU. The kind says which structure contains it and where the addresses are: a
 * TIME-WAIT record shares some of them with other records, and keeps its tos and dport
 * here, where there is room.
 */
struct xtcp_entry {
	struct hlist_nulls_node node;
	u32 hash;			/* of addresses and ports; LISTEN: random */
	u8 kind;			/* enum xtcp_kind */
	u8 tos;				/* TIME-WAIT: TOS of answers */
	u16 dport;			/* TIME-WAIT: peer's port, network byte order */
};

/* Bits of deferred: work to do once a system call releases the socket, and output. */
enum xtcp_deferred {
	XTCP_DEFER_TIMER,		/* deadlines are due */
	XTCP_DEFER_OUTPUT,		/* after the backlog, see xtcp_handle_actions() */
	XTCP_DEFER_TX,			/* device queue has room again */
	XTCP_DEFER_MTU,			/* ICMP: path MTU shrank */
	XTCP_DEFER_ICMP,		/* ICMP: hard error, see hard_err */
	XTCP_DEFER_SHORTCUT,		/* hand bytes over to the peer, or fetch some */
	XTCP_TX_THROTTLED,		/* output waits until the device queue has room */
	XTCP_TX_RESUMING,		/* tx_resume is scheduled */
};

/* What a connection that has something to send waits for. */
enum xtcp_chrono {
	XTCP_CHRONO_IDLE,		/* nothing: all is acknowledged */
	XTCP_CHRONO_BUSY,		/* network or congestion window */
	XTCP_CHRONO_RWND,		/* the peer's window */
	XTCP_CHRONO_SNDBUF,		/* the writer, which waits for room */
	XTCP_CHRONOS
};

/* Chronos are counted in ticks of 2^16 ns: 32 bits wrap after three days. */
#define XTCP_CHRONO_SHIFT	16

/*
 * A socket; in the socket lock's care where nothing else is said. A slab of 32 KiB holds
 * twelve of up to 2,680 bytes each.
 */
struct xtcp_sock {
	struct inet_sock inet;		/* must be first */
	struct xtcp_tcb tcb;		/* socket lock */

	/* one of them fires at or before xtcp_deadline(), src/conn/timer.c */
	struct hrtimer hrtimer;		/* accurate to a microsecond; sk_timer: to a jiffy */
	u64 timer_at;			/* ns that sk_timer is armed for; XTCP_NEVER */
	u64 hrtimer_at;			/* ns that hrtimer is armed for; XTCP_NEVER */
	unsigned long deferred;		/* bits, enum xtcp_deferred; atomic */
	struct tasklet_struct tx_resume; /* resumes output, src/conn/transmit.c */
	struct xtcp_entry entry;	/* look-up, src/net/demux.c */
	struct xtcp_flow flow;		/* addresses and ports in the table */
	int dif;			/* index of the device we are bound to, 0: any */
	u32 gso_full;			/* bytes of payload a plan may carry by the route */
	u32 pmtu;			/* bytes, path MTU that the engine knows */
	u32 pmtu_hdr;			/* bytes of it that headers take */
	u32 icmp_mtu;			/* bytes, MTU of XTCP_DEFER_MTU */
	u8 hrtimer_runs;		/* 1: the handler of hrtimer has the socket lock */
	u8 gso_good;			/* full plans sent since gso_max last changed */
	u8 rx_routed;			/* 1: sk_rx_dst counts in xtcp_net.rx_routed */
	u8 cc_chosen;			/* 1: TCP_CONGESTION was set */
	u8 backlog;			/* 1: a segment of the backlog is being processed */
	u8 v6;				/* 1: the packets are IPv6 */

	/* what the sender spends its time on, TCP_INFO; socket lock */
	u8 chrono;			/* enum xtcp_chrono */
	u64 opened_at;			/* ns, when the handshake was complete */
	u32 chrono_at;			/* ticks, when the present chrono began */
	u32 chrono_ticks[XTCP_CHRONOS - 1]; /* ended ones, without idle */

	struct xtcp_port *port;		/* our bind bucket, or NULL */
	struct hlist_node port_node;	/* link in it; bucket lock */

	/* payload not acknowledged is in sk_write_queue, see src/conn/sendq.c */
	struct sk_buff *send_hint;	/* send-queue skb that holds SND.NXT, or NULL */
	u32 goal_seq;			/* sequence number of the last SO_SNDBUF check */
	u32 map_lent;			/* entries lent to the engine's send map */

	/* progress while memory is short; only evict.c's worker uses it, without a lock */
	u32 watch_una;			/* SND.UNA at the last progress */
	u32 watch_nxt;			/* RCV.NXT at the last progress */
	u32 stalled_at;			/* ms, when SND.UNA last made progress */
	u32 hole_at;			/* ms, when RCV.NXT last moved, or no hole was left */
	u16 watch;			/* number of the shortage that these belong to */
	u8 wants_more;			/* readers that wait although there are bytes */

	/* reading; socket lock */
	u32 copied;			/* sequence number of the next byte to read */
	u32 urg_seq;			/* sequence number of the urgent byte */
	u16 urg_data;			/* urgent byte and XTCP_URG_* */
	u8 eof;				/* 1: the FIN is in order, the stream ends */

	/* life and options; socket lock */
	u8 inert;			/* 1: xtcp_done() ran: in no table, no timer */
	u8 destroyed;			/* 1: the socket's own reference is gone */
	u8 reopens;			/* 1: replaces a TIME-WAIT record, see iss_above */
	u8 fo_connect : 1;		/* TCP_FASTOPEN_CONNECT */
	u8 fo_bare : 1;			/* TCP_FASTOPEN_NO_COOKIE */
	u8 stamped : 1;			/* a write asked for time stamps */
	u8 tell_inq : 1;		/* TCP_INQ */
	u8 pull : 1;			/* the peer on this host waits for the reader */
	u8 held : 1;			/* our bytes wait for the reader of that peer */
	u8 repathed : 1;		/* sk_txhash chooses among the paths of a route */
	u8 cc_locked : 1;		/* the route fixes the algorithm: congctl lock */
	u32 iss_above;			/* SND.NXT of the record, if reopens is set */
	u32 rehashes;			/* paths given up after a timeout, TCP_INFO */
	s16 soft_err;			/* errno of the last soft ICMP error */
	s16 hard_err;			/* errno behind XTCP_ERR_UNREACH */
	u32 peer_hash;			/* hash of the peer's flow, xtcp_peer_sk(); 0: not known */

	/* options the engine need not know; socket lock */
	u32 notsent_lowat;		/* TCP_NOTSENT_LOWAT, bytes; 0: the namespace's */
	u32 defer_accept;		/* TCP_DEFER_ACCEPT, seconds; 0: off */
	u32 window_clamp;		/* TCP_WINDOW_CLAMP, bytes; 0: none */

	/* Fast Open; socket lock */
	struct xtcp_fastopen_queue *fo;	/* listener: its queue; child: its listener's */
	struct msghdr *fo_msg;		/* message of the sendmsg() that connects */

	/* listener; acceptq_lock */
	spinlock_t acceptq_lock;
	u32 source;			/* child: its source in listener->places */
	/* listener: children established, not accepted; child: link in that queue */
	struct list_head acceptq;
	struct xtcp_listener *listener;	/* what its half-open connections share */
};

/* urg_data: flags above the byte in the low eight bits. */
#define XTCP_URG_NOTYET	0x0200		/* announced, byte not arrived */
#define XTCP_URG_VALID	0x0100		/* byte can be read */
#define XTCP_URG_READ	0x0400		/* byte was read */

static inline struct xtcp_sock *xtcp_sk(const struct sock *sk)
{
	return (struct xtcp_sock *)sk;
}

/*
 * Per packet, in skb->cb. For a packet held out of order it is the engine's node. On
 * sk_receive_queue and sk_write_queue it is the range of the stream that the skb holds,
 * under the socket lock; trimming changes that range and copies nothing.
 */
struct xtcp_skb_cb {
	union {
		struct xtcp_ooo ooo;	/* out of order: the engine's node */
		struct {		/* in either queue of the socket */
			u32 seq;	/* sequence number of the first byte */
			u32 end;	/* one after the last byte */
			u32 off;	/* offset of the first byte in the skb */
			u32 stamp;	/* send queue: byte to be time-stamped */
			u8 stamp_flags;	/* SKBTX_*: stamp it when it is sent */
			bool stamp_ack;	/* stamp it when it is acknowledged */
			bool spare;	/* receive queue: it was a send-queue skb */
		} q;
	};
};

#define XTCP_CB(skb)	((struct xtcp_skb_cb *)&(skb)->cb[0])

static inline struct sk_buff *xtcp_ooo_skb(struct xtcp_ooo *node)
{
	return container_of((void *)node, struct sk_buff, cb);
}

/* The clock of all calls of the engine, ns. Read it once per hold of the socket lock. */
static inline u64 xtcp_now(void)
{
	return ktime_get_ns();
}

/* ---- per network namespace, src/pernet.c ---- */

/* Knobs the engine need not know, src/ctl/sysctl.c; written at any time, no lock. */
struct xtcp_knobs {
	int rmem[3];			/* bytes, receive buffer: least, initial, most */
	int wmem[3];			/* bytes, send buffer: least, initial, most */
	u32 cc_allowed;			/* bit per congestion control, src/ctl/cong.c */
	u32 max_tw_buckets;		/* TIME-WAIT records, at most */
	u32 max_orphans;		/* closed sockets with a connection, at most */
	u32 reuse_delay;		/* ms in TIME-WAIT before reuse_tw applies */
	u32 pressure_timeout;		/* s allowed without progress if memory is short */
	u8 reuse_tw;			/* connect() may end TIME-WAIT: 1 yes, 2 on lo */
	u32 notsent_lowat;		/* bytes, if TCP_NOTSENT_LOWAT is not set */
	u32 fastopen;			/* XTCP_FO_KNOB_* */
	u32 fo_blackhole_s;		/* s without Fast Open after it failed; 0: off */
	u32 max_syn_backlog;		/* half-open connections, at most */
	u32 limit_output;		/* bytes of a connection queued below IP, at most */
	u8 syncookies;			/* 0: never, 1: if there is no room, 2: always */
	bool enabled;			/* socket() makes XTCP sockets */
	bool local_shortcut;		/* hand bytes over to a peer on this host */
	bool abort_on_overflow;		/* accept queue full: send RST */
	bool fwmark_accept;		/* a child takes the mark of its SYN */
	bool reflect_tos;		/* a child takes the TOS of its SYN */
	bool l3mdev_accept;		/* unbound listeners serve all VRFs */
	bool migrate_req;		/* a closed listener's group takes over */
	bool moderate_rcvbuf;		/* the receive buffer grows automatically */
	bool no_metrics_save;		/* do not cache metrics of ended connections */
	bool no_ssthresh_save;		/* do not cache their ssthresh */
};

/* fastopen, with the bits of net.ipv4.tcp_fastopen. */
#define XTCP_FO_KNOB_CLIENT		0x001	/* clients may use it */
#define XTCP_FO_KNOB_SERVER		0x002	/* listeners may use it */
#define XTCP_FO_KNOB_CLIENT_BARE	0x004	/* send data without a cookie */
#define XTCP_FO_KNOB_SERVER_BARE	0x200	/* accept data without a cookie */
#define XTCP_FO_KNOB_LISTENERS		0x400	/* all listeners, without TCP_FASTOPEN */

/* A network namespace; src/pernet.c makes it. */
struct xtcp_net {
	struct xtcp_params params;	/* knobs and keys of the engine */
	struct xtcp_knobs knobs;
	/* unsigned long, as in the kernel's SNMP, so that reads are atomic */
	unsigned long __percpu *drops;	/* [XTCP_DROP_MAX] discarded segments */
	unsigned long __percpu *mibs;	/* [XTCP_MIB_MAX] events */
	atomic_t sockets;		/* hashed sockets; 0: rx looks nothing up */
	atomic_t orphans;		/* closed sockets whose connection goes on */
	/* the routes of received packets, src/net/rx_route.c */
	atomic_t rx_routed;		/* connections with a cached one */
	bool rx_hooked;			/* hooks are registered; only the work item uses it */
	struct delayed_work rx_route_work; /* registers and removes them */
	struct xtcp_tables *tables;	/* look-up, src/net/demux.c */
	struct xtcp_reqsk_table *requests;	/* half-open; NULL: no listener yet */
	struct xtcp_tw_table *tw;	/* TIME-WAIT, src/net/timewait.c */
	struct xtcp_metrics *metrics;	/* cache of ended connections, net/metrics.c */
	struct xtcp_sysctl *sysctl;	/* the knobs as they were written, ctl/knob.c */
	/* when net.ipv4 is read next, ctl/knob.c; no lock, a lost update does no harm */
	unsigned long poll_at;		/* jiffies of the last read */
	u32 polls;			/* reads in that jiffy */
	unsigned long poll_done;	/* jiffies: no more reads in this one */
	struct list_head evict_node;	/* list of namespaces, net/evict.c; its mutex */
	u32 evict_hand;			/* next chain to scan; the same mutex */
	seqlock_t fo_lock;
	struct xtcp_fastopen_keys fo_keys;	/* Fast Open; fo_lock */
	bool fo_keys_own;		/* fo_keys was written; 0: the kernel's count */
	atomic_t fo_off_times;		/* times in a row that Fast Open was turned off */
	unsigned long fo_off_at;	/* jiffies, when it was last turned off */
	struct net *net;
};

extern unsigned int xtcp_net_id;

static inline struct xtcp_net *xtcp_pernet(const struct net *net)
{
	return net_generic(net, xtcp_net_id);
}

/* The namespace of a socket, found from the TCB without a look-up. */
static inline const struct xtcp_net *xtcp_sk_net(const struct sock *sk)
{
	return container_of(xtcp_sk(sk)->tcb.par, const struct xtcp_net, params);
}

static inline const struct xtcp_knobs *xtcp_sk_knobs(const struct sock *sk)
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

/* ---- src/ctl/knob.c: a knob follows the kernel's until it is written ---- */

void xtcp_knobs_inherit(struct xtcp_net *xn);
void xtcp_knobs_poll_slow(struct xtcp_net *xn);

/* To be called before knobs are read in a packet, timer or system call path. */
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
