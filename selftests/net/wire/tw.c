// SPDX-License-Identifier: GPL-2.0
/*
 * TIME-WAIT: how long it lasts, what may end it and what may not (RFC 9293 3.6.1 and
 * 3.10.7.4, RFC 1337, RFC 6191).
 */
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>

#include "wire_test.h"

LONG_TEST_F(wire, lasts_two_msl, 300)
{
	time_wait(MSS(1000));
	sleep_ms(58000);
	state(TCP_TIME_WAIT);
	sleep_ms(10000);
	state(0);
	none(QUIET);
}

/* RFC 9293 3.10.7.4: a retransmitted FIN is acknowledged and restarts 2 MSL. */
LONG_TEST_F(wire, repeated_fin_restarts_two_msl, 300)
{
	time_wait(MSS(1000));
	sleep_ms(40000);
	in(FIN | ACK, SEQ(1), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(2));
	sleep_ms(55000);
	state(TCP_TIME_WAIT);
	sleep_ms(15000);
	state(0);
}

TEST_F(wire, fin_is_acknowledged)
{
	time_wait(MSS(1000));
	in(FIN | ACK, SEQ(1), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(2));
	state(TCP_TIME_WAIT);
	/* A FIN at RCV.NXT, too. */
	sleep_ms(600);
	in(FIN | ACK, SEQ(2), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(2));
	state(TCP_TIME_WAIT);
}

/* RFC 1337: a RST does not end TIME-WAIT (the kernel: with tcp_rfc1337). */
TEST_F(wire, rst_is_ignored)
{
	time_wait(MSS(1000));
	dropped("TIME_WAIT", in(RST, SEQ(2)));
	none(QUIET);
	state(TCP_TIME_WAIT);
	dropped("TIME_WAIT", in(RST | ACK, SEQ(2), ACKNO(2)));
	dropped("TIME_WAIT", in(RST, SEQ(9)));
	none(QUIET);
	state(TCP_TIME_WAIT);
}

TEST_F(wire, old_data_is_answered)
{
	time_wait(MSS(1000));
	in(ACK, SEQ(0x80000000u), ACKNO(2), LEN(10));
	out(ACK, SEQ(2), ACKNO(2));
	state(TCP_TIME_WAIT);
}

TEST_F(wire, exact_ack_is_silent)
{
	time_wait(MSS(1000));
	in(ACK, SEQ(2), ACKNO(2));
	none(QUIET);
	state(TCP_TIME_WAIT);
}

/* RFC 6191: a SYN with a higher number begins a new connection... */
TEST_F(wire, new_syn_higher_isn)
{
	time_wait(MSS(1000));
	W->isn += 100000;
	W->snd_nxt = W->rcv_nxt = 0;
	in(SYN, SEQ(0), MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	in(ACK, LEN(10));
	out(ACK, ACKNO(11));
	reads(10);
}

/* ... and so does one with a later timestamp, whatever its number... */
TEST_F_TIMEOUT(wire, new_syn_later_timestamp, 60)
{
	time_wait(MSS(1000), TS(1000, 0));
	sleep_ms(1100);
	W->isn -= 100000;
	W->snd_nxt = W->rcv_nxt = 0;
	W->ts = false;
	in(SYN, SEQ(0), MSS(1000), TS(W->tsval + 5000, 0));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1), TS(W->tsval + 5001, W->got.tsval));
	accepts();
}

/* ... but not an old SYN: it may be a duplicate from the previous connection. */
TEST_F(wire, old_syn_is_refused)
{
	time_wait(MSS(1000));
	in(SYN, SEQ(-100000), MSS(1000));
	out(ACK, SEQ(2), ACKNO(2));
	state(TCP_TIME_WAIT);
}

TEST_F(wire, old_syn_old_timestamp_is_refused)
{
	time_wait(MSS(1000), TS(W->tsval, 0));
	in(SYN, SEQ(5000), MSS(1000), TS(W->tsval - 5000, 0));
	out(ACK, SEQ(2), ACKNO(2));
	state(TCP_TIME_WAIT);
}

#define new_syn() do {					\
	W->isn += 100000;				\
	W->snd_nxt = W->rcv_nxt = 0;			\
	in(SYN, SEQ(0), MSS(1000));			\
	out(SYN | ACK, SEQ(0), ACKNO(1));		\
} while (0)

/* RFC 9293, 3.6.1 (2): TIME-WAIT continues if the SYN proves to be an old duplicate. */
TEST_F(wire, new_syn_was_an_old_duplicate)
{
	uint32_t isn, iss;

	XTCP_ONLY("TIME-WAIT ends when the SYN arrives");
	time_wait(MSS(1000));
	isn = W->isn;
	iss = W->iss;
	new_syn();
	in(RST, SEQ(1));
	none(QUIET);
	state(TCP_TIME_WAIT);
	W->isn = isn;
	W->iss = iss;
	in(FIN | ACK, SEQ(1), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(2));
	/* The next SYN is a real one. */
	new_syn();
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	in(ACK, LEN(10));
	out(ACK, ACKNO(11));
	reads(10);
	state(TCP_ESTABLISHED);
	closes();
	out(FIN | ACK, SEQ(1), ACKNO(11));
	in(FIN | ACK, SEQ(11), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(12));
	state(TCP_TIME_WAIT);
}

/* TIME-WAIT continues if the SYN-ACKs are never answered. */
TEST_F_TIMEOUT(wire, new_syn_goes_unanswered, 60)
{
	uint32_t isn, iss;

	XTCP_ONLY("TIME-WAIT ends when the SYN arrives");
	knob("synack_retries", "1");
	time_wait(MSS(1000));
	isn = W->isn;
	iss = W->iss;
	new_syn();
	sleep_ms(10000);
	wire_drain(W, 1);
	state(TCP_TIME_WAIT);
	W->isn = isn;
	W->iss = iss;
	in(FIN | ACK, SEQ(1), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(2));
}

/* TIME-WAIT continues if there is no listener for the SYN. */
TEST_F(wire, new_syn_for_nobody)
{
	uint32_t isn;

	time_wait(MSS(1000));
	stops_listening();
	isn = W->isn;
	W->isn += 100000;
	in(SYN, SEQ(0), MSS(1000));
	W->isn = isn;
	out(ACK, SEQ(2), ACKNO(2));
	state(TCP_TIME_WAIT);
}

/* Conditions of a listener that a SYN may not meet, see ask() below. */
enum asked { HOPS, FILTER, POLICY, ASKED };

static int ask(const struct wire *w, int fd, enum asked what, bool strict)
{
	struct sock_filter code = { BPF_RET | BPF_K, 0, 0, 0 };
	struct sock_fprog drop = { 1, &code };
	struct xfrm_userpolicy_info policy = {
		.dir = XFRM_POLICY_IN,
		.action = strict ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW,
		.sel.family = w->net == V6 ? AF_INET6 : AF_INET,
	};

	switch (what) {
	case HOPS:
		return wire_min_hops(w, fd, strict ? 65 : 64);
	case FILTER:
		return strict ? setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &drop, sizeof(drop)) :
				set_int(fd, SOL_SOCKET, SO_DETACH_FILTER, 0);
	default:
		/* Load the module that parses policies, if it is one. */
		close(socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM));
		return w->net == V6 ?
		       setsockopt(fd, SOL_IPV6, IPV6_XFRM_POLICY, &policy, sizeof(policy)) :
		       setsockopt(fd, SOL_IP, IP_XFRM_POLICY, &policy, sizeof(policy));
	}
}

/* A SYN that may end TIME-WAIT must still meet the listener's conditions. */
TEST_F(wire, new_syn_is_refused_by_the_listener)
{
	static const char * const reason[] = { "MIN_TTL", "FILTER", "FILTER" };
	uint32_t isn;

	for (int i = 0; i < ASKED; i++) {
		/* The policy of an IPv6 socket applies to IPv6 only. */
		if (i == POLICY && W->net == MAPPED)
			break;
		TH_LOG("%s, %d", reason[i], i);
		wire_reset(W, WIRE_PPORT + i);
		time_wait(MSS(1000));
		isn = W->isn;
		ASSERT_EQ(0, ask(W, self->lfd, i, true));
		W->isn += 100000;
		dropped(reason[i], in(SYN, SEQ(0), MSS(1000)));
		none(QUIET);
		ASSERT_EQ(0, ask(W, self->lfd, i, false));
		W->isn = isn;
		if (W->stack == XTCP) {
			state(TCP_TIME_WAIT);
			in(FIN | ACK, SEQ(1), ACKNO(2));
			out(ACK, SEQ(2), ACKNO(2));
		}
		new_syn();
		in(RST, SEQ(1));
	}
}

/* The new connection's ISS is higher than the old connection's numbers. */
TEST_F(wire, reuse_takes_higher_iss)
{
	uint32_t old;

	time_wait(MSS(1000));
	old = W->iss;
	W->isn += 100000;
	W->snd_nxt = W->rcv_nxt = 0;
	in(SYN, SEQ(0), MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	ASSERT_GT((int32_t)(W->iss - old), 0);
	in(RST, SEQ(1));
}

/* Also if that one sent faster than the ISN clock runs (RFC 9293 3.6.1). */
TEST_F(wire, reuse_begins_above_what_was_sent)
{
	uint32_t old;

	passive(MSS(1000));
	for (int i = 0; i < 30; i++) {
		writes(3000);
		wire_drain(W, 1);
		in(ACK, SEQ(1), ACKNO(1 + (i + 1) * 3000));
	}
	closes();
	out(FIN | ACK, SEQ(90001), ACKNO(1));
	in(FIN | ACK, SEQ(1), ACKNO(90002));
	out(ACK, SEQ(90002), ACKNO(2));
	old = W->iss;
	W->isn += 100000;
	W->snd_nxt = W->rcv_nxt = 0;
	in(SYN, SEQ(0), MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	ASSERT_GT((int32_t)(W->iss - old), 90002);
	in(RST, SEQ(1));
}

/* ---- a service that moves to the other TCP ---- */

static const struct {
	const char *name;
	uint32_t isn, step;	/* ISN of the old connection; difference to the new one's */
	uint32_t ts, ts_step;	/* the same for timestamps; 0: none */
	bool opens;		/* may the SYN end TIME-WAIT? */
} moves[] = {
	{ "a higher number", 1000, 100000, 0, 0, true },
	{ "a higher number that has wrapped", 0xfffffff0, 100000, 0, 0, true },
	{ "a lower number", 500000, -100000, 0, 0, false },
	{ "a lower number from before the wrap", 1000, -100000, 0, 0, false },
	{ "a later timestamp", 500000, -100000, 1000000, 50000, true },
	{ "a later timestamp that has wrapped", 1000, -100000, 0xffffc000, 50000, true },
	{ "an earlier timestamp", 1000, 100000, 1000000, -50000, false },
	{ "an earlier timestamp from before the wrap", 1000, 100000, 1000, -50000, false },
};

/* The SYN of a client that reuses its port. */
#define next_syn(isn_step, has, ts_) do {				\
	W->isn += (isn_step);						\
	W->snd_nxt = W->rcv_nxt = 0;					\
	W->ts = false;							\
	if (has) {							\
		W->tsval = (ts_);					\
		W->ts_start = now_ms();					\
		in(SYN, SEQ(0), MSS(1000), TS(W->tsval, 0));		\
	} else {							\
		in(SYN, SEQ(0), MSS(1000));				\
	}								\
} while (0)

/* With TIME-WAIT in one TCP and a listener in the other, a valid SYN connects at once. */
TEST_F_TIMEOUT(wire, service_moves_between_tcps, 120)
{
	enum stack old = W->stack, new = old == XTCP ? KERNEL : XTCP;
	uint32_t isn;

	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		bool ts = moves[i].ts;

		wire_reset(W, WIRE_PPORT + i);
		W->doing = moves[i].name;
		W->stack = old;
		W->isn = moves[i].isn;
		W->tsval = moves[i].ts;
		if (ts)
			time_wait(MSS(1000), TS(moves[i].ts, 0));
		else
			time_wait(MSS(1000));
		stops_listening();
		W->stack = new;
		listens();
		isn = W->isn;
		if (!moves[i].opens) {
			next_syn(moves[i].step, ts, moves[i].ts + moves[i].ts_step);
			/* The ACK comes from the old connection. */
			W->isn = isn;
			out(ACK, SEQ(2), ACKNO(2));
			W->stack = old;
			state(TCP_TIME_WAIT);
			W->stack = new;
			none(QUIET);
			next_syn(100000, ts, moves[i].ts + 100000);
		} else {
			next_syn(moves[i].step, ts, moves[i].ts + moves[i].ts_step);
		}
		out(SYN | ACK, SEQ(0), ACKNO(1));
		W->ts = ts;
		in(ACK, SEQ(1), ACKNO(1));
		accepts();
		in(ACK, LEN(10));
		out(ACK, ACKNO(11));
		self->rpos = 0;
		reads(10);
		W->stack = old;
		state(0);
		W->stack = new;
		state(TCP_ESTABLISHED);
		in(RST | ACK);
		state(0);
		closes();
		stops_listening();
	}
}

TEST_F(wire, record_does_not_hold_the_listener)
{
	time_wait(MSS(1000));
	stops_listening();
	listens();
	state(TCP_TIME_WAIT);
}

TEST_F(wire, record_holds_the_port)
{
	time_wait(MSS(1000));
	stops_listening();
	self->fd = wire_socket(W, 0);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(-EADDRINUSE, wire_bind(W, self->fd, ANY, WIRE_PORT));
}

/* ... on its own address only. */
TEST_F(wire, record_holds_its_address)
{
	time_wait(MSS(1000));
	stops_listening();
	self->fd = wire_socket(W, 0);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(-EADDRINUSE, wire_bind(W, self->fd, W->local, WIRE_PORT));
	ASSERT_EQ(0, wire_bind(W, self->fd, LOOPBACK, WIRE_PORT));
}

/* SO_REUSEADDR must be set on both sockets, the old one and the new. */
TEST_F(wire, record_of_an_unwilling_socket)
{
	time_wait(MSS(1000));
	stops_listening();
	state(TCP_TIME_WAIT);

	/* The same once more, from a listener without SO_REUSEADDR. */
	wire_reset(W, WIRE_PPORT);
	W->lport = WIRE_PORT + 1;
	self->lfd = wire_listen(W, WIRE_PORT + 1, 5);
	ASSERT_GE(self->lfd, 0);
	ASSERT_EQ(0, set_int(self->lfd, SOL_SOCKET, SO_REUSEADDR, 0));
	time_wait(MSS(1000));
	ASSERT_EQ(0, close(self->lfd));
	self->lfd = wire_listen(W, WIRE_PORT + 1, 5);
	ASSERT_EQ(-EADDRINUSE, self->lfd);
}

/* ---- how long, how many ---- */

LONG_TEST_F(wire, length_by_knob, 60)
{
	XTCP_ONLY("it has no such knob");
	knob("timewait_ms", "3000");
	time_wait(MSS(1000));
	sleep_ms(2500);
	state(TCP_TIME_WAIT);
	sleep_ms(1000);
	state(0);
}

LONG_TEST_F(wire, length_by_socket, 60)
{
	XTCP_ONLY("it has no such option");
	listens();
	ASSERT_EQ(60000, get_int(self->lfd, IPPROTO_TCP, XTCP_TIMEWAIT_MS));
	ASSERT_EQ(0, set_int(self->lfd, IPPROTO_TCP, XTCP_TIMEWAIT_MS, 3000));
	passive(MSS(1000));
	ASSERT_EQ(3000, get_int(self->fd, IPPROTO_TCP, XTCP_TIMEWAIT_MS));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, XTCP_TIMEWAIT_MS, 9000));
	both_close();
	sleep_ms(8500);
	state(TCP_TIME_WAIT);
	sleep_ms(2000);
	state(0);
	ASSERT_NE(0, set_int(self->lfd, IPPROTO_TCP, XTCP_TIMEWAIT_MS, 240001));
	ASSERT_NE(0, set_int(self->lfd, IPPROTO_TCP, XTCP_TIMEWAIT_MS, -1));
}

/* The wheel covers a minute; records that end later are looked at again. */
LONG_TEST_F(wire, longer_than_the_wheel, 300)
{
	XTCP_ONLY("it has no such knob");
	knob("timewait_ms", "200000");
	time_wait(MSS(1000));
	wire_reset(W, WIRE_PPORT + 1);
	knob("timewait_ms", "2000");
	time_wait(MSS(1000));
	sleep_ms(4000);
	state(0);
	W->pport = WIRE_PPORT;
	sleep_ms(190000);
	state(TCP_TIME_WAIT);
	sleep_ms(12000);
	state(0);
}

/* Above the limit connections end normally, but without TIME-WAIT. */
TEST_F(wire, max_tw_buckets)
{
	XTCP_ONLY("it counts one more");
	knob("max_tw_buckets", "2");
	for (int i = 0; i < 4; i++) {
		wire_reset(W, WIRE_PPORT + i);
		passive(MSS(1000));
		both_close();
		state(i < 2 ? TCP_TIME_WAIT : 0);
	}
}

/* ---- orphans ---- */

TEST_F(wire, orphan_beyond_max_orphans_is_reset)
{
	XTCP_ONLY("its limit is the machine's");
	knob("max_orphans", "0");
	passive(MSS(1000));
	writes(10);
	out(PSH | ACK, SEQ(1), LEN(10));
	closes();
	out(FIN | ACK, SEQ(11));
	out(RST | ACK, SEQ(12));
	state(0);
}

/* An orphan with a closed window is reset at half of the limit. */
TEST_F(wire, orphan_against_a_closed_window)
{
	XTCP_ONLY("its limit is the machine's");
	passive(MSS(1000));
	in(ACK, SEQ(1), ACKNO(1), WND(0));
	writes(10);
	none(QUIET);
	knob("max_orphans", "2");
	closes();
	out(ACK, SEQ(1), ANYLEN);		/* a probe of the window */
	in(ACK, SEQ(1), ACKNO(1), WND(0));
	state(TCP_FIN_WAIT1);
	knob("max_orphans", "1");
	out(RST | ACK, ANYLEN, WITHIN(5000));
	state(0);
}

/* ---- FIN-WAIT-2 of orphans ---- */

#define fin_wait2(...) do {						\
	passive(__VA_ARGS__);						\
	closes();							\
	out(FIN | ACK, SEQ(1), ACKNO(1));				\
	in(ACK, SEQ(1), ACKNO(2));					\
	none(QUIET);							\
	state(TCP_FIN_WAIT2);						\
} while (0)

TEST_F_TIMEOUT(wire, fin_wait2_then_time_wait, 300)
{
	fin_wait2(MSS(1000));
	in(FIN | ACK, SEQ(1), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(2));
	state(TCP_TIME_WAIT);
	LONG_TEST();
	sleep_ms(58000);
	state(TCP_TIME_WAIT);
	sleep_ms(10000);
	state(0);
}

/* FIN-WAIT-2 by shutdown(), then close(). */
TEST_F(wire, fin_wait2_by_close)
{
	passive(MSS(1000));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
	out(FIN | ACK, SEQ(1), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(2));
	in(ACK, SEQ(1), ACKNO(2), LEN(10));
	out(ACK, SEQ(2), ACKNO(11));
	reads(10);
	state(TCP_FIN_WAIT2);
	closes();
	state(TCP_FIN_WAIT2);
	in(FIN | ACK, SEQ(11), ACKNO(2));
	out(ACK, SEQ(2), ACKNO(12));
	state(TCP_TIME_WAIT);
}

LONG_TEST_F(wire, fin_wait2_times_out, 60)
{
	knob("fin_timeout", "3");
	fin_wait2(MSS(1000));
	sleep_ms(2000);
	state(TCP_FIN_WAIT2);
	sleep_ms(3000);
	state(0);
	none(QUIET);
}

/* RFC 9293 SHLD-3: data after close() is answered by a RST. */
TEST_F(wire, fin_wait2_data)
{
	fin_wait2(MSS(1000));
	dropped("AFTER_CLOSE", in(ACK, SEQ(1), ACKNO(2), LEN(10)));
	out(W->stack == XTCP ? RST | ACK : RST, SEQ(2));
	state(0);
}

TEST_F(wire, fin_wait2_rst)
{
	fin_wait2(MSS(1000));
	dropped("RST_VALID", in(RST, SEQ(1)));
	none(QUIET);
	state(0);
}

/* RFC 5961: only a RST at the exact number is accepted. */
TEST_F(wire, fin_wait2_rst_in_window)
{
	XTCP_ONLY("it ends by any RST in the window");
	fin_wait2(MSS(1000));
	dropped("RST_CHALLENGE", in(RST, SEQ(2)));
	out(ACK, SEQ(2), ACKNO(1));
	state(TCP_FIN_WAIT2);
}

TEST_F(wire, fin_wait2_syn)
{
	XTCP_ONLY("it answers with a RST");
	fin_wait2(MSS(1000));
	dropped("SYN_CHALLENGE", in(SYN, SEQ(100), MSS(1000)));
	out(ACK, SEQ(2), ACKNO(1));
	state(TCP_FIN_WAIT2);
}

TEST_F(wire, fin_wait2_record_is_no_socket)
{
	XTCP_ONLY("there is nothing to see of it");
	fin_wait2(MSS(1000));
	ASSERT_EQ(1, xtcp_count("TimeWait"));
	ASSERT_EQ(0, xtcp_count("Sockets"));
}

/* TCP_LINGER2 below 0: an orphan skips FIN-WAIT-2. */
TEST_F(wire, fin_wait2_not_wanted)
{
	passive(MSS(1000));
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_LINGER2, -1));
	closes();
	out(FIN | ACK, SEQ(1), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(2));
	sleep_ms(QUIET);
	state(0);
}

/* ---- connect() over TIME-WAIT: RFC 6191 ---- */

#define ONE_PORT	41000

/* The tested TCP opens and closes a connection from the only port of its range. */
#define waits_actively(...) do {					\
	ASSERT_EQ(0, ns_sysctl("ipv4/ip_local_port_range", "41000 41000")); \
	active(__VA_ARGS__);						\
	both_close();							\
	W->lport = ONE_PORT;						\
	state(TCP_TIME_WAIT);						\
} while (0)

#define again() do {							\
	self->fd = wire_socket(W, 0);					\
	ASSERT_GE(self->fd, 0);						\
	_again = wire_connect(W, self->fd, WIRE_PPORT);			\
} while (0)

static const struct {
	const char *reuse;
	bool ts;
	unsigned int wait;	/* ms */
	int err;
} reuses[] = {
	{ "1", true, 2100, -EINPROGRESS },
	{ "1", false, 2100, -EADDRNOTAVAIL },
	{ "1", true, 100, -EADDRNOTAVAIL },
	{ "0", true, 2100, -EADDRNOTAVAIL },
	{ "2", true, 2100, -EADDRNOTAVAIL },	/* this is no loopback */
};

LONG_TEST_F(wire, reuse_by_connect, 600)
{
	struct wseg syn;
	uint32_t iss, tsval;
	int _again;

	for (size_t i = 0; i < ARRAY_SIZE(reuses); i++) {
		/* In 6.1 "a second" is over when the next second of the clock begins. */
		if (W->stack == KERNEL && reuses[i].wait < 1000)
			continue;
		TH_LOG("reuse %s, timestamps %d, after %u ms", reuses[i].reuse,
		       reuses[i].ts, reuses[i].wait);
		knob("tw_reuse", reuses[i].reuse);
		knob("timestamps", reuses[i].ts ? "1" : "0");
		if (reuses[i].ts)
			waits_actively(MSS(1000), TS(1000, 0));
		else
			waits_actively(MSS(1000));
		tsval = W->tsecr;
		iss = W->iss;
		sleep_ms(reuses[i].wait);
		again();
		ASSERT_EQ(reuses[i].err, _again);
		if (_again == -EINPROGRESS) {
			wire_reset(W, WIRE_PPORT);
			W->lport = ONE_PORT;
			out(SYN, SEQ(0));
			syn = W->got;
			/* ISN and timestamp are higher than all earlier ones. */
			ASSERT_GT((int32_t)(W->iss - iss - 2), 0);
			ASSERT_GT((int32_t)(syn.tsval - tsval), 0);
			in(SYN | ACK, SEQ(0), ACKNO(1), MSS(1000),
			   TS(5000000, syn.tsval));
			W->ts = true;
			out(ACK, SEQ(1), ACKNO(1));
			closes();
			out(FIN | ACK, SEQ(1), ACKNO(1));
			in(RST, SEQ(1));
			state(0);
		} else {
			closes();
			sleep_ms(65000);
		}
		wire_reset(W, WIRE_PPORT);
		W->lport = 0;
	}
}

LONG_TEST_F(wire, reuse_waits_for_its_delay, 60)
{
	int _again;

	XTCP_ONLY("of 6.1 has not got the knob");
	knob("tw_reuse", "1");
	knob("tw_reuse_delay", "10000");
	waits_actively(MSS(1000), TS(1000, 0));
	sleep_ms(9000);
	again();
	ASSERT_EQ(-EADDRNOTAVAIL, _again);
	closes();
	sleep_ms(1500);
	again();
	ASSERT_EQ(-EINPROGRESS, _again);
}

/* bind() to the port may be refused. */
LONG_TEST_F(wire, reuse_of_a_chosen_port, 60)
{
	knob("tw_reuse", "0");
	waits_actively(MSS(1000), TS(1000, 0));
	sleep_ms(1500);
	self->fd = wire_socket(W, 0);
	ASSERT_GE(self->fd, 0);
	set_int(self->fd, SOL_SOCKET, SO_REUSEADDR, 1);
	/* The old socket had no SO_REUSEADDR. */
	ASSERT_EQ(-EADDRINUSE, wire_bind(W, self->fd, ANY, ONE_PORT));
}

TEST_F(wire, many_records_stand_side_by_side)
{
	int n = virtual_time() ? 100 : 20;

	listens();
	for (int i = 0; i < n; i++) {
		wire_reset(W, WIRE_PPORT + i);
		in(SYN, MSS(1000));
		out(SYN | ACK, SEQ(0), ACKNO(1));
		in(ACK, SEQ(1), ACKNO(1));
		accepts();
		both_close();
		state(TCP_TIME_WAIT);
	}
}

TEST_HARNESS_MAIN
