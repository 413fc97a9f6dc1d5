// SPDX-License-Identifier: GPL-2.0
/*
 * How a connection begins: both sides of the handshake, its options, and the answers
 * of ports without a listener (RFC 9293, 3.5 and 3.10).
 */
#include "wire_test.h"

/* Bytes, if the peer sends no MSS option, RFC 9293 3.7.1. */
#define DEFAULT_MSS	(W->net == V6 ? 1220 : 536)

/* ---- passive ---- */

TEST_F(wire, passive_no_options)
{
	listens();
	in(SYN);
	/* MSS is the only option that the SYN did not offer. */
	out(SYN | ACK, SEQ(0), ACKNO(1), MSS(1460));
	ASSERT_EQ(4, W->got.rawlen);
	in(ACK, SEQ(1), ACKNO(1));
	none(QUIET);
	accepts();
	state(TCP_ESTABLISHED);
}

TEST_F(wire, passive_all_options)
{
	listens();
	in(SYN, MSS(1000), WS(5), TS(700, 0));
	out(SYN | ACK, SEQ(0), ACKNO(1), MSS(1460), TS(0, 700));
	ASSERT_TRUE(W->got.has_ws);
	ASSERT_LE(W->got.ws, 14);
	in(ACK, SEQ(1), ACKNO(1), TS(701, W->got.tsval));
	accepts();
	/* 1000 less twelve bytes of timestamp in every segment. */
	writes(2000);
	out(ACK, SEQ(1), LEN(988), TS(0, 701));
	out(ACK, SEQ(989), LEN(988), TS(0, 701));
}

TEST_F(wire, passive_window_scale_not_offered)
{
	listens();
	in(SYN, MSS(1460), TS(1, 0));
	out(SYN | ACK, SEQ(0), ACKNO(1), TS(0, 1));
	ASSERT_FALSE(W->got.has_ws);
}

TEST_F(wire, passive_unknown_options_are_skipped)
{
	listens();
	/* Option 254 of six bytes, option 30 of two, then MSS 600. */
	in(SYN, RAW(254, 6, 1, 2, 3, 4, 30, 2, 2, 4, 600 >> 8, 600 & 255));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	accepts();
	writes(1200);
	out(ACK, SEQ(1), LEN(600));
	out(ACK, SEQ(601), LEN(600));
}

TEST_F(wire, passive_data_with_last_ack)
{
	listens();
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK | PSH, SEQ(1), ACKNO(1), LEN(100));
	accepts();
	out(ACK, SEQ(1), ACKNO(101));
	reads(100);
}

TEST_F(wire, passive_fin_with_last_ack)
{
	listens();
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK | FIN, SEQ(1), ACKNO(1), LEN(10));
	out(ACK, SEQ(1), ACKNO(12));
	accepts();
	reads(10);
	reads_eof();
}

TEST_F(wire, passive_data_before_accept)
{
	listens();
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	in(ACK, LEN(500));
	in(ACK, LEN(500));
	out(ACK, SEQ(1), ACKNO(501));
	out(ACK, SEQ(1), ACKNO(1001));
	accepts();
	reads(1000);
}

TEST_F(wire, passive_mss_absent)
{
	passive();
	writes(2 * DEFAULT_MSS);
	out(ACK, SEQ(1), LEN(DEFAULT_MSS));
	out(ACK, SEQ(1 + DEFAULT_MSS), LEN(DEFAULT_MSS));
}

TEST_F(wire, passive_mss_above_mtu)
{
	passive(MSS(9000));
	writes(2920);
	out(ACK, SEQ(1), LEN(1460));
	out(ACK, SEQ(1461), LEN(1460));
}

/* A peer must not make the sender send one byte per segment (CVE-2019-11479). */
TEST_F(wire, passive_mss_tiny_is_raised)
{
	passive(MSS(1));
	writes(200);
	ASSERT_TRUE(wire_get(W, 500));
	ASSERT_GE(W->got.len, 36);
	ASSERT_LE(W->got.len, 48);
}

TEST_F(wire, passive_window_of_syn_is_not_scaled)
{
	listens();
	in(SYN, MSS(1000), WS(7), WND(500));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1), WND(2));	/* 256 bytes */
	accepts();
	writes(1000);
	out(ACK, SEQ(1), LEN(256), WITHIN(2000));
	none(QUIET);
}

TEST_F(wire, passive_window_scale_14)
{
	passive(MSS(1000), WS(14));
	/* One unit is 16384 bytes: the first ten segments fit. */
	in(ACK, WND(1));
	writes(10000);
	for (int i = 0; i < 10; i++)
		out(ACK, SEQ(1 + i * 1000), LEN(1000));
}

/*
 * RFC 7323 2.3 leaves the shift open, but it must be that of Linux for the same buffers:
 * it fits the largest size that the buffer may reach, not half of it.
 */
TEST_F(wire, passive_window_scale_offered)
{
	static const struct {
		const char *rmem;
		int rcvbuf;	/* SO_RCVBUF, 0: none */
		int clamp;	/* TCP_WINDOW_CLAMP, 0: none */
		int shift;
	} rows[] = {
		{ "4096 131072 6291456", 0, 0, 7 },
		{ "4096 131072 4194304", 0, 0, 7 },
		{ "4096 131072 4194303", 0, 0, 6 },
		/* net.core.rmem_max, which is set below, is larger. */
		{ "4096 65536 65536", 0, 0, 2 },
		{ "4096 131072 6291456", 100000, 0, 1 },
		{ "4096 131072 6291456", 0, 300000, 3 },
	};
	char was[32];

	/* The default depends on the kernel. */
	ASSERT_EQ(0, init_sysctl_get("core/rmem_max", was, sizeof(was)));
	ASSERT_EQ(0, init_sysctl("core/rmem_max", "212992"));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		wire_reset(W, WIRE_PPORT);
		W->doing = rows[i].rmem;
		knob("rmem", rows[i].rmem);
		listens();
		if (rows[i].rcvbuf)
			ASSERT_EQ(0, set_int(self->lfd, SOL_SOCKET, SO_RCVBUF, rows[i].rcvbuf));
		if (rows[i].clamp)
			ASSERT_EQ(0, set_int(self->lfd, IPPROTO_TCP, TCP_WINDOW_CLAMP,
					     rows[i].clamp));
		in(SYN, MSS(1000), SACKOK, WS(7));
		out(SYN | ACK, MSS(1460), SACKOK, WS(rows[i].shift));
		in(RST, SEQ(1));
		stops_listening();
	}
	ASSERT_EQ(0, init_sysctl("core/rmem_max", was));
}

/* RFC 7323 2.3: a shift above 14 counts as 14. */
TEST_F(wire, passive_window_scale_15_is_14)
{
	int i;

	passive(MSS(1000), WS(15));
	in(ACK, WND(1));
	writes(30000);
	for (i = 0; i < 10; i++)
		out(ACK, SEQ(1 + i * 1000), LEN(1000));
	in(ACK, ACKNO(10001), WND(1));
	/* 16384 bytes of window and cwnd 20000: sixteen whole segments. */
	for (; i < 26; i++)
		out(ACK, SEQ(1 + i * 1000), LEN(1000));
	ASSERT_LE(wire_drain(W, 50), 1);
	ASSERT_LE(W->rcv_nxt, 10001 + 16384);
}

/* ---- active ---- */

TEST_F(wire, active_options_of_syn)
{
	connects();
	ASSERT_TRUE(W->got.has_mss);
	ASSERT_EQ(1460, W->got.mss);
	ASSERT_TRUE(W->got.has_ws);
	ASSERT_LE(W->got.ws, 14);
	ASSERT_TRUE(W->got.has_ts);
	ASSERT_EQ(0, W->got.tsecr);
	state(TCP_SYN_SENT);
	in(SYN | ACK, MSS(1000), TS(5, W->got.tsval), WS(3));
	out(ACK, SEQ(1), ACKNO(1), TS(0, 5));
	state(TCP_ESTABLISHED);
}

TEST_F(wire, active_peer_without_options)
{
	active();
	ASSERT_EQ(0, W->got.rawlen);
	writes(2 * DEFAULT_MSS);
	out(ACK, SEQ(1), LEN(DEFAULT_MSS), NOOPTS);
	out(ACK, SEQ(1 + DEFAULT_MSS), LEN(DEFAULT_MSS), NOOPTS);
}

TEST_F(wire, active_data_on_syn_ack)
{
	connects();
	in(SYN | ACK, MSS(1000), LEN(10));
	/* The data may be accepted or not. The handshake is complete. */
	ASSERT_TRUE(wire_get(W, 1000));
	ASSERT_EQ(ACK, W->got.flags);
	ASSERT_EQ(1, W->got.seq);
	ASSERT_TRUE(W->got.ack == 1 || W->got.ack == 11);
	state(TCP_ESTABLISHED);
}

TEST_F(wire, active_refused)
{
	connects();
	dropped("RST_VALID", in(RST | ACK, SEQ(0), ACKNO(1)));
	ASSERT_EQ(ECONNREFUSED, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	state(0);
	none(QUIET);
}

TEST_F(wire, active_rst_without_ack)
{
	connects();
	dropped("SYNSENT_RST", in(RST, SEQ(0)));
	none(QUIET);
	state(TCP_SYN_SENT);
}

TEST_F(wire, active_rst_with_wrong_ack)
{
	connects();
	dropped("SYNSENT_ACK", in(RST | ACK, SEQ(0), ACKNO(2)));
	dropped("SYNSENT_ACK", in(RST | ACK, SEQ(0), ACKNO(0)));
	/* The kernel's TCP takes its SYN for lost and sends it again at once. */
	if (W->stack == XTCP)
		none(QUIET);
	state(TCP_SYN_SENT);
}

TEST_F(wire, active_wrong_ack_is_reset)
{
	connects();
	dropped("SYNSENT_ACK", in(SYN | ACK, SEQ(0), ACKNO(2)));
	out(RST, SEQ(2));
	dropped("SYNSENT_ACK", in(ACK, SEQ(0), ACKNO(0)));
	out(RST, SEQ(0));
	state(TCP_SYN_SENT);
	in(SYN | ACK, SEQ(0), ACKNO(1));
	out(ACK, SEQ(1), ACKNO(1));
	state(TCP_ESTABLISHED);
}

TEST_F(wire, active_neither_syn_nor_rst)
{
	connects();
	dropped("SYNSENT_NO_SYN", in(ACK, SEQ(0), ACKNO(1)));
	dropped("SYNSENT_NO_SYN", in(FIN, SEQ(0)));
	none(QUIET);
	state(TCP_SYN_SENT);
}

LONG_TEST_F(wire, active_syn_back_off, 300)
{
	self->fd = wire_socket(W, 0);
	ASSERT_EQ(0, set_int(self->fd, IPPROTO_TCP, TCP_SYNCNT, 3));
	connects();
	out(SYN, SEQ(0), AFTER(1000));
	out(SYN, SEQ(0), AFTER(2000));
	out(SYN, SEQ(0), AFTER(4000));
	ASSERT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	none(9500);
	ASSERT_EQ(ETIMEDOUT, get_int(self->fd, SOL_SOCKET, SO_ERROR));
	state(0);
}

TEST_F(wire, active_answer_to_second_syn)
{
	connects();
	out(SYN, SEQ(0), AFTER(1000));
	in(SYN | ACK, MSS(1000), WS(7));
	out(ACK, SEQ(1), ACKNO(1));
	state(TCP_ESTABLISHED);
}

/* RFC 9293, figure 7. */
TEST_F(wire, simultaneous_open_connects)
{
	connects();
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	state(TCP_SYN_RECV);
	in(SYN | ACK, SEQ(0), ACKNO(1));
	ASSERT_EQ(TCP_ESTABLISHED, wire_state(W));
	wire_drain(W, QUIET);
	in(ACK, SEQ(1), LEN(10));
	out(ACK, SEQ(1), ACKNO(11));
	reads(10);
	writes(10);
	out(ACK, SEQ(1), LEN(10));
}

TEST_F(wire, simultaneous_open_ack_alone)
{
	connects();
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(1), ACKNO(1));
	state(TCP_ESTABLISHED);
	writes(10);
	out(ACK, SEQ(1), LEN(10));
}

/* RFC 9293 3.10.7.3: text is queued until ESTABLISHED; the kernel's TCP drops it. */
TEST_F(wire, simultaneous_open_with_text)
{
	XTCP_ONLY("it drops the text");
	connects();
	in(SYN, SEQ(0), MSS(1000), LEN(10));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(ACK, SEQ(11), ACKNO(1));
	out(ACK, SEQ(1), ACKNO(11));
	state(TCP_ESTABLISHED);
	reads(10);
}

TEST_F(wire, simultaneous_open_reset)
{
	int err;

	connects();
	in(SYN, MSS(1000));
	out(SYN | ACK, SEQ(0), ACKNO(1));
	in(RST | ACK, SEQ(1), ACKNO(1));
	/*
	 * RFC 9293 3.10.7.4: after an active open the user is told "connection
	 * refused"; the kernel's TCP says ECONNRESET.
	 */
	err = get_int(self->fd, SOL_SOCKET, SO_ERROR);
	ASSERT_TRUE(err == ECONNREFUSED || err == ECONNRESET);
	state(0);
}

TEST_F(wire, close_in_syn_sent)
{
	connects();
	closes();
	none(QUIET);
	state(0);
	/* The connection is gone. */
	in(SYN | ACK, SEQ(0), ACKNO(1));
	out(RST, SEQ(1));
}

/* ---- ports without a listener ---- */

TEST_F(wire, closed_port_syn)
{
	in(SYN, TO(9), MSS(1000));
	out(RST | ACK, SEQ(0), ACKNO(1), WND(0), NOOPTS);
	in(SYN, TO(9), SEQ(5), LEN(10));
	out(RST | ACK, SEQ(0), ACKNO(16));
}

TEST_F(wire, closed_port_ack)
{
	in(ACK, TO(9), SEQ(100), ACKNO(777));
	out(RST, SEQ(777));
	in(SYN | ACK, TO(9), SEQ(100), ACKNO(778));
	out(RST, SEQ(778));
	in(FIN, TO(9), SEQ(100));
	out(RST | ACK, SEQ(0), ACKNO(101));
}

TEST_F(wire, closed_port_rst_is_not_answered)
{
	in(RST, TO(9));
	in(RST | ACK, TO(9), ACKNO(5));
	none(QUIET);
}

TEST_F(wire, no_socket_other_flow)
{
	passive(MSS(1000));
	in(ACK, FROM(3), SEQ(9), ACKNO(44));
	/* A port with a listener answers with a RST, too. */
	out(RST, SEQ(44));
	state(TCP_ESTABLISHED);
}

TEST_F(wire, sequence_numbers_wrap)
{
	W->isn = 0xffffff00;
	passive(MSS(1000));
	for (int i = 0; i < 8; i++)
		in(ACK, LEN(1000));
	reads(8000);
	wire_drain(W, 300);
	ASSERT_EQ(8001, W->got.ack);
}

/* Two connections from the same ports have different ISNs (RFC 6528). */
TEST_F(wire, isn_is_not_repeated)
{
	uint32_t iss[4];

	listens();
	for (int i = 0; i < 4; i++) {
		wire_reset(W, WIRE_PPORT + i);
		in(SYN);
		out(SYN | ACK, SEQ(0), ACKNO(1));
		iss[i] = W->iss;
		in(RST, SEQ(1));
		for (int j = 0; j < i; j++)
			ASSERT_GT(llabs((long long)iss[i] - iss[j]), 1000);
	}
}

TEST_HARNESS_MAIN
