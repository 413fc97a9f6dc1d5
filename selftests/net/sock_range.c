// SPDX-License-Identifier: GPL-2.0
/*
 * Which ports and addresses there are to have: ranges, what is reserved or takes
 * privilege, foreign addresses, and many connections from one port.
 */
#include <sys/resource.h>

#include "sock_test.h"

#define WILD	0
#define LO1	0x7f000001
#define LO2	0x7f000002

#define only_v4() do {							\
	need_stack(XTCP);						\
	if (variant->net != V4)						\
		SKIP_TEST("of IPv4");					\
} while (0)

static struct sockaddr_in addr(uint32_t ip, uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(ip),
	};

	return sin;
}

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif

static int bound(enum stack st, uint32_t ip, uint16_t port)
{
	struct sockaddr_in sin = addr(ip, port);
	int fd = stack_socket(st, 0);

	if (!bind(fd, SA(sin), sizeof(sin)))
		return fd;
	close(fd);
	return -errno;
}

/* Of four ports the last is the only one that is not reserved. */
TEST_F(one, reserved_ports)
{
	int lfd = st_listen(variant->st, 0, 4), fd;

	only_v4();
	ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_port_range", "40000 40003"));
	ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_reserved_ports", "40000-40002"));
	fd = bound(variant->st, LO1, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(40003, sock_port(fd));
	close(fd);
	fd = st_connect(variant->st, sock_port(lfd));
	ASSERT_GE(fd, 0);
	ASSERT_EQ(40003, sock_port(fd));
	ASSERT_EQ(-EADDRNOTAVAIL, st_connect(variant->st, sock_port(lfd)));
	close(fd);
	/* Who asks for one by name has it. */
	fd = bound(variant->st, LO1, 40001);
	ASSERT_GE(fd, 0);
	close(fd);
	close(lfd);
}

/* A socket's own range is within that of the namespace. */
TEST_F(one, own_range)
{
	struct sockaddr_in any = addr(LO1, 0), to;
	int lfd = st_listen(variant->st, 5000, 4), fd;
	uint32_t range = 40005 << 16 | 40005;

	only_v4();
	ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_port_range", "40000 40009"));
	for (int i = 0; i < 2; i++) {
		fd = stack_socket(variant->st, 0);
		ASSERT_EQ(0, set_int(fd, SOL_IP, IP_LOCAL_PORT_RANGE, range));
		to = addr(LO1, 5000);
		ASSERT_EQ(0, i ? connect(fd, SA(to), sizeof(to)) :
				 bind(fd, SA(any), sizeof(any)));
		ASSERT_EQ(40005, sock_port(fd));
		close(fd);
		ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_port_range", "40000 40008"));
		range = 40008 << 16 | 40005;
		ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_reserved_ports", "40006-40008"));
	}
	close(lfd);
}

TEST_F(one, unprivileged_ports)
{
	struct sockaddr_in sin = addr(LO1, 79);
	int status;
	pid_t pid;

	only_v4();
	for (int i = 0; i < 2; i++) {
		pid = child();
		if (!pid) {
			if (setuid(65534))
				_exit(2);
			_exit(bind(self->fd, SA(sin), sizeof(sin)) ? errno : 0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(i ? 0 : EACCES, WEXITSTATUS(status));
		ASSERT_EQ(0, ns_sysctl("ipv4/ip_unprivileged_port_start", "79"));
	}
}

/* An address without a port: connect() chooses that, and may share it. */
TEST_F(one, address_without_port)
{
	struct sockaddr_in sin = addr(LO2, 0), to = addr(LO1, 5000);
	int lfd = st_listen(variant->st, 5000, 4), fd[2];

	only_v4();
	ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_port_range", "40000 40000"));
	ASSERT_GE(st_listen(variant->st, 5001, 4), 0);
	for (int i = 0; i < 2; i++) {
		fd[i] = stack_socket(variant->st, 0);
		ASSERT_EQ(0, set_int(fd[i], SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1));
		ASSERT_EQ(0, bind(fd[i], SA(sin), sizeof(sin)));
		ASSERT_EQ(0, sock_port(fd[i]));
		to.sin_port = htons(5000 + i);
		ASSERT_EQ(0, connect(fd[i], SA(to), sizeof(to)));
		ASSERT_EQ(40000, sock_port(fd[i]));
	}
	close(fd[0]);
	close(fd[1]);
	close(lfd);
}

/* An address that is not this host's, by each of the ways there are. */
TEST_F(one, foreign_address)
{
	struct sockaddr_in sin = addr(0x0a090909, 5000);
	int other = stack_socket(!variant->st, 0);

	only_v4();
	fails(EADDRNOTAVAIL, bind(self->fd, SA(sin), sizeof(sin)));
	fails(EADDRNOTAVAIL, bind(other, SA(sin), sizeof(sin)));
	ASSERT_EQ(0, set_int(self->fd, SOL_IP, IP_FREEBIND, 1));
	ASSERT_EQ(0, set_int(other, SOL_IP, IP_TRANSPARENT, 1));
	ASSERT_EQ(0, bind(self->fd, SA(sin), sizeof(sin)));
	fails(EADDRINUSE, bind(other, SA(sin), sizeof(sin)));
	sin = addr(0x0a090908, 5000);
	ASSERT_EQ(0, bind(other, SA(sin), sizeof(sin)));
	ASSERT_EQ(0, ns_sysctl("ipv4/ip_nonlocal_bind", "1"));
	ASSERT_EQ(-EADDRINUSE, bound(variant->st, 0x0a090908, 5000));
	ASSERT_EQ(-EADDRINUSE, bound(!variant->st, 0x0a090909, 5000));
	ASSERT_EQ(-EADDRINUSE, bound(!variant->st, WILD, 5000));
	ASSERT_GE(bound(variant->st, 0x0a090907, 5000), 0);
	close(other);
}

/*
 * One port, as many peers as one likes: by SO_REUSEADDR where the program names
 * the port, by itself where there is no other.
 */
static int one_port(struct __test_metadata *_metadata, enum stack st, bool named, int n)
{
	struct rlimit many = { 2 * n + 100, 2 * n + 100 };
	struct sockaddr_in me = addr(WILD, 40000), to;
	int lfd = bound(st, WILD, 5000), *fd = calloc(n, sizeof(*fd)), i;

	setrlimit(RLIMIT_NOFILE, &many);
	if (listen(lfd, 16))
		return -1;
	for (i = 0; i < n; i++) {
		fd[i] = stack_socket(st, 0);
		if (named)
			set_int(fd[i], SOL_SOCKET, SO_REUSEADDR, 1);
		if (named && bind(fd[i], SA(me), sizeof(me)))
			break;
		to = addr(0x7f010000 + i, 5000);
		if (connect(fd[i], SA(to), sizeof(to)) || sock_port(fd[i]) != 40000)
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

	only_v4();
	ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_port_range", "40000 40000"));
	ASSERT_EQ(n, one_port(_metadata, variant->st, false, n));
}

TEST_F_TIMEOUT(one, a_thousand_from_a_named_port, 120)
{
	only_v4();
	ASSERT_EQ(1000, one_port(_metadata, variant->st, true, 1000));
}

TEST_HARNESS_MAIN
