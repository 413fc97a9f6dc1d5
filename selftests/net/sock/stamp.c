// SPDX-License-Identifier: GPL-2.0
/*
 * Packet timestamps: SO_TIMESTAMP and similar options for received data, and
 * SO_TIMESTAMPING for sent data.
 */
#include <time.h>

#include <linux/errqueue.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>

#include "sock_test.h"

/* CLOCK_REALTIME in ns. */
static int64_t real_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

struct message {
	ssize_t len;		/* or -errno */
	int n;			/* control messages with a timestamp */
	int type[4];
	int64_t at[4];		/* ns; for SO_TIMESTAMPING the first of three */
	struct sock_extended_err ee;
};

static struct message receive(int fd, size_t len, int flags)
{
	static char data[65536], control[1024];
	struct iovec iov = { data, len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct message m = {};

	m.len = recvmsg(fd, &msg, flags);
	if (m.len < 0) {
		m.len = -errno;
		return m;
	}
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		bool usec = c->cmsg_type == SO_TIMESTAMP_OLD || c->cmsg_type == SO_TIMESTAMP_NEW;
		int64_t t[2];

		if (c->cmsg_level != SOL_SOCKET) {
			memcpy(&m.ee, CMSG_DATA(c), sizeof(m.ee));
			continue;
		}
		memcpy(t, CMSG_DATA(c), sizeof(t));
		if (m.n == 4)
			break;
		m.type[m.n] = c->cmsg_type;
		m.at[m.n++] = t[0] * 1000000000 + t[1] * (usec ? 1000 : 1);
	}
	return m;
}

/* ---- receive timestamps ---- */

#define RX_SOFTWARE	(SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE)

static const struct {
	const char *name;
	int opt[2], val[2];
	int n;
} rx[] = {
	{ "no option" },
	{ "SO_TIMESTAMP", { SO_TIMESTAMP_OLD }, { 1 }, 1 },
	{ "SO_TIMESTAMPNS", { SO_TIMESTAMPNS_OLD }, { 1 }, 1 },
	{ "SO_TIMESTAMP_NEW", { SO_TIMESTAMP_NEW }, { 1 }, 1 },
	{ "SO_TIMESTAMPNS_NEW", { SO_TIMESTAMPNS_NEW }, { 1 }, 1 },
	{ "SO_TIMESTAMPING", { SO_TIMESTAMPING_OLD }, { RX_SOFTWARE }, 1 },
	{ "SO_TIMESTAMPING_NEW", { SO_TIMESTAMPING_NEW }, { RX_SOFTWARE }, 1 },
	{ "both", { SO_TIMESTAMPNS_OLD, SO_TIMESTAMPING_OLD }, { 1, RX_SOFTWARE }, 2 },
	{ "taken and not told", { SO_TIMESTAMPING_OLD }, { SOF_TIMESTAMPING_RX_SOFTWARE }, 0 },
	{ "off again", { SO_TIMESTAMP_OLD, SO_TIMESTAMP_OLD }, { 1, 0 }, 0 },
};

#define stamped(m, count, row, from, to) do {				\
	ASSERT_EQ((count), (m).n);					\
	for (int _i = 0; _i < (m).n; _i++) {				\
		ASSERT_EQ(rx[row].opt[_i], (m).type[_i]);		\
		ASSERT_LE((from) / 1000, (m).at[_i] / 1000);		\
		ASSERT_GE((to), (m).at[_i]);				\
	}								\
} while (0)

/* recv() returns the timestamp of the last packet that it took bytes of. */
TEST_F(pair, recv_returns_stamp_of_last_packet)
{
	struct message m;
	int64_t t[4];
	int fd[2];

	for (size_t i = 0; i < ARRAY_SIZE(rx); i++) {
		TH_LOG("%s", rx[i].name);
		ASSERT_EQ(0, st_pair(variant->client, variant->server, fd));
		for (int k = 0; k < 2; k++)
			if (rx[i].opt[k])
				ASSERT_EQ(0, set_int(fd[1], SOL_SOCKET, rx[i].opt[k],
						     rx[i].val[k]));
		/* The kernel enables packet timestamps with a delay. */
		sleep_ms(100);
		for (int k = 0; k < 3; k++) {
			t[k] = real_now();
			ASSERT_EQ(100, send_pat(fd[0], 100 * k, 100));
			sleep_ms(20);
			if (!k) {
				m = receive(fd[1], 50, 0);
				ASSERT_EQ(50, m.len);
				stamped(m, rx[i].n, i, t[0], real_now());
			}
		}
		t[3] = real_now();
		m = receive(fd[1], 250, MSG_PEEK);
		ASSERT_EQ(250, m.len);
		stamped(m, rx[i].n, i, t[2], t[3]);
		m = receive(fd[1], 250, MSG_WAITALL | MSG_TRUNC);
		ASSERT_EQ(250, m.len);
		stamped(m, rx[i].n, i, t[2], t[3]);
		m = receive(fd[1], 250, MSG_DONTWAIT);
		ASSERT_EQ(-EAGAIN, m.len);
		close(fd[0]);
		ASSERT_EQ(0, receive(fd[1], 250, 0).len);
		close(fd[1]);
	}
}

/* Accepted sockets inherit the options of their listener. */
TEST_F(pair, received_by_heir)
{
	int lfd = st_listen(variant->server, 0, 5), c, s;
	struct message m;
	int64_t t;

	ASSERT_GE(lfd, 0);
	ASSERT_EQ(0, set_int(lfd, SOL_SOCKET, SO_TIMESTAMPNS_OLD, 1));
	c = st_connect(variant->client, sock_port(lfd));
	ASSERT_GE(c, 0);
	s = accept(lfd, NULL, NULL);
	ASSERT_GE(s, 0);
	close(lfd);
	sleep_ms(100);
	t = real_now();
	ASSERT_EQ(100, send_pat(c, 0, 100));
	m = receive(s, 100, 0);
	stamped(m, 1, 2, t, real_now());
	close(c);
	close(s);
}

/* ---- transmit and acknowledgment timestamps ---- */

#define TX_SW		SOF_TIMESTAMPING_TX_SOFTWARE
#define TX_SCHED	SOF_TIMESTAMPING_TX_SCHED
#define TX_ACK		SOF_TIMESTAMPING_TX_ACK
#define TOLD		(SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY)
#define OPT_ID		SOF_TIMESTAMPING_OPT_ID

static const struct {
	const char *name;
	uint32_t opt;		/* flags of the socket option */
	uint32_t cmsg;		/* flags of the write's control message */
	uint32_t len;
	int n;
	int type[3];
} tx[] = {
	{ "nothing asked", TOLD | OPT_ID, 0, 100, 0 },
	{ "software", TOLD | TX_SW, 0, 100, 1, { SCM_TSTAMP_SND } },
	{ "queue", TOLD | TX_SCHED | OPT_ID, 0, 100, 1, { SCM_TSTAMP_SCHED } },
	{ "acknowledged", TOLD | TX_ACK | OPT_ID, 0, 100, 1, { SCM_TSTAMP_ACK } },
	{ "all", TOLD | TX_SW | TX_SCHED | TX_ACK | OPT_ID, 0, 100, 3,
	  { SCM_TSTAMP_SCHED, SCM_TSTAMP_SND, SCM_TSTAMP_ACK } },
	{ "with the packet", SOF_TIMESTAMPING_SOFTWARE | TX_SW | OPT_ID, 0, 100, 1,
	  { SCM_TSTAMP_SND } },
	{ "this write", TOLD | OPT_ID, TX_SW | TX_ACK, 100, 2,
	  { SCM_TSTAMP_SND, SCM_TSTAMP_ACK } },
	{ "this write not", TOLD | TX_SW | OPT_ID, TX_ACK, 100, 1, { SCM_TSTAMP_ACK } },
	{ "many segments", TOLD | TX_SW | TX_ACK | OPT_ID, 0, 50000, 2,
	  { SCM_TSTAMP_SND, SCM_TSTAMP_ACK } },
};

static ssize_t write_asking(int fd, uint64_t pos, uint32_t len, uint32_t flags)
{
	static char data[65536];
	union {
		struct cmsghdr c;
		char room[CMSG_SPACE(sizeof(uint32_t))];
	} control = { .c = {
		.cmsg_len = CMSG_LEN(sizeof(uint32_t)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SO_TIMESTAMPING_OLD,
	} };
	struct iovec iov = { data, len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = flags ? &control : NULL,
		.msg_controllen = flags ? sizeof(control) : 0,
	};

	pat_fill(data, pos, len);
	memcpy(CMSG_DATA(&control.c), &flags, sizeof(flags));
	return sendmsg(fd, &msg, 0);
}

/* Read the timestamps of a row from the error queue; @id: number of the last byte. */
static void hears(struct __test_metadata *_metadata, int fd, int row, uint32_t id, int64_t since)
{
	for (int k = 0; k < tx[row].n; k++) {
		bool whole = !(tx[row].opt & SOF_TIMESTAMPING_OPT_TSONLY);
		struct message m;

		ASSERT_TRUE(poll_for(fd, POLLERR, 2000) & POLLERR);
		m = receive(fd, sizeof(struct message), MSG_ERRQUEUE | MSG_DONTWAIT);
		ASSERT_LE(0, m.len);
		ASSERT_EQ(whole, m.len > 0);
		ASSERT_EQ(ENOMSG, m.ee.ee_errno);
		ASSERT_EQ(SO_EE_ORIGIN_TIMESTAMPING, m.ee.ee_origin);
		ASSERT_EQ(tx[row].type[k], m.ee.ee_info);
		ASSERT_EQ(tx[row].opt & OPT_ID ? id : 0, m.ee.ee_data);
		ASSERT_EQ(1, m.n);
		ASSERT_EQ(SO_TIMESTAMPING_OLD, m.type[0]);
		ASSERT_LE(since, m.at[0]);
		ASSERT_GE(real_now(), m.at[0]);
		since = m.at[0];
	}
}

TEST_F(pair, each_write_is_stamped)
{
	for (size_t i = 0; i < ARRAY_SIZE(tx); i++) {
		int64_t t;
		int fd[2];

		TH_LOG("%s", tx[i].name);
		ASSERT_EQ(0, st_pair(variant->client, variant->server, fd));
		/* OPT_ID counts bytes from where the option is set. */
		ASSERT_EQ(1000, send_pat(fd[0], 0, 1000));
		ASSERT_EQ(1000, recv_pat(fd[1], 0, 1000));
		sleep_ms(300);
		ASSERT_EQ(0, set_int(fd[0], SOL_SOCKET, SO_TIMESTAMPING_OLD, tx[i].opt));
		for (uint32_t k = 0; k < 3; k++) {
			uint32_t pos = k * tx[i].len;

			t = real_now();
			ASSERT_EQ(tx[i].len, write_asking(fd[0], 1000 + pos, tx[i].len, tx[i].cmsg));
			ASSERT_EQ(tx[i].len, recv_pat(fd[1], 1000 + pos, tx[i].len));
			sleep_ms(300);
			hears(_metadata, fd[0], i, pos + tx[i].len - 1, t);
			ASSERT_EQ(-EAGAIN, receive(fd[0], 10, MSG_ERRQUEUE | MSG_DONTWAIT).len);
		}
		close(fd[0]);
		close(fd[1]);
	}
}

/* Two writes in flight get a timestamp each. */
TEST_F(pair, writes_in_flight_have_own_stamps)
{
	int row = 4;
	int64_t t = real_now();
	struct message m;
	int acks = 0, sends = 0;

	ASSERT_EQ(0, set_int(self->c, IPPROTO_TCP, TCP_NODELAY, 1));
	ASSERT_EQ(0, set_int(self->c, SOL_SOCKET, SO_TIMESTAMPING_OLD, tx[row].opt));
	ASSERT_EQ(100, write_asking(self->c, 0, 100, 0));
	ASSERT_EQ(100, write_asking(self->c, 100, 100, 0));
	ASSERT_EQ(200, recv_pat(self->s, 0, 200));
	sleep_ms(300);
	for (;;) {
		m = receive(self->c, 100, MSG_ERRQUEUE | MSG_DONTWAIT);
		if (m.len < 0)
			break;
		ASSERT_LE(t, m.at[0]);
		ASSERT_TRUE(m.ee.ee_data == 99 || m.ee.ee_data == 199);
		acks += m.ee.ee_info == SCM_TSTAMP_ACK;
		sends += m.ee.ee_info == SCM_TSTAMP_SND;
	}
	ASSERT_EQ(2, acks);
	ASSERT_EQ(2, sends);
}

/* Without TSO only the segment with the last byte of the write gets a timestamp. */
TEST_F(pair, sent_in_parts)
{
	struct ethtool_value tso = { .cmd = ETHTOOL_STSO };
	struct ifreq ifr = { .ifr_name = "lo", .ifr_data = (char *)&tso };
	struct message m;

	ASSERT_EQ(0, shell("ip link set lo mtu 1500"));
	ASSERT_EQ(0, ioctl(self->c, SIOCETHTOOL, &ifr));
	ASSERT_EQ(0, set_int(self->c, SOL_SOCKET, SO_TIMESTAMPING_OLD, TOLD | TX_SW | OPT_ID));
	for (int k = 0; k < 8; k++) {
		ASSERT_EQ(20000, write_asking(self->c, k * 20000, 20000, 0));
		ASSERT_EQ(20000, recv_pat(self->s, k * 20000, 20000));
		ASSERT_TRUE(poll_for(self->c, POLLERR, 2000) & POLLERR);
		m = receive(self->c, 100, MSG_ERRQUEUE | MSG_DONTWAIT);
		ASSERT_EQ(SCM_TSTAMP_SND, m.ee.ee_info);
		ASSERT_EQ(k * 20000 + 19999, m.ee.ee_data);
		ASSERT_EQ(-EAGAIN, receive(self->c, 10, MSG_ERRQUEUE | MSG_DONTWAIT).len);
	}
}

TEST_HARNESS_MAIN
