// SPDX-License-Identifier: GPL-2.0
/*
 * Reading and writing: every call and every flag, timeouts, and queue lengths.
 */
#include <limits.h>
#include <linux/io_uring.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "sock_test.h"

TEST_F(pair, bytes_written_are_bytes_read)
{
	char buf[100];

	ASSERT_EQ(5, write(self->c, "hello", 5));
	ASSERT_EQ(5, read(self->s, buf, sizeof(buf)));
	ASSERT_EQ(0, memcmp(buf, "hello", 5));
	ASSERT_EQ(5, write(self->s, "world", 5));
	ASSERT_EQ(5, read(self->c, buf, sizeof(buf)));
	ASSERT_EQ(0, memcmp(buf, "world", 5));
}

TEST_F(pair, send_of_zero_bytes_sends_nothing)
{
	char byte;

	ASSERT_EQ(0, send(self->c, "", 0, 0));
	fails(EAGAIN, recv(self->s, &byte, 1, MSG_DONTWAIT));
}

/* recv() of 0 bytes waits like any other, and reports errors. */
TEST_F(pair, receive_zero_bytes)
{
	struct linger hard = { .l_onoff = 1 };
	char byte;

	fails(EAGAIN, recv(self->s, &byte, 0, MSG_DONTWAIT));
	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	ASSERT_EQ(0, recv(self->s, &byte, 0, 0));
	ASSERT_EQ(0, recv(self->s, &byte, 0, MSG_PEEK));
	ASSERT_EQ(10, recv_pat(self->s, 0, 10));
	ASSERT_EQ(0, setsockopt(self->c, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(self->c);
	/* A recv() that had to wait for the RST would return 0. */
	poll_for(self->s, POLLERR, 2000);
	fails(ECONNRESET, recv(self->s, &byte, 0, 0));
	ASSERT_EQ(0, recv(self->s, &byte, 0, 0));
}

TEST_F(one, receive_zero_bytes_of_nobody)
{
	char byte;

	fails(ENOTCONN, recv(self->fd, &byte, 0, 0));
}

TEST_F(pair, bad_buffer_loses_no_byte)
{
	char buf[10];

	fails(EFAULT, send(self->c, (void *)8, 10, 0));
	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	poll_for(self->s, POLLIN, 2000);
	fails(EFAULT, recv(self->s, (void *)8, 10, 0));
	/* No byte was lost. */
	ASSERT_EQ(10, recv(self->s, buf, 10, 0));
	ASSERT_EQ(-1, pat_check(buf, 0, 10));
}

TEST_F(pair, vectors_are_one_stream)
{
	char a[10], b[20], c[30];
	struct iovec iov[3] = { { a, 10 }, { b, 20 }, { c, 30 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };

	pat_fill(a, 0, 10);
	pat_fill(b, 10, 20);
	pat_fill(c, 30, 30);
	ASSERT_EQ(60, writev(self->c, iov, 3));
	ASSERT_EQ(60, recv_pat(self->s, 0, 60));
	ASSERT_EQ(60, sendmsg(self->c, &msg, 0));
	memset(a, 0, 10);
	memset(c, 0, 30);
	poll_for(self->s, POLLIN, 2000);
	ASSERT_EQ(60, readv(self->s, iov, 3));
	ASSERT_EQ(-1, pat_check(a, 0, 10));
	ASSERT_EQ(-1, pat_check(b, 10, 20));
	ASSERT_EQ(-1, pat_check(c, 30, 30));
}

TEST_F(pair, recvmsg_has_no_address)
{
	union addr name;
	char a[100];
	struct iovec iov = { a, 100 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_name = &name, .msg_namelen = sizeof(name) };

	ASSERT_EQ(50, send_pat(self->c, 0, 50));
	poll_for(self->s, POLLIN, 2000);
	ASSERT_EQ(50, recvmsg(self->s, &msg, 0));
	ASSERT_EQ(-1, pat_check(a, 0, 50));
	/* A stream socket returns no address and no message boundaries. */
	ASSERT_EQ(0, msg.msg_namelen);
	ASSERT_EQ(0, msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
}

/* Unknown control messages. */
TEST_F(pair, sendmsg_rejects_unknown_control)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .align = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = 0x7777,
	} };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	fails(EINVAL, sendmsg(self->c, &msg, 0));
	control.align.cmsg_level = IPPROTO_UDP;
	ASSERT_EQ(1, sendmsg(self->c, &msg, 0));
}

TEST_F(pair, sendto_address_is_ignored)
{
	union addr sin = local(9);

	ASSERT_EQ(3, sendto(self->c, "abc", 3, 0, &sin.sa, addr_len(&sin)));
	ASSERT_TRUE(poll_for(self->s, POLLIN, 2000) & POLLIN);
}

TEST_F(pair, peek_leaves_the_bytes)
{
	char buf[100];

	ASSERT_EQ(60, send_pat(self->c, 0, 60));
	poll_for(self->s, POLLIN, 2000);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(20, recv(self->s, buf, 20, MSG_PEEK));
		ASSERT_EQ(-1, pat_check(buf, 0, 20));
	}
	ASSERT_EQ(60, recv(self->s, buf, 100, MSG_PEEK));
	ASSERT_EQ(10, recv_pat(self->s, 0, 10));
	ASSERT_EQ(50, recv(self->s, buf, 100, MSG_PEEK));
	ASSERT_EQ(-1, pat_check(buf, 10, 50));
	ASSERT_EQ(50, recv_pat(self->s, 10, 50));
	fails(EAGAIN, recv(self->s, buf, 1, MSG_PEEK | MSG_DONTWAIT));
}

TEST_F(pair, peek_across_segments)
{
	char buf[300];

	set_int(self->c, IPPROTO_TCP, TCP_NODELAY, 1);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(100, send_pat(self->c, i * 100, 100));
		sleep_ms(5);
	}
	ASSERT_EQ(300, recv(self->s, buf, 300, MSG_PEEK | MSG_WAITALL));
	ASSERT_EQ(-1, pat_check(buf, 0, 300));
	ASSERT_EQ(300, recv_pat(self->s, 0, 300));
}

TEST_F(pair, waitall_waits_for_all)
{
	char buf[100];
	pid_t pid;

	pid = child();
	if (pid == 0) {
		for (int i = 0; i < 5; i++) {
			sleep_ms(20);
			send_pat(self->c, i * 20, 20);
		}
		_exit(0);
	}
	ASSERT_EQ(100, recv(self->s, buf, 100, MSG_WAITALL));
	ASSERT_EQ(-1, pat_check(buf, 0, 100));
	waitpid(pid, NULL, 0);
	/* EOF ends the wait; the bytes received so far are returned. */
	ASSERT_EQ(30, send_pat(self->c, 0, 30));
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	ASSERT_EQ(30, recv(self->s, buf, 100, MSG_WAITALL));
	ASSERT_EQ(0, recv(self->s, buf, 100, MSG_WAITALL));
}

TEST_F(pair, dontwait_returns_eagain)
{
	char buf[65536] = {};
	size_t n = 0;
	ssize_t r;

	fails(EAGAIN, recv(self->s, buf, 1, MSG_DONTWAIT));
	while ((r = send(self->c, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		n += r;
	ASSERT_EQ(-1, r);
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_GT(n, 16384);
	polls(self->c, 0, POLLOUT);
	while (n) {
		r = recv(self->s, buf, sizeof(buf), 0);
		ASSERT_GT(r, 0);
		n -= r;
	}
	polls(self->c, POLLOUT, 0);
}

TEST_F(pair, msg_more_holds_back)
{
	char buf[100];

	ASSERT_EQ(2, send(self->c, "ab", 2, MSG_MORE));
	sleep_ms(20);
	fails(EAGAIN, recv(self->s, buf, 10, MSG_DONTWAIT));
	ASSERT_EQ(2, send(self->c, "cd", 2, 0));
	poll_for(self->s, POLLIN, 2000);
	ASSERT_EQ(4, recv(self->s, buf, 10, 0));
	ASSERT_EQ(0, memcmp(buf, "abcd", 4));
}

TEST_F(pair, trunc_discards)
{
	ASSERT_EQ(100, send_pat(self->c, 0, 100));
	poll_for(self->s, POLLIN, 2000);
	ASSERT_EQ(40, recv(self->s, NULL, 40, MSG_TRUNC));
	ASSERT_EQ(60, recv_pat(self->s, 40, 60));
}

TEST_F(pair, receive_times_out)
{
	struct timeval tv = { 0, 150000 };
	uint64_t start = tick_ms();
	char byte;

	setsockopt(self->s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	fails(EAGAIN, recv(self->s, &byte, 1, 0));
	ASSERT_GE(tick_ms() - start, 145);
	ASSERT_LE(tick_ms() - start, virtual_time() ? 300 : 5000);
}

TEST_F(pair, send_times_out)
{
	struct timeval tv = { 0, 150000 };
	char buf[65536] = {};
	uint64_t start;
	ssize_t n;

	setsockopt(self->c, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	do {
		start = tick_ms();
		n = send(self->c, buf, sizeof(buf), 0);
	} while (n > 0);
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_GE(tick_ms() - start, 145);
}

TEST_F(pair, blocked_reader_wakes)
{
	int status;
	pid_t pid = child();

	if (pid == 0)
		_exit(recv_pat(self->s, 0, 5) != 5);
	sleep_ms(50);
	ASSERT_EQ(5, send_pat(self->c, 0, 5));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

TEST_F(pair, blocked_writer_wakes)
{
	size_t n = virtual_time() ? 8 << 20 : 1 << 20;
	int status;
	pid_t pid = child();

	if (pid == 0)
		_exit(send_pat(self->c, 0, n) != n);
	sleep_ms(100);
	ASSERT_EQ(n, recv_pat(self->s, 0, n));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

/* ---- queue lengths ---- */

#define queued(fd, req, n) do {						\
	int _n = -1;							\
	for (int _i = 0; _i < 100; _i++) {				\
		ASSERT_EQ(0, ioctl((fd), (req), &_n));			\
		if (_n == (n))						\
			break;						\
		sleep_ms(10);						\
	}								\
	ASSERT_EQ((n), _n);						\
} while (0)

TEST_F(pair, fionread_counts_unread_bytes)
{
	queued(self->s, FIONREAD, 0);
	ASSERT_EQ(100, send_pat(self->c, 0, 100));
	queued(self->s, FIONREAD, 100);
	ASSERT_EQ(30, recv_pat(self->s, 0, 30));
	queued(self->s, FIONREAD, 70);
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	sleep_ms(20);
	queued(self->s, FIONREAD, 70);
	ASSERT_EQ(70, recv_pat(self->s, 30, 70));
	queued(self->s, FIONREAD, 0);
}

TEST_F(one, ioctls_of_listener)
{
	int n;

	ASSERT_EQ(0, listen(self->fd, 1));
	fails(EINVAL, ioctl(self->fd, SIOCINQ, &n));
	fails(EINVAL, ioctl(self->fd, SIOCOUTQ, &n));
	fails(EINVAL, ioctl(self->fd, SIOCOUTQNSD, &n));
}

TEST_F(one, unknown_ioctl_is_rejected)
{
	int n;

	fails(ENOTTY, ioctl(self->fd, 0x4711, &n));
}

TEST_F(pair, siocoutq_counts_unacknowledged_bytes)
{
	char buf[65536] = {};
	int unsent = -1, n;
	ssize_t r;

	ASSERT_EQ(100, send_pat(self->c, 0, 100));
	queued(self->c, SIOCOUTQ, 0);	/* acknowledged */
	while ((r = send(self->c, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		;
	sleep_ms(100);
	ASSERT_EQ(0, ioctl(self->c, SIOCOUTQ, &n));
	ASSERT_GT(n, 0);
	ASSERT_EQ(0, ioctl(self->c, SIOCOUTQNSD, &unsent));
	ASSERT_LE(unsent, n);
}

/* The value of the TCP_INQ control message; -1: there was none. */
static int read_inq(int fd, size_t len)
{
	char buf[100], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { buf, len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cm;
	int inq;

	if (recvmsg(fd, &msg, 0) != len)
		return -2;
	cm = CMSG_FIRSTHDR(&msg);
	if (!cm || cm->cmsg_level != IPPROTO_TCP || cm->cmsg_type != TCP_CM_INQ)
		return -1;
	memcpy(&inq, CMSG_DATA(cm), sizeof(inq));
	return inq;
}

TEST_F(pair, tcp_inq_counts_bytes_left)
{
	ASSERT_EQ(100, send_pat(self->c, 0, 100));
	queued(self->s, SIOCINQ, 100);
	ASSERT_EQ(-1, read_inq(self->s, 10));
	ASSERT_EQ(0, set_int(self->s, IPPROTO_TCP, TCP_INQ, 1));
	ASSERT_EQ(50, read_inq(self->s, 40));
	ASSERT_EQ(0, read_inq(self->s, 50));
	/* EOF counts as one byte to read. */
	ASSERT_EQ(10, send_pat(self->c, 0, 10));
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	polls(self->s, POLLRDHUP, 0);
	ASSERT_EQ(6, read_inq(self->s, 5));
	ASSERT_EQ(1, read_inq(self->s, 5));
	ASSERT_EQ(1, read_inq(self->s, 0));
}

TEST_F(pair, fionbio_makes_nonblocking)
{
	int on = 1;
	char byte;

	ASSERT_EQ(0, ioctl(self->s, FIONBIO, &on));
	fails(EAGAIN, recv(self->s, &byte, 1, 0));
}

/* ---- pages ---- */

static int pattern_file(size_t len)
{
	int fd = memfd_create("pattern", 0);
	char buf[4096];

	for (size_t pos = 0; pos < len; pos += sizeof(buf)) {
		pat_fill(buf, pos, sizeof(buf));
		if (write(fd, buf, sizeof(buf)) != sizeof(buf))
			return -1;
	}
	return fd;
}

TEST_F(pair, sendfile_sends_the_file)
{
	size_t len = virtual_time() ? 1 << 20 : 1 << 18, done = 0;
	int file = pattern_file(len), status;
	pid_t pid;

	ASSERT_GE(file, 0);
	lseek(file, 0, SEEK_SET);
	pid = child();
	if (pid == 0)
		_exit(recv_pat(self->s, 0, len) != len);
	while (done < len) {
		ssize_t n = sendfile(self->c, file, NULL, len - done);

		ASSERT_GT(n, 0);
		done += n;
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	close(file);
}

TEST_F(pair, splice_reads_from_socket)
{
	size_t len = 65536, done = 0;
	int p[2];
	char buf[4096];

	ASSERT_EQ(0, pipe(p));
	for (; done < len; done += sizeof(buf)) {
		size_t out = 0;

		pat_fill(buf, done, sizeof(buf));
		ASSERT_EQ(sizeof(buf), write(p[1], buf, sizeof(buf)));
		while (out < sizeof(buf)) {
			ssize_t n = splice(p[0], NULL, self->c, NULL,
					   sizeof(buf) - out, 0);

			ASSERT_GT(n, 0);
			out += n;
		}
	}
	ASSERT_EQ(len, recv_pat(self->s, 0, len));
}

TEST_F(pair, splice_writes_to_socket)
{
	size_t len = 65536, done = 0;
	int p[2], status;
	char buf[65536];
	pid_t pid;

	ASSERT_EQ(0, pipe(p));
	pid = child();
	if (pid == 0)
		_exit(send_pat(self->c, 0, len) != len);
	while (done < len) {
		ssize_t n = splice(self->s, NULL, p[1], NULL, 16384, 0);

		ASSERT_GT(n, 0);
		ASSERT_EQ(n, read(p[0], buf, n));
		ASSERT_EQ(-1, pat_check(buf, done, n));
		done += n;
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	nonblocking(self->s);
	fails(EAGAIN, splice(self->s, NULL, p[1], NULL, 100, 0));
	ASSERT_EQ(0, shutdown(self->c, SHUT_WR));
	ASSERT_TRUE(poll_for(self->s, POLLRDHUP, 3000) & POLLRDHUP);
	ASSERT_EQ(0, splice(self->s, NULL, p[1], NULL, 100, 0));
}

/* SPLICE_F_NONBLOCK applies to the pipe; O_NONBLOCK of the socket decides its wait. */
TEST_F(pair, splice_in_waits)
{
	char buf[100];
	int p[2];

	ASSERT_EQ(0, pipe(p));
	if (!child()) {
		sleep_ms(100);
		_exit(send_pat(self->c, 0, 100) != 100);
	}
	ASSERT_EQ(100, splice(self->s, NULL, p[1], NULL, 100, SPLICE_F_NONBLOCK));
	ASSERT_EQ(100, read(p[0], buf, 100));
	ASSERT_EQ(-1, pat_check(buf, 0, 100));
	nonblocking(self->s);
	fails(EAGAIN, splice(self->s, NULL, p[1], NULL, 100, 0));
	close(p[0]);
	close(p[1]);
}

/*
 * Submit one request to a new io_uring. Returns its result, -ENOPKG if the kernel has
 * no io_uring. IORING_OP_SEND_ZC completes twice, and the buffer is free after the
 * second; *@more is then 1.
 */
static int uring(const struct io_uring_sqe *sqe, int *more)
{
	struct io_uring_params p = {};
	int fd = syscall(__NR_io_uring_setup, 2, &p), res;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqe;
	char *ring;

	if (fd < 0)
		return -ENOPKG;
	ring = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*cqe),
		    PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	sqes = mmap(NULL, p.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED,
		    fd, IORING_OFF_SQES);
	sqes[0] = *sqe;
	((unsigned int *)(ring + p.sq_off.array))[0] = 0;
	*(unsigned int *)(ring + p.sq_off.tail) = 1;
	if (syscall(__NR_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	cqe = (struct io_uring_cqe *)(ring + p.cq_off.cqes);
	res = cqe[0].res;
	*more = !!(cqe[0].flags & IORING_CQE_F_MORE);
	if (*more && (syscall(__NR_io_uring_enter, fd, 0, 2, IORING_ENTER_GETEVENTS, NULL, 0) < 0 ||
		      !(cqe[1].flags & IORING_CQE_F_NOTIF)))
		res = -EIO;
	close(fd);
	return res;
}

/* Bytes arrive, and the program learns when it may reuse the buffer, copied or not. */
TEST_F(pair, io_uring_send_zc)
{
	for (int i = 0; i < 2; i++) {
		char buf[3000];
		struct io_uring_sqe sqe = {
			.opcode = IORING_OP_SEND_ZC, .fd = self->fd[i],
			.addr = (uintptr_t)buf, .len = sizeof(buf),
		};
		int more = 0, n;

		pat_fill(buf, 0, sizeof(buf));
		n = uring(&sqe, &more);
		if (n == -ENOPKG)
			SKIP_TEST("no io_uring here");
		ASSERT_EQ(sizeof(buf), n);
		ASSERT_EQ(1, more);
		ASSERT_EQ(sizeof(buf), recv_pat(self->fd[!i], 0, sizeof(buf)));
	}
}

/* send() copies: later changes of the buffer do not reach the peer. */
TEST_F(pair, buffer_is_free_after_send)
{
	char *buf = malloc(1 << 20);
	ssize_t n;

	pat_fill(buf, 0, 1 << 20);
	n = send(self->c, buf, 1 << 20, MSG_DONTWAIT);
	ASSERT_GT(n, 0);
	memset(buf, 0, 1 << 20);
	ASSERT_EQ(n, recv_pat(self->s, 0, n));
	free(buf);
}

/* ---- the CPU that handles a flow ---- */

static int on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* Enable RFS for loopback, which needs a sysfs of this namespace. 0 or -errno. */
static int steer_flows(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL))
		return -errno;
	return init_sysctl("core/rps_sock_flow_entries", "1024") ?:
	       file_put("/sys/class/net/lo/queues/rx-0/rps_flow_cnt", "1024");
}

/* RFS: packets are handled on the CPU that reads them, not the one that sends them. */
TEST_F(pair, packets_follow_the_reader)
{
	char byte = 0;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP_TEST("takes two CPUs");
	ASSERT_EQ(0, steer_flows());
	for (int reader = 0; reader < 2; reader++) {
		int followed = 0;

		for (int i = 0; i < 20; i++) {
			ASSERT_EQ(0, on_cpu(!reader));
			ASSERT_EQ(1, send(self->c, &byte, 1, 0));
			ASSERT_EQ(0, on_cpu(reader));
			ASSERT_EQ(1, recv(self->s, &byte, 1, 0));
			followed += get_int(self->s, SOL_SOCKET, SO_INCOMING_CPU) == reader;
		}
		/* The first packet comes before the first read. */
		EXPECT_LE(15, followed);
	}
	ASSERT_EQ(0, init_sysctl("core/rps_sock_flow_entries", "0"));
}

/* ---- IPsec ---- */

/* Unfreed ESP states of all namespaces (module references); -1: esp4 is no module. */
static long esp_states(void)
{
	FILE *f = fopen("/sys/module/esp4/refcnt", "r");
	long n = -1;

	if (f && fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

/* A deleted security association is freed although data received through it is unread. */
TEST_F(pair, unread_data_and_ipsec)
{
	long before;
	char byte;

	if (net != V4)
		SKIP_TEST("it is the same packet queue");
	before = esp_states();
	if (ns_sysctl("ipv4/conf/lo/disable_xfrm", "0") ||
	    ns_sysctl("ipv4/conf/lo/disable_policy", "0") ||
	    shell("ip xfrm state add src 127.0.0.1 dst 127.0.0.1 proto esp spi 0x100 mode transport enc 'ecb(cipher_null)' '' auth digest_null ''") ||
	    shell("ip xfrm policy add src 127.0.0.1 dst 127.0.0.1 dir out tmpl src 127.0.0.1 dst 127.0.0.1 proto esp mode transport"))
		SKIP_TEST("no ESP");
	if (esp_states() < 0)
		SKIP_TEST("nothing tells how many states there are");
	ASSERT_EQ(1, send(self->c, "x", 1, 0));
	ASSERT_TRUE(poll_for(self->s, POLLIN, 1000) & POLLIN);
	ASSERT_LE(1, esp_states());
	ASSERT_EQ(0, shell("ip xfrm policy flush; ip xfrm state flush"));
	/* The sockets drop stale routes when they next send. */
	ASSERT_EQ(1, send(self->c, "y", 1, 0));
	ASSERT_EQ(1, send(self->s, "z", 1, 0));
	for (int ms = 0; ms < 3000 && esp_states() > (before > 0 ? before : 0); ms += 100)
		sleep_ms(100);
	EXPECT_EQ(before > 0 ? before : 0, esp_states());
	ASSERT_EQ(1, recv(self->s, &byte, 1, 0));
}

TEST_HARNESS_MAIN
