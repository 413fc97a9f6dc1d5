/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of src/sock share with each other and with nobody else.
 *
 * Unless a comment says otherwise every function wants the socket lock held,
 * by the process or, where it may run in softirq, by bh_lock_sock().
 */
#ifndef XTCP_SOCK_INTERNAL_H
#define XTCP_SOCK_INTERNAL_H

#include <linux/percpu_counter.h>

#include <xtcp/defence.h>
#include <xtcp/sock.h>

/* sock.c */
int xtcp_init_sock(struct sock *sk);
void xtcp_destroy_sock(struct sock *sk);
void xtcp_close_sock(struct sock *sk, long timeout);
int xtcp_disconnect(struct sock *sk, int flags);
void xtcp_shutdown_sock(struct sock *sk, int how);

/*
 * family6.c. In a kernel without IPv6 there is none of it; whoever calls it asks
 * xtcp_family6() or xtcp_family6_there() first, which the compiler knows then.
 */
extern struct proto xtcp6_prot;
extern const struct proto_ops xtcp6_stream_ops;
int xtcp6_family_init(void);
void xtcp6_family_close(void);
void xtcp6_family_exit(void);
void xtcp6_sock_init(struct sock *sk);
void xtcp6_sock_child(struct sock *child);
void xtcp6_sock_blank(struct sock *sk);

/* conn.c */
int xtcp_get_port(struct sock *sk, unsigned short snum);
int xtcp_pre_connect(struct sock *sk, struct sockaddr *uaddr, int addr_len);
int xtcp_connect_sock(struct sock *sk, struct sockaddr *uaddr, int addr_len);
void xtcp_connect_go(struct sock *sk, struct msghdr *msg);
int xtcp_listen(struct socket *sock, int backlog);
void xtcp_unlisten(struct sock *sk);

/* act.c */
void xtcp_state_blank(struct sock *child);
void xtcp_data_ready(struct sock *sk);
bool xtcp_stream_memory_free(const struct sock *sk, int wake);

/* mem.c */
extern atomic_long_t xtcp_memory_allocated;
DECLARE_PER_CPU(int, xtcp_memory_per_cpu_fw_alloc);
extern struct percpu_counter xtcp_sockets_allocated;
extern unsigned long xtcp_memory_pressure;
void xtcp_enter_memory_pressure(struct sock *sk);
void xtcp_leave_memory_pressure(struct sock *sk);
int xtcp_mem_setup(void);
void xtcp_mem_teardown(void);
void xtcp_mem_adopt(struct sock *child);
void xtcp_mem_force(struct sock *sk, int bytes);
bool xtcp_mem_soft(const struct sock *sk);

/* sendq.c */
int xtcp_sendq_setup(void);
void xtcp_sendq_teardown(void);
int xtcp_sendq_write(struct sock *sk, struct msghdr *msg, u32 most, u32 seq);
int xtcp_sendq_page(struct sock *sk, struct page *page, u32 offset, u32 size,
		    u32 seq);
void xtcp_snd_grow(struct sock *sk);

/* recvq.c */
void xtcp_recvq_add(struct sock *sk, struct sk_buff *skb, u32 from, u32 to);
void xtcp_recvq_hold(struct sock *sk, struct sk_buff *skb);
void xtcp_recvq_settle(struct sock *sk);
void xtcp_recvq_reap(struct sock *sk);
bool xtcp_recvq_purge(struct sock *sk);
struct sk_buff *xtcp_recvq_newest(struct sock *sk, u32 seq, u32 *off);
struct sk_buff *xtcp_recvq_seek(struct sock *sk, u32 seq, u32 *off, u32 *len);
void xtcp_recvq_eat(struct sock *sk, u32 seq);
void xtcp_rcv_grow(struct sock *sk, u32 bytes, u64 now);

/* urg.c */
void xtcp_urg_announce(struct sock *sk);
bool xtcp_urg_fetch(struct sock *sk);
int xtcp_recv_urg(struct sock *sk, struct msghdr *msg, size_t len, int flags);

/* sendmsg.c */
int xtcp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size);
int xtcp_sendmsg_locked(struct sock *sk, struct msghdr *msg, size_t size);

/* stamp.c */
void xtcp_stamp_tell(const struct sock *sk, struct msghdr *msg, ktime_t at, ktime_t hw);
void xtcp_stamp_begin(struct sock *sk);
void xtcp_stamp_ask(struct sock *sk, u32 tsflags);
void xtcp_stamp_acked(struct sock *sk, u32 una);
void xtcp_stamp_settle(struct sock *sk);

/* A packet, or carrier, takes another one in: the newer time is that of both. */
static inline void xtcp_stamp_join(struct sk_buff *to, const struct sk_buff *from)
{
	if (from->tstamp || skb_hwtstamps((struct sk_buff *)from)->hwtstamp) {
		to->tstamp = from->tstamp;
		*skb_hwtstamps(to) = *skb_hwtstamps((struct sk_buff *)from);
	}
}

/* recvmsg.c */
int xtcp_recvmsg(struct socket *sock, struct msghdr *msg, size_t len, int flags);
ssize_t xtcp_splice_read(struct socket *sock, loff_t *ppos,
			 struct pipe_inode_info *pipe, size_t len,
			 unsigned int flags);

/* poll.c */
__poll_t xtcp_poll(struct file *file, struct socket *sock,
		   struct poll_table_struct *wait);

/* sockopt.c, info.c */
int xtcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen);
int xtcp_getsockopt(struct sock *sk, int level, int optname,
		    char __user *optval, int __user *optlen);
void xtcp_keepalive(struct sock *sk, int on);
int xtcp_set_rcvlowat(struct sock *sk, int val);
int xtcp_peek_len(struct socket *sock);
struct xtcp_tcp_info;
void xtcp_get_info(struct sock *sk, struct xtcp_tcp_info *info);

/* Memory lent to the engine for its send map: charged, but no part of the buffer. */
static inline u32 xtcp_map_bytes(const struct sock *sk)
{
	return xtcp_sk(sk)->map_lent * sizeof(struct xtcp_sent);
}

/* Bytes that may wait unsent before a writer has to, U32_MAX: any number. */
static inline u32 xtcp_notsent_lowat(const struct sock *sk)
{
	u32 lowat = READ_ONCE(xtcp_sk(sk)->notsent_lowat);

	return lowat ? lowat : READ_ONCE(xtcp_knobs(sk)->notsent_lowat);
}

/* Bytes a reader can take now. */
static inline u32 xtcp_inq(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u32 end = READ_ONCE(xs->tcb.rcv_nxt);

	/* RCV.NXT counts the FIN, which nobody reads. */
	if (READ_ONCE(xs->eof))
		end--;
	return end - READ_ONCE(xs->copied);
}

#endif /* XTCP_SOCK_INTERNAL_H */
