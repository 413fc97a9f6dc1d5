// SPDX-License-Identifier: GPL-2.0
/*
 * IPVS: connections to the address of a service are redirected to a listener on this
 * host that has another address and port; its replies must be translated back.
 */
#include <arpa/inet.h>
#include <linux/ip_vs.h>

#include "sock_test.h"

#define SERVICE	"10.99.0.1"
#define SERVER	"10.99.0.2"

/* Redirect SERVICE:80 to SERVER:8080 (masquerading). 0 or -errno. */
static int lead(void)
{
	struct {
		struct ip_vs_service_user from;
		struct ip_vs_dest_user to;
	} way = {
		.from = {
			.protocol = IPPROTO_TCP,
			.addr = inet_addr(SERVICE),
			.port = htons(80),
			.sched_name = "rr",
			.netmask = ~0U,
		},
		.to = {
			.addr = inet_addr(SERVER),
			.port = htons(8080),
			.conn_flags = IP_VS_CONN_F_MASQ,
			.weight = 1,
		},
	};
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), err = 0;

	if (setsockopt(fd, IPPROTO_IP, IP_VS_SO_SET_ADD, &way, sizeof(way.from)) ||
	    setsockopt(fd, IPPROTO_IP, IP_VS_SO_SET_ADDDEST, &way, sizeof(way)))
		err = -errno;
	close(fd);
	return err;
}

TEST_F(one, listener_of_a_service)
{
	union addr service = host(SERVICE, 80), server = host(SERVER, 8080);
	struct timeval limit = { .tv_sec = 3 };
	int c, s;

	IPV4_ONLY("the addresses");
	ASSERT_EQ(0, shell("ip addr add " SERVICE "/32 dev lo; ip addr add " SERVER "/32 dev lo"));
	if (lead())
		SKIP_TEST("no IPVS here");
	ASSERT_EQ(0, bind_to(self->fd, &server));
	ASSERT_EQ(0, listen(self->fd, 5));
	c = stack_socket(KERNEL, 0);
	ASSERT_EQ(0, setsockopt(c, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)));
	ASSERT_EQ(0, connect_to(c, &service));
	s = accept(self->fd, NULL, NULL);
	ASSERT_GE(s, 0);
	ASSERT_EQ(20000, send_pat(s, 0, 20000));
	ASSERT_EQ(20000, recv_pat(c, 0, 20000));
	close(s);
	close(c);
}

TEST_HARNESS_MAIN
