// SPDX-License-Identifier: GPL-2.0
/*
 * socket, bind, listen, accept, getsockname and getpeername: results and errno.
 */
#include "sock_test.h"

TEST_F(one, socket_arguments)
{
	int dom = variant->st == XTCP ? AF_XTCP : AF_INET, fd;

	IPV4_ONLY("its domain");

	fd = socket(dom, SOCK_STREAM, IPPROTO_TCP);
	ASSERT_GE(fd, 0);
	close(fd);
	fd = socket(dom, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ASSERT_GE(fd, 0);
	ASSERT_TRUE(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ASSERT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	fails(EPROTONOSUPPORT, socket(dom, SOCK_STREAM, 17));
	if (variant->st == XTCP) {
		fails(ESOCKTNOSUPPORT, socket(dom, SOCK_DGRAM, 0));
		fails(ESOCKTNOSUPPORT, socket(dom, SOCK_SEQPACKET, 0));
	}
}

TEST_F(one, inet_protocol_number)
{
	union addr sin = local(0);
	int fd;

	if (variant->st != XTCP)
		SKIP_TEST("the kernel has no such number");
	fd = socket(net == V4 ? AF_INET : AF_INET6, SOCK_STREAM, IPPROTO_XTCP);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, bind_to(fd, &sin));
	ASSERT_EQ(0, listen(fd, 1));
	ASSERT_NE(0, sock_port(fd));
	close(fd);
}

TEST_F(one, getsockname_returns_the_bound_name)
{
	union addr sin = local(0), got = {};
	socklen_t len = sizeof(got);

	ASSERT_EQ(0, getsockname(self->fd, &got.sa, &len));
	ASSERT_EQ(addr_len(&sin), len);
	ASSERT_EQ(sin.sa.sa_family, got.sa.sa_family);
	ASSERT_EQ(0, got.in.sin_port);
	fails(ENOTCONN, getpeername(self->fd, &got.sa, &len));
	ASSERT_EQ(0, bind_to(self->fd, &sin));
	len = sizeof(got);
	ASSERT_EQ(0, getsockname(self->fd, &got.sa, &len));
	ASSERT_NE(0, got.in.sin_port);
	sin.in.sin_port = got.in.sin_port;
	ASSERT_EQ(0, memcmp(&sin, &got, len));
	len = 4;	/* too short: truncated; the full length is returned */
	ASSERT_EQ(0, getsockname(self->fd, &got.sa, &len));
	ASSERT_EQ(addr_len(&sin), len);
}

TEST_F(pair, getpeername_returns_the_peers_name)
{
	union addr a = {}, b = {};
	socklen_t len = sizeof(a);

	for (int i = 0; i < 2; i++) {
		len = sizeof(a);
		ASSERT_EQ(0, getpeername(self->fd[i], &a.sa, &len));
		ASSERT_EQ(addr_len(&a), len);
		ASSERT_EQ(0, getsockname(self->fd[!i], &b.sa, &len));
		ASSERT_EQ(0, memcmp(&a, &b, net == V4 ? 8 : sizeof(b.in6)));
		ASSERT_EQ(net == V4 ? AF_INET : AF_INET6, a.sa.sa_family);
	}
}

TEST_F(one, bind_errors)
{
	union addr sin = local(0), far = host("192.0.2.1", 0);

	fails(EINVAL, bind(self->fd, &sin.sa, 8));
	sin.sa.sa_family = AF_UNIX;
	fails(EAFNOSUPPORT, bind_to(self->fd, &sin));
	fails(EADDRNOTAVAIL, bind_to(self->fd, &far));
	fails(EFAULT, bind(self->fd, (void *)8, sizeof(sin)));
	sin = local(0);
	ASSERT_EQ(0, bind_to(self->fd, &sin));
	fails(EINVAL, bind_to(self->fd, &sin));
}

TEST_F(one, bind_below_1024_needs_privilege)
{
	union addr sin = local(80);

	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	fails(EACCES, bind_to(self->fd, &sin));
}

TEST_F(one, bind_to_any_takes_a_port)
{
	union addr sin = host(ANY, 0);

	ASSERT_EQ(0, bind_to(self->fd, &sin));
	ASSERT_NE(0, sock_port(self->fd));
	ASSERT_EQ(0, listen(self->fd, 1));
}

TEST_F(one, listen_unbound_takes_a_port)
{
	ASSERT_EQ(0, listen(self->fd, 1));
	ASSERT_NE(0, sock_port(self->fd));
	ASSERT_EQ(1, get_int(self->fd, SOL_SOCKET, SO_ACCEPTCONN));
	/* listen() again sets a new backlog. */
	ASSERT_EQ(0, listen(self->fd, 5));
}

TEST_F(one, accept_without_listen_fails)
{
	fails(EINVAL, accept(self->fd, NULL, NULL));
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ACCEPTCONN));
}

TEST_F(one, unconnected_socket_carries_no_data)
{
	char byte;

	fails(ENOTCONN, recv(self->fd, &byte, 1, 0));
	fails(EPIPE, send(self->fd, "x", 1, MSG_NOSIGNAL));
	fails(ENOTCONN, shutdown(self->fd, SHUT_RDWR));
	fails(EINVAL, shutdown(self->fd, 7));
}

TEST_F(one, listener_is_no_connection)
{
	union addr sin = local(1);
	char byte;

	ASSERT_EQ(0, listen(self->fd, 1));
	fails(ENOTCONN, recv(self->fd, &byte, 1, 0));
	fails(EPIPE, send(self->fd, "x", 1, MSG_NOSIGNAL));
	fails(EISCONN, connect_to(self->fd, &sin));
}

TEST_F(one, connected_cannot_listen)
{
	int fd[2];

	ASSERT_EQ(0, st_pair(variant->st, variant->st, fd));
	fails(EINVAL, listen(fd[0], 1));
	fails(EINVAL, listen(fd[1], 1));
	fails(EINVAL, accept(fd[0], NULL, NULL));
	close(fd[0]);
	close(fd[1]);
}

TEST_F(one, socketpair_is_not_for_tcp)
{
	int fd[2];

	fails(EOPNOTSUPP, socketpair(variant->st == XTCP ? AF_XTCP : AF_INET,
				     SOCK_STREAM, 0, fd));
}

TEST_F(one, accept_nonblocking_returns_eagain)
{
	ASSERT_EQ(0, listen(self->fd, 1));
	nonblocking(self->fd);
	fails(EAGAIN, accept(self->fd, NULL, NULL));
}

TEST_F(one, accept_flags_and_address)
{
	union addr sin = local(0), peer = {};
	socklen_t len = sizeof(peer);
	int c, s;

	ASSERT_EQ(0, bind_to(self->fd, &sin));
	ASSERT_EQ(0, listen(self->fd, 2));
	nonblocking(self->fd);
	c = st_connect(variant->st, sock_port(self->fd));
	ASSERT_GE(c, 0);
	/* connect() may return before the server's CPU has handled the last ACK. */
	ASSERT_EQ(1, poll(&(struct pollfd){ .fd = self->fd, .events = POLLIN }, 1, 10000));
	s = accept4(self->fd, &peer.sa, &len, SOCK_CLOEXEC);
	ASSERT_GE(s, 0);
	ASSERT_EQ(addr_len(&sin), len);
	ASSERT_EQ(sock_port(c), ntohs(peer.in.sin_port));
	/* O_NONBLOCK is not inherited; flags of accept4() are set. */
	ASSERT_FALSE(fcntl(s, F_GETFL) & O_NONBLOCK);
	ASSERT_TRUE(fcntl(s, F_GETFD) & FD_CLOEXEC);
	fails(EINVAL, accept4(self->fd, NULL, NULL, 0x7f));
	close(c);
	close(s);
}

TEST_F(one, accept_times_out)
{
	struct timeval tv = { 0, 200000 };
	uint64_t start = tick_ms();

	ASSERT_EQ(0, listen(self->fd, 1));
	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
				sizeof(tv)));
	fails(EAGAIN, accept(self->fd, NULL, NULL));
	ASSERT_GE(tick_ms() - start, 190);
}

/* shutdown() of a listener wakes a process in accept(). */
TEST_F(one, shutdown_wakes_accept)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, listen(self->fd, 1));
	pid = child();
	if (pid == 0) {
		int fd = accept(self->fd, NULL, NULL);

		_exit(fd < 0 && errno == EINVAL ? 0 : 1);
	}
	sleep_ms(100);
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ACCEPTCONN));
}

TEST_F(pair, accept_blocks_until_a_connection_comes)
{
	int lfd = st_listen(variant->server, 0, 4), status, s;
	pid_t pid;

	ASSERT_GE(lfd, 0);
	pid = child();
	if (pid == 0) {
		int c;

		sleep_ms(100);
		c = st_connect(variant->client, sock_port(lfd));
		_exit(c < 0 || recv_pat(c, 0, 10) != 10);
	}
	s = accept(lfd, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(10, send_pat(s, 0, 10));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	close(s);
	close(lfd);
}

TEST_F(pair, accept_in_order)
{
	int lfd = st_listen(variant->server, 0, 16), c[8];

	ASSERT_GE(lfd, 0);
	for (int i = 0; i < 8; i++) {
		c[i] = st_connect(variant->client, sock_port(lfd));
		ASSERT_GE(c[i], 0);
	}
	for (int i = 0; i < 8; i++) {
		union addr peer;
		socklen_t len = sizeof(peer);
		int s = accept(lfd, &peer.sa, &len);

		ASSERT_EQ(sock_port(c[i]), ntohs(peer.in.sin_port));
		close(s);
		close(c[i]);
	}
	close(lfd);
}

TEST_F(pair, dup_and_fork_share)
{
	int d = dup(self->c), status;
	pid_t pid;
	char byte;

	ASSERT_GE(d, 0);
	close(self->c);
	self->fd[0] = d;
	/* The other descriptor keeps it open, through the child's exit, too. */
	pid = child();
	if (pid == 0)
		_exit(send_pat(d, 0, 100) != 100);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(100, recv_pat(self->s, 0, 100));
	fails(EAGAIN, recv(self->s, &byte, 1, MSG_DONTWAIT));
	ASSERT_EQ(100, send_pat(d, 100, 100));
	ASSERT_EQ(100, recv_pat(self->s, 100, 100));
}

/* A socket can be passed to another process (SCM_RIGHTS). */
TEST_F(pair, socket_passes_to_another_process)
{
	char ctl[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = ctl, .msg_controllen = sizeof(ctl) };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&msg);
	int sp[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &self->c, sizeof(int));
	ASSERT_EQ(1, sendmsg(sp[0], &msg, 0));
	close(self->c);
	ASSERT_EQ(1, recvmsg(sp[1], &msg, 0));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	self->fd[0] = fd;
	ASSERT_EQ(50, send_pat(fd, 0, 50));
	ASSERT_EQ(50, recv_pat(self->s, 0, 50));
	close(sp[0]);
	close(sp[1]);
}

TEST_HARNESS_MAIN
