// SPDX-License-Identifier: GPL-2.0
/*
 * Honest clients during a SYN flood. The clients use the kernel's TCP in a namespace
 * of their own, 10 ms away. The flood comes from addresses that never answer; its
 * SYNs per second are ten times the listener's backlog. A client connects, sends a
 * byte and waits for its echo.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "attack.h"

#define DELAY		(10 * MS)	/* each way */
#define CAPACITY	1024		/* the listener's backlog */
#define TIMES		10
#define CLIENTS		200
#define PATIENCE	(2 * SECOND)	/* after which a client has failed */
#define FAILURES	3		/* failed clients after which the run ends */
#define CLIENT_ADDR	(HOST_ADDR + 1)
#define PACKETS		1024
#define PACKET_MAX	1600

enum from { NOBODY, ANYBODY, PREFIX, ONE, FLOODS };

/* Indices of the results. */
enum { SUCCESS, P50, P99, KEPT, FLOOD_LEN };
#define AT(from, what)	((from) * FLOOD_LEN + (what))

struct packet {
	uint64_t due;
	int to;			/* fd of the TUN device */
	uint16_t len;
	uint8_t data[PACKET_MAX];
};

struct world {
	struct peer p;
	int client_tun;
	int host_ns, client_ns;
	int lfd;
	enum from from;
	uint64_t next_syn;
	struct packet line[PACKETS];	/* a ring, as the delay is the same for all */
	unsigned int first, n;
};

static struct world w;

static void enter(int ns)
{
	if (setns(ns, CLONE_NEWNET))
		die("setns");
}

static int own_ns(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("/proc/self/ns/net");
	return fd;
}

static void open_world(enum stack st, enum from from)
{
	char backlog[16];

	memset(&w, 0, sizeof(w));
	w.from = from;
	if (ns_new())
		die("no network namespace");
	ns_sysctl("ipv6/conf/default/disable_ipv6", "1");
	w.client_ns = own_ns();
	w.client_tun = ns_tun("tun0");
	if (w.client_tun < 0 || ns_up("tun0", "10.0.0.2", 8, 1500))
		die("no TUN device");
	peer_open(&w.p, st);
	w.host_ns = own_ns();
	snprintf(backlog, sizeof(backlog), "%d", CAPACITY);
	ns_sysctl("core/somaxconn", backlog);
	peer_knob(&w.p, "max_syn_backlog", backlog);
	w.lfd = peer_listen(&w.p, CAPACITY);
}

static void take(int from, int to)
{
	struct packet *q;
	uint32_t addr;
	ssize_t n;

	for (;;) {
		q = &w.line[(w.first + w.n) % PACKETS];
		n = read(from, q->data, sizeof(q->data));
		if (n <= 0)
			return;
		memcpy(&addr, q->data + 16, 4);
		if (n < 20 || (from == w.p.tun && ntohl(addr) != CLIENT_ADDR))
			continue;
		if (w.n == PACKETS) {
			errno = ENOBUFS;
			die("the line is full");
		}
		q->len = (uint16_t)n;
		q->to = to;
		q->due = now_ns() + DELAY;
		w.n++;
	}
}

static void flood_syn(void)
{
	struct peer *p = &w.p;
	struct seg s = {
		.addr = peer_anybody(p),
		.port = (uint16_t)(1024 + peer_random(p) % 60000),
		.flags = SYN,
		.seq = peer_random(p),
		.wnd = 64240,
		.nopts = sizeof(syn_options),
	};

	memcpy(s.opts, syn_options, sizeof(syn_options));
	if (w.from == PREFIX)
		s.addr = HOST_ADDR + 0x90900 + peer_random(p) % 250;
	else if (w.from == ONE)
		s.addr = HOST_ADDR + 0x90900;
	peer_in(p, &s);
}

/* Run the flood and the line until @fd has one of @events, or until @until, ns. */
static bool wait_for(int fd, short events, uint64_t until)
{
	struct pollfd pfd[3] = {
		{ .fd = fd, .events = events },
		{ .fd = w.p.tun, .events = POLLIN },
		{ .fd = w.client_tun, .events = POLLIN },
	};
	uint64_t now, due;

	for (;;) {
		struct timespec ts;

		take(w.p.tun, w.client_tun);
		take(w.client_tun, w.p.tun);
		now = now_ns();
		while (w.n && w.line[w.first].due <= now) {
			struct packet *q = &w.line[w.first];

			if (write(q->to, q->data, q->len) < 0)
				die("write to a TUN device");
			w.first = (w.first + 1) % PACKETS;
			w.n--;
		}
		if (w.from != NOBODY && w.next_syn <= now) {
			flood_syn();
			w.next_syn += SECOND / (CAPACITY * TIMES);
		}
		if (fd >= 0 && poll(pfd, 1, 0) == 1)
			return true;
		if (now >= until)
			return false;
		due = until;
		if (w.n && w.line[w.first].due < due)
			due = w.line[w.first].due;
		if (w.from != NOBODY && w.next_syn < due)
			due = w.next_syn;
		now = now_ns();
		if (due <= now)
			continue;
		ts.tv_sec = (time_t)((due - now) / SECOND);
		ts.tv_nsec = (long)((due - now) % SECOND);
		ppoll(pfd, 3, &ts, NULL);
	}
}

static bool has_options(int fd)
{
	unsigned int all = TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE;
	struct tcp_info info;
	socklen_t len = sizeof(info);

	return !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) &&
	       (info.tcpi_options & all) == all && info.tcpi_snd_wscale &&
	       info.tcpi_snd_mss > 1400;
}

/* One client; false if it failed. @ns: its duration; @kept: has it all options? */
static bool client(double *ns, bool *kept)
{
	const struct linger hard = { .l_onoff = 1 };
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(w.p.lport),
		.sin_addr.s_addr = htonl(HOST_ADDR),
	};
	uint64_t start = now_ns(), until = start + PATIENCE;
	bool ok = false;
	int fd, sfd = -1;
	char byte = 1;

	enter(w.client_ns);
	fd = stack_socket(KERNEL, SOCK_NONBLOCK);
	if (fd < 0 || (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) &&
		       errno != EINPROGRESS))
		die("connect");
	if (!wait_for(fd, POLLOUT, until) || send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
		goto out;
	if (!wait_for(w.lfd, POLLIN, until))
		goto out;
	sfd = accept4(w.lfd, NULL, NULL, SOCK_NONBLOCK);
	if (sfd < 0 || !wait_for(sfd, POLLIN, until) || recv(sfd, &byte, 1, 0) != 1 ||
	    send(sfd, &byte, 1, MSG_NOSIGNAL) != 1)
		goto out;
	ok = wait_for(fd, POLLIN, until) && recv(fd, &byte, 1, 0) == 1;
	*ns = (double)(now_ns() - start);
	*kept = ok && has_options(fd) && has_options(sfd);
out:
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd);
	if (sfd >= 0)
		close(sfd);
	return ok;
}

static void measure_from(enum stack st, enum from from, struct result *r)
{
	unsigned int i, n = opt.quick ? CLIENTS / 4 : CLIENTS, good = 0, kept = 0;
	static double ns[CLIENTS];
	bool all = false;

	open_world(st, from);
	for (i = 0; from != NOBODY && i < TIMES * CAPACITY; i++) {
		flood_syn();
		peer_drain(&w.p);
	}
	w.next_syn = now_ns();
	for (i = 0; i < n && i - good < FAILURES; i++) {
		if (client(&ns[good], &all)) {
			good++;
			kept += all;
		}
		/* Let the reset arrive, while the flood goes on. */
		wait_for(-1, 0, now_ns() + 3 * DELAY);
	}
	close(w.lfd);
	close(w.client_tun);
	close(w.p.tun);
	r->v[AT(from, SUCCESS)] = 100.0 * good / i;
	r->v[AT(from, P50)] = good ? median(ns, good) / MS : FAILED;
	r->v[AT(from, P99)] = good ? ns[good * 99 / 100] / MS : FAILED;
	r->v[AT(from, KEPT)] = good ? 100.0 * kept / good : FAILED;
}

void flood_measure(enum stack st, struct result *r)
{
	prctl(PR_SET_TIMERSLACK, 1);
	for (enum from from = NOBODY; from < FLOODS; from++)
		measure_from(st, from, r);
}

void flood_print(const struct result *k, const struct result *x)
{
	static const char * const name[FLOODS] = {
		[NOBODY] = "nobody",
		[ANYBODY] = "random addresses",
		[PREFIX] = "a /24",
		[ONE] = "one address",
	};
	enum from f;
	char text[80];

	snprintf(text, sizeof(text), "honest clients, backlog %d, %d SYNs/s",
		 CAPACITY, CAPACITY * TIMES);
	heading(text);
	for (f = NOBODY; f < FLOODS; f++) {
		snprintf(text, sizeof(text), "flood from %s: succeeded, %%", name[f]);
		row(text, 1, k->v[AT(f, SUCCESS)], x->v[AT(f, SUCCESS)], AT_LEAST, 100);
		row("  connect and round trip, ms, median", 2, k->v[AT(f, P50)],
		    x->v[AT(f, P50)], NO_GOAL, 0);
		row("  99 of 100 are done in, ms", 2, k->v[AT(f, P99)], x->v[AT(f, P99)],
		    f == NOBODY ? NO_GOAL : AT_MOST, 1.1 * x->v[AT(NOBODY, P99)]);
		row("  kept SACK, timestamps, window scale, MSS, %", 1, k->v[AT(f, KEPT)],
		    x->v[AT(f, KEPT)], AT_LEAST, 100);
	}
}
