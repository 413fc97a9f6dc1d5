/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of src/sock share with each other only.
 *
 * The comment at each definition says whether it requires the socket lock or takes it.
 */
#ifndef XTCP_SOCK_INTERNAL_H
#define XTCP_SOCK_INTERNAL_H

#include <xtcp/defence.h>

#include "../compat/sock.h"
#include "../conn/conn.h"
#include "../net/public.h"
#include "family.h"

/* sock.c */
int xtcp_init_sock(struct sock *sk);
void xtcp_close_sock(struct sock *sk, long timeout);
int xtcp_disconnect(struct sock *sk, int flags);
void xtcp_shutdown_sock(struct sock *sk, int how);

/*
 * family6.c. A kernel without IPv6 has none of these; callers test xtcp_family6() or
 * xtcp_family6_there() first, which are constants then.
 */
extern struct proto xtcp6_prot;
extern const struct proto_ops xtcp6_stream_ops;
int xtcp6_family_init(void);
void xtcp6_family_close(void);
void xtcp6_family_exit(void);
void xtcp6_sock_init(struct sock *sk);
void xtcp6_sock_blank(struct sock *sk);

/* connect.c */
int xtcp_get_port(struct sock *sk, unsigned short snum);
int xtcp_pre_connect(struct sock *sk, struct sockaddr_unsized *uaddr, int addr_len);
int xtcp_connect_sock(struct sock *sk, struct sockaddr_unsized *uaddr, int addr_len);
void xtcp_connect_go(struct sock *sk, struct msghdr *msg);
int xtcp_listen_sock(struct socket *sock, int backlog);
void xtcp_unlisten(struct sock *sk);

/* sendmsg.c */
int xtcp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size);
int xtcp_sendmsg_locked(struct sock *sk, struct msghdr *msg, size_t size);

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

#endif /* XTCP_SOCK_INTERNAL_H */
