#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A long fast path, 100 Mbit/s and 100 ms: it holds 1.25 MB, ten times the initial
# buffers of a connection. The buffers of both ends must grow, whichever TCP is at
# which end; the goodput between two of the kernel's TCPs is the measure. The same at
# 10 ms, and without timestamps.

cd "$(dirname "$0")/.." || exit 1
. lib/tap.sh
. lib/hosts.sh

need_stacks sch_netem veth
[ "$XTCP_VIRTUAL_TIME" = 1 ] || tap_skip_all "a real clock is too slow for this"
[ "$stacks" != kernel ] || tap_skip_all "the module is not loaded"

trap no_hosts EXIT
two_hosts
# Reading the program from the host's disk takes time, even in virtual time.
xfer=/dev/shm/xfer-$$
cp tools/xfer $xfer && trap 'rm -f $xfer; no_hosts' EXIT

line() # netem's arguments
{
	local ns
	for ns in $a $b; do
		ip netns exec $ns tc qdisc replace dev veth0 root netem \
			limit 20000 rate 100mbit "$@" || return 1
	done
}
line delay 50ms || tap_skip_all "no netem"

timestamps() # 0|1
{
	local ns
	for ns in $a $b; do
		ip netns exec $ns sysctl -qw net.ipv4.tcp_timestamps="$1" \
			net.xtcp.timestamps="$1" net.ipv4.tcp_no_metrics_save=1 \
			net.xtcp.no_metrics_save=1
	done
}

port=7000
goodput() # SERVER-STACK CLIENT-STACK up|down BYTES: kbit/s
{
	local server
	port=$((port + 1))
	ip netns exec $b $xfer "$1" server $port "$4" &
	server=$!
	XFER_RATE=1 ip netns exec $a $xfer "$2" client 10.7.0.2 $port "$4" "$3" ||
		{ kill $server; echo 0; return 1; }
	wait $server
}

# At least 97 % of the goodput between two of the kernel's TCPs.
enough() # SERVER-STACK CLIENT-STACK up|down BYTES KERNELS-KBITS
{
	local got
	got=$(goodput "$1" "$2" "$3" "$4")
	echo "$got kbit/s, the kernel $5"
	[ "$got" -ge $(($5 * 97 / 100)) ]
}

tap_plan 18
goodput xtcp xtcp up 10000 >/dev/null
goodput kernel kernel up 10000 >/dev/null
for path in "50ms 1" "5ms 1" "50ms 0"; do
	read -r delay ts <<<"$path"
	line delay "$delay" || exit 1
	timestamps "$ts"
	# At 10 ms the buffers have grown within a third of the bytes.
	[ "$delay" = 50ms ] && size=40000000 || size=15000000
	for d in up down; do
		kernel=$(goodput kernel kernel $d $size)
		for p in "xtcp kernel" "kernel xtcp" "xtcp xtcp"; do
			read -r s c <<<"$p"
			tap "one way $delay, timestamps $ts, $c client, $s server, $d" \
				enough "$s" "$c" $d $size "$kernel"
		done
	done
done
tap_end
