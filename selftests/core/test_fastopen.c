// SPDX-License-Identifier: GPL-2.0
/*
 * Fast Open: RFC 7413. The client, then the server, then cookies.
 */
#include "core.h"
#include "harness.h"

/* RFC 7413 4.2.1: what the SYN carries. 1000 less 40 for options. */
static const struct script fastopen_syn[] = {
	{ "no cookie: asks for one, and the data waits",
	  "connect ask data 500\n> S 0 fo ask hdr 44\n< SA 0 ack 1 mss 1000 fo theirs\n"
	  "> PA 1+500 ack 1\n= fo_fail 1\n= fo 0x21\n" },
	{ "a cookie: data goes along",
	  "connect cookie fomss 1000 data 500\n> S 0+500 fo theirs hdr 48\n= fo_room 960\n" },
	{ "a cookie that has become known, and nothing to send",
	  "connect cookie\n> S 0 fo theirs\n" },
	{ "as much as fits beside the options, the rest behind it",
	  "connect cookie fomss 1000 data 2000\n> S 0+960\n< SA 0 ack 961 mss 1000\n"
	  "> PA 961+1040 ack 1\n" },
	{ "the server's MSS is not known: the smallest there is",
	  "connect cookie data 2000\n> S 0+496\n" },
	{ "nor is it, IPv6", "connect cookie v6 data 2000\n> S 0+1180\n" },
	{ "the path is narrower", "connect cookie fomss 1460 mss 600 data 2000\n> S 0+560\n" },
	{ "TCP_MAXSEG is", "connect cookie fomss 1460 user 300 data 2000\n> S 0+260\n" },
	{ "so narrow that nothing fits", "connect cookie fomss 40 data 2000\n> S 0 fo theirs\n" },
	{ "without cookie by agreement: no option",
	  "connect bare fomss 1000 data 500\n> S 0+500 fo none\n< SA 0 ack 501 mss 1000\n> A 501\n"
	  "= fo 0x1a\n" },
	{ "the SYN waits for data",
	  "connect cookie wait\n> no\nno-timer\ngo 100\n> S 0+100 fo theirs\n" },
	{ "or for the word to go", "connect cookie wait\n> no\ngo 0\n> S 0 fo theirs\n" },
	{ "closed before it had any", "connect cookie wait\n> no\nclose\n= state CLOSED\n> no\n" },
	{ "the peer's SYN comes first",
	  "connect cookie wait\n< S 0 mss 1000\n> SA 0 ack 1 fo none\n< A 1 ack 1\n"
	  "= state ESTABLISHED\nwrite 10\n> PA 1+10\n" },
	{ "no memory for the packet: the same again",
	  "connect cookie data 100\nabort-tx\n~ 5ms\n> S 0+100 fo theirs\n" },
};
SCRIPTS(fastopen_syn);

/* RFC 7413 4.2.1: what the SYN-ACK makes of it. */
static const struct script fastopen_synack[] = {
	{ "all of it taken",
	  "connect cookie fomss 1000 data 500\n> S 0+500\n+ 50ms\n< SA 0 ack 501 mss 1000\n"
	  "acts ACKED|STATE\n> A 501 ack 1\nno-timer\n= fo 0x1b\n= fo_fail 0\n= bytes_acked 500\n"
	  "= delivered 0\n= srtt8_us 400000\n= cwnd 10000\n" },
	{ "the SYN alone: the data at once, and no sign of congestion",
	  "connect cookie fomss 1000 data 500\n> S 0+500\n< SA 0 ack 1 mss 1000\nnoacts ACKED\n"
	  "> PA 1+500 ack 1\n> no\n= fo_fail 2\n= cwnd 10000\n= ssthresh -1\n"
	  "= total_retrans 1\n= bytes_retrans 500\n< A 1 ack 501\n= cong 0\n= cwnd 10000\n"
	  "no-timer\n" },
	{ "a part of it",
	  "connect cookie fomss 1000 data 500\n> S 0+500\n< SA 0 ack 201 mss 1000\nacts ACKED\n"
	  "> PA 201+300 ack 1\n= fo_fail 2\n= bytes_acked 200\n< A 1 ack 501\n"
	  "= bytes_acked 500\n" },
	{ "the data again, then new data, in order",
	  "connect cookie fomss 1000 data 2500\n> S 0+960\n< SA 0 ack 1 mss 1000\n> A 1+960\n"
	  "> PA 961+1540\n< A 1 ack 2501\nno-timer\n" },
	{ "in smaller segments, if it has to be",
	  "connect cookie fomss 1000 data 900\n> S 0+900\n< SA 0 ack 1 mss 500\n"
	  "> PA 1+900 pmss 500\n" },
	{ "within the window of the SYN-ACK",
	  "connect cookie fomss 1000 data 900\n> S 0+900\n< SA 0 ack 1 mss 1000 wnd 300\n"
	  "> A 1+300\n"
	  "< A 1 ack 301 wnd 65535\n> PA 301+600\n< A 1 ack 901\n= cong 0\n= cwnd 10000\n" },
	{ "a closed one is probed",
	  "par timestamps 0\nconnect cookie fomss 1000 data 900\n> S 0+900\n"
	  "< SA 0 ack 1 mss 1000 wnd 0\n> A 1\n+ 201ms\n> A 1+1\n< A 1 ack 1 wnd 9000\n"
	  "> PA 1+900\n" },
	{ "a peer that kept the data, and told of it when it had room",
	  "connect cookie fomss 1000 data 900\n> S 0+900\n< SA 0 ack 1 mss 1000 wnd 0\n> A 1\n"
	  "< A 1 ack 901 wnd 9000\n> no\nno-timer\n= bytes_acked 900\n" },
	{ "more than was sent is refused",
	  "connect cookie fomss 1000 data 500\n> S 0+500\n< SA 0 ack 502\ndrop SYNSENT_ACK\n"
	  "> R 502\n" },
	{ "RST for SYN and data",
	  "connect cookie data 100\n> S 0+100\n< RA 0 ack 101\n= err REFUSED\n" },
	{ "a new cookie is kept",
	  "connect cookie\n> S 0\n< SA 0 ack 1 mss 1000 fo key1\n> A 1\n= fo 0x23\n" },
	{ "one that was not asked for is not",
	  "connect\n> S 0 fo none\n< SA 0 ack 1 mss 1000 fo key1\n> A 1\n= fo 0\n" },
	{ "data in the SYN-ACK, too",
	  "connect cookie fomss 1000 data 500\n> S 0+500\n< SA 0+300 ack 501 mss 1000\n"
	  "acts DELIVER|ACKED\n= got 300\n> A 501 ack 301\n" },
	{ "a tail loss probe has its round trip",
	  "connect cookie fomss 1000 data 500\n> S 0+500\n+ 50ms\n"
	  "< SA 0 ack 1 mss 1000 sackok ts 1 1\n> PA 1+500 ack 1\n~ 250ms\n> PA 1+500\n" },
};
SCRIPTS(fastopen_synack);

/* RFC 7413 4.1.3.1 and 4.2.1: what is repeated is an ordinary SYN. */
static const struct script fastopen_lost[] = {
	{ "repeated without option and data, which follows",
	  "connect cookie fomss 1000 data 500\n> S 0+500 fo theirs\n~ 1s\n> S 0 fo none hdr 40\n"
	  "< SA 0 ack 1 mss 1000\n> PA 1+500\n= fo_fail 3\n= fo 0x4b\n= cwnd 10000\n" },
	{ "it was the SYN-ACK that got lost, and the next one takes all",
	  "connect cookie fomss 1000 data 500\n> S 0+500 fo theirs\n~ 1s\n> S 0\n"
	  "< SA 0 ack 501 mss 1000\n> A 501\n= fo_fail 0\n= fo 0x1b\nno-timer\n" },
	{ "a cookie comes: so the SYN did arrive",
	  "connect cookie fomss 1000 data 500\n> S 0+500\n~ 1s\n> S 0\n"
	  "< SA 0 ack 1 mss 1000 fo key1\n> PA 1+500\n= fo_fail 3\n= fo 0x2b\n" },
	{ "twice: one segment (RFC 6928)",
	  "par timestamps 0\nconnect cookie fomss 1000 data 1900\n> S 0+960\n~ 1s\n> S 0\n"
	  "~ 2s\n> S 0\n"
	  "< SA 0 ack 1 mss 1000\n> A 1+960\n> no\n< A 1 ack 961\n> PA 961+940\n" },
	{ "given up as any other",
	  "connect cookie data 100\n> S 0+100\nset syncnt 1\n~ 1s\n> S 0\n~ 2s\n= err TIMEDOUT\n" },
	{ "asked in vain is nothing lost",
	  "connect ask\n> S 0 fo ask\n~ 1s\n> S 0 fo none\n< SA 0 ack 1 mss 1000\n> A 1\n"
	  "= fo 0x1\n" },
	{ "too large for the path: at once without data",
	  "connect cookie fomss 1000 data 500\n> S 0+500\nicmp too-big 0 400\n> S 0\n"
	  "< SA 0 ack 1 mss 1000\n> PA 1+500\n" },
	{ "simultaneous open: the data goes when both have acknowledged",
	  "connect cookie fomss 1000 data 500\n> S 0+500\n< S 0 mss 1000\n> SA 0 ack 1 fo none\n"
	  "< A 1 ack 1\n> PA 1+500\n= cwnd 10000\n< A 1 ack 501\n= cong 0\nno-timer\n" },
	{ "simultaneous open, the data was taken",
	  "connect cookie fomss 1000 data 500\n> S 0+500\n< S 0 mss 1000\n> SA 0 ack 1\n"
	  "< SA 0 ack 501\n= state ESTABLISHED\n= bytes_acked 500\n> no\n" },
};
SCRIPTS(fastopen_lost);

/* RFC 7413 4.2.2. */
static const struct script fastopen_server[] = {
	{ "off: the option is not known, the data not taken",
	  "listen\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 1 fo none\nverdict listen SYN\n" },
	{ "asked for a cookie, in an ordinary handshake",
	  "listen fo\n< S 0 mss 1000 fo ask\n> SA 0 ack 1 fo key1 hdr 36\n< A 1 ack 1\n"
	  "= state ESTABLISHED\n= fo 0\n" },
	{ "asked with data: that is not taken",
	  "listen fo\n< S 0+100 mss 1000 fo ask\n> SA 0 ack 1 fo key1\n" },
	{ "asked by the old option",
	  "listen fo\n< S 0 mss 1000 fo ask foexp\n> SA 0 ack 1 fo key1 foexp hdr 36\n" },
	{ "not repeated with the SYN-ACK",
	  "listen fo\n< S 0 mss 1000 fo ask\n> SA 0 ack 1 fo key1\n~ 1s\n> SA 0 ack 1 fo none\n" },
	{ "a wrong cookie: handshake, and the right one",
	  "listen fo\n< S 0+100 mss 1000 fo bad\n> SA 0 ack 1 fo key1\n" },
	{ "data without a cookie",
	  "listen fo\n< S 0+100 mss 1000\n> SA 0 ack 1 fo none\nverdict listen SYN\n" },
	{ "a good one: delivered at once",
	  "listen fo\n< S 0+100 mss 1000 fo key1\nacts DELIVER|STATE|OUTPUT\n= state SYN-RECEIVED\n"
	  "= got 100\n> SA 0 ack 101 fo none wnd 64140\n< A 101 ack 1\nacts STATE\n"
	  "= state ESTABLISHED\n= fo 0x90\n= cwnd 10000\nno-timer\n" },
	{ "a good one without data",
	  "listen fo\n< S 0 mss 1000 fo key1\n= state SYN-RECEIVED\n> SA 0 ack 1\n= fo 0x80\n"
	  "write 10\n> PA 1+10 ack 1\n" },
	{ "by the second key: the first one's goes back",
	  "listen fo key2\n< S 0+100 mss 1000 fo key2\n= got 100\n> SA 0 ack 101 fo key1\n"
	  "= fo 0xb0\n" },
	{ "the second key is no more",
	  "listen fo\n< S 0+100 mss 1000 fo key2\n> SA 0 ack 1 fo key1\n" },
	{ "without cookie by agreement",
	  "listen fo-bare\n< S 0+100 mss 1000\n= got 100\n> SA 0 ack 101 fo none\n" },
	{ "and whoever asks for one gets it",
	  "listen fo-bare\n< S 0+100 mss 1000 fo ask\n= got 100\n> SA 0 ack 101 fo key1\n" },
	{ "without data there is nothing to be early for",
	  "listen fo-bare\n< S 0 mss 1000\n> SA 0 ack 1\nverdict listen SYN\n" },
	{ "more than the window is cut",
	  "listen fo space 60\n< S 0+100 mss 1000 fo key1\n= got 60\n> SA 0 ack 61 wnd 0\n"
	  "< A 61+40 ack 1\n> A 1 ack 61 wnd 0\nread 60\n> A 1 ack 61 wnd 60\n" },
};
SCRIPTS(fastopen_server);

static const struct script fastopen_child[] = {
	{ "answers before it is acknowledged",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\nwrite 500\n> PA 1+500 ack 101\n"
	  "< A 101 ack 501\n= state ESTABLISHED\n= bytes_acked 500\nno-timer\n" },
	{ "at most the initial window",
	  "listen fo\n< S 0+100 mss 1000 fo key1 wnd 65535\n> SA 0 ack 101\nwrite 20000\n"
	  "> PA 1+9000\n> no\n< A 101 ack 1\n> A 9001+1000\n> no\n" },
	{ "at most the window of the SYN, which is not scaled",
	  "listen fo\n< S 0+100 mss 1000 ws 7 wnd 2000 fo key1\n> SA 0 ack 101\nwrite 20000\n"
	  "> A 1+1000\n> no\n= snd_wnd 2000\n" },
	{ "which may be closed",
	  "listen fo\n< S 0 mss 1000 wnd 0 fo key1\n> SA 0 ack 1\nwrite 500\n> no\n"
	  "< A 1 ack 1 wnd 1000\n> PA 1+500\n" },
	{ "the SYN again: so is the SYN-ACK, and no cookie",
	  "listen fo key2\n< S 0+100 mss 1000 fo key2\n> SA 0 ack 101 fo key1\n< S 0 mss 1000\n"
	  "drop EMBRYO\n> SA 0 ack 101 fo none\n< S 0+100 mss 1000 fo key2\n> SA 0 ack 101\n"
	  "= got 100\n< A 101 ack 1\n= state ESTABLISHED\n= srtt8_us 0\n" },
	{ "and its newer timestamp is echoed",
	  "listen fo\n< S 0+100 mss 1000 ts 50 0 fo key1\n> SA 0 ack 101 tsecr 50\n"
	  "< S 0 mss 1000 ts 60 0\n> SA 0 ack 101 tsecr 60\n" },
	{ "another SYN is challenged",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\n< S 5 mss 1000\n"
	  "drop SYN_CHALLENGE\n"
	  "> A 1 ack 101\n" },
	{ "the SYN once more after the handshake is, too",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\n< A 101 ack 1\n"
	  "< S 0+100 mss 1000\n"
	  "drop SYN_CHALLENGE\n> A 1 ack 101\n" },
	{ "the SYN-ACK is repeated, the data behind it waits",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\nwrite 500\n> PA 1+500\n"
	  "~ 1s\n> SA 0 ack 101\n"
	  "> no\nwrite 500\n> no\n~ 2s\n> SA 0 ack 101\n+ 20ms\n< A 101 ack 1\n> A 1+500\n"
	  "= cwnd 1000\n< A 101 ack 501\n> PA 501+500\n" },
	{ "lost once it costs no window",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\nwrite 500\n> PA 1+500\n"
	  "~ 1s\n> SA 0 ack 101\n"
	  "< A 101 ack 1\n> PA 1+500\n= cwnd 10000\n< A 101 ack 501\n= cong 0\n= cwnd 10000\n" },
	{ "given up like an embryo",
	  "par synack_retries 1\nlisten fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\n"
	  "~ 1s\n> SA 0\n~ 2s\n"
	  "= err TIMEDOUT\n" },
	{ "RST: of a connection, not of an attempt",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\n< R 101\n= err RESET\n"
	  "= state CLOSED\n" },
	{ "a RST beside it is challenged",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\n< R 102\n"
	  "drop RST_CHALLENGE\n> A 1\n"
	  "= state SYN-RECEIVED\n" },
	{ "a wrong ACK is answered by RST and changes nothing",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\n< A 101 ack 2\n> R 2\n"
	  "= state SYN-RECEIVED\n" },
	{ "more data with the ACK",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\n< PA 101+200 ack 1\n"
	  "= got 300\n> A 1 ack 301\n" },
	{ "the data that was in the SYN, again",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\n< PA 1+100 ack 1\n= got 100\n"
	  "> A 1 ack 101\n< A 101 ack 1\n= state ESTABLISHED\n" },
	{ "the end of the stream goes with the data",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\nset cork 1\nwrite 500\n> no\nclose\n> FPA 1+500\n"
	  "= state SYN-RECEIVED\n< A 101 ack 502\n> no\n= state FIN-WAIT-2\n" },
	{ "or behind it",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\nwrite 500\n> PA 1+500\nclose\n> FA 501\n"
	  "< A 101 ack 501\n> no\n= state FIN-WAIT-1\n< A 101 ack 502\n= state FIN-WAIT-2\n" },
	{ "or alone",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\nclose\n> FA 1\n< FA 101 ack 2\n> A 2 ack 102\n"
	  "= state TIME-WAIT\n" },
	{ "abort tells the peer",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\nabort\n> RA 1\n" },
	{ "and its FIN is read",
	  "listen fo\n< S 0+100 mss 1000 fo key1\n> SA 0 ack 101\n< FA 101 ack 1\nacts EOF\n"
	  "= state CLOSE-WAIT\n> A 1 ack 102\n" },
	{ "no probe before it is open",
	  "listen fo\n< S 0+100 mss 1000 sackok ts 1 0 fo key1\n> SA 0 ack 101\nwrite 500\n"
	  "> PA 1+500\n"
	  "~ 1s\n> SA 0\n" },
	{ "what a SYN said of ECN is told, and no ECT is sent before the ACK",
	  "par ecn 1\nlisten fo\n< SEC 0+100 mss 1000 fo key1\n> SAE 0 ack 101\nwrite 500\n"
	  "> PA 1+500 ect 0\n< A 101 ack 501\nwrite 500\n> PA 501+500 ect 2\n" },
};
SCRIPTS(fastopen_child);

static const struct xtcp_flow flow4 = {
	.saddr = { 0, 0, 0xffff0000u, 0x0100000au },	/* 10.0.0.1, the server */
	.daddr = { 0, 0, 0xffff0000u, 0x0200000au },	/* 10.0.0.2 */
	.sport = 0x5000,
	.dport = 0x901f,
};

static const struct xtcp_flow flow6 = {
	.saddr = { 0x000080fe, 0, 0, 0x01000000 },
	.daddr = { 0x000080fe, 0, 0, 0x02000000 },
};

static const struct xtcp_fo_keys keys = {
	.key = { { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL }, { 3, 4 } }, .n = 2,
};

/* Bytes in the order of the wire: 0a000002 0a000001, and as they come out. */
UNIT(fastopen_cookie_v4)
{
	const siphash_key_t key = { { keys.key[0][0], keys.key[0][1] } };
	u64 hash = siphash_1u64(0x0100000a0200000aULL, &key);
	struct xtcp_cookie cookie;
	u32 i;

	xtcp_cookie_make(&keys, 0, &flow4, &cookie);
	CHECK_EQ(cookie.len, 8);
	CHECK_EQ(cookie.exp, 0);
	for (i = 0; i < 8; i++)
		CHECK_EQ(cookie.val[i], (u8)(hash >> 8 * i));
}

UNIT(fastopen_cookie_v6)
{
	const siphash_key_t key = { { keys.key[0][0], keys.key[0][1] } };
	u64 hash = siphash_4u64(0x80fe, 0x0200000000000000ULL, 0x80fe,
				0x0100000000000000ULL, &key);
	struct xtcp_cookie cookie;
	u32 i;

	xtcp_cookie_make(&keys, 0, &flow6, &cookie);
	for (i = 0; i < 8; i++)
		CHECK_EQ(cookie.val[i], (u8)(hash >> 8 * i));
}

/* It depends on both addresses and the key, and on no port. */
UNIT(fastopen_cookie_depends)
{
	struct xtcp_cookie a, b;
	struct xtcp_flow flow = flow4;

	xtcp_cookie_make(&keys, 0, &flow4, &a);
	xtcp_cookie_make(&keys, 1, &flow4, &b);
	CHECK(memcmp(a.val, b.val, 8));
	flow.sport++;
	flow.dport++;
	xtcp_cookie_make(&keys, 0, &flow, &b);
	CHECK(!memcmp(&a, &b, sizeof(a)));
	flow.daddr[3]++;
	xtcp_cookie_make(&keys, 0, &flow, &b);
	CHECK(memcmp(a.val, b.val, 8));
	flow = flow4;
	flow.saddr[3]++;
	xtcp_cookie_make(&keys, 0, &flow, &b);
	CHECK(memcmp(a.val, b.val, 8));
	xtcp_cookie_make(&keys, 0, &flow6, &a);
	flow = flow6;
	flow.daddr[0]++;
	xtcp_cookie_make(&keys, 0, &flow, &b);
	CHECK(memcmp(a.val, b.val, 8));
}

/* Who did not ask gets none. */
UNIT(fastopen_cookie_not_asked)
{
	struct xtcp_seg seg = { .len = 10 };
	struct xtcp_cookie give = { .len = 8 };

	CHECK_EQ(xtcp_fastopen_syn(&keys, false, &flow4, &seg, &give), XTCP_FOSYN_PLAIN);
	CHECK_EQ(give.len, 0);
	give.len = 8;
	CHECK_EQ(xtcp_fastopen_syn(&keys, true, &flow4, &seg, &give), XTCP_FOSYN_GOOD);
	CHECK_EQ(give.len, 0);
}

/* Each byte counts, and the length. */
UNIT(fastopen_cookie_compared)
{
	struct xtcp_seg seg = { .opts = XTCP_OPT_FASTOPEN, .len = 10 };
	struct xtcp_cookie good, give;
	u8 val[XTCP_COOKIE_MAX] = { 0 };
	u32 i;

	xtcp_cookie_make(&keys, 0, &flow4, &good);
	memcpy(val, good.val, 8);
	seg.cookie = val;
	for (seg.cookie_len = 4; seg.cookie_len <= 16; seg.cookie_len += 2)
		CHECK_EQ(xtcp_fastopen_syn(&keys, false, &flow4, &seg, &give),
			 seg.cookie_len == 8 ? XTCP_FOSYN_GOOD : XTCP_FOSYN_BAD);
	seg.cookie_len = 8;
	for (i = 0; i < 8; i++) {
		val[i] ^= 0x80;
		CHECK_EQ(xtcp_fastopen_syn(&keys, false, &flow4, &seg, &give), XTCP_FOSYN_BAD);
		CHECK_EQ(give.len, 8);
		CHECK(!memcmp(give.val, good.val, 8));
		CHECK_EQ(xtcp_fastopen_syn(&keys, true, &flow4, &seg, &give), XTCP_FOSYN_GOOD);
		CHECK_EQ(give.len, 8);
		val[i] ^= 0x80;
	}
	CHECK_EQ(xtcp_fastopen_syn(&keys, false, &flow4, &seg, &give), XTCP_FOSYN_GOOD);
	CHECK_EQ(give.len, 0);
	xtcp_cookie_make(&keys, 1, &flow4, &good);
	memcpy(val, good.val, 8);
	CHECK_EQ(xtcp_fastopen_syn(&keys, false, &flow4, &seg, &give), XTCP_FOSYN_OLD);
	CHECK_EQ(give.len, 8);
}

/* 40 bytes of options are all there are: AccECN's gives way. */
UNIT(fastopen_cookie_has_room)
{
	struct xtcp_cookie cookie = { .len = 16 };
	struct xtcp_plan plan = {
		.opts = XTCP_OPT_MSS | XTCP_OPT_TS | XTCP_OPT_SACK_PERM | XTCP_OPT_WSCALE |
			XTCP_OPT_ACCECN0,
		.nacc = 3, .flags = XTCP_SYN | XTCP_ACK,
	};
	u8 hdr[XTCP_HDR_MAX + 1] = { [XTCP_HDR_MAX] = 0x5a };
	struct xtcp_seg seg;

	plan.hdr_len = xtcp_hdr_len(&plan);
	CHECK_EQ(plan.hdr_len, 52);
	cookie.val[15] = 7;
	xtcp_cookie_plan(&plan, &cookie);
	CHECK_EQ(plan.hdr_len, 60);
	CHECK(!(plan.opts & XTCP_OPT_ACCECN));
	CHECK_EQ(xtcp_hdr_put(hdr, &plan, 0, 0), 60);
	CHECK_EQ(hdr[XTCP_HDR_MAX], 0x5a);
	CHECK(xtcp_parse(&seg, hdr, 60, 60));
	CHECK_EQ(seg.cookie_len, 16);
	CHECK_EQ(seg.cookie[15], 7);

	/* What fits stays. */
	plan.opts = XTCP_OPT_MSS | XTCP_OPT_ACCECN0;
	cookie.len = 4;
	xtcp_cookie_plan(&plan, &cookie);
	CHECK_EQ(plan.hdr_len, 20 + 4 + 12 + 8);
	CHECK(plan.opts & XTCP_OPT_ACCECN0);

	plan.opts = XTCP_OPT_MSS | XTCP_OPT_TS | XTCP_OPT_SACK_PERM | XTCP_OPT_WSCALE |
		    XTCP_OPT_ACCECN0;
	xtcp_cookie_plan(&plan, &cookie);
	CHECK_EQ(plan.hdr_len, XTCP_HDR_MAX);
	CHECK(plan.opts & XTCP_OPT_ACCECN0);

	/* And none is none. */
	plan.opts = XTCP_OPT_MSS;
	cookie.len = 0;
	xtcp_cookie_plan(&plan, &cookie);
	CHECK_EQ(plan.opts, XTCP_OPT_MSS);
}

/* What is known goes into the TCB, and what is not does not. */
UNIT(fastopen_connection_begins)
{
	struct xtcp_fo_client fo = { .cookie = { .len = 4, .val = { 9 } }, .mss = 1200 };
	struct xtcp_params par;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	tcb.path_mss = 1460;
	xtcp_fastopen_connect(&tcb, &fo, false);
	CHECK_EQ(tcb.fo, XTCP_FO_ASK | XTCP_FO_MAY);
	CHECK_EQ(tcb.fo_room, 1160);
	CHECK_EQ(tcb.cookie.len, 4);
	CHECK_EQ(tcb.cookie.val[0], 9);
	fo.mss = 40;
	xtcp_fastopen_connect(&tcb, &fo, false);
	CHECK_EQ(tcb.fo_room, 0);
	fo.mss = 41;
	xtcp_fastopen_connect(&tcb, &fo, false);
	CHECK_EQ(tcb.fo_room, 1);
	fo.wait = true;
	fo.bare = true;
	fo.cookie.len = 0;
	xtcp_fastopen_connect(&tcb, &fo, false);
	CHECK_EQ(tcb.fo, XTCP_FO_MAY | XTCP_FO_WAIT);
}

/* One that a SYN made is complete. */
UNIT(fastopen_accept_takes_over)
{
	struct xtcp_open open = {
		.flow = flow4, .path_mss = 1460, .adv_mss = 1460, .gso_max = 30000,
		.rcv_space = 8760, .rcv_space_max = 8760,
	};
	struct xtcp_seg seg = {
		.seq = 5000, .len = 300, .wnd = 800, .nsegs = 1, .flags = XTCP_SYN,
		.opts = XTCP_OPT_MSS, .mss = 1300,
	};
	const struct xtcp_cookie none = { .len = 0 };
	struct xtcp_embryo emb;
	struct xtcp_params par;
	struct xtcp_plan plan;
	struct xtcp_tcb tcb;

	xtcp_params_init(&par);
	xtcp_tcb_init(&tcb, &par);
	xtcp_embryo_init(&emb, &par, &open, &seg, 77);
	CHECK_EQ(xtcp_fastopen_accept(&tcb, &emb, &open, &seg, &none, 77),
		 XTCP_ACT_STATE | XTCP_ACT_OUTPUT | XTCP_ACT_DELIVER);
	CHECK_EQ(tcb.state, XTCP_SYN_RECEIVED);
	CHECK_EQ(seg.from, 5001);
	CHECK_EQ(seg.to, 5301);
	CHECK_EQ(tcb.rcv_nxt, 5301);
	CHECK_EQ(tcb.rcv_read, 5001);
	CHECK_EQ(tcb.rcv_wnd, 8460);
	CHECK_EQ(tcb.snd_wnd, 800);
	CHECK_EQ(tcb.max_snd_wnd, 800);
	CHECK_EQ(tcb.snd_wl1, 5000);
	CHECK_EQ(tcb.snd_wl2, tcb.iss);
	CHECK_EQ(tcb.cwnd, 13000);
	CHECK_EQ(tcb.bytes_received, 300);
	CHECK_EQ(tcb.segs_in, 1);
	CHECK_EQ(tcb.data_segs_in, 1);
	CHECK_EQ(tcb.last_data_rx_at, 77);
	CHECK_EQ(tcb.last_rx_at, 77);
	CHECK(!xtcp_check(&tcb));
	CHECK(xtcp_tx_peek(&tcb, 78, &plan));
	CHECK_EQ(plan.ack, 5301);
	CHECK_EQ(plan.wnd, 8460);
	CHECK_EQ(plan.len, 0);
	xtcp_tx_commit(&tcb, &plan, 78);
	CHECK_EQ(tcb.map_head->sent_at, 78);
	CHECK_EQ(tcb.snd_nxt, tcb.iss + 1);
	CHECK(!xtcp_tx_peek(&tcb, 78, &plan));
	CHECK(!xtcp_check(&tcb));
}
