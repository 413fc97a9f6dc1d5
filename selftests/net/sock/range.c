// SPDX-License-Identifier: GPL-2.0
/*
 * Which ports and addresses a socket can have: ranges, reserved and privileged
 * ports, foreign addresses, and many connections from one port.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/resource.h>

#include "sock_test.h"

#define OTHER	"127.0.0.2"
#define FOREIGN	"10.9.9."

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif

/* Of four ports the last is the only one that is not reserved. */
TEST_F(one, reserved_ports_are_not_chosen)
{
	int lfd = st_listen(variant->st, 0, 4), fd;

	ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_port_range", "40000 40003"));
	ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_reserved_ports", "40000-40002"));
	fd = st_bind(variant->st, LOOPBACK, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(40003, sock_port(fd));
	close(fd);
	fd = st_connect(variant->st, sock_port(lfd));
	ASSERT_GE(fd, 0);
	ASSERT_EQ(40003, sock_port(fd));
	ASSERT_EQ(-EADDRNOTAVAIL, st_connect(variant->st, sock_port(lfd)));
	close(fd);
	/* bind() to a reserved port itself succeeds. */
	fd = st_bind(variant->st, LOOPBACK, 40001);
	ASSERT_GE(fd, 0);
	close(fd);
	close(lfd);
}

/* A socket's own port range (IP_LOCAL_PORT_RANGE) lies within that of the namespace. */
TEST_F(one, own_range_lies_within_the_namespaces)
{
	union addr any = local(0), to = local(5000);
	int lfd = st_listen(variant->st, 5000, 4), fd;
	uint32_t range = 40005 << 16 | 40005;

	ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_port_range", "40000 40009"));
	for (int i = 0; i < 2; i++) {
		fd = stack_socket(variant->st, 0);
		ASSERT_EQ(0, set_int(fd, SOL_IP, IP_LOCAL_PORT_RANGE, range));
		ASSERT_EQ(0, i ? connect_to(fd, &to) : bind_to(fd, &any));
		ASSERT_EQ(40005, sock_port(fd));
		close(fd);
		ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_port_range", "40000 40008"));
		range = 40008 << 16 | 40005;
		ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_reserved_ports", "40006-40008"));
	}
	close(lfd);
}

TEST_F(one, sysctl_sets_first_unprivileged_port)
{
	union addr low = local(79);
	int status;
	pid_t pid;

	for (int i = 0; i < 2; i++) {
		pid = child();
		if (!pid) {
			if (setuid(65534))
				_exit(2);
			_exit(bind_to(self->fd, &low) ? errno : 0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(i ? 0 : EACCES, WEXITSTATUS(status));
		ASSERT_EQ(0, ns_sysctl("ipv4/ip_unprivileged_port_start", "79"));
	}
}

/* bind() to an address without a port: connect() chooses a port, which may be shared. */
TEST_F(one, address_without_port)
{
	union addr from = host(OTHER, 0), to;
	int lfd = st_listen(variant->st, 5000, 4), fd[2];

	if (net == V6)
		ASSERT_EQ(0, dev_up("lo", OTHER, 112, 0));
	ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_port_range", "40000 40000"));
	ASSERT_GE(st_listen(variant->st, 5001, 4), 0);
	for (int i = 0; i < 2; i++) {
		fd[i] = stack_socket(variant->st, 0);
		ASSERT_EQ(0, set_int(fd[i], SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1));
		ASSERT_EQ(0, bind_to(fd[i], &from));
		ASSERT_EQ(0, sock_port(fd[i]));
		to = local(5000 + i);
		ASSERT_EQ(0, connect_to(fd[i], &to));
		ASSERT_EQ(40000, sock_port(fd[i]));
	}
	close(fd[0]);
	close(fd[1]);
	close(lfd);
}

/* Each way to bind to an address that is not this host's. */
TEST_F(one, foreign_address_needs_an_option)
{
	union addr a = host(FOREIGN "9", 5000);
	int other = stack_socket(!variant->st, 0);
	bool v4 = net == V4;

	fails(EADDRNOTAVAIL, bind_to(self->fd, &a));
	fails(EADDRNOTAVAIL, bind_to(other, &a));
	ASSERT_EQ(0, v4 ? set_int(self->fd, SOL_IP, IP_FREEBIND, 1) :
			  set_int(self->fd, SOL_IPV6, IPV6_FREEBIND, 1));
	ASSERT_EQ(0, v4 ? set_int(other, SOL_IP, IP_TRANSPARENT, 1) :
			  set_int(other, SOL_IPV6, IPV6_TRANSPARENT, 1));
	ASSERT_EQ(0, bind_to(self->fd, &a));
	fails(EADDRINUSE, bind_to(other, &a));
	a = host(FOREIGN "8", 5000);
	ASSERT_EQ(0, bind_to(other, &a));
	ASSERT_EQ(0, ns_sysctl(net == V6 ? "ipv6/ip_nonlocal_bind" : "ipv4/ip_nonlocal_bind",
			       "1"));
	ASSERT_EQ(-EADDRINUSE, st_bind(variant->st, FOREIGN "8", 5000));
	ASSERT_EQ(-EADDRINUSE, st_bind(!variant->st, FOREIGN "9", 5000));
	ASSERT_EQ(-EADDRINUSE, st_bind(!variant->st, ANY, 5000));
	ASSERT_GE(st_bind(variant->st, FOREIGN "7", 5000), 0);
	close(other);
}

/*
 * @n connections to different peers from one port: with SO_REUSEADDR if the program
 * names the port (@named), automatically if the range has only one port.
 */
static int one_port(struct __test_metadata *_metadata, enum stack st, bool named, int n)
{
	struct rlimit many = { 2 * n + 100, 2 * n + 100 };
	int lfd = st_bind(st, ANY, 5000), *fd = calloc(n, sizeof(*fd)), i;
	union addr me = host(ANY, 40000), to;
	char text[INET_ADDRSTRLEN];

	/* Make a whole IPv6 prefix local, as 127.0.0.0/8 is. */
	if (net == V6 && shell("ip -6 route add local fd00:7f01::/32 dev lo"))
		return -1;
	setrlimit(RLIMIT_NOFILE, &many);
	if (listen(lfd, 16))
		return -1;
	for (i = 0; i < n; i++) {
		fd[i] = stack_socket(st, 0);
		if (named)
			set_int(fd[i], SOL_SOCKET, SO_REUSEADDR, 1);
		if (named && bind_to(fd[i], &me))
			break;
		snprintf(text, sizeof(text), "127.1.%d.%d", i / 256 % 256, i % 256);
		to = host(text, 5000);
		if (connect_to(fd[i], &to) || sock_port(fd[i]) != 40000)
			break;
		close(accept(lfd, NULL, NULL));
	}
	if (i < n)
		TH_LOG("%d: %s", i, strerror(errno));
	for (int j = 0; j < i; j++)
		close(fd[j]);
	free(fd);
	close(lfd);
	return i;
}

TEST_F_TIMEOUT(one, ten_thousand_from_one_port, 120)
{
	int n = virtual_time() && variant->st == XTCP ? 10000 : 1000;

	ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_port_range", "40000 40000"));
	ASSERT_EQ(n, one_port(_metadata, variant->st, false, n));
}

TEST_F_TIMEOUT(one, a_thousand_from_a_named_port, 120)
{
	ASSERT_EQ(1000, one_port(_metadata, variant->st, true, 1000));
}

#define HELD	4000

/* Mean duration of a refused connect(), us; or -1. */
static int64_t refused(enum stack st)
{
	int64_t us = -now_us();
	union addr to;
	int fd;

	for (int i = 0; i < 50; i++) {
		to = local(100 + i);
		fd = stack_socket(st, 0);
		if (!connect_to(fd, &to) || errno != ECONNREFUSED)
			return -1;
		close(fd);
	}
	return (us + now_us()) / 50;
}

/* What connect() costs when the kernel's TCP holds all ports of a range but the last. */
TEST_F_TIMEOUT(one, past_the_kernels_ports, 120)
{
	struct rlimit many = { HELD + 100, HELD + 100 };
	int64_t us[2], free[2];

	if (!virtual_time() || variant->st == KERNEL)
		SKIP_TEST("compares instructions");
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &many));
	ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_port_range", "20000 23999"));
	for (int st = KERNEL; st <= XTCP; st++) {
		refused(st);	/* the first connect() draws secrets */
		free[st] = refused(st);
		ASSERT_GT(free[st], 0);
	}
	for (int i = 0; i < HELD - 1; i++)
		ASSERT_GE(st_bind(KERNEL, LOOPBACK, 20000 + i), 0);
	for (int st = KERNEL; st <= XTCP; st++) {
		us[st] = refused(st);
		ASSERT_GT(us[st], 0);
		us[st] -= free[st];
	}
	printf("# %d us, the kernel's TCP %d\n", (int)us[XTCP], (int)us[KERNEL]);
	fflush(stdout);
	/* Both start at random ports: their means differ by a few percent. */
	ASSERT_LT(us[XTCP], us[KERNEL] + us[KERNEL] / 5);
	/* Now the last port is held, too, but on another address. */
	if (net == V6)
		ASSERT_EQ(0, dev_up("lo", OTHER, 112, 0));
	ASSERT_GE(st_bind(KERNEL, OTHER, 23999), 0);
	ASSERT_GT(refused(XTCP), 0);
}

TEST_HARNESS_MAIN
