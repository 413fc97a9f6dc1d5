// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/sys/net/xtcp: the knobs of a network namespace. Each has the name, unit
 * and range of its namesake net.ipv4.tcp_*. Documentation/sysctl.rst explains what
 * XTCP does with each of them.
 *
 * knob.c reads and writes them and follows the kernel's values.
 */
#include <linux/capability.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>

#include "../net/net.h"
#include "../sock/family.h"
#include "knob.h"

/* Most seconds whose number of ms fits in an int. */
#define SECONDS_MAX	(INT_MAX / 1000)

#define ONE_DAY		86400		/* s */

/* Smallest receive buffer, bytes, as in the kernel's TCP. */
#define RMEM_MIN	4096

/*
 * Where the value is stored: PAR is read by the engine, GLUE by the rest of the module,
 * GLUE3 is three numbers. TEXT is a knob with a handler of its own.
 */
#define PAR(field)	.off = offsetof(struct xtcp_net, params.field),	\
			.size = sizeof_field(struct xtcp_params, field),	\
			.n = 1
#define GLUE(field)	.off = offsetof(struct xtcp_net, knobs.field),	\
			.size = sizeof_field(struct xtcp_knobs, field),	\
			.n = 1
#define GLUE3(field)	.off = offsetof(struct xtcp_net, knobs.field),	\
			.size = sizeof_field(struct xtcp_knobs, field[0]),	\
			.n = 3
#define TEXT(handler, m, unwritten)	.text = handler, .mode = m,	\
			.reset = unwritten, .n = 1

/*
 * Which field of the kernel a knob follows: any field, sysctl_tcp_NAME, or three numbers
 * there. The knob mem follows by xtcp_mem_reset().
 */
#define OF_FIELD(field)	.from = offsetof(struct netns_ipv4, field),	\
			.from_size = sizeof_field(struct netns_ipv4, field)
#define OF(name)	OF_FIELD(sysctl_tcp_##name)
#define OF3(name)	.from = offsetof(struct netns_ipv4, sysctl_tcp_##name),	\
			.from_size = sizeof_field(struct netns_ipv4, sysctl_tcp_##name[0])

static u32 means_bool(u32 val)
{
	return !!val;
}

/* 0 means eight retries, as tcp_orphan_retries() has it for a peer that is alive. */
static u32 means_orphan(u32 val)
{
	return val ? val : 8;
}

/* 3 and 4 turn tail loss probes on; 1 and 2 have no effect in the kernel either. */
static u32 means_probe(u32 val)
{
	return val >= 3;
}

/* Only this bit is taken: the others make the kernel's RACK differ from RFC 8985. */
static u32 takes_rack(u32 val)
{
	return val & TCP_RACK_LOSS_DETECTION;
}

/*
 * The kernel's default gives up after 127 s. RFC 9293, MUST-23, requires at least three
 * minutes: seven retries last 255 s.
 */
static u32 takes_syn_retries(u32 val)
{
	return val == TCP_SYN_RETRIES ? 7 : val;
}

/* The kernel's default since 6.5 is 4; RFC 6298 (5.5) doubles each timeout: 0. */
static u32 takes_syn_linear(u32 val)
{
	return val == 4 ? 0 : val;
}

/*
 * mem as written, pages of all sockets' buffers: no pressure up to the first, pressure
 * above the second, hard limit.
 */
static long own_mem[3];

static void xtcp_mem_reset(struct xtcp_net *xn)
{
	xtcp_mem_limit(tcp_prot.sysctl_mem);
}

static int xtcp_mem(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	unsigned long mem[ARRAY_SIZE(own_mem)];
	struct ctl_table tmp = { .data = mem, .maxlen = sizeof(mem) };
	int err, i;

	for (i = 0; i < ARRAY_SIZE(own_mem); i++)
		mem[i] = READ_ONCE(READ_ONCE(xtcp_prot.sysctl_mem)[i]);
	err = proc_doulongvec_minmax(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	for (i = 0; i < ARRAY_SIZE(own_mem); i++)
		WRITE_ONCE(own_mem[i], mem[i]);
	xtcp_mem_limit(own_mem);
	return 0;
}

/* The initial namespace is enabled by default, any other if the initial one is. */
static void xtcp_enabled_reset(struct xtcp_net *xn)
{
	bool initial = net_eq(xn->net, &init_net);

	WRITE_ONCE(xn->knobs.enabled,
		   initial || READ_ONCE(xtcp_pernet(&init_net)->knobs.enabled));
}

/*
 * The administrator of a namespace may turn XTCP off. While it is off in the initial
 * namespace, only the administrator of the machine may turn it on in another one:
 * any user who may create a user namespace could do so otherwise.
 */
static int xtcp_enabled(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
			loff_t *ppos)
{
	struct xtcp_net *xn = ctl->data;
	u32 val = READ_ONCE(xn->knobs.enabled);
	struct ctl_table tmp = {
		.procname = "enabled",
		.data = &val,
		.maxlen = sizeof(val),
		.extra1 = SYSCTL_ZERO,
		.extra2 = SYSCTL_ONE,
	};
	int err;

	err = proc_douintvec_minmax(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	if (val && !READ_ONCE(xtcp_pernet(&init_net)->knobs.enabled) &&
	    !capable(CAP_NET_ADMIN))
		return -EPERM;
	WRITE_ONCE(xn->knobs.enabled, val);
	return 0;
}

/* ehash_entries, read-only: chains of the connection table. */
static int xtcp_ehash(xtcp_ctl_table *ctl, int write, void *buffer, size_t *lenp,
		      loff_t *ppos)
{
	const struct xtcp_net *xn = ctl->data;
	u32 chains = xn->tables->mask + 1;
	struct ctl_table tmp = { .data = &chains, .maxlen = sizeof(chains) };

	return proc_douintvec(&tmp, write, buffer, lenp, ppos);
}

#define U8_MAX_SWITCH	.max = U8_MAX, .means = means_bool

const struct xtcp_knob xtcp_knob_rows[] = {
	{ "abort_on_overflow",	0, U8_MAX_SWITCH, GLUE(abort_on_overflow),
	  OF(abort_on_overflow) },
	{ "allowed_congestion_control", TEXT(xtcp_cong_allowed, 0644, xtcp_cong_allow) },
	{ "available_congestion_control", TEXT(xtcp_cong_available, 0444, NULL) },
	{ "autocorking",	0, U8_MAX_SWITCH, PAR(autocorking), OF(autocorking) },
	{ "base_mss",		40, U16_MAX, PAR(base_mss), .scale = 1, OF(base_mss) },
	{ "challenge_ack_limit", 0, INT_MAX, PAR(challenge_max), .scale = 1,
	  OF(challenge_ack_limit) },
	{ "congestion_control", TEXT(xtcp_cong_default, 0644, xtcp_cong_reset),
	  OF_FIELD(tcp_congestion_control) },
	{ "dsack",		0, U8_MAX_SWITCH, PAR(dsack), OF(dsack) },
	{ "early_retrans",	0, 4, PAR(tlp), .means = means_probe, OF(early_retrans) },
	{ "ecn",		0, 5, PAR(ecn), .scale = 1, OF(ecn) },
	{ "ecn_fallback",	0, U8_MAX_SWITCH, PAR(ecn_fallback), OF(ecn_fallback) },
	{ "ecn_option",		0, 3, PAR(ecn_option), .scale = 1, XTCP_OF_ECN_OPTION },
	{ "ehash_entries",	TEXT(xtcp_ehash, 0444, NULL) },
	{ "enabled",		TEXT(xtcp_enabled, 0644, xtcp_enabled_reset) },
	{ "fastopen",		0, INT_MAX, GLUE(fastopen), .scale = 1, OF(fastopen) },
	{ "fastopen_blackhole_timeout_sec", 0, INT_MAX, GLUE(fo_blackhole_s), .scale = 1,
	  .wrote = xtcp_fastopen_timeout_set,
	  OF(fastopen_blackhole_timeout) },
	{ "fastopen_key", TEXT(xtcp_fastopen_key, 0600, xtcp_fastopen_reset_net_keys),
	  OF_FIELD(tcp_fastopen_ctx) },
	{ "fin_timeout",	0, SECONDS_MAX, PAR(fin_timeout_ms), .scale = 1000,
	  OF(fin_timeout), .from_unit = XTCP_FROM_S },
	{ "frto",		0, U8_MAX_SWITCH, PAR(frto), OF(frto) },
	{ "fwmark_accept",	0, U8_MAX_SWITCH, GLUE(fwmark_accept), OF(fwmark_accept) },
	{ "invalid_ratelimit",	0, INT_MAX, PAR(challenge_ms), .scale = 1,
	  OF(invalid_ratelimit), .from_unit = XTCP_FROM_MS },
	{ "keepalive_intvl",	1, SECONDS_MAX, PAR(keep_intvl_ms), .scale = 1000,
	  OF(keepalive_intvl), .from_unit = XTCP_FROM_S },
	{ "keepalive_probes",	0, U8_MAX, PAR(keep_probes), .scale = 1,
	  OF(keepalive_probes) },
	{ "keepalive_time",	1, SECONDS_MAX, PAR(keep_idle_ms), .scale = 1000,
	  OF(keepalive_time), .from_unit = XTCP_FROM_S },
#ifdef CONFIG_NET_L3_MASTER_DEV
	{ "l3mdev_accept",	0, 1, GLUE(l3mdev_accept), .scale = 1,
	  OF(l3mdev_accept) },
#endif
	{ "limit_output_bytes",	0, INT_MAX, GLUE(limit_output), .scale = 1,
	  OF(limit_output_bytes) },
	{ "local_shortcut",	0, 1, GLUE(local_shortcut), .scale = 1 },
	{ "max_orphans",	0, INT_MAX, GLUE(max_orphans), .scale = 1 },
	{ "max_syn_backlog",	0, INT_MAX, GLUE(max_syn_backlog), .scale = 1,
	  OF_FIELD(sysctl_max_syn_backlog) },
	{ "max_tw_buckets",	0, INT_MAX, GLUE(max_tw_buckets), .scale = 1,
	  OF_FIELD(tcp_death_row.sysctl_max_tw_buckets) },
	{ "mem",		TEXT(xtcp_mem, 0644, xtcp_mem_reset), .initial = true },
	{ "migrate_req",	0, U8_MAX_SWITCH, GLUE(migrate_req), OF(migrate_req) },
	{ "min_rtt_wlen",	0, ONE_DAY, PAR(min_rtt_wlen_s), .scale = 1,
	  OF(min_rtt_wlen) },
	{ "min_snd_mss",	48, U16_MAX, PAR(min_snd_mss), .scale = 1,
	  OF(min_snd_mss) },
	{ "moderate_rcvbuf",	0, U8_MAX_SWITCH, GLUE(moderate_rcvbuf),
	  OF(moderate_rcvbuf) },
	{ "min_tso_segs",	1, U8_MAX, PAR(min_tso_segs), .scale = 1, OF(min_tso_segs) },
	{ "mtu_probe_floor",	48, U16_MAX, PAR(mtu_probe_floor), .scale = 1,
	  OF(mtu_probe_floor) },
	{ "mtu_probing",	0, U8_MAX, PAR(mtu_probing), .scale = 1, OF(mtu_probing) },
	{ "no_metrics_save",	0, U8_MAX_SWITCH, GLUE(no_metrics_save),
	  OF(nometrics_save) },
	{ "no_ssthresh_metrics_save", 0, 1, GLUE(no_ssthresh_save), .scale = 1,
	  OF(no_ssthresh_metrics_save) },
	{ "notsent_lowat",	0, U32_MAX, GLUE(notsent_lowat), .scale = 1,
	  OF(notsent_lowat) },
	{ "orphan_retries",	0, U8_MAX, PAR(orphan_retries), .means = means_orphan,
	  OF(orphan_retries) },
	{ "pacing_ca_ratio",	0, 1000, PAR(pacing_ca_pct), .scale = 1,
	  OF(pacing_ca_ratio) },
	{ "pacing_ss_ratio",	0, 1000, PAR(pacing_ss_pct), .scale = 1,
	  OF(pacing_ss_ratio) },
	{ "pressure_timeout",	0, ONE_DAY, GLUE(pressure_timeout), .scale = 1 },
	{ "probe_interval",	0, U32_MAX / HZ, PAR(probe_interval_s), .scale = 1,
	  OF(probe_interval) },
	{ "probe_threshold",	0, U16_MAX, PAR(probe_threshold), .scale = 1,
	  OF(probe_threshold) },
	{ "recovery",		0, 1, PAR(rack), .scale = 1,
	  OF(recovery), .takes = takes_rack },
	{ "reflect_tos",	0, 1, GLUE(reflect_tos), .scale = 1, OF(reflect_tos) },
	{ "reordering",		1, U8_MAX, PAR(dupthresh), .scale = 1, OF(reordering) },
	{ "retries1",		0, U8_MAX, PAR(retries1), .scale = 1, OF(retries1) },
	{ "retries2",		0, U8_MAX, PAR(retries2), .scale = 1, OF(retries2) },
	{ "rmem",		RMEM_MIN, INT_MAX, GLUE3(rmem), .scale = 1, OF3(rmem) },
	{ "rto_max_ms",		1000, 120000, PAR(rto_max_us), .scale = 1000,
	  XTCP_OF_RTO_MAX_MS },
	{ "rto_min_us",		1, INT_MAX, PAR(rto_min_us), .scale = 1,
	  XTCP_OF_RTO_MIN_US },
	{ "sack",		0, U8_MAX_SWITCH, PAR(sack), OF(sack) },
	{ "shrink_window",	0, 1, PAR(shrink_window), .scale = 1, OF(shrink_window) },
	{ "slow_start_after_idle", 0, U8_MAX_SWITCH, PAR(idle_restart),
	  OF(slow_start_after_idle) },
	{ "syn_linear_timeouts", 0, 127, PAR(syn_linear), .scale = 1,
	  .takes = takes_syn_linear, XTCP_OF_SYN_LINEAR },
	{ "syn_retries",	1, 127, PAR(syn_retries), .scale = 1,
	  OF(syn_retries), .takes = takes_syn_retries },
	{ "syn_source_burst",	1, 65535, PAR(syn_source_burst), .scale = 1 },
	{ "syn_source_prefix4",	0, 32, PAR(syn_source_prefix4), .scale = 1 },
	{ "syn_source_prefix6",	0, 128, PAR(syn_source_prefix6), .scale = 1 },
	{ "syn_source_rate",	0, 1000000, PAR(syn_source_rate), .scale = 1 },
	{ "synack_retries",	0, U8_MAX, PAR(synack_retries), .scale = 1,
	  OF(synack_retries) },
	{ "syncookies",		0, 2, GLUE(syncookies), .scale = 1, OF(syncookies) },
	{ "timestamps",		0, U8_MAX_SWITCH, PAR(timestamps), OF(timestamps) },
	{ "timewait_ms",	1, XTCP_TIMEWAIT_MAX, PAR(timewait_ms), .scale = 1 },
	{ "tso_rtt_log",	0, U8_MAX, PAR(tso_rtt_log), .scale = 1, OF(tso_rtt_log) },
	{ "tw_reuse",		0, 2, GLUE(reuse_tw), .scale = 1, OF(tw_reuse) },
	{ "tw_reuse_delay",	1, 60000, GLUE(reuse_delay), .scale = 1,
	  XTCP_OF_TW_REUSE_DELAY },
	{ "window_scaling",	0, U8_MAX_SWITCH, PAR(wscale), OF(window_scaling) },
	{ "wmem",		1, INT_MAX, GLUE3(wmem), .scale = 1, OF3(wmem) },
};

const u32 xtcp_knob_count = ARRAY_SIZE(xtcp_knob_rows);

static_assert(ARRAY_SIZE(xtcp_knob_rows) <= XTCP_KNOBS);

#define TW_REUSE_DELAY	1000	/* ms */
#define PRESSURE_TIMEOUT 60	/* s; a path that is down for longer seldom recovers */

/**
 * xtcp_sysctl_init - set up the knobs of a namespace, and their files
 * @net: namespace; xtcp_params_init() has set its parameters
 *
 * A kernel without sysctl has no files; the knobs keep following the kernel's values.
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int xtcp_sysctl_init(struct net *net)
{
	struct xtcp_net *xn = xtcp_pernet(net);
	struct ctl_table *table;
	struct xtcp_sysctl *ctl;
	u32 row, rows = 0;

	/*
	 * Defaults where there is nothing to follow. The kernel does not export
	 * tcp_max_orphans; this is the default it computes.
	 */
	xn->knobs.max_orphans = (init_net.ipv4.tcp_death_row.hashinfo->ehash_mask + 1) / 2;
	xn->knobs.reuse_delay = TW_REUSE_DELAY;
	xn->knobs.pressure_timeout = PRESSURE_TIMEOUT;
	xtcp_cong_allow(xn);
	xtcp_enabled_reset(xn);
	ctl = xtcp_knob_alloc(xn);
	if (!ctl)
		return -ENOMEM;
	if (!IS_ENABLED(CONFIG_SYSCTL))
		return 0;
	table = kcalloc(xtcp_knob_count + 1, sizeof(*table), GFP_KERNEL);
	if (!table)
		goto no_table;
	for (row = 0; row < xtcp_knob_count; row++) {
		const struct xtcp_knob *k = &xtcp_knob_rows[row];

		if (k->initial && !net_eq(net, &init_net))
			continue;
		table[rows++] = (struct ctl_table) {
			.procname = k->name,
			.mode = k->mode ? : 0644,
			.proc_handler = xtcp_knob_proc,
			.extra1 = (void *)k,
			.extra2 = xn,
		};
	}
	ctl->table = table;
	ctl->header = xtcp_register_net_sysctl(net, "net/xtcp", table, rows);
	if (!ctl->header)
		goto no_header;
	return 0;

no_header:
	kfree(table);
no_table:
	xn->sysctl = NULL;
	kfree(ctl);
	return -ENOMEM;
}

/**
 * xtcp_sysctl_exit - remove the files and free the knobs
 * @net: namespace, in which no packet or timer is left
 *
 * Waits for handlers that are running.
 *
 * Context: process, may sleep.
 */
void xtcp_sysctl_exit(struct net *net)
{
	struct xtcp_sysctl *ctl = xtcp_pernet(net)->sysctl;

	unregister_net_sysctl_table(ctl->header);
	kfree(ctl->table);
	kfree(ctl);
}
