// SPDX-License-Identifier: GPL-2.0
/*
 * Fixed configurations with limits on the transfer time: generous enough for random
 * losses, tight enough to show a missing timer or a stall.
 */
#include "sim.h"

/* A transfer from host 0 to host 1 over a symmetric line. */
void cfg_plain(struct sim_cfg *cfg, u64 rtt, u64 rate, u32 loss, u64 bytes)
{
	int i;

	memset(cfg, 0, sizeof(*cfg));
	cfg->rounds = 1;
	for (i = 0; i < 2; i++) {
		struct host_cfg *h = &cfg->host[i];

		cfg->link[i] = (struct link_cfg){
			.delay = rtt / 2, .rate = rate, .queue = 200000, .loss = loss,
		};
		*h = (struct host_cfg){ .iss_goal = -1, .mss = 1460, .gso_max = 65535 };
		xtcp_params_init(&h->par);
		h->par.isn_key[0] = 7 + i;
		h->app = (struct app_cfg){
			.chunk = 65536, .sndbuf = 1000000, .rcvbuf_min = 500000,
			.rcvbuf_max = 500000, .rchunk = 1000000,
			.mode = i ? CLOSE_WAIT : CLOSE_SHUT,
		};
	}
	cfg->host[0].app.total = bytes;
}

static void empty(struct sim_cfg *cfg)
{
	cfg_plain(cfg, 20 * MSEC, 0, 0, 0);
}

static void one_byte(struct sim_cfg *cfg)
{
	cfg_plain(cfg, 20 * MSEC, 0, 0, 1);
}

static void lan(struct sim_cfg *cfg)
{
	cfg_plain(cfg, 200 * USEC, 125000000, 0, 10000000);
}

static void broadband(struct sim_cfg *cfg)
{
	cfg_plain(cfg, 40 * MSEC, 1250000, 0, 5000000);
}

/* A router that marks instead of dropping, and two ends with this ECN mode. */
static void marked(struct sim_cfg *cfg, u8 ecn, u8 option)
{
	int i;

	cfg_plain(cfg, 40 * MSEC, 1250000, 0, 5000000);
	for (i = 0; i < 2; i++) {
		cfg->link[i].mark = 60000;
		cfg->host[i].par.ecn = ecn;
		cfg->host[i].par.ecn_option = option;
	}
}

static void marked_classic(struct sim_cfg *cfg)
{
	marked(cfg, 1, 0);
}

static void marked_acc(struct sim_cfg *cfg)
{
	marked(cfg, 3, 2);
}

static void marked_ace(struct sim_cfg *cfg)
{
	marked(cfg, 3, 0);
}

static void satellite(struct sim_cfg *cfg)
{
	cfg_plain(cfg, 600 * MSEC, 1250000, 0, 2000000);
}

static void loss_1(struct sim_cfg *cfg)
{
	cfg_plain(cfg, 40 * MSEC, 1250000, 10000, 1000000);
}

static void loss_10(struct sim_cfg *cfg)
{
	cfg_plain(cfg, 40 * MSEC, 1250000, 100000, 200000);
}

/*
 * 100 Mbit/s, 40 ms, a queue of two bandwidth-delay products. Only data is lost, no
 * ACKs.
 */
static void long_path(struct sim_cfg *cfg, const char *cc, u32 loss, u64 bytes)
{
	int i;

	cfg_plain(cfg, 40 * MSEC, 12500000, 0, bytes);
	cfg->link[0].loss = loss;
	for (i = 0; i < 2; i++) {
		struct app_cfg *app = &cfg->host[i].app;

		cfg->host[i].par.cc = xtcp_cc_find(cc);
		cfg->link[i].queue = 1000000;
		app->sndbuf = 4000000;
		app->rcvbuf_min = 4000000;
		app->rcvbuf_max = 4000000;
		app->rchunk = 4000000;
	}
}

static void cubic_0(struct sim_cfg *cfg)
{
	long_path(cfg, "cubic", 0, 20000000);
}

static void cubic_01(struct sim_cfg *cfg)
{
	long_path(cfg, "cubic", 1000, 10000000);
}

static void cubic_1(struct sim_cfg *cfg)
{
	long_path(cfg, "cubic", 10000, 4000000);
}

static void cubic_3(struct sim_cfg *cfg)
{
	long_path(cfg, "cubic", 30000, 2000000);
}

static void bbr_0(struct sim_cfg *cfg)
{
	long_path(cfg, "bbr", 0, 20000000);
}

static void bbr_01(struct sim_cfg *cfg)
{
	long_path(cfg, "bbr", 1000, 20000000);
}

static void bbr_1(struct sim_cfg *cfg)
{
	long_path(cfg, "bbr", 10000, 20000000);
}

static void bbr_3(struct sim_cfg *cfg)
{
	long_path(cfg, "bbr", 30000, 20000000);
}

/* A switch that marks above 65 segments (RFC 8257, 4.1), never full. */
static void data_center(struct sim_cfg *cfg)
{
	int i;

	cfg_plain(cfg, 400 * USEC, 125000000, 0, 20000000);
	for (i = 0; i < 2; i++) {
		cfg->host[i].par.cc = xtcp_cc_find("dctcp");
		cfg->link[i].mark = 65 * 1500;
		cfg->link[i].queue = 500000;
	}
}

static void both_ways(struct sim_cfg *cfg)
{
	cfg_plain(cfg, 40 * MSEC, 1250000, 0, 2000000);
	cfg->host[1].app.total = 2000000;
}

static void slow_reader(struct sim_cfg *cfg)
{
	cfg_plain(cfg, 10 * MSEC, 0, 0, 200000);
	cfg->host[1].app.rcvbuf_min = 10000;
	cfg->host[1].app.rcvbuf_max = 10000;
	cfg->host[1].app.rchunk = 2000;
	cfg->host[1].app.rpause = 200 * MSEC;
}

static void tiny_writes(struct sim_cfg *cfg)
{
	cfg_plain(cfg, 10 * MSEC, 1250000, 0, 20000);
	cfg->host[0].app.chunk = 10;
	cfg->host[0].app.pause = 100 * USEC;
}

static void simultaneous(struct sim_cfg *cfg)
{
	cfg_plain(cfg, 100 * MSEC, 1250000, 0, 100000);
	cfg->host[1].app.total = 100000;
	cfg->host[1].app.mode = CLOSE_SHUT;
	cfg->simultaneous = true;
	cfg->same_close = true;
	cfg->skew = 20 * MSEC;
}

static void reopen(struct sim_cfg *cfg)
{
	cfg_plain(cfg, 20 * MSEC, 0, 0, 10000);
	/* The server closes first and enters TIME-WAIT (RFC 6191). */
	cfg->host[0].app.mode = CLOSE_WAIT;
	cfg->host[1].app.mode = CLOSE_SHUT;
	cfg->rounds = 3;
}

/*
 * The rate changes while the queue is filled. Queued packets leave at the new rate, and
 * none is lost, since the receiver's buffer is smaller than the queue.
 */
static void change(struct sim_cfg *cfg, u64 bytes, u64 rate_then)
{
	cfg_plain(cfg, 40 * MSEC, 1250000, 0, bytes);
	cfg->link[0].queue = 600000;
	cfg->link[0].rate_at = 500 * MSEC;
	cfg->link[0].rate_then = rate_then;
}

static void faster(struct sim_cfg *cfg)
{
	change(cfg, 5000000, 12500000);
}

static void slower(struct sim_cfg *cfg)
{
	change(cfg, 1000000, 125000);
}

/* A request and its answer, RTT 100 ms; @cookie: the client has a cookie. */
static void request(struct sim_cfg *cfg, bool cookie)
{
	int i;

	cfg_plain(cfg, 100 * MSEC, 0, 0, 300);
	cfg->host[1].app.total = 5000;
	cfg->host[1].app.after = 300;
	for (i = 0; i < 2; i++) {
		cfg->host[i].fastopen = true;
		cfg->host[i].fo_cookie = cookie;
	}
}

static void request_first(struct sim_cfg *cfg)
{
	request(cfg, false);
}

static void request_again(struct sim_cfg *cfg)
{
	request(cfg, true);
}

/* The cookie was made with a key that the server no longer has. */
static void request_stale(struct sim_cfg *cfg)
{
	request(cfg, true);
	cfg->host[0].fo_bad = true;
}

/* The SYN with its data, or the SYN-ACK and the answer after it, are lost. */
static void request_lost(struct sim_cfg *cfg)
{
	request(cfg, true);
	cfg->drop[0] = 1;
}

static void answer_lost(struct sim_cfg *cfg)
{
	request(cfg, true);
	cfg->drop[0] = 2;
}

/* Times until the last socket has ended, TIME-WAIT not included. */
const struct scenario scenarios[] = {
	{ "empty connection, 20 ms", empty, 30, 60 },
	{ "one byte, 20 ms", one_byte, 30, 100 },
	{ "10 MB, 0.2 ms, 1 Gbit/s", lan, 80, 200 },
	{ "5 MB, 40 ms, 10 Mbit/s", broadband, 4000, 6000 },
	{ "5 MB, 40 ms, 10 Mbit/s, ECN", marked_classic, 4000, 5000, .intact = true },
	{ "5 MB, 40 ms, 10 Mbit/s, AccECN", marked_acc, 4000, 5000, .intact = true },
	{ "5 MB, 40 ms, 10 Mbit/s, AccECN without option", marked_ace, 4000, 5000, .intact = true },
	{ "2 MB, 600 ms, 10 Mbit/s", satellite, 4000, 30000 },
	{ "1 MB, 40 ms, 10 Mbit/s, 1 % loss", loss_1, 1200, 2000, .draws = 16 },
	{ "200 kB, 40 ms, 10 Mbit/s, 10 % loss", loss_10, 1200, 3000, .draws = 16 },
	{ "20 MB, 40 ms, 100 Mbit/s, cubic", cubic_0, 1700, 2400 },
	{ "10 MB, 40 ms, 100 Mbit/s, 0.1 % loss, cubic", cubic_01, 1100, 3000, .draws = 8 },
	{ "4 MB, 40 ms, 100 Mbit/s, 1 % loss, cubic", cubic_1, 4500, 8500, .draws = 16 },
	{ "2 MB, 40 ms, 100 Mbit/s, 3 % loss, cubic", cubic_3, 6000, 10000, .draws = 16 },
	{ "20 MB, 40 ms, 100 Mbit/s, bbr", bbr_0, 1700, 2100 },
	{ "20 MB, 40 ms, 100 Mbit/s, 0.1 % loss, bbr", bbr_01, 1700, 2400 },
	{ "20 MB, 40 ms, 100 Mbit/s, 1 % loss, bbr", bbr_1, 1700, 2800 },
	{ "20 MB, 40 ms, 100 Mbit/s, 3 % loss, bbr", bbr_3, 1700, 16000 },
	{ "20 MB, 0.4 ms, 1 Gbit/s, dctcp", data_center, 160, 220, .intact = true },
	{ "2 MB each way, 40 ms, 10 Mbit/s", both_ways, 1600, 4000 },
	{ "200 kB to a reader of 2000 B every 0.1 s", slow_reader, 10000, 30000 },
	{ "20 kB in tiny writes, 10 ms", tiny_writes, 50, 1000 },
	{ "simultaneous open and close, 100 ms", simultaneous, 30000, 31000 },
	{ "5 MB, 40 ms, 10 Mbit/s, from 0.5 s on 100 Mbit/s", faster, 850, 1100, .intact = true },
	{ "1 MB, 40 ms, 10 Mbit/s, from 0.5 s on 1 Mbit/s", slower, 4400, 5000, .intact = true },
	{ "three connections of one port pair", reopen, 100, 10000 },
	{ "request and answer, 100 ms, first visit", request_first, 200, 200, .answer = true },
	{ "request and answer, 100 ms, Fast Open", request_again, 100, 100, .answer = true },
	{ "request and answer, 100 ms, Fast Open, stale cookie", request_stale, 200, 200,
	  .answer = true },
	{ "request and answer, 100 ms, Fast Open, SYN lost", request_lost, 1200, 1200,
	  .answer = true },
	{ "request and answer, 100 ms, Fast Open, SYN-ACK lost", answer_lost, 1200, 1200,
	  .answer = true },
};

const u32 nscenarios = ARRAY_SIZE(scenarios);
