// SPDX-License-Identifier: GPL-2.0
/*
 * The programs that scripts/show composes a scene from:
 *
 *	endpoint now
 *	endpoint wait T0 MS
 *	endpoint play T0 STACK ADDRESS PORT PEER-ADDRESS PEER-PORT STEP...
 *	endpoint watch DEVICE FIRST-PORT LAST-PORT
 *	endpoint replay DEVICE OUT-DEVICE PORT BYTES MS
 *	endpoint flood T0 COUNT PORT PEER-ADDRESS PEER-PORT MS
 *
 * now prints CLOCK_MONOTONIC, the clock of T0, and CLOCK_REALTIME, both in ms. wait
 * returns MS after T0. play is one end of a connection over STACK (kernel or xtcp); its
 * steps are in the table below. watch prints every change of the connection tables of
 * the kernel and of XTCP. replay waits for the first frame that DEVICE receives from
 * PORT with at least BYTES of payload, and sends it again on OUT-DEVICE MS later. flood
 * sends COUNT SYNs, one every MS, from COUNT addresses that do not answer.
 *
 * Exit status 3 of play: a step came too late. With XFER_V6 set addresses are IPv6.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib.h"

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int print_now(void)
{
	struct timespec real;

	clock_gettime(CLOCK_REALTIME, &real);
	return printf("%llu %lld\n", (unsigned long long)now_ms(),
		      real.tv_sec * 1000LL + real.tv_nsec / 1000000) < 0;
}

static void wait_until(uint64_t t0, unsigned int ms)
{
	uint64_t now = now_ms();

	if (t0 + ms > now)
		sleep_ms(t0 + ms - now);
}

/* ---- play ---- */

/*
 * Virtual time jumps ahead when something must be read from the host's disk. A late step
 * spoils the scene; the exit status LATE says that another attempt may succeed.
 */
#define LATE_MS		25
#define LATE		3
#define PLAY_SECONDS	120	/* longer than any scene: a step hangs */

struct player {
	enum stack st;
	uint64_t t0;		/* now_ms() at the start of the scene */
	union addr here, peer;
	int lfd;		/* the listener, or -1 */
	int fd;			/* the connection */
	uint64_t sent, got;	/* bytes so far */
};

static int step_at(struct player *p, int ms)
{
	if (now_ms() > p->t0 + ms + LATE_MS) {
		fprintf(stderr, "endpoint: %s, at=%d comes too late\n",
			stack_name(p->st), ms);
		exit(LATE);
	}
	wait_until(p->t0, ms);
	return 0;
}

static int step_listen(struct player *p, int backlog)
{
	p->lfd = p->fd;
	return listen(p->lfd, backlog ?: 16);
}

static int step_accept(struct player *p, int listen_on)
{
	p->fd = accept(p->lfd, NULL, NULL);
	if (!listen_on) {
		close(p->lfd);
		p->lfd = -1;
	}
	return p->fd < 0 ? -1 : 0;
}

static int step_connect(struct player *p, int unused)
{
	return connect_to(p->fd, &p->peer);
}

/* connect() must fail with ECONNREFUSED. */
static int step_refused(struct player *p, int unused)
{
	return connect_to(p->fd, &p->peer) && errno == ECONNREFUSED ? 0 : -1;
}

/* connect() must get no answer for @ms. */
static int step_unanswered(struct player *p, int ms)
{
	struct timeval t = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (setsockopt(p->fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)))
		return -1;
	return connect_to(p->fd, &p->peer) && errno == EINPROGRESS ? 0 : -1;
}

static int step_send(struct player *p, int len)
{
	ssize_t n = send_pat(p->fd, p->sent, len);

	p->sent += len;
	return n == len ? 0 : -1;
}

static int step_urgent(struct player *p, int unused)
{
	return send(p->fd, "!", 1, MSG_OOB | MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int step_recv(struct player *p, int len)
{
	ssize_t n = recv_pat(p->fd, p->got, len);

	p->got += len;
	return n == len ? 0 : -1;
}

/* Wait for the urgent byte and read it. */
static int step_recv_urgent(struct player *p, int unused)
{
	char byte;

	if (!(poll_for(p->fd, POLLPRI, 5000) & POLLPRI))
		return -1;
	return recv(p->fd, &byte, 1, MSG_OOB) == 1 && byte == '!' ? 0 : -1;
}

static int step_eof(struct player *p, int unused)
{
	char byte;

	return recv(p->fd, &byte, 1, 0) == 0 ? 0 : -1;
}

static int step_reset(struct player *p, int unused)
{
	char byte;

	return recv(p->fd, &byte, 1, 0) < 0 && errno == ECONNRESET ? 0 : -1;
}

static int step_shutdown(struct player *p, int unused)
{
	return shutdown(p->fd, SHUT_WR);
}

static int step_close(struct player *p, int unused)
{
	return close(p->fd);
}

static int step_abort(struct player *p, int unused)
{
	hard_close(p->fd);
	return 0;
}

static int step_rcvbuf(struct player *p, int len)
{
	return set_int(p->fd, SOL_SOCKET, SO_RCVBUF, len);
}

static int step_nodelay(struct player *p, int unused)
{
	return set_int(p->fd, SOL_TCP, TCP_NODELAY, 1);
}

static int step_maxseg(struct player *p, int len)
{
	return set_int(p->fd, SOL_TCP, TCP_MAXSEG, len);
}

static const struct step {
	const char *name;
	int (*run)(struct player *p, int arg);
} steps[] = {
	{ "at", step_at },			/* =MS after T0 */
	{ "listen", step_listen },		/* =BACKLOG */
	{ "accept", step_accept },		/* =1: keep the listener open */
	{ "connect", step_connect },
	{ "refused", step_refused },
	{ "unanswered", step_unanswered },	/* =MS */
	{ "send", step_send },			/* =BYTES */
	{ "urgent", step_urgent },
	{ "recv", step_recv },			/* =BYTES */
	{ "recv-urgent", step_recv_urgent },
	{ "eof", step_eof },
	{ "reset", step_reset },
	{ "shutdown", step_shutdown },
	{ "close", step_close },
	{ "abort", step_abort },
	{ "rcvbuf", step_rcvbuf },		/* =BYTES */
	{ "nodelay", step_nodelay },
	{ "maxseg", step_maxseg },		/* =BYTES */
};

static const struct step *find_step(const char *word)
{
	size_t len = strcspn(word, "=");
	unsigned int i;

	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (strlen(steps[i].name) == len && !strncmp(word, steps[i].name, len))
			return &steps[i];
	fprintf(stderr, "endpoint: no step %s\n", word);
	exit(2);
}

static int play(char **argv)
{
	struct player p = {
		.t0 = strtoull(argv[0], NULL, 10),
		.st = stack_named(argv[1]),
		.here = host(argv[2], atoi(argv[3])),
		.peer = host(argv[4], atoi(argv[5])),
		.lfd = -1,
	};

	alarm(PLAY_SECONDS);
	p.fd = stack_socket(p.st, 0);
	if (p.fd < 0)
		die("endpoint: socket");
	set_int(p.fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind_to(p.fd, &p.here))
		die("endpoint: bind");
	for (argv += 6; *argv; argv++) {
		const char *arg = strchr(*argv, '=');

		if (find_step(*argv)->run(&p, arg ? atoi(arg + 1) : 0)) {
			fprintf(stderr, "endpoint: %s, step %s: %m\n",
				stack_name(p.st), *argv);
			return 1;
		}
	}
	return 0;
}

/* ---- watch ---- */

#define WATCH_MAX	64

struct row {
	char local[40], remote[40];	/* address:port, as in /proc/net/tcp */
	unsigned int state;		/* as in /proc/net/tcp; 0: gone */
	bool seen;			/* in the last reading */
};

struct table {
	struct row rows[WATCH_MAX];
	int count;
	unsigned int first, last;	/* ports of interest */
};

static unsigned int hex_port(const char *address)
{
	return strtoul(strchr(address, ':') + 1, NULL, 16);
}

static void print_row(const struct row *r)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	printf("%lld.%06ld %s %s %u\n", (long long)now.tv_sec, now.tv_nsec / 1000,
	       r->local, r->remote, r->state);
}

static void note_row(struct table *t, const char *local, const char *remote,
		     unsigned int state)
{
	struct row *r;

	for (r = t->rows; r < t->rows + t->count; r++)
		if (!strcmp(r->local, local) && !strcmp(r->remote, remote))
			break;
	if (r == t->rows + t->count) {
		if (t->count == WATCH_MAX)
			return;
		t->count++;
		*r = (struct row) {};
		strcpy(r->local, local);
		strcpy(r->remote, remote);
	}
	r->seen = true;
	if (r->state == state)
		return;
	r->state = state;
	print_row(r);
}

static void read_table(struct table *t, const char *path)
{
	char line[512], local[40], remote[40];
	FILE *f = fopen(path, "r");
	unsigned int state;

	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " %*d: %39s %39s %x", local, remote, &state) == 3 &&
		    hex_port(local) >= t->first && hex_port(local) <= t->last)
			note_row(t, local, remote, state);
	fclose(f);
}

static void read_tables(struct table *t)
{
	struct row *r;

	for (r = t->rows; r < t->rows + t->count; r++)
		r->seen = false;
	read_table(t, net == V4 ? "/proc/net/tcp" : "/proc/net/tcp6");
	read_table(t, net == V4 ? "/proc/net/xtcp" : "/proc/net/xtcp6");
	for (r = t->rows; r < t->rows + t->count; r++)
		if (!r->seen && r->state) {
			r->state = 0;
			print_row(r);
		}
	fflush(stdout);
}

static int packet_socket(const char *dev)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(dev),
	};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	if (fd < 0 || bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		die("endpoint: packet socket");
	return fd;
}

/* Read the tables after each packet and its effects, and every 50 ms without one. */
static void watch(char **argv)
{
	struct table t = { .first = atoi(argv[1]), .last = atoi(argv[2]) };
	int fd = packet_socket(argv[0]);
	char buf[64];

	for (;;) {
		read_tables(&t);
		if (!poll_for(fd, POLLIN, 50))
			continue;
		while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
			;
		usleep(200);
	}
}

/* ---- replay ---- */

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* Bytes of TCP payload in an Ethernet frame from the port, or -1. */
static int payload(const uint8_t *f, int len, unsigned int port)
{
	bool v6 = get16(f + 12) == ETH_P_IPV6;
	const uint8_t *ip = f + 14, *tcp = ip + (v6 ? 40 : 20);

	if (len < 14 + 40 + 20 || ip[v6 ? 6 : 9] != IPPROTO_TCP || get16(tcp) != port)
		return -1;
	return len - (tcp - f) - (tcp[12] >> 4) * 4;
}

static int replay(char **argv)
{
	int in = packet_socket(argv[0]), out = packet_socket(argv[1]);
	unsigned int port = atoi(argv[2]);
	uint8_t frame[2048];
	ssize_t n;

	do {
		n = recv(in, frame, sizeof(frame), 0);
		if (n < 0)
			die("endpoint: receive");
	} while (payload(frame, n, port) < atoi(argv[3]));
	sleep_ms(atoi(argv[4]));
	return send(out, frame, n, 0) == n ? 0 : 1;
}

/* ---- flood ---- */

struct syn {
	/* The pseudo-header of the checksum. */
	struct in_addr from, to;
	uint16_t protocol, len;
	/* The segment. */
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t offset, flags;
	uint16_t window, sum, urgent;
	uint8_t mss[4];
};

static void sum_syn(struct syn *s)
{
	const uint16_t *word = (const uint16_t *)s;
	uint32_t sum = 0;
	size_t i;

	s->sum = 0;
	for (i = 0; i < sizeof(*s) / 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	s->sum = ~(sum + (sum >> 16));
}

static int flood(char **argv)
{
	union addr to = host(argv[3], atoi(argv[4]));
	struct syn s = {
		.to = to.in.sin_addr, .protocol = htons(IPPROTO_TCP),
		.sport = htons(atoi(argv[2])), .dport = to.in.sin_port,
		.offset = 24 / 4 << 4, .flags = TH_SYN,
		.window = htons(8192), .mss = { TCPOPT_MAXSEG, 4, 1460 >> 8, 1460 & 255 },
	};
	size_t len = sizeof(s) - offsetof(struct syn, sport);
	struct sockaddr_in from = { .sin_family = AF_INET };
	uint64_t t0 = strtoull(argv[0], NULL, 10);
	int i, count = atoi(argv[1]), gap = atoi(argv[5]);

	s.len = htons(len);
	for (i = 0; i < count; i++) {
		int fd = socket(AF_INET, SOCK_RAW, IPPROTO_TCP);

		from.sin_addr.s_addr = htonl(0x0a090001 + i);	/* 10.9.0.1 and on */
		s.from = from.sin_addr;
		s.seq = htonl(1000 * i);
		sum_syn(&s);
		set_int(fd, SOL_IP, IP_TRANSPARENT, 1);
		if (bind(fd, (struct sockaddr *)&from, sizeof(from)))
			die("endpoint: bind");
		wait_until(t0, i * gap);
		/* sendto() on a raw socket wants port 0. */
		to.in.sin_port = 0;
		if (sendto(fd, &s.sport, len, 0, &to.sa, sizeof(to.in)) != (ssize_t)len)
			die("endpoint: flood");
		close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (getenv("XFER_V6"))
		net = V6;
	if (!strcmp(what, "now"))
		return print_now();
	if (!strcmp(what, "wait") && argc == 4)
		return wait_until(strtoull(argv[2], NULL, 10), atoi(argv[3])), 0;
	if (!strcmp(what, "play") && argc >= 8)
		return play(argv + 2);
	if (!strcmp(what, "watch") && argc == 5)
		watch(argv + 2);
	if (!strcmp(what, "replay") && argc == 7)
		return replay(argv + 2);
	if (!strcmp(what, "flood") && argc == 8)
		return flood(argv + 2);
	fputs("usage: see the head of endpoint.c\n", stderr);
	return 2;
}
