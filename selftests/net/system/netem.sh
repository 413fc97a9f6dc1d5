#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two hosts with a bad line between them (network namespaces, veth, netem). Every byte
# of 2 MB arrives, in both directions, whichever TCP is at which end.

cd "$(dirname "$0")/.." || exit 1
. lib/tap.sh
. lib/hosts.sh

need_stacks sch_netem veth

trap no_hosts EXIT
two_hosts

line() # netem's arguments
{
	ip netns exec $a tc qdisc replace dev veth0 root netem "$@" &&
	ip netns exec $b tc qdisc replace dev veth0 root netem "$@"
}
line delay 1ms || tap_skip_all "no netem"

# In real time losses take seconds: transfer the full size in virtual time only.
size=2097152
[ "$XTCP_VIRTUAL_TIME" = 1 ] || size=100000

port=7000
transfer() # SERVER-STACK CLIENT-STACK up|down BYTES
{
	local server
	port=$((port + 1))
	ip netns exec $b tools/xfer "$1" server $port "$4" &
	server=$!
	ip netns exec $a timeout 500 tools/xfer "$2" client 10.7.0.2 $port "$4" "$3" ||
		{ kill $server; return 1; }
	wait $server
}

lines=(
	"loss 5% delay 10ms"
	"loss 1% delay 5ms 4ms"
	"delay 10ms reorder 25% 50%"
	"delay 5ms duplicate 10%"
	"delay 5ms corrupt 2%"
	"delay 20ms rate 8mbit limit 20"
)
[ "$XTCP_VIRTUAL_TIME" = 1 ] || lines=("${lines[0]}" "${lines[4]}")

stack_pairs
tap_plan $((${#lines[@]} * ${#pairs[@]} * 2))
for l in "${lines[@]}"; do
	line $l || exit 1
	for p in "${pairs[@]}"; do
		read -r s c <<<"$p"
		for d in up down; do
			tap "$l, $c client, $s server, $d" \
				transfer "$s" "$c" $d $size
			port=$((port + 1))
		done
	done
done

# A lost FIN of the last transfer is retransmitted; without a line that would go on for
# minutes and hold the module. Wait until only TIME-WAIT (06) is left.
line delay 1ms
for i in $(seq 100); do
	left=$(for ns in $a $b; do
		ip netns exec $ns cat /proc/net/xtcp 2>/dev/null
	done | awk '$4 ~ /^0[1345789B]$/')
	[ -n "$left" ] || break
	sleep 0.2
done
tap_end
