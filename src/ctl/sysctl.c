// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/sys/net/xtcp: the knobs of a network namespace. Each has name, unit
 * and range of its namesake net.ipv4.tcp_*; what XTCP makes of it is in
 * Documentation/sysctl.rst, which has a row for each row here.
 *
 * What is written is kept as it was written, and what it means to the engine
 * is stored beside it, where the engine reads it whenever it needs it.
 */
#include <linux/slab.h>
#include <linux/swap.h>
#include <net/inet_hashtables.h>

#include "../net/net.h"
#include "ctl.h"

/* Numbers in a row, at most: rmem and wmem have three. */
#define VEC_MAX		3

/* Seconds that are ms in 31 bits. */
#define SECONDS_MAX	(INT_MAX / 1000)

#define ONE_DAY		86400		/* s */

/* Smallest receive buffer, bytes, as TCP has it. */
#define RMEM_MIN	4096

struct knob {
	const char *name;
	u32 min;
	u32 max;
	u16 off;		/* in struct xtcp_net, of what it means */
	u8 size;		/* bytes there, of each number */
	u8 n;			/* numbers */
	u32 scale;		/* what it means in one of what is written */
	u32 (*means)(u32 val);	/* or where that is no product; */
	u32 first;		/* then what it reads before it is written */
	proc_handler *text;	/* no number at all */
	umode_t mode;		/* and its permissions */
};

#define PAR(field)	.off = offsetof(struct xtcp_net, params.field),	\
			.size = sizeof_field(struct xtcp_params, field),	\
			.n = 1
#define GLUE(field)	.off = offsetof(struct xtcp_net, knobs.field),	\
			.size = sizeof_field(struct xtcp_knobs, field),	\
			.n = 1
#define GLUE3(field)	.off = offsetof(struct xtcp_net, knobs.field),	\
			.size = sizeof_field(struct xtcp_knobs, field[0]),	\
			.n = 3

static u32 means_bool(u32 val)
{
	return !!val;
}

/* An orphan whose peer is alive gets eight tries unless it is said otherwise. */
static u32 means_orphan(u32 val)
{
	return val ? val : 8;
}

/* 3 and 4 turn tail loss probes on; of 1 and 2 the kernel makes nothing. */
static u32 means_probe(u32 val)
{
	return val >= 3;
}

#define U8_MAX_SWITCH	.max = U8_MAX, .means = means_bool

#define WORDS(handler, m) .text = handler, .mode = m

static const struct knob knobs[] = {
	{ "abort_on_overflow",	0, U8_MAX_SWITCH, GLUE(abort_on_overflow), .first = 0 },
	{ "allowed_congestion_control", WORDS(xtcp_cong_allowed, 0644) },
	{ "available_congestion_control", WORDS(xtcp_cong_available, 0444) },
	{ "base_mss",		40, U16_MAX, PAR(base_mss), .scale = 1 },
	{ "challenge_ack_limit", 0, INT_MAX, PAR(challenge_max), .scale = 1 },
	{ "congestion_control", WORDS(xtcp_cong_default, 0644) },
	{ "dsack",		0, U8_MAX_SWITCH, PAR(dsack), .first = 1 },
	{ "early_retrans",	0, 4, PAR(tlp), .means = means_probe, .first = 3 },
	{ "ecn",		0, 5, PAR(ecn), .scale = 1 },
	{ "ecn_fallback",	0, U8_MAX_SWITCH, PAR(ecn_fallback), .first = 1 },
	{ "ecn_option",		0, 3, PAR(ecn_option), .scale = 1 },
	{ "fastopen",		0, INT_MAX, GLUE(fastopen), .scale = 1 },
	{ "fastopen_blackhole_timeout_sec", WORDS(xtcp_fo_blackhole, 0644) },
	{ "fastopen_key", WORDS(xtcp_fo_key, 0600) },
	{ "fin_timeout",	0, SECONDS_MAX, PAR(fin_timeout_ms), .scale = 1000 },
	{ "frto",		0, U8_MAX_SWITCH, PAR(frto), .first = 2 },
	{ "invalid_ratelimit",	0, INT_MAX, PAR(challenge_ms), .scale = 1 },
	{ "keepalive_intvl",	1, SECONDS_MAX, PAR(keep_intvl_ms), .scale = 1000 },
	{ "keepalive_probes",	0, U8_MAX, PAR(keep_probes), .scale = 1 },
	{ "keepalive_time",	1, SECONDS_MAX, PAR(keep_idle_ms), .scale = 1000 },
	{ "max_orphans",	0, INT_MAX, GLUE(max_orphans), .scale = 1 },
	{ "max_syn_backlog",	0, INT_MAX, GLUE(max_syn_backlog), .scale = 1 },
	{ "max_tw_buckets",	0, INT_MAX, GLUE(max_tw_buckets), .scale = 1 },
	{ "migrate_req",	0, U8_MAX_SWITCH, GLUE(migrate_req), .first = 0 },
	{ "min_rtt_wlen",	0, ONE_DAY, PAR(min_rtt_wlen_s), .scale = 1 },
	{ "min_snd_mss",	48, U16_MAX, PAR(min_snd_mss), .scale = 1 },
	{ "moderate_rcvbuf",	0, U8_MAX_SWITCH, GLUE(moderate_rcvbuf), .first = 1 },
	{ "mtu_probe_floor",	48, U16_MAX, PAR(mtu_probe_floor), .scale = 1 },
	{ "mtu_probing",	0, U8_MAX, PAR(mtu_probing), .scale = 1 },
	{ "no_metrics_save",	0, U8_MAX_SWITCH, GLUE(no_metrics_save), .first = 0 },
	{ "no_ssthresh_metrics_save", 0, 1, GLUE(no_ssthresh_save), .scale = 1 },
	{ "notsent_lowat",	0, U32_MAX, GLUE(notsent_lowat), .scale = 1 },
	{ "orphan_retries",	0, U8_MAX, PAR(orphan_retries), .means = means_orphan },
	{ "pacing_ca_ratio",	0, 1000, PAR(pacing_ca_pct), .scale = 1 },
	{ "pacing_ss_ratio",	0, 1000, PAR(pacing_ss_pct), .scale = 1 },
	{ "probe_interval",	0, U32_MAX / HZ, PAR(probe_interval_s), .scale = 1 },
	{ "probe_threshold",	0, U16_MAX, PAR(probe_threshold), .scale = 1 },
	{ "recovery",		0, 1, PAR(rack), .scale = 1 },
	{ "reordering",		1, U8_MAX, PAR(dupthresh), .scale = 1 },
	{ "retries1",		0, U8_MAX, PAR(retries1), .scale = 1 },
	{ "retries2",		0, U8_MAX, PAR(retries2), .scale = 1 },
	{ "rmem",		RMEM_MIN, INT_MAX, GLUE3(rmem), .scale = 1 },
	{ "rto_max_ms",		1000, 120000, PAR(rto_max_us), .scale = 1000 },
	{ "rto_min_us",		1, INT_MAX, PAR(rto_min_us), .scale = 1 },
	{ "sack",		0, U8_MAX_SWITCH, PAR(sack), .first = 1 },
	{ "shrink_window",	0, 1, PAR(shrink_window), .scale = 1 },
	{ "slow_start_after_idle", 0, U8_MAX_SWITCH, PAR(idle_restart), .first = 1 },
	{ "syn_source_burst",	1, 65535, PAR(syn_source_burst), .scale = 1 },
	{ "syn_source_prefix4",	0, 32, PAR(syn_source_prefix4), .scale = 1 },
	{ "syn_source_prefix6",	0, 128, PAR(syn_source_prefix6), .scale = 1 },
	{ "syn_source_rate",	0, 1000000, PAR(syn_source_rate), .scale = 1 },
	{ "syn_retries",	1, 127, PAR(syn_retries), .scale = 1 },
	{ "syncookies",		0, 2, GLUE(syncookies), .scale = 1 },
	{ "synack_retries",	0, U8_MAX, PAR(synack_retries), .scale = 1 },
	{ "timestamps",		0, U8_MAX_SWITCH, PAR(timestamps), .first = 1 },
	{ "timewait_ms",	1, XTCP_TIMEWAIT_MAX, PAR(timewait_ms), .scale = 1 },
	{ "tw_reuse",		0, 2, GLUE(reuse_tw), .scale = 1 },
	{ "tw_reuse_delay",	1, 60000, GLUE(reuse_delay), .scale = 1 },
	{ "window_scaling",	0, U8_MAX_SWITCH, PAR(wscale), .first = 1 },
	{ "wmem",		1, INT_MAX, GLUE3(wmem), .scale = 1 },
};

#define KNOBS		ARRAY_SIZE(knobs)

struct xtcp_sysctl {
	struct ctl_table_header *header;
	struct ctl_table table[KNOBS + 1];
	u32 val[KNOBS][VEC_MAX];	/* as they read */
};

static u32 knob_load(const struct xtcp_net *xn, const struct knob *k, u32 i)
{
	const void *at = (const void *)xn + k->off + i * k->size;

	switch (k->size) {
	case sizeof(u8):
		return *(const u8 *)at;
	case sizeof(u16):
		return *(const u16 *)at;
	default:
		return *(const u32 *)at;
	}
}

static void knob_store(struct xtcp_net *xn, const struct knob *k, u32 i, u32 val)
{
	void *at = (void *)xn + k->off + i * k->size;

	val = k->means ? k->means(val) : val * k->scale;
	switch (k->size) {
	case sizeof(u8):
		WRITE_ONCE(*(u8 *)at, val);
		break;
	case sizeof(u16):
		WRITE_ONCE(*(u16 *)at, val);
		break;
	default:
		WRITE_ONCE(*(u32 *)at, val);
		break;
	}
}

/* Read or write a row of numbers: all of what is written, or nothing. */
static int knob_numbers(xtcp_ctl_table *ctl, int write, void *buffer,
			size_t *lenp, loff_t *ppos)
{
	const struct knob *k = ctl->extra1;
	struct xtcp_net *xn = ctl->extra2;
	u32 *val = ctl->data, new[VEC_MAX];
	u32 min = k->min, max = k->max, i;
	struct ctl_table tmp = {
		.procname = ctl->procname,
		.data = new,
		.maxlen = k->n * sizeof(new[0]),
		.mode = ctl->mode,
		.extra1 = &min,
		.extra2 = &max,
	};
	int err;

	for (i = 0; i < k->n; i++)
		new[i] = READ_ONCE(val[i]);
	/* Of unsigned numbers the kernel takes one only. */
	if (k->n == 1)
		err = proc_douintvec_minmax(&tmp, write, buffer, lenp, ppos);
	else
		err = proc_dointvec_minmax(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	for (i = 0; i < k->n; i++) {
		WRITE_ONCE(val[i], new[i]);
		knob_store(xn, k, i, new[i]);
	}
	return 0;
}

static void knob_row(struct xtcp_net *xn, struct xtcp_sysctl *ctl, u32 row)
{
	const struct knob *k = &knobs[row];
	u32 i;

	if (k->text) {
		ctl->table[row] = (struct ctl_table) {
			.procname = k->name,
			.data = xn,
			.maxlen = 1,
			.mode = k->mode,
			.proc_handler = k->text,
		};
		return;
	}
	for (i = 0; i < k->n; i++) {
		u32 val = knob_load(xn, k, i);

		WARN_ON_ONCE(k->means && k->means(k->first) != val);
		ctl->val[row][i] = k->means ? k->first : val / k->scale;
	}
	ctl->table[row] = (struct ctl_table) {
		.procname = k->name,
		.data = ctl->val[row],
		.maxlen = k->n * sizeof(u32),
		.mode = 0644,
		.proc_handler = knob_numbers,
		.extra1 = (void *)k,
		.extra2 = xn,
	};
}

/* Chains of the kernel's table for each half-open connection, and the fewest of these. */
#define CHAINS_PER_EMBRYO	128
#define EMBRYOS_MIN		128

#define TW_REUSE	2	/* within this host */
#define TW_REUSE_DELAY	1000	/* ms */

/* Limits by the size of the machine, as the kernel's TCP has them. */
static void knobs_init(struct xtcp_knobs *kn)
{
	u32 chains = init_net.ipv4.tcp_death_row.hashinfo->ehash_mask + 1;
	unsigned long limit = nr_free_buffer_pages() << (PAGE_SHIFT - 7);

	*kn = (struct xtcp_knobs) {
		.rmem = { 4096, 131072, max(131072UL, min(6UL << 20, limit)) },
		.wmem = { 4096, 16384, max(65536UL, min(4UL << 20, limit)) },
		.max_tw_buckets = chains / 2,
		.max_orphans = chains / 2,
		.reuse_tw = TW_REUSE,
		.reuse_delay = TW_REUSE_DELAY,
		.notsent_lowat = U32_MAX,
		.fastopen = XTCP_FO_KNOB_CLIENT,
		.max_syn_backlog = max_t(u32, EMBRYOS_MIN, chains / CHAINS_PER_EMBRYO),
		.syncookies = 1,
		.moderate_rcvbuf = true,
		.no_ssthresh_save = true,
	};
}

/**
 * xtcp_sysctl_init - the knobs of a namespace, and their files
 * @net: namespace whose parameters are set
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_sysctl_init(struct net *net)
{
	struct xtcp_net *xn = xtcp_net(net);
	struct xtcp_sysctl *ctl;
	u32 row;

	ctl = kzalloc(sizeof(*ctl), GFP_KERNEL);
	if (!ctl)
		return -ENOMEM;
	if (net_eq(net, &init_net)) {
		knobs_init(&xn->knobs);
		xtcp_cong_init(xn);
	} else {
		xn->knobs = xtcp_net(&init_net)->knobs;
		xn->knobs.reuse_tw = TW_REUSE;
		xn->knobs.reuse_delay = TW_REUSE_DELAY;
		xn->params.cc = READ_ONCE(xtcp_net(&init_net)->params.cc);
	}
	for (row = 0; row < KNOBS; row++)
		knob_row(xn, ctl, row);
	ctl->header = xtcp_register_net_sysctl(net, "net/xtcp", ctl->table, KNOBS);
	if (!ctl->header) {
		kfree(ctl);
		return -ENOMEM;
	}
	xn->sysctl = ctl;
	return 0;
}

/**
 * xtcp_sysctl_exit - the files go; nobody is in one of them afterwards
 * @net: namespace
 */
void xtcp_sysctl_exit(struct net *net)
{
	struct xtcp_sysctl *ctl = xtcp_net(net)->sysctl;

	unregister_net_sysctl_table(ctl->header);
	kfree(ctl);
}
