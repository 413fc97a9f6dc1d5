// SPDX-License-Identifier: GPL-2.0
/*
 * Transfers the test stream and checks every byte, for the shell tests:
 *
 *	xfer STACK server PORT BYTES [COUNT]
 *	xfer STACK client ADDRESS PORT BYTES [up|down]
 *
 * STACK is kernel or xtcp. The server accepts COUNT connections (default 1), one
 * after the other, and on each does what the client asks for in its first byte:
 * read BYTES ("up") or send them ("down"). Exit status 0: every byte was right, and
 * the stream ended after BYTES.
 *
 * With XFER_INFO set the sender prints figures of TCP_INFO: whether ECN was
 * negotiated, segments retransmitted, segments reported as marked. With XFER_RATE set
 * the client prints the goodput in kbit/s. With XFER_PACE set the sender sends at most
 * so many bytes a second. With XFER_V6 set sockets are IPv6.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/tcp.h>

#include "lib.h"

static int die(const char *what)
{
	perror(what);
	return 1;
}

/* Receive and check @len bytes, then confirm with one byte. */
static int take(int fd, uint64_t len)
{
	char byte;

	if (recv_pat(fd, 0, len) != len)
		return die("xfer: receive");
	if (recv(fd, &byte, 1, 0) != 0)
		return die("xfer: more than was to come");
	if (send(fd, "k", 1, MSG_NOSIGNAL) != 1)
		return die("xfer: verdict");
	return 0;
}

static void info(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	if (getenv("XFER_INFO") && !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		printf("ecn %d again %u marked %u\n",
		       !!(info.tcpi_options & TCPI_OPT_ECN), info.tcpi_total_retrans,
		       info.tcpi_delivered_ce);
}

static int give(int fd, uint64_t len)
{
	const char *pace = getenv("XFER_PACE");
	char byte;

	if (pace && set_int(fd, SOL_SOCKET, SO_MAX_PACING_RATE, atoi(pace)))
		return die("xfer: pace");
	if (send_pat(fd, 0, len) != len)
		return die("xfer: send");
	if (shutdown(fd, SHUT_WR))
		return die("xfer: shutdown");
	if (recv(fd, &byte, 1, 0) != 1 || byte != 'k')
		return die("xfer: no verdict");
	info(fd);
	return 0;
}

static int server(enum stack st, uint16_t port, uint64_t len, int count)
{
	int lfd = stack_socket(st, 0), bad = 0;
	union addr any = host(ANY, port);

	if (lfd < 0)
		return die("xfer: socket");
	set_int(lfd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind_to(lfd, &any) || listen(lfd, 16))
		return die("xfer: listen");
	while (count--) {
		int fd = accept(lfd, NULL, NULL);
		char what;

		if (fd < 0)
			return die("xfer: accept");
		if (recv(fd, &what, 1, 0) != 1)
			bad |= die("xfer: request");
		else
			bad |= what == 'u' ? take(fd, len) : give(fd, len);
		close(fd);
	}
	close(lfd);
	return bad;
}

static int client(enum stack st, const char *addr, uint16_t port, uint64_t len,
		  bool up)
{
	union addr to = host(addr, port);
	int fd, i, ret;
	uint64_t start;

	/* The server may still be starting. */
	for (i = 0; i < 100; i++) {
		fd = stack_socket(st, 0);
		if (fd < 0)
			return die("xfer: socket");
		if (!connect_to(fd, &to))
			break;
		if (errno != ECONNREFUSED || i == 99)
			return die("xfer: connect");
		close(fd);
		sleep_ms(100);
	}
	start = now_us();
	if (send(fd, up ? "u" : "d", 1, MSG_NOSIGNAL) != 1)
		return die("xfer: request");
	ret = up ? give(fd, len) : take(fd, len);
	if (!ret && getenv("XFER_RATE"))
		printf("%llu\n", (unsigned long long)(len * 8000 / (now_us() - start)));
	close(fd);
	return ret;
}

int main(int argc, char **argv)
{
	if (getenv("XFER_V6"))
		net = V6;
	if (argc >= 5 && strcmp(argv[2], "server") == 0)
		return server(stack_named(argv[1]), atoi(argv[3]), atoll(argv[4]),
			      argc > 5 ? atoi(argv[5]) : 1);
	if (argc >= 6 && strcmp(argv[2], "client") == 0)
		return client(stack_named(argv[1]), argv[3], atoi(argv[4]),
			      atoll(argv[5]),
			      argc < 7 || strcmp(argv[6], "down") != 0);
	fputs("usage: xfer STACK server PORT BYTES [COUNT]\n"
	      "       xfer STACK client ADDRESS PORT BYTES [up|down]\n", stderr);
	return 2;
}
