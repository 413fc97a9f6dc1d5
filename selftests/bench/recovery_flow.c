// SPDX-License-Identifier: GPL-2.0
/*
 * A flow: a client connects and sends a short request; the server sends a long reply
 * and closes. The loop that runs the line runs both ends, too.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "recovery.h"

#define FLOWS_MAX	2
#define CHUNK		32768

static uint8_t chunk[CHUNK];

static struct sockaddr_in address(const struct line *l, const struct flow *f, enum host h)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		/* 10.x.y.1 and 11.x.y.1, or 12. and 13. */
		.sin_addr.s_addr = htonl(l->net[h] << 24 | (f->pair & 0xffff) << 8 | 1),
	};

	return sin;
}

static int host_socket(const struct line *l, const struct flow *f, enum host h)
{
	struct sockaddr_in sin = address(l, f, h);
	int fd;

	line_enter(l, h);
	fd = stack_socket(f->stack, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		die("socket");
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		die("bind");
	return fd;
}

void flow_open(struct flow *f, struct line *l)
{
	struct sockaddr_in sin = address(l, f, SERVER);

	signal(SIGPIPE, SIG_IGN);
	/* 1 ns of timer slack: timers are as exact as the clock. */
	prctl(PR_SET_TIMERSLACK, 1);
	f->lfd = host_socket(l, f, SERVER);
	if (listen(f->lfd, 8))
		die("listen");
	sin.sin_port = htons(sock_port(f->lfd));
	f->cfd = host_socket(l, f, CLIENT);
	if (f->rcvbuf && set_int(f->cfd, SOL_SOCKET, SO_RCVBUFFORCE, f->rcvbuf))
		die("SO_RCVBUFFORCE");
	f->sfd = -1;
	f->connected = false;
	f->asked = 0;
	f->sent = 0;
	f->received = 0;
	f->close_at = 0;
	f->done = 0;
	f->failed = NULL;
	l->watch = sock_port(f->cfd);
	f->start = now_ns();
	l->start = f->start;
	if (!connect(f->cfd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    errno != EINPROGRESS)
		die("connect");
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Close with a RST: an orphan would go on sending. */
static void reset(int *fd)
{
	const struct linger hard = { .l_onoff = 1 };

	if (*fd >= 0)
		setsockopt(*fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	shut(fd);
}

void flow_close(struct flow *f)
{
	shut(&f->lfd);
	reset(&f->cfd);
	reset(&f->sfd);
}

bool flow_has_cc(const struct flow *f)
{
	char name[16] = "";
	socklen_t len = sizeof(name) - 1;

	return f->sfd >= 0 &&
	       !getsockopt(f->sfd, IPPROTO_TCP, TCP_CONGESTION, name, &len) &&
	       !strcmp(name, f->cc);
}

unsigned int flow_retransmitted(const struct flow *f)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(f->sfd, IPPROTO_TCP, TCP_INFO, &info, &len))
		die("TCP_INFO");
	return info.tcpi_total_retrans;
}

/* ---- the client's end ---- */

static void client_connected(struct flow *f)
{
	uint8_t request[FLOW_REQUEST];
	int err = get_int(f->cfd, SOL_SOCKET, SO_ERROR);

	if (err) {
		f->failed = "the connection was refused";
		return;
	}
	pat_fill(request, 0, sizeof(request));
	if (send(f->cfd, request, sizeof(request), 0) != sizeof(request))
		f->failed = "the request was not taken";
	f->connected = true;
}

static void client_end(struct flow *f)
{
	if (f->received != f->reply)
		f->failed = "the stream ended early";
	else
		f->done = now_ns();
	shut(&f->cfd);
}

static void client_reads(struct flow *f)
{
	uint8_t buf[CHUNK];
	ssize_t n;

	while ((n = recv(f->cfd, buf, sizeof(buf), 0)) > 0) {
		/* The bytes of an endless stream are only counted. */
		if (f->reply != FLOW_ENDLESS &&
		    pat_check(buf, f->received, (size_t)n) >= 0)
			f->failed = "bytes are wrong";
		f->received += (size_t)n;
	}
	if (!n)
		client_end(f);
	else if (errno != EAGAIN)
		f->failed = "recv() failed";
}

/* ---- the server's end ---- */

static void server_accepts(struct flow *f)
{
	f->sfd = accept4(f->lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (f->sfd < 0)
		return;
	if (f->cc)
		setsockopt(f->sfd, IPPROTO_TCP, TCP_CONGESTION, f->cc,
			   (socklen_t)strlen(f->cc));
}

static void server_reads(struct flow *f)
{
	uint8_t buf[FLOW_REQUEST];
	ssize_t n = recv(f->sfd, buf, sizeof(buf) - f->asked, 0);

	if (n > 0 && pat_check(buf, f->asked, (size_t)n) < 0)
		f->asked += (uint32_t)n;
	else if (n >= 0 || errno != EAGAIN)
		f->failed = "the request is broken";
}

static void server_writes(struct flow *f)
{
	uint64_t left = f->reply - f->sent;
	size_t len = left < CHUNK ? (size_t)left : CHUNK;
	ssize_t n;

	if (f->reply != FLOW_ENDLESS)
		pat_fill(chunk, f->sent, len);
	n = send(f->sfd, chunk, len, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		f->failed = "send() failed";
	if (n <= 0)
		return;
	f->sent += (size_t)n;
	if (f->sent == f->reply)
		f->close_at = now_ns() + f->pause;
}

/* ---- the loop ---- */

static short client_wants(const struct flow *f)
{
	return f->connected ? POLLIN : POLLOUT;
}

static short server_wants(const struct flow *f)
{
	if (f->asked < FLOW_REQUEST)
		return POLLIN;
	return f->sent < f->reply ? POLLOUT : 0;
}

static void serve(struct flow *f, const struct pollfd *p)
{
	if (f->cfd >= 0 && p[0].revents) {
		if (!f->connected)
			client_connected(f);
		else
			client_reads(f);
	}
	if (f->sfd < 0 && p[1].revents) {
		server_accepts(f);
		return;
	}
	if (f->sfd >= 0 && p[1].revents & server_wants(f)) {
		if (f->asked < FLOW_REQUEST)
			server_reads(f);
		else
			server_writes(f);
	} else if (f->sfd >= 0 && p[1].revents) {
		f->failed = "the server's end broke";
	}
	/* Bytes that are not sent by then are sent after the close. */
	if (f->close_at && now_ns() >= f->close_at) {
		shut(&f->sfd);
		shut(&f->lfd);
		f->close_at = 0;
	}
}

bool flow_step(struct line *l, struct flow *f, unsigned int n, uint64_t until)
{
	struct pollfd p[HOSTS + 2 * FLOWS_MAX];
	uint64_t next = line_due(l), now = now_ns();
	struct timespec ts = {};
	unsigned int i;

	if (now >= until)
		return false;
	if (until < next)
		next = until;
	for (i = 0; i < HOSTS; i++)
		p[i] = (struct pollfd){ .fd = l->tun[i], .events = POLLIN };
	for (i = 0; i < n; i++) {
		p[HOSTS + 2 * i] = (struct pollfd){
			.fd = f[i].cfd, .events = client_wants(&f[i])
		};
		p[HOSTS + 2 * i + 1] = (struct pollfd){
			.fd = f[i].sfd, .events = server_wants(&f[i])
		};
		if (f[i].sfd < 0)
			p[HOSTS + 2 * i + 1] = (struct pollfd){
				.fd = f[i].lfd, .events = POLLIN
			};
		if (f[i].close_at && f[i].close_at < next)
			next = f[i].close_at;
	}
	if (l->tick && next > now)
		next = (next + l->tick - 1) / l->tick * l->tick;
	if (next > now) {
		ts.tv_sec = (time_t)((next - now) / SECOND);
		ts.tv_nsec = (long)((next - now) % SECOND);
	}
	if (ppoll(p, HOSTS + 2 * n, &ts, NULL) < 0)
		die("ppoll");
	if (p[CLIENT].revents || p[SERVER].revents)
		line_collect(l);
	line_deliver(l);
	for (i = 0; i < n; i++)
		serve(&f[i], &p[HOSTS + 2 * i]);
	return true;
}
